/* SPDX-License-Identifier: Apache-2.0 */
/* Books trade entries into positions found by their id in an open-addressed table. */
#include "engine/track_book.h"

#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "core/wide.h"
#include "engine/track_big.h"

enum {
    BOOK_FIRST_CAPACITY = 64
};

static bool read_ids(const struct record *r, struct trade_entry *t)
{
    struct value id = record_get(r, "id"), order = record_get(r, "order");
    struct value order_id = record_get(r, "order_id"), position = record_get(r, "position_id");

    return value_id(&id, &t->id) && value_id(&order_id, &t->order_id) &&
           value_id(&position, &t->position_id) && value_digest(&order, &t->order);
}

static bool read_words(const struct record *r, struct trade_entry *t)
{
    struct value side = record_get(r, "side"), status = record_get(r, "status");

    t->side = value_is(&side, "buy") ? 1 : -1;
    t->is_filled = value_is(&status, "filled");
    return (t->side > 0 || value_is(&side, "sell")) &&
           (t->is_filled || value_is(&status, "partially_filled"));
}

static bool read_amounts(const struct record *r, struct trade_entry *t)
{
    struct value price = record_get(r, "price"), size = record_get(r, "size");
    struct value pnl = record_get(r, "pnl");
    struct money notional;
    int decimals;

    if (!value_amount(&price, &t->price, &decimals) || !value_amount(&size, &t->size, &decimals) ||
        !value_amount(&pnl, &t->pnl, &t->money_scale))
        return false;
    if (t->price <= 0 || t->size <= 0 ||
        notional_of((struct price){t->price}, (struct size){t->size}, ROUND_HALF_EVEN, &notional))
        return false;
    t->notional = money_to_scale(notional, t->money_scale, ROUND_HALF_EVEN).e12;
    return true;
}

/* Spot symbols are "BASE/QUOTE", perpetuals "BASE/QUOTE:SETTLEMENT". */
static enum fee_kind fee_kind_of(const struct trade_entry *t, const char *quote)
{
    const char *slash = memchr(t->symbol.at, '/', t->symbol.length);
    const struct value *fee = &t->fee_currency;

    if (value_is(fee, quote))
        return FEE_QUOTE;
    return slash && !memchr(t->symbol.at, ':', t->symbol.length) &&
                   fee->length == (size_t)(slash - t->symbol.at) &&
                   memcmp(fee->at, t->symbol.at, fee->length) == 0
               ? FEE_BASE
               : FEE_OTHER;
}

/* What statistics count of a fee: one in the base asset at the trade's price, like a notional. */
static bool read_fee(const struct record *r, struct trade_entry *t, const char *quote)
{
    struct value fee = record_get(r, "fee");
    struct money worth;
    int decimals;

    if (!value_amount(&fee, &t->fee, &decimals))
        return false;
    t->fee_kind = fee_kind_of(t, quote);
    t->fee_value = t->fee_kind == FEE_QUOTE ? t->fee : 0;
    if (t->fee_kind != FEE_BASE)
        return true;
    if (notional_of((struct price){t->price}, (struct size){t->fee}, ROUND_HALF_EVEN, &worth))
        return false;
    t->fee_value = money_to_scale(worth, t->money_scale, ROUND_HALF_EVEN).e12;
    return true;
}

static bool is_symbol(const struct value *v)
{
    return v->kind == VALUE_TEXT && v->length > 0 && v->length < LIMIT_SYMBOL;
}

const char *trade_entry_read(const struct record *r, const char *quote, struct trade_entry *t)
{
    if (!read_ids(r, t))
        return "a trade's id, order_id, position_id or order is missing or malformed";
    if (!read_words(r, t))
        return "a trade's side or status is missing or unknown";
    if (!read_amounts(r, t))
        return "a trade's price, size or pnl is missing, malformed or out of range";
    t->symbol = record_get(r, "symbol");
    t->strategy_id = record_get(r, "strategy_id");
    t->fee_currency = record_get(r, "fee_currency");
    t->client_order_id = record_get(r, "client_order_id");
    t->venue_fill_id = record_get(r, "venue_fill_id");
    if (!is_symbol(&t->symbol))
        return "a trade's symbol is missing or too long";
    if (t->fee_currency.kind != VALUE_TEXT)
        return "a trade's fee_currency is missing";
    if (!read_fee(r, t, quote))
        return "a trade's fee is missing, malformed or out of range";
    return NULL;
}

