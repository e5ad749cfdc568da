/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the sums of tl-metrics-1 while entries go by.  docs/tl-metrics-1.md has the definitions. */
#include "engine/track.h"

#include <string.h>

#include "core/amount_text.h"

/* A daily return beyond a million million fold is no return: it bounds the wide sums. */
static const i128 return_limit = (i128)1000000000000 * 1000000000000;

static const char out_of_range[] = "a sum is out of range";

void track_init(struct track *t)
{
    *t = (struct track){.index = AMOUNT_ONE};
    book_init(&t->book);
}

void track_release(struct track *t)
{
    book_release(&t->book);
}

static void broken(struct track *t, const char *why)
{
    if (!t->broken)
        t->broken = why;
}

static u128 magnitude(i128 a)
{
    return a < 0 ? -(u128)a : (u128)a;
}

/* Sums stay within the range of amounts, as in every implementation. */
static bool add_up(struct track *t, i128 *sum, i128 more)
{
    struct money made;

    if (money_add((struct money){*sum}, (struct money){more}, &made)) {
        broken(t, out_of_range);
        return false;
    }
    *sum = made.e12;
    return true;
}

/* a / b in 10^-12, half even; b > 0.  False when it is not below `limit`. */
static bool quotient(i128 a, i128 b, i128 limit, i128 *out)
{
    struct ratio made;

    if (money_ratio((struct money){a}, (struct money){b}, ROUND_HALF_EVEN, &made) ||
        made.e12 >= limit || made.e12 <= -limit)
        return false;
    *out = made.e12;
    return true;
}

static bool keep_text(const struct value *v, char text[TRACK_NAME])
{
    if (v->kind != VALUE_TEXT || v->length >= TRACK_NAME)
        return false;
    memcpy(text, v->at, v->length);
    text[v->length] = '\0';
    return true;
}

static void push_genesis(struct track *t, const struct record *r)
{
    struct value origin = record_get(r, "origin"), quote = record_get(r, "quote");
    struct value equity = record_get(r, "starting_equity");
    int decimals;

    if (!keep_text(&origin, t->origin) || !keep_text(&quote, t->quote) ||
        !keep_text(&r->mode, t->mode) || !value_amount(&equity, &t->start, &decimals)) {
        broken(t, "the genesis entry has no origin, quote or starting_equity");
        return;
    }
    t->peak = t->start;
    t->from_us = r->at_us;
}

/* One mark of the account's worth. */
static void sample(struct track *t, i128 equity)
{
    i128 down = t->peak, part;

    if (equity > t->peak)
        t->peak = equity;
    if (equity >= t->peak || !add_up(t, &down, -equity))
        return;
    if (down > t->max_down)
        t->max_down = down;
    if (t->peak > 0 && quotient(down, t->peak, AMOUNT_LIMIT, &part) && part > t->max_drawdown)
        t->max_drawdown = part;
}

/* The return of the day that ends with this mark. */
static void push_day(struct track *t, i128 equity)
{
    i128 before = t->day_equity, base = equity, gain, r;
    struct big square;
    struct money index;

    if (!add_up(t, &base, -t->day_flow))
        return;
    t->day_equity = equity;
    t->day_flow = 0;
    if (!t->has_mark) {
        t->has_mark = true;
        return;
    }
    t->days++;
    if (t->no_returns)
        return;
    if (before <= 0) {
        t->no_returns = "equity was not positive";
        return;
    }
    gain = base;
    if (!add_up(t, &gain, -before))
        return;
    if (!quotient(gain, before, return_limit, &r) ||
        money_share((struct money){t->index}, (struct size){base}, (struct size){before},
                    ROUND_HALF_EVEN, &index)) {
        t->no_returns = "out of range";
        return;
    }
    square = big_mul(big_of(magnitude(r)), big_of(magnitude(r)));
    t->square_sum = big_add(t->square_sum, square);
    if (r < 0)
        t->down_sum = big_add(t->down_sum, square);
    t->return_sum += r;
    t->index = index.e12;
}

static void push_trip(struct track *t, i128 pnl)
{
    if (pnl > 0) {
        t->wins++;
        (void)add_up(t, &t->win_sum, pnl);
    } else if (pnl < 0) {
        t->losses++;
        (void)add_up(t, &t->loss_sum, pnl);
    } else {
        t->breakeven++;
    }
    t->loss_run = pnl < 0 ? t->loss_run + 1 : 0;
    if (t->loss_run > t->loss_run_max)
        t->loss_run_max = t->loss_run;
}

