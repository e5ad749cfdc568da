/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the leaves of the trade log in their canonical form and hashes them.
 *
 * Every leaf is {"<kind>": {...}, "mode", "strategy", "timestamp"} with sorted keys, so the kind's
 * place among the others depends on its name.  The writer asserts the order.
 *
 * Lists that might outgrow a leaf (open positions, instruments) are written out up to
 * LEAF_LIST_MAX items; a longer one is replaced by {"count", "digest"}, the digest being SHA-256 of
 * the list's own canonical bytes. */
#include "engine/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "core/clock.h"
#include "core/jwriter.h"
#include "core/text.h"
#include "engine/track_algorithm.h"

enum {
    LEAF_LIST_MAX = 50,
    LEAF_LIST_BYTES = LIMIT_JSON_BYTES, /* of a list that is only digested */
    MONEY_SCALE = 8,                    /* of amounts that belong to no instrument */
    LEAF_PREFIX = 0x00                  /* RFC 6962 */
};

const char *leaf_kind_name(enum leaf_kind k)
{
    static const char *const names[LEAF_KIND_COUNT_] = {
        [LEAF_GENESIS] = "genesis", [LEAF_CONFIG] = "config", [LEAF_CYCLE] = "cycle",
        [LEAF_SIGNAL] = "signal",   [LEAF_ORDER] = "order",   [LEAF_TRADE] = "trade",
        [LEAF_CLOSE] = "close",     [LEAF_EQUITY] = "equity", [LEAF_CONTROL] = "control",
        [LEAF_CASH] = "cash",
    };

    ASSERT(k < LEAF_KIND_COUNT_);
    return names[k];
}

void leaf_release(struct leaf *l)
{
    free(l->bytes);
    l->bytes = NULL;
    l->length = 0;
}

/* A leaf being written. */
struct build {
    struct text text;
    struct jwriter w;
    const struct leaf_context *context;
    enum leaf_kind kind;
};

/* Text from outside (operators, venues): whatever is no UTF-8 becomes '?', so that every reader
 * sees the same characters; the writer escapes the rest. */
static void member_clean(struct jwriter *w, const char *key, const char *text)
{
    struct text clean;
    size_t length, at = 0, n;
    uint32_t code;

    if (!text || text_is_utf8(text, strlen(text))) {
        jw_member_text(w, key, text);
        return;
    }
    length = strlen(text);
    text_init(&clean, length);
    while (at < length) {
        n = text_decode(text + at, length - at, &code);
        text_append(&clean, n ? text + at : "?", n ? n : 1);
        at += n ? n : 1;
    }
    jw_member_text(w, key, clean.data);
    text_release(&clean);
}

/* The three members every envelope has, those whose key sorts before the kind's or those after. */
static void write_common(struct build *b, bool before)
{
    const char *kind = leaf_kind_name(b->kind);

    if ((strcmp("mode", kind) < 0) == before)
        jw_member_text(&b->w, "mode", trading_mode_name(b->context->mode));
    if ((strcmp("strategy", kind) < 0) == before)
        member_clean(&b->w, "strategy", b->context->strategy);
    if ((strcmp("timestamp", kind) < 0) == before)
        jw_member_time(&b->w, "timestamp", b->context->at_us);
}

static struct jwriter *begin(struct build *b, enum leaf_kind kind,
                             const struct leaf_context *context)
{
    *b = (struct build){.context = context, .kind = kind};
    text_init(&b->text, LIMIT_LEAF_BYTES);
    jwriter_init(&b->w, JSTYLE_CANONICAL, &b->text);
    jw_object(&b->w);
    write_common(b, true);
    jw_key(&b->w, leaf_kind_name(kind));
    jw_object(&b->w);
    return &b->w;
}

static enum err finish(struct build *b, struct leaf *out)
{
    struct leaf made = {.kind = b->kind, .at_us = b->context->at_us};

