/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the sums of trading statistics and the daily marks; makes the ratios when they are read.
 *
 * The mark of a day is the equity at its first instant, 00:00:00 UTC: the newest sample before it,
 * or the sample at exactly that instant, which so ends the day before.  Once made a mark stays, for
 * a leaf of the log tells it: a second sample at the same instant does not change it.  The first
 * entry is the start balance, under the day of the first sample.  The day under way is no part of
 * the ratios until its end has a mark. */
#include "engine/performance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/jwriter.h"

enum {
    DAILY_FIRST_CAPACITY = 64,
    PERIODS_PER_YEAR = 365
};

/* Below this a deviation of daily returns is the rounding noise of doubles near 1. */
static const double deviation_noise = 1e-14;

/* A statistic that would leave the range of amounts stays where it is: money itself, which is
 * what could be lost, is checked where it moves. */
static void add_up(struct money *sum, struct money more)
{
    struct money made;

    if (!money_add(*sum, more, &made))
        *sum = made;
}

void performance_init(struct performance *p, struct money starting_equity)
{
    *p = (struct performance){
        .starting_equity = starting_equity,
        .equity = starting_equity,
        .equity_peak = starting_equity,
        .peak_us = TIME_NONE,
        .trough_us = TIME_NONE,
        .first_us = TIME_NONE,
        .last_us = TIME_NONE,
    };
}

void performance_trip(struct performance *p, struct money pnl)
{
    int sign = money_sign(pnl);

    if (sign > 0) {
        p->wins++;
        add_up(&p->win_sum, pnl);
    } else if (sign < 0) {
        p->losses++;
        add_up(&p->loss_sum, pnl);
    } else {
        p->breakeven++;
    }
    p->loss_run = sign < 0 ? p->loss_run + 1 : 0;
    if (p->loss_run > p->loss_run_max)
        p->loss_run_max = p->loss_run;
}

void performance_fill(struct performance *p, struct money notional, struct money fee,
                      struct money pnl)
{
    add_up(&p->turnover, notional);
    add_up(&p->fees_paid, fee);
    add_up(&p->realized_pnl, pnl);
}

void performance_dust(struct performance *p, struct money pnl)
{
    add_up(&p->realized_pnl, pnl);
}

void performance_funding(struct performance *p, struct money amount)
{
    add_up(&p->funding_paid, money_neg(amount));
}

/* The start balance is the first peak, so that an account that only falls has a drawdown too. */
void performance_drawdown(struct performance *p, struct money equity, int64_t at_us)
{
    struct money down;
    struct ratio part;

    if (p->peak_us == TIME_NONE || money_cmp(equity, p->equity_peak) > 0) {
        p->peak_us = at_us;
        p->equity_peak = money_max(equity, p->equity_peak);
    }
    if (money_sub(p->equity_peak, equity, &down) || money_sign(down) <= 0)
        return;
    p->max_drawdown_abs = money_max(p->max_drawdown_abs, down);
    if (money_sign(p->equity_peak) <= 0 ||
        money_ratio(down, p->equity_peak, ROUND_HALF_EVEN, &part))
        return;
    if (ratio_cmp(part, p->max_drawdown) > 0) {
        p->max_drawdown = part;
        p->trough_us = at_us;
    }
}

static int64_t day_of(int64_t at_us)
{
    return at_us / US_PER_DAY - (at_us % US_PER_DAY < 0);
}

bool performance_sample(struct performance *p, struct daily_equity *daily, struct money equity,
                        bool exposed, int64_t at_us)
{
    int64_t day = day_of(at_us), k;
    bool is_first = p->first_us == TIME_NONE, is_new_day = false;
    bool is_midnight = at_us % US_PER_DAY == 0;

    if (is_first) {
        p->first_us = at_us;
        p->day = day;
        daily_equity_append(daily, day, p->starting_equity);
    }
    ASSERT(is_first || at_us >= p->last_us);
    for (k = p->day + 1; k <= day; k++) {
        daily_equity_append(daily, k, k == day && is_midnight ? equity : p->equity);
        is_new_day = true;
    }
    performance_drawdown(p, equity, at_us);
    p->day = day;
    p->equity = equity;
    p->last_us = at_us;
    p->bars++;
    p->bars_exposed += exposed;
    return is_new_day;
}

