/* SPDX-License-Identifier: Apache-2.0 */
/* Making bearer tokens: the same way for the API and the command line. */
#ifndef HANDLERS_TOKENS_H
#define HANDLERS_TOKENS_H

#include "store/store.h"

/* "tk_" id "_" 43 characters, and NUL. */
enum {
    TOKEN_ID_LENGTH = 12,
    TOKEN_TEXT_MAX = 3 + TOKEN_ID_LENGTH + 1 + 43 + 1
};

/* A new random token: out's id and digest, and the text that is shown once. */
void token_make(struct token *out, char text[TOKEN_TEXT_MAX]);

/* Id and digest of a token text; false when it does not look like one. */
bool token_of_text(const char *text, char id[24], struct digest *digest);

#endif
