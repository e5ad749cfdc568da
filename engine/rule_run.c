/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator: the graph's nodes as threaded code, one pass a candle. */
#include "engine/rule_run.h"

#include <stdlib.h>

#include "engine/feature_cycle.h"
#include "engine/feature_regression.h"
#include "engine/feature_smooth.h"
#include "engine/feature_trend.h"
#include "engine/feature_volume.h"
#include "engine/feature_window.h"
#include "engine/rule_kernel.h"

/* Exact in binary64, so that one division gives the nearest double. */
static const double power[RULE_RUN_SCALES] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* a > b now and a <= b a candle ago, three-valued: a certain "no" of either half decides. */
static inline double cross_push(struct rule_cross *f, double a, double b)
{
    double is_above = rule_greater(a, b);
    double result = rule_and(is_above, f->was_ready);

    f->was_ready = 1 - is_above;
    return result;
}

#define MINUTE_US (60 * US_PER_S)
#define HOUR_US (60 * MINUTE_US)

static inline int64_t in_day(int64_t us)
{
    int64_t rest = us % US_PER_DAY;

    return rest < 0 ? rest + US_PER_DAY : rest;
}

static inline double hour_of(int64_t us)
{
    return (double)(in_day(us) / HOUR_US);
}

static double day_of_month(int64_t us)
{
    int year, month, day;

    time_civil(us, &year, &month, &day);
    return day;
}

static double month_of(int64_t us)
{
    int year, month, day;

    time_civil(us, &year, &month, &day);
    return month;
}

/* Asia until 8 UTC, Europe until 13, the US until 21. */
static double session_of(int64_t us)
{
    double hour = hour_of(us);

    return hour < 8 ? 0 : hour < 13 ? 1 : hour < 21 ? 2 : 3;
}

/* 1970-01-01 was a Thursday, number 3. */
static double weekday_of(int64_t us)
{
    int64_t days = (us - in_day(us)) / US_PER_DAY;

    return (double)(((days + 3) % 7 + 7) % 7);
}

/* The last a step does is to jump to the next one: it needs no stack of its own. */
#define STEP(name, value)                                                        \
    static __attribute__((noinline)) void step_##name(const struct rule_step *s, \
                                                      const struct candle *c)    \
    {                                                                            \
        *s->out = (value);                                                       \
        s[1].run(s + 1, c);                                                      \
    }
#define PURE(name, op) STEP(name, rule_pure(op, *s->a, *s->b, *s->c))

STEP(open, (double)c->open / power[c->price_scale])
STEP(high, (double)c->high / power[c->price_scale])
STEP(low, (double)c->low / power[c->price_scale])
STEP(close, (double)c->close / power[c->price_scale])
STEP(volume, (double)c->volume / power[c->size_scale])

STEP(hour, hour_of(c->open_us))
STEP(minute, (double)(in_day(c->open_us) / MINUTE_US % 60))
STEP(day, day_of_month(c->open_us))
STEP(month, month_of(c->open_us))
STEP(session, session_of(c->open_us))
STEP(weekday, weekday_of(c->open_us))
STEP(ext, *(const double *)s->state)
/* Of the own symbol's coarser candles: what the newest complete one left. */
STEP(sample, *s->a)
/* Of another symbol: only beside its candle of the same time. */
STEP(sample_other, ((const struct rule_feed *)s->state)->open_us == c->open_us ? *s->a : NAN)

STEP(lag, feature_lag_push(s->state, *s->a))
STEP(crossed_above, cross_push(s->state, *s->a, *s->b))
STEP(crossed_below, cross_push(s->state, *s->b, *s->a))
STEP(sma, feature_sma_push(s->state, *s->a))
STEP(ema_rare, feature_ema_push(s->state, *s->a))
STEP(wma, feature_wma_push(s->state, *s->a))
STEP(rsi_rare, feature_rsi_push(s->state, *s->a))
STEP(atr, feature_atr_push(s->state, *s->a, *s->b, *s->c))
STEP(stddev, feature_stddev_push(s->state, *s->a))
STEP(highest, feature_extreme_push(s->state, *s->a))
STEP(lowest, -feature_extreme_push(s->state, -*s->a))
STEP(streak, feature_streak_push(s->state, *s->a))
STEP(cmo, feature_cmo_push(s->state, *s->a))
STEP(wilder, feature_wilder_push(s->state, *s->a))
STEP(cci, feature_cci_push(s->state, *s->a))
STEP(mfi, feature_mfi_push(s->state, *s->a, *s->b))
STEP(obv, feature_obv_push(s->state, *s->a, *s->b))
STEP(vwap, feature_vwap_push(s->state, c->open_us, *s->a, *s->b))
STEP(dmi, feature_dmi_push(s->state, *s->a, *s->b, *s->c))
STEP(sar, feature_sar_push(s->state, *s->a, *s->b, *s->c))
STEP(supertrend, feature_supertrend_push(s->state, *s->a, *s->b, *s->c))
STEP(ha_open, feature_ha_open_push(s->state, *s->a, *s->b, *s->c))
STEP(kama, feature_kama_push(s->state, *s->a))
STEP(dm, feature_dm_push(s->state, *s->a, *s->b))
STEP(highest_age, feature_extreme_age_push(s->state, *s->a))
STEP(lowest_age, feature_extreme_age_push(s->state, -*s->a))
STEP(total, feature_total_push(s->state, *s->a))
STEP(adosc, feature_adosc_push(s->state, *s->a))
STEP(line, feature_line_push(s->state, *s->a))
STEP(correl, feature_correl_push(s->state, *s->a, *s->b))
STEP(cycle, feature_cycle_push(s->state, *s->a))
STEP(cycle_mean, feature_cycle_mean_push(s->state, *s->a, *s->b))
STEP(cycle_phase, feature_cycle_phase_push(s->state, *s->a, *s->b))
STEP(part, *(const double *)s->state)

