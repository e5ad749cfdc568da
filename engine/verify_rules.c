/* SPDX-License-Identifier: Apache-2.0 */
/* Sends each entry to the rules of its kind. */
#include "engine/verify_rules.h"

#include <string.h>

#include "core/amount_text.h"
#include "core/clock.h"

enum {
    SILENCE_INTERVALS = 3 /* cycles that may be missed before it is told */
};

void rules_init(struct verify_rules *v, struct verify_report *report, const struct track *track,
                const struct merkle_frontier *tree)
{
    *v = (struct verify_rules){
        .report = report, .track = track, .tree = tree, .cash_known = true, .last_us = INT64_MIN};
    set_init(&v->signals);
    set_init(&v->fills);
    set_init(&v->payments);
    set_init(&v->strategies);
    past_init(&v->past);
}

void rules_release(struct verify_rules *v)
{
    rules_orders_release(v);
    set_release(&v->signals);
    set_release(&v->fills);
    set_release(&v->payments);
    set_release(&v->strategies);
    past_release(&v->past);
}

/* Two texts as one digest; neither can hold the byte between them. */
static void digest_pair(const struct value *a, const struct value *b, struct digest *out)
{
    char bytes[LIMIT_LEAF_BYTES + 1];
    size_t length = 0;

    if (a->kind == VALUE_TEXT) {
        memcpy(bytes, a->at, a->length);
        length = a->length;
    }
    bytes[length++] = '\0';
    if (b->kind == VALUE_TEXT) {
        memcpy(bytes + length, b->at, b->length);
        length += b->length;
    }
    digest_of(bytes, length, out);
}

static void rules_genesis(struct verify_rules *v, const struct record *r)
{
    struct value interval = record_get(r, "cycle_interval_s");
    struct value equity = record_get(r, "starting_equity");
    int decimals;

    if (v->index == 0)
        log_keys_begin(&v->keys, r);
    v->cash_known = value_amount(&equity, &v->cash, &decimals);
    if (interval.kind == VALUE_INTEGER && interval.integer > 0 &&
        interval.integer < INT64_MAX / US_PER_S)
        v->interval_us = interval.integer * US_PER_S;
}

static void declare(struct verify_rules *v, const struct value *name, const struct value *id)
{
    struct digest pair;

    if (name->kind != VALUE_TEXT || id->kind != VALUE_TEXT)
        return;
    if (v->strategies.count >= RULES_STRATEGIES_MAX) {
        report_fail(v->report, PROPERTY_STRATEGIES,
                    "more strategies are declared than can be followed");
        return;
    }
    digest_pair(name, id, &pair);
    (void)set_add(&v->strategies, &pair);
}

static void rules_config(struct verify_rules *v, const struct record *r)
{
    struct value list = record_get(r, "strategies"), item, name, id, next;
    struct member members[RECORD_MEMBERS];
    size_t offset = 0, count;

    while (value_item(&list, &offset, &item)) {
        if (value_members(&item, members, &count))
            continue;
        name = member_get(members, count, "name");
        id = member_get(members, count, "id");
        next = member_get(members, count, "next_id");
        declare(v, &name, &id);
        if (next.kind == VALUE_TEXT && next.length > 0)
            declare(v, &name, &next);
    }
}

void rules_declared(struct verify_rules *v, const struct record *r)
{
    struct value id = record_get(r, "strategy_id");
    struct digest pair;

    digest_pair(&r->strategy, &id, &pair);
    if (id.kind != VALUE_TEXT || !set_has(&v->strategies, &pair))
        report_fail(v->report, PROPERTY_STRATEGIES,
                    "entry %llu: its strategy was not declared before",
                    (unsigned long long)v->index);
}

static void rules_signal(struct verify_rules *v, const struct record *r,
                         const struct digest *leaf_hash)
{
    struct value decision = record_get(r, "decision");

    rules_declared(v, r);
    if (!value_is(&decision, "denied"))
        (void)set_add(&v->signals, leaf_hash);
}

static void rules_fill(struct verify_rules *v, const struct trade_entry *t)
{
    struct digest fill;

    if (t->id <= v->last_trade_id) {
        report_fail(v->report, PROPERTY_FILLS,
                    "entry %llu: the trade's id %lld is not above that of the trade before it",
                    (unsigned long long)v->index, (long long)t->id);
        return;
    }
    v->last_trade_id = t->id;
    digest_pair(&t->symbol, &t->venue_fill_id, &fill);
    if (t->venue_fill_id.kind != VALUE_TEXT || !set_add(&v->fills, &fill))
        report_fail(v->report, PROPERTY_FILLS,
                    "entry %llu: trade %lld: the venue's fill id is missing or stands twice",
                    (unsigned long long)v->index, (long long)t->id);
}