const char *adopt_entry_read(const struct record *r, struct trade_entry *t)
{
    struct value position = record_get(r, "position_id"), side = record_get(r, "side");

    *t = (struct trade_entry){.fee_kind = FEE_QUOTE, .side = value_is(&side, "buy") ? 1 : -1};
    t->symbol = record_get(r, "symbol");
    t->strategy_id = record_get(r, "strategy_id");
    if (!value_id(&position, &t->position_id) || !is_symbol(&t->symbol) ||
        (t->side < 0 && !value_is(&side, "sell")))
        return "a correction's position_id, side or symbol is missing or malformed";
    return read_amounts(r, t) ? NULL
                              : "a correction's price, size or pnl is missing, malformed or out "
                                "of range";
}

void book_init(struct track_book *b)
{
    *b = (struct track_book){.capacity = BOOK_FIRST_CAPACITY};
    b->slots = xcalloc(b->capacity, sizeof *b->slots);
}

void book_release(struct track_book *b)
{
    free(b->slots);
    *b = (struct track_book){0};
}

static size_t slot_of(const struct track_book *b, int64_t id)
{
    uint64_t mixed = (uint64_t)id * UINT64_C(0x9E3779B97F4A7C15);

    return (size_t)(mixed >> 32) & (b->capacity - 1);
}

/* The slot of the id, or the free one where it would go. */
static struct book_position *slot_for(const struct track_book *b, int64_t id)
{
    size_t at = slot_of(b, id);

    while (b->slots[at].id != 0 && b->slots[at].id != id)
        at = (at + 1) & (b->capacity - 1);
    return &b->slots[at];
}

struct book_position *book_find(const struct track_book *b, int64_t id)
{
    struct book_position *p = slot_for(b, id);

    return p->id == id && id != 0 ? p : NULL;
}

const struct book_position *book_next(const struct track_book *b, size_t *at)
{
    while (*at < b->capacity)
        if (b->slots[(*at)++].id != 0)
            return &b->slots[*at - 1];
    return NULL;
}

static void grow(struct track_book *b)
{
    struct track_book larger = {.capacity = b->capacity * 2};

    larger.slots = xcalloc(larger.capacity, sizeof *larger.slots);
    for (size_t i = 0; i < b->capacity; i++)
        if (b->slots[i].id != 0)
            *slot_for(&larger, b->slots[i].id) = b->slots[i];
    free(b->slots);
    b->slots = larger.slots;
    b->capacity = larger.capacity;
}

/* Those behind the freed slot move up, so that a search never ends at a hole before its target. */
static void drop(struct track_book *b, struct book_position *p)
{
    size_t hole = (size_t)(p - b->slots), at = hole, mask = b->capacity - 1;

    b->count--;
    for (;;) {
        size_t home;

        b->slots[hole].id = 0;
        do {
            at = (at + 1) & mask;
            if (b->slots[at].id == 0)
                return;
            home = slot_of(b, b->slots[at].id);
        } while (((at - home) & mask) < ((at - hole) & mask));
        b->slots[hole] = b->slots[at];
        hole = at;
    }
}

/* m * part / whole to steps of 10^(12 - scale), half even, rounded once; m and the others not
 * negative.  Never more than m. */
static i128 share_of_magnitude(i128 m, i128 part, i128 whole, int scale)
{
    i128 step = amount_power(AMOUNT_DECIMALS - scale), made;
    u128 quotient, rest, divisor;
    struct big rounded;

    if (whole < ((i128)1 << 126) / step) {
        divisor = (u128)whole * (u128)step;
        if (wide_divide(wide_multiply((u128)m, (u128)part), divisor, &quotient, &rest)) {
            if (rest > divisor - rest || (rest == divisor - rest && (quotient & 1)))
                quotient++;
            made = (i128)quotient * step;
            return made > m ? m : made;
        }
    }
    rounded = big_round(big_mul(big_of((u128)m), big_of((u128)part)),
                        big_mul(big_of((u128)whole), big_of((u128)step)));
    rounded = big_mul(rounded, big_of((u128)step));
    return big_fits(&rounded, &made) && made <= m ? made : m;
}

