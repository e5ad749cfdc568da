/* SPDX-License-Identifier: Apache-2.0 */
/* The report: a line a property for people, or one JSON document. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/jwriter.h"
#include "server/verify_run.h"

enum {
    REPORT_BYTES = 64 * 1024
};

static bool is_styled(int fd)
{
    const char *term = getenv("TERM"), *plain = getenv("NO_COLOR");

    return isatty(fd) && term && strcmp(term, "dumb") != 0 && !(plain && *plain);
}

void verify_progress(uint64_t done, uint64_t all)
{
    if (!isatty(STDERR_FILENO))
        return;
    if (all == 0)
        fputs("\r\x1b[K", stderr);
    else
        fprintf(stderr, "\rchecking entry %llu of %llu (%llu %%)", (unsigned long long)done,
                (unsigned long long)all, (unsigned long long)(done * 100 / all));
    fflush(stderr);
}

static const char *color_of(enum verdict v)
{
    switch (v) {
    case VERDICT_PASS:
        return "\x1b[32m";
    case VERDICT_FAIL:
        return "\x1b[1;31m";
    default:
        return "\x1b[33m";
    }
}

static void print_finding(const struct finding *f, enum property p, bool styled)
{
    printf("%s%-10s%s  %-11s ", styled ? color_of(f->verdict) : "", verdict_name(f->verdict),
           styled ? "\x1b[0m" : "", property_key(p));
    if (f->verdict == VERDICT_FAIL)
        printf("Broken: ");
    fputs(property_holds(p), stdout);
    if (f->detail[0])
        printf(" (%s%s)", f->detail, f->failures > 1 ? "; and more" : "");
    putchar('\n');
}

static size_t count_of(const struct verify_run *run, enum verdict v)
{
    size_t n = 0;

    for (size_t i = 0; i < PROPERTY_COUNT_; i++)
        n += run->report.findings[i].verdict == v;
    return n;
}

/* The figures people look for first; all of them are in the statement. */
static void print_metrics(const struct verify_run *run)
{
    static const char *const names[] = {"total_trades", "win_rate",     "profit_factor",
                                        "current_pnl",  "sharpe_ratio", "max_drawdown",
                                        "total_return"};
    char text[AMOUNT_TEXT_MAX];

    if (run->log.track.broken)
        return;
    printf("\nFrom these entries, by %s:\n", TRACK_ALGORITHM);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        printf("  %-14s %s\n", names[i],
               track_metric(&run->log.track, names[i], text) ? text : "undefined");
}

void verify_print_text(const struct verify_run *run)
{
    bool styled = is_styled(STDOUT_FILENO);
    size_t failed = count_of(run, VERDICT_FAIL), stale = count_of(run, VERDICT_STALE);
    size_t unproven = count_of(run, VERDICT_NOT_PROVEN);

    printf("Log %s, %llu entries\n\n", run->key.name, (unsigned long long)run->log.tree.size);
    for (enum property i = 0; i < PROPERTY_COUNT_; i++)
        if (run->report.findings[i].verdict != VERDICT_NONE)
            print_finding(&run->report.findings[i], i, styled);
    if (run->source)
        print_metrics(run);
    if (failed > 0)
        printf("\n%s%zu failed%s: do not trust this record.\n", styled ? "\x1b[1;31m" : "", failed,
               styled ? "\x1b[0m" : "");
    else
        printf("\nNothing failed; %zu not proven%s.\n", unproven,
               stale > 0 ? ", and the copy is stale" : "");
}

static void write_findings(struct jwriter *w, const struct verify_report *r)
{
    jw_key(w, "properties");
    jw_array(w);
    for (enum property i = 0; i < PROPERTY_COUNT_; i++) {
        const struct finding *f = &r->findings[i];

        if (f->verdict == VERDICT_NONE)
            continue;
        jw_object(w);
        jw_member_text(w, "property", property_key(i));
        jw_member_text(w, "verdict", verdict_name(f->verdict));
        jw_member_text(w, "holds", property_holds(i));
        jw_member_text(w, "detail", f->detail);
        jw_member_integer(w, "failures", (int64_t)f->failures);
        jw_object_end(w);
    }
    jw_array_end(w);
}

void verify_print_json(const struct verify_run *run)
{
    struct text out;
    struct jwriter w;

    text_init(&out, REPORT_BYTES);
    jwriter_init(&w, JSTYLE_COMPACT, &out);
    jw_object(&w);
    jw_member_text(&w, "origin", run->key.name);
    jw_member_integer(&w, "size", (int64_t)run->log.tree.size);
    jw_member_bool(&w, "failed", report_failed(&run->report));
    write_findings(&w, &run->report);
    jw_key(&w, "statement");
    if (run->metrics.length > 0)
        jw_raw(&w, run->metrics.data, run->metrics.length);
    else
        jw_null(&w);
    jw_object_end(&w);
    ASSERT(jwriter_ok(&w));
    fwrite(out.data, 1, out.length, stdout);
    putchar('\n');
    text_release(&out);
}
