/* SPDX-License-Identifier: Apache-2.0 */
/* Metric families: trading from the newest snapshot, the process from /proc, HTTP and the database
 * from their counters. */
#include "handlers/prometheus.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"
#include "handlers/anchor_board.h"
#include "handlers/exposition.h"
#include "handlers/process_stats.h"

/* How old a rendering may be. */
#define PROMETHEUS_FRESH_US (100 * US_PER_MS)

struct output {
    struct text *out;
    bool openmetrics;
};

static void family(const struct output *o, enum exposition_kind kind, const char *name,
                   const char *help)
{
    exposition_family(o->out, o->openmetrics, kind, name, help);
}

static void gauge(const struct output *o, const char *name, const char *help, double value)
{
    family(o, EXPOSITION_GAUGE, name, help);
    exposition_number(o->out, name, value);
}

/* name without "_total". */
static void counter(const struct output *o, const char *name, const char *help, uint64_t value)
{
    family(o, EXPOSITION_COUNTER, name, help);
    text_format(o->out, "%s_total %llu\n", name, (unsigned long long)value);
}

static void print_build(const struct output *o, const struct handlers *h)
{
    family(o, EXPOSITION_INFO, "traderd_build", "What this daemon was built from.");
    text_string(o->out, "traderd_build_info{version=\"");
    exposition_label(o->out, h->version);
    text_string(o->out, "\",revision=\"");
    exposition_label(o->out, h->revision);
    text_string(o->out, "\"} 1\n");
}

static void print_loop(const struct output *o, const struct snapshot *s)
{
    family(o, EXPOSITION_STATESET, "traderd_loop_state", "State of the trading loop.");
    for (int i = 0; i < LOOP_STATE_COUNT_; i++) {
        /* In OpenMetrics the label of a state set has the family's name. */
        text_format(o->out, "traderd_loop_state{%s=\"%s\"} %d\n",
                    o->openmetrics ? "traderd_loop_state" : "state",
                    loop_state_name((enum loop_state)i), s->state == (enum loop_state)i);
    }
    counter(o, "traderd_cycles", "Trading cycles of this account.",
            (uint64_t)s->account.cycle_count);
    counter(o, "traderd_cycle_errors", "Cycles that failed since start.",
            (uint64_t)s->cycle_errors);
    gauge(o, "traderd_deadman_timestamp_seconds",
          "Wall time until which the dead-man switch has to be renewed; 0: not armed.",
          s->renew_until_wall_us == TIME_NONE ? 0 : (double)s->renew_until_wall_us / 1e6);
    counter(o, "traderd_deadman_lapses", "Times the dead-man switch was not renewed, since start.",
            (uint64_t)s->lapses);
    counter(o, "traderd_symbol_errors", "Symbols skipped in a cycle since start.",
            (uint64_t)s->symbol_errors);
    counter(o, "traderd_journal_failures", "Commits that had to be tried again since start.",
            (uint64_t)s->journal_failures);
    gauge(o, "traderd_journal_waiting", "1 while a commit waits for the database.",
          s->journal_waiting);
    gauge(o, "traderd_market_data_timestamp_seconds", "Feed time of the newest cycle.",
          s->last_cycle_us == TIME_NONE ? 0 : (double)s->last_cycle_us / 1e6);
    gauge(o, "traderd_last_cycle_timestamp_seconds", "Wall time of the newest cycle.",
          s->last_cycle_wall_us <= 0 ? 0 : (double)s->last_cycle_wall_us / 1e6);
}

