/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd sweep`: one artifact with many values of its params, ranked; in shards if wanted. */
#include "server/sweep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_info.h"
#include "core/log.h"
#include "server/options.h"
#include "server/subcommands.h"

static const char usage[] =
    "usage: traderd sweep --strategy FILE --candles [SYMBOL=]FILE... --set NAME=A..B:STEP...\n"
    "         [--random N] [--seed S] [--train PART] [--objective NAME] [--min-trades N]\n"
    "         [--jobs N] [--journal FILE] [--shard I/N]\n"
    "         [--out WINNER.json] [--table FILE.csv] [--json] [--quiet]\n"
    "         [of traderd backtest: --config, --funding, --detail, --from, --to, all terms]\n"
    "       traderd sweep --merge JOURNAL... [--out WINNER.json] [--table FILE.csv] [--json]\n";

static enum err invalid(struct diag_list *diags, const char *option, const char *text,
                        const char *hint)
{
    diag_hint(diag_add(diags, option, "invalid", "'%s' cannot be used here", text), "%s", hint);
    return ERR_INVALID;
}

/* ---- What was asked ---- */

/* Digits only, so that nothing is read in another way than it looks. */
static bool read_count(const char *text, size_t length, int64_t most, int64_t *out)
{
    char *end;
    long long n;

    if (length == 0 || length > 18 || strspn(text, "0123456789") < length)
        return false;
    n = strtoll(text, &end, 10);
    if (end != text + length || n > most)
        return false;
    *out = n;
    return true;
}

static enum err read_number(const char *option, const char *text, int64_t most,
                            struct diag_list *diags, int64_t *out)
{
    char hint[80];

    if (!text || read_count(text, strlen(text), most, out))
        return ERR_OK;
    (void)snprintf(hint, sizeof hint, "a whole number up to %" PRId64, most);
    return invalid(diags, option, text, hint);
}

static enum err read_shard(const struct sweep_words *w, struct diag_list *diags,
                           struct sweep_definition *d)
{
    const char *slash;

    if (!w->shard)
        return ERR_OK;
    slash = strchr(w->shard, '/');
    if (!slash || !read_count(w->shard, (size_t)(slash - w->shard), SWEEP_JOBS, &d->shard) ||
        !read_count(slash + 1, strlen(slash + 1), SWEEP_JOBS, &d->shard_count) || d->shard < 1 ||
        d->shard > d->shard_count)
        return invalid(diags, "--shard", w->shard, "I/N with I from 1 to N: 1/4, 2/4, 3/4, 4/4");
    if (w->journal && !w->out && !w->table && !w->is_json)
        return ERR_OK;
    diag_hint(diag_add(diags, "--shard", "invalid",
                       "a shard writes a --journal, and neither --out, --table nor --json"),
              "traderd sweep --merge JOURNAL... writes those from all shards");
    return ERR_INVALID;
}

static enum err read_words(const struct sweep_words *w, struct diag_list *diags,
                           struct sweep_definition *d, int64_t *workers)
{
    enum err e;

    *d = (struct sweep_definition){.min_trades = 1,
                                   .shard = 1,
                                   .shard_count = 1,
                                   .sets = w->sets,
                                   .set_count = w->set_count,
                                   .version = TRADERD_VERSION "+" TRADERD_REVISION};
    *workers = sysconf(_SC_NPROCESSORS_ONLN);
    if (*workers < 1 || *workers > SWEEP_WORKERS)
        *workers = *workers < 1 ? 1 : SWEEP_WORKERS;
    if (w->objective && sweep_metric_parse(w->objective, &d->objective))
        return invalid(diags, "--objective", w->objective,
                       "sharpe_ratio sortino_ratio calmar_ratio total_return cagr max_drawdown "
                       "profit_factor win_rate expectancy total_trades");
    e = read_number("--random", w->random, INT64_MAX, diags, &d->random);
    if (!e)
        e = read_number("--seed", w->seed, INT64_MAX, diags, &d->seed);
    if (!e)
        e = read_number("--min-trades", w->min_trades, INT64_MAX, diags, &d->min_trades);
    if (!e)
        e = read_number("--jobs", w->jobs, SWEEP_WORKERS, diags, workers);
    if (e)
        return e;
    if (*workers < 1)
        return invalid(diags, "--jobs", w->jobs, "how many threads, at least 1");
    if (w->random && d->random < 1)
        return invalid(diags, "--random", w->random, "how many combinations, at least 1");
    if (w->seed && !w->random)
        return invalid(diags, "--seed", w->seed, "a seed belongs to --random");
    return read_shard(w, diags, d);
}

/* ---- The result ---- */

static int show(const struct sweep_words *w, const struct sweep_plan *p,
                const struct sweep_row *rows, struct diag_list *diags)
{
    struct sweep_ranking k;
    enum err e = ERR_OK, next;

    sweep_rank(p, rows, &k);
    if (w->table)
        e = sweep_write_csv(w->table, p, rows, &k, diags);
    if (w->is_json) {
        next = sweep_print_json(p, rows, &k);
        if (next)
            (void)diag_add(diags, "--json", "file", "the result could not be written");
        e = e ? e : next;
    } else if (!w->is_quiet) {
        sweep_print(p, rows, &k);
    }
    if (w->out) {
        next = sweep_write_winner(w->out, p, rows, &k, diags);
        e = e ? e : next;
    }
    sweep_ranking_release(&k);
    if (e)
        options_print_diags(diags, e);
    return e ? EXIT_FAILED : EXIT_DONE;
}

static int merge(const struct sweep_words *w, struct diag_list *diags)
{
    struct sweep_plan *p = NULL;
    struct sweep_row *rows = NULL;
    int status = EXIT_USAGE;
    enum err e = sweep_journal_merge(w->merges, w->merge_count, diags, &p, &rows);

    if (e)
        options_print_diags(diags, e);
    else
        status = show(w, p, rows, diags);
    free(rows);
    sweep_plan_free(p);
    return status;
}

/* ---- The run ---- */

/* Everything that is open while a sweep runs. */
struct sweep {
    struct backtest_market market;
    struct text artifact, header;
    struct sweep_plan *plan;
    struct sweep_row *rows;
    struct sweep_journal journal;
};

static enum err read_artifact(const struct sweep_words *w, struct diag_list *diags, struct sweep *s)
{
    const char *path = w->market.strategy_count > 0
                           ? w->market.strategies[0]
                           : config_text(s->market.config, CONFIG_strategy);
    enum err e = text_read_file(&s->artifact, path);

    if (e)
        (void)diag_add(diags, path, "file", "cannot read the file: %s",
                       e == ERR_LIMIT ? "it is too large" : strerror(errno));
    return e;
}

static enum err open_sweep(const struct sweep_words *w, struct diag_list *diags,
                           struct sweep_definition *d, struct sweep *s)
{
    enum err e;

    if (w->market.strategy_count > 1 ||
        (w->market.strategy_count == 1 && strcmp(w->market.strategies[0], "-") == 0))
        return invalid(diags, "--strategy", w->market.strategies[w->market.strategy_count - 1],
                       "one artifact, as a file");
    e = backtest_open(&w->market, diags, &s->market);
    if (!e)
        e = read_artifact(w, diags, s);
    if (e)
        return e;
    d->artifact = s->artifact.data;
    d->artifact_length = s->artifact.length;
    d->feed_id = s->market.market.feed_id;
    d->options = &s->market.options;
    sweep_header_write(d, &s->header);
    if (s->header.full)
        return ERR_LIMIT;
    e = sweep_plan_new(s->header.data, s->header.length, diags, &s->plan);
    if (e)
        return e;
    s->rows = xcalloc((size_t)s->plan->jobs, sizeof *s->rows);
    if (!w->journal)
        return ERR_OK;
    return sweep_journal_open(w->journal, &s->header, s->plan, s->rows, diags, &s->journal);
}

static void tell_warning(void *context, const char *sentence)
{
    (void)context;
    fprintf(stderr, "traderd: warning: %s\n", sentence);
}

static int finish(const struct sweep_words *w, const struct sweep *s, struct diag_list *diags)
{
    if (!w->shard)
        return show(w, s->plan, s->rows, diags);
    if (!w->is_quiet)
        printf("shard %s: %" PRId64 " of %" PRId64 " jobs are in %s\n", w->shard,
               sweep_mine(s->plan), s->plan->jobs, w->journal);
    return EXIT_DONE;
}

static int run(const struct sweep_words *w, struct diag_list *diags)
{
    struct sweep *s = xcalloc(1, sizeof *s);
    struct sweep_definition d;
    int64_t workers = 0;
    int status = EXIT_USAGE;
    enum err e = read_words(w, diags, &d, &workers);

    s->journal.fd = -1;
    text_init(&s->artifact, LIMIT_JSON_BYTES);
    text_init(&s->header, SWEEP_HEADER_BYTES);
    if (!e)
        e = open_sweep(w, diags, &d, s);
    if (!e) {
        backtest_warn(&s->market.options, NULL, tell_warning, NULL);
        const struct sweep_run r = {s->plan,         &s->market.options,
                                    s->rows,         w->journal ? &s->journal : NULL,
                                    (size_t)workers, isatty(STDERR_FILENO) && !w->is_quiet};

        e = sweep_run(&r, diags);
        status = e == ERR_IO ? EXIT_FAILED : EXIT_USAGE;
    }
    if (!e)
        status = finish(w, s, diags);
    else if (diags->count > 0 || s->market.config) /* options_config has told its own */
        options_print_diags(diags, e);
    sweep_journal_close(&s->journal);
    free(s->rows);
    sweep_plan_free(s->plan);
    text_release(&s->header);
    text_release(&s->artifact);
    backtest_close(&s->market);
    free(s);
    return status;
}

/* ---- The words ---- */

static bool take_lists(int *count, char **arguments, struct sweep_words *w)
{
    struct backtest_words *m = &w->market;

    return options_take_list(count, arguments, "--strategy", m->strategies, COUNT_OF(m->strategies),
                             &m->strategy_count) &&
           options_take_list(count, arguments, "--candles", m->candles, COUNT_OF(m->candles),
                             &m->candle_count) &&
           options_take_list(count, arguments, "--funding", m->fundings, COUNT_OF(m->fundings),
                             &m->funding_count) &&
           options_take_list(count, arguments, "--detail", m->details, COUNT_OF(m->details),
                             &m->detail_count) &&
           options_take_list(count, arguments, "--tick", m->ticks, COUNT_OF(m->ticks),
                             &m->tick_count) &&
           options_take_list(count, arguments, "--lot", m->lots, COUNT_OF(m->lots),
                             &m->lot_count) &&
           options_take_list(count, arguments, "--min-notional", m->minima, COUNT_OF(m->minima),
                             &m->minimum_count) &&
           options_take_list(count, arguments, "--set", w->sets, COUNT_OF(w->sets), &w->set_count);
}

/* Journals say themselves what was swept and how it is ranked. */
static bool take_merge_words(int count, char **arguments, struct sweep_words *w)
{
    const struct option options[] = {
        {"--out", &w->out, NULL},
        {"--table", &w->table, NULL},
        {"--json", NULL, &w->is_json},
        {"--quiet", NULL, &w->is_quiet},
    };
    size_t words;

    return options_parse(count, arguments, options, COUNT_OF(options), NULL, 0, &words);
}

static bool take_words(int count, char **arguments, struct sweep_words *w)
{
    struct backtest_words *m = &w->market;
    const struct option options[] = {
        {"--config", &m->config, NULL},
        {"--from", &m->from, NULL},
        {"--to", &m->to, NULL},
        {"--train", &m->train, NULL},
        {"--fee", &m->fee, NULL},
        {"--fee-in", &m->fee_in, NULL},
        {"--slippage", &m->slippage, NULL},
        {"--tolerance", &m->tolerance, NULL},
        {"--volume-cap", &m->volume_cap, NULL},
        {"--intrabar", &m->intrabar, NULL},
        {"--limit-fill", &m->limit_fill, NULL},
        {"--starting-equity", &m->starting_equity, NULL},
        {"--min-confidence", &m->min_confidence, NULL},
        {"--max-drawdown", &m->max_drawdown, NULL},
        {"--max-open-positions", &m->max_open_positions, NULL},
        {"--random", &w->random, NULL},
        {"--seed", &w->seed, NULL},
        {"--jobs", &w->jobs, NULL},
        {"--objective", &w->objective, NULL},
        {"--min-trades", &w->min_trades, NULL},
        {"--journal", &w->journal, NULL},
        {"--out", &w->out, NULL},
        {"--table", &w->table, NULL},
        {"--shard", &w->shard, NULL},
        {"--json", NULL, &w->is_json},
        {"--quiet", NULL, &w->is_quiet},
    };
    size_t words;

    return take_lists(&count, arguments, w) &&
           options_parse(count, arguments, options, COUNT_OF(options), NULL, 0, &words);
}

int subcommand_sweep(int count, char **arguments)
{
    struct sweep_words *w = xcalloc(1, sizeof *w);
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    int status = EXIT_USAGE;

    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_AUTO, 2);
    if (count == 0)
        fputs(usage, stderr);
    else if (!options_take_list(&count, arguments, "--merge", w->merges, COUNT_OF(w->merges),
                                &w->merge_count))
        status = EXIT_USAGE;
    else if (w->merge_count > 0)
        status = take_merge_words(count, arguments, w) ? merge(w, diags) : EXIT_USAGE;
    else if (take_words(count, arguments, w))
        status = run(w, diags);
    free(diags);
    free(w);
    return status;
}
