/* SPDX-License-Identifier: Apache-2.0 */
/* Orders that are open in the log, or ended lately: what their trades and their end must agree
 * with. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "engine/verify_rules.h"

enum {
    ORDERS_FIRST_CAPACITY = 256,
    CLIENT_ID_HEX = 32 /* of a client order id: half of the leaf hash */
};

/* How long after its time an order's end may be missing before that is told: a venue that could not
 * be asked, a candle of a day that has not closed. */
#define END_US US_PER_DAY

struct open_order {
    struct digest leaf_hash;
    uint64_t index;
    int64_t id;
    i128 size, filled, fee;
    i128 limit_price; /* 0: none */
    int64_t ends_us;  /* when it fills or ends; INT64_MAX: it may rest */
    bool is_buy, reduce_only;
    bool has_opened;                            /* a position, though it may only reduce */
    struct value symbol, strategy, strategy_id; /* within bytes */
    char bytes[];
};

static size_t home_of(const struct verify_rules *v, const struct digest *d)
{
    uint64_t key;

    memcpy(&key, d->bytes, sizeof key);
    return (size_t)key & (v->order_capacity - 1);
}

static size_t place_of(const struct verify_rules *v, const struct digest *d)
{
    size_t at = home_of(v, d);

    while (v->orders[at] && memcmp(&v->orders[at]->leaf_hash, d, sizeof *d) != 0)
        at = (at + 1) & (v->order_capacity - 1);
    return at;
}

static void grow(struct verify_rules *v)
{
    struct open_order **old = v->orders;
    size_t old_capacity = v->order_capacity;

    v->order_capacity = old_capacity ? old_capacity * 2 : ORDERS_FIRST_CAPACITY;
    v->orders = xcalloc(v->order_capacity, sizeof(struct open_order *));
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i])
            v->orders[place_of(v, &old[i]->leaf_hash)] = old[i];
    free(old);
}

/* Out of the open ones; the caller owns it. */
static struct open_order *take(struct verify_rules *v, size_t hole)
{
    size_t at = hole, mask = v->order_capacity - 1;
    struct open_order *taken = v->orders[hole];

    v->orders[hole] = NULL;
    v->order_count--;
    for (;;) {
        size_t home;

        do {
            at = (at + 1) & mask;
            if (!v->orders[at])
                return taken;
            home = home_of(v, &v->orders[at]->leaf_hash);
        } while (((at - home) & mask) < ((at - hole) & mask));
        v->orders[hole] = v->orders[at];
        v->orders[at] = NULL;
        hole = at;
    }
}

void rules_orders_release(struct verify_rules *v)
{
    for (size_t i = 0; i < v->order_capacity; i++)
        free(v->orders[i]);
    free(v->orders);
    v->orders = NULL;
    v->order_capacity = v->order_count = 0;
    for (size_t i = 0; i < COUNT_OF(v->ended); i++) {
        free(v->ended[i]);
        v->ended[i] = NULL;
    }
}

/* A value of the entry's bytes as one of their copy. */
static struct value moved(struct value v, const char *bytes, const struct open_order *o)
{
    if (v.kind == VALUE_TEXT)
        v.at = o->bytes + (v.at - bytes);
    return v;
}

/* Only limit orders say how long they are good, and only when that is not gtc. */
static bool has_good_life(const struct record *r, const struct value *type)
{
    const struct value life = record_get(r, "time_in_force");

    return life.kind == VALUE_ABSENT ||
           (value_is(type, "limit") &&
            (value_is(&life, "ioc") || value_is(&life, "fok") || value_is(&life, "post_only")));
}

/* When the order has ended at the latest: what cannot rest, by its own time. */
static const char *read_end(const struct record *r, const struct value *type, struct open_order *o)
{
    struct value life = record_get(r, "time_in_force"), expires = record_get(r, "expires");

    o->ends_us = INT64_MAX;
    if (expires.kind != VALUE_ABSENT && !value_time(&expires, &o->ends_us))
        return "expires is no time";
    if (value_is(type, "market") || value_is(&life, "ioc") || value_is(&life, "fok"))
        o->ends_us = r->at_us;
    return NULL;
}

/* The order's amounts; NULL, or what is wrong with them. */
static const char *read_order(const struct record *r, struct open_order *o)
{
    struct value side = record_get(r, "side"), size = record_get(r, "size");
    struct value type = record_get(r, "type"), limit = record_get(r, "limit_price");
    struct value id = record_get(r, "id"), reduce = record_get(r, "reduce_only");
    int decimals;

    o->is_buy = value_is(&side, "buy");
    if (!o->is_buy && !value_is(&side, "sell"))
        return "side is missing or unknown";
    if (!value_amount(&size, &o->size, &decimals) || o->size <= 0)
        return "size is missing, malformed or not positive";
    if (id.kind != VALUE_INTEGER || id.integer <= 0)
        return "id is missing or not positive";
    if (reduce.kind != VALUE_BOOL)
        return "reduce_only is missing";
    o->id = id.integer;
    o->reduce_only = reduce.integer != 0;
    if (type.kind != VALUE_TEXT || o->symbol.kind != VALUE_TEXT ||
        o->strategy_id.kind != VALUE_TEXT)
        return "type, symbol or strategy_id is missing";
    if (value_is(&type, "limit") &&
        (!value_amount(&limit, &o->limit_price, &decimals) || o->limit_price <= 0))
        return "a limit order has no limit_price";
    if (!has_good_life(r, &type))
        return "time_in_force is unknown, or not of a limit order";
    return read_end(r, &type, o);
}

