/* SPDX-License-Identifier: Apache-2.0 */
/* What the log reports of the account, against what its trades make of it. */
#include <string.h>

#include "core/amount_text.h"
#include "core/clock.h"
#include "engine/verify_rules.h"

enum {
    DAY_TEXT = 10 /* YYYY-MM-DD */
};

static void fail(struct verify_rules *v, const char *why)
{
    report_fail(v->report, PROPERTY_POSITIONS, "entry %llu: %s", (unsigned long long)v->index, why);
}

static int64_t day_of(int64_t at_us)
{
    return at_us / US_PER_DAY - (at_us % US_PER_DAY < 0);
}

/* Perpetuals settle profits only: "BTC/USDT:USDT". */
static bool is_spot(const char *symbol, size_t length)
{
    return memchr(symbol, ':', length) == NULL;
}

static void move_cash(struct verify_rules *v, i128 amount)
{
    struct money sum;

    if (money_add((struct money){v->cash}, (struct money){amount}, &sum))
        v->cash_known = false;
    else
        v->cash = sum.e12;
}

/* Cash after a trade: a spot trade moves its notional, a perpetual one profit and fees only. */
static void trade_cash(struct verify_rules *v, const struct trade_entry *t)
{
    const struct book_result *made = &v->track->book.last;
    const i128 fee = t->fee_kind == FEE_QUOTE ? t->fee : 0;

    if (is_spot(t->symbol.at, t->symbol.length)) {
        move_cash(v, t->side > 0 ? -t->notional : t->notional);
        move_cash(v, -fee);
    } else if (made->opens) {
        move_cash(v, -fee);
    } else {
        move_cash(v, made->pnl);
        move_cash(v, made->fee_share);
    }
}

void rules_trade_day(struct verify_rules *v, int64_t at_us)
{
    v->last_trade_day = day_of(at_us);
    if (v->trades++ == 0)
        v->first_trade_day = v->last_trade_day;
}

void rules_trade_money(struct verify_rules *v, const struct trade_entry *t)
{
    const struct book_result *made = &v->track->book.last;

    v->other_fees += t->fee_kind == FEE_OTHER;
    if (made->pnl != t->pnl)
        report_fail(v->report, PROPERTY_PROFITS,
                    "entry %llu: trade %lld: pnl is not what price, size and fees make it",
                    (unsigned long long)v->index, (long long)t->id);
    trade_cash(v, t);
}

/* What funding must be: notional by rate, paid by longs, rounded once to the amount's decimals. */
static const char *judge_funding(const struct verify_rules *v, const struct record *r, i128 amount,
                                 int decimals)
{
    struct value id = record_get(r, "position_id"), mark = record_get(r, "mark");
    struct value size = record_get(r, "size"), rate = record_get(r, "rate");
    i128 mark_e12, size_e12, rate_e12, step = amount_power(AMOUNT_DECIMALS - decimals);
    const struct book_position *p;
    struct money notional;
    int64_t position;
    struct big made;
    int ignored;

    if (!value_id(&id, &position) || !value_amount(&mark, &mark_e12, &ignored) ||
        !value_amount(&size, &size_e12, &ignored) || !value_amount(&rate, &rate_e12, &ignored))
        return "funding: position_id, mark, size or rate is missing or malformed";
    if (mark_e12 <= 0)
        return "funding: the mark is not positive";
    p = book_find(&v->track->book, position);
    if (!p || p->size != size_e12)
        return "funding: the position is not open, or of another size";
    if (notional_of((struct price){mark_e12}, (struct size){size_e12}, ROUND_HALF_EVEN, &notional))
        return "funding of a notional that is out of range";
    made = big_round(big_mul(big_of((u128)notional.e12),
                             big_of(rate_e12 < 0 ? -(u128)rate_e12 : (u128)rate_e12)),
                     big_mul(big_of(AMOUNT_ONE), big_of((u128)step)));
    made = big_mul(made, big_of((u128)step));
    if (!big_fits(&made, &size_e12))
        return "funding is not size, mark and rate";
    return amount == ((rate_e12 < 0) == (p->direction < 0) ? -size_e12 : size_e12)
               ? NULL
               : "funding is not size, mark and rate";
}

static const char *judge_dust(const struct verify_rules *v, const struct record *r)
{
    struct value pnl = record_get(r, "pnl");
    i128 cost;
    int ignored;

    return value_amount(&pnl, &cost, &ignored) && cost == v->track->book.last.pnl
               ? NULL
               : "dust did not cost its pnl";
}

void rules_told(struct sum_told *sum, i128 amount)
{
    struct money total;

    sum->count++;
    if (money_add((struct money){sum->amount}, (struct money){amount}, &total) == ERR_OK)
        sum->amount = total.e12;
}

