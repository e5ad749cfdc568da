/* SPDX-License-Identifier: Apache-2.0 */
/* Who this daemon is to the others of its account: the same after a restart, never that of a copy.
 */
#ifndef SERVER_INSTANCE_H
#define SERVER_INSTANCE_H

#include "store/lease.h"

/* owner: a digest of the random bytes in data_dir/instance (made once), this host, the directory
 * and its lock file, so that a copy of a data directory is another daemon.  holder: "host:pid".
 * lock_fd is data_dir_lock's.  ERR_IO with a diag. */
MUST_USE enum err instance_name(const char *data_dir, int lock_fd, struct diag_list *diags,
                                char owner[LEASE_OWNER_MAX], char holder[LEASE_HOLDER_MAX]);

#endif
