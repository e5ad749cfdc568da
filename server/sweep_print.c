/* SPDX-License-Identifier: Apache-2.0 */
/* Shows a sweep: a ranked table for people, CSV and JSON for programs, and writes the winner. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "core/double_text.h"
#include "core/jwriter.h"
#include "exchange/whole_file.h"
#include "server/sweep.h"

enum {
    SHOWN = 20,
    VALUES_WIDTH = 36,
    DRAIN_BYTES = 256 * 1024,
    RESULT_BYTES = 16 * 1024 * 1024 /* drained long before */
};

static const char *const part_names[SWEEP_PARTS] = {"whole", "train", "test"};

/* NaN for a job that has no rank. */
static double deflated(const struct sweep_row *row, const struct sweep_ranking *k)
{
    return row->refused[0] ? NAN : deflated_sharpe(&row->shape, k->threshold);
}

/* ---- Terminal ---- */

static void print_cell(double value, double times, int decimals)
{
    if (isfinite(value))
        printf(" %9.*f", decimals, value * times);
    else
        printf(" %9s", "-");
}

static void print_values(const struct sweep_plan *p, int64_t job)
{
    char value[AMOUNT_TEXT_MAX];
    struct text t;

    text_init(&t, LIMIT_JSON_BYTES);
    for (size_t i = 0; i < p->axis_count; i++) {
        (void)money_print(sweep_value(p, job, i), value);
        text_format(&t, "%s%s=%s", i > 0 ? " " : "", p->axes[i].name, value);
    }
    printf("  %-*s", VALUES_WIDTH, t.data);
    text_release(&t);
}

static void print_row(const struct sweep_plan *p, int64_t job, const struct sweep_row *row,
                      const struct sweep_ranking *k)
{
    const double *train = row->metrics[SWEEP_TRAIN], *test = row->metrics[SWEEP_TEST];

    print_values(p, job);
    printf("   "); /* its name is longer */
    print_cell(train[p->objective], 1, 4);
    print_cell(train[SWEEP_TOTAL_RETURN], 100, 2);
    print_cell(train[SWEEP_MAX_DRAWDOWN], 100, 2);
    print_cell(train[SWEEP_TRADES], 1, 0);
    if (p->splits) {
        print_cell(test[p->objective], 1, 4);
        print_cell(test[SWEEP_TOTAL_RETURN], 100, 2);
        print_cell(test[SWEEP_TRADES], 1, 0);
    }
    print_cell(deflated(row, k), 1, 3);
    printf("\n");
}

void sweep_print(const struct sweep_plan *p, const struct sweep_row *rows,
                 const struct sweep_ranking *k)
{
    const char *objective = sweep_metric_name(p->objective);

    printf("%s: %" PRId64 " jobs of %" PRId64 " combinations, by %s%s\n\n", p->strategy, p->jobs,
           p->grid, objective, p->splits ? " of the training part" : "");
    printf("%5s  %-*s %12.12s %9s %9s %9s", "rank", VALUES_WIDTH, "params", objective, "return %",
           "drawdn %", "trades");
    if (p->splits)
        printf(" %9s %9s %9s", "test", "return %", "trades");
    printf(" %9s\n", "deflated");
    for (int64_t i = 0; i < k->ranked && i < SHOWN; i++) {
        printf("%5" PRId64, i + 1);
        print_row(p, k->order[i], &rows[k->order[i]], k);
    }
    if (k->ranked > SHOWN)
        printf("%5s  and %" PRId64 " more\n", "", k->ranked - SHOWN);
    if (k->ranked < p->jobs) {
        const int64_t job = k->order[k->ranked];

        printf("\n%" PRId64 " jobs have no rank; the first of them is job %" PRId64 ": %s\n",
               p->jobs - k->ranked, job, sweep_unranked(p, &rows[job]));
    }
    printf("\nThe best of %" PRId64 " trials without any skill is expected to have a Sharpe ratio "
           "of %.3f.\n`deflated` is the probability that a row's is better than that: below 0.95 "
           "it may be luck.\n",
           k->trials, k->threshold * sqrt(365));
}