PURE(add, OP_ADD)
PURE(subtract, OP_SUBTRACT)
PURE(multiply, OP_MULTIPLY)
PURE(divide, OP_DIVIDE)
PURE(remainder, OP_REMAINDER)
PURE(negate, OP_NEGATE)
PURE(abs, OP_ABS)
PURE(min, OP_MIN)
PURE(max, OP_MAX)
PURE(clamp, OP_CLAMP)
PURE(log, OP_LOG)
PURE(exp, OP_EXP)
PURE(sqrt, OP_SQRT)
PURE(greater, OP_GREATER)
PURE(less, OP_LESS)
PURE(greater_equal, OP_GREATER_EQUAL)
PURE(less_equal, OP_LESS_EQUAL)
PURE(equal, OP_EQUAL)
PURE(not_equal, OP_NOT_EQUAL)
PURE(and, OP_AND)
PURE(or, OP_OR)
PURE(not, OP_NOT)
PURE(if, OP_IF)
PURE(position, OP_POSITION)
PURE(when_known, OP_WHEN_KNOWN)

/* The two that strategies use most keep their rare cases out of the way. */
static void step_ema(const struct rule_step *s, const struct candle *c)
{
    struct feature_ema *f = s->state;
    double next = feature_ema_next(f, *s->a);

    if (__builtin_expect(isnan(next), 0)) {
        step_ema_rare(s, c);
        return;
    }
    f->value = next;
    *s->out = next;
    s[1].run(s + 1, c);
}

static void step_rsi(const struct rule_step *s, const struct candle *c)
{
    double x = *s->a;

    if (feature_rsi_is_rare(s->state, x)) {
        step_rsi_rare(s, c);
        return;
    }
    feature_rsi_next(s->state, x);
    *s->out = feature_rsi_value(s->state);
    s[1].run(s + 1, c);
}

static void step_stop(const struct rule_step *s, const struct candle *c)
{
    (void)s;
    (void)c;
}

