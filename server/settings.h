/* SPDX-License-Identifier: Apache-2.0 */
/* What must fit together in a configuration beyond the bounds of single keys. */
#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include "core/config.h"
#include "http/listen.h"

/* Touches nothing; *address gets the listening address.  ERR_INVALID with a diag that names the
 * key. */
MUST_USE enum err settings_check(const struct config *c, struct diag_list *diags,
                                 struct listen_address *address);

#endif
