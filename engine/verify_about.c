/* SPDX-License-Identifier: Apache-2.0 */
/* What the log says of itself, against what it is: its corrections. */
#include "core/amount_text.h"
#include "engine/verify_rules.h"

static void fail(struct verify_rules *v, const char *why)
{
    report_fail(v->report, PROPERTY_CORRECTIONS, "entry %llu: %s", (unsigned long long)v->index,
                why);
}

/* The position and the cash move as by a trade, whose arithmetic is judged like any other's. */
static void judge_adoption(struct verify_rules *v, const struct record *r)
{
    struct trade_entry adopted;
    struct money sum = {v->adopted_pnl};
    const char *why = adopt_entry_read(r, &adopted);

    if (why) {
        fail(v, why);
        return;
    }
    rules_declared(v, r);
    v->adoptions++;
    if (money_add(sum, (struct money){adopted.pnl}, &sum) == ERR_OK)
        v->adopted_pnl = sum.e12;
    if (!v->track->broken)
        rules_trade_money(v, &adopted);
}

static void judge_note(struct verify_rules *v, const struct record *r)
{
    struct value index = record_get(r, "index"), hash = record_get(r, "leaf_hash");
    struct digest named, found;

    if (index.kind != VALUE_INTEGER || index.integer < 0 || (uint64_t)index.integer >= v->index ||
        !value_digest(&hash, &named)) {
        fail(v, "the correction names no entry before it");
        return;
    }
    v->notes++;
    if (!past_leaf(&v->past, (uint64_t)index.integer, &found))
        v->unread_notes++;
    else if (!bytes_equal(&named, &found, sizeof named))
        fail(v, "the entry that is corrected has another leaf hash");
}

void rules_correct(struct verify_rules *v, const struct record *r)
{
    struct value kind = record_get(r, "kind");

    if (value_is(&kind, "adopt"))
        judge_adoption(v, r);
    else if (value_is(&kind, "note"))
        judge_note(v, r);
    else
        fail(v, "the kind of the correction is not known");
}

void rules_about_end(struct verify_rules *v)
{
    struct verify_report *report = v->report;
    char pnl[AMOUNT_TEXT_MAX];

    money_print((struct money){v->adopted_pnl}, pnl);
    if (v->adoptions > 0)
        report_note(report, PROPERTY_CORRECTIONS, VERDICT_NOT_PROVEN,
                    "%llu times a position was taken over as the venue held it, at a price the "
                    "trader states; their pnl is %s",
                    (unsigned long long)v->adoptions, pnl);
    else if (v->unread_notes > 0)
        report_note(report, PROPERTY_CORRECTIONS, VERDICT_NOT_PROVEN,
                    "%llu corrections are of entries too far back to compare",
                    (unsigned long long)v->unread_notes);
    else if (v->notes > 0)
        report_note(report, PROPERTY_CORRECTIONS, VERDICT_PASS,
                    "%llu entries are said to be wrong; figures count them as they stand",
                    (unsigned long long)v->notes);
    report_pass(report, PROPERTY_CORRECTIONS);
}
