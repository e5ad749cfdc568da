/* SPDX-License-Identifier: Apache-2.0 */
/* Reads, hashes and judges entries one by one. */
#include "engine/verify_log.h"

void verify_log_init(struct verify_log *v, struct verify_report *report)
{
    *v = (struct verify_log){.report = report, .last_us = INT64_MIN};
    track_init(&v->track);
    rules_init(&v->rules, report, &v->track, &v->tree);
}

void verify_log_release(struct verify_log *v)
{
    rules_release(&v->rules);
    track_release(&v->track);
}

/* What the entry says; the tree is still that of the entries before it. */
static void judge(struct verify_log *v, const char *entry, size_t length, const struct digest *leaf)
{
    unsigned long long index = (unsigned long long)v->tree.size;
    struct record *r = &v->record;
    struct record_fault fault;

    if (record_parse(entry, length, r, &fault)) {
        report_fail(v->report, PROPERTY_ENTRIES, "entry %llu, byte %zu: %s", index, fault.offset,
                    fault.why);
        track_skip(&v->track);
        return;
    }
    if (r->at_us < v->last_us)
        report_fail(v->report, PROPERTY_ENTRIES,
                    "entry %llu: its timestamp is before that of the entry before it", index);
    v->last_us = r->at_us;
    if (r->kind == LEAF_STATEMENT)
        rules_statement(&v->rules, r);
    track_push(&v->track, r);
    rules_push(&v->rules, r, entry, length, leaf);
}

void verify_log_push(struct verify_log *v, const char *entry, size_t length,
                     const struct merkle_sink *sink)
{
    struct digest leaf;

    merkle_leaf(entry, length, &leaf);
    judge(v, entry, length, &leaf);
    rules_pass(&v->rules, &leaf);
    merkle_append(&v->tree, &leaf, sink);
}

void verify_log_end(struct verify_log *v)
{
    report_pass(v->report, PROPERTY_ENTRIES);
    rules_end(&v->rules);
}