/* The order it takes the place of came before it and, while that is open, is of the same kind. */
static const char *judge_replaces(const struct verify_rules *v, const struct record *r,
                                  const struct open_order *o)
{
    struct value replaces = record_get(r, "replaces");

    if (replaces.kind == VALUE_ABSENT)
        return NULL;
    if (replaces.kind != VALUE_INTEGER || replaces.integer <= 0 || replaces.integer >= o->id)
        return "replaces is not the id of an order before it";
    for (size_t i = 0; i < v->order_capacity; i++) {
        const struct open_order *old = v->orders[i];

        if (old && old->id == replaces.integer &&
            (old->is_buy != o->is_buy || old->reduce_only != o->reduce_only ||
             old->limit_price == 0 || !value_same(&old->symbol, &o->symbol) ||
             !value_same(&old->strategy, &o->strategy)))
            return "the order it replaces is of another kind";
    }
    return NULL;
}

static void check_signal(struct verify_rules *v, const struct record *r)
{
    struct value signal = record_get(r, "signal");
    struct digest named;

    if (signal.kind == VALUE_NULL)
        return;
    if (!value_digest(&signal, &named) || !set_has(&v->signals, &named))
        report_fail(v->report, PROPERTY_ORDERS,
                    "entry %llu: the order names a signal that is not before it",
                    (unsigned long long)v->index);
}

void rules_order(struct verify_rules *v, const struct record *r, const char *bytes, size_t length,
                 const struct digest *leaf_hash)
{
    struct open_order *o = xcalloc(1, sizeof *o + length);
    const char *why;
    size_t place;

    memcpy(o->bytes, bytes, length);
    o->leaf_hash = *leaf_hash;
    o->index = v->index;
    o->symbol = moved(record_get(r, "symbol"), bytes, o);
    o->strategy = moved(r->strategy, bytes, o);
    o->strategy_id = moved(record_get(r, "strategy_id"), bytes, o);
    why = read_order(r, o);
    if (!why && o->id <= v->last_order_id)
        why = "its id is not above that of the order before it";
    if (!why)
        why = judge_replaces(v, r, o);
    if (!why && v->order_count >= RULES_OPEN_ORDERS_MAX)
        why = "more orders are open than can be followed";
    if (why) {
        report_fail(v->report, PROPERTY_ORDERS, "entry %llu: order: %s",
                    (unsigned long long)v->index, why);
        free(o);
        return;
    }
    check_signal(v, r);
    v->last_order_id = o->id;
    if (v->order_count * 2 >= v->order_capacity)
        grow(v);
    place = place_of(v, leaf_hash);
    if (v->orders[place]) { /* the same bytes again; its id would have said so */
        free(o);
        return;
    }
    v->orders[place] = o;
    v->order_count++;
}

static struct open_order *find(const struct verify_rules *v, const struct digest *d)
{
    return v->order_capacity ? v->orders[place_of(v, d)] : NULL;
}

static void keep_ended(struct verify_rules *v, struct open_order *o)
{
    free(v->ended[v->ended_next]);
    v->ended[v->ended_next] = o;
    v->ended_next = (v->ended_next + 1) % COUNT_OF(v->ended);
}

static struct open_order *find_ended(const struct verify_rules *v, const struct digest *d)
{
    for (size_t i = 0; i < COUNT_OF(v->ended); i++)
        if (v->ended[i] && memcmp(&v->ended[i]->leaf_hash, d, sizeof *d) == 0)
            return v->ended[i];
    return NULL;
}

/* The client order id that the venue was told: half of the order's leaf hash. */
static bool is_client_id(const struct value *id, const struct digest *order)
{
    char hex[CLIENT_ID_HEX + 1];

    hex_print(order->bytes, CLIENT_ID_HEX / 2, hex);
    return value_is(id, hex);
}

/* A venue that knows only the sum of what strategies hold lets one's order take of another's: what
 * it seems to have opened is then held the other way round by others. */
static bool others_held(const struct verify_rules *v, const struct trade_entry *t)
{
    const struct book_position *p;
    i128 sum = 0;
    size_t at = 0;

    while ((p = book_next(&v->track->book, &at))) {
        if (p->id != t->position_id && p->direction == -t->side && value_is(&t->symbol, p->symbol))
            sum += p->size;
    }
    return sum >= t->size;
}