void performance_stretch(struct performance *p, struct daily_equity *daily,
                         const struct equity_stretch *s)
{
    int64_t last_us = s->first_us + (s->count - 1) * s->step_us, day;

    if (s->count <= 0)
        return;
    (void)performance_sample(p, daily, s->equity, s->exposed, s->first_us);
    /* Neither peak nor drawdown can change any more, and every mark on the way is this equity. */
    for (day = p->day + 1; day <= day_of(last_us); day++)
        daily_equity_append(daily, day, s->equity);
    p->day = day - 1;
    p->last_us = last_us;
    p->bars += s->count - 1;
    p->bars_exposed += s->exposed ? s->count - 1 : 0;
}

struct money performance_quiet_low(const struct performance *p)
{
    const double part = ratio_to_double(p->max_drawdown) * (1 - 1e-9);
    i128 most = (i128)((double)p->equity_peak.e12 * part);

    if (most > p->max_drawdown_abs.e12)
        most = p->max_drawdown_abs.e12;
    return (struct money){p->equity_peak.e12 - (most > 0 ? most : 0)};
}

void daily_equity_append(struct daily_equity *d, int64_t day, struct money equity)
{
    if (d->count >= d->capacity) {
        d->capacity = d->count ? d->count * 2 : DAILY_FIRST_CAPACITY;
        d->day = xrealloc(d->day, d->capacity * sizeof *d->day);
        d->equity = xrealloc(d->equity, d->capacity * sizeof *d->equity);
    }
    d->day[d->count] = day;
    d->equity[d->count] = equity;
    d->count++;
}

void daily_equity_release(struct daily_equity *d)
{
    free(d->day);
    free(d->equity);
    *d = (struct daily_equity){0};
}

static struct statistic defined(double value)
{
    if (!isfinite(value))
        return (struct statistic){0, "out of range"};
    return (struct statistic){value, NULL};
}

static struct statistic undefined(const char *why)
{
    return (struct statistic){0, why};
}

static void report_trips(const struct performance *p, struct performance_report *r)
{
    double n = (double)r->total_trades;
    double won = money_to_double(p->win_sum), lost = money_to_double(p->loss_sum);
    const char *no_win = p->wins ? NULL : "no wins";
    const char *no_loss = p->losses ? NULL : "no losses";

    if (r->total_trades == 0) {
        r->win_rate = undefined("no closed trades");
        r->avg_win = r->avg_loss = r->profit_factor = r->payoff = r->win_rate;
        r->expectancy = r->expectancy_ratio = r->win_rate;
        return;
    }
    r->win_rate = defined((double)p->wins / n);
    r->avg_win = no_win ? undefined(no_win) : defined(won / (double)p->wins);
    r->avg_loss = no_loss ? undefined(no_loss) : defined(lost / (double)p->losses);
    r->profit_factor = no_loss ? undefined(no_loss) : defined(won / -lost);
    r->expectancy = defined((won + lost) / n);
    if (no_win || no_loss) {
        r->payoff = undefined(no_loss ? no_loss : no_win);
        r->expectancy_ratio = r->payoff;
        return;
    }
    r->payoff = defined(r->avg_win.value / -r->avg_loss.value);
    r->expectancy_ratio = defined((1 + r->payoff.value) * r->win_rate.value - 1);
}

/* Mean, sample deviation and target downside deviation of the daily returns. */
struct returns {
    double mean, deviation, downside;
    const char *undefined;
};

static struct returns measure_returns(const struct daily_equity *d)
{
    struct returns m = {0};
    double n, r, before, after, sum = 0, squares = 0, down = 0, *made;
    size_t i;