static void print_latency(const struct output *o, const struct snapshot *s)
{
    static const char name[] = "traderd_order_latency_seconds";

    family(o, EXPOSITION_HISTOGRAM, name, "From one stage of a live order to the next.");
    for (int stage = 0; stage < QUALITY_STAGE_COUNT_; stage++) {
        const char *label = quality_stage_name((enum quality_stage)stage);
        uint64_t sum = 0;

        for (size_t i = 0; i < QUALITY_TIMES; i++) {
            sum += s->quality.times[stage][i];
            text_format(o->out, "%s_bucket{stage=\"%s\",le=\"", name, label);
            exposition_seconds(o->out, quality_time_us[i]);
            text_format(o->out, "\"} %llu\n", (unsigned long long)sum);
        }
        text_format(o->out, "%s_bucket{stage=\"%s\",le=\"+Inf\"} %llu\n%s_sum{stage=\"%s\"} ", name,
                    label, (unsigned long long)s->quality.time_count[stage], name, label);
        exposition_seconds(o->out, s->quality.time_total_us[stage]);
        text_format(o->out, "\n%s_count{stage=\"%s\"} %llu\n", name, label,
                    (unsigned long long)s->quality.time_count[stage]);
    }
}

static void print_slippage(const struct output *o, const struct snapshot *s)
{
    static const char name[] = "traderd_fill_slippage_bps";
    uint64_t sum = 0;

    family(o, EXPOSITION_HISTOGRAM, name,
           "Live fills against the decision price; worse is positive.");
    for (size_t i = 0; i < QUALITY_BPS; i++) {
        sum += s->quality.slippage[i];
        text_format(o->out, "%s_bucket{le=\"%lld.0\"} %llu\n", name,
                    (long long)quality_slippage_bps[i], (unsigned long long)sum);
    }
    text_format(o->out, "%s_bucket{le=\"+Inf\"} %llu\n", name,
                (unsigned long long)s->quality.slippage_count);
    exposition_number(o->out, "traderd_fill_slippage_bps_sum", s->quality.slippage_total_bps);
    text_format(o->out, "%s_count %llu\n", name, (unsigned long long)s->quality.slippage_count);
}

static void print_cycle_time(const struct output *o, const struct snapshot *s)
{
    static const char name[] = "traderd_engine_cycle_seconds";
    uint64_t sum = 0;

    family(o, EXPOSITION_HISTOGRAM, name, "Wall time a trading cycle took.");
    for (size_t i = 0; i < COUNT_OF(snapshot_bucket_us); i++) {
        sum += s->cycle_buckets[i];
        text_format(o->out, "%s_bucket{le=\"", name);
        exposition_seconds(o->out, snapshot_bucket_us[i]);
        text_format(o->out, "\"} %llu\n", (unsigned long long)sum);
    }
    sum += s->cycle_buckets[COUNT_OF(s->cycle_buckets) - 1];
    text_format(o->out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum ", name, (unsigned long long)sum,
                name);
    exposition_seconds(o->out, (int64_t)s->cycle_total_us);
    text_format(o->out, "\n%s_count %llu\n", name, (unsigned long long)sum);
}