/* ---- JSON ---- */

static void write_part(struct jwriter *w, const char *name, const double values[SWEEP_METRICS])
{
    jw_key(w, name);
    jw_object(w);
    for (size_t m = 0; m < SWEEP_METRICS; m++)
        if (m == SWEEP_TRADES && fabs(values[m]) < 1e15)
            jw_member_integer(w, sweep_metric_name(SWEEP_TRADES), (int64_t)values[m]);
        else
            jw_member_double(w, sweep_metric_name((enum sweep_metric)m), values[m]);
    jw_object_end(w);
}

static void write_row(struct jwriter *w, const struct sweep_plan *p, int64_t job,
                      const struct sweep_row *row, const struct sweep_ranking *k)
{
    char id[SWEEP_ID], value[AMOUNT_TEXT_MAX];

    sweep_job_id(p, job, id);
    jw_member_integer(w, "job", job);
    jw_member_text(w, "id", id);
    jw_key(w, "params");
    jw_object(w);
    for (size_t i = 0; i < p->axis_count; i++) {
        const size_t length = money_print(sweep_value(p, job, i), value);

        jw_key(w, p->axes[i].name);
        jw_raw(w, value, length);
    }
    jw_object_end(w);
    jw_member_text(w, "unranked", sweep_unranked(p, row));
    if (row->refused[0])
        return;
    write_part(w, part_names[SWEEP_WHOLE], row->metrics[SWEEP_WHOLE]);
    for (size_t i = SWEEP_TRAIN; p->splits && i < SWEEP_PARTS; i++)
        write_part(w, part_names[i], row->metrics[i]);
    jw_member_double(w, "deflated_sharpe_ratio", deflated(row, k));
}

static void write_head(struct jwriter *w, const struct sweep_plan *p, const struct sweep_ranking *k)
{
    jw_member_text(w, "sweep", p->id);
    jw_member_text(w, "strategy", p->strategy);
    jw_member_integer(w, "combinations", p->grid);
    jw_member_integer(w, "jobs", p->jobs);
    jw_member_integer(w, "ranked", k->ranked);
    jw_member_text(w, "objective", sweep_metric_name(p->objective));
    jw_member_text(w, "judged_on", part_names[p->splits ? SWEEP_TRAIN : SWEEP_WHOLE]);
    jw_member_integer(w, "min_trades", p->min_trades);
    jw_key(w, "deflation");
    jw_object(w);
    jw_member_text(w, "method", "Bailey and Lopez de Prado (2014), daily returns");
    jw_member_integer(w, "trials", k->trials);
    jw_member_double(w, "variance", k->variance);
    jw_member_double(w, "expected_best_daily_sharpe", k->threshold);
    jw_object_end(w);
}

enum err sweep_print_json(const struct sweep_plan *p, const struct sweep_row *rows,
                          const struct sweep_ranking *k)
{
    struct text t;
    struct jwriter w;

    text_init(&t, RESULT_BYTES);
    jwriter_init(&w, JSTYLE_COMPACT, &t);
    jw_object(&w);
    write_head(&w, p, k);
    jw_key(&w, "rows");
    jw_array(&w);
    for (int64_t i = 0; i < p->jobs; i++) {
        jw_object(&w);
        if (i < k->ranked)
            jw_member_integer(&w, "rank", i + 1);
        else
            jw_member_null(&w, "rank");
        write_row(&w, p, k->order[i], &rows[k->order[i]], k);
        jw_object_end(&w);
        if (t.length < DRAIN_BYTES)
            continue;
        fwrite(t.data, 1, t.length, stdout);
        text_clear(&t);
    }
    jw_array_end(&w);
    jw_object_end(&w);
    ASSERT(jwriter_ok(&w));
    text_char(&t, '\n');
    fwrite(t.data, 1, t.length, stdout);
    text_release(&t);
    return fflush(stdout) || ferror(stdout) ? ERR_IO : ERR_OK;
}

/* ---- CSV ---- */

