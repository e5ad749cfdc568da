/* SPDX-License-Identifier: Apache-2.0 */
/* Truncation and warm-up: the same rows computed from fewer candles. */
#include "engine/strategy_check_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SCALE_CANDLES = 100, /* a feature's size is its largest value of so many */
    STARTS_LEAST = 10,
    STARTS_ENOUGH = 3200 /* the table goes on to twice the warm-up, and so far at least */
};

static const double warn_percent = 0.1, fail_percent = 1;

/* splitmix64 (Steele, Lea and Flood 2014). */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int compare_sizes(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return (x > y) - (x < y);
}

void check_draw(struct check_candles *c, size_t wanted, int64_t warmup, uint64_t seed)
{
    size_t least = (size_t)warmup + wanted <= c->count ? (size_t)warmup : 0;
    size_t n = 0;
    uint64_t state = seed;

    if (wanted > c->count - least)
        wanted = c->count - least;
    if (wanted > CHECK_SAMPLES_MAX)
        wanted = CHECK_SAMPLES_MAX;
    while (n < wanted) {
        size_t i = least + (size_t)(draw(&state) % (c->count - least)), k = 0;

        while (k < n && c->moments[k] != i)
            k++;
        if (k == n)
            c->moments[n++] = i;
    }
    qsort(c->moments, n, sizeof c->moments[0], compare_sizes);
    c->moment_count = n;
}

enum err check_whole_rows(const struct check_source *s, const struct check_candles *c, double **out)
{
    size_t n = c->moment_count;
    int64_t *at = xcalloc(n + 1, sizeof *at);
    double *values = xcalloc((n + 1) * s->columns, sizeof *values);
    enum err e = ERR_OK;

    for (size_t i = 0; i < n; i++)
        at[i] = c->open_us[c->moments[i]];
    /* To the end of the candles: what comes after a moment must be there to be seen. */
    if (n > 0 && c->moments[n - 1] + 1 < c->count)
        at[n++] = c->open_us[c->count - 1];
    if (n > 0)
        e = s->sample(s->self, c->instrument, INT64_MIN, at, n, values);
    free(at);
    if (e)
        free(values);
    else
        *out = values;
    return e;
}

