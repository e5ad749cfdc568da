/* SPDX-License-Identifier: Apache-2.0 */
/* When each trade was made, as beacons in the log bound it from below and what others attested from
 * above; and how long before its fill an order was attested. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "server/verify_run.h"

/* A trader's clock may differ from a beacon's by so much. */
#define SKEW_US (60 * US_PER_S)

enum {
    MARGINS_FIRST = 1024
};

/* ---- Set-up ---- */

static bool read_chain(struct window_check *w, const char *path)
{
    struct evidence file;
    size_t line = 0;
    enum err e = evidence_map(path, &file);

    if (!e) {
        e = beacon_chain_parse(file.data, file.length, &w->chain, &line);
        evidence_release(&file);
    }
    w->has_chain = !e;
    if (e && line > 0)
        fprintf(stderr,
                "traderd: %s: line %zu is neither \"chain GENESIS PERIOD\" nor a later round\n",
                path, line);
    else if (e)
        fprintf(stderr, "traderd: cannot read %s\n", path);
    return !e;
}

bool windows_open(struct verify_run *run)
{
    const struct verify_options *o = run->options;
    struct window_check *w = &run->windows;

    w->not_before_us = TIME_NONE;
    if (o->beacon_path && !read_chain(w, o->beacon_path))
        return false;
    if (!o->windows_path)
        return true;
    w->table = fopen(o->windows_path, "we");
    if (!w->table) {
        fprintf(stderr, "traderd: cannot write %s: %s\n", o->windows_path, strerror(errno));
        return false;
    }
    fputs("trade,entry,timestamp,not_before,not_after\n", w->table);
    return true;
}

void windows_release(struct verify_run *run)
{
    if (run->windows.table)
        (void)fclose(run->windows.table);
    beacon_chain_release(&run->windows.chain);
    free(run->windows.margins);
}

/* ---- Beacons ---- */

/* NULL, or what is wrong with it. */
static const char *read_beacon(const struct value *object, struct beacon *out)
{
    struct member members[RECORD_MEMBERS];
    struct value round, randomness, signature;
    struct digest made;
    size_t count;

    if (value_members(object, members, &count))
        return "its beacon is no object";
    round = member_get(members, count, "round");
    randomness = member_get(members, count, "randomness");
    signature = member_get(members, count, "signature");
    out->signature_length = signature.length / 2;
    if (round.kind != VALUE_INTEGER || round.integer <= 0 ||
        !value_digest(&randomness, &out->randomness) || signature.kind != VALUE_TEXT ||
        signature.length % 2 != 0 || out->signature_length == 0 ||
        out->signature_length > BEACON_SIGNATURE ||
        !beacon_hex(signature.at, signature.length, out->signature, out->signature_length))
        return "its beacon is malformed";
    out->round = (uint64_t)round.integer;
    digest_of(out->signature, out->signature_length, &made);
    return bytes_equal(&made, &out->randomness, sizeof made)
               ? NULL
               : "its beacon's randomness is not the digest of its signature";
}

static void meet_beacon(struct verify_run *run, const struct value *object, int64_t at_us)
{
    struct window_check *w = &run->windows;
    const struct beacon_round *known;
    struct beacon beacon;
    const char *why = read_beacon(object, &beacon);
    int64_t came_us;

    w->beacons++;
    if (!why && w->has_chain && (known = beacon_chain_find(&w->chain, beacon.round)) != NULL) {
        came_us = beacon_chain_time_us(&w->chain, beacon.round);
        w->confirmed++;
        if (!bytes_equal(&known->randomness, &beacon.randomness, sizeof beacon.randomness))
            why = "its beacon is not what that round was";
        else if (came_us - at_us > SKEW_US)
            why = "it states a time before its beacon came out";
        else if (w->not_before_us == TIME_NONE || came_us > w->not_before_us)
            w->not_before_us = came_us;
    }
    if (why)
        report_fail(&run->report, PROPERTY_WINDOWS, "entry %llu: %s",
                    (unsigned long long)run->log.tree.size - 1, why);
}

/* ---- Trades ---- */

/* By when an entry was attested; TIME_NONE: by nobody. */
static int64_t attested_us(const struct anchor_check *a, uint64_t index)
{
    size_t from = 0, to = a->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (a->points[middle].size <= index)
            from = middle + 1;
        else
            to = middle;
    }
    return from < a->count ? a->points[from].at_us : TIME_NONE;
}

static void keep_margin(struct window_check *w, int64_t margin_us)
{
    if (w->margin_count == w->margin_capacity) {
        w->margin_capacity = w->margin_capacity ? 2 * w->margin_capacity : MARGINS_FIRST;
        w->margins = xrealloc(w->margins, w->margin_capacity * sizeof *w->margins);
    }
    w->margins[w->margin_count++] = margin_us;
    w->in_time += margin_us >= 0;
}

