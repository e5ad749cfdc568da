/* SPDX-License-Identifier: Apache-2.0 */
/* The account: open orders, balances, positions and trades, one question after the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "exchange/binance_venue_parts.h"

enum {
    MOST_DAYS = 30, /* of trades; a daemon that was away for longer has to be looked at by people */
    TRADES_OF_ALL = 100000, /* the list's bound: a hundred pages */
    INCOMES_OF_ALL = 100000
};
/* Payments of funding may be told this long after their stamp. */
#define INCOME_OVERLAP_US (8 * 3600 * US_PER_S)

#define READ_TIMEOUT_US (30 * US_PER_S)

/* Makes room for `more` items of one of the lists. */
#define GROW(list, count, room, more)                           \
    do {                                                        \
        if ((count) + (more) > (room)) {                        \
            (room) = ((count) + (more)) * 2;                    \
            (list) = xrealloc((list), (room) * sizeof *(list)); \
        }                                                       \
    } while (0)

void venue_account_release(struct gathering *g)
{
    free(g->orders);
    free(g->trades);
    free(g->balances);
    free(g->positions);
    free(g->incomes);
    *g = (struct gathering){0};
}

/* ---- Questions ---- */

/* The next part of the history, or false when all of it is there. */
static bool ask_history(struct binance_venue *v, struct binance_request *r)
{
    struct gathering *g = &v->account;
    struct binance_trades_of t = {.span = {TIME_NONE, TIME_NONE, BINANCE_FILLS}};

    if (g->instrument == v->instrument_count)
        return false;
    t.symbol = v->instruments[g->instrument].symbol;
    if (g->from_id[0]) {
        t.from_id = g->from_id;
    } else {
        t.span.from_us = g->from_us;
        /* The venue answers at most 24 hours at once; the newest part has no end. */
        if (g->from_us + US_PER_DAY <= g->until_us)
            t.span.to_us = g->from_us + US_PER_DAY - US_PER_MS;
    }
    binance_ask_trades(v->market, &t, r);
    return true;
}

/* The question of the job's step; steps that this market does not have are passed over. */
static bool ask(struct binance_venue *v, struct job *j, struct binance_request *r)
{
    const bool is_spot = v->market == BINANCE_SPOT;

    switch (j->step) {
    case STEP_OPEN:
        binance_ask_open_orders(v->market, NULL, false, r);
        return true;
    case STEP_OPEN_ALGO:
        binance_ask_open_orders(v->market, NULL, true, r);
        return !is_spot;
    case STEP_BALANCES:
        binance_ask_account(v->market, r);
        /* Not market data: without it nothing is traded. */
        r->rate_class = RATE_EXIT;
        return true;
    case STEP_POSITIONS:
        binance_ask_positions(r);
        r->rate_class = RATE_EXIT;
        return !is_spot;
    case STEP_INCOME:
        binance_ask_income(
            NULL, "FUNDING_FEE",
            (struct binance_span){v->account.income_from_us, TIME_NONE, BINANCE_INCOMES}, r);
        r->rate_class = RATE_EXIT;
        return !is_spot;
    default:
        return ask_history(v, r);
    }
}

static void end(struct binance_venue *v, struct job *j, const struct binance_verdict *bad)
{
    struct gathering *g = &v->account;

    g->is_busy = false;
    venue_job_end(v, j);
    if (bad) {
        venue_push_error(venue_push(v, VENUE_ACCOUNT_FAILED), bad);
        return;
    }
    g->told.orders = g->orders;
    g->told.trades = g->trades;
    g->told.balances = g->balances;
    g->told.positions = g->positions;
    g->told.incomes = g->incomes;
    (void)venue_push(v, VENUE_ACCOUNT);
}

/* Sends the next question, from the job's step on; tells the picture when there is none. */
static enum err go_on(struct binance_venue *v, struct job *j)
{
    struct binance_request r;

    while (!ask(v, j, &r)) {
        if (j->step == STEP_HISTORY) {
            end(v, j, NULL);
            return ERR_OK;
        }
        j->step++;
    }
    return venue_job_send(v, j, &r, INT64_MAX, READ_TIMEOUT_US);
}

enum err venue_account_begin(struct binance_venue *v, int64_t since_us, int64_t at_us)
{
    struct gathering *g = &v->account;
    const int64_t wall_us = clock_wall_us();
    int64_t venue_us = wall_us, error_us;
    struct job *j;
    enum err e;

    if (g->is_busy)
        return ERR_AGAIN;
    e = venue_job_new(v, JOB_ACCOUNT, STEP_OPEN, 0, &j);
    if (e)
        return e;
    if (binance_client_time(v->client, clock_monotonic_us(), &venue_us, &error_us) != ERR_OK)
        venue_us = wall_us;
    g->told = (struct venue_account){.asked_us = at_us, .venue_us = venue_us};
    g->until_us = venue_us;
    g->since_us = since_us + venue_us - wall_us;
    if (g->since_us < venue_us - MOST_DAYS * US_PER_DAY) {
        LOG_WARN("venue_history_cut", "what", "trades of more than 30 days ago are not asked for",
                 NULL);
        g->since_us = venue_us - MOST_DAYS * US_PER_DAY;
    }
    g->instrument = 0;
    g->from_us = g->since_us;
    g->income_from_us = g->since_us - INCOME_OVERLAP_US;
    g->from_id[0] = '\0';
    e = go_on(v, j);
    if (e)
        venue_job_end(v, j);
    else
        g->is_busy = true;
    return e;
}