static void (*const steps[])(const struct rule_step *s, const struct candle *c) = {
    [OP_OPEN] = step_open,
    [OP_HIGH] = step_high,
    [OP_LOW] = step_low,
    [OP_CLOSE] = step_close,
    [OP_VOLUME] = step_volume,
    [OP_HOUR] = step_hour,
    [OP_MINUTE] = step_minute,
    [OP_DAY] = step_day,
    [OP_MONTH] = step_month,
    [OP_SESSION] = step_session,
    [OP_WEEKDAY] = step_weekday,
    [OP_EXT] = step_ext,
    [OP_SAMPLE] = step_sample,
    [OP_LAG] = step_lag,
    [OP_CROSSED_ABOVE] = step_crossed_above,
    [OP_CROSSED_BELOW] = step_crossed_below,
    [OP_SMA] = step_sma,
    [OP_EMA] = step_ema,
    [OP_WMA] = step_wma,
    [OP_RSI] = step_rsi,
    [OP_ATR] = step_atr,
    [OP_STDDEV] = step_stddev,
    [OP_HIGHEST] = step_highest,
    [OP_LOWEST] = step_lowest,
    [OP_RISING] = step_streak,
    [OP_FALLING] = step_streak,
    [OP_CMO] = step_cmo,
    [OP_WILDER] = step_wilder,
    [OP_CCI] = step_cci,
    [OP_MFI] = step_mfi,
    [OP_OBV] = step_obv,
    [OP_VWAP] = step_vwap,
    [OP_DMI] = step_dmi,
    [OP_SAR] = step_sar,
    [OP_SUPERTREND] = step_supertrend,
    [OP_HA_OPEN] = step_ha_open,
    [OP_KAMA] = step_kama,
    [OP_DM] = step_dm,
    [OP_HIGHEST_AGE] = step_highest_age,
    [OP_LOWEST_AGE] = step_lowest_age,
    [OP_TOTAL] = step_total,
    [OP_ADOSC] = step_adosc,
    [OP_LINE] = step_line,
    [OP_CORREL] = step_correl,
    [OP_CYCLE] = step_cycle,
    [OP_CYCLE_MEAN] = step_cycle_mean,
    [OP_CYCLE_PHASE] = step_cycle_phase,
    [OP_PART] = step_part,
    [OP_ADD] = step_add,
    [OP_SUBTRACT] = step_subtract,
    [OP_MULTIPLY] = step_multiply,
    [OP_DIVIDE] = step_divide,
    [OP_REMAINDER] = step_remainder,
    [OP_NEGATE] = step_negate,
    [OP_ABS] = step_abs,
    [OP_MIN] = step_min,
    [OP_MAX] = step_max,
    [OP_CLAMP] = step_clamp,
    [OP_LOG] = step_log,
    [OP_EXP] = step_exp,
    [OP_SQRT] = step_sqrt,
    [OP_GREATER] = step_greater,
    [OP_LESS] = step_less,
    [OP_GREATER_EQUAL] = step_greater_equal,
    [OP_LESS_EQUAL] = step_less_equal,
    [OP_EQUAL] = step_equal,
    [OP_NOT_EQUAL] = step_not_equal,
    [OP_AND] = step_and,
    [OP_OR] = step_or,
    [OP_NOT] = step_not,
    [OP_IF] = step_if,
    [OP_POSITION] = step_position,
    [OP_WHEN_KNOWN] = step_when_known,
};

_Static_assert(COUNT_OF(steps) == OP_WHEN_KNOWN + 1, "every operation of the candles has a step");

static bool is_of_other(const struct rule_graph *g, const struct rule_operation *op)
{
    return g->streams[op->stream].symbol != g->streams[g->nodes[op->a].stream].symbol;
}

static struct rule_step step_of(struct rule_run *r, int node)
{
    const struct rule_graph *g = r->graph;
    const struct rule_operation *op = &g->nodes[node];
    struct rule_step s = {
        .run = steps[op->op],
        .a = &r->values[op->a],
        .b = &r->values[op->b],
        .c = &r->values[op->c],
        .out = &r->values[node],
        .state = r->state + op->state,
    };

    if (op->op == OP_PART) {
        s.state = r->state + g->nodes[op->a].state + (size_t)op->n * sizeof(double);
    } else if (op->op == OP_EXT) {
        s.state = &r->ext[op->n];
    } else if (op->op == OP_SAMPLE && is_of_other(g, op)) {
        s.run = step_sample_other;
        s.state = &r->feeds[g->nodes[op->a].stream];
    }
    return s;
}

/* Steps of one stream after the other, each ended by one that stops. */
static void look_up(struct rule_run *r)
{
    const struct rule_graph *g = r->graph;
    struct rule_step *s = r->all_steps;

    for (int i = 0; i < g->stream_count; i++) {
        r->feeds[i].steps = s;
        for (int node = g->streams[i].first; node < g->streams[i].end; node++)
            *s++ = step_of(r, node);
        *s++ = (struct rule_step){.run = step_stop};
    }
    r->steps = r->feeds[g->stream_count - 1].steps;
}

void rule_run_init(struct rule_run *r, const struct rule_graph *graph)
{
    size_t count = (size_t)(graph->first_late - graph->first_step + graph->stream_count);

    *r = (struct rule_run){.graph = graph, .has_streams = graph->stream_count > 1};
    r->values = xcalloc((size_t)graph->count, sizeof *r->values);
    r->state = xcalloc(graph->state_bytes + 1, 1);
    r->all_steps = xcalloc(count, sizeof *r->all_steps);
    look_up(r);
    rule_run_reset(r);
}

void rule_run_release(struct rule_run *r)
{
    free(r->values);
    free(r->state);
    free(r->all_steps);
    *r = (struct rule_run){0};
}

static void reset_nodes(struct rule_run *r, int first, int end)
{
    for (int i = first; i < end; i++) {
        const struct rule_operation *op = &r->graph->nodes[i];

        r->values[i] = op->op == OP_CONSTANT ? op->k : NAN;
        rule_kernel_init(op, r->state + op->state);
    }
}

static void reset_stream(struct rule_run *r, int i)
{
    reset_nodes(r, r->graph->streams[i].first, r->graph->streams[i].end);
    r->feeds[i].open_us = TIME_NONE;
}

static int64_t base_timeframe(const struct rule_graph *g)
{
    return g->streams[g->stream_count - 1].timeframe_us;
}

