/* SPDX-License-Identifier: Apache-2.0 */
/* The first token: a file made once, known to the database by its digest. */
#ifndef SERVER_ADMIN_TOKEN_H
#define SERVER_ADMIN_TOKEN_H

#include "handlers/tokens.h"

/* Reads the file, or makes it (0600, fsynced) with a new token. */
MUST_USE enum err admin_token_load(const char *path, struct diag_list *diags,
                                   char text[TOKEN_TEXT_MAX]);
/* Puts it into the database unless a token of its id is there.  *fault says in words why the token
 * in the file does not open the API (revoked and the like), and is NULL when it does. */
MUST_USE enum err admin_token_store(struct store *store, const char *text, const char **fault);

#endif