/* ---- Answers ---- */

static enum err take_orders(struct binance_venue *v, const struct transport_answer *a,
                            struct diag_list *diags)
{
    struct gathering *g = &v->account;
    struct binance_orders l;
    enum err e = binance_parse_orders(a->body, a->length, diags, &l);

    if (e)
        return e;
    GROW(g->orders, g->told.order_count, g->order_room, l.count);
    for (size_t i = 0; i < l.count; i++) {
        const struct binance_order *o = &l.items[i];
        const char *symbol = venue_symbol(v, o->symbol);
        struct venue_open_order *to = &g->orders[g->told.order_count++];

        *to = (struct venue_open_order){.side = o->side, .size = o->size, .executed = o->executed};
        to->price = price_sign(o->stop) > 0 ? o->stop : o->price;
        (void)copy_text(to->client_order_id, sizeof to->client_order_id, o->client_id);
        (void)copy_text(to->venue_order_id, sizeof to->venue_order_id, o->id);
        (void)copy_text(to->symbol, sizeof to->symbol, symbol ? symbol : o->symbol);
    }
    binance_orders_release(&l);
    return ERR_OK;
}

static enum err take_balances(struct binance_venue *v, const struct transport_answer *a,
                              struct diag_list *diags)
{
    struct gathering *g = &v->account;
    struct binance_account l;
    enum err e = binance_parse_account(v->market, a->body, a->length, diags, &l);

    if (e)
        return e;
    GROW(g->balances, g->told.balance_count, g->balance_room, l.count);
    for (size_t i = 0; i < l.count; i++) {
        struct venue_balance *to = &g->balances[g->told.balance_count++];

        *to = (struct venue_balance){.free = l.balances[i].free,
                                     .locked = l.balances[i].locked,
                                     .owned = l.balances[i].owned};
        (void)copy_text(to->asset, sizeof to->asset, l.balances[i].asset);
    }
    free(l.balances);
    return ERR_OK;
}

static enum err take_positions(struct binance_venue *v, const struct transport_answer *a,
                               struct diag_list *diags)
{
    struct gathering *g = &v->account;
    struct binance_positions l;
    enum err e = binance_parse_positions(a->body, a->length, diags, &l);

    if (e)
        return e;
    GROW(g->positions, g->told.position_count, g->position_room, l.count);
    for (size_t i = 0; i < l.count; i++) {
        const char *symbol = venue_symbol(v, l.items[i].symbol);
        struct venue_position *to = &g->positions[g->told.position_count++];

        *to =
            (struct venue_position){.size = l.items[i].size, .entry_price = l.items[i].entry_price};
        (void)copy_text(to->symbol, sizeof to->symbol, symbol ? symbol : l.items[i].symbol);
    }
    free(l.items);
    return ERR_OK;
}

static int by_stamp(const void *a, const void *b)
{
    const struct venue_income *left = a, *right = b;

    return left->at_us != right->at_us ? (left->at_us > right->at_us) - (left->at_us < right->at_us)
                                       : strcmp(left->id, right->id);
}

/* One page; behind a full one the newest stamp is asked for again, and its payments told twice. */
static enum err take_incomes(struct binance_venue *v, struct job *j,
                             const struct transport_answer *a, struct diag_list *diags)
{
    struct gathering *g = &v->account;
    int64_t newest_us = INT64_MIN;
    struct binance_incomes l;
    enum err e = binance_parse_incomes(a->body, a->length, diags, &l);

    if (e)
        return e;
    if (g->told.income_count + l.count > INCOMES_OF_ALL) {
        (void)diag_add(diags, "income", "venue_answer", "there are more than %d payments",
                       INCOMES_OF_ALL);
        free(l.items);
        return ERR_LIMIT;
    }
    GROW(g->incomes, g->told.income_count, g->income_room, l.count);
    for (size_t i = 0; i < l.count; i++) {
        const struct binance_income *in = &l.items[i];
        const char *symbol = venue_symbol(v, in->symbol);
        struct venue_income *to = &g->incomes[g->told.income_count++];

        *to = (struct venue_income){.amount = in->amount, .at_us = in->at_us};
        (void)copy_text(to->id, sizeof to->id, in->id);
        (void)copy_text(to->symbol, sizeof to->symbol, symbol ? symbol : in->symbol);
        (void)copy_text(to->currency, sizeof to->currency, in->asset);
        newest_us = in->at_us > newest_us ? in->at_us : newest_us;
    }
    if (l.count < BINANCE_INCOMES)
        j->step++;
    else /* more of one instant than a page holds cannot be told apart: what is newer goes first */
        g->income_from_us =
            newest_us > g->income_from_us ? newest_us : g->income_from_us + US_PER_MS;
    free(l.items);
    if (g->told.income_count > 0)
        qsort(g->incomes, g->told.income_count, sizeof *g->incomes, by_stamp);
    return ERR_OK;
}