static bool is_same(double a, double b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

void check_compare_rows(const struct check_source *s, const struct check_candles *c, size_t moment,
                        const double *whole, const double *truncated, struct check_truncation *out)
{
    for (size_t i = 0; i < s->columns; i++) {
        out->compared++;
        if (is_same(whole[i], truncated[i]))
            continue;
        if (out->differences++ > 0)
            continue;
        out->first = (struct check_difference){.candle_us = c->open_us[c->moments[moment]],
                                               .whole = whole[i],
                                               .truncated = truncated[i]};
        (void)copy_text(out->first.symbol, sizeof out->first.symbol, c->symbol);
        (void)copy_text(out->first.column, sizeof out->first.column, s->name(s->self, i));
    }
}

enum err check_truncation_add(const struct check_source *source, const struct check_candles *c,
                              struct check_truncation *out)
{
    double truncated[ROW_COLUMNS_MAX];
    double *whole;
    enum err e = check_whole_rows(source, c, &whole);

    if (e)
        return e;
    for (size_t i = 0; !e && i < c->moment_count; i++) {
        e = source->sample(source->self, c->instrument, INT64_MIN, &c->open_us[c->moments[i]], 1,
                           truncated);
        if (!e)
            check_compare_rows(source, c, i, whole + i * source->columns, truncated, out);
        out->samples++;
    }
    free(whole);
    out->verdict = out->differences > 0 ? CHECK_FAIL : CHECK_PASS;
    return e;
}

static int compare_starts(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

void check_warmup_begin(const struct check_source *source, int64_t warmup, size_t available,
                        struct check_warmup *out)
{
    int64_t most = 2 * warmup > STARTS_ENOUGH ? 2 * warmup : STARTS_ENOUGH;
    size_t n = 0, kept = 0;

    *out = (struct check_warmup){.candles = warmup, .row_count = source->columns - ROW_RULE_COUNT_};
    out->rows = xcalloc(out->row_count + 1, sizeof *out->rows);
    for (size_t i = 0; i < out->row_count; i++) {
        (void)copy_text(out->rows[i].name, sizeof out->rows[i].name, source->name(source->self, i));
        for (size_t k = 0; k < CHECK_STARTS_MAX; k++)
            out->rows[i].percent[k] = NAN;
    }
    if (most >= (int64_t)available)
        most = (int64_t)available - 1;
    /* Round numbers for people, steps of about 15 % between, and the warm-up itself. */
    if (warmup <= most)
        out->starts[n++] = warmup;
    for (int64_t round = 50; round <= most && n < 24; round *= 2)
        out->starts[n++] = round;
    for (int64_t start = STARTS_LEAST; start <= most && n < CHECK_STARTS_MAX;
         start += start * 15 / 100 + 1)
        out->starts[n++] = start;
    qsort(out->starts, n, sizeof out->starts[0], compare_starts);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || out->starts[i] != out->starts[i - 1])
            out->starts[kept++] = out->starts[i];
    out->start_count = kept;
}

/* A place where warm-up is measured, with what the whole run says there. */
struct place {
    size_t at;                     /* index of the candle */
    double whole[ROW_COLUMNS_MAX]; /* its row */
    double size[ROW_COLUMNS_MAX];  /* the largest value of the last candles */
};

static enum err look_at_place(const struct check_source *s, const struct check_candles *c,
                              struct place *p)
{
    size_t n = p->at + 1 < SCALE_CANDLES ? p->at + 1 : SCALE_CANDLES;
    double *values = xcalloc(n * s->columns, sizeof *values);
    enum err e =
        s->sample(s->self, c->instrument, INT64_MIN, &c->open_us[p->at + 1 - n], n, values);

    for (size_t i = 0; !e && i < s->columns; i++) {
        p->size[i] = 0;
        for (size_t k = 0; k < n; k++)
            if (fabs(values[k * s->columns + i]) > p->size[i])
                p->size[i] = fabs(values[k * s->columns + i]);
        p->whole[i] = values[(n - 1) * s->columns + i];
    }
    free(values);
    return e;
}

/* NaN: both unknown; infinity: one of them. */
static double difference_percent(double whole, double other, double size)
{
    if (isnan(whole) || isnan(other))
        return isnan(whole) && isnan(other) ? NAN : INFINITY;
    if (whole == other)
        return 0;
    return size > 0 ? 100 * fabs(whole - other) / size : INFINITY;
}

static enum err measure_place(const struct check_source *s, const struct check_candles *c,
                              const struct place *p, struct check_warmup *out)
{
    double values[ROW_COLUMNS_MAX];

    for (size_t k = 0; k < out->start_count; k++) {
        size_t start = (size_t)out->starts[k];
        enum err e;

        if (start > p->at) /* would be the whole run */
            continue;
        e = s->sample(s->self, c->instrument, c->open_us[p->at + 1 - start], &c->open_us[p->at], 1,
                      values);
        if (e)
            return e;
        for (size_t i = 0; i < out->row_count; i++) {
            double percent = difference_percent(p->whole[i], values[i], p->size[i]);
            double *worst = &out->rows[i].percent[k];

            if (!isnan(percent) && !(*worst >= percent))
                *worst = percent;
        }
    }
    return ERR_OK;
}

/* The rules at the drawn moments, as a strategy that has just become warm says it. */
static enum err compare_decisions(const struct check_source *s, const struct check_candles *c,
                                  const double *whole, struct check_warmup *out)
{
    size_t entry = s->columns - ROW_RULE_COUNT_ + ROW_ENTRY;
    size_t exit = s->columns - ROW_RULE_COUNT_ + ROW_EXIT;
    double values[ROW_COLUMNS_MAX];

    for (size_t i = 0; i < c->moment_count; i++) {
        size_t at = c->moments[i];
        const double *row = whole + i * s->columns;
        enum err e;

        if (at < (size_t)out->candles)
            continue;
        e = s->sample(s->self, c->instrument, c->open_us[at + 1 - (size_t)out->candles],
                      &c->open_us[at], 1, values);
        if (e)
            return e;
        out->decisions++;
        out->decisions_differ +=
            !is_same(row[entry], values[entry]) || !is_same(row[exit], values[exit]);
    }
    return ERR_OK;
}

enum err check_warmup_add(const struct check_source *source, const struct check_candles *c,
                          struct check_warmup *out)
{
    double *whole = NULL;
    enum err e = ERR_OK;

    for (size_t i = 0; !e && c->count > 0 && i < CHECK_PLACES; i++) {
        struct place *p = xcalloc(1, sizeof *p);

        /* The newest candle, and drawn ones, the late ones first. */
        p->at = c->count - 1;
        if (i > 0 && i <= c->moment_count)
            p->at = c->moments[c->moment_count - i];
        if (i == 0 || i <= c->moment_count) {
            e = look_at_place(source, c, p);
            if (!e)
                e = measure_place(source, c, p, out);
            out->places++;
        }
        free(p);
    }
    if (!e)
        e = check_whole_rows(source, c, &whole);
    if (!e)
        e = compare_decisions(source, c, whole, out);
    free(whole);
    return e;
}

/* Candles from which on the difference stays below; 0 when it does not. */
static int64_t needed(const struct check_warmup *w, const struct check_warmup_row *row,
                      double percent)
{
    int64_t from = 0;

    for (size_t k = w->start_count; k-- > 0;) {
        if (row->percent[k] > percent)
            break;
        if (!isnan(row->percent[k]))
            from = w->starts[k];
    }
    return from;
}

static enum check_verdict worse(enum check_verdict a, enum check_verdict b)
{
    return a > b ? a : b;
}

static enum check_verdict row_verdict(const struct check_warmup *w,
                                      const struct check_warmup_row *row)
{
    /* Sums since the beginning never settle; only their changes mean something, and the rules that
     * read those do not care. */
    bool is_harmless = row->needed_1e3 == 0 && w->decisions > 0 && w->decisions_differ == 0;

    if (isnan(row->percent_at_warmup))
        return CHECK_SKIPPED;
    if (row->percent_at_warmup > fail_percent)
        return is_harmless ? CHECK_WARN : CHECK_FAIL;
    return row->percent_at_warmup > warn_percent ? CHECK_WARN : CHECK_PASS;
}

void check_warmup_end(struct check_warmup *w)
{
    /* Some rows may have nothing to compare; the check is skipped when there was nothing at all. */
    w->verdict = w->decisions > 0 ? CHECK_PASS : CHECK_SKIPPED;
    for (size_t i = 0; i < w->row_count; i++) {
        struct check_warmup_row *row = &w->rows[i];

        row->percent_at_warmup = NAN;
        for (size_t k = 0; k < w->start_count; k++)
            if (w->starts[k] == w->candles)
                row->percent_at_warmup = row->percent[k];
        row->needed_1e3 = needed(w, row, 0.1);
        row->needed_1e6 = needed(w, row, 1e-4);
        row->verdict = row_verdict(w, row);
        if (row->verdict != CHECK_SKIPPED)
            w->verdict = worse(w->verdict, row->verdict);
    }
    /* A comparison of two numbers that are nearly equal may go either way: some is no failure. */
    if (w->decisions_differ > 0)
        w->verdict =
            worse(w->verdict, w->decisions_differ * 20 > w->decisions ? CHECK_FAIL : CHECK_WARN);
}
