/* SPDX-License-Identifier: Apache-2.0 */
/* A secret from a file of its own, or else from the environment; never from an argument. */
#ifndef SERVER_SECRET_FILE_H
#define SERVER_SECRET_FILE_H

#include "core/error.h"

enum {
    SECRET_BYTES = 512 /* the longest; a file has one line break more */
};

/* The one line of the file, which only its owner may read (mode 0600 or 0400); with path NULL or ""
 * the variable's value, which is then taken out of the environment, so that no child sees it.
 * ERR_NOT_FOUND when neither is given, ERR_INVALID or ERR_IO otherwise, with a diag named `key`.
 * The caller wipes the text. */
MUST_USE enum err secret_read(const char *path, const char *variable, const char *key,
                              struct diag_list *diags, char text[SECRET_BYTES]);

#endif
