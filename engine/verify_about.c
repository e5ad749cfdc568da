/* SPDX-License-Identifier: Apache-2.0 */
/* What the log says of itself, against what it is: corrections, keys, statements,
 * anchors. */
#include <stdio.h>
#include <string.h>

#include "core/amount_text.h"
#include "engine/checkpoint.h"
#include "engine/verify_rules.h"

/* ---- Corrections ---- */

static void fail(struct verify_rules *v, const char *why)
{
    report_fail(v->report, PROPERTY_CORRECTIONS, "entry %llu: %s", (unsigned long long)v->index,
                why);
}

/* The position and the cash move as by a trade, whose arithmetic is judged like any other's. */
static void judge_adoption(struct verify_rules *v, const struct record *r)
{
    struct trade_entry adopted;
    const char *why = adopt_entry_read(r, &adopted);

    if (why) {
        fail(v, why);
        return;
    }
    rules_declared(v, r);
    rules_told(&v->adopted, adopted.pnl);
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

/* ---- Keys ---- */

void rules_key(struct verify_rules *v, const struct record *r)
{
    const char *why = log_keys_add(&v->keys, r, v->index);

    if (why)
        report_fail(v->report, PROPERTY_KEYS, "entry %llu: %s", (unsigned long long)v->index, why);
    else
        report_note(v->report, PROPERTY_KEYS, VERDICT_PASS, "%zu keys, one after the other",
                    v->keys.count);
}

/* ---- Statements ---- */

void rules_statement(struct verify_rules *v, const struct record *r)
{
    unsigned long long index = (unsigned long long)v->index;
    struct digest root;
    struct text made;

    v->statements++;
    merkle_root(v->tree, &root);
    text_init(&made, TRACK_STATEMENT_BYTES);
    if (track_statement(v->track, &root, &made))
        report_fail(v->report, PROPERTY_STATEMENT,
                    "entry %llu: a statement is published of entries that make none", index);
    else if (made.length != r->body.length || memcmp(made.data, r->body.at, made.length) != 0)
        report_fail(v->report, PROPERTY_STATEMENT,
                    "entry %llu: the entries before it make another statement", index);
    text_release(&made);
}

/* ---- Anchors ---- */

/* The text that was attested must be the one of the log's first `size` entries. */
static const char *judge_checkpoint(const struct verify_rules *v, uint64_t size,
                                    const struct digest *named, bool *is_read)
{
    struct checkpoint c = {.size = size};
    struct digest found;
    struct text text;

    *is_read = past_root(&v->past, size, &c.root);
    if (!*is_read)
        return NULL;
    if (!copy_text(c.origin, sizeof c.origin, v->track->origin))
        return "the log's name is too long for a checkpoint";
    text_init(&text, CHECKPOINT_BYTES);
    checkpoint_print(&c, &text);
    digest_of(text.data, text.length, &found);
    text_release(&text);
    return bytes_equal(&found, named, sizeof found)
               ? NULL
               : "the checkpoint that was attested is not of these entries";
}

static const char *judge_item(struct verify_rules *v, uint64_t size, const struct value *item,
                              bool *is_seen)
{
    struct member members[RECORD_MEMBERS];
    struct value kind, source, hash;
    struct digest digest;
    enum attested answer = ATTESTED_ABSENT;
    size_t count;

    if (value_members(item, members, &count))
        return "a piece of evidence is malformed";
    kind = member_get(members, count, "kind");
    source = member_get(members, count, "source");
    hash = member_get(members, count, "digest");
    if ((!value_is(&kind, "cosignature") && !value_is(&kind, "rfc3161")) ||
        source.kind != VALUE_TEXT || !value_digest(&hash, &digest))
        return "a piece of evidence is malformed";
    if (v->attestations)
        answer = v->attestations->find(v->attestations->self, size, &kind, &source, &digest);
    *is_seen = *is_seen && answer == ATTESTED_HERE;
    return answer == ATTESTED_OTHERWISE ? "the evidence is not the one that the log names" : NULL;
}

void rules_anchor(struct verify_rules *v, const struct record *r)
{
    struct value size = record_get(r, "size"), named = record_get(r, "checkpoint");
    struct value list = record_get(r, "evidence"), item;
    const char *why = NULL;
    struct digest checkpoint;
    bool is_seen = true, any = false;
    size_t offset = 0;

    v->anchors++;
    if (size.kind != VALUE_INTEGER || size.integer <= 0 || (uint64_t)size.integer > v->index ||
        !value_digest(&named, &checkpoint))
        why = "it is of no checkpoint before it";
    else
        why = judge_checkpoint(v, (uint64_t)size.integer, &checkpoint, &is_seen);
    while (!why && value_item(&list, &offset, &item)) {
        why = judge_item(v, (uint64_t)size.integer, &item, &is_seen);
        any = true;
    }
    if (!why && !any)
        why = "it names no evidence";
    v->unseen_anchors += !is_seen;
    if (why)
        report_fail(v->report, PROPERTY_ANCHORS, "entry %llu: %s", (unsigned long long)v->index,
                    why);
}

static void end_anchors(struct verify_rules *v)
{
    unsigned long long anchors = (unsigned long long)v->anchors;

    if (v->anchors == 0)
        return;
    if (v->unseen_anchors > 0)
        report_note(v->report, PROPERTY_ANCHORS, VERDICT_NOT_PROVEN,
                    "of %llu anchors the evidence of %llu is not here", anchors,
                    (unsigned long long)v->unseen_anchors);
    else
        report_note(v->report, PROPERTY_ANCHORS, VERDICT_PASS, "%llu anchors", anchors);
}

/* Up to three sentences, one behind the other; none where there is nothing to tell. */
static void tell_outside(const struct verify_rules *v, struct text *out)
{
    char pnl[AMOUNT_TEXT_MAX], paid[AMOUNT_TEXT_MAX];

    money_print((struct money){v->adopted.amount}, pnl);
    money_print((struct money){v->flows.amount}, paid);
    if (v->adopted.count > 0)
        text_format(out,
                    "%llu times a position was taken over as the venue held it, at a price the "
                    "trader states; their pnl is %s; ",
                    (unsigned long long)v->adopted.count, pnl);
    if (v->flows.count > 0)
        text_format(out, "%llu times money was paid in or out, %s in all, as the trader states; ",
                    (unsigned long long)v->flows.count, paid);
    if (v->reduce_openings > 0)
        text_format(out, "%llu %s opened a position: the account held what the log does not tell; ",
                    (unsigned long long)v->reduce_openings,
                    v->reduce_openings == 1 ? "order that may only reduce has"
                                            : "orders that may only reduce have");
}

static void end_corrections(struct verify_rules *v)
{
    struct verify_report *report = v->report;
    struct text outside;

    text_init(&outside, 2 * FINDING_DETAIL);
    tell_outside(v, &outside);
    if (outside.length > 0) /* without the last separator */
        report_note(report, PROPERTY_CORRECTIONS, VERDICT_NOT_PROVEN, "%.*s",
                    (int)outside.length - 2, outside.data);
    else if (v->unread_notes > 0)
        report_note(report, PROPERTY_CORRECTIONS, VERDICT_NOT_PROVEN,
                    "%llu corrections are of entries too far back to compare",
                    (unsigned long long)v->unread_notes);
    else if (v->notes > 0)
        report_note(report, PROPERTY_CORRECTIONS, VERDICT_PASS,
                    "%llu entries are said to be wrong; figures count them as they stand",
                    (unsigned long long)v->notes);
    report_pass(report, PROPERTY_CORRECTIONS);
    text_release(&outside);
}

void rules_about_end(struct verify_rules *v)
{
    end_corrections(v);
    end_anchors(v);
}
