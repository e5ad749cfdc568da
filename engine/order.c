/* SPDX-License-Identifier: Apache-2.0 */
/* The life of one order: which status may follow which, and the words of the API. */
#include "engine/order.h"

#include <string.h>

static const char *const status_names[ORDER_STATUS_COUNT_] = {
    [ORDER_NEW] = "new",           [ORDER_SUBMITTED] = "submitted",
    [ORDER_ACCEPTED] = "accepted", [ORDER_PARTIALLY_FILLED] = "partially_filled",
    [ORDER_FILLED] = "filled",     [ORDER_CANCELED] = "canceled",
    [ORDER_REJECTED] = "rejected", [ORDER_EXPIRED] = "expired",
    [ORDER_UNKNOWN] = "unknown",   [ORDER_ABSENT] = "absent",
};

static const char *const type_names[ORDER_TYPE_COUNT_] = {
    [ORDER_MARKET] = "market",
    [ORDER_STOP_MARKET] = "stop_market",
    [ORDER_LIMIT] = "limit",
};

static const char *const life_names[LIFE_COUNT_] = {
    [LIFE_GTC] = "gtc",
    [LIFE_IOC] = "ioc",
    [LIFE_FOK] = "fok",
    [LIFE_POST_ONLY] = "post_only",
};

static const char *const purpose_names[PURPOSE_COUNT_] = {
    [PURPOSE_ENTRY] = "entry",
    [PURPOSE_EXIT] = "exit",
    [PURPOSE_STOP_LOSS] = "stop_loss",
    [PURPOSE_TAKE_PROFIT] = "take_profit",
};

static const char *const exit_reason_names[EXIT_REASON_COUNT_] = {
    [EXIT_NONE] = "",
    [EXIT_STOP_LOSS] = "stop_loss",
    [EXIT_TAKE_PROFIT] = "take_profit",
    [EXIT_TRAILING_STOP] = "trailing_stop",
    [EXIT_SIGNAL] = "signal_exit",
    [EXIT_TIME] = "time_exit",
    [EXIT_ROI] = "roi",
    [EXIT_MANUAL] = "manual",
    [EXIT_KILL_SWITCH] = "kill_switch",
    [EXIT_MAINTENANCE] = "maintenance",
    [EXIT_LIQUIDATION] = "liquidation",
    [EXIT_END_OF_DATA] = "end_of_data",
};

/* The index of a word in a list; -1 when it is none of them. */
static int find_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

const char *order_status_name(enum order_status s)
{
    ASSERT(s < ORDER_STATUS_COUNT_);
    return status_names[s];
}

bool order_status_of_name(const char *name, enum order_status *out)
{
    int i = find_name(status_names, ORDER_STATUS_COUNT_, name);

    if (i >= 0)
        *out = (enum order_status)i;
    return i >= 0;
}

const char *order_type_name(enum order_type t)
{
    ASSERT(t < ORDER_TYPE_COUNT_);
    return type_names[t];
}

bool order_type_of_name(const char *name, enum order_type *out)
{
    int i = find_name(type_names, ORDER_TYPE_COUNT_, name);

    if (i >= 0)
        *out = (enum order_type)i;
    return i >= 0;
}

const char *order_life_name(enum order_life l)
{
    ASSERT(l < LIFE_COUNT_);
    return life_names[l];
}

const char *order_purpose_name(enum order_purpose p)
{
    ASSERT(p < PURPOSE_COUNT_);
    return purpose_names[p];
}

bool order_purpose_of_name(const char *name, enum order_purpose *out)
{
    int i = find_name(purpose_names, PURPOSE_COUNT_, name);

    if (i >= 0)
        *out = (enum order_purpose)i;
    return i >= 0;
}

const char *exit_reason_name(enum exit_reason r)
{
    ASSERT(r < EXIT_REASON_COUNT_);
    return exit_reason_names[r];
}

bool exit_reason_of_name(const char *name, enum exit_reason *out)
{
    int i = find_name(exit_reason_names, EXIT_REASON_COUNT_, name);

    if (i >= 0)
        *out = (enum exit_reason)i;
    return i >= 0;
}

/* Bits of the statuses that may follow each. */
#define TO(status) (1U << ORDER_##status)
enum {
    ENDINGS = TO(FILLED) | TO(CANCELED) | TO(REJECTED) | TO(EXPIRED)
};

static const unsigned moves[ORDER_STATUS_COUNT_] = {
    /* Unknown: a restart cannot tell whether it was sent. */
    [ORDER_NEW] = TO(SUBMITTED) | TO(UNKNOWN) | TO(CANCELED),
    /* A venue may tell the fill or the end before, or instead of, the acceptance. */
    [ORDER_SUBMITTED] = TO(ACCEPTED) | TO(PARTIALLY_FILLED) | TO(UNKNOWN) | ENDINGS,
    /* Accepted and later refused: a market order whose open the cash cannot pay. */
    [ORDER_ACCEPTED] = TO(PARTIALLY_FILLED) | ENDINGS,
    /* To itself: one more part. */
    [ORDER_PARTIALLY_FILLED] = TO(PARTIALLY_FILLED) | TO(FILLED) | TO(CANCELED) | TO(EXPIRED),
    /* Asked about, and whatever the answer was. */
    [ORDER_UNKNOWN] = TO(ACCEPTED) | TO(PARTIALLY_FILLED) | TO(ABSENT) | ENDINGS,
};

bool order_may_move(enum order_status from, enum order_status to)
{
    ASSERT(from < ORDER_STATUS_COUNT_ && to < ORDER_STATUS_COUNT_);
    return (moves[from] >> to & 1) != 0;
}

void order_move(struct order *o, enum order_status to, int64_t at_us)
{
    ASSERT(order_may_move(o->status, to));
    o->status = to;
    o->updated_us = at_us;
    if (to == ORDER_SUBMITTED)
        o->submitted_us = at_us;
    if (to == ORDER_FILLED)
        o->filled_us = at_us;
    if (order_is_final(to))
        o->ended_us = at_us;
}

const char order_closing[] = "cancel requested, all is to close";

bool order_is_closing(const struct order *o)
{
    return o->purpose == PURPOSE_ENTRY && strcmp(o->reason, order_closing) == 0;
}

void order_version(const struct order *o, char out[ORDER_VERSION])
{
    const i128 parts[] = {o->id,       o->status,          o->filled.e12,
                          o->size.e12, o->limit_price.e12, o->replaced_by};
    struct digest d;

    digest_of(parts, sizeof parts, &d);
    hex_print(d.bytes, (ORDER_VERSION - 1) / 2, out);
}
