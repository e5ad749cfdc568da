/* SPDX-License-Identifier: Apache-2.0 */
/* Has the report written and notes where each row begins. */
#include "handlers/job_result.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/jwriter.h"

enum {
    METRICS_BYTES = 256 * 1024 /* far more than they have */
};

/* A row as it is kept; begin and length fit JOB_REPORT_BYTES. */
struct kept_row {
    int64_t at_us, order_id, position_id;
    uint32_t begin, length;
    uint16_t symbol; /* index of symbols */
    int8_t side;
};

struct kept_list {
    struct kept_row *rows;
    size_t count, capacity;
};

struct job_result {
    _Atomic int references;
    char *report, *metrics;
    size_t report_length, metrics_length;
    struct kept_list lists[BACKTEST_LISTS];
    char (*symbols)[LIMIT_SYMBOL]; /* those of the instruments */
    size_t symbol_count;
};

struct job_result *job_result_acquire(struct job_result *r)
{
    if (r)
        atomic_fetch_add(&r->references, 1);
    return r;
}

void job_result_release(void *result)
{
    struct job_result *r = result;

    if (!r || atomic_fetch_sub(&r->references, 1) > 1)
        return;
    for (size_t i = 0; i < BACKTEST_LISTS; i++)
        free(r->lists[i].rows);
    free(r->symbols);
    free(r->report);
    free(r->metrics);
    free(r);
}

const char *job_result_report(const struct job_result *r, size_t *length)
{
    *length = r->report_length;
    return r->report;
}

const char *job_result_metrics(const struct job_result *r, size_t *length)
{
    *length = r->metrics_length;
    return r->metrics;
}

size_t job_result_bytes(const struct job_result *r)
{
    size_t bytes = r->report_length + r->metrics_length + r->symbol_count * sizeof *r->symbols;

    for (size_t i = 0; i < BACKTEST_LISTS; i++)
        bytes += r->lists[i].capacity * sizeof *r->lists[i].rows;
    return bytes;
}

/* ---- Making it ---- */

struct making {
    struct job_result *result;
    const struct backtest_result *from;
    const struct text *report;
    job_go_on_fn *go_on;
    void *context;
};

static uint16_t symbol_of(const struct job_result *r, const char *symbol)
{
    size_t i = 0;

    _Static_assert(LIMIT_SYMBOLS <= UINT16_MAX, "an index of 16 bits");
    while (i < r->symbol_count && strcmp(r->symbols[i], symbol) != 0)
        i++;
    ASSERT(i < r->symbol_count);
    return (uint16_t)i;
}

static void describe(const struct making *m, const struct backtest_place *place,
                     struct kept_row *row)
{
    const struct backtest_result *from = m->from;
    const struct fill *f;
    struct fill space;

    if (place->list == BACKTEST_LIST_EQUITY) {
        row->at_us = from->trial.daily.day[place->row] * US_PER_DAY;
    } else if (place->list == BACKTEST_LIST_CURVE) {
        row->at_us = from->watch.points[place->row].at_us;
    } else {
        f = backtest_fill(from, place->row, &space);
        row->at_us = f->at_us;
        row->order_id = f->order_id;
        row->position_id = f->position_id;
        row->symbol = symbol_of(m->result, f->symbol);
        row->side = (int8_t)f->side;
    }
}

static bool take_row(void *context, const struct backtest_place *place)
{
    const struct making *m = context;
    struct kept_list *list = &m->result->lists[place->list];

    if (m->report->full || !m->go_on(m->context))
        return false;
    if (place->list == BACKTEST_LIST_POSITIONS || place->list == BACKTEST_LIST_FUNDING)
        return true; /* no list of its own asks for them */
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 64;
        list->rows = xrealloc(list->rows, list->capacity * sizeof *list->rows);
    }
    list->rows[list->count] = (struct kept_row){.begin = (uint32_t)place->begin,
                                                .length = (uint32_t)(place->end - place->begin)};
    describe(m, place, &list->rows[list->count++]);
    return true;
}

static struct job_result *result_new(const struct backtest_options *o)
{
    struct job_result *result = xcalloc(1, sizeof *result);

    atomic_init(&result->references, 1);
    result->symbol_count = o->instrument_count;
    result->symbols = xcalloc(o->instrument_count, sizeof *result->symbols);
    for (size_t i = 0; i < o->instrument_count; i++)
        (void)copy_text(result->symbols[i], sizeof result->symbols[i], o->instruments[i].symbol);
    return result;
}

static void write_metrics(const struct backtest_result *r, struct job_result *result)
{
    struct text metrics;
    struct jwriter w;

    text_init(&metrics, METRICS_BYTES);
    jwriter_init(&w, JSTYLE_COMPACT, &metrics);
    backtest_write_metrics(&w, r);
    ASSERT(jwriter_ok(&w));
    result->metrics = text_take(&metrics, &result->metrics_length);
}

enum err job_result_new(const struct backtest_options *o, const struct backtest_result *r,
                        job_go_on_fn *go_on, void *context, struct job_result **out)
{
    struct job_result *result = result_new(o);
    struct text report;
    struct jwriter w;
    struct making m = {result, r, &report, go_on, context};
    const struct backtest_paper paper = {&w, take_row, &m};
    enum err e;

    text_init(&report, JOB_REPORT_BYTES);
    jwriter_init(&w, JSTYLE_COMPACT, &report);
    e = backtest_write(&paper, o, r);
    if (report.full)
        e = ERR_LIMIT;
    if (e) {
        text_release(&report);
        job_result_release(result);
        return e;
    }
    ASSERT(jwriter_ok(&w));
    result->report = text_take(&report, &result->report_length);
    write_metrics(r, result);
    *out = result;
    return ERR_OK;
}

/* ---- Reading its rows ---- */

size_t job_result_count(const struct job_result *r, enum backtest_list list)
{
    ASSERT(list > BACKTEST_LIST_POSITIONS && list < BACKTEST_LISTS);
    return r->lists[list].count;
}

void job_result_row(const struct job_result *r, enum backtest_list list, size_t row,
                    struct job_row *out)
{
    const struct kept_row *kept;

    ASSERT(row < job_result_count(r, list));
    kept = &r->lists[list].rows[row];
    *out = (struct job_row){
        .at_us = kept->at_us,
        .order_id = kept->order_id,
        .position_id = kept->position_id,
        .symbol = list == BACKTEST_LIST_TRADES ? r->symbols[kept->symbol] : "",
        .side = (enum side)kept->side,
        .json = r->report + kept->begin,
        .length = kept->length,
    };
}
