/* SPDX-License-Identifier: Apache-2.0 */
/* What each indicator is made of: kernels of its own, or sums of others, so that equal parts are
 * shared with whatever else uses them.
 *
 * Formulas as in TA-Lib: dema, tema (Mulloy), macd (Appel), bbands (Bollinger), stoch (Lane),
 * stochrsi (Chande and Kroll), adx, willr and their like.  Not in TA-Lib: keltner as Raschke draws
 * it, donchian, ichimoku (Hosoda), heikin_ashi (Valcu), supertrend (Seban). */
#include "engine/rule_indicator.h"

static const struct rule_value broken = {.type = TYPE_BROKEN};

int emit_kernel(struct emitter *e, enum rule_op op, int a, double n, double m)
{
    return rule_graph_add(
        &e->set->graph,
        (struct rule_operation){.op = (uint8_t)op, .a = a, .n = (int32_t)n, .m = (int32_t)m});
}

int emit_candle_kernel(struct emitter *e, enum rule_op op, double n)
{
    return rule_graph_add(&e->set->graph, (struct rule_operation){.op = (uint8_t)op,
                                                                  .a = emit_source(e, "high", 4),
                                                                  .b = emit_source(e, "low", 3),
                                                                  .c = emit_source(e, "close", 5),
                                                                  .n = (int32_t)n});
}

int emit_times(struct emitter *e, double factor, int a)
{
    return emit_op(e, OP_MULTIPLY, emit_constant(e, factor), a, 0);
}

struct rule_value emit_outputs(int first, int second, int third, int fourth)
{
    return (struct rule_value){.type = TYPE_SEVERAL, .nodes = {first, second, third, fourth}};
}

/* Bands at a distance around a middle. */
static struct rule_value bands(struct emitter *e, int middle, int width)
{
    return emit_outputs(emit_op(e, OP_ADD, middle, width, 0), middle,
                        emit_op(e, OP_SUBTRACT, middle, width, 0), 0);
}

int emit_highest(struct emitter *e, double n)
{
    return emit_kernel(e, OP_HIGHEST, emit_source(e, "high", 4), n, 0);
}

int emit_lowest(struct emitter *e, double n)
{
    return emit_kernel(e, OP_LOWEST, emit_source(e, "low", 3), n, 0);
}

int emit_midprice(struct emitter *e, double n)
{
    return emit_op(e, OP_DIVIDE, emit_op(e, OP_ADD, emit_highest(e, n), emit_lowest(e, n), 0),
                   emit_constant(e, 2), 0);
}

/* TA-Lib starts both averages on the same candle, so the fast one drops slow - fast inputs; and
 * all three outputs begin together, with the signal's first. */
static struct rule_value emit_macd(struct emitter *e, int node, const struct rule_arguments *a)
{
    double fast = a->number[1], slow = a->number[2];
    int line, signal;

    if (fast >= slow) {
        diag_hint(emit_error(e, node, "out_of_range", "fast must be less than slow"),
                  "macd(close, 12, 26, 9)");
        return broken;
    }
    line = emit_op(e, OP_SUBTRACT, emit_kernel(e, OP_EMA, a->at[0], fast, slow - fast),
                   emit_kernel(e, OP_EMA, a->at[0], slow, 0), 0);
    signal = emit_kernel(e, OP_EMA, line, a->number[3], 0);
    return emit_outputs(emit_op(e, OP_WHEN_KNOWN, line, signal, 0), signal,
                        emit_op(e, OP_SUBTRACT, line, signal, 0), 0);
}

/* Two or three averages, each of the one before, with the lag of the later ones taken off. */
static int emit_dema(struct emitter *e, int x, double n, bool is_triple)
{
    int first = emit_kernel(e, OP_EMA, x, n, 0);
    int second = emit_kernel(e, OP_EMA, first, n, 0);

    if (!is_triple)
        return emit_op(e, OP_SUBTRACT, emit_times(e, 2, first), second, 0);
    return emit_op(e, OP_ADD,
                   emit_op(e, OP_SUBTRACT, emit_times(e, 3, first), emit_times(e, 3, second), 0),
                   emit_kernel(e, OP_EMA, second, n, 0), 0);
}