/* What rests on somebody's word alone is told with its sum. */
static void count_cash(struct verify_rules *v, const struct value *kind,
                       const struct value *venue_id, i128 amount)
{
    if (value_is(kind, "funding") && venue_id->kind != VALUE_ABSENT)
        rules_told(&v->told_funding, amount);
    else if (!value_is(kind, "funding") && !value_is(kind, "dust"))
        rules_told(&v->flows, amount);
}

void rules_cash(struct verify_rules *v, const struct record *r)
{
    struct value kind = record_get(r, "kind"), moved = record_get(r, "amount");
    struct value venue_id = record_get(r, "venue_id");
    const char *why = NULL;
    i128 amount;
    int decimals;

    if (!value_amount(&moved, &amount, &decimals)) {
        fail(v, "a cash entry's amount is missing or malformed");
        return;
    }
    move_cash(v, amount);
    count_cash(v, &kind, &venue_id, amount);
    if (value_is(&kind, "dust") && amount != 0)
        fail(v, "dust has moved cash");
    if (v->track->broken)
        return;
    /* What the venue has told names no mark and rate to compute it from. */
    if (value_is(&kind, "funding") && venue_id.kind == VALUE_ABSENT)
        why = judge_funding(v, r, amount, decimals);
    else if (value_is(&kind, "dust"))
        why = judge_dust(v, r);
    if (why)
        report_fail(v->report, PROPERTY_PROFITS, "entry %llu: %s", (unsigned long long)v->index,
                    why);
}

/* ---- Equity entries ---- */

/* What is summed over the positions an equity entry reports. */
struct reported {
    size_t count;
    int64_t ids[LEDGER_LIST_MAX]; /* of them: none counts twice in place of another */
    i128 value;                   /* what they add to equity */
    i128 margin;                  /* what the rounding of printed marks can make of it */
};

/* One position's worth at the reported mark, and how far the mark's printing may be off. */
static bool value_position(const struct book_position *p, i128 mark, int decimals,
                           struct reported *sum)
{
    struct price half = {amount_power(AMOUNT_DECIMALS - decimals) / 2 + 1};
    struct size size = {p->size};
    struct money worth, off;

    if (notional_of((struct price){mark}, size, ROUND_HALF_EVEN, &worth) ||
        notional_of(half, size, ROUND_UP, &off))
        return false;
    if (!is_spot(p->symbol, strlen(p->symbol)))
        worth.e12 -= p->cost_left;
    if (p->direction < 0) /* on spot: sold beyond what was held, and owed */
        worth.e12 = -worth.e12;
    return !money_add((struct money){sum->value}, worth, &worth) &&
           (sum->value = worth.e12, sum->margin += off.e12 + 1, true);
}

static const char *judge_position(const struct verify_rules *v, const struct value *item,
                                  struct reported *sum)
{
    struct member members[RECORD_MEMBERS];
    struct value id, side, size, symbol, mark;
    const struct book_position *p;
    i128 size_e12, mark_e12;
    int decimals;
    size_t count;

    if (value_members(item, members, &count))
        return "a reported position is malformed";
    id = member_get(members, count, "id");
    side = member_get(members, count, "side");
    size = member_get(members, count, "size");
    symbol = member_get(members, count, "symbol");
    mark = member_get(members, count, "mark");
    p = id.kind == VALUE_INTEGER ? book_find(&v->track->book, id.integer) : NULL;
    if (!p)
        return "a position is reported that the trades do not leave open";
    if (sum->count == COUNT_OF(sum->ids))
        return "more than 50 positions are listed; so many are counted and digested";
    for (size_t i = 0; i < sum->count; i++)
        if (sum->ids[i] == p->id)
            return "a position is reported twice";
    if (!value_is(&side, p->direction > 0 ? "long" : "short") || !value_is(&symbol, p->symbol) ||
        !value_amount(&size, &size_e12, &decimals) || size_e12 != p->size)
        return "a position's side, symbol or size is not what its trades make";
    if (!value_amount(&mark, &mark_e12, &decimals) || !value_position(p, mark_e12, decimals, sum))
        return "a position's mark is missing, malformed or out of range";
    sum->ids[sum->count++] = p->id;
    return NULL;
}

/* Long lists are in the log as their count and digest only. */
static const char *judge_positions(const struct verify_rules *v, const struct record *r,
                                   struct reported *sum, bool *complete)
{
    struct value list = record_get(r, "positions"), item, count;
    struct member members[RECORD_MEMBERS];
    const char *why = NULL;
    size_t offset = 0, n;

