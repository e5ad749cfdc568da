/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves about the account: who it is, its rules, its days, its cash.
 *
 * Lists that might outgrow a leaf (open positions, instruments) are written out up to
 * LEDGER_LIST_MAX items; a longer one is replaced by {"count", "digest"}, the digest being SHA-256
 * of the list's own canonical bytes. */
#include <string.h>

#include "core/clock.h"
#include "engine/ledger_build.h"
#include "engine/track_algorithm.h"

enum {
    LEAF_LIST_BYTES = LIMIT_JSON_BYTES /* of a list that is only digested */
};

/* "YYYY-MM-DD" of a count of days since 1970. */
static void member_day(struct jwriter *w, const char *key, int64_t day)
{
    char text[TIME_TEXT_MAX];

    time_print(day * US_PER_DAY, text);
    *strchr(text, 'T') = '\0';
    jw_member_text(w, key, text);
}

/* What a list's items are written from. */
struct list {
    size_t count;
    const struct instrument *instruments; /* the items, or NULL: */
    const struct position *positions;
    const struct instrument *const *position_instruments;
};

static void write_instrument(struct jwriter *w, const struct instrument *i)
{
    jw_object(w);
    jw_member_size(w, "lot", i->lot, i->size_scale);
    jw_member_money(w, "min_notional", i->min_notional, i->money_scale);
    jw_member_integer(w, "money_scale", i->money_scale);
    jw_member_text(w, "symbol", i->symbol);
    jw_member_price(w, "tick", i->tick, i->price_scale);
    jw_object_end(w);
}

static void write_position(struct jwriter *w, const struct position *p, const struct instrument *i)
{
    jw_object(w);
    jw_member_price(w, "entry_price", position_entry_price(p), i->price_scale);
    jw_member_integer(w, "id", p->id);
    jw_member_price(w, "mark", p->mark, i->price_scale);
    jw_member_text(w, "side", p->direction == DIRECTION_LONG ? "long" : "short");
    ledger_held(w, "size", p->size, i);
    jw_member_text(w, "symbol", p->symbol);
    jw_object_end(w);
}

static void write_items(struct jwriter *w, const struct list *l)
{
    jw_array(w);
    for (size_t i = 0; i < l->count; i++) {
        if (l->instruments)
            write_instrument(w, &l->instruments[i]);
        else
            write_position(w, &l->positions[i], l->position_instruments[i]);
    }
    jw_array_end(w);
}

/* The list as the value of the key just written, or its count and digest when it is long. */
static enum err write_list(struct jwriter *w, const struct list *l)
{
    struct jwriter apart;
    struct text text;
    struct digest digest;
    bool ok;

    if (l->count <= LEDGER_LIST_MAX) {
        write_items(w, l);
        return ERR_OK;
    }
    text_init(&text, LEAF_LIST_BYTES);
    jwriter_init(&apart, JSTYLE_CANONICAL, &text);
    write_items(&apart, l);
    ok = jwriter_ok(&apart);
    if (ok)
        digest_of(text.data, text.length, &digest);
    text_release(&text);
    if (!ok)
        return ERR_LIMIT;
    jw_object(w);
    jw_member_integer(w, "count", (int64_t)l->count);
    jw_member_digest(w, "digest", &digest);
    jw_object_end(w);
    return ERR_OK;
}

enum err ledger_genesis(const struct leaf_context *context, const struct genesis *g,
                        struct leaf *out)
{
    struct leaf_build b;
    struct jwriter *w = ledger_begin(&b, LEAF_GENESIS, context);

    jw_member_text(w, "account_hash", g->account_hash);
    ledger_clean(w, "build", g->build);
    jw_member_integer(w, "cycle_interval_s", g->cycle_interval_s);
    jw_member_text(w, "format", "tlj-1");
    /* How published statistics are made of what the log holds. */
    jw_key(w, "metric_algorithms");
    jw_array(w);
    jw_object(w);
    jw_member_text(w, "id", TRACK_ALGORITHM);
    jw_member_text(w, "sha256", TRACK_ALGORITHM_SHA256);
    jw_object_end(w);
    jw_array_end(w);
    jw_member_text(w, "metrics", "returns=daily_mtm periods_per_year=365 rf=0 ddof=1");
    ledger_clean(w, "origin", g->origin);
    jw_member_text(w, "pace", g->pace);
    /* Each order is signed here before it is sent, and sent before others have cosigned it. */
    jw_member_text(w, "precommit", "async");
    if (g->predecessor)
        ledger_clean(w, "predecessor", g->predecessor);
    jw_member_text(w, "quote", g->quote);
    jw_member_text(w, "sealed", "none"); /* everything is said when it happens */
    jw_member_money(w, "starting_equity", g->starting_equity, LEDGER_MONEY_SCALE);
    ledger_clean(w, "vkey", g->vkey);
    return ledger_finish(&b, out);
}

enum err ledger_config(const struct leaf_context *context, const struct config_leaf *c,
                       struct leaf *out)
{
    struct list instruments = {.count = c->instrument_count, .instruments = c->instruments};
    struct leaf_build b;
    struct jwriter *w = ledger_begin(&b, LEAF_CONFIG, context);
    enum err e;

