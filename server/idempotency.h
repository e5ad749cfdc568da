/* SPDX-License-Identifier: Apache-2.0 */
/* Idempotency-Key: the same key gives the same answer for a day, without doing it twice. */
#ifndef SERVER_IDEMPOTENCY_H
#define SERVER_IDEMPOTENCY_H

#include "http/request.h"
#include "store/store.h"

struct idempotency {
    char key[LIMIT_IDEMPOTENCY_KEY + 1];
    bool held; /* a row is ours: end must be called */
};

/* A quoted string as the draft has it, or bare as clients send it: 1 to 255 visible characters. */
MUST_USE enum err idempotency_parse(const char *header, char key[LIMIT_IDEMPOTENCY_KEY + 1]);

/* *replayed: the stored answer is the response, do nothing.  is_safe: a command in the safe
 * direction, carried out without a row when the database is away. */
MUST_USE enum err idempotency_begin(struct idempotency *i, struct store *store, struct request *rq,
                                    bool is_safe, bool *replayed);
/* Stores the response, or forgets the key when nothing was carried out. */
void idempotency_end(struct idempotency *i, struct store *store, struct request *rq);

#endif