static void print_trades(const struct output *o, const struct snapshot *s)
{
    const struct performance_report *r = &s->report;
    const char *mode = trading_mode_name(s->account.mode);

    family(o, EXPOSITION_COUNTER, "traderd_trades", "Closed round trips by result.");
    text_format(o->out, "traderd_trades_total{mode=\"%s\",result=\"win\"} %lld\n", mode,
                (long long)r->wins);
    text_format(o->out, "traderd_trades_total{mode=\"%s\",result=\"loss\"} %lld\n", mode,
                (long long)r->losses);
    text_format(o->out, "traderd_trades_total{mode=\"%s\",result=\"breakeven\"} %lld\n", mode,
                (long long)r->breakeven);
    gauge(o, "traderd_win_ratio", "Winning share of closed round trips.",
          r->win_rate.undefined ? NAN : r->win_rate.value);
    gauge(o, "traderd_profit_factor_ratio", "Sum of wins over sum of losses.",
          r->profit_factor.undefined ? NAN : r->profit_factor.value);
    gauge(o, "traderd_sharpe_ratio", "Annualised, from daily returns.",
          r->sharpe_ratio.undefined ? NAN : r->sharpe_ratio.value);
    family(o, EXPOSITION_GAUGE, "traderd_equity_quote", "Equity in the account's currency.");
    text_string(o->out, "traderd_equity_quote{currency=\"");
    exposition_label(o->out, s->account.quote);
    text_string(o->out, "\"} ");
    exposition_value(o->out, money_to_double(s->equity));
    text_char(o->out, '\n');
    gauge(o, "traderd_cash_quote", "Cash in the account's currency.",
          money_to_double(s->account.cash));
    gauge(o, "traderd_realized_pnl_quote", "Realised profit, net of fees; can fall.",
          money_to_double(r->current_pnl));
    gauge(o, "traderd_unrealized_pnl_quote", "Unrealised profit at the newest prices.",
          money_to_double(s->unrealized));
    gauge(o, "traderd_fees_paid_quote", "Fees paid.", money_to_double(r->fees_paid));
    family(o, EXPOSITION_GAUGE, "traderd_fees_other",
           "Fees paid in third assets, in these; no part of profit and cash.");
    for (size_t i = 0; i < s->other_fees.count; i++) {
        text_string(o->out, "traderd_fees_other{currency=\"");
        exposition_label(o->out, s->other_fees.list[i].currency);
        text_string(o->out, "\"} ");
        exposition_value(o->out, money_to_double(s->other_fees.list[i].amount));
        text_char(o->out, '\n');
    }
    gauge(o, "traderd_funding_paid_quote", "Funding paid by perpetuals; negative when received.",
          money_to_double(r->funding_paid));
    gauge(o, "traderd_exposure_quote", "Sum of open notionals.", money_to_double(s->exposure));
    gauge(o, "traderd_drawdown_ratio", "Deepest drawdown, a positive fraction of the peak.",
          ratio_to_double(r->max_drawdown));
    gauge(o, "traderd_open_positions", "Open positions.", (double)s->position_count);
    gauge(o, "traderd_open_orders", "Orders that have not ended.", (double)s->order_count);
}

static void print_signals(const struct output *o, const struct snapshot *s)
{
    family(o, EXPOSITION_COUNTER, "traderd_signals", "Signals by what became of them.");
    text_format(o->out, "traderd_signals_total{decision=\"accepted\"} %lld\n",
                (long long)s->account.signals_accepted);
    text_format(o->out, "traderd_signals_total{decision=\"denied\"} %lld\n",
                (long long)s->account.signals_denied);
    counter(o, "traderd_orders_rejected", "Orders the venue rejected.",
            (uint64_t)s->account.orders_rejected);
    counter(o, "traderd_log_entries", "Entries of the trade log.", (uint64_t)s->account.log_size);
}

/* How the engine stands with a real venue; all 0 with the simulated one. */
static void print_venue(const struct output *o, const struct snapshot_venue *v)
{
    gauge(o, "traderd_position_unprotected_seconds",
          "How long the position that lacks a confirmed stop for longest has lacked it.",
          (double)v->unprotected_us / US_PER_S);
    gauge(o, "traderd_orders_unknown", "Orders of which it is not known whether they exist.",
          (double)v->unknown_orders);
    gauge(o, "traderd_symbols_halted", "Symbols that take no entries.", (double)v->symbols_halted);
    gauge(o, "traderd_strategies_off",
          "Strategies and symbols whose entries the venue's filters refused twice.",
          (double)v->strategies_off);
    gauge(o, "traderd_entries_halted", "1 when the venue's refusals stopped all entries.",
          v->entries_halted);
    gauge(o, "traderd_foreign_orders", "Open orders on the account that are not ours.",
          (double)v->foreign_orders);
    gauge(o, "traderd_cash_short", "What the venue has less of the quote currency than our books.",
          money_to_double(v->cash_short));
    counter(o, "traderd_foreign_funding", "Funding payments at which nothing of ours was held.",
            (uint64_t)v->foreign_incomes);
    counter(o, "traderd_late_fills", "Fills of orders that had ended.", (uint64_t)v->late_fills);
    counter(o, "traderd_reconcile_mismatches",
            "Differences found between the venue's books and ours.", (uint64_t)v->mismatches);
    counter(o, "traderd_reconcile_adoptions", "Positions taken over as the venue held them.",
            (uint64_t)v->adoptions);
}