    jw_object_end(&b->w);
    write_common(b, false);
    jw_object_end(&b->w);
    if (!jwriter_ok(&b->w)) {
        text_release(&b->text);
        return ERR_LIMIT;
    }
    made.bytes = text_take(&b->text, &made.length);
    digest_of(made.bytes, made.length, &made.proof);
    digest_prefixed(LEAF_PREFIX, made.bytes, made.length, &made.leaf_hash);
    *out = made;
    return ERR_OK;
}

/* Ids that other tools read as text: a JSON number of this size would not survive all of them. */
static void member_id_text(struct jwriter *w, const char *key, int64_t id)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%lld", (long long)id);
    jw_member_text(w, key, text);
}

static void member_id_or_null(struct jwriter *w, const char *key, int64_t id)
{
    if (id)
        jw_member_integer(w, key, id);
    else
        jw_member_null(w, key);
}

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

/* A size at the lot's decimals; what fees in the base asset left may have more. */
static void member_held(struct jwriter *w, const char *key, struct size size,
                        const struct instrument *i)
{
    bool fits = size.e12 % amount_power(AMOUNT_DECIMALS - i->size_scale) == 0;

    jw_member_size(w, key, size, fits ? i->size_scale : -1);
}

static void write_position(struct jwriter *w, const struct position *p, const struct instrument *i)
{
    jw_object(w);
    jw_member_price(w, "entry_price", position_entry_price(p), i->price_scale);
    jw_member_integer(w, "id", p->id);
    jw_member_price(w, "mark", p->mark, i->price_scale);
    jw_member_text(w, "side", p->direction == DIRECTION_LONG ? "long" : "short");
    member_held(w, "size", p->size, i);
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

    if (l->count <= LEAF_LIST_MAX) {
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
    struct build b;
    struct jwriter *w = begin(&b, LEAF_GENESIS, context);

    jw_member_text(w, "account_hash", g->account_hash);
    member_clean(w, "build", g->build);
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
    member_clean(w, "origin", g->origin);
    jw_member_text(w, "pace", g->pace);
    jw_member_text(w, "quote", g->quote);
    jw_member_money(w, "starting_equity", g->starting_equity, MONEY_SCALE);
    member_clean(w, "vkey", g->vkey);
    return finish(&b, out);
}

enum err ledger_config(const struct leaf_context *context, const struct config_leaf *c,
                       struct leaf *out)
{
    struct list instruments = {.count = c->instrument_count, .instruments = c->instruments};
    struct build b;
    struct jwriter *w = begin(&b, LEAF_CONFIG, context);
    enum err e;

    if (c->fee_in_received)
        jw_member_text(w, "fee_in", "received");
    jw_member_ratio(w, "fee_rate", c->fee_rate);
    member_clean(w, "feed_id", c->feed_id);
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
    jw_member_money(w, "max_order_notional", c->max_order_notional, MONEY_SCALE);
    jw_member_ratio(w, "max_position_ratio", c->max_position_ratio);
    jw_member_ratio(w, "min_confidence", c->min_confidence);
    jw_member_ratio(w, "slippage_bps", c->slippage_bps);
    jw_member_ratio(w, "slippage_tolerance_bps", c->slippage_tolerance_bps);
    jw_key(w, "strategies");
    jw_array(w);
    for (size_t i = 0; i < c->strategy_count; i++) {
        jw_object(w);
        member_clean(w, "id", c->strategies[i].id);
        member_clean(w, "name", c->strategies[i].name);
        member_clean(w, "next_id", c->strategies[i].next_id);
        jw_object_end(w);
    }
    jw_array_end(w);
    jw_member_ratio(w, "volume_cap", c->volume_cap);
    return finish(&b, out);
}

enum err ledger_cycle(const struct leaf_context *context, int64_t number, struct money equity,
                      const struct digest *inputs, struct leaf *out)
{
    struct build b;
    struct jwriter *w = begin(&b, LEAF_CYCLE, context);

    jw_member_money(w, "equity", equity, MONEY_SCALE);
    jw_member_digest(w, "inputs", inputs);
    jw_member_integer(w, "number", number);
    return finish(&b, out);
}

enum err ledger_signal(const struct leaf_context *context, const struct signal *s,
                       const struct instrument *i, struct leaf *out)
{
    struct build b;
    struct jwriter *w = begin(&b, LEAF_SIGNAL, context);

    jw_member_text(w, "action", signal_action_name(s->action));
    jw_member_time(w, "candle", s->candle_us);
    jw_member_ratio(w, "confidence", s->confidence);
    jw_member_text(w, "decision", signal_decision_name(s->decision));
    jw_member_integer(w, "id", s->id);
    jw_member_price(w, "price", s->price, i->price_scale);
    jw_key(w, "reasons");
    jw_array(w);
    for (int bit = 0; bit < DENIED_COUNT_; bit++)
        if (s->denials >> bit & 1)
            jw_text(w, denial_name(bit));
    jw_array_end(w);
    jw_member_text(w, "side", side_name(s->side));
    jw_member_size(w, "size", s->size, i->size_scale);
    jw_member_size(w, "size_asked", s->size_asked, i->size_scale);
    member_clean(w, "strategy_id", s->strategy_id);
    jw_member_text(w, "symbol", s->symbol);
    member_clean(w, "trigger", s->trigger);
    return finish(&b, out);
}

enum err ledger_order(const struct leaf_context *context, struct order *o,
                      const struct digest *signal_leaf, const struct instrument *i,
                      struct leaf *out)
{
    struct build b;
    struct jwriter *w = begin(&b, LEAF_ORDER, context);
    enum err e;

    jw_member_integer(w, "attempt", o->attempt);
    jw_member_price(w, "decision_price", o->decision_price, i->price_scale);
    jw_member_text(w, "exit_reason",
                   o->exit_reason == EXIT_NONE ? NULL : exit_reason_name(o->exit_reason));
    jw_member_integer(w, "id", o->id);
    jw_member_integer(w, "intent_id", o->intent_id);
    if (o->type == ORDER_LIMIT)
        jw_member_price(w, "limit_price", o->limit_price, i->price_scale);
    else
        jw_member_null(w, "limit_price");
    member_id_or_null(w, "oco_group", o->oco_group);
    member_id_or_null(w, "position_id", o->position_id);
    jw_member_text(w, "purpose", order_purpose_name(o->purpose));
    jw_member_bool(w, "reduce_only", o->reduce_only);
    jw_member_text(w, "side", side_name(o->side));
    if (signal_leaf)
        jw_member_digest(w, "signal", signal_leaf);
    else
        jw_member_null(w, "signal");
    jw_member_size(w, "size", o->size, i->size_scale);
    jw_member_ratio(w, "slippage_tolerance", o->slippage_tolerance);
    if (o->type == ORDER_STOP_MARKET)
        jw_member_price(w, "stop_price", o->stop_price, i->price_scale);
    else
        jw_member_null(w, "stop_price");
    member_clean(w, "strategy_id", o->strategy_id);
    jw_member_text(w, "symbol", o->symbol);
    jw_member_text(w, "type", order_type_name(o->type));
    e = finish(&b, out);
    if (e)
        return e;
    o->leaf_hash = out->leaf_hash;
    hex_print(o->leaf_hash.bytes, (sizeof o->client_order_id - 1) / 2, o->client_order_id);
    return ERR_OK;
}

enum err ledger_trade(const struct leaf_context *context, const struct fill *f,
                      const struct instrument *i, struct leaf *out)
{
    struct build b;
    struct jwriter *w = begin(&b, LEAF_TRADE, context);

    jw_member_text(w, "client_order_id", f->client_order_id);
    /* Another asset's fee as the venue told it: its decimals are not the quote currency's. */
    jw_member_money(w, "fee", f->fee, f->fee_kind == FEE_QUOTE ? i->money_scale : -1);
    member_clean(w, "fee_currency", f->fee_currency);
    member_id_text(w, "id", f->id);
    jw_member_text(w, "liquidity", f->is_maker ? "maker" : "taker");
    jw_member_digest(w, "order", &f->order_leaf_hash);
    member_id_text(w, "order_id", f->order_id);
    jw_member_money(w, "pnl", f->pnl, i->money_scale);
    member_id_text(w, "position_id", f->position_id);
    jw_member_price(w, "price", f->price, i->price_scale);
    jw_member_text(w, "side", side_name(f->side));
    jw_member_size(w, "size", f->size, i->size_scale);
    jw_member_money(w, "slippage", f->slippage, i->money_scale);
    jw_member_text(w, "status",
                   order_status_name(f->order_done ? ORDER_FILLED : ORDER_PARTIALLY_FILLED));
    member_clean(w, "strategy_id", f->strategy_id);
    jw_member_text(w, "symbol", f->symbol);
    member_clean(w, "venue_fill_id", f->venue_fill_id);
    return finish(&b, out);
}

enum err ledger_close(const struct leaf_context *context, const struct order *o,
                      const struct instrument *i, struct leaf *out)
{
    struct build b;
    struct jwriter *w = begin(&b, LEAF_CLOSE, context);

    jw_member_text(w, "client_order_id", o->client_order_id);
    jw_member_money(w, "fee", o->fee, i->money_scale);
    jw_member_size(w, "filled", o->filled, i->size_scale);
    jw_member_digest(w, "order", &o->leaf_hash);
    member_id_text(w, "order_id", o->id);
    member_clean(w, "reason", o->reason);
    jw_member_size(w, "size", o->size, i->size_scale);
    jw_member_text(w, "status", order_status_name(o->status));
    jw_member_text(w, "symbol", o->symbol);
    return finish(&b, out);
}

enum err ledger_equity(const struct leaf_context *context, const struct equity_point *point,
                       const struct position *open, size_t open_count,
                       const struct instrument *const *instruments, struct leaf *out)
{
    struct list positions = {
        .count = open_count, .positions = open, .position_instruments = instruments};
    struct build b;
    struct jwriter *w = begin(&b, LEAF_EQUITY, context);
    enum err e;

    jw_member_money(w, "cash", point->cash, MONEY_SCALE);
    member_day(w, "day", point->day);
    jw_member_money(w, "equity", point->equity, MONEY_SCALE);
    jw_key(w, "positions");
    e = write_list(w, &positions);
    if (e) {
        text_release(&b.text);
        return e;
    }
    jw_member_money(w, "unrealized", point->unrealized, MONEY_SCALE);
    return finish(&b, out);
}

enum err ledger_cash(const struct leaf_context *context, const struct cash_move *m,
                     const struct instrument *i, struct leaf *out)
{
    struct build b;
    struct jwriter *w = begin(&b, LEAF_CASH, context);

    jw_member_money(w, "amount", m->amount, i->money_scale);
    jw_member_text(w, "currency", m->currency);
    member_id_text(w, "id", m->id);
    jw_member_text(w, "kind", cash_kind_name(m->kind));
    jw_member_price(w, "mark", m->mark, -1);
    if (m->kind == CASH_DUST)
        jw_member_money(w, "pnl", m->pnl, i->money_scale);
    member_id_text(w, "position_id", m->position_id);
    jw_member_ratio(w, "rate", m->rate);
    member_held(w, "size", m->size, i);
    member_clean(w, "strategy_id", m->strategy_id);
    jw_member_text(w, "symbol", m->symbol);
    return finish(&b, out);
}

enum err ledger_control(const struct leaf_context *context, const struct control *c,
                        struct leaf *out)
{
    struct build b;
    struct jwriter *w = begin(&b, LEAF_CONTROL, context);

    jw_member_text(w, "action", c->action);
    member_clean(w, "actor", c->actor);
    member_clean(w, "reason", c->reason);
    member_id_or_null(w, "target", c->target);
    return finish(&b, out);
}

void ledger_line(const char *canonical, size_t length, const struct digest *proof, struct text *out)
{
    static const char member[] = ", \"proof\": \"";
    char hex[DIGEST_HEX];

    ASSERT(length >= 2 && canonical[length - 1] == '}');
    hex_print(proof->bytes, DIGEST_BYTES, hex);
    text_append(out, canonical, length - 1);
    text_append(out, member, sizeof member - 1);
    text_append(out, hex, DIGEST_HEX - 1);
    text_append(out, "\"}\n", 3);
}