/* k smoothed over `slow` candles, d over `signal` more; both begin with d, as in TA-Lib. */
static struct rule_value emit_stoch(struct emitter *e, int position, double slow, double signal)
{
    int k = emit_times(e, 100, position), d;

    if (slow > 1)
        k = emit_kernel(e, OP_SMA, k, slow, 0);
    d = emit_kernel(e, OP_SMA, k, signal, 0);
    return emit_outputs(emit_op(e, OP_WHEN_KNOWN, k, d, 0), d, 0, 0);
}

static int position_in_range(struct emitter *e, double n)
{
    return emit_op(e, OP_POSITION, emit_source(e, "close", 5), emit_lowest(e, n),
                   emit_highest(e, n));
}

static struct rule_value emit_stochrsi(struct emitter *e, const struct rule_arguments *a)
{
    int rsi = emit_kernel(e, OP_RSI, a->at[0], a->number[1], 0);
    int position = emit_op(e, OP_POSITION, rsi, emit_kernel(e, OP_LOWEST, rsi, a->number[2], 0),
                           emit_kernel(e, OP_HIGHEST, rsi, a->number[2], 0));

    return emit_stoch(e, position, 1, a->number[3]);
}

/* The spans are those of `displacement` candles ago: drawn forward, they stand under today. */
static struct rule_value emit_ichimoku(struct emitter *e, const struct rule_arguments *a)
{
    int tenkan = emit_midprice(e, a->number[0]), kijun = emit_midprice(e, a->number[1]);
    int both = emit_op(e, OP_DIVIDE, emit_op(e, OP_ADD, tenkan, kijun, 0), emit_constant(e, 2), 0);

    return emit_outputs(tenkan, kijun, emit_kernel(e, OP_LAG, both, a->number[3], 0),
                        emit_kernel(e, OP_LAG, emit_midprice(e, a->number[2]), a->number[3], 0));
}

static struct rule_value emit_heikin_ashi(struct emitter *e)
{
    int close = emit_source(e, "ohlc4", 5);
    int open = emit_op(e, OP_HA_OPEN, emit_source(e, "open", 4), emit_source(e, "close", 5), close);

    return emit_outputs(
        open, emit_op(e, OP_MAX, emit_source(e, "high", 4), emit_op(e, OP_MAX, open, close, 0), 0),
        emit_op(e, OP_MIN, emit_source(e, "low", 3), emit_op(e, OP_MIN, open, close, 0), 0), close);
}

static struct rule_value emit_supertrend(struct emitter *e, const struct rule_arguments *a)
{
    int width = emit_op(e, OP_MULTIPLY, emit_candle_kernel(e, OP_ATR, a->number[0]), a->at[1], 0);
    int line =
        emit_op(e, OP_SUPERTREND, emit_source(e, "hl2", 3), width, emit_source(e, "close", 5));

    return emit_outputs(line, emit_kernel(e, OP_PART, line, 0, 0), 0, 0);
}

static struct rule_value emit_donchian(struct emitter *e, double n)
{
    return emit_outputs(emit_highest(e, n), emit_midprice(e, n), emit_lowest(e, n), 0);
}

/* Functions with several outputs. */
static struct rule_value emit_several(struct emitter *e, int node, enum rule_function_id id,
                                      const struct rule_arguments *a)
{
    switch (id) {
    case FUNCTION_MACD:
        return emit_macd(e, node, a);
    case FUNCTION_BBANDS:
        return bands(e, emit_kernel(e, OP_SMA, a->at[0], a->number[1], 0),
                     emit_op(e, OP_MULTIPLY,
                             emit_kernel(e, OP_STDDEV, a->at[0], a->number[1], a->number[3]),
                             a->at[2], 0));
    case FUNCTION_STOCH:
        return emit_stoch(e, position_in_range(e, a->number[0]), a->number[1], a->number[2]);
    case FUNCTION_STOCHF:
        return emit_stoch(e, position_in_range(e, a->number[0]), 1, a->number[1]);
    case FUNCTION_STOCHRSI:
        return emit_stochrsi(e, a);
    case FUNCTION_SUPERTREND:
        return emit_supertrend(e, a);
    case FUNCTION_KELTNER:
        return bands(
            e, emit_kernel(e, OP_EMA, a->at[0], a->number[1], 0),
            emit_op(e, OP_MULTIPLY, emit_candle_kernel(e, OP_ATR, a->number[3]), a->at[2], 0));
    case FUNCTION_DONCHIAN:
        return emit_donchian(e, a->number[0]);
    case FUNCTION_ICHIMOKU:
        return emit_ichimoku(e, a);
    case FUNCTION_AROON:
        return emit_aroon(e, a->number[0]);
    case FUNCTION_HT_SINE:
        return emit_ht_sine(e, a->at[0]);
    default:
        ASSERT(id == FUNCTION_HEIKIN_ASHI);
        return emit_heikin_ashi(e);
    }
}

