/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of a sandbox venue at any moment, checked against its own trades. */
#ifndef TESTS_UNIT_SANDBOX_TEST_INVARIANTS_H
#define TESTS_UNIT_SANDBOX_TEST_INVARIANTS_H

#include "sandbox/book.h"
#include "tests/unit/sandbox/test_box.h"

static inline void check_orders(const struct box *b)
{
    size_t live = 0;

    for (size_t i = 1; i <= b->orders.count; i++) {
        const struct box_order *o = book_order(b, (int64_t)i);
        const struct box_trade *t;
        i128 size = 0, quote = 0;

        for (size_t k = 0; (t = book_trade(b, k)); k++)
            if (t->order_id == o->id) {
                size += t->size.e12;
                quote += t->quote.e12;
            }
        assert_true(o->filled.e12 == size && o->spent.e12 == quote);
        assert_true(o->filled.e12 <= o->size.e12 || o->close_position);
        assert_true((o->status == BOX_FILLED) == (o->filled.e12 == o->size.e12 && size > 0));
        if (!book_is_live(o)) {
            assert_true(o->locked.e12 == 0);
            continue;
        }
        assert_true(live < b->live_count && b->live[live] == o->id);
        live++;
    }
    assert_int_equal(live, b->live_count);
}

/* Locked is what live orders locked; the rest follows from trades. */
static inline void check_spot(const struct box *b, struct money start_quote,
                              struct money start_base)
{
    for (size_t i = 0; i < b->asset_count; i++) {
        const struct box_asset *a = &b->assets[i];
        const bool is_quote = strcmp(a->name, "USDT") == 0;
        i128 locked = 0, held = is_quote ? start_quote.e12 : start_base.e12;
        const struct box_trade *t;

        if (a->market != BOX_SPOT)
            continue;
        for (size_t k = 0; k < b->live_count; k++) {
            const struct box_order *o = book_order(b, b->live[k]);

            if (b->pairs[o->pair].market == BOX_SPOT && (o->side == BOX_BUY) == is_quote)
                locked += o->locked.e12;
        }
        for (size_t k = 0; (t = book_trade(b, k)); k++) {
            if (b->pairs[t->pair].market != BOX_SPOT)
                continue;
            held += (is_quote ? -(int)t->side * t->quote.e12 : (int)t->side * t->size.e12);
            held -= strcmp(t->fee_asset, a->name) == 0 ? t->fee.e12 : 0;
        }
        assert_true(a->free.e12 >= 0);
        assert_true(a->locked.e12 == locked);
        assert_true(a->free.e12 + a->locked.e12 == held);
    }
}

static inline void check_futures(const struct box *b, struct money start)
{
    const struct box_asset *wallet = book_asset(b, BOX_USDM, "USDT");
    const struct box_income *in;
    i128 held = start.e12;

    for (size_t k = 0; (in = book_income(b, k)); k++)
        held += in->amount.e12;
    assert_true(wallet->free.e12 == held);
    for (size_t i = 0; i < b->pair_count; i++)
        for (int leg = 0; leg < BOX_LEG_COUNT_; leg++) {
            const struct box_position *p = &b->pairs[i].positions[leg];
            const struct box_trade *t;
            i128 amount = 0;

            for (size_t k = 0; (t = book_trade(b, k)); k++)
                if (t->pair == i && (int)t->leg == leg && b->pairs[i].market == BOX_USDM)
                    amount += (int)t->side * t->size.e12;
            assert_true(p->amount.e12 == amount);
            assert_true(p->amount.e12 != 0 || (p->cost.e12 == 0 && p->margin.e12 == 0));
            assert_true(leg != BOX_LONG || p->amount.e12 >= 0);
            assert_true(leg != BOX_SHORT || p->amount.e12 <= 0);
        }
}

/* Client ids are unique among what is open. */
static inline void check_ids(const struct box *b)
{
    for (size_t i = 0; i < b->live_count; i++)
        for (size_t k = i + 1; k < b->live_count; k++) {
            const struct box_order *x = book_order(b, b->live[i]), *y = book_order(b, b->live[k]);

            if (b->pairs[x->pair].market == b->pairs[y->pair].market && x->is_algo == y->is_algo)
                assert_string_not_equal(x->client_id, y->client_id);
        }
}

static inline void check_invariants(const struct bench *t)
{
    check_orders(t->box);
    check_spot(t->box, t->options.spot_quote, t->options.spot_base);
    check_futures(t->box, t->options.margin);
    check_ids(t->box);
}

#endif