static void label(const struct output *o, const char *name, const char *key, const char *value)
{
    text_format(o->out, "%s{%s=\"", name, key);
    exposition_label(o->out, value);
    text_char(o->out, '"');
}

/* Names are few: LIMIT_STRATEGIES and LIMIT_EXT_VALUES bound them. */
static void print_strategies(const struct output *o, const struct snapshot *s)
{
    static const char positions[] = "traderd_strategy_open_positions";
    static const char warm[] = "traderd_strategy_is_warm";
    static const char age[] = "traderd_ext_value_age_seconds";

    gauge(o, "traderd_strategies", "Strategies that trade, or manage what they hold.",
          (double)s->strategy_count);
    family(o, EXPOSITION_GAUGE, positions, "Open positions by strategy.");
    for (size_t i = 0; i < s->strategy_count; i++) {
        label(o, positions, "strategy", s->strategies[i].slot.name);
        text_format(o->out, "} %zu\n", s->strategies[i].open_positions);
    }
    family(o, EXPOSITION_GAUGE, warm, "1 when the strategy has seen the candles it needs.");
    for (size_t i = 0; i < s->strategy_count; i++) {
        label(o, warm, "strategy", s->strategies[i].slot.name);
        text_format(o->out, "} %d\n", s->strategies[i].seen >= s->strategies[i].warmup);
    }
    family(o, EXPOSITION_GAUGE, age, "Age of values from outside, by the engine's time.");
    for (size_t i = 0; i < s->ext_value_count; i++) {
        label(o, age, "name", s->ext_values[i].name);
        text_string(o->out, ",symbol=\"");
        exposition_label(o->out, s->ext_values[i].symbol);
        text_string(o->out, "\"} ");
        exposition_seconds(o->out, s->as_of_us - s->ext_values[i].at_us);
        text_char(o->out, '\n');
    }
}

static void print_database(const struct output *o, struct handlers *h)
{
    struct store_stats d = {0};

    store_stats(h->store, &d);
    gauge(o, "traderd_leader", "1 while this daemon trades the account.", handlers_leads(h));
    gauge(o, "traderd_db_up", "1 when the newest ping of the database was answered.",
          atomic_load(&h->database_error) == ERR_OK);
    gauge(o, "traderd_db_pool_connections", "Connections of the pool.", d.connections);
    gauge(o, "traderd_db_pool_in_use", "Connections in use.", d.in_use);
    counter(o, "traderd_db_commits", "Commits.", d.commits);
    counter(o, "traderd_db_commit_retries", "Commits tried again.", d.commit_retries);
    counter(o, "traderd_db_reconnects", "Connections made anew.", d.reconnects);
    counter(o, "traderd_db_errors", "Statements that failed.", d.errors);
}

static void age_of(const struct output *o, const char *name, const char *help,
                   const struct anchor_mark *m)
{
    gauge(o, name, help, m->size ? (double)(clock_wall_us() - m->at_us) / 1e6 : NAN);
}

/* Nothing when nobody is asked to attest the log. */
static void print_anchors(const struct output *o, struct handlers *h)
{
    static const char failures[] = "traderd_anchor_failures";
    static const char state[] = "traderd_anchor_state";
    struct anchor_status *s;

    if (!h->anchors)
        return;
    s = xmalloc(sizeof *s);
    anchor_board_read(h->anchors, s);
    gauge(o, "traderd_log_cosigned_size", "Largest size that the quorum of witnesses cosigned.",
          (double)s->cosigned.size);
    age_of(o, "traderd_log_cosigned_age_seconds", "Age of the newest quorum of cosignatures.",
           &s->cosigned);
    gauge(o, "traderd_log_anchored_size", "Largest size that an authority time stamped.",
          (double)s->stamped.size);
    age_of(o, "traderd_log_anchored_age_seconds", "Age of the newest time stamp.", &s->stamped);
    family(o, EXPOSITION_COUNTER, failures, "Requests to an attesting party that failed.");
    for (size_t i = 0; i < s->count; i++) {
        text_format(o->out, "%s_total{source=\"", failures);
        exposition_label(o->out, s->parties[i].source);
        text_format(o->out, "\"} %llu\n", (unsigned long long)s->parties[i].failures);
    }
    family(o, EXPOSITION_STATESET, state, "How it stands with an attesting party.");
    for (size_t i = 0; i < s->count; i++) {
        for (int k = 0; k < ANCHOR_STATE_COUNT_; k++) {
            label(o, state, "source", s->parties[i].source);
            text_format(o->out, ",%s=\"%s\"} %d\n", o->openmetrics ? state : "state",
                        anchor_state_name((enum anchor_state)k), (int)s->parties[i].state == k);
        }
    }
    free(s);
}