int emit_returns(struct emitter *e, const struct rule_arguments *a)
{
    int before = emit_kernel(e, OP_LAG, a->at[0], a->number[1], 0);

    return emit_op(e, OP_SUBTRACT, emit_op(e, OP_DIVIDE, a->at[0], before, 0), emit_constant(e, 1),
                   0);
}

/* The range of the candle and the close before it, as one span. */
static int emit_trange(struct emitter *e)
{
    int before = emit_kernel(e, OP_LAG, emit_source(e, "close", 5), 1, 0);

    return emit_op(e, OP_SUBTRACT, emit_op(e, OP_MAX, emit_source(e, "high", 4), before, 0),
                   emit_op(e, OP_MIN, emit_source(e, "low", 3), before, 0), 0);
}

static int emit_zscore(struct emitter *e, const struct rule_arguments *a)
{
    int mean = emit_kernel(e, OP_SMA, a->at[0], a->number[1], 0);

    return emit_op(e, OP_DIVIDE, emit_op(e, OP_SUBTRACT, a->at[0], mean, 0),
                   emit_kernel(e, OP_STDDEV, a->at[0], a->number[1], a->number[2]), 0);
}

/* With volume. */
static int emit_volume(struct emitter *e, enum rule_function_id id, const struct rule_arguments *a)
{
    int volume = emit_source(e, "volume", 6), typical = emit_source(e, "hlc3", 4);

    switch (id) {
    case FUNCTION_MFI:
        return rule_graph_add(&e->set->graph, (struct rule_operation){.op = OP_MFI,
                                                                      .a = typical,
                                                                      .b = volume,
                                                                      .n = (int32_t)a->number[0]});
    case FUNCTION_OBV:
        return emit_op(e, OP_OBV, emit_source(e, "close", 5), volume, 0);
    case FUNCTION_VWAP:
        return emit_op(e, OP_VWAP, typical, volume, 0);
    case FUNCTION_ROLLING_VWAP:
        return emit_op(
            e, OP_DIVIDE,
            emit_kernel(e, OP_SMA, emit_op(e, OP_MULTIPLY, typical, volume, 0), a->number[0], 0),
            emit_kernel(e, OP_SMA, volume, a->number[0], 0), 0);
    default:
        ASSERT(id == FUNCTION_VOLUME_RATIO);
        return emit_op(e, OP_DIVIDE, volume, emit_kernel(e, OP_SMA, volume, a->number[0], 0), 0);
    }
}