static void restart_symbol(struct rule_run *r, int symbol)
{
    const struct rule_graph *g = r->graph;

    for (int i = 0; i < g->stream_count; i++) {
        if (g->streams[i].symbol != symbol)
            continue;
        reset_stream(r, i);
        rule_bucket_init(&r->feeds[i].bucket, g->streams[i].timeframe_us, base_timeframe(g));
    }
}

void rule_run_reset(struct rule_run *r)
{
    reset_nodes(r, 0, r->graph->first_step);
    for (int symbol = 0; symbol <= LIMIT_OTHER_SYMBOLS; symbol++)
        restart_symbol(r, symbol);
    for (int i = 0; i < LIMIT_OTHER_SYMBOLS; i++) {
        r->hidden[i] = 0;
        r->is_seen[i] = false;
    }
    for (int i = 0; i < LIMIT_FEATURES; i++)
        r->ext[i] = NAN;
}

/* Candles of its finest stream until the last of its values has settled. */
static int64_t settle_of(const struct rule_graph *g, int symbol)
{
    int64_t longest = 0, base = base_timeframe(g);

    for (int i = 0; i < g->stream_count; i++) {
        int64_t ratio = base > 0 ? g->streams[i].timeframe_us / base : 1;

        for (int n = g->streams[i].first; g->streams[i].symbol == symbol && n < g->streams[i].end;
             n++) {
            int64_t settle = g->nodes[n].settle * ratio + ratio - 1;

            longest = settle > longest ? settle : longest;
        }
    }
    return longest;
}

void rule_run_reset_symbol(struct rule_run *r, int symbol)
{
    restart_symbol(r, symbol);
    if (symbol > 0 && r->is_seen[symbol - 1])
        r->hidden[symbol - 1] = settle_of(r->graph, symbol);
}

static void push_bucket(struct rule_run *r, int i, const struct candle *c, bool is_shown)
{
    struct rule_feed *feed = &r->feeds[i];

    switch (rule_bucket_push(&feed->bucket, c)) {
    case BUCKET_GOES_ON:
        break;
    case BUCKET_LOST:
        reset_stream(r, i);
        break;
    case BUCKET_COMPLETE:
        feed->open_us = is_shown ? feed->bucket.candle.open_us : TIME_NONE;
        feed->steps->run(feed->steps, &feed->bucket.candle);
        break;
    }
}

void rule_run_push_streams(struct rule_run *r, int symbol, const struct candle *c)
{
    const struct rule_graph *g = r->graph;
    bool is_shown = true;

    ASSERT((c->price_scale | c->size_scale) < RULE_RUN_SCALES);
    if (symbol > 0) {
        int64_t *hidden = &r->hidden[symbol - 1];

        r->is_seen[symbol - 1] = true;
        is_shown = *hidden == 0;
        *hidden -= *hidden > 0;
    }
    for (int i = 0; i < g->stream_count - 1; i++) {
        if (g->streams[i].symbol != symbol)
            continue;
        if (g->streams[i].timeframe_us > base_timeframe(g)) {
            push_bucket(r, i, c, is_shown);
        } else {
            r->feeds[i].open_us = is_shown ? c->open_us : TIME_NONE;
            r->feeds[i].steps->run(r->feeds[i].steps, c);
        }
    }
}

const struct rule_context rule_context_unknown = {NAN, NAN, NAN, NAN, NAN, NAN, NAN};

static double told(uint8_t op, const struct rule_context *context)
{
    switch (op) {
    case OP_ENTRY_PRICE:
        return context->entry_price;
    case OP_CANDLES_HELD:
        return context->candles_held;
    case OP_PNL:
        return context->pnl;
    case OP_PNL_BEST:
        return context->pnl_best;
    case OP_PNL_WORST:
        return context->pnl_worst;
    case OP_SCALE_INS:
        return context->scale_ins;
    default:
        ASSERT(op == OP_SCALE_OUTS);
        return context->scale_outs;
    }
}

double rule_run_late(const struct rule_run *r, int node, const struct rule_context *context)
{
    const struct rule_graph *g = r->graph;
    double late[RULE_GRAPH_LATE];

    for (int i = g->first_late; i <= node; i++) {
        const struct rule_operation *op = &g->nodes[i];
        const int32_t from[3] = {op->a, op->b, op->c};
        double operand[3];
        double *result = &late[i - g->first_late];

        for (int j = 0; j < 3; j++)
            operand[j] =
                from[j] < g->first_late ? r->values[from[j]] : late[from[j] - g->first_late];
        *result = op->op >= OP_ENTRY_PRICE ? told(op->op, context)
                                           : rule_pure(op->op, operand[0], operand[1], operand[2]);
    }
    return late[node - g->first_late];
}
