/* SPDX-License-Identifier: Apache-2.0 */
/* The data directory: chosen, made, locked. */
#ifndef SERVER_DATA_DIR_H
#define SERVER_DATA_DIR_H

#include "core/config.h"

enum {
    DATA_PATH_MAX = LIMIT_PATH
};

/* The configured one, else ./var in a checkout, else /var/lib/traderd; absolute when it exists. */
void data_dir_choose(const struct config *c, char path[DATA_PATH_MAX]);

/* Makes it when absent, checks that files can be made in it, makes the path absolute. */
MUST_USE enum err data_dir_open(char path[DATA_PATH_MAX], struct diag_list *diags);

/* Locks data_dir/traderd.lock for the life of the process: two daemons on one directory would write
 * one log twice.  ERR_CONFLICT with a diag that names the other's pid. */
MUST_USE enum err data_dir_lock(const char *path, struct diag_list *diags, int *fd);

/* "dir/name" */
void data_dir_file(const char *dir, const char *name, char path[DATA_PATH_MAX]);

#endif
