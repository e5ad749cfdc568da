/* SPDX-License-Identifier: Apache-2.0 */
/* What a strategy loses when the market fills it one candle later. */
#include "engine/strategy_check_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void tell(const struct trial_result *r, struct money starting_equity,
                 struct check_outcome *out)
{
    *out = (struct check_outcome){
        .trades = r->report.total_trades,
        .sharpe_ratio = r->report.sharpe_ratio,
        .win_rate = r->report.win_rate,
        .max_drawdown = r->report.max_drawdown,
    };
    if (money_sub(r->equity, starting_equity, &out->net_profit))
        out->net_profit = MONEY_ZERO;
}

static void skip(struct check_delay *d, const char *note)
{
    d->verdict = CHECK_SKIPPED;
    d->relative_loss = (struct statistic){.undefined = "no trials"};
    (void)copy_text(d->note, sizeof d->note, note);
}

static void judge(struct check_delay *d)
{
    double profit = money_to_double(d->on_time.net_profit);
    double late = money_to_double(d->late.net_profit);

    d->verdict = CHECK_PASS;
    d->relative_loss = (struct statistic){.undefined = "no profit to lose"};
    if (d->on_time.trades == 0) {
        skip(d, "no round trip was made");
        return;
    }
    if (profit <= 0)
        return;
    d->relative_loss = (struct statistic){.value = (profit - late) / profit};
    if (d->relative_loss.value > 0.5) {
        d->verdict = CHECK_WARN;
        (void)copy_text(d->note, sizeof d->note,
                        "most of the profit hangs on being filled at the very next open");
    }
}

/* A trial of the past with market orders so many candles late. */
static enum err try_late(const struct check_material *m, int delay, struct diag_list *diags,
                         struct trial_result *out)
{
    const struct check_options *o = &m->options;
    struct trial_options options = {
        .strategy = o->strategy,
        .feed = &m->feed,
        .instruments = o->instruments,
        .instrument_count = o->instrument_count,
        .terms = o->terms,
    };

    options.terms.delay_candles = delay;
    return trial_run(&options, diags, out);
}

/* The trial's statistic under the name that artifacts use for it. */
static double measured(const struct trial_result *r, struct money starting_equity, const char *name)
{
    const struct performance_report *p = &r->report;
    const struct statistic *ratio = performance_ratio(p, name);

    if (ratio)
        return ratio->undefined ? NAN : ratio->value;
    if (strcmp(name, "trades") == 0)
        return (double)p->total_trades;
    if (strcmp(name, "max_drawdown") == 0)
        return ratio_to_double(p->max_drawdown);
    if (strcmp(name, "total_return") == 0)
        return money_to_double(r->equity) / money_to_double(starting_equity) - 1;
    return NAN;
}

static void compare_claims(const struct check_options *o, struct check_report *out)
{
    const struct strategy *s = o->strategy;
    bool has_trial = out->delay.verdict != CHECK_SKIPPED || out->delay.on_time.trades > 0;

    out->claim_count = strategy_metric_count(s);
    out->claims = xcalloc(out->claim_count + 1, sizeof *out->claims);
    for (size_t i = 0; i < out->claim_count; i++) {
        struct check_claim *c = &out->claims[i];

        (void)copy_text(c->name, sizeof c->name, strategy_metric_name(s, i));
        c->claimed = strategy_metric_value(s, i);
        c->measured =
            has_trial ? measured(&out->trial, o->terms.starting_equity, c->name) : (double)NAN;
    }
}

void check_delay_run(const struct check_material *m, struct check_report *out)
{
    const struct check_options *o = &m->options;
    struct check_delay *d = &out->delay;
    struct trial_result late = {0};
    struct diag_list diags = {0};
    char why[LIMIT_REASON];
    enum err e;

    if (o->without_trials) {
        skip(d, "not asked for");
    } else if (out->times.verdict == CHECK_FAIL) {
        skip(d, "the candles' times are wrong");
    } else {
        e = try_late(m, 0, &diags, &out->trial);
        if (!e)
            e = try_late(m, 1, &diags, &late);
        if (e) {
            diag_describe(&diags, e, why, sizeof why);
            skip(d, why);
        } else {
            tell(&out->trial, o->terms.starting_equity, &d->on_time);
            tell(&late, o->terms.starting_equity, &d->late);
            judge(d);
        }
    }
    compare_claims(o, out);
    trial_result_release(&late);
}
