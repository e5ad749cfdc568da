/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated venue's port: what it accepts, rejects, cancels and takes back after a restart. */
#include "engine/simulate.h"

#include <stdlib.h>
#include <string.h>

#include "engine/simulate_book.h"

static int compare_symbols(const void *a, const void *b, void *markets)
{
    const struct sim_market *m = markets;

    return strcmp(m[*(const size_t *)a].instrument.symbol, m[*(const size_t *)b].instrument.symbol);
}

const char *intrabar_name(enum intrabar i)
{
    static const char *const names[] = {"pessimistic", "adaptive", "detail"};

    ASSERT((size_t)i < COUNT_OF(names));
    return names[i];
}

const char *fee_in_name(enum fee_in f)
{
    static const char *const names[] = {"quote", "received"};

    ASSERT((size_t)f < COUNT_OF(names));
    return names[f];
}

struct simulate *simulate_new(const struct simulate_options *options)
{
    struct simulate *s = xcalloc(1, sizeof *s);
    const size_t n = options->instrument_count;

    s->options = *options;
    s->options.instruments = NULL; /* the caller's; the copies are in markets */
    s->markets = xcalloc(n + 1, sizeof *s->markets);
    s->by_symbol = xcalloc(n + 1, sizeof *s->by_symbol);
    s->orders = xmalloc(LIMIT_OPEN_ORDERS * sizeof *s->orders); /* written when taken */
    for (size_t i = 0; i < n; i++) {
        s->markets[i].instrument = options->instruments[i];
        s->markets[i].candle_us = INT64_MIN;
        s->by_symbol[i] = i;
    }
    qsort_r(s->by_symbol, n, sizeof *s->by_symbol, compare_symbols, s->markets);
    return s;
}

void simulate_free(struct simulate *s)
{
    if (!s)
        return;
    free(s->markets);
    free(s->by_symbol);
    free(s->orders);
    free(s->events);
    free(s->positions);
    free(s);
}

/* The book's form of an order of this instrument. */
static struct sim_order book_order(const struct simulate *s, const struct order *o,
                                   size_t instrument)
{
    const bool is_spot_sell = s->markets[instrument].instrument.is_spot && o->side == SIDE_SELL;

    return (struct sim_order){
        .id = o->id,
        .instrument = instrument,
        .side = o->side,
        .type = o->type,
        .life = o->life,
        .is_entry = !o->reduce_only && !is_spot_sell,
        .reduce_only = o->reduce_only || is_spot_sell,
        .protects = o->purpose == PURPOSE_STOP_LOSS || o->purpose == PURPOSE_TAKE_PROFIT,
        .opens_left =
            o->type == ORDER_MARKET || order_is_immediate(o) ? s->options.delay_candles : 0,
        .oco_group = o->oco_group,
        .position_id = o->purpose == PURPOSE_ENTRY ? 0 : o->position_id,
        .size = o->size,
        .filled = o->filled,
        .level = o->type == ORDER_LIMIT ? o->limit_price : o->stop_price,
        .decision = o->decision_price,
        .tolerance = o->slippage_tolerance,
    };
}

static bool is_multiple(i128 value, i128 step)
{
    return value > 0 && value % step == 0;
}

const char *sim_entry_objection(const struct simulate *s, struct sim_order *o)
{
    const struct instrument *i = &s->markets[o->instrument].instrument;
    const struct price p = sim_cost_price(o);
    const struct size left = {o->size.e12 - o->filled.e12};
    struct money notional, free_cash;

    if (notional_of(p, o->size, ROUND_ZERO, &notional))
        return "amount_overflow";
    if (money_cmp(notional, i->min_notional) < 0)
        return "min_notional";
    if (sim_cost(s, i, left, p, &o->reserved) || sim_cash_free(s, &free_cash))
        return "amount_overflow";
    return money_cmp(o->reserved, free_cash) > 0 ? "insufficient_funds" : NULL;
}

