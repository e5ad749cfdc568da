/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the metrics of tl-metrics-1 from their sums, each rounded once; prints the statement. */
#include <string.h>

#include "core/amount_text.h"
#include "core/jwriter.h"
#include "engine/track.h"

/* Each gives its value in 10^-12 and NULL, or why there is none. */
typedef const char *metric_fn(const struct track *t, i128 *out);

static const char too_large[] = "out of range";

static int64_t trips(const struct track *t)
{
    return t->wins + t->losses + t->breakeven;
}

static struct big big_abs(i128 a)
{
    return big_of(a < 0 ? -(u128)a : (u128)a);
}

static const char *signed_result(struct big value, bool negative, i128 *out)
{
    i128 made;

    if (!big_fits(&value, &made) || made >= (i128)AMOUNT_LIMIT)
        return too_large;
    *out = negative ? -made : made;
    return NULL;
}

/* sign * n / d in 10^-12. */
static const char *ratio_of(struct big n, struct big d, bool negative, i128 *out)
{
    return signed_result(big_round(big_mul(n, big_of(AMOUNT_ONE)), d), negative, out);
}

static const char *count_of(int64_t n, i128 *out)
{
    *out = (i128)n * AMOUNT_ONE;
    return NULL;
}

static const char *total_trades(const struct track *t, i128 *out)
{
    return count_of(trips(t), out);
}

static const char *wins(const struct track *t, i128 *out)
{
    return count_of(t->wins, out);
}

static const char *losses(const struct track *t, i128 *out)
{
    return count_of(t->losses, out);
}

static const char *breakeven(const struct track *t, i128 *out)
{
    return count_of(t->breakeven, out);
}

static const char *longest_loss_run(const struct track *t, i128 *out)
{
    return count_of(t->loss_run_max, out);
}

static const char *daily_returns(const struct track *t, i128 *out)
{
    return count_of(t->days, out);
}

static const char *current_pnl(const struct track *t, i128 *out)
{
    *out = t->pnl;
    return NULL;
}

static const char *turnover(const struct track *t, i128 *out)
{
    *out = t->turnover;
    return NULL;
}

static const char *fees_paid(const struct track *t, i128 *out)
{
    *out = t->fees;
    return t->has_other_fees ? "a fee was paid in another currency" : NULL;
}

static const char *funding_paid(const struct track *t, i128 *out)
{
    *out = t->funding;
    return NULL;
}

static const char *max_drawdown(const struct track *t, i128 *out)
{
    *out = t->max_drawdown;
    return NULL;
}

static const char *max_drawdown_abs(const struct track *t, i128 *out)
{
    *out = t->max_down;
    return NULL;
}

/* Why a statistic of round trips is not defined. */
static const char *no_trips(const struct track *t, bool needs_win, bool needs_loss)
{
    if (trips(t) == 0)
        return "no closed trades";
    if (needs_loss && t->losses == 0)
        return "no losses";
    return needs_win && t->wins == 0 ? "no wins" : NULL;
}

static const char *win_rate(const struct track *t, i128 *out)
{
    const char *why = no_trips(t, false, false);

    return why ? why : ratio_of(big_abs(t->wins), big_abs(trips(t)), false, out);
}

/* sum / count of money, half even at 10^-12. */
static const char *mean_of(i128 sum, int64_t count, i128 *out)
{
    return signed_result(big_round(big_abs(sum), big_abs(count)), sum < 0, out);
}

static const char *avg_win(const struct track *t, i128 *out)
{
    const char *why = no_trips(t, true, false);

    return why ? why : mean_of(t->win_sum, t->wins, out);
}

static const char *avg_loss(const struct track *t, i128 *out)
{
    const char *why = no_trips(t, false, true);

    return why ? why : mean_of(t->loss_sum, t->losses, out);
}

static const char *expectancy(const struct track *t, i128 *out)
{
    const char *why = no_trips(t, false, false);

    return why ? why : mean_of(t->win_sum + t->loss_sum, trips(t), out);
}

static const char *profit_factor(const struct track *t, i128 *out)
{
    const char *why = no_trips(t, false, true);

    return why ? why : ratio_of(big_abs(t->win_sum), big_abs(t->loss_sum), false, out);
}

/* (W / wins) / (L / losses), with L the positive sum of losses. */
static const char *payoff(const struct track *t, i128 *out)
{
    const char *why = no_trips(t, true, true);

    if (why)
        return why;
    return ratio_of(big_mul(big_abs(t->win_sum), big_abs(t->losses)),
                    big_mul(big_abs(t->loss_sum), big_abs(t->wins)), false, out);
}

/* (1 + payoff) * win_rate - 1 = (W * losses + L * wins - L * n) / (L * n). */
static const char *expectancy_ratio(const struct track *t, i128 *out)
{
    const char *why = no_trips(t, true, true);
    struct big gain, cost, whole;
    bool negative;

    if (why)
        return why;
    whole = big_mul(big_abs(t->loss_sum), big_abs(trips(t)));
    gain = big_add(big_mul(big_abs(t->win_sum), big_abs(t->losses)),
                   big_mul(big_abs(t->loss_sum), big_abs(t->wins)));
    cost = whole;
    negative = big_cmp(&gain, &cost) < 0;
    return ratio_of(negative ? big_sub(cost, gain) : big_sub(gain, cost), whole, negative, out);
}

static const char *no_returns(const struct track *t)
{
    if (t->no_returns)
        return t->no_returns;
    return t->days < 2 ? "fewer than two days" : NULL;
}

/* n * Q - R^2: n * (n - 1) times the sample variance of the returns. */
static struct big spread(const struct track *t)
{
    struct big sum = big_abs(t->return_sum);

