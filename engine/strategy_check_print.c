/* SPDX-License-Identifier: Apache-2.0 */
/* A check's report: as JSON for programs, as lines for people. */
#include "engine/strategy_check.h"

#include <math.h>
#include <string.h>

static void write_verdict(struct jwriter *w, enum check_verdict v)
{
    jw_member_text(w, "verdict", check_verdict_name(v));
}

static void write_statistic(struct jwriter *w, const char *key, const struct statistic *s)
{
    jw_member_double(w, key, s->undefined ? NAN : s->value);
}

static void write_truncation(struct jwriter *w, const struct check_truncation *t)
{
    jw_key(w, "truncation");
    jw_object(w);
    write_verdict(w, t->verdict);
    jw_member_integer(w, "samples", t->samples);
    jw_member_integer(w, "compared", t->compared);
    jw_member_integer(w, "differences", t->differences);
    if (t->differences == 0) {
        jw_member_null(w, "first");
    } else {
        jw_key(w, "first");
        jw_object(w);
        jw_member_text(w, "symbol", t->first.symbol);
        jw_member_text(w, "column", t->first.column);
        jw_member_time(w, "candle", t->first.candle_us);
        jw_member_double(w, "whole", t->first.whole);
        jw_member_double(w, "truncated", t->first.truncated);
        jw_object_end(w);
    }
    jw_object_end(w);
}

/* 0: not within the candles there are. */
static void write_needed(struct jwriter *w, const char *key, int64_t candles)
{
    if (candles > 0)
        jw_member_integer(w, key, candles);
    else
        jw_member_null(w, key);
}

static void write_warmup_row(struct jwriter *w, const struct check_warmup *t,
                             const struct check_warmup_row *row)
{
    jw_object(w);
    jw_member_text(w, "name", row->name);
    write_verdict(w, row->verdict);
    jw_member_double(w, "percent_at_warmup", row->percent_at_warmup);
    write_needed(w, "needed_1e3", row->needed_1e3);
    write_needed(w, "needed_1e6", row->needed_1e6);
    jw_key(w, "percent");
    jw_array(w);
    for (size_t k = 0; k < t->start_count; k++)
        jw_double(w, row->percent[k]);
    jw_array_end(w);
    jw_object_end(w);
}

static void write_warmup(struct jwriter *w, const struct check_warmup *t)
{
    jw_key(w, "warmup");
    jw_object(w);
    write_verdict(w, t->verdict);
    jw_member_integer(w, "candles", t->candles);
    jw_member_integer(w, "places", (int64_t)t->places);
    jw_member_integer(w, "decisions", t->decisions);
    jw_member_integer(w, "decisions_differ", t->decisions_differ);
    jw_key(w, "starts");
    jw_array(w);
    for (size_t k = 0; k < t->start_count; k++)
        jw_integer(w, t->starts[k]);
    jw_array_end(w);
    jw_key(w, "features");
    jw_array(w);
    for (size_t i = 0; i < t->row_count; i++)
        write_warmup_row(w, t, &t->rows[i]);
    jw_array_end(w);
    jw_object_end(w);
}

static void write_outcome(struct jwriter *w, const char *key, const struct check_outcome *o)
{
    jw_key(w, key);
    jw_object(w);
    jw_member_integer(w, "total_trades", o->trades);
    jw_member_money(w, "net_profit", o->net_profit, 8);
    write_statistic(w, "sharpe_ratio", &o->sharpe_ratio);
    write_statistic(w, "win_rate", &o->win_rate);
    jw_member_ratio(w, "max_drawdown", o->max_drawdown);
    jw_object_end(w);
}

static void write_delay(struct jwriter *w, const struct check_delay *d)
{
    jw_key(w, "delay");
    jw_object(w);
    write_verdict(w, d->verdict);
    jw_member_text(w, "note", d->note);
    write_outcome(w, "on_time", &d->on_time);
    write_outcome(w, "one_candle_late", &d->late);
    write_statistic(w, "relative_loss", &d->relative_loss);
    jw_object_end(w);
}

