/* SPDX-License-Identifier: Apache-2.0 */
/* What may still be asked of a venue: its rate limits, counted so that none is ever passed.
 *
 * A venue counts in windows of its own clock (Binance: request weight a minute and an IP address,
 * new orders in 10 s and a day of an account).  We know neither where they begin nor when exactly a
 * request is counted, only that it is between sending and answer.  So a request is counted here
 * from when it is sent until one whole window after its answer, and no window of the venue, however
 * it lies, can hold more than what is counted.  What others use at the same address is learned from
 * the counts in the venue's answers.
 *
 * Four classes share each limit; the safe direction keeps a reserve:
 *
 *     data <= 60 %,  entry <= 80 %,  exit <= 90 %,  cancel and stop <= 100 %
 *
 * 429: nothing goes until the venue's Retry-After is over, but cancels and stops, a few of them.
 * 418: nothing at all goes until the ban ends.
 *
 * One budget serves one venue from one address: all that trades or reads there shares it.
 * Pure: times (microseconds, one monotonic clock) come from the caller.  Not thread-safe. */
#ifndef NET_RATE_BUDGET_H
#define NET_RATE_BUDGET_H

#include "core/base.h"

enum rate_class {
    RATE_SAFE, /* cancels and stops */
    RATE_EXIT,
    RATE_ENTRY,
    RATE_DATA,
    RATE_CLASS_COUNT_
};

enum rate_kind {
    RATE_WEIGHT, /* of the address */
    RATE_ORDERS, /* new orders of the account */
    RATE_REQUESTS,
    RATE_KIND_COUNT_
};

enum {
    RATE_LIMITS = 8,
    RATE_SLOTS = 60,
    RATE_GRACE = 5 /* cancels and stops that may go while the venue says 429 */
};

/* What one request takes of each kind. */
struct rate_cost {
    int64_t of[RATE_KIND_COUNT_];
};

struct rate_limit {
    enum rate_kind kind;
    int64_t window_us;
    int64_t limit;
    int64_t on_the_way; /* sent and not answered */
    int64_t done[RATE_SLOTS + 1];
    int64_t slot; /* index of the newest slot since the clock's zero */
    int64_t told; /* the venue's newest count of this window; -1: none yet */
};

/* One limit as it stands. */
struct rate_state {
    enum rate_kind kind;
    int64_t window_us, limit;
    int64_t used; /* as counted here */
    int64_t told; /* as the venue counted it last; -1: it has not yet */
};

struct rate_budget {
    struct rate_limit limits[RATE_LIMITS];
    int count;
    int64_t blocked_until_us; /* 429 */
    int64_t banned_until_us;  /* 418 */
    int grace; /* RATE_SAFE requests left of this blockade, however often it is prolonged */
};

void rate_budget_init(struct rate_budget *b);
/* Sets a limit of the venue; one of the same kind and window keeps what was counted.  False when
 * it makes no sense or there are too many. */
bool rate_budget_limit(struct rate_budget *b, enum rate_kind kind, int64_t window_us,
                       int64_t limit);

/* True: the request may go now and is counted.  False: ask again at *again_us. */
bool rate_budget_take(struct rate_budget *b, enum rate_class c, struct rate_cost cost,
                      int64_t now_us, int64_t *again_us);
/* Each request that was taken ends here once: answered, given up, or never sent. */
void rate_budget_done(struct rate_budget *b, struct rate_cost cost, bool was_sent, int64_t now_us);

/* The venue's own count of one of its windows, from an answer: what it counts more than we do is
 * somebody else's. */
void rate_budget_used(struct rate_budget *b, enum rate_kind kind, int64_t window_us, int64_t used,
                      int64_t now_us);
/* The venue refused: 429 and 418 with their Retry-After. */
void rate_budget_blocked(struct rate_budget *b, int64_t now_us, int64_t until_us);
void rate_budget_banned(struct rate_budget *b, int64_t until_us);

/* All limits, for metrics; their number. */
int rate_budget_states(struct rate_budget *b, int64_t now_us, struct rate_state out[RATE_LIMITS]);
/* The fraction in thousandths that is counted of the fullest limit: for metrics. */
int rate_budget_fullness(struct rate_budget *b, int64_t now_us);

#endif
