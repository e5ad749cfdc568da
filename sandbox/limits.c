/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of fixed windows, as Binance counts. */
#include "sandbox/limits.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    IGNORED_BEFORE_BAN = 10, /* requests after a 429, while it lasts */
    BAN_S = 120,             /* the first; doubles to three days */
    BAN_MAX_S = 3 * 86400
};

struct window {
    int64_t start_us, count;
};

struct market_limits {
    struct window weight, orders_short, orders_long;
    int64_t ignored;
    int64_t ban_s, ban_until_us;
};

struct box_limits {
    struct market_limits of[2];
};

struct box_limits *limits_new(void)
{
    return xcalloc(1, sizeof(struct box_limits));
}

void limits_free(struct box_limits *l)
{
    free(l);
}

int64_t limits_weight(const struct box *b, enum box_market market)
{
    if (b->options.weight_limit > 0)
        return b->options.weight_limit;
    return market == BOX_SPOT ? LIMITS_SPOT_WEIGHT : LIMITS_USDM_WEIGHT;
}

static void turn(struct window *w, int64_t now_us, int64_t length_us)
{
    const int64_t start_us = now_us - now_us % length_us;

    if (w->start_us == start_us)
        return;
    w->start_us = start_us;
    w->count = 0;
}

/* Windows that are over begin anew. */
static struct market_limits *limits_now(const struct call *c)
{
    struct market_limits *l = &c->b->limits->of[c->market];
    const int64_t now_us = c->b->wall_us;

    turn(&l->weight, now_us, 60 * US_PER_S);
    turn(&l->orders_short, now_us, 10 * US_PER_S);
    turn(&l->orders_long, now_us, c->market == BOX_SPOT ? US_PER_DAY : 60 * US_PER_S);
    if (l->weight.count == 0)
        l->ignored = 0;
    return l;
}

static bool ban(struct call *c, const struct market_limits *l, int64_t *retry_after_s)
{
    char message[sizeof c->error.message];

    *retry_after_s = (l->ban_until_us - c->b->wall_us + US_PER_S - 1) / US_PER_S;
    (void)snprintf(message, sizeof message,
                   "Way too much request weight used; IP banned until %lld. Please use WebSocket "
                   "Streams for live updates to avoid bans.",
                   (long long)ms_of(l->ban_until_us));
    return call_fail_status(c, 418, -1003, message);
}

bool limits_take(struct call *c, int weight, int64_t *retry_after_s)
{
    struct market_limits *l = limits_now(c);
    const int64_t most = limits_weight(c->b, c->market);
    char message[sizeof c->error.message];

    *retry_after_s = 0;
    if (c->b->options.weight_limit < 0)
        return true;
    if (c->b->wall_us < l->ban_until_us)
        return ban(c, l, retry_after_s);
    l->weight.count += weight;
    if (l->weight.count <= most)
        return true;
    if (++l->ignored > IGNORED_BEFORE_BAN) {
        l->ban_s = l->ban_s == 0 ? BAN_S : l->ban_s * 2;
        l->ban_s = l->ban_s < BAN_MAX_S ? l->ban_s : BAN_MAX_S;
        l->ban_until_us = c->b->wall_us + l->ban_s * US_PER_S;
        return ban(c, l, retry_after_s);
    }
    *retry_after_s = (l->weight.start_us + 60 * US_PER_S - c->b->wall_us + US_PER_S - 1) / US_PER_S;
    (void)snprintf(
        message, sizeof message,
        "Too much request weight used; current limit is %lld request weight per 1 "
        "MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.",
        (long long)most);
    return call_fail_status(c, 429, -1003, message);
}

bool limits_allow_order(struct call *c)
{
    const struct market_limits *l = limits_now(c);
    const bool is_spot = c->market == BOX_SPOT;
    const int64_t most_short = is_spot ? LIMITS_SPOT_ORDERS_10S : LIMITS_USDM_ORDERS_10S;
    const int64_t most_long = is_spot ? LIMITS_SPOT_ORDERS_DAY : LIMITS_USDM_ORDERS_MINUTE;

    if (c->b->options.weight_limit < 0 || c->b->is_replaying)
        return true;
    if (l->orders_short.count >= most_short)
        return call_fail_status(c, 429, -1015,
                                is_spot ? "Too many new orders; current limit is 100 orders per "
                                          "10 SECOND."
                                        : "Too many new orders; current limit is 300 orders per "
                                          "10 SECOND.");
    if (l->orders_long.count >= most_long)
        return call_fail_status(c, 429, -1015, "Too many new orders.");
    return true;
}

void limits_count_order(struct call *c)
{
    struct market_limits *l = limits_now(c);

    l->orders_short.count++;
    l->orders_long.count++;
    c->is_order = true;
}

static void header(struct box_answer *a, const char *name, int64_t value)
{
    ASSERT(a->header_count < BOX_HEADERS);
    a->headers[a->header_count].name = name;
    (void)snprintf(a->headers[a->header_count].value, sizeof a->headers[0].value, "%lld",
                   (long long)value);
    a->header_count++;
}

void limits_headers(const struct call *c, struct box_answer *a)
{
    const struct market_limits *l = limits_now(c);

    if (c->market == BOX_SPOT)
        header(a, "X-MBX-USED-WEIGHT", l->weight.count);
    header(a, "X-MBX-USED-WEIGHT-1M", l->weight.count);
    if (!c->is_order)
        return;
    header(a, "X-MBX-ORDER-COUNT-10S", l->orders_short.count);
    header(a, c->market == BOX_SPOT ? "X-MBX-ORDER-COUNT-1D" : "X-MBX-ORDER-COUNT-1M",
           l->orders_long.count);
}