static const char *judge_trade(const struct open_order *o, const struct record *r,
                               const struct trade_entry *t)
{
    if (!is_client_id(&t->client_order_id, &t->order))
        return "client_order_id is not the order's leaf hash";
    if (t->order_id != o->id)
        return "order_id is not the order's";
    if ((t->side > 0) != o->is_buy || !value_same(&t->symbol, &o->symbol))
        return "side or symbol is not the order's";
    if (!value_same(&r->strategy, &o->strategy) || !value_same(&t->strategy_id, &o->strategy_id))
        return "the strategy is not the order's";
    if (t->size > o->size - o->filled)
        return "the order's trades are larger than the order";
    if (o->limit_price > 0 && (o->is_buy ? t->price > o->limit_price : t->price < o->limit_price))
        return "the price is worse than the order's limit";
    if (t->is_filled != (t->size == o->size - o->filled))
        return "status does not agree with what is left of the order";
    return NULL;
}

/* A venue reduces what the account holds, whoever trades on it: no proof of cheating. */
static void judge_reduces(struct verify_rules *v, struct open_order *o, const struct trade_entry *t)
{
    if (!o->reduce_only || o->has_opened || v->track->broken || !v->track->book.last.opens ||
        others_held(v, t))
        return;
    o->has_opened = true;
    v->reduce_openings++;
}

void rules_trade_order(struct verify_rules *v, const struct record *r, const struct trade_entry *t)
{
    struct open_order *open = find(v, &t->order), *o = open ? open : find_ended(v, &t->order);
    const char *why = o ? judge_trade(o, r, t)
                        : "no order before it that is open or ended lately has this leaf hash";

    v->trade_order = o ? o->index : UINT64_MAX;
    if (why)
        report_fail(v->report, PROPERTY_ORDERS, "entry %llu: trade %lld: %s",
                    (unsigned long long)v->index, (long long)t->id, why);
    if (!o || t->size > o->size - o->filled)
        return;
    o->filled += t->size;
    o->fee += t->fee_value;
    v->late_trades += !open;
    judge_reduces(v, o, t);
}

static const char *judge_close(const struct open_order *o, const struct record *r)
{
    struct value client = record_get(r, "client_order_id"), id = record_get(r, "order_id");
    struct value filled = record_get(r, "filled"), size = record_get(r, "size");
    struct value fee = record_get(r, "fee"), status = record_get(r, "status");
    struct value symbol = record_get(r, "symbol");
    bool is_filled = value_is(&status, "filled");
    int64_t order_id;
    i128 amount;
    int decimals;

    if (!is_client_id(&client, &o->leaf_hash) || !value_id(&id, &order_id) || order_id != o->id)
        return "client_order_id or order_id is not the order's";
    if (!value_same(&symbol, &o->symbol) || !value_amount(&size, &amount, &decimals) ||
        amount != o->size)
        return "symbol or size is not the order's";
    if (!value_amount(&filled, &amount, &decimals) || amount != o->filled)
        return "filled is not the sum of the order's trades";
    if (!value_amount(&fee, &amount, &decimals) || amount != o->fee)
        return "fee is not what the fees of the order's trades come to";
    if (!is_filled && !value_is(&status, "canceled") && !value_is(&status, "rejected") &&
        !value_is(&status, "expired") && !value_is(&status, "absent"))
        return "status is not one of an order's end";
    if (is_filled != (o->filled == o->size))
        return "status does not agree with what was filled";
    return NULL;
}

void rules_close(struct verify_rules *v, const struct record *r)
{
    struct value order = record_get(r, "order");
    struct digest named;
    const char *why;

    if (!value_digest(&order, &named) || !find(v, &named)) {
        report_fail(v->report, PROPERTY_CLOSES,
                    "entry %llu: close: no open order before it has this leaf hash",
                    (unsigned long long)v->index);
        return;
    }
    why = judge_close(find(v, &named), r);
    if (why)
        report_fail(v->report, PROPERTY_CLOSES, "entry %llu: close: %s",
                    (unsigned long long)v->index, why);
    keep_ended(v, take(v, place_of(v, &named)));
}

/* Orders that are open at the end may yet end, but for those whose time is over. */
void rules_orders_end(struct verify_rules *v)
{
    size_t filled = 0, over = 0;

    for (size_t i = 0; i < v->order_capacity; i++) {
        const struct open_order *o = v->orders[i];

        if (!o)
            continue;
        filled += o->filled == o->size;
        over += o->ends_us < INT64_MAX - END_US && v->last_us > o->ends_us + END_US;
    }
    if (filled > 0)
        report_fail(v->report, PROPERTY_CLOSES,
                    "%zu orders are filled, but their end is not logged", filled);
    if (over > 0)
        report_note(v->report, PROPERTY_CLOSES, VERDICT_NOT_PROVEN,
                    "%zu %s no end, a day after it could not rest any more: what it traded may be "
                    "missing",
                    over, over == 1 ? "order has" : "orders have");
    else if (v->late_trades > 0)
        report_note(v->report, PROPERTY_CLOSES, VERDICT_NOT_PROVEN,
                    "%llu %s order's end: compare with the exchange's statement",
                    (unsigned long long)v->late_trades,
                    v->late_trades == 1 ? "trade came after its" : "trades came after their");
    report_note(v->report, PROPERTY_CLOSES, VERDICT_PASS, "%zu are open at the end of the log",
                v->order_count);
}