static void put_double(struct text *t, double value)
{
    char text[DOUBLE_TEXT_MAX];

    text_char(t, ',');
    if (!isfinite(value))
        return;
    (void)double_print(value, text);
    text_string(t, text);
}

static void put_head(struct text *t, const struct sweep_plan *p)
{
    text_string(t, "rank,job,id");
    for (size_t i = 0; i < p->axis_count; i++)
        text_format(t, ",%s", p->axes[i].name);
    for (size_t part = 0; part < (p->splits ? SWEEP_PARTS : 1); part++)
        for (size_t m = 0; m < SWEEP_METRICS; m++)
            text_format(t, ",%s_%s", part_names[part], sweep_metric_name((enum sweep_metric)m));
    text_string(t, ",deflated_sharpe_ratio,unranked\n");
}

/* Quoted: a reason may have commas. */
static void put_reason(struct text *t, const char *reason)
{
    text_char(t, ',');
    if (!reason)
        return;
    text_char(t, '"');
    for (; *reason; reason++)
        text_format(t, "%s%c", *reason == '"' ? "\"" : "", *reason);
    text_char(t, '"');
}

static void put_row(struct text *t, const struct sweep_plan *p, int64_t job,
                    const struct sweep_row *row, const struct sweep_ranking *k)
{
    char id[SWEEP_ID], value[AMOUNT_TEXT_MAX];

    sweep_job_id(p, job, id);
    text_format(t, ",%" PRId64 ",%s", job, id);
    for (size_t i = 0; i < p->axis_count; i++) {
        (void)money_print(sweep_value(p, job, i), value);
        text_format(t, ",%s", value);
    }
    for (size_t part = 0; part < (p->splits ? SWEEP_PARTS : 1); part++)
        for (size_t m = 0; m < SWEEP_METRICS; m++)
            put_double(t, row->refused[0] ? NAN : row->metrics[part][m]);
    put_double(t, deflated(row, k));
    put_reason(t, sweep_unranked(p, row));
    text_char(t, '\n');
}

enum err sweep_write_csv(const char *path, const struct sweep_plan *p, const struct sweep_row *rows,
                         const struct sweep_ranking *k, struct diag_list *diags)
{
    struct whole_file f;
    struct text t;
    enum err e = whole_file_begin(&f, path, diags);

    if (e)
        return e;
    text_init(&t, RESULT_BYTES);
    put_head(&t, p);
    for (int64_t i = 0; i < p->jobs && !e; i++) {
        if (i < k->ranked)
            text_format(&t, "%" PRId64, i + 1);
        put_row(&t, p, k->order[i], &rows[k->order[i]], k);
        if (t.length < DRAIN_BYTES)
            continue;
        e = whole_file_write(&f, t.data, t.length, diags);
        text_clear(&t);
    }
    if (!e)
        e = whole_file_write(&f, t.data, t.length, diags);
    if (!e)
        e = whole_file_commit(&f, diags);
    if (e)
        whole_file_abandon(&f);
    text_release(&t);
    return e;
}

/* ---- The winner ---- */

enum err sweep_write_winner(const char *path, const struct sweep_plan *p,
                            const struct sweep_row *rows, const struct sweep_ranking *k,
                            struct diag_list *diags)
{
    struct whole_file f;
    struct text t;
    enum err e;

    if (k->ranked == 0) {
        diag_hint(diag_add(diags, path, "no_winner", "no job has a rank, so there is no winner"),
                  "see the table's last column, and --min-trades");
        return ERR_NOT_FOUND;
    }
    e = whole_file_begin(&f, path, diags);
    if (e)
        return e;
    text_init(&t, 3 * LIMIT_JSON_BYTES);
    sweep_winner(p, k->order[0], &rows[k->order[0]], deflated(&rows[k->order[0]], k), &t);
    e = whole_file_write(&f, t.data, t.length, diags);
    if (!e)
        e = whole_file_commit(&f, diags);
    if (e)
        whole_file_abandon(&f);
    text_release(&t);
    return e;
}