/* Whose trade it is, by the ids of the orders that are followed. */
static void name_owner(const struct binance_venue *v, struct venue_trade *t)
{
    for (size_t i = 0; i < v->watched_count; i++) {
        const struct watched *w = v->watched[i];
        const bool is_actual = strcmp(w->actual_id, t->venue_order_id) == 0;

        if (strcmp(w->order.symbol, t->symbol) != 0 ||
            (!is_actual && (w->is_algo || strcmp(w->venue_id, t->venue_order_id) != 0)))
            continue;
        (void)copy_text(t->client_order_id, sizeof t->client_order_id, w->order.client_order_id);
        (void)copy_text(t->venue_order_id, sizeof t->venue_order_id, w->venue_id);
        return;
    }
}

static void add_trade(struct binance_venue *v, const struct binance_fill *f)
{
    struct gathering *g = &v->account;
    struct venue_trade *t = &g->trades[g->told.trade_count++];

    *t = (struct venue_trade){.side = f->side,
                              .price = f->price,
                              .size = f->size,
                              .fee = f->fee,
                              .is_maker = f->is_maker,
                              .at_us = f->at_us};
    (void)copy_text(t->venue_fill_id, sizeof t->venue_fill_id, f->id);
    (void)copy_text(t->venue_order_id, sizeof t->venue_order_id, f->order_id);
    (void)copy_text(t->symbol, sizeof t->symbol, v->instruments[g->instrument].instrument.symbol);
    (void)copy_text(t->fee_currency, sizeof t->fee_currency, f->fee_asset);
    name_owner(v, t);
}

/* Where the history goes on: behind a full page, the next day, the next instrument. */
static void next_history(struct binance_venue *v, const struct binance_fills *page)
{
    struct gathering *g = &v->account;
    const bool by_id = g->from_id[0] != '\0';

    if (page->count >= BINANCE_FILLS) {
        const long long last = strtoll(page->items[page->count - 1].id, NULL, 10);

        (void)snprintf(g->from_id, sizeof g->from_id, "%lld", last + 1);
        return;
    }
    g->from_id[0] = '\0';
    /* By ids the venue has told everything up to now. */
    if (!by_id && g->from_us + US_PER_DAY <= g->until_us) {
        g->from_us += US_PER_DAY;
        return;
    }
    g->from_us = g->since_us;
    g->instrument++;
}

static int by_time(const void *a, const void *b)
{
    const struct venue_trade *left = a, *right = b;

    return (left->at_us > right->at_us) - (left->at_us < right->at_us);
}

static enum err take_history(struct binance_venue *v, const struct transport_answer *a,
                             struct diag_list *diags)
{
    struct gathering *g = &v->account;
    struct binance_fills l;
    enum err e = binance_parse_trades(a->body, a->length, diags, &l);

    if (e)
        return e;
    if (g->told.trade_count + l.count > TRADES_OF_ALL) {
        (void)diag_add(diags, "trades", "venue_answer", "there are more than %d trades",
                       TRADES_OF_ALL);
        free(l.items);
        return ERR_LIMIT;
    }
    GROW(g->trades, g->told.trade_count, g->trade_room, l.count);
    for (size_t i = 0; i < l.count; i++)
        add_trade(v, &l.items[i]);
    next_history(v, &l);
    free(l.items);
    if (g->instrument == v->instrument_count && g->told.trade_count > 0)
        qsort(g->trades, g->told.trade_count, sizeof *g->trades, by_time);
    return ERR_OK;
}

static enum err take(struct binance_venue *v, struct job *j, const struct transport_answer *a,
                     struct diag_list *diags)
{
    const enum job_step step = j->step;

    if (step != STEP_HISTORY && step != STEP_INCOME)
        j->step++;
    switch (step) {
    case STEP_OPEN:
    case STEP_OPEN_ALGO:
        return take_orders(v, a, diags);
    case STEP_BALANCES:
        return take_balances(v, a, diags);
    case STEP_POSITIONS:
        return take_positions(v, a, diags);
    case STEP_INCOME:
        return take_incomes(v, j, a, diags);
    default:
        return take_history(v, a, diags);
    }
}

void venue_account_answer(struct binance_venue *v, struct job *j, const struct transport_answer *a,
                          const struct binance_verdict *verdict)
{
    struct binance_verdict bad = *verdict;
    struct diag_list diags = {0};
    enum err e = ERR_OK;

    if (bad.error == VENUE_ERROR_NONE)
        e = take(v, j, a, &diags);
    if (bad.error == VENUE_ERROR_NONE && !e)
        e = go_on(v, j);
    if (bad.error == VENUE_ERROR_NONE && !e)
        return;
    if (bad.error == VENUE_ERROR_NONE) {
        bad.error = VENUE_ERROR_AMBIGUOUS;
        (void)copy_text(bad.reason, sizeof bad.reason,
                        diags.count > 0 ? diags.items[0].message
                                        : "too many requests wait already");
    }
    end(v, j, &bad);
}
