/* SPDX-License-Identifier: Apache-2.0 */
/* What others attested: cosignatures against the witnesses that are believed, time stamp tokens at
 * their own time, and from both by when each entry existed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/timestamp.h"
#include "server/options.h"
#include "server/verify_run.h"

/* A clock of others may be behind the trader's by so much. */
#define SKEW_US (60 * US_PER_S)

enum {
    PEM_BYTES = 1024 * 1024
};

/* ---- Set-up ---- */

static bool open_policy(struct verify_run *run, const char *path)
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct anchor_check *a = &run->anchors;
    struct text file;
    enum err e;

    text_init(&file, POLICY_BYTES);
    a->policy = xcalloc(1, sizeof *a->policy);
    e = text_read_file(&file, path);
    if (e) {
        fprintf(stderr, "traderd: %s: %s\n", path, e == ERR_IO ? strerror(errno) : err_sentence(e));
    } else {
        e = witness_policy_parse(file.data ? file.data : "", file.length, path, diags, a->policy);
        if (e)
            options_print_diags(diags, e);
        else if (!witness_policy_has_log(a->policy, &run->key)) {
            fprintf(stderr, "traderd: %s is a policy for other logs\n", path);
            e = ERR_CONFLICT;
        }
    }
    text_release(&file);
    free(diags);
    return !e;
}

bool anchors_open(struct verify_run *run)
{
    const struct verify_options *o = run->options;
    struct anchor_check *a = &run->anchors;

    text_init(&a->authorities, PEM_BYTES);
    if (o->policy_path && !open_policy(run, o->policy_path))
        return false;
    if (!o->authorities_path)
        return true;
    if (!text_read_file(&a->authorities, o->authorities_path) && a->authorities.data &&
        strstr(a->authorities.data, "-----BEGIN CERTIFICATE-----"))
        return true;
    fprintf(stderr, "traderd: %s holds no PEM certificate\n", o->authorities_path);
    return false;
}

static void add_point(struct anchor_check *a, uint64_t size, int64_t at_us)
{
    if (a->count == a->capacity) {
        a->capacity = a->capacity ? 2 * a->capacity : 64;
        a->points = xrealloc(a->points, a->capacity * sizeof *a->points);
    }
    a->points[a->count++] = (struct anchor_point){size, at_us};
}

/* ---- Cosignatures ---- */

/* A witness goes forward only: what it signed of a smaller tree it signed before. */
static void judge_order(struct verify_run *run, const struct witness_verdict *v, uint64_t size)
{
    for (size_t i = 0; i < run->anchors.policy->node_count; i++) {
        if (!(v->valid >> i & 1))
            continue;
        if (v->times_s[i] < run->anchors.seen_s[i])
            report_fail(&run->report, PROPERTY_WITNESSES,
                        "witness %s cosigned %llu entries before fewer",
                        run->anchors.policy->nodes[i].name, (unsigned long long)size);
        else
            run->anchors.seen_s[i] = v->times_s[i];
    }
}

static void judge_note(struct verify_run *run, const char *bytes, size_t length, uint64_t size)
{
    struct anchor_check *a = &run->anchors;
    struct witness_verdict v;
    struct note note;

    if (note_parse(bytes, length, &note) || note.count < 2)
        return;
    a->cosigned++;
    if (!a->policy)
        return;
    witness_policy_judge(a->policy, &note, &v);
    judge_order(run, &v, size);
    if (v.has_bad)
        report_fail(&run->report, PROPERTY_WITNESSES, "a cosignature of %llu entries does not hold",
                    (unsigned long long)size);
    if (v.has_bad || !v.is_met || a->policy->quorum < 0)
        return;
    a->quorum_size = size > a->quorum_size ? size : a->quorum_size;
    a->quorum_s = v.met_s > a->quorum_s ? v.met_s : a->quorum_s;
    /* Its clock shows whole seconds: it signed within the one it names. */
    add_point(a, size, (v.met_s + 1) * US_PER_S);
}

/* ---- Tokens ---- */

/* The digest that a token of this size must be of. */
static bool imprint_of(const struct verify_run *run, uint64_t size, struct digest *out)
{
    const struct stored_checkpoint *c = stored_of(run, size);
    struct note note;

    if (c ? note_parse(c->note, c->length, &note)
          : (!run->is_signed && !run->is_by_another) || run->newest.size != size ||
                note_parse(run->note.data, run->note.length, &note))
        return false;
    digest_of(note.text, note.text_length, out);
    return true;
}