static void write_row(const struct window_check *w, const struct record *r, uint64_t index,
                      int64_t not_after_us)
{
    struct value id = record_get(r, "id");
    char from[TIME_TEXT_MAX] = "", to[TIME_TEXT_MAX] = "";

    if (w->not_before_us != TIME_NONE)
        time_print(w->not_before_us, from);
    if (not_after_us != TIME_NONE)
        time_print(not_after_us, to);
    fprintf(w->table, "%.*s,%" PRIu64 ",%.*s,%s,%s\n", id.kind == VALUE_TEXT ? (int)id.length : 0,
            id.at, index, (int)r->timestamp.length, r->timestamp.at, from, to);
}

static void meet_trade(struct verify_run *run, const struct record *r)
{
    struct window_check *w = &run->windows;
    uint64_t index = run->log.tree.size - 1, order = run->log.rules.trade_order;
    int64_t not_after_us = attested_us(&run->anchors, index), width_us;
    int64_t order_us = order == UINT64_MAX ? TIME_NONE : attested_us(&run->anchors, order);

    w->trades++;
    if (order_us != TIME_NONE)
        keep_margin(w, r->at_us - order_us);
    if (w->table)
        write_row(w, r, index, not_after_us);
    if (not_after_us == TIME_NONE || w->not_before_us == TIME_NONE)
        return;
    width_us = not_after_us - w->not_before_us;
    if (width_us < -SKEW_US)
        report_fail(&run->report, PROPERTY_WINDOWS,
                    "entry %llu was attested before the beacon that stands before it",
                    (unsigned long long)index);
    if (w->bounded++ == 0 || width_us > w->widest_us) {
        w->widest_us = width_us;
        w->widest = index;
    }
}

void windows_meet(struct verify_run *run, const struct record *r)
{
    struct value beacon;

    if (r->kind == LEAF_TRADE)
        meet_trade(run, r);
    if (r->kind != LEAF_CYCLE)
        return;
    beacon = record_get(r, "beacon");
    if (beacon.kind != VALUE_ABSENT)
        meet_beacon(run, &beacon, r->at_us);
}

/* ---- Verdicts ---- */

static int64_t seconds_up(int64_t us)
{
    return us > 0 ? (us + US_PER_S - 1) / US_PER_S : 0;
}

/* Whole seconds, towards the smaller: a margin is never shown larger than it is. */
static int64_t seconds_down(int64_t us)
{
    return us >= 0 ? us / US_PER_S : -((-us + US_PER_S - 1) / US_PER_S);
}

static void end_windows(struct verify_run *run)
{
    const struct window_check *w = &run->windows;
    struct verify_report *r = &run->report;
    const enum property p = PROPERTY_WINDOWS;
    bool is_good = w->bounded == w->trades && run->is_signed && run->is_rebuilt;

    if (w->beacons == 0)
        report_note(r, p, VERDICT_NOT_PROVEN, "no entry holds a beacon: nothing bounds their age");
    else if (w->confirmed == 0)
        report_note(r, p, VERDICT_NOT_PROVEN,
                    "%llu entries hold beacons: give the rounds you trust with --beacon",
                    (unsigned long long)w->beacons);
    else if (w->bounded == 0)
        report_note(r, p, VERDICT_NOT_PROVEN, "no trade is bounded on both sides");
    else
        report_note(r, p, is_good ? VERDICT_PASS : VERDICT_NOT_PROVEN,
                    "%llu of %llu trades; the widest is %lld s (entry %llu)",
                    (unsigned long long)w->bounded, (unsigned long long)w->trades,
                    (long long)seconds_up(w->widest_us), (unsigned long long)w->widest);
}

static int compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void end_precommit(struct verify_run *run)
{
    const struct window_check *w = &run->windows;
    struct verify_report *r = &run->report;
    const enum property p = PROPERTY_PRECOMMIT;
    bool is_good = w->in_time == w->trades && run->is_signed && run->is_rebuilt;
    size_t last;

    if (w->margin_count == 0) {
        report_note(r, p, VERDICT_NOT_PROVEN, "nobody has attested an order that was filled");
        return;
    }
    last = w->margin_count - 1;
    qsort(w->margins, w->margin_count, sizeof *w->margins, compare);
    report_note(
        r, p, is_good ? VERDICT_PASS : VERDICT_NOT_PROVEN,
        "%llu of %llu fills; margins: least %lld s, a tenth below %lld s, half below %lld s",
        (unsigned long long)w->in_time, (unsigned long long)w->trades,
        (long long)seconds_down(w->margins[0]), (long long)seconds_down(w->margins[last / 10]),
        (long long)seconds_down(w->margins[last / 2]));
}

void windows_end(struct verify_run *run)
{
    end_windows(run);
    end_precommit(run);
    if (run->windows.table && (fflush(run->windows.table) != 0 || ferror(run->windows.table)))
        fprintf(stderr, "traderd: cannot write %s: %s\n", run->options->windows_path,
                strerror(errno));
}