    if (c->fee_in_received)
        jw_member_text(w, "fee_in", "received");
    jw_member_ratio(w, "fee_rate", c->fee_rate);
    ledger_clean(w, "feed_id", c->feed_id);
    jw_key(w, "instruments");
    e = write_list(w, &instruments);
    if (e) {
        text_release(&b.text);
        return e;
    }
    jw_member_text(w, "intrabar", c->intrabar);
    jw_member_text(w, "limit_fill", c->limit_fill);
    jw_member_ratio(w, "max_drawdown", c->max_drawdown);
    jw_member_ratio(w, "max_exposure_ratio", c->max_exposure_ratio);
    jw_member_integer(w, "max_open_positions", c->max_open_positions);
    jw_member_money(w, "max_order_notional", c->max_order_notional, LEDGER_MONEY_SCALE);
    jw_member_ratio(w, "max_position_ratio", c->max_position_ratio);
    jw_member_ratio(w, "min_confidence", c->min_confidence);
    jw_member_ratio(w, "slippage_bps", c->slippage_bps);
    jw_member_ratio(w, "slippage_tolerance_bps", c->slippage_tolerance_bps);
    jw_key(w, "strategies");
    jw_array(w);
    for (size_t i = 0; i < c->strategy_count; i++) {
        jw_object(w);
        ledger_clean(w, "id", c->strategies[i].id);
        ledger_clean(w, "name", c->strategies[i].name);
        ledger_clean(w, "next_id", c->strategies[i].next_id);
        jw_object_end(w);
    }
    jw_array_end(w);
    jw_member_ratio(w, "volume_cap", c->volume_cap);
    return ledger_finish(&b, out);
}

static void write_beacon(struct jwriter *w, const struct beacon *beacon)
{
    char signature[2 * BEACON_SIGNATURE + 1];

    hex_print(beacon->signature, beacon->signature_length, signature);
    jw_key(w, "beacon");
    jw_object(w);
    jw_member_digest(w, "randomness", &beacon->randomness);
    jw_member_integer(w, "round", (int64_t)beacon->round);
    jw_member_text(w, "signature", signature);
    jw_object_end(w);
}

enum err ledger_cycle(const struct leaf_context *context, int64_t number, struct money equity,
                      const struct digest *inputs, const struct beacon *beacon, struct leaf *out)
{
    struct leaf_build b;
    struct jwriter *w = ledger_begin(&b, LEAF_CYCLE, context);

    if (beacon)
        write_beacon(w, beacon);
    jw_member_money(w, "equity", equity, LEDGER_MONEY_SCALE);
    jw_member_digest(w, "inputs", inputs);
    jw_member_integer(w, "number", number);
    return ledger_finish(&b, out);
}

enum err ledger_equity(const struct leaf_context *context, const struct equity_point *point,
                       const struct position *open, size_t open_count,
                       const struct instrument *const *instruments, struct leaf *out)
{
    struct list positions = {
        .count = open_count, .positions = open, .position_instruments = instruments};
    struct leaf_build b;
    struct jwriter *w = ledger_begin(&b, LEAF_EQUITY, context);
    enum err e;

    jw_member_money(w, "cash", point->cash, LEDGER_MONEY_SCALE);
    member_day(w, "day", point->day);
    jw_member_money(w, "equity", point->equity, LEDGER_MONEY_SCALE);
    jw_key(w, "positions");
    e = write_list(w, &positions);
    if (e) {
        text_release(&b.text);
        return e;
    }
    jw_member_money(w, "unrealized", point->unrealized, LEDGER_MONEY_SCALE);
    return ledger_finish(&b, out);
}

enum err ledger_cash(const struct leaf_context *context, const struct cash_move *m,
                     const struct instrument *i, struct leaf *out)
{
    struct leaf_build b;
    struct jwriter *w = ledger_begin(&b, LEAF_CASH, context);
    bool is_told = m->venue_id[0] != '\0'; /* then mark and rate are not known */

    jw_member_money(w, "amount", m->amount, i->money_scale);
    jw_member_text(w, "currency", m->currency);
    ledger_id_text(w, "id", m->id);
    jw_member_text(w, "kind", cash_kind_name(m->kind));
    if (!is_told)
        jw_member_price(w, "mark", m->mark, -1);
    if (m->kind == CASH_DUST)
        jw_member_money(w, "pnl", m->pnl, i->money_scale);
    if (m->position_id)
        ledger_id_text(w, "position_id", m->position_id);
    else
        jw_member_null(w, "position_id");
    if (!is_told) {
        jw_member_ratio(w, "rate", m->rate);
        ledger_held(w, "size", m->size, i);
    }
    ledger_clean(w, "strategy_id", m->strategy_id);
    jw_member_text(w, "symbol", m->symbol);
    if (is_told) {
        jw_member_time(w, "venue_at", m->venue_us);
        ledger_clean(w, "venue_id", m->venue_id);
    }
    return ledger_finish(&b, out);
}