    return big_sub(big_mul(big_abs(t->days), t->square_sum), big_mul(sum, sum));
}

/* (R / n) / sqrt(spread / (n (n - 1))) * sqrt(365). */
static const char *sharpe_ratio(const struct track *t, i128 *out)
{
    const char *why = no_returns(t);
    struct big sum = big_abs(t->return_sum), n = big_abs(t->days), variation, top;

    if (why)
        return why;
    variation = spread(t);
    if (big_is_zero(&variation))
        return "no variation";
    top = big_mul(big_mul(sum, sum), big_mul(big_abs(t->days - 1), big_of(TRACK_PERIODS_PER_YEAR)));
    top = big_mul(top, big_mul(big_of(AMOUNT_ONE), big_of(AMOUNT_ONE)));
    return signed_result(big_round_root(top, big_mul(n, variation)), t->return_sum < 0, out);
}

/* (R / n) / sqrt(D / n) * sqrt(365). */
static const char *sortino_ratio(const struct track *t, i128 *out)
{
    const char *why = no_returns(t);
    struct big sum = big_abs(t->return_sum), top;

    if (why)
        return why;
    if (big_is_zero(&t->down_sum))
        return "no losing days";
    top = big_mul(big_mul(sum, sum), big_of(TRACK_PERIODS_PER_YEAR));
    top = big_mul(top, big_mul(big_of(AMOUNT_ONE), big_of(AMOUNT_ONE)));
    return signed_result(big_round_root(top, big_mul(big_abs(t->days), t->down_sum)),
                         t->return_sum < 0, out);
}

/* sqrt(spread / (n (n - 1)) * 365); returns are in 10^-12 already. */
static const char *volatility(const struct track *t, i128 *out)
{
    const char *why = no_returns(t);

    if (why)
        return why;
    return signed_result(big_round_root(big_mul(spread(t), big_of(TRACK_PERIODS_PER_YEAR)),
                                        big_mul(big_abs(t->days), big_abs(t->days - 1))),
                         false, out);
}

static const char *total_return(const struct track *t, i128 *out)
{
    if (t->no_returns)
        return t->no_returns;
    if (t->days < 1)
        return "no finished day";
    *out = t->index - AMOUNT_ONE;
    return NULL;
}

/* In the order of their names, as they are printed. */
static const struct {
    const char *name;
    metric_fn *make;
} metrics[] = {
    {"avg_loss", avg_loss},
    {"avg_win", avg_win},
    {"breakeven", breakeven},
    {"current_pnl", current_pnl},
    {"daily_returns", daily_returns},
    {"expectancy", expectancy},
    {"expectancy_ratio", expectancy_ratio},
    {"fees_paid", fees_paid},
    {"funding_paid", funding_paid},
    {"longest_loss_run", longest_loss_run},
    {"losses", losses},
    {"max_drawdown", max_drawdown},
    {"max_drawdown_abs", max_drawdown_abs},
    {"payoff", payoff},
    {"profit_factor", profit_factor},
    {"sharpe_ratio", sharpe_ratio},
    {"sortino_ratio", sortino_ratio},
    {"total_return", total_return},
    {"total_trades", total_trades},
    {"turnover", turnover},
    {"volatility", volatility},
    {"win_rate", win_rate},
    {"wins", wins},
};

bool track_metric(const struct track *t, const char *name, char text[AMOUNT_TEXT_MAX])
{
    i128 value;

    for (size_t i = 0; i < COUNT_OF(metrics); i++) {
        if (strcmp(metrics[i].name, name) != 0)
            continue;
        if (metrics[i].make(t, &value))
            return false;
        (void)money_print((struct money){value}, text);
        return true;
    }
    return false;
}

/* Texts that stand in the log in canonical form already. */
static void member_kept(struct jwriter *w, const char *key, const char *kept)
{
    char quoted[TRACK_NAME + 2];
    size_t length = strlen(kept);

    quoted[0] = quoted[length + 1] = '"';
    memcpy(quoted + 1, kept, length);
    jw_key(w, key);
    jw_raw(w, quoted, length + 2);
}

enum err track_statement(const struct track *t, const struct digest *root, struct text *out)
{
    const char *undefined[COUNT_OF(metrics)];
    char value_text[AMOUNT_TEXT_MAX], root_text[4 * 11 + 1];
    struct jwriter w;
    i128 value;

    if (t->broken || t->size == 0)
        return ERR_INVALID;
    jwriter_init(&w, JSTYLE_CANONICAL, out);
    jw_object(&w);
    jw_member_text(&w, "alg", TRACK_ALGORITHM);
    jw_member_time(&w, "from", t->from_us);
    jw_key(&w, "metrics");
    jw_object(&w);
    for (size_t i = 0; i < COUNT_OF(metrics); i++) {
        undefined[i] = metrics[i].make(t, &value);
        jw_key(&w, metrics[i].name);
        if (undefined[i])
            jw_null(&w);
        else
            jw_text_n(&w, value_text, money_print((struct money){value}, value_text));
    }
    jw_object_end(&w);
    member_kept(&w, "mode", t->mode);
    member_kept(&w, "origin", t->origin);
    jw_member_text(&w, "root", (base64_print(root->bytes, DIGEST_BYTES, root_text), root_text));
    jw_member_time(&w, "to", t->to_us);
    jw_member_integer(&w, "tree_size", (int64_t)t->size);
    jw_key(&w, "undefined");
    jw_object(&w);
    for (size_t i = 0; i < COUNT_OF(metrics); i++)
        if (undefined[i])
            jw_member_text(&w, metrics[i].name, undefined[i]);
    jw_object_end(&w);
    jw_object_end(&w);
    return jwriter_ok(&w) ? ERR_OK : ERR_LIMIT;
}