static void print_process(const struct output *o, const struct handlers *h)
{
    struct process_stats p;

    process_stats_read(&p);
    family(o, EXPOSITION_COUNTER, "process_cpu_seconds", "User and system time.");
    text_string(o->out, "process_cpu_seconds_total ");
    exposition_value(o->out, p.cpu_seconds);
    text_char(o->out, '\n');
    gauge(o, "process_resident_memory_bytes", "Resident memory.", p.resident_bytes);
    gauge(o, "process_virtual_memory_bytes", "Virtual memory.", p.virtual_bytes);
    gauge(o, "process_open_fds", "Open file descriptors.", p.open_fds);
    gauge(o, "process_max_fds", "Most file descriptors allowed.", p.max_fds);
    gauge(o, "process_threads", "Threads.", p.threads);
    gauge(o, "process_start_time_seconds", "Start, in Unix time.",
          (double)h->started_wall_us / 1e6);
}

static void print_log_lines(const struct output *o)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};

    family(o, EXPOSITION_COUNTER, "traderd_log_lines", "Log lines written by level.");
    for (int i = 0; i < (int)COUNT_OF(levels); i++)
        text_format(o->out, "traderd_log_lines_total{level=\"%s\"} %llu\n", levels[i],
                    (unsigned long long)log_count((enum log_level)i));
}

static void prometheus_render(struct handlers *h, bool openmetrics, struct text *out)
{
    struct snapshot *s = engine_snapshot(h->engine);
    struct output o = {out, openmetrics};

    print_build(&o, h);
    print_loop(&o, s);
    print_latency(&o, s);
    print_slippage(&o, s);
    print_cycle_time(&o, s);
    print_trades(&o, s);
    print_signals(&o, s);
    print_venue(&o, &s->venue);
    venue_print(h, openmetrics, out);
    print_strategies(&o, s);
    print_database(&o, h);
    print_anchors(&o, h);
    http_stats_print(&h->stats, openmetrics, out);
    print_log_lines(&o);
    print_process(&o, h);
    if (openmetrics)
        text_string(out, "# EOF\n");
    snapshot_release(s);
}

/* The newest rendering of each dialect.  Many scrapers within a tenth of a second share one: the
 * text costs more to print than to send. */
static struct {
    pthread_mutex_t mutex;
    struct text text;
    int64_t made_us;
} rendered[2] = {{.mutex = PTHREAD_MUTEX_INITIALIZER}, {.mutex = PTHREAD_MUTEX_INITIALIZER}};

void prometheus_print(struct handlers *h, bool openmetrics, struct text *out)
{
    int64_t now = clock_monotonic_us();

    pthread_mutex_lock(&rendered[openmetrics].mutex);
    if (rendered[openmetrics].made_us == 0 ||
        now - rendered[openmetrics].made_us > PROMETHEUS_FRESH_US) {
        if (!rendered[openmetrics].text.max)
            text_init(&rendered[openmetrics].text, out->max);
        text_clear(&rendered[openmetrics].text);
        prometheus_render(h, openmetrics, &rendered[openmetrics].text);
        rendered[openmetrics].made_us = now;
    }
    text_append(out, rendered[openmetrics].text.data, rendered[openmetrics].text.length);
    pthread_mutex_unlock(&rendered[openmetrics].mutex);
}
