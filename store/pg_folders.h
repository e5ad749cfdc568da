/* SPDX-License-Identifier: Apache-2.0 */
/* Folders and small files of the private cluster, with their owners and modes. */
#ifndef STORE_PG_FOLDERS_H
#define STORE_PG_FOLDERS_H

#include "store/pg_process.h"

/* "folder/name"; false when it does not fit. */
bool path_join(char out[LIMIT_PATH], const char *folder, const char *name);
/* Makes a folder of ours unless it is there (a link is refused).  Parents too, when asked. */
MUST_USE enum err folder_make(const char *path, unsigned mode, bool parents);
/* The same, owned by the cluster's user and closed to others. */
MUST_USE enum err folder_make_for(const char *path, const struct pg_user *user);
/* Removes a folder with all that is in it; absent is fine. */
MUST_USE enum err folder_remove(const char *path);
/* Writes a small file so that it is whole or as before. */
MUST_USE enum err file_replace(const char *folder, const char *name, const char *content,
                               unsigned mode);
void folder_sync(const char *path);
/* The cluster's base folder below data_dir, or the stand-in where its user cannot go there. */
MUST_USE enum err folder_choose_base(const char *data_dir, const struct pg_user *user,
                                     struct diag_list *diags, char base[LIMIT_PATH]);
/* A folder whose socket path is short enough: base/socket, else one in /tmp. */
MUST_USE enum err folder_choose_socket(const char *base, const struct pg_user *user,
                                       struct diag_list *diags, char folder[LIMIT_PATH]);

#endif
