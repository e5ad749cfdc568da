/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of a request: query and form body, percent-decoded, the query's value first. */
#ifndef SANDBOX_ASKED_H
#define SANDBOX_ASKED_H

#include "core/amount.h"
#include "core/jnode.h"

enum {
    ASKED_MAX = 64 /* no call of Binance's has half as many */
};

struct asked {
    size_t count;
    struct {
        char *name, *value;
    } items[ASKED_MAX];
    char *text; /* all of them; owned */
};

/* ERR_SYNTAX for a bad escape, NUL or control characters, ERR_LIMIT for too many. */
MUST_USE enum err asked_parse(const char *query, const char *body, struct asked *out);
/* The same from a JSON object of texts and numbers, as batchOrders has them; ERR_INVALID for other
 * members. */
MUST_USE enum err asked_of_json(const struct jnode *object, struct asked *out);
void asked_release(struct asked *p);

/* NULL when absent or empty. */
const char *asked_get(const struct asked *p, const char *name);

enum asked_verdict {
    ASKED_ABSENT,
    ASKED_OK,
    ASKED_BAD /* not a number of that form, or out of range */
};
enum asked_verdict asked_integer(const struct asked *p, const char *name, int64_t *out);
/* "true" or "false", any case. */
enum asked_verdict asked_bool(const struct asked *p, const char *name, bool *out);
/* "digits[.digits]" with at most 12 decimals that are not zero; never negative. */
enum asked_verdict asked_amount(const struct asked *p, const char *name, i128 *e12);

/* HMAC-SHA256 in lower-case hex of query, then body, both without their `signature` parameter. */
void asked_sign(const char *secret, const char *query, const char *body, char hex[65]);

#endif
