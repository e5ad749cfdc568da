/* SPDX-License-Identifier: Apache-2.0 */
/* The file from which a killed sandbox comes back: a header, then each call that changed something,
 * fsynced before its answer.  The core is a function of calls and time, so playing them again gives
 * the same orders, trades and balances. */
#ifndef SANDBOX_KEEP_H
#define SANDBOX_KEEP_H

#include "sandbox/box.h"

struct keep;

/* Makes the box: fresh, or as the file at path left it (a last line that was cut is dropped).
 * *keep is NULL when path is.  ERR_IO, or ERR_INVALID for a file of other candles, with a diag. */
MUST_USE enum err keep_open(const char *path, const struct box_options *options,
                            struct diag_list *diags, struct box **box, struct keep **keep);
void keep_free(struct keep *k); /* NULL allowed */
MUST_USE enum err keep_append(struct keep *k, const char *data, size_t length);

#endif
