/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd backtest`: plays strategies over recorded candles and shows what they did. */
#include "server/backtest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/jwriter.h"
#include "core/log.h"
#include "server/options.h"
#include "server/subcommands.h"

enum {
    JSON_BUFFER = 64 * 1024 * 1024, /* drained long before */
    DRAIN_BYTES = 256 * 1024,
    BAR_CELLS = 30,
    BAR_EVERY_US = 100 * 1000
};

static const char usage[] =
    "usage: traderd backtest --strategy FILE... --candles [SYMBOL=]FILE... [--config FILE]\n"
    "         [--funding [SYMBOL=]FILE...] [--detail [SYMBOL=]FILE...]\n"
    "         [--from T] [--to T] [--windows N | --train PART]\n"
    "         [--fee R] [--fee-in quote|received] [--slippage BPS]\n"
    "         [--tolerance BPS] [--volume-cap R]\n"
    "         [--intrabar pessimistic|adaptive|detail] [--limit-fill touch|through]\n"
    "         [--starting-equity M] [--min-confidence R] [--max-drawdown R]\n"
    "         [--max-open-positions N] [--tick SYMBOL=P...] [--lot SYMBOL=S...]\n"
    "         [--min-notional SYMBOL=M...] [--whole-engine]\n"
    "         [--json] [--trades FILE.csv] [--signals FILE.csv] [--report FILE.html] [--quiet]\n";

/* ---- The bar ---- */

struct bar {
    bool is_shown;
    int64_t begun_us, drawn_us;
};

static bool bar_draw(void *context, int64_t done, int64_t total)
{
    struct bar *b = context;
    int64_t now_us = clock_monotonic_us(), passed_us = now_us - b->begun_us;
    int cells = total > 0 ? (int)(done * BAR_CELLS / total) : BAR_CELLS;

    if (now_us - b->drawn_us < BAR_EVERY_US)
        return true;
    b->drawn_us = now_us;
    b->is_shown = true;
    fprintf(stderr, "\r[%.*s%*s] %3d %%  %" PRId64 " s left ", cells,
            "##############################", BAR_CELLS - cells, "",
            total > 0 ? (int)(done * 100 / total) : 100,
            done > 0 ? passed_us * (total - done) / done / US_PER_S : 0);
    fflush(stderr);
    return true;
}

static void bar_clear(const struct bar *b)
{
    if (b->is_shown)
        fprintf(stderr, "\r%*s\r", BAR_CELLS + 24, "");
}

/* ---- JSON ---- */

static bool json_row(void *context, const struct backtest_place *place)
{
    struct text *t = context;

    (void)place;
    if (t->length >= DRAIN_BYTES) {
        fwrite(t->data, 1, t->length, stdout);
        text_clear(t);
    }
    return !ferror(stdout);
}

static enum err print_json(const struct backtest_options *o, const struct backtest_result *r)
{
    struct text t;
    struct jwriter w;
    const struct backtest_paper paper = {&w, json_row, &t};
    enum err e;

    text_init(&t, JSON_BUFFER);
    jwriter_init(&w, JSTYLE_COMPACT, &t);
    e = backtest_write(&paper, o, r);
    ASSERT(jwriter_ok(&w));
    text_char(&t, '\n');
    if (!e)
        fwrite(t.data, 1, t.length, stdout);
    text_release(&t);
    return fflush(stdout) || ferror(stdout) ? ERR_IO : ERR_OK;
}

/* ---- The run ---- */

static int tell_failure(const char *what)
{
    fprintf(stderr, "traderd: %s could not be written\n", what);
    return EXIT_FAILED;
}

static int show(const struct backtest_words *w, const struct backtest_options *o,
                const struct backtest_result *r)
{
    if (w->trades && backtest_write_trades(w->trades, r))
        return tell_failure(w->trades);
    if (w->signals && backtest_write_signals(w->signals, r))
        return tell_failure(w->signals);
    if (w->report && backtest_write_page(w->report, o, r))
        return tell_failure(w->report);
    if (w->is_json && print_json(o, r))
        return tell_failure("the result");
    if (!w->is_json && !w->is_quiet)
        backtest_print(o, r);
    return EXIT_DONE;
}

static int run(const struct backtest_words *w, struct diag_list *diags)
{
    struct backtest_market *m = xcalloc(1, sizeof *m);
    struct bar bar = {.begun_us = clock_monotonic_us()};
    struct backtest_result r;
    int status = EXIT_USAGE;
    enum err e = backtest_open(w, diags, m);

    if (!e) {
        m->options.path = w->is_whole ? BACKTEST_WHOLE : BACKTEST_ANY;
        m->options.keeps_signals = w->signals != NULL;
        /* The tables need no list of what was traded. */
        m->options.metrics_only = !w->trades && !w->signals && !w->report && !w->is_json;
        m->options.progress = isatty(STDERR_FILENO) && !w->is_quiet ? bar_draw : NULL;
        m->options.context = &bar;
        e = backtest_run(&m->options, diags, &r);
        bar_clear(&bar);
        if (!e) {
            status = show(w, &m->options, &r);
            backtest_result_release(&r);
        } else if (diags->count == 0) {
            status = EXIT_FAILED; /* nothing that was given is wrong */
        }
    }
    if (e && (diags->count > 0 || m->config)) /* options_config has told its own */
        options_print_diags(diags, e);
    backtest_close(m);
    free(m);
    return status;
}

static bool take_lists(int *count, char **arguments, struct backtest_words *w)
{
    return options_take_list(count, arguments, "--strategy", w->strategies, COUNT_OF(w->strategies),
                             &w->strategy_count) &&
           options_take_list(count, arguments, "--candles", w->candles, COUNT_OF(w->candles),
                             &w->candle_count) &&
           options_take_list(count, arguments, "--funding", w->fundings, COUNT_OF(w->fundings),
                             &w->funding_count) &&
           options_take_list(count, arguments, "--detail", w->details, COUNT_OF(w->details),
                             &w->detail_count) &&
           options_take_list(count, arguments, "--tick", w->ticks, COUNT_OF(w->ticks),
                             &w->tick_count) &&
           options_take_list(count, arguments, "--lot", w->lots, COUNT_OF(w->lots),
                             &w->lot_count) &&
           options_take_list(count, arguments, "--min-notional", w->minima, COUNT_OF(w->minima),
                             &w->minimum_count);
}

static bool take_words(int count, char **arguments, struct backtest_words *w)
{
    const struct option options[] = {
        {"--config", &w->config, NULL},
        {"--from", &w->from, NULL},
        {"--to", &w->to, NULL},
        {"--windows", &w->windows, NULL},
        {"--train", &w->train, NULL},
        {"--fee", &w->fee, NULL},
        {"--fee-in", &w->fee_in, NULL},
        {"--slippage", &w->slippage, NULL},
        {"--tolerance", &w->tolerance, NULL},
        {"--volume-cap", &w->volume_cap, NULL},
        {"--intrabar", &w->intrabar, NULL},
        {"--limit-fill", &w->limit_fill, NULL},
        {"--starting-equity", &w->starting_equity, NULL},
        {"--min-confidence", &w->min_confidence, NULL},
        {"--max-drawdown", &w->max_drawdown, NULL},
        {"--max-open-positions", &w->max_open_positions, NULL},
        {"--trades", &w->trades, NULL},
        {"--signals", &w->signals, NULL},
        {"--report", &w->report, NULL},
        {"--json", NULL, &w->is_json},
        {"--whole-engine", NULL, &w->is_whole},
        {"--quiet", NULL, &w->is_quiet},
    };
    size_t words;

    return take_lists(&count, arguments, w) &&
           options_parse(count, arguments, options, COUNT_OF(options), NULL, 0, &words);
}

int subcommand_backtest(int count, char **arguments)
{
    struct backtest_words *w = xcalloc(1, sizeof *w);
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    int status = EXIT_USAGE;

    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_AUTO, 2);
    if (count == 0)
        fputs(usage, stderr);
    else if (take_words(count, arguments, w))
        status = run(w, diags);
    free(diags);
    free(w);
    return status;
}