/* Funding that the venue told has the venue's id, once. */
static void rules_payment(struct verify_rules *v, const struct record *r)
{
    struct value id = record_get(r, "venue_id"), symbol = record_get(r, "symbol");
    struct digest payment;

    if (id.kind == VALUE_ABSENT)
        return;
    digest_pair(&symbol, &id, &payment);
    if (id.kind != VALUE_TEXT || symbol.kind != VALUE_TEXT || !set_add(&v->payments, &payment))
        report_fail(v->report, PROPERTY_FILLS,
                    "entry %llu: the venue's id of a payment is no text or stands twice",
                    (unsigned long long)v->index);
}

static void rules_trade(struct verify_rules *v, const struct record *r)
{
    struct trade_entry t;
    const char *why = trade_entry_read(r, v->track->quote, &t);

    v->trade_order = UINT64_MAX;
    rules_declared(v, r);
    if (why) {
        report_fail(v->report, PROPERTY_ORDERS, "entry %llu: %s", (unsigned long long)v->index,
                    why);
        return;
    }
    rules_trade_day(v, r->at_us);
    rules_fill(v, &t);
    rules_trade_order(v, r, &t);
    if (!v->track->broken)
        rules_trade_money(v, &t);
}

static void rules_cycle(struct verify_rules *v, const struct record *r)
{
    struct value number = record_get(r, "number");

    if (number.kind != VALUE_INTEGER || (v->cycles > 0 && number.integer < v->last_cycle)) {
        report_fail(v->report, PROPERTY_CYCLES, "entry %llu: the cycle's number goes back",
                    (unsigned long long)v->index);
        return;
    }
    if (v->cycles > 0 && v->interval_us > 0 &&
        r->at_us - v->last_cycle_us > SILENCE_INTERVALS * v->interval_us)
        v->silences++;
    v->cycles++;
    v->last_cycle = number.integer;
    v->last_cycle_us = r->at_us;
}

void rules_push(struct verify_rules *v, const struct record *r, const char *bytes, size_t length,
                const struct digest *leaf_hash)
{
    v->last_us = r->at_us;
    switch (r->kind) {
    case LEAF_GENESIS:
        rules_genesis(v, r);
        break;
    case LEAF_CONFIG:
        rules_config(v, r);
        break;
    case LEAF_CYCLE:
        rules_cycle(v, r);
        break;
    case LEAF_SIGNAL:
        rules_signal(v, r, leaf_hash);
        break;
    case LEAF_ORDER:
        rules_declared(v, r);
        rules_order(v, r, bytes, length, leaf_hash);
        break;
    case LEAF_TRADE:
        rules_trade(v, r);
        break;
    case LEAF_CLOSE:
        rules_close(v, r);
        break;
    case LEAF_EQUITY:
        rules_equity(v, r);
        break;
    case LEAF_CASH:
        rules_payment(v, r);
        rules_cash(v, r);
        break;
    case LEAF_CORRECT:
        rules_correct(v, r);
        break;
    case LEAF_KEY:
        rules_key(v, r);
        break;
    case LEAF_ANCHOR:
        rules_anchor(v, r);
        break;
    default:
        break;
    }
}

void rules_pass(struct verify_rules *v, const struct digest *leaf_hash)
{
    past_push(&v->past, v->tree, leaf_hash);
    v->index++;
}

/* What counts as it was told is told with its sum. */
static void end_profits(struct verify_rules *v)
{
    char funding[AMOUNT_TEXT_MAX];

    money_print((struct money){v->told_funding.amount}, funding);
    if (v->told_funding.count > 0 && v->other_fees > 0)
        report_note(v->report, PROPERTY_PROFITS, VERDICT_PASS,
                    "%llu payments of funding count as the exchange told them, %s in all; without "
                    "the fees of %llu trades, which were paid in a third asset",
                    (unsigned long long)v->told_funding.count, funding,
                    (unsigned long long)v->other_fees);
    else if (v->told_funding.count > 0)
        report_note(v->report, PROPERTY_PROFITS, VERDICT_PASS,
                    "%llu payments of funding count as the exchange told them, %s in all",
                    (unsigned long long)v->told_funding.count, funding);
    else if (v->other_fees > 0)
        report_note(v->report, PROPERTY_PROFITS, VERDICT_PASS,
                    "without the fees of %llu trades, which were paid in a third asset",
                    (unsigned long long)v->other_fees);
    report_pass(v->report, PROPERTY_PROFITS);
}

void rules_end(struct verify_rules *v)
{
    struct verify_report *report = v->report;

    report_pass(report, PROPERTY_ORDERS);
    report_pass(report, PROPERTY_FILLS);
    report_pass(report, PROPERTY_STRATEGIES);
    rules_orders_end(v);
    if (v->cycles > 0)
        report_note(report, PROPERTY_CYCLES, VERDICT_PASS,
                    "%lld cycles; %lld times none for more than %d intervals", (long long)v->cycles,
                    (long long)v->silences, SILENCE_INTERVALS);
    end_profits(v);
    rules_about_end(v);
    rules_positions_end(v);
}