static void push_trade(struct track *t, const struct record *r)
{
    struct trade_entry trade;
    const char *why = trade_entry_read(r, t->quote, &trade);

    if (!why)
        why = book_apply(&t->book, &trade);
    if (why) {
        broken(t, why);
        return;
    }
    t->has_other_fees = t->has_other_fees || trade.fee_kind == FEE_OTHER;
    if (!add_up(t, &t->pnl, trade.pnl) || !add_up(t, &t->turnover, trade.notional) ||
        !add_up(t, &t->fees, trade.fee_value))
        return;
    if (t->book.last.closed)
        push_trip(t, t->book.last.trip_pnl);
}

/* Only adopting moves anything. */
static void push_correct(struct track *t, const struct record *r)
{
    struct value kind = record_get(r, "kind");
    struct trade_entry adopted;
    const char *why;

    if (!value_is(&kind, "adopt"))
        return;
    why = adopt_entry_read(r, &adopted);
    if (!why)
        why = book_apply(&t->book, &adopted);
    if (why)
        broken(t, why);
    else if (add_up(t, &t->pnl, adopted.pnl) && t->book.last.closed)
        push_trip(t, t->book.last.trip_pnl);
}

static void push_mark(struct track *t, const struct record *r)
{
    struct value value = record_get(r, "equity");
    i128 equity;
    int decimals;

    if (!value_amount(&value, &equity, &decimals)) {
        broken(t, "an entry's equity is missing or malformed");
        return;
    }
    sample(t, equity);
    if (r->kind == LEAF_EQUITY)
        push_day(t, equity);
}

static void push_dust(struct track *t, const struct record *r)
{
    struct value id = record_get(r, "position_id"), size = record_get(r, "size");
    struct value pnl = record_get(r, "pnl");
    i128 size_e12, pnl_e12;
    int64_t position_id;
    const char *why;
    int decimals;

    if (!value_id(&id, &position_id) || !value_amount(&size, &size_e12, &decimals) ||
        !value_amount(&pnl, &pnl_e12, &decimals)) {
        broken(t, "a dust entry's position_id, size or pnl is missing or malformed");
        return;
    }
    why = book_give_up(&t->book, position_id, size_e12, pnl_e12);
    if (why)
        broken(t, why);
    else if (add_up(t, &t->pnl, pnl_e12))
        push_trip(t, t->book.last.trip_pnl);
}

/* Funding belongs to a position's result; what is paid in or out moves the peak along. */
static void push_cash(struct track *t, const struct record *r)
{
    struct value moved = record_get(r, "amount"), kind = record_get(r, "kind");
    struct value id = record_get(r, "position_id");
    struct book_position *p;
    int64_t position_id;
    i128 amount;
    int decimals;

    if (!value_amount(&moved, &amount, &decimals)) {
        broken(t, "a cash entry's amount is missing or malformed");
        return;
    }
    if (value_is(&kind, "dust")) {
        push_dust(t, r);
        return;
    }
    if (!value_is(&kind, "funding")) {
        (void)!(add_up(t, &t->day_flow, amount) && add_up(t, &t->peak, amount));
        return;
    }
    /* Of a round trip that was over when the venue told of it. */
    if (id.kind == VALUE_NULL) {
        (void)!add_up(t, &t->funding, -amount);
        return;
    }
    p = value_id(&id, &position_id) ? book_find(&t->book, position_id) : NULL;
    if (!p)
        broken(t, "funding of a position that is not open");
    else
        (void)!(add_up(t, &p->pnl, amount) && add_up(t, &t->funding, -amount));
}

void track_push(struct track *t, const struct record *r)
{
    bool is_first = t->size++ == 0;

    t->to_us = r->at_us;
    if (t->broken)
        return;
    if ((r->kind == LEAF_GENESIS) != is_first) {
        broken(t, is_first ? "the first entry is no genesis" : "a second genesis entry");
        return;
    }
    if (is_first)
        push_genesis(t, r);
    else if (!value_is(&r->mode, t->mode))
        broken(t, "an entry has another mode than the first");
    else if (r->kind == LEAF_TRADE)
        push_trade(t, r);
    else if (r->kind == LEAF_CASH)
        push_cash(t, r);
    else if (r->kind == LEAF_CORRECT)
        push_correct(t, r);
    else if (r->kind == LEAF_EQUITY || r->kind == LEAF_CYCLE)
        push_mark(t, r);
}

void track_skip(struct track *t)
{
    t->size++;
    broken(t, "an entry is not a canonical record");
}