static i128 share_of(i128 m, i128 part, i128 whole, int scale)
{
    i128 share;

    if (part == whole) /* all that is left, whatever earlier shares were rounded to */
        return m;
    share = share_of_magnitude(m < 0 ? -m : m, part, whole, scale);
    return m < 0 ? -share : share;
}

/* a += b within the range of amounts. */
static bool add(i128 *a, i128 b)
{
    struct money sum;

    if (money_add((struct money){*a}, (struct money){b}, &sum))
        return false;
    *a = sum.e12;
    return true;
}

static const char out_of_range[] = "a position's amounts are out of range";

static const char *open_more(struct track_book *b, struct book_position *p,
                             const struct trade_entry *t)
{
    i128 received = t->size, cash_fee = t->fee_kind == FEE_QUOTE ? t->fee : 0;

    if (t->fee_kind == FEE_BASE && !add(&received, -p->direction * t->fee))
        return out_of_range;
    if (received <= 0)
        return "a trade's fee is as large as what it receives";
    if (!add(&p->size, received) || !add(&p->cost_left, t->notional) ||
        !add(&p->fee_left, cash_fee) || !add(&p->pnl, t->pnl))
        return out_of_range;
    b->last.opens = true;
    b->last.pnl = 0;
    return NULL;
}

static const char *close_some(struct track_book *b, struct book_position *p,
                              const struct trade_entry *t)
{
    struct book_result *last = &b->last;
    i128 gain = t->notional, gone = t->size, cash_fee = t->fee_kind == FEE_QUOTE ? t->fee : 0;

    if (t->size > p->size)
        return "a trade closes more than its position holds";
    if (t->fee_kind == FEE_BASE) { /* out of what is left, as far as that goes */
        i128 fee = p->direction * t->fee;

        gone += fee < p->size - t->size ? fee : p->size - t->size;
    }
    if (gone <= 0)
        return "a trade's fee is as large as what it receives";
    last->cost_share = share_of(p->cost_left, gone, p->size, t->money_scale);
    last->fee_share = share_of(p->fee_left, gone, p->size, t->money_scale);
    if (!add(&gain, -last->cost_share))
        return out_of_range;
    gain = p->direction > 0 ? gain : -gain;
    if (!add(&gain, -cash_fee) || !add(&gain, -last->fee_share) || !add(&p->pnl, t->pnl))
        return out_of_range;
    last->pnl = gain;
    p->size -= gone;
    p->cost_left -= last->cost_share;
    p->fee_left -= last->fee_share;
    if (p->size > 0)
        return NULL;
    last->closed = true;
    last->trip_pnl = p->pnl;
    drop(b, p);
    return NULL;
}

const char *book_give_up(struct track_book *b, int64_t id, i128 size, i128 pnl)
{
    struct book_position *p = book_find(b, id);
    i128 lost = 0;

    b->last = (struct book_result){0};
    if (!p)
        return "dust of a position that is not open";
    if (size != p->size)
        return "dust is not what the position holds";
    if (!add(&lost, -p->direction * p->cost_left) || !add(&lost, -p->fee_left) ||
        !add(&p->pnl, pnl))
        return out_of_range;
    b->last.pnl = lost;
    b->last.closed = true;
    b->last.trip_pnl = p->pnl;
    drop(b, p);
    return NULL;
}

const char *book_apply(struct track_book *b, const struct trade_entry *t)
{
    struct book_position *p = book_find(b, t->position_id);

    b->last = (struct book_result){0};
    if (!p) {
        if (b->count == BOOK_POSITIONS_MAX)
            return "more positions are open than can be followed";
        if (b->count * 2 >= b->capacity)
            grow(b);
        p = slot_for(b, t->position_id);
        *p = (struct book_position){.id = t->position_id, .direction = t->side};
        memcpy(p->symbol, t->symbol.at, t->symbol.length);
        b->count++;
    } else if (strlen(p->symbol) != t->symbol.length ||
               memcmp(p->symbol, t->symbol.at, t->symbol.length) != 0) {
        return "a trade's symbol is not its position's";
    }
    return p->direction == t->side ? open_more(b, p, t) : close_some(b, p, t);
}