static void judge_token(struct verify_run *run, uint64_t size, const uint8_t *der, size_t length)
{
    struct anchor_check *a = &run->anchors;
    struct digest imprint;
    struct timestamp stamp;
    char reason[LIMIT_REASON];

    if (!imprint_of(run, size, &imprint))
        report_fail(&run->report, PROPERTY_TIMES,
                    "a time stamp is of %llu entries, which no checkpoint has",
                    (unsigned long long)size);
    else if (timestamp_verify(der, length, &imprint, NULL, a->authorities.data, &stamp, reason,
                              sizeof reason))
        report_fail(&run->report, PROPERTY_TIMES, "the time stamp of %llu entries: %s",
                    (unsigned long long)size, reason);
    else
        add_point(a, size, stamp.at_us + stamp.accuracy_us);
}

/* Of the last line. */
static bool last_size(const char *page, size_t length, uint64_t *size)
{
    const char *from = page + length;

    while (--from > page && from[-1] != '\n')
        ;
    return pages_number(from, page + length, ' ', size);
}

/* "SIZE BASE64" */
static bool judge_line(struct verify_run *run, const char *line, size_t length, uint8_t *der)
{
    size_t der_length;
    uint64_t size;

    if (!pages_stamp(line, length, &size, der, TIMESTAMP_ANSWER_BYTES, &der_length))
        return false;
    run->anchors.stamped++;
    attested_token(run, size, der, der_length);
    if (run->anchors.authorities.length > 0)
        judge_token(run, size, der, der_length);
    return true;
}

static void judge_stamps(struct verify_run *run)
{
    const char *at = run->anchors.stamps.data, *end;
    uint8_t *der = xmalloc(TIMESTAMP_ANSWER_BYTES);

    for (end = at + run->anchors.stamps.length; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        if (!newline || !judge_line(run, at, (size_t)(newline - at), der)) {
            report_fail(&run->report, PROPERTY_TIMES, "the time stamps are no lines of tokens");
            break;
        }
        at = newline + 1;
    }
    free(der);
}

/* ---- Points ---- */

static int compare(const void *a, const void *b)
{
    const struct anchor_point *x = a, *y = b;

    return x->size != y->size ? (x->size < y->size ? -1 : 1) : 0;
}

static void load_stamps(struct verify_run *run)
{
    bool is_url = source_is_url(run->source);
    struct evidence *file = &run->anchors.stamps;
    enum err e = is_url ? source_get_pages(run->source, "timestamps", last_size, file, run->reason)
                        : source_get(run->source, "timestamps", file, run->reason);

    if (!e)
        judge_stamps(run);
    else if (is_url && e == ERR_SYNTAX)
        report_fail(&run->report, PROPERTY_TIMES, "the time stamps are no lines of tokens");
    else if (is_url && e != ERR_NOT_FOUND)
        report_note(&run->report, PROPERTY_TIMES, VERDICT_NOT_PROVEN,
                    "the time stamps could not be read: %s", run->reason);
}

void anchors_load(struct verify_run *run)
{
    struct anchor_check *a = &run->anchors;

    for (size_t i = 0; i < run->stored.count; i++)
        judge_note(run, run->stored.items[i].note, run->stored.items[i].length,
                   run->stored.items[i].size);
    if (run->is_signed || run->is_by_another)
        judge_note(run, run->note.data, run->note.length, run->newest.size);
    load_stamps(run);
    if (a->count > 0)
        qsort(a->points, a->count, sizeof *a->points, compare);
    for (size_t i = a->count; i-- > 1;) {
        if (a->points[i].at_us < a->points[i - 1].at_us)
            a->points[i - 1].at_us = a->points[i].at_us;
    }
}

void anchors_meet(struct verify_run *run, int64_t at_us, bool is_trade)
{
    struct anchor_check *a = &run->anchors;
    uint64_t index = run->log.tree.size - 1;
    int64_t delay_us;

    while (a->next < a->count && a->points[a->next].size <= index)
        a->next++;
    if (a->next == a->count) {
        a->uncovered++;
        return;
    }
    delay_us = a->points[a->next].at_us - at_us;
    if (delay_us < -SKEW_US)
        report_fail(&run->report, PROPERTY_TIMES, "entry %llu states a time after it was attested",
                    (unsigned long long)index);
    if (!a->worst.is_known || delay_us > a->worst.delay_us) {
        a->worst.is_known = true;
        a->worst.delay_us = delay_us;
        a->worst.index = index;
    }
    if (is_trade && (!a->worst_trade.is_known || delay_us > a->worst_trade.delay_us)) {
        a->worst_trade.is_known = true;
        a->worst_trade.delay_us = delay_us;
        a->worst_trade.index = index;
    }
}