static void write_times(struct jwriter *w, const struct check_times *t)
{
    jw_key(w, "times");
    jw_object(w);
    write_verdict(w, t->verdict);
    jw_member_integer(w, "candles", t->candles);
    jw_member_integer(w, "filled_in", t->synthetic);
    jw_member_integer(w, "resets", t->resets);
    jw_member_time(w, "first_candle", t->first_us);
    jw_member_time(w, "last_candle", t->last_us);
    jw_member_integer(w, "early", t->early);
    jw_member_integer(w, "off_grid", t->off_grid);
    jw_member_integer(w, "unordered", t->unordered);
    jw_member_integer(w, "unclosed", t->future);
    jw_key(w, "longer_timeframes");
    jw_array(w);
    for (size_t i = 0; i < t->longer_count; i++) {
        jw_object(w);
        jw_member_text(w, "timeframe", timeframe_name(t->longer[i].timeframe_us));
        jw_member_integer(w, "compared", t->longer[i].compared);
        jw_member_integer(w, "differences", t->longer[i].differences);
        jw_object_end(w);
    }
    jw_array_end(w);
    jw_object_end(w);
}

void check_report_write(struct jwriter *w, const struct check_report *r)
{
    jw_object(w);
    write_verdict(w, r->verdict);
    jw_member_text(w, "strategy", r->name);
    jw_member_text(w, "strategy_id", r->id);
    jw_member_text(w, "timeframe", timeframe_name(r->timeframe_us));
    jw_member_integer(w, "seed", (int64_t)(r->seed & INT64_MAX));
    jw_key(w, "symbols");
    jw_array(w);
    for (size_t i = 0; i < r->symbol_count; i++)
        jw_text(w, r->symbols[i]);
    jw_array_end(w);
    jw_member_text(w, "unknown", r->unknown);
    write_truncation(w, &r->truncation);
    write_warmup(w, &r->warmup);
    write_delay(w, &r->delay);
    write_times(w, &r->times);
    jw_key(w, "metrics");
    jw_array(w);
    for (size_t i = 0; i < r->claim_count; i++) {
        jw_object(w);
        jw_member_text(w, "name", r->claims[i].name);
        jw_member_double(w, "claimed", r->claims[i].claimed);
        jw_member_double(w, "measured", r->claims[i].measured);
        jw_object_end(w);
    }
    jw_array_end(w);
    jw_object_end(w);
}

static void print_percent(struct text *t, double percent)
{
    if (isnan(percent))
        text_format(t, " %9s", "-");
    else if (isinf(percent))
        text_format(t, " %9s", "unknown");
    else
        text_format(t, " %9.2g", percent);
}

static void print_needed(struct text *t, int64_t candles)
{
    if (candles > 0)
        text_format(t, " %7lld", (long long)candles);
    else
        text_format(t, " %7s", "more");
}

static bool is_round(int64_t start)
{
    while (start > 50 && start % 2 == 0)
        start /= 2;
    return start == 50;
}

/* The columns that people read: doubling starts, and the warm-up itself. */
static bool is_shown(const struct check_warmup *w, size_t k)
{
    return w->starts[k] == w->candles || is_round(w->starts[k]);
}

static void print_warmup(struct text *t, const struct check_warmup *w)
{
    text_format(t, "%-8s warm-up: %lld candles; rules at %lld moments, %lld differ\n",
                check_verdict_name(w->verdict), (long long)w->candles, (long long)w->decisions,
                (long long)w->decisions_differ);
    if (w->decisions == 0)
        text_format(t, "         there are fewer candles than that: give more\n");
    if (w->row_count == 0)
        return;
    text_format(t, "         difference in %% after so many candles; how many until 1e-3, 1e-6\n");
    text_format(t, "         %-24s", "");
    for (size_t k = 0; k < w->start_count; k++)
        if (is_shown(w, k))
            text_format(t, " %8lld%s", (long long)w->starts[k],
                        w->starts[k] == w->candles ? "*" : " ");
    text_format(t, "    1e-3    1e-6\n");
    for (size_t i = 0; i < w->row_count; i++) {
        const struct check_warmup_row *row = &w->rows[i];

        text_format(t, "%-8s %-24s", check_verdict_name(row->verdict), row->name);
        for (size_t k = 0; k < w->start_count; k++)
            if (is_shown(w, k))
                print_percent(t, row->percent[k]);
        print_needed(t, row->needed_1e3);
        print_needed(t, row->needed_1e6);
        text_char(t, '\n');
    }
}