    if (d->count < 3) {
        m.undefined = "fewer than two days";
        return m;
    }
    made = xmalloc(d->count * sizeof *made);
    before = money_to_double(d->equity[0]);
    for (i = 1; i < d->count && before > 0; i++) {
        after = money_to_double(d->equity[i]);
        made[i] = after / before - 1;
        sum += made[i];
        before = after;
    }
    if (i < d->count) {
        m.undefined = "equity was not positive";
        free(made);
        return m;
    }
    n = (double)(d->count - 1);
    m.mean = sum / n;
    for (i = 1; i < d->count; i++) {
        r = made[i];
        squares += (r - m.mean) * (r - m.mean);
        if (r < 0)
            down += r * r;
    }
    free(made);
    m.deviation = sqrt(squares / (n - 1));
    m.downside = sqrt(down / n);
    return m;
}

static void report_returns(const struct daily_equity *daily, struct performance_report *r)
{
    struct returns m = measure_returns(daily);
    double year = sqrt(PERIODS_PER_YEAR);

    if (m.undefined) {
        r->sharpe_ratio = r->sortino_ratio = r->volatility = undefined(m.undefined);
        return;
    }
    r->volatility = defined(m.deviation * year);
    r->sharpe_ratio = m.deviation > deviation_noise ? defined(m.mean / m.deviation * year)
                                                    : undefined("no variation");
    r->sortino_ratio = m.downside > deviation_noise ? defined(m.mean / m.downside * year)
                                                    : undefined("no losing days");
}

static void report_growth(const struct performance *p, struct performance_report *r)
{
    double start = money_to_double(p->starting_equity), end = money_to_double(p->equity);

    if (r->days < 1)
        r->cagr = undefined("less than one day");
    else if (start <= 0)
        r->cagr = undefined("the start balance is not positive");
    else if (end <= 0)
        r->cagr = defined(-1);
    else
        r->cagr = defined(pow(end / start, PERIODS_PER_YEAR / r->days) - 1);
    if (r->cagr.undefined)
        r->calmar_ratio = r->cagr;
    else if (ratio_sign(p->max_drawdown) <= 0)
        r->calmar_ratio = undefined("no drawdown");
    else
        r->calmar_ratio = defined(r->cagr.value / ratio_to_double(p->max_drawdown));
}

void performance_report(const struct performance *p, const struct daily_equity *daily,
                        struct performance_report *out)
{
    struct performance_report r = {
        .total_trades = p->wins + p->losses + p->breakeven,
        .wins = p->wins,
        .losses = p->losses,
        .breakeven = p->breakeven,
        .max_drawdown = p->max_drawdown,
        .max_drawdown_abs = p->max_drawdown_abs,
        .current_pnl = p->realized_pnl,
        .fees_paid = p->fees_paid,
        .funding_paid = p->funding_paid,
        .turnover = p->turnover,
        .longest_loss_run = p->loss_run_max,
    };

    if (p->first_us != TIME_NONE)
        r.days = (double)(p->last_us - p->first_us) / (double)US_PER_DAY;
    report_trips(p, &r);
    report_returns(daily, &r);
    report_growth(p, &r);
    r.exposure =
        p->bars ? defined((double)p->bars_exposed / (double)p->bars) : undefined("no samples");
    *out = r;
}

const struct statistic *performance_ratio(const struct performance_report *r, const char *name)
{
    const struct {
        const char *name;
        const struct statistic *value;
    } table[] = {
        {"sharpe", &r->sharpe_ratio},
        {"sortino", &r->sortino_ratio},
        {"calmar", &r->calmar_ratio},
        {"win_rate", &r->win_rate},
        {"cagr", &r->cagr},
        {"profit_factor", &r->profit_factor},
        {"expectancy", &r->expectancy},
        {"volatility", &r->volatility},
        {"exposure", &r->exposure},
        {"payoff", &r->payoff},
    };

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].value;
    return NULL;
}
