/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups over the engine's state, its equity, and the sealing of changes into commits. */
#include "engine/state.h"

#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "core/log.h"
#include "engine/roster.h"

int64_t state_now(const struct engine_state *s)
{
    int64_t now = clock_now(&s->clock), passed_us;

    if (s->account.log_size == 0 || now >= s->account.last_leaf_us)
        return now;
    /* A wall clock that steps back must not make the log's time decrease (proofs.md 36).  Time goes
     * on at half its pace until the clock has caught up, so that what is due comes. */
    passed_us = state_monotonic_us(s) - s->leaf_monotonic_us;
    return s->account.last_leaf_us + (passed_us > 0 ? passed_us / 2 : 0);
}

int64_t state_monotonic_us(const struct engine_state *s)
{
    return s->options.monotonic_us ? s->options.monotonic_us() : clock_monotonic_us();
}

void state_touch(struct engine_state *s, struct lane *lane)
{
    if (lane->touched)
        return;
    lane->touched = true;
    s->touched[s->touched_count++] = lane;
}

bool state_instrument(const struct engine_state *s, const char *symbol, size_t *index)
{
    size_t i;

    for (i = 0; i < s->options.instrument_count; i++) {
        if (strcmp(s->instruments[i].symbol, symbol) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* Place of the first order whose id is not below the given one: ids only grow. */
static size_t state_order_place(const struct engine_state *s, int64_t id)
{
    size_t low = 0, high = s->order_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (s->orders[middle]->order.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct live_order *state_order(const struct engine_state *s, int64_t id)
{
    size_t i = state_order_place(s, id);

    return i < s->order_count && s->orders[i]->order.id == id ? s->orders[i] : NULL;
}

static bool state_is_about(const struct venue_event *e, const struct order *o)
{
    if (e->order_id > 0)
        return o->id == e->order_id;
    if (e->client_order_id[0])
        return strcmp(o->client_order_id, e->client_order_id) == 0;
    return e->venue_order_id[0] && strcmp(o->venue_order_id, e->venue_order_id) == 0;
}

struct live_order *state_order_of(struct engine_state *s, const struct venue_event *e)
{
    if (e->order_id > 0)
        return state_order(s, e->order_id);
    for (size_t i = 0; i < s->order_count; i++) {
        if (state_is_about(e, &s->orders[i]->order))
            return s->orders[i];
    }
    return NULL;
}

struct order *state_ended_of(struct engine_state *s, const struct venue_event *e)
{
    for (size_t i = 0; i < s->ended_capacity; i++) {
        if (s->ended[i].id > 0 && state_is_about(e, &s->ended[i]))
            return &s->ended[i];
    }
    return NULL;
}

void state_keep_ended(struct engine_state *s, const struct order *o)
{
    s->ended[s->ended_next] = *o;
    s->ended_next = (s->ended_next + 1) % s->ended_capacity;
}

void state_tell_market(const struct engine_state *s, const struct feed_event *e)
{
    if (s->options.venue->market)
        s->options.venue->market(s->options.venue->self, e);
}

struct live_order *state_add_order(struct engine_state *s, const struct order *o, struct lane *lane)
{
    struct live_order *live = xcalloc(1, sizeof(*live));

    ASSERT(s->order_count == 0 || s->orders[s->order_count - 1]->order.id < o->id);
    if (s->order_count == s->order_capacity) {
        s->order_capacity = s->order_capacity ? s->order_capacity * 2 : 16;
        s->orders = xrealloc(s->orders, s->order_capacity * sizeof(struct live_order *));
    }
    live->order = *o;
    live->is_fresh = true;
    live->lane = lane;
    lane->order_count++;
    s->orders[s->order_count++] = live;
    return live;
}

void state_drop_order(struct engine_state *s, int64_t id)
{
    size_t i = state_order_place(s, id);

    ASSERT(i < s->order_count && s->orders[i]->order.id == id);
    s->orders[i]->lane->order_count--;
    free(s->orders[i]);
    memmove(&s->orders[i], &s->orders[i + 1],
            (s->order_count - i - 1) * sizeof(struct live_order *));
    s->order_count--;
}

void state_want_cancel(struct engine_state *s, int64_t *order_id)
{
    struct live_order *live = *order_id ? state_order(s, *order_id) : NULL;

    if (live)
        live->cancel_wanted = true;
    *order_id = 0;
}

/* The wish is in the order's row, so that no crash forgets it. */
void state_end_entry(struct engine_state *s, struct lane *lane)
{
    struct live_order *live = lane->entry_order_id ? state_order(s, lane->entry_order_id) : NULL;

    if (!live || live->cancel_wanted)
        return;
    live->cancel_wanted = true;
    copy_text(live->order.reason, sizeof(live->order.reason), "no longer wanted");
    journal_batch_put_order(&s->pending, &live->order);
}

struct leaf_context state_leaf_context(const struct engine_state *s, const char *strategy)
{
    return (struct leaf_context){
        .mode = s->account.mode, .strategy = strategy, .at_us = state_now(s)};
}

size_t state_add_leaf(struct engine_state *s, struct leaf *leaf_take)
{
    s->account.log_size++;
    s->account.last_leaf_us = leaf_take->at_us;
    if (s->options.pace == PACE_REALTIME)
        s->leaf_monotonic_us = state_monotonic_us(s);
    s->effects = true;
    return journal_batch_add_leaf(&s->pending, leaf_take);
}

/* What one position adds to equity: a perpetual its profit, a spot holding its value; what was sold
 * on spot beyond what was held is in cash, and owed. */
static enum err state_position_value(const struct position *p, const struct instrument *i,
                                     struct money unrealized, struct money *value)
{
    struct money notional;
    enum err e;

    if (!i->is_spot) {
        *value = unrealized;
        return ERR_OK;
    }
    e = notional_of(p->mark, p->size, ROUND_HALF_EVEN, &notional);
    if (e)
        return e;
    *value = money_to_scale(notional, i->money_scale, ROUND_HALF_EVEN);
    if (p->direction == DIRECTION_SHORT)
        *value = money_neg(*value);
    return ERR_OK;
}

enum err state_equity(const struct engine_state *s, struct money *equity, struct money *unrealized,
                      struct money *exposure)
{
    struct money sum = s->account.cash, open = MONEY_ZERO, gross = MONEY_ZERO;
    enum err e = ERR_OK;
    size_t i;

    for (i = 0; i < s->lane_count && e == ERR_OK; i++) {
        const struct position *p = s->lanes[i]->position;
        struct money profit, value, notional;

        if (!p)
            continue;
        e = position_unrealized(p, &profit);
        if (e == ERR_OK)
            e = notional_of(p->mark, p->size, ROUND_HALF_EVEN, &notional);
        if (e == ERR_OK)
            e = state_position_value(p, lane_instrument(s, s->lanes[i]), profit, &value);
        if (e == ERR_OK)
            e = money_add(sum, value, &sum);
        if (e == ERR_OK)
            e = money_add(open, profit, &open);
        if (e == ERR_OK)
            e = money_add(gross, notional, &gross);
    }
    if (e)
        return e;
    *equity = money_to_scale(sum, 8, ROUND_HALF_EVEN);
    *unrealized = money_to_scale(open, 8, ROUND_HALF_EVEN);
    *exposure = money_to_scale(gross, 8, ROUND_HALF_EVEN);
    return ERR_OK;
}

int64_t state_expiry(const struct engine_state *s, enum order_purpose purpose, int64_t from_us)
{
    const struct engine_options *o = &s->options;
    const struct venue_traits *t = &o->venue->traits;
    int64_t expires_us, lease_ends_us;

    if (!t->has_expiry)
        return TIME_NONE;
    expires_us = from_us + t->request_window_us;
    if (purpose != PURPOSE_ENTRY || !o->lease_left_us)
        return expires_us;
    lease_ends_us = state_now(s) + o->lease_left_us(o->lease);
    return lease_ends_us < expires_us ? lease_ends_us : expires_us;
}

bool state_must_commit(const struct engine_state *s)
{
    return s->sealed_active || s->pending.leaf_count > 0;
}

/* One point of the equity curve beside every commit that moves cash. */
static void state_mark_equity(struct engine_state *s)
{
    struct equity_point point = {.at_us = state_now(s), .cash = s->account.cash};
    struct money exposure;

    if ((s->pending.fill_count == 0 && s->pending.cash_count == 0) ||
        point.at_us % US_PER_DAY == 0 || /* that is the day's mark */
        state_equity(s, &point.equity, &point.unrealized, &exposure) != ERR_OK)
        return;
    journal_batch_add_equity(&s->pending, &point);
}

/* Closes `pending` for changes: the account and every open position go in as they are now, so that
 * what a restart reads is one moment's truth. */
static void state_seal(struct engine_state *s)
{
    struct journal_batch empty = s->sealed;
    size_t i;

    state_mark_equity(s);
    for (i = 0; i < s->lane_count; i++) {
        if (s->lanes[i]->position)
            journal_batch_put_position(&s->pending, s->lanes[i]->position);
    }
    s->pending.account = s->account;
    s->sealed = s->pending;
    s->pending = empty;
    s->sealed_active = true;
}

/* A line for people a trade, once it is durable. */
static void state_tell_trades(const struct journal_batch *b)
{
    char price[AMOUNT_TEXT_MAX], size[AMOUNT_TEXT_MAX], pnl[AMOUNT_TEXT_MAX], at[TIME_TEXT_MAX];
    size_t i;

    if (!log_enabled(LOG_LEVEL_INFO))
        return;
    for (i = 0; i < b->fill_count; i++) {
        const struct fill *f = &b->fills[i];

        price_print(f->price, price);
        size_print(f->size, size);
        money_print(f->pnl, pnl);
        time_print(f->at_us, at);
        LOG_INFO("trade", "id", LOG_NUMBER(f->id), "at", at, "symbol", f->symbol, "side",
                 side_name(f->side), "size", size, "price", price, "pnl", pnl, "position",
                 LOG_NUMBER(f->position_id), NULL);
    }
}

/* How long the database is left alone after it did not answer. */
static const int64_t spool_pause_least_us = US_PER_S;
static const int64_t spool_pause_most_us = 8 * US_PER_S;

static enum err state_spool(struct engine_state *s, enum err error)
{
    const struct journal *j = s->options.journal;
    bool is_away = error == ERR_DB_UNAVAILABLE || error == ERR_DB_BUSY || error == ERR_DB_RETRY;

    if (!is_away || !j->spool || !s->options.venue->traits.outlives_us ||
        j->spool(j->self, &s->sealed))
        return error;
    if (!s->spooling)
        LOG_WARN("spooling", "reason", err_sentence(error), "effect",
                 "exits and cancels go on, entries wait", NULL);
    s->spooling = true;
    return ERR_OK;
}

/* What was sealed becomes durable: in the database, or while that is away in the spool. */
static enum err state_make_durable(struct engine_state *s)
{
    const struct journal *j = s->options.journal;
    int64_t now_us = state_monotonic_us(s); /* a step of the wall clock must not keep us from it */
    enum err e;

    /* A spool that takes nothing either leaves the database to be asked before its time. */
    if (s->spooling && now_us < s->spool_until_us && state_spool(s, ERR_DB_UNAVAILABLE) == ERR_OK)
        return ERR_OK;
    s->tried_order_id = s->sealed.account.last_order_id;
    e = j->commit(j->self, &s->sealed);
    if (e) {
        s->journal_failures++;
        s->spool_pause_us = s->spooling ? 2 * s->spool_pause_us : spool_pause_least_us;
        if (s->spool_pause_us > spool_pause_most_us)
            s->spool_pause_us = spool_pause_most_us;
        s->spool_until_us = now_us + s->spool_pause_us;
        return state_spool(s, e);
    }
    if (s->spooling)
        LOG_INFO("spool_ended", NULL);
    s->spooling = false;
    s->kept_order_id = s->sealed.account.last_order_id;
    return ERR_OK;
}

void state_tell_spooled(const struct engine_state *s)
{
    char size[AMOUNT_TEXT_MAX], price[AMOUNT_TEXT_MAX];

    for (size_t i = 0; i < s->order_count && s->spooling; i++) {
        const struct order *o = &s->orders[i]->order;

        if (o->id <= s->kept_order_id || o->status == ORDER_NEW)
            continue;
        size_print(order_left(o), size);
        price_print(o->type == ORDER_LIMIT ? o->limit_price : o->stop_price, price);
        LOG_WARN("order_only_in_spool", "order", LOG_NUMBER(o->id), "client_order_id",
                 o->client_order_id, "symbol", o->symbol, "purpose", order_purpose_name(o->purpose),
                 "side", side_name(o->side), "size", size, "price", price, NULL);
    }
}

enum err state_commit(struct engine_state *s, bool cursor)
{
    int round;

    /* Two rounds at most: what was sealed before, and what collected since. */
    for (round = 0; round < 2; round++) {
        enum err e;

        if (!s->sealed_active) {
            if (s->pending.leaf_count == 0 && !cursor)
                return ERR_OK;
            state_seal(s);
            cursor = false;
        }
        e = state_make_durable(s);
        if (e)
            return e;
        state_tell_trades(&s->sealed);
        journal_batch_clear(&s->sealed);
        s->sealed_active = false;
        s->cycles_uncommitted = 0;
        s->effects = true;
    }
    return ERR_OK;
}

void state_init(struct engine_state *s, const struct engine_options *options)
{
    size_t i, n = options->instrument_count;

    *s = (struct engine_state){.options = *options, .loop = LOOP_STOPPED};
    s->instruments = xcalloc(n + 1, sizeof(*s->instruments));
    s->tapes = xcalloc(n + 1, sizeof(*s->tapes));
    for (i = 0; i < n; i++)
        s->instruments[i] = options->instruments[i];
    s->options.instruments = s->instruments;
    s->options.config.instruments = s->instruments;
    s->options.config.instrument_count = n;
    s->markets = xcalloc(n + 1, sizeof(*s->markets));
    s->ended_capacity =
        options->venue && options->venue->traits.outlives_us ? ENDED_ORDERS_OUTLIVED : ENDED_ORDERS;
    s->ended = xcalloc(s->ended_capacity, sizeof(*s->ended));
    s->dealings.compared_us = TIME_NONE;
    s->dealings.compare_wanted = options->venue && options->venue->traits.outlives_us;
    s->clock = options->pace != PACE_REALTIME ? clock_virtual(0)
               : options->clock.now_us        ? options->clock
                                              : clock_real();
    s->leaf_monotonic_us = state_monotonic_us(s);
    journal_batch_init(&s->pending);
    journal_batch_init(&s->sealed);
}

void state_release(struct engine_state *s)
{
    size_t i;

    roster_release(s);
    for (i = 0; i < s->order_count; i++)
        free(s->orders[i]);
    free(s->orders);
    free(s->tapes);
    free(s->markets);
    free(s->ended);
    fill_ids_release(&s->fill_ids);
    fill_ids_release(&s->incomes);
    fill_ids_release(&s->foreign_incomes);
    free(s->instruments);
    free(s->ext_values);
    daily_equity_release(&s->daily);
    journal_batch_release(&s->pending);
    journal_batch_release(&s->sealed);
}