/* ---- Verdicts ---- */

static void end_witnesses(struct verify_run *run)
{
    const struct anchor_check *a = &run->anchors;
    struct verify_report *r = &run->report;
    const enum property p = PROPERTY_WITNESSES;

    if (!a->policy)
        report_note(r, p, VERDICT_NOT_PROVEN,
                    a->cosigned > 0 ? "give the witnesses that you believe with --policy"
                                    : "no witness has cosigned; compare checkpoints with others");
    else if (a->policy->quorum < 0)
        report_note(r, p, VERDICT_NOT_PROVEN, "the policy asks for no witness");
    else if (a->quorum_size == 0)
        report_note(r, p, VERDICT_NOT_PROVEN, "no checkpoint has the policy's cosignatures");
    else if (a->quorum_size < run->newest.size)
        report_note(r, p, VERDICT_NOT_PROVEN,
                    "the first %llu entries are cosigned; the newest %llu are not",
                    (unsigned long long)a->quorum_size,
                    (unsigned long long)(run->newest.size - a->quorum_size));
    else if (!run->is_signed || (run->source && !run->is_rebuilt))
        report_note(r, p, VERDICT_NOT_PROVEN, "the entries are not what is cosigned");
    else
        report_note(r, p, VERDICT_PASS, "cosigned as the policy asks");
}

static void end_freshness(struct verify_run *run)
{
    const struct anchor_check *a = &run->anchors;
    char text[TIME_TEXT_MAX];

    if (a->quorum_size == 0) {
        report_note(&run->report, PROPERTY_FRESHNESS, VERDICT_NOT_PROVEN,
                    "no fresh cosignature; an older copy would look the same");
        return;
    }
    time_print(a->quorum_s * US_PER_S, text);
    text[sizeof "YYYY-MM-DDTHH:MM:SS" - 1] = '\0'; /* whole seconds are all that is known */
    if (clock_wall_us() / US_PER_S - a->quorum_s <= run->options->fresh_s)
        report_note(&run->report, PROPERTY_FRESHNESS, VERDICT_PASS, "cosigned at %sZ", text);
    else
        report_note(&run->report, PROPERTY_FRESHNESS, VERDICT_STALE,
                    "the newest cosignatures are of %sZ", text);
}

static int64_t seconds_up(int64_t us)
{
    return us > 0 ? (us + US_PER_S - 1) / US_PER_S : 0;
}

static void end_times(struct verify_run *run)
{
    const struct anchor_check *a = &run->anchors;
    struct verify_report *r = &run->report;
    const enum property p = PROPERTY_TIMES;
    char trades[64] = "";
    bool is_good = a->uncovered == 0 && run->is_signed && run->is_rebuilt;

    if (!a->worst.is_known) {
        report_note(r, p, VERDICT_NOT_PROVEN,
                    a->stamped > 0 && a->authorities.length == 0
                        ? "give the timestamp authorities that you believe with --tsa-ca"
                        : "timestamps are the trader's own; nobody else has stamped them");
        return;
    }
    if (a->worst_trade.is_known)
        (void)snprintf(trades, sizeof trades, "; trades %lld s (%llu)",
                       (long long)seconds_up(a->worst_trade.delay_us),
                       (unsigned long long)a->worst_trade.index);
    is_good = is_good && seconds_up(a->worst.delay_us) <= run->options->late_s;
    report_note(r, p, is_good ? VERDICT_PASS : VERDICT_NOT_PROVEN,
                "attested at most %lld s after the time they state (entry %llu)%s%s",
                (long long)seconds_up(a->worst.delay_us), (unsigned long long)a->worst.index,
                trades, a->uncovered > 0 ? "; the newest are not yet" : "");
}

void anchors_end(struct verify_run *run)
{
    end_witnesses(run);
    end_freshness(run);
    end_times(run);
}

void anchors_single(struct verify_run *run, const char *note, size_t length)
{
    if (!run->anchors.policy)
        return;
    run->is_signed = true;
    judge_note(run, note, length, run->newest.size);
    end_witnesses(run);
    end_freshness(run);
}

void anchors_release(struct verify_run *run)
{
    free(run->anchors.policy);
    free(run->anchors.points);
    text_release(&run->anchors.authorities);
    evidence_release(&run->anchors.stamps);
}