    *complete = list.kind == VALUE_ARRAY;
    while (!why && value_item(&list, &offset, &item))
        why = judge_position(v, &item, sum);
    if (!*complete) {
        if (value_members(&list, members, &n))
            return "positions is missing or malformed";
        count = member_get(members, n, "count");
        if (count.kind != VALUE_INTEGER || count.integer <= LEDGER_LIST_MAX)
            return "positions are counted that can be listed: there are not more than 50";
        sum->count = (size_t)count.integer;
    }
    if (!why && sum->count != v->track->book.count)
        why = "more or fewer positions are open than is reported";
    return why;
}

/* Marks follow one another day by day; *day is days since 1970. */
static bool read_day(const struct record *r, int64_t *day)
{
    struct value v = record_get(r, "day"), whole;
    char text[TIME_TEXT_MAX] = "0000-00-00T00:00:00.000000Z";
    int64_t at_us;

    if (v.kind != VALUE_TEXT || v.length != DAY_TEXT)
        return false;
    memcpy(text, v.at, DAY_TEXT);
    whole = (struct value){.kind = VALUE_TEXT, .at = text, .length = TIME_TEXT_MAX - 1};
    if (!value_time(&whole, &at_us))
        return false;
    *day = day_of(at_us);
    return true;
}

/* Cash and positions are those of the entry's own place; equity is the day's mark, which is the
 * same moment only when the entry was made at midnight.  A later one's equity is known where it is
 * what cash and positions come to all the same. */
static const char *judge_equity(struct verify_rules *v, const struct record *r,
                                const struct reported *sum, bool is_listed, bool is_same_moment)
{
    struct value cash = record_get(r, "cash"), equity = record_get(r, "equity");
    i128 cash_e12, equity_e12, off;
    struct money expected;
    int cash_decimals, decimals;

    if (!value_amount(&cash, &cash_e12, &cash_decimals) ||
        !value_amount(&equity, &equity_e12, &decimals))
        return "cash or equity is missing or malformed";
    if (!v->cash_known)
        return NULL;
    if (cash_e12 != money_to_scale((struct money){v->cash}, cash_decimals, ROUND_HALF_EVEN).e12)
        return "cash is not what the trades leave";
    if (!is_listed || money_add((struct money){v->cash}, (struct money){sum->value}, &expected)) {
        v->unproven_marks++;
        return NULL;
    }
    off = expected.e12 - equity_e12;
    if ((off < 0 ? -off : off) <= sum->margin + amount_power(AMOUNT_DECIMALS - decimals))
        return NULL;
    if (is_same_moment)
        return "equity is not cash and positions at their marks";
    v->unproven_marks++;
    return NULL;
}

void rules_equity(struct verify_rules *v, const struct record *r)
{
    struct reported sum = {0};
    bool is_listed = false;
    int64_t day = 0;
    const char *why = judge_positions(v, r, &sum, &is_listed);

    if (why)
        fail(v, why);
    is_listed = is_listed && !why;
    if (!read_day(r, &day)) {
        fail(v, "day is missing or malformed");
        return;
    }
    if (v->marks > 0 && day != v->last_day + 1)
        fail(v, "the mark of a day is missing, or stands twice");
    if (v->marks == 0 && v->trades > 0 && day > v->first_trade_day + 1)
        fail(v, "the first mark is of a later day than the one after the first trade");
    if (day > day_of(r->at_us))
        fail(v, "a day is marked that had not begun");
    v->marks++;
    v->last_day = day;
    why = judge_equity(v, r, &sum, is_listed, day * US_PER_DAY == r->at_us);
    if (why)
        fail(v, why);
}

/* Days without a mark are no part of the returns that a statement tells. */
void rules_positions_end(struct verify_rules *v)
{
    struct verify_report *report = v->report;

    if (v->track->broken)
        report_fail(report, PROPERTY_POSITIONS, "from some entry on: %s", v->track->broken);
    if (v->marks == 0)
        report_note(report, PROPERTY_POSITIONS, VERDICT_NOT_PROVEN,
                    "the log has no daily mark yet");
    else if (!v->cash_known)
        report_note(report, PROPERTY_POSITIONS, VERDICT_NOT_PROVEN,
                    "positions agree; cash cannot be followed");
    else if (v->trades > 0 && v->last_trade_day > v->last_day + 1)
        report_note(report, PROPERTY_POSITIONS, VERDICT_NOT_PROVEN,
                    "the daily marks end %lld days before the trades do",
                    (long long)(v->last_trade_day - v->last_day));
    else if (v->unproven_marks > 0)
        report_note(report, PROPERTY_POSITIONS, VERDICT_NOT_PROVEN,
                    "positions and cash agree; the equity of %llu of %llu daily marks was stated "
                    "later than at midnight, or with over 50 positions: it is the trader's word",
                    (unsigned long long)v->unproven_marks, (unsigned long long)v->marks);
    report_pass(report, PROPERTY_POSITIONS);
}
