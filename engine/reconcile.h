/* SPDX-License-Identifier: Apache-2.0 */
/* The account as the venue sees it against ours: what differs.  Pure.
 *
 * The venue's lists are not of one moment, and ours move while they travel: an instrument is judged
 * only when it was quiet from the question to the answer, an order only when it was at the venue
 * before the question.  Nothing that is not ours is ever a reason to touch it. */
#ifndef ENGINE_RECONCILE_H
#define ENGINE_RECONCILE_H

#include "engine/fill_ids.h"
#include "engine/venue.h"

/* Our side of one instrument. */
struct reconcile_holding {
    const struct instrument *instrument;
    struct size size; /* the sum of our positions: negative short */
    bool is_quiet;
    struct size sellable; /* of it in whole lots, position by position */
};
/* One of our orders that is alive and may be judged. */
struct reconcile_order {
    const struct order *order;
    bool is_out; /* acknowledged by the venue before the question, nothing under way since */
};
struct reconcile_input {
    const struct reconcile_order *alive;
    size_t alive_count;
    const struct order *ended; /* the newest that have ended; id 0: an empty place */
    size_t ended_count;
    const struct fill_ids *known;
    const struct reconcile_holding *holdings; /* one an instrument */
    size_t holding_count;
    const struct venue_account *account;
};

enum finding_kind {
    FINDING_FILL,          /* a trade of an order of ours that was never booked; trades[at] */
    FINDING_ORDER_GONE,    /* alive here, not open there */
    FINDING_ORDER_BACK,    /* has ended here, is open there; orders[at] */
    FINDING_FOREIGN_ORDER, /* orders[at] */
    FINDING_FOREIGN_TRADE, /* trades[at], of an instrument that we trade */
    FINDING_POSITION /* holdings[at]: ours and theirs differ by a lot or more, or less is there
                            * than we would sell */
};
struct finding {
    enum finding_kind kind;
    size_t at;
    int64_t order_id;   /* ours; 0: of none */
    struct size theirs; /* FINDING_POSITION */
};
struct findings {
    struct finding *list; /* owned: findings_release */
    size_t count, capacity;
};

/* Spot: the balance must cover what we hold; what is beyond belongs to somebody else. Derivatives:
 * the position must be ours.  An instrument with a missing fill is not judged: it is compared again
 * once that is booked. */
void reconcile_compare(const struct reconcile_input *in, struct findings *out);
void findings_release(struct findings *f);

/* What was paid for a difference of this side and size, where the newest trades of others on the
 * instrument add up to exactly that; false: they do not. */
bool reconcile_price(const struct venue_account *a, const struct findings *f, const char *symbol,
                     enum side side, struct size size, struct price *out);

#endif