static void print_outcome(struct text *t, const char *label, const struct check_outcome *o)
{
    char profit[AMOUNT_TEXT_MAX];

    (void)money_print_scale(o->net_profit, 2, profit);
    text_format(t, "         %-16s %6lld round trips, net profit %s", label, (long long)o->trades,
                profit);
    if (o->sharpe_ratio.undefined)
        text_format(t, ", no Sharpe ratio: %s\n", o->sharpe_ratio.undefined);
    else
        text_format(t, ", Sharpe ratio %.3f\n", o->sharpe_ratio.value);
}

static void print_delay(struct text *t, const struct check_delay *d)
{
    text_format(t, "%-8s one candle late", check_verdict_name(d->verdict));
    if (!d->relative_loss.undefined)
        text_format(t, ": profit %.1f %% %s", 100 * fabs(d->relative_loss.value),
                    d->relative_loss.value > 0 ? "lower" : "higher");
    text_format(t, "%s%s\n", d->note[0] ? ": " : "", d->note);
    if (d->verdict == CHECK_SKIPPED && d->on_time.trades == 0)
        return;
    print_outcome(t, "on time", &d->on_time);
    print_outcome(t, "a candle late", &d->late);
}

static void print_times(struct text *t, const struct check_times *c)
{
    char first[TIME_TEXT_MAX], last[TIME_TEXT_MAX];

    time_print(c->first_us, first);
    time_print(c->last_us, last);
    text_format(t, "%-8s times: %lld candles, %.16s to %.16s; %lld filled in, %lld resets\n",
                check_verdict_name(c->verdict), (long long)c->candles, first, last,
                (long long)c->synthetic, (long long)c->resets);
    text_format(t, "         %lld early, %lld off the grid, %lld out of order, %lld unclosed\n",
                (long long)c->early, (long long)c->off_grid, (long long)c->unordered,
                (long long)c->future);
    for (size_t i = 0; i < c->longer_count; i++)
        text_format(t, "         %s candles used after their close: %lld compared, %lld differ\n",
                    timeframe_name(c->longer[i].timeframe_us), (long long)c->longer[i].compared,
                    (long long)c->longer[i].differences);
}

static void print_claims(struct text *t, const struct check_report *r)
{
    if (r->claim_count > 0)
        text_format(t, "         the artifact's metrics        claimed  this trial\n");
    for (size_t i = 0; i < r->claim_count; i++) {
        text_format(t, "         %-24s %12.5g", r->claims[i].name, r->claims[i].claimed);
        if (isnan(r->claims[i].measured))
            text_format(t, " %11s\n", "-");
        else
            text_format(t, " %11.5g\n", r->claims[i].measured);
    }
}

void check_report_print(struct text *out, const struct check_report *r)
{
    const struct check_truncation *c = &r->truncation;
    char at[TIME_TEXT_MAX];

    text_format(out, "checks of %s (%.12s...) on", r->name, r->id);
    for (size_t i = 0; i < r->symbol_count; i++)
        text_format(out, "%s %s", i > 0 ? "," : "", r->symbols[i]);
    text_format(out, ", seed %llu\n", (unsigned long long)r->seed);
    if (r->unknown[0])
        text_format(out, "         not there, so unknown to the rules: %s\n", r->unknown);
    text_format(out, "%-8s truncation: %lld moments, %lld values, %lld differ\n",
                check_verdict_name(c->verdict), (long long)c->samples, (long long)c->compared,
                (long long)c->differences);
    if (c->differences > 0) {
        time_print(c->first.candle_us, at);
        text_format(out, "         first: %s of %s at %s: %.17g, without the future %.17g\n",
                    c->first.column, c->first.symbol, at, c->first.whole, c->first.truncated);
    }
    print_warmup(out, &r->warmup);
    print_delay(out, &r->delay);
    print_times(out, &r->times);
    print_claims(out, r);
    text_format(out, "%s\n", check_verdict_name(r->verdict));
}
