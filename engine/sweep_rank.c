/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a row from a backtest, and orders rows by what is looked for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/sweep.h"

static const char *const names[SWEEP_METRICS] = {
    "sharpe_ratio", "sortino_ratio", "calmar_ratio", "total_return", "cagr",
    "max_drawdown", "profit_factor", "win_rate",     "expectancy",   "total_trades"};

const char *sweep_metric_name(enum sweep_metric m)
{
    return names[m];
}

enum err sweep_metric_parse(const char *name, enum sweep_metric *out)
{
    for (size_t i = 0; i < SWEEP_METRICS; i++) {
        if (strcmp(names[i], name) != 0)
            continue;
        *out = (enum sweep_metric)i;
        return ERR_OK;
    }
    return ERR_INVALID;
}

/* ---- A row ---- */

static double value_of(const struct statistic *s)
{
    return s->undefined ? NAN : s->value;
}

static void take_report(const struct performance_report *r, double out[SWEEP_METRICS])
{
    out[SWEEP_SHARPE] = value_of(&r->sharpe_ratio);
    out[SWEEP_SORTINO] = value_of(&r->sortino_ratio);
    out[SWEEP_CALMAR] = value_of(&r->calmar_ratio);
    out[SWEEP_CAGR] = value_of(&r->cagr);
    out[SWEEP_MAX_DRAWDOWN] = ratio_to_double(r->max_drawdown);
    out[SWEEP_PROFIT_FACTOR] = value_of(&r->profit_factor);
    out[SWEEP_WIN_RATE] = value_of(&r->win_rate);
    out[SWEEP_EXPECTANCY] = value_of(&r->expectancy);
    out[SWEEP_TRADES] = (double)r->total_trades;
}

static void take_window(const struct backtest_window *v, double out[SWEEP_METRICS])
{
    const double begin = money_to_double(v->performance.starting_equity);

    take_report(&v->report, out);
    out[SWEEP_TOTAL_RETURN] = begin > 0 ? money_to_double(v->performance.equity) / begin - 1 : NAN;
}

void sweep_measure(const struct backtest_result *r, bool splits, struct sweep_row *out)
{
    *out = (struct sweep_row){.is_there = true};
    take_report(&r->trial.report, out->metrics[SWEEP_WHOLE]);
    out->metrics[SWEEP_WHOLE][SWEEP_TOTAL_RETURN] = value_of(&r->extras.total_return);
    if (splits) {
        take_window(&r->watch.windows[0], out->metrics[SWEEP_TRAIN]);
        take_window(&r->watch.windows[1], out->metrics[SWEEP_TEST]);
        out->shape = return_shape_of(&r->watch.windows[0].daily);
        return;
    }
    memcpy(out->metrics[SWEEP_TRAIN], out->metrics[SWEEP_WHOLE], sizeof out->metrics[0]);
    for (size_t m = 0; m < SWEEP_METRICS; m++)
        out->metrics[SWEEP_TEST][m] = NAN;
    out->shape = return_shape_of(&r->trial.daily);
}

/* ---- The order ---- */

const char *sweep_unranked(const struct sweep_plan *p, const struct sweep_row *row)
{
    const double *train = row->metrics[SWEEP_TRAIN];

    if (row->refused[0])
        return row->refused;
    if (train[SWEEP_TRADES] < (double)p->min_trades)
        return "too few trades";
    return isfinite(train[p->objective]) ? NULL : "the objective has no value";
}

struct ranked {
    double score;
    int64_t job;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;

    if (left->score > right->score || left->score < right->score)
        return left->score > right->score ? -1 : 1;
    return left->job < right->job ? -1 : left->job > right->job;
}

/* How the Sharpe ratios of all trials vary, in the order of jobs so that sums repeat. */
static void take_trials(const struct sweep_plan *p, const struct sweep_row *rows,
                        struct sweep_ranking *out)
{
    double sum = 0, squares = 0, mean;
    int64_t count = 0;

    for (int64_t i = 0; i < p->jobs; i++) {
        out->trials += !rows[i].refused[0];
        if (rows[i].refused[0] || !isfinite(rows[i].shape.sharpe))
            continue;
        sum += rows[i].shape.sharpe;
        count++;
    }
    mean = count > 0 ? sum / (double)count : 0;
    for (int64_t i = 0; i < p->jobs; i++) {
        const double x = rows[i].shape.sharpe - mean;

        if (!rows[i].refused[0] && isfinite(x))
            squares += x * x;
    }
    out->variance = count > 1 ? squares / (double)(count - 1) : 0;
    out->threshold = deflated_sharpe_threshold(out->trials, out->variance);
}

void sweep_rank(const struct sweep_plan *p, const struct sweep_row *rows, struct sweep_ranking *out)
{
    struct ranked *order = xcalloc((size_t)p->jobs, sizeof *order);
    const double sign = p->objective == SWEEP_MAX_DRAWDOWN ? -1 : 1;
    int64_t last = 0;

    *out = (struct sweep_ranking){.order = xcalloc((size_t)p->jobs, sizeof *out->order)};
    for (int64_t i = 0; i < p->jobs; i++)
        if (!sweep_unranked(p, &rows[i]))
            order[out->ranked++] =
                (struct ranked){sign * rows[i].metrics[SWEEP_TRAIN][p->objective], i};
    qsort(order, (size_t)out->ranked, sizeof *order, compare_ranked);
    for (; last < out->ranked; last++)
        out->order[last] = order[last].job;
    for (int64_t i = 0; i < p->jobs; i++)
        if (sweep_unranked(p, &rows[i]))
            out->order[last++] = i;
    free(order);
    take_trials(p, rows, out);
}

void sweep_ranking_release(struct sweep_ranking *r)
{
    free(r->order);
    *r = (struct sweep_ranking){0};
}
