/* SPDX-License-Identifier: Apache-2.0 */
/* Looks orders and trades up as requests describe them. */
#include "sandbox/find.h"

#include <stdlib.h>

enum {
    LIMIT_DEFAULT = 500,
    LIMIT_MOST = 1000
};

#define TIME_MAX_MS (INT64_MAX / US_PER_MS)

bool find_is_visible(const struct box *b, const struct box_order *o)
{
    return b->now_us - o->created_us >= b->query_lag_us;
}

static bool is_ours(const struct call *c, const struct box_order *o, bool algo)
{
    return c->b->pairs[o->pair].market == c->market && o->is_algo == algo &&
           find_is_visible(c->b, o);
}

struct box_order *find_order(struct call *c, const struct asked *p, const char *number,
                             const char *client_id, int code)
{
    const bool algo = number[0] == 'a';
    const char *name = asked_get(p, client_id);
    struct box_order *o = NULL;
    int64_t id = 0;
    size_t pair = SIZE_MAX;

    if (!algo && !call_pair(c, p, &pair))
        return NULL;
    switch (asked_integer(p, number, &id)) {
    case ASKED_BAD:
        call_fail(c, -1100,
                  "Illegal characters found in parameter '%s'; legal range is '^[0-9]{1,20}$'.",
                  number);
        return NULL;
    case ASKED_OK:
        o = book_order(c->b, id);
        break;
    case ASKED_ABSENT:
        if (!name) {
            call_fail(c, -1102, "Param '%s' or '%s' must be sent, but both were empty/null!",
                      client_id, number);
            return NULL;
        }
        o = book_by_client(c->b, c->market, name, algo);
        break;
    }
    if (o && is_ours(c, o, algo) && (algo || o->pair == pair))
        return o;
    call_fail(c, code, code == -2011 ? "Unknown order sent." : "Order does not exist.");
    return NULL;
}

void find_open(struct call *c, bool algo, find_put *put)
{
    size_t pair = SIZE_MAX;

    if (asked_get(&c->params, "symbol") && !call_pair(c, &c->params, &pair))
        return;
    jw_array(&c->w);
    for (size_t i = 0; i < c->b->live_count; i++) {
        const struct box_order *o = book_order(c->b, c->b->live[i]);

        if (is_ours(c, o, algo) && (pair == SIZE_MAX || o->pair == pair))
            put(&c->w, c->b, o);
    }
    jw_array_end(&c->w);
}

/* What most lists can be narrowed by. */
struct range {
    size_t pair;
    int64_t from_us, to_us, from_id, limit;
    bool newest; /* no beginning is given */
};

/* Spot looks a day back at once, futures a week. */
static bool is_short_enough(struct call *c, int64_t ms)
{
    if (c->market == BOX_SPOT)
        return ms <= ms_of(US_PER_DAY) ||
               call_fail(c, -1127, "More than 24 hours between startTime and endTime.");
    return ms <= 7 * ms_of(US_PER_DAY) || call_fail(c, -4165, "Invalid time interval");
}

static bool read_range(struct call *c, const char *from_id, struct range *r)
{
    int64_t from_ms = -1, to_ms = TIME_MAX_MS;

    *r = (struct range){.from_id = -1, .limit = LIMIT_DEFAULT};
    if (!call_pair(c, &c->params, &r->pair) ||
        !call_integer(c, "startTime", 0, TIME_MAX_MS, &from_ms) ||
        !call_integer(c, "endTime", 0, TIME_MAX_MS, &to_ms) ||
        !call_integer(c, from_id, 0, INT64_MAX, &r->from_id) ||
        !call_integer(c, "limit", 1, INT32_MAX, &r->limit))
        return false;
    if (from_ms >= 0 && to_ms < TIME_MAX_MS && !is_short_enough(c, to_ms - from_ms))
        return false;
    if (r->limit > LIMIT_MOST)
        r->limit = LIMIT_MOST;
    r->newest = from_ms < 0 && r->from_id < 0;
    r->from_us = from_ms < 0 ? INT64_MIN : from_ms * US_PER_MS;
    r->to_us = to_ms >= TIME_MAX_MS - 1 ? INT64_MAX : (to_ms + 1) * US_PER_MS - 1;
    return true;
}

static bool order_fits(const struct call *c, const struct range *r, bool algo,
                       const struct box_order *o)
{
    return is_ours(c, o, algo) && o->pair == r->pair && o->id >= r->from_id &&
           o->created_us >= r->from_us && o->created_us <= r->to_us;
}

void find_all(struct call *c, bool algo, find_put *put)
{
    struct range r;
    size_t count = 0, skip;

    if (!read_range(c, algo ? "algoId" : "orderId", &r))
        return;
    for (size_t i = 1; i <= c->b->orders.count; i++)
        count += order_fits(c, &r, algo, book_order(c->b, (int64_t)i));
    skip = r.newest && count > (size_t)r.limit ? count - (size_t)r.limit : 0;
    jw_array(&c->w);
    for (size_t i = 1; i <= c->b->orders.count && r.limit > 0; i++) {
        const struct box_order *o = book_order(c->b, (int64_t)i);

        if (!order_fits(c, &r, algo, o))
            continue;
        if (skip > 0) {
            skip--;
            continue;
        }
        put(&c->w, c->b, o);
        r.limit--;
    }
    jw_array_end(&c->w);
}

static bool trade_fits(const struct call *c, const struct range *r, int64_t order_id,
                       const struct box_trade *t)
{
    return t->pair == r->pair && t->id >= r->from_id && t->at_us >= r->from_us &&
           t->at_us <= r->to_us && (order_id < 0 || t->order_id == order_id) &&
           c->b->now_us - t->at_us >= c->b->query_lag_us;
}

/* By fault: the newest trade first, or the newest told twice. */
static void put_faulty(struct call *c, const struct box_trade *t, const struct box_trade *last,
                       find_put_trade *put)
{
    put(&c->w, c->b, t);
    if (c->b->tells_twice && t == last)
        put(&c->w, c->b, t);
}

void find_trades(struct call *c, find_put_trade *put)
{
    const struct box *b = c->b;
    struct range r;
    int64_t order_id = -1;
    const struct box_trade **found;
    size_t count = 0, first;

    if (!read_range(c, "fromId", &r) || !call_integer(c, "orderId", 0, INT64_MAX, &order_id))
        return;
    found = xcalloc(b->trades.count + 1, sizeof(*found));
    for (size_t i = 0; i < b->trades.count; i++)
        if (trade_fits(c, &r, order_id, book_trade(b, i)))
            found[count++] = book_trade(b, i);
    first = r.newest && count > (size_t)r.limit ? count - (size_t)r.limit : 0;
    if (!r.newest && count > (size_t)r.limit)
        count = (size_t)r.limit;
    jw_array(&c->w);
    for (size_t i = first; i < count; i++)
        put_faulty(c, found[b->tells_backwards ? first + count - 1 - i : i], found[count - 1], put);
    jw_array_end(&c->w);
    free(found);
}
