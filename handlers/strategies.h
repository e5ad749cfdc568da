/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a stored strategy by its path and reading it, for all routes of /v1/strategies. */
#ifndef HANDLERS_STRATEGIES_H
#define HANDLERS_STRATEGIES_H

#include "handlers/handlers.h"

/* Shorter beginnings of an id name nothing. */
enum {
    STRATEGY_PREFIX_MIN = 8
};

/* 8 to 64 lower-case hex digits. */
bool strategies_is_id(const char *text);
/* The document that an id, or the beginning of one, names.  ERR_NOT_FOUND, ERR_CONFLICT. */
MUST_USE enum err strategies_find(struct request *rq, const char *id, struct strategy_row *out);
/* The same, of an artifact only: ERR_NAME_TAKEN for a source of signals. */
MUST_USE enum err strategies_artifact(struct request *rq, const char *id, struct strategy_row *out);
/* Reads and compiles a stored document; one reference, the caller's.  ERR_INVALID with the
 * problem's errors when this version of the program does not accept it any more. */
MUST_USE enum err strategies_load(struct request *rq, const char *id, struct strategy **out);
/* Puts the mistakes of an artifact into the problem that answers; returns e. */
enum err strategies_fail(struct request *rq, enum err e, const char *json, size_t length);

/* Held while it is decided whether a document is, or may become, active: what is being activated
 * cannot be retired meanwhile, nor the other way round. */
void strategies_lock(void);
void strategies_unlock(void);

#endif
