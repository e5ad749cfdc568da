/* SPDX-License-Identifier: Apache-2.0 */
/* One table: an error class, and what it means for the intent. */
#include "engine/retry.h"

#include "core/amount_text.h"
#include "core/clock.h"

enum again {
    NEVER,
    ALWAYS,       /* while the budget lasts */
    ONCE,         /* not when the attempt before ended in the same way */
    EXITS_ONCE,   /* an entry is not worth it */
    NO_STOP_ONCE, /* a position whose stop is refused leaves instead */
    ENTRY_SMALLER /* entries at 0.9 of the size; exits once as they are */
};
struct rule {
    enum again again;
    enum retry_measure measure;
    bool silent; /* retry_after_us holds for every request */
};

static const struct rule rules[VENUE_ERROR_COUNT_] = {
    [VENUE_ERROR_NONE] = {ALWAYS, RETRY_NOTHING, false}, /* proven absent */
    [VENUE_ERROR_NOT_SENT] = {ALWAYS, RETRY_NOTHING, false},
    /* Certain although its class is not: the venue was asked since. */
    [VENUE_ERROR_AMBIGUOUS] = {ALWAYS, RETRY_NOTHING, false},
    [VENUE_ERROR_RATE_LIMIT] = {ALWAYS, RETRY_NOTHING, false},
    [VENUE_ERROR_BANNED] = {EXITS_ONCE, RETRY_NOTHING, true},
    [VENUE_ERROR_CLOCK] = {ONCE, RETRY_NOTHING, false}, /* the connector has set its clock */
    [VENUE_ERROR_FUNDS] = {ENTRY_SMALLER, RETRY_RECONCILE, false},
    [VENUE_ERROR_FILTER] = {NO_STOP_ONCE, RETRY_NOTHING, false}, /* by the filters of now */
    [VENUE_ERROR_DUPLICATE_ID] = {NEVER, RETRY_RECONCILE, false},
    [VENUE_ERROR_OVERLOAD] = {ALWAYS, RETRY_NOTHING, false},
    [VENUE_ERROR_AUTH] = {NEVER, RETRY_HALT_ENTRIES, false},
    [VENUE_ERROR_MARKET] = {NEVER, RETRY_HALT_SYMBOL, false},
    [VENUE_ERROR_NOT_OPEN] = {ALWAYS, RETRY_NOTHING, false}, /* a replace of what had ended */
    [VENUE_ERROR_WOULD_TRIGGER] = {NEVER, RETRY_NOTHING, false},
    [VENUE_ERROR_REDUCE_ONLY] = {NEVER, RETRY_RECONCILE, false},
    [VENUE_ERROR_OTHER] = {NEVER, RETRY_NOTHING, false},
};

static bool is_again(enum again a, const struct retry_case *c)
{
    switch (a) {
    case NEVER:
        return false;
    case ALWAYS:
        return true;
    case ONCE:
        return c->alike < 2;
    case EXITS_ONCE:
        return !c->is_entry && c->alike < 2;
    case NO_STOP_ONCE:
        return !c->is_stop && c->alike < 2;
    case ENTRY_SMALLER:
        return c->is_entry || (!c->is_stop && c->alike < 2);
    }
    return false;
}

struct retry_verdict retry_decide(const struct retry_case *c)
{
    const struct rule *r;
    struct retry_verdict v = {.size = {AMOUNT_ONE}};

    ASSERT(c->error < VENUE_ERROR_COUNT_ && c->attempt >= 1);
    r = &rules[c->error];
    v.measure = r->measure;
    if (c->error == VENUE_ERROR_CLOCK && c->alike >= 2)
        v.measure = RETRY_HALT_ENTRIES;
    if (r->silent)
        v.silence_us = c->retry_after_us;
    v.again = c->attempt < RETRY_ATTEMPTS_MAX && is_again(r->again, c);
    if (!v.again)
        return v;
    v.delay_us = (int64_t)c->attempt * US_PER_S; /* 1 s, 2 s */
    if (v.delay_us < c->retry_after_us)
        v.delay_us = c->retry_after_us;
    if (c->error == VENUE_ERROR_FUNDS && c->is_entry)
        v.size.e12 = AMOUNT_ONE / 10 * 9;
    return v;
}

bool retry_passes(enum venue_error error)
{
    switch (error) {
    case VENUE_ERROR_FILTER:
    case VENUE_ERROR_DUPLICATE_ID:
    case VENUE_ERROR_WOULD_TRIGGER:
    case VENUE_ERROR_REDUCE_ONLY:
        return false;
    default:
        return true;
    }
}