/* Of the whole candle. */
static int emit_of_candle(struct emitter *e, enum rule_function_id id,
                          const struct rule_arguments *a)
{
    double n = a->number[0];

    switch (id) {
    case FUNCTION_ATR:
        return emit_candle_kernel(e, OP_ATR, n);
    case FUNCTION_NATR:
        return emit_times(
            e, 100,
            emit_op(e, OP_DIVIDE, emit_candle_kernel(e, OP_ATR, n), emit_source(e, "close", 5), 0));
    case FUNCTION_TRANGE:
        return emit_trange(e);
    case FUNCTION_ADX:
        return emit_kernel(e, OP_WILDER, emit_candle_kernel(e, OP_DMI, n), n, 0);
    case FUNCTION_DX:
        return emit_candle_kernel(e, OP_DMI, n);
    case FUNCTION_PLUS_DI:
        return emit_kernel(e, OP_PART, emit_candle_kernel(e, OP_DMI, n), 0, 0);
    case FUNCTION_MINUS_DI:
        return emit_kernel(e, OP_PART, emit_candle_kernel(e, OP_DMI, n), 1, 0);
    case FUNCTION_CCI:
        return emit_kernel(e, OP_CCI, emit_source(e, "hlc3", 4), n, 0);
    case FUNCTION_WILLR:
        return emit_times(e, -100,
                          emit_op(e, OP_POSITION, emit_source(e, "close", 5), emit_highest(e, n),
                                  emit_lowest(e, n)));
    case FUNCTION_SAR:
        return rule_graph_add(&e->set->graph,
                              (struct rule_operation){.op = OP_SAR,
                                                      .a = emit_source(e, "high", 4),
                                                      .b = emit_source(e, "low", 3),
                                                      .c = a->at[1],
                                                      .k = a->number[0]});
    default:
        return emit_volume(e, id, a);
    }
}

/* Of one source: x and a number of candles. */
static int emit_of_source(struct emitter *e, enum rule_function_id id,
                          const struct rule_arguments *a)
{
    int x = a->at[0];
    double n = a->number[1];

    switch (id) {
    case FUNCTION_HIGHEST:
        return emit_kernel(e, OP_HIGHEST, x, n, 0);
    case FUNCTION_LOWEST:
        return emit_kernel(e, OP_LOWEST, x, n, 0);
    case FUNCTION_CHANGE:
    case FUNCTION_MOM:
        return emit_op(e, OP_SUBTRACT, x, emit_kernel(e, OP_LAG, x, n, 0), 0);
    case FUNCTION_LAG:
        return emit_kernel(e, OP_LAG, x, n, 0);
    case FUNCTION_ROC:
        return emit_times(e, 100, emit_returns(e, a));
    case FUNCTION_RETURNS:
        return emit_returns(e, a);
    case FUNCTION_SMA:
        return emit_kernel(e, OP_SMA, x, n, 0);
    case FUNCTION_EMA:
        return emit_kernel(e, OP_EMA, x, n, 0);
    case FUNCTION_WMA:
        return emit_kernel(e, OP_WMA, x, n, 0);
    case FUNCTION_DEMA:
    case FUNCTION_TEMA:
        return emit_dema(e, x, n, id == FUNCTION_TEMA);
    case FUNCTION_RSI:
        return emit_kernel(e, OP_RSI, x, n, 0);
    case FUNCTION_CMO:
        return emit_kernel(e, OP_CMO, x, n, 0);
    case FUNCTION_STDDEV:
        return emit_kernel(e, OP_STDDEV, x, n, a->number[2]);
    default:
        ASSERT(id == FUNCTION_ZSCORE);
        return emit_zscore(e, a);
    }
}

/* Functions with one output. */
static int emit_one(struct emitter *e, enum rule_function_id id, const struct rule_arguments *a)
{
    if (id >= FUNCTION_CDL_DOJI && id <= FUNCTION_CDL_MORNING_STAR)
        return emit_pattern(e, id, a);
    if (id >= FUNCTION_TRIMA && id <= FUNCTION_HT_DCPHASE)
        return emit_study(e, id, a);
    if (id >= FUNCTION_ADXR && id <= FUNCTION_ADOSC)
        return emit_candle_study(e, id, a);
    return id <= FUNCTION_ZSCORE ? emit_of_source(e, id, a) : emit_of_candle(e, id, a);
}

struct rule_value emit_indicator(struct emitter *e, int node, enum rule_function_id id,
                                 const struct rule_arguments *a)
{
    const struct rule_function *f = rule_function_at(id);
    struct rule_value v;

    if (f->part > 0) {
        v = emit_several(e, node, (enum rule_function_id)f->whole, a);
        return v.type == TYPE_BROKEN ? v : rule_number(v.nodes[f->part - 1]);
    }
    if (!f->members)
        return rule_number(emit_one(e, id, a));
    v = emit_several(e, node, id, a);
    if (v.type != TYPE_BROKEN) {
        v.type = f->is_number ? TYPE_NUMBER : TYPE_SEVERAL;
        v.members = f->members;
    }
    return v;
}