/* Why an order is rejected, or NULL.  Exits pass with any amount: the safe direction is not
 * obstructed. */
static const char *objection(const struct simulate *s, const struct order *asked,
                             struct sim_order *o)
{
    const struct sim_market *m = &s->markets[o->instrument];

    if (!is_multiple(o->size.e12, m->instrument.lot.e12))
        return "lot_size";
    if (o->type != ORDER_MARKET && !is_multiple(o->level.e12, m->instrument.tick.e12))
        return "tick_size";
    if (o->life == LIFE_POST_ONLY && m->has_price && sim_crosses(o, m->price))
        return "would_take";
    if (o->is_entry)
        return sim_entry_objection(s, o);
    if (!asked->reduce_only && size_cmp(m->holding, o->size) < 0)
        return "insufficient_funds";
    return NULL;
}

/* The class of an objection's words. */
static enum venue_error class_of(const char *reason)
{
    if (strcmp(reason, "insufficient_funds") == 0)
        return VENUE_ERROR_FUNDS;
    if (strcmp(reason, "unknown_symbol") == 0)
        return VENUE_ERROR_MARKET;
    if (strcmp(reason, "would_take") == 0)
        return VENUE_ERROR_WOULD_TRIGGER;
    return strcmp(reason, "amount_overflow") == 0 ? VENUE_ERROR_OTHER : VENUE_ERROR_FILTER;
}

static void reject(struct simulate *s, int64_t order_id, const char *reason, int64_t at_us)
{
    struct venue_event *e = sim_event(s, VENUE_REJECTED, order_id, at_us);

    e->error = class_of(reason);
    (void)copy_text(e->reason, sizeof e->reason, reason);
}

static enum err simulate_submit(void *self, const struct order *o, int64_t at_us)
{
    struct simulate *s = self;
    struct sim_order order;
    const char *reason;
    size_t instrument;

    ASSERT(o->id > 0);
    if (sim_find(s, o->id))
        return ERR_CONFLICT;
    if (!sim_instrument(s, o->symbol, &instrument)) {
        reject(s, o->id, "unknown_symbol", at_us);
        return ERR_OK;
    }
    order = book_order(s, o, instrument);
    reason = s->order_count < LIMIT_OPEN_ORDERS ? objection(s, o, &order) : "too_many_orders";
    if (reason) {
        reject(s, o->id, reason, at_us);
        return ERR_OK;
    }
    s->reserved.e12 += order.reserved.e12; /* at most cash, so it stays in range */
    (void)sim_insert(s, &order);
    (void)sim_event(s, VENUE_ACCEPTED, o->id, at_us);
    return ERR_OK;
}

static enum err simulate_cancel(void *self, const struct order *asked, int64_t at_us)
{
    struct simulate *s = self;
    struct sim_order *o = sim_find(s, asked->id);
    struct venue_event *e;

    if (o) {
        sim_end(s, o, VENUE_CANCELED, "requested", at_us);
        return ERR_OK;
    }
    e = sim_event(s, VENUE_CANCELED, asked->id, at_us);
    (void)copy_text(e->reason, sizeof e->reason, "unknown_order");
    return ERR_OK;
}

static bool simulate_next_event(void *self, struct venue_event *out)
{
    struct simulate *s = self;

    if (s->event_count == 0)
        return false;
    *out = s->events[s->event_head];
    s->event_head = (s->event_head + 1) % s->event_capacity;
    s->event_count--;
    return true;
}

static int64_t simulate_due(void *self)
{
    return ((const struct simulate *)self)->event_count > 0 ? 0 : INT64_MAX;
}

static void simulate_market(void *self, const struct feed_event *e)
{
    sim_market_event(self, e);
}

static void simulate_settle(void *self, size_t instrument, int64_t at_us)
{
    sim_settle(self, instrument, at_us);
}

/* What other orders of its position have executed meanwhile: it is as large as it was made. */
static struct size taken_of(const struct simulate *s, const struct order *o)
{
    struct size left = order_left(o);

