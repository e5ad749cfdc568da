/* SPDX-License-Identifier: Apache-2.0 */
/* Candle patterns (Nison, Japanese Candlestick Charting Techniques, 1991; measures as in TA-Lib).
 *
 * "Long", "short" and "near" mean: compared with the mean of the candles before, ten of them (five
 * for "near").  A pattern gives 100 (rising), -100 (falling) or 0. */
#include "engine/rule_indicator.h"

/* A candle's parts as nodes. */
struct shape {
    int open, high, low, close;
    int top, bottom; /* of the body */
    int body;        /* its height */
    int is_white;    /* closed no lower than it opened */
};

static int lag(struct emitter *e, int x, int candles)
{
    return emit_kernel(e, OP_LAG, x, candles, 0);
}

static int subtract(struct emitter *e, int a, int b)
{
    return emit_op(e, OP_SUBTRACT, a, b, 0);
}

static int less(struct emitter *e, int a, int b)
{
    return emit_op(e, OP_LESS, a, b, 0);
}

static int less_equal(struct emitter *e, int a, int b)
{
    return emit_op(e, OP_LESS_EQUAL, a, b, 0);
}

static int both(struct emitter *e, int a, int b)
{
    return emit_op(e, OP_AND, a, b, 0);
}

static int not(struct emitter * e, int a)
{
    return emit_op(e, OP_NOT, a, 0, 0);
}

/* The candle of so many candles ago. */
static struct shape shape_of(struct emitter *e, int ago)
{
    int open = emit_source(e, "open", 4), close = emit_source(e, "close", 5);
    int top = emit_op(e, OP_MAX, open, close, 0), bottom = emit_op(e, OP_MIN, open, close, 0);

    return (struct shape){.open = lag(e, open, ago),
                          .high = lag(e, emit_source(e, "high", 4), ago),
                          .low = lag(e, emit_source(e, "low", 3), ago),
                          .close = lag(e, close, ago),
                          .top = lag(e, top, ago),
                          .bottom = lag(e, bottom, ago),
                          .body = lag(e, subtract(e, top, bottom), ago),
                          .is_white = lag(e, emit_op(e, OP_GREATER_EQUAL, close, open, 0), ago)};
}

/* The mean body, or the mean range, of the candles before the one of `ago` candles ago. */
static int mean_body(struct emitter *e, int ago)
{
    return lag(e, emit_kernel(e, OP_SMA, shape_of(e, 0).body, 10, 0), ago + 1);
}

static int mean_range(struct emitter *e, int candles, int ago)
{
    int range = subtract(e, emit_source(e, "high", 4), emit_source(e, "low", 3));

    return lag(e, emit_kernel(e, OP_SMA, range, candles, 0), ago + 1);
}

/* value where the condition holds, else 0; unknown as long as `last` is: the part of the pattern
 * that becomes known last. */
static int found(struct emitter *e, int condition, double value, int last)
{
    int result = emit_op(e, OP_IF, condition, emit_constant(e, value), emit_constant(e, 0));

    return emit_op(e, OP_WHEN_KNOWN, result, last, 0);
}

/* Open and close as good as equal. */
static int emit_doji(struct emitter *e)
{
    int range = mean_range(e, 10, 0);

    return found(e, less_equal(e, shape_of(e, 0).body, emit_times(e, 0.1, range)), 100, range);
}

/* A short body with a long shadow on one side and next to none on the other. */
static int emit_nail(struct emitter *e, bool is_shadow_below)
{
    struct shape now = shape_of(e, 0);
    int above = subtract(e, now.high, now.top), below = subtract(e, now.bottom, now.low);
    int is_nail = both(
        e, less(e, now.body, mean_body(e, 0)),
        both(e, less(e, now.body, is_shadow_below ? below : above),
             less(e, is_shadow_below ? above : below, emit_times(e, 0.1, mean_range(e, 10, 0)))));

    return is_nail;
}

/* The candle at the lower end, or below, of the one before. */
static int emit_hammer(struct emitter *e)
{
    struct shape now = shape_of(e, 0), before = shape_of(e, 1);
    int near = emit_times(e, 0.2, mean_range(e, 5, 1));
    int is_low = less_equal(e, now.bottom, emit_op(e, OP_ADD, before.low, near, 0));

    return found(e, both(e, emit_nail(e, true), is_low), 100, mean_body(e, 1));
}

/* A body above the one before. */
static int emit_shooting_star(struct emitter *e)
{
    int is_gap = less(e, shape_of(e, 1).top, shape_of(e, 0).bottom);

    return found(e, both(e, emit_nail(e, false), is_gap), -100, mean_body(e, 1));
}

/* A body around the one before, of the other colour.  80 where one end of the two is the same. */
static int emit_engulfing(struct emitter *e)
{
    struct shape now = shape_of(e, 0), before = shape_of(e, 1);
    int has_turned = emit_op(e, OP_NOT_EQUAL, now.is_white, before.is_white, 0);
    int is_around =
        both(e, less_equal(e, before.top, now.top), less_equal(e, now.bottom, before.bottom));
    int is_beyond = both(e, less(e, before.top, now.top), less(e, now.bottom, before.bottom));
    int is_larger =
        emit_op(e, OP_OR, less(e, before.top, now.top), less(e, now.bottom, before.bottom), 0);
    int size = emit_op(e, OP_IF, is_beyond, emit_constant(e, 100), emit_constant(e, 80));
    int value = emit_op(e, OP_IF, now.is_white, size, emit_op(e, OP_NEGATE, size, 0, 0));
    int condition = both(e, has_turned, both(e, is_around, is_larger));

    return emit_op(e, OP_WHEN_KNOWN, emit_op(e, OP_IF, condition, value, emit_constant(e, 0)),
                   shape_of(e, 2).close, 0);
}

/* A long black body, a short one below it, and a white one that closes well within the first. */
static int emit_morning_star(struct emitter *e, double penetration)
{
    struct shape first = shape_of(e, 2), star = shape_of(e, 1), last = shape_of(e, 0);
    int depth = emit_op(e, OP_ADD, first.close, emit_times(e, penetration, first.body), 0);
    int is_fall = both(e, not(e, first.is_white), less(e, mean_body(e, 2), first.body));
    int is_star =
        both(e, less_equal(e, star.body, mean_body(e, 1)), less(e, star.top, first.bottom));
    int is_rise = both(e, last.is_white,
                       both(e, less(e, mean_body(e, 0), last.body), less(e, depth, last.close)));

    return found(e, both(e, is_fall, both(e, is_star, is_rise)), 100, mean_body(e, 2));
}

int emit_pattern(struct emitter *e, enum rule_function_id id, const struct rule_arguments *a)
{
    switch (id) {
    case FUNCTION_CDL_DOJI:
        return emit_doji(e);
    case FUNCTION_CDL_HAMMER:
        return emit_hammer(e);
    case FUNCTION_CDL_SHOOTING_STAR:
        return emit_shooting_star(e);
    case FUNCTION_CDL_ENGULFING:
        return emit_engulfing(e);
    default:
        ASSERT(id == FUNCTION_CDL_MORNING_STAR);
        return emit_morning_star(e, a->number[0]);
    }
}
