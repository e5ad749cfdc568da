/* SPDX-License-Identifier: Apache-2.0 */
/* One call under way: who handles it, what it costs, and how it is refused.
 *
 * Only sandbox/ includes it. */
#ifndef SANDBOX_CALL_H
#define SANDBOX_CALL_H

#include "core/jwriter.h"
#include "sandbox/book.h"
#include "sandbox/asked.h"

enum call_security {
    CALL_PUBLIC,
    CALL_KEY,   /* X-MBX-APIKEY alone */
    CALL_SIGNED /* and timestamp and signature */
};

struct call_error {
    int status; /* 0: none */
    int code;
    char message[224];
};

struct call {
    struct box *b;
    enum box_market market;
    struct asked params;
    struct jwriter w; /* the answer */
    struct call_error error;
    int status;      /* of an answer that is none of the usual ones; 0: 200 */
    bool is_order;   /* counts against the order limits */
    int64_t wall_us; /* as the venue sees it: a clock fault included */
};

struct route {
    const char *method, *path;
    enum call_security security;
    int weight, weight_all; /* the second without a symbol */
    void (*run)(struct call *c);
};
/* NULL when there is none; *has_path tells that another method would have found one. */
const struct route *call_route(const char *method, const char *path, bool *has_path);

/* Notes why and returns false; the first reason stands. */
bool call_fail(struct call *c, int code, const char *format, ...) PRINTF_LIKE(3, 4);
bool call_fail_status(struct call *c, int status, int code, const char *message);
/* -1102 for a parameter that must be there. */
bool call_missing(struct call *c, const char *name);

/* The pair that `symbol` names; -1102, -1121. */
bool call_pair(struct call *c, const struct asked *p, size_t *pair) MUST_USE;
/* An optional integer within bounds; keeps *out when absent; -1100, -1130. */
bool call_integer(struct call *c, const char *name, int64_t low, int64_t high,
                  int64_t *out) MUST_USE;
/* An optional amount; keeps *out when absent; -1100. */
bool call_amount(struct call *c, const struct asked *p, const char *name, i128 *out) MUST_USE;
bool call_bool(struct call *c, const struct asked *p, const char *name, bool *out) MUST_USE;

/* Writes {"code":..., "msg":...}. */
void call_write_error(struct jwriter *w, const struct call_error *e);

static inline int64_t ms_of(int64_t us)
{
    return us / US_PER_MS;
}

void put_ms(struct jwriter *w, const char *key, int64_t us);

#endif