    for (size_t i = 0; i < s->position_count; i++) {
        if (s->positions[i].id == o->position_id && size_cmp(s->positions[i].size, left) < 0)
            return (struct size){left.e12 - s->positions[i].size.e12};
    }
    return SIZE_ZERO;
}

/* An order the journal knows as accepted goes back without an event and without a check: it was
 * accepted once.  One whose acceptance never became durable is submitted again, in effect. */
static enum err simulate_restore(void *self, const struct order *o)
{
    struct simulate *s = self;
    struct sim_order order;
    size_t instrument;
    enum err e;

    if (order_is_final(o->status))
        return ERR_INVALID;
    if (o->status != ORDER_ACCEPTED && o->status != ORDER_PARTIALLY_FILLED)
        return simulate_submit(s, o, o->created_us);
    if (size_sign(order_left(o)) <= 0)
        return ERR_INVALID;
    if (sim_find(s, o->id))
        return ERR_CONFLICT;
    if (!sim_instrument(s, o->symbol, &instrument))
        return ERR_NOT_FOUND;
    if (s->order_count == LIMIT_OPEN_ORDERS)
        return ERR_LIMIT;
    order = book_order(s, o, instrument);
    if (order.position_id > 0)
        order.taken = taken_of(s, o);
    if (order.is_entry) {
        e = sim_cost(s, &s->markets[instrument].instrument, order_left(o), sim_cost_price(&order),
                     &order.reserved);
        if (e)
            return e;
        e = money_add(s->reserved, order.reserved, &s->reserved);
        if (e)
            return e;
    }
    (void)sim_insert(s, &order);
    return ERR_OK;
}

void simulate_set_cash(struct simulate *s, struct money cash)
{
    s->cash = cash;
}

void simulate_set_holding(struct simulate *s, size_t instrument, struct size holding)
{
    struct sim_market *m;

    ASSERT(instrument < s->options.instrument_count);
    m = &s->markets[instrument];
    m->holding = holding;
    m->margin = MONEY_ZERO;
    if (!m->instrument.is_spot && m->has_price &&
        notional_of(m->price, size_abs(holding), ROUND_HALF_EVEN, &m->margin))
        m->margin = s->cash; /* beyond all amounts: nothing is free */
}

struct money simulate_cash(const struct simulate *s)
{
    return s->cash;
}

struct size simulate_holding(const struct simulate *s, size_t instrument)
{
    ASSERT(instrument < s->options.instrument_count);
    return s->markets[instrument].holding;
}

static void simulate_fund(void *self, struct money cash)
{
    simulate_set_cash(self, cash);
}

static void simulate_give_up(void *self, size_t instrument, struct size dust)
{
    struct simulate *s = self;

    ASSERT(instrument < s->options.instrument_count);
    s->markets[instrument].holding.e12 -= dust.e12;
}

static void simulate_hold(void *self, size_t instrument, struct size holding)
{
    simulate_set_holding(self, instrument, holding);
}

static void simulate_own(void *self, int64_t position_id, struct size size)
{
    struct simulate *s = self;

    s->positions = xrealloc(s->positions, (s->position_count + 1) * sizeof *s->positions);
    s->positions[s->position_count++] = (struct sim_position){position_id, size};
}

struct venue simulate_venue(struct simulate *s)
{
    return (struct venue){
        .self = s,
        .traits = {.tells_fill_once = true,
                   .ids = VENUE_IDS_EVER,
                   .has_reduce_only = true,
                   .has_oco = true},
        .submit = simulate_submit,
        .cancel = simulate_cancel,
        .next_event = simulate_next_event,
        .due_us = simulate_due,
        .market = simulate_market,
        .settle = simulate_settle,
        .restore = simulate_restore,
        .fund = simulate_fund,
        .hold = simulate_hold,
        .own = simulate_own,
        .give_up = simulate_give_up,
    };
}
