/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a backtest as one HTML page: the embedded page with its data inside. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/jwriter.h"
#include "server/backtest.h"
#include "server/report_embedded.h"

enum {
    PAGE_BUFFER = 64 * 1024 * 1024, /* drained long before */
    PAGE_DRAIN = 64 * 1024,
    PAGE_CANDLES = 6000,   /* of a symbol: several are put together when there are more */
    PAGE_SYMBOLS = 12,     /* with candles */
    PAGE_POSITIONS = 20000 /* the newest */
};

static const char mark[] = "@DATA@";

struct page {
    FILE *file;
    struct text text;
    struct jwriter writer;
};

/* Inside a script element a '<' could end it; in JSON it stands in texts only. */
static void page_write(struct page *p)
{
    for (size_t i = 0; i < p->text.length; i++) {
        if (p->text.data[i] == '<')
            fputs("\\u003c", p->file);
        else
            fputc(p->text.data[i], p->file);
    }
    text_clear(&p->text);
}

static void page_drain(struct page *p)
{
    if (p->text.length >= PAGE_DRAIN)
        page_write(p);
}

static bool page_row(void *context, const struct backtest_place *place)
{
    struct page *p = context;

    (void)place;
    page_drain(p);
    return !ferror(p->file);
}

/* ---- Candles ---- */

/* One symbol's candles, `merged` of them put together. */
struct gather {
    struct page *page;
    size_t instrument;
    int64_t from_us, step_us; /* of what is put together */
    struct candle candle;
    bool has_candle;
};

static void gather_flush(struct gather *g)
{
    struct jwriter *w = &g->page->writer;
    const struct candle *c = &g->candle;

    if (!g->has_candle)
        return;
    jw_array(w);
    jw_integer(w, c->open_us / US_PER_MS);
    jw_double(w, candle_double(c->open, c->price_scale));
    jw_double(w, candle_double(c->high, c->price_scale));
    jw_double(w, candle_double(c->low, c->price_scale));
    jw_double(w, candle_double(c->close, c->price_scale));
    jw_array_end(w);
    g->has_candle = false;
    page_drain(g->page);
}

static void gather_take(void *context, const struct feed_event *e)
{
    struct gather *g = context;
    const struct candle *c = &e->candle;

    if (e->instrument != g->instrument || c->open_us < g->from_us)
        return;
    if (g->has_candle && c->open_us >= g->candle.open_us + g->step_us)
        gather_flush(g);
    if (!g->has_candle) {
        g->candle = *c;
        g->candle.open_us = g->from_us + (c->open_us - g->from_us) / g->step_us * g->step_us;
        g->has_candle = true;
        return;
    }
    g->candle.high = c->high > g->candle.high ? c->high : g->candle.high;
    g->candle.low = c->low < g->candle.low ? c->low : g->candle.low;
    g->candle.close = c->close;
}

static void write_step(struct jwriter *w, int64_t step_us)
{
    struct text t;

    text_init(&t, 64);
    if (timeframe_name(step_us))
        text_string(&t, timeframe_name(step_us));
    else
        text_format(&t, "%lld min", (long long)(step_us / US_PER_S / 60));
    jw_member_integer(w, "step_ms", step_us / US_PER_MS);
    jw_member_text(w, "step_text", t.data);
    text_release(&t);
}

static enum err write_symbol(struct page *p, const struct backtest_options *o,
                             const struct backtest_result *r, size_t instrument)
{
    const int64_t candles = (r->last_us - r->first_us) / r->timeframe_us;
    struct gather g = {
        .page = p,
        .instrument = instrument,
        .from_us = r->first_us,
        .step_us = (candles + PAGE_CANDLES - 1) / PAGE_CANDLES * r->timeframe_us,
    };
    enum err e;

    jw_object(&p->writer);
    jw_member_text(&p->writer, "symbol", o->instruments[instrument].symbol);
    write_step(&p->writer, g.step_us);
    jw_key(&p->writer, "rows");
    jw_array(&p->writer);
    e = o->feed->history(o->feed->self, r->last_us, 0, 0, gather_take, &g);
    gather_flush(&g);
    jw_array_end(&p->writer);
    jw_object_end(&p->writer);
    return e;
}

static enum err write_candles(struct page *p, const struct backtest_options *o,
                              const struct backtest_result *r)
{
    size_t written = 0;
    enum err e = ERR_OK;

    jw_key(&p->writer, "candles");
    jw_array(&p->writer);
    for (size_t i = 0; !e && i < o->instrument_count && written < PAGE_SYMBOLS; i++) {
        bool trades = false;

        for (size_t k = 0; k < r->symbol_count; k++)
            trades |= strcmp(r->symbols[k].name, o->instruments[i].symbol) == 0;
        if (!trades)
            continue;
        e = write_symbol(p, o, r, i);
        written++;
    }
    jw_array_end(&p->writer);
    return e;
}

/* ---- The page ---- */

static enum err write_data(struct page *p, const struct backtest_options *o,
                           const struct backtest_result *r)
{
    const struct backtest_paper paper = {&p->writer, page_row, p};
    const size_t closed = backtest_closed_count(r);
    enum err e;

    jw_object(&p->writer);
    backtest_write_report(&p->writer, o, r);
    backtest_write_tables(&p->writer, r);
    jw_member_integer(&p->writer, "positions_left_out",
                      closed > PAGE_POSITIONS ? (int64_t)(closed - PAGE_POSITIONS) : 0);
    e = backtest_write_positions(&paper, r, PAGE_POSITIONS);
    if (!e)
        e = backtest_write_curve(&paper, r);
    if (!e)
        e = write_candles(p, o, r);
    jw_object_end(&p->writer);
    ASSERT(jwriter_ok(&p->writer));
    page_write(p);
    return e;
}

enum err backtest_write_page(const char *path, const struct backtest_options *o,
                             const struct backtest_result *r)
{
    const char *at = strstr(embedded_report_html, mark);
    struct page p = {.file = fopen(path, "we")};
    enum err e;

    if (!p.file)
        return ERR_IO;
    ASSERT(at);
    text_init(&p.text, PAGE_BUFFER);
    jwriter_init(&p.writer, JSTYLE_COMPACT, &p.text);
    fwrite(embedded_report_html, 1, (size_t)(at - embedded_report_html), p.file);
    e = write_data(&p, o, r);
    fputs(at + sizeof mark - 1, p.file);
    text_release(&p.text);
    if (ferror(p.file))
        e = e ? e : ERR_IO;
    if (fclose(p.file))
        e = e ? e : ERR_IO;
    return e;
}
