/* SPDX-License-Identifier: Apache-2.0 */
/* Counts requests in sliding windows and says when the next may go. */
#include "net/rate_budget.h"

#include <string.h>

/* Of each limit, what a class may fill, in hundredths. */
static const int shares[RATE_CLASS_COUNT_] = {
    [RATE_SAFE] = 100,
    [RATE_EXIT] = 90,
    [RATE_ENTRY] = 80,
    [RATE_DATA] = 60,
};

void rate_budget_init(struct rate_budget *b)
{
    *b = (struct rate_budget){.blocked_until_us = INT64_MIN, .banned_until_us = INT64_MIN};
}

static struct rate_limit *find(struct rate_budget *b, enum rate_kind kind, int64_t window_us)
{
    for (int i = 0; i < b->count; i++) {
        if (b->limits[i].kind == kind && b->limits[i].window_us == window_us)
            return &b->limits[i];
    }
    return NULL;
}

bool rate_budget_limit(struct rate_budget *b, enum rate_kind kind, int64_t window_us, int64_t limit)
{
    struct rate_limit *l = find(b, kind, window_us);

    if (window_us < RATE_SLOTS || limit < 1)
        return false;
    if (!l) {
        if (b->count == RATE_LIMITS)
            return false;
        l = &b->limits[b->count++];
        *l = (struct rate_limit){.kind = kind, .window_us = window_us, .told = -1};
    }
    l->limit = limit;
    return true;
}

/* A slot is a bit longer than its share of the window, so that RATE_SLOTS of them are not less. */
static int64_t slot_us(const struct rate_limit *l)
{
    return l->window_us / RATE_SLOTS + 1;
}

/* Empties the slots that are older than a window.  There is one more slot than fits the window:
 * the newest is not over yet. */
static void move_on(struct rate_limit *l, int64_t now_us)
{
    const int64_t slot = now_us / slot_us(l);

    if (slot - l->slot > RATE_SLOTS) {
        memset(l->done, 0, sizeof l->done);
        l->slot = slot;
    }
    while (l->slot < slot) {
        l->slot++;
        l->done[l->slot % (RATE_SLOTS + 1)] = 0;
    }
}

static int64_t counted(const struct rate_limit *l)
{
    int64_t sum = l->on_the_way;

    for (int i = 0; i <= RATE_SLOTS; i++)
        sum += l->done[i];
    return sum;
}

/* When enough of what is counted will be over; at the latest a window from now, to look again. */
static int64_t free_at(const struct rate_limit *l, int64_t too_much, int64_t now_us)
{
    /* From the oldest slot on: slot - RATE_SLOTS is the oldest that counts. */
    for (int64_t i = l->slot - RATE_SLOTS; i <= l->slot; i++) {
        too_much -= i >= 0 ? l->done[i % (RATE_SLOTS + 1)] : 0;
        if (too_much <= 0)
            return (i + RATE_SLOTS + 1) * slot_us(l);
    }
    return now_us + slot_us(l);
}

bool rate_budget_take(struct rate_budget *b, enum rate_class c, struct rate_cost cost,
                      int64_t now_us, int64_t *again_us)
{
    const bool is_blocked = now_us < b->blocked_until_us;
    int64_t wait_us = INT64_MIN;

    if (now_us < b->banned_until_us) {
        *again_us = b->banned_until_us;
        return false;
    }
    if (is_blocked && (c != RATE_SAFE || b->grace == 0)) {
        *again_us = b->blocked_until_us;
        return false;
    }
    for (int i = 0; i < b->count; i++) {
        struct rate_limit *l = &b->limits[i];
        const int64_t room = l->limit * shares[c] / 100;
        int64_t sum;

        if (cost.of[l->kind] == 0)
            continue;
        move_on(l, now_us);
        sum = counted(l) + cost.of[l->kind];
        if (sum > room) {
            const int64_t at_us = free_at(l, sum - room, now_us);

            wait_us = at_us > wait_us ? at_us : wait_us;
        }
    }
    if (wait_us != INT64_MIN) {
        *again_us = wait_us > now_us ? wait_us : now_us + 1;
        return false;
    }
    for (int i = 0; i < b->count; i++)
        b->limits[i].on_the_way += cost.of[b->limits[i].kind];
    if (is_blocked)
        b->grace--;
    return true;
}

void rate_budget_done(struct rate_budget *b, struct rate_cost cost, bool was_sent, int64_t now_us)
{
    for (int i = 0; i < b->count; i++) {
        struct rate_limit *l = &b->limits[i];
        const int64_t n = cost.of[l->kind];

        /* A limit may have come after the request was taken. */
        l->on_the_way = l->on_the_way > n ? l->on_the_way - n : 0;
        move_on(l, now_us);
        if (was_sent)
            l->done[l->slot % (RATE_SLOTS + 1)] += n;
    }
}

void rate_budget_used(struct rate_budget *b, enum rate_kind kind, int64_t window_us, int64_t used,
                      int64_t now_us)
{
    struct rate_limit *l = find(b, kind, window_us);
    int64_t more;

    if (!l)
        return;
    l->told = used;
    move_on(l, now_us);
    more = used - counted(l);
    if (more > 0)
        l->done[l->slot % (RATE_SLOTS + 1)] += more;
}

void rate_budget_blocked(struct rate_budget *b, int64_t now_us, int64_t until_us)
{
    if (now_us >= b->blocked_until_us)
        b->grace = RATE_GRACE;
    if (until_us > b->blocked_until_us)
        b->blocked_until_us = until_us;
}

void rate_budget_banned(struct rate_budget *b, int64_t until_us)
{
    if (until_us > b->banned_until_us)
        b->banned_until_us = until_us;
}

int rate_budget_states(struct rate_budget *b, int64_t now_us, struct rate_state out[RATE_LIMITS])
{
    for (int i = 0; i < b->count; i++) {
        struct rate_limit *l = &b->limits[i];

        move_on(l, now_us);
        out[i] = (struct rate_state){.kind = l->kind,
                                     .window_us = l->window_us,
                                     .limit = l->limit,
                                     .used = counted(l),
                                     .told = l->told};
    }
    return b->count;
}

int rate_budget_fullness(struct rate_budget *b, int64_t now_us)
{
    int64_t fullest = 0;

    for (int i = 0; i < b->count; i++) {
        struct rate_limit *l = &b->limits[i];
        int64_t share;

        move_on(l, now_us);
        share = counted(l) * 1000 / l->limit;
        fullest = share > fullest ? share : fullest;
    }
    return (int)fullest;
}
