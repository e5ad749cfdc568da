/* SPDX-License-Identifier: Apache-2.0 */
/* The account as the venue sees it against ours: what differs. */
#include "engine/reconcile.h"

#include <stdlib.h>
#include <string.h>

static struct finding *add(struct findings *f, enum finding_kind kind, size_t at)
{
    if (f->count == f->capacity) {
        f->capacity = f->capacity ? 2 * f->capacity : 16;
        f->list = xrealloc(f->list, f->capacity * sizeof *f->list);
    }
    f->list[f->count] = (struct finding){.kind = kind, .at = at};
    return &f->list[f->count++];
}

void findings_release(struct findings *f)
{
    free(f->list);
    *f = (struct findings){0};
}

static bool is_named(const struct order *o, const char *client_order_id, const char *venue_order_id)
{
    if (client_order_id[0])
        return strcmp(o->client_order_id, client_order_id) == 0;
    return venue_order_id[0] && strcmp(o->venue_order_id, venue_order_id) == 0;
}

static const struct order *find_alive(const struct reconcile_input *in, const char *client,
                                      const char *venue)
{
    for (size_t i = 0; i < in->alive_count; i++)
        if (is_named(in->alive[i].order, client, venue))
            return in->alive[i].order;
    return NULL;
}

static const struct order *find_ended(const struct reconcile_input *in, const char *client,
                                      const char *venue)
{
    for (size_t i = 0; i < in->ended_count; i++)
        if (in->ended[i].id > 0 && is_named(&in->ended[i], client, venue))
            return &in->ended[i];
    return NULL;
}

static const struct reconcile_holding *holding_of(const struct reconcile_input *in,
                                                  const char *symbol)
{
    for (size_t i = 0; i < in->holding_count; i++)
        if (strcmp(in->holdings[i].instrument->symbol, symbol) == 0)
            return &in->holdings[i];
    return NULL;
}

static void compare_trades(const struct reconcile_input *in, struct findings *out)
{
    for (size_t i = 0; i < in->account->trade_count; i++) {
        const struct venue_trade *t = &in->account->trades[i];
        const struct order *o;

        if (!holding_of(in, t->symbol) || fill_ids_has(in->known, t->symbol, t->venue_fill_id))
            continue;
        o = find_alive(in, t->client_order_id, t->venue_order_id);
        if (!o)
            o = find_ended(in, t->client_order_id, t->venue_order_id);
        add(out, o ? FINDING_FILL : FINDING_FOREIGN_TRADE, i)->order_id = o ? o->id : 0;
    }
}

static void compare_orders(const struct reconcile_input *in, struct findings *out)
{
    const struct venue_account *a = in->account;

    for (size_t i = 0; i < a->order_count; i++) {
        const struct venue_open_order *o = &a->orders[i];
        const struct order *ended;

        if (find_alive(in, o->client_order_id, o->venue_order_id))
            continue;
        ended = find_ended(in, o->client_order_id, o->venue_order_id);
        /* What ended while the lists travelled was open when they were made. */
        if (ended && ended->ended_us >= a->asked_us)
            continue;
        add(out, ended ? FINDING_ORDER_BACK : FINDING_FOREIGN_ORDER, i)->order_id =
            ended ? ended->id : 0;
    }
    for (size_t i = 0; i < in->alive_count; i++) {
        const struct order *o = in->alive[i].order;
        bool is_open = false;

        for (size_t k = 0; k < a->order_count && !is_open; k++)
            is_open = strcmp(a->orders[k].client_order_id, o->client_order_id) == 0;
        if (in->alive[i].is_out && !is_open)
            add(out, FINDING_ORDER_GONE, i)->order_id = o->id;
    }
}

/* What the venue holds for us at least: the balance of spot, the position of a derivative. */
static struct size size_there(const struct venue_account *a, const struct instrument *i)
{
    struct size size = SIZE_ZERO;

    if (i->is_spot) {
        for (size_t k = 0; k < a->balance_count; k++)
            if (strcmp(a->balances[k].asset, i->base) == 0)
                size.e12 = a->balances[k].free.e12 + a->balances[k].locked.e12;
        return size;
    }
    for (size_t k = 0; k < a->position_count; k++)
        if (strcmp(a->positions[k].symbol, i->symbol) == 0)
            size = a->positions[k].size;
    return size;
}

static bool has_missing_fill(const struct reconcile_input *in, const struct findings *f,
                             const char *symbol)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->list[i].kind == FINDING_FILL &&
            strcmp(in->account->trades[f->list[i].at].symbol, symbol) == 0)
            return true;
    return false;
}

static void compare_positions(const struct reconcile_input *in, struct findings *out)
{
    for (size_t i = 0; i < in->holding_count; i++) {
        const struct reconcile_holding *h = &in->holdings[i];
        struct size theirs = size_there(in->account, h->instrument);
        i128 off = theirs.e12 - h->size.e12;

        if (!h->is_quiet || has_missing_fill(in, out, h->instrument->symbol))
            continue;
        if (h->instrument->is_spot && off > 0)
            off = 0;
        if ((off < 0 ? -off : off) >= h->instrument->lot.e12 ||
            (h->instrument->is_spot && theirs.e12 < h->sellable.e12))
            add(out, FINDING_POSITION, i)->theirs = theirs;
    }
}

void reconcile_compare(const struct reconcile_input *in, struct findings *out)
{
    *out = (struct findings){0};
    compare_trades(in, out);
    compare_orders(in, out);
    compare_positions(in, out);
}

bool reconcile_price(const struct venue_account *a, const struct findings *f, const char *symbol,
                     enum side side, struct size size, struct price *out)
{
    struct money paid = MONEY_ZERO, one;
    struct size sum = SIZE_ZERO;

    /* Trades come by time, and so do the findings of them. */
    for (size_t i = f->count; i-- > 0 && size_cmp(sum, size) < 0;) {
        const struct venue_trade *t = &a->trades[f->list[i].at];

        if (f->list[i].kind != FINDING_FOREIGN_TRADE || strcmp(t->symbol, symbol) != 0)
            continue;
        if (t->side != side || size_add(sum, t->size, &sum) ||
            notional_of(t->price, t->size, ROUND_HALF_EVEN, &one) || money_add(paid, one, &paid))
            return false;
    }
    return size_cmp(sum, size) == 0 && size_sign(size) > 0 &&
           money_per_size(paid, size, ROUND_HALF_EVEN, out) == ERR_OK && price_sign(*out) > 0;
}
