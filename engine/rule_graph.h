/* SPDX-License-Identifier: Apache-2.0 */
/* All rules of a strategy as one graph of operations, equal parts shared.
 *
 * A node's operands have smaller indices, so one pass in order computes everything.  Every value
 * is a double; true is 1, false is 0, unknown is NaN.  There are three kinds of nodes, and
 * rule_graph_finish sorts them so: constants, nodes of the candles (computed once a push), and
 * late nodes, which read the position or the entry price and are computed when asked.
 *
 * Nodes of the candles belong to a stream: the candles of one symbol in one timeframe.  Only
 * OP_SAMPLE reads across streams: from a coarser one of the same symbol, or from the same timeframe
 * of another symbol.  Streams are sorted so that what is read is computed before. */
#ifndef ENGINE_RULE_GRAPH_H
#define ENGINE_RULE_GRAPH_H

#include <math.h>

#include "core/base.h"
#include "core/limits.h"

enum rule_op {
    OP_CONSTANT,
    /* Of the newest candle. */
    OP_OPEN,
    OP_HIGH,
    OP_LOW,
    OP_CLOSE,
    OP_VOLUME,
    OP_HOUR, /* of its open time, UTC */
    OP_MINUTE,
    OP_DAY, /* of the month */
    OP_MONTH,
    OP_SESSION, /* 0 asia, 1 europe, 2 us, 3 off */
    OP_WEEKDAY, /* 0 Monday */
    /* From elsewhere. */
    OP_EXT,    /* outside value number n */
    OP_SAMPLE, /* a, which belongs to another stream, as far as it is known now */
    /* With a state of their own: one kernel each. */
    OP_LAG,           /* a, n candles ago */
    OP_CROSSED_ABOVE, /* a > b and, a candle ago, a <= b */
    OP_CROSSED_BELOW,
    OP_SMA,
    OP_EMA, /* n: period, m: skip */
    OP_WMA,
    OP_RSI,
    OP_ATR,    /* a: high, b: low, c: close */
    OP_STDDEV, /* m: ddof */
    OP_HIGHEST,
    OP_LOWEST,
    OP_RISING,
    OP_FALLING,
    OP_CMO,
    OP_WILDER,
    OP_CCI,
    OP_MFI,        /* a: price, b: volume */
    OP_OBV,        /* a: price, b: volume */
    OP_VWAP,       /* a: price, b: volume */
    OP_DMI,        /* a: high, b: low, c: close; gives DX, parts +DI and -DI */
    OP_SAR,        /* a: high, b: low, c: greatest acceleration, k: its step */
    OP_SUPERTREND, /* a: middle, b: half width, c: close; part 0: direction */
    OP_HA_OPEN,    /* a: open, b: close, c: mean of the four prices */
    OP_KAMA,
    OP_DM,          /* a: high, b: low; gives +DM, part -DM */
    OP_HIGHEST_AGE, /* candles since the largest of n values */
    OP_LOWEST_AGE,
    OP_TOTAL,       /* sum since the beginning */
    OP_ADOSC,       /* a: money flow; n: fast, m: slow */
    OP_LINE,        /* least squares; part: slope */
    OP_CORREL,      /* of a and b */
    OP_CYCLE,       /* length of the cycle; n: first candle, m: where the transform begins */
    OP_CYCLE_MEAN,  /* of a over b candles */
    OP_CYCLE_PHASE, /* a: smoothed price, b: length; gives its sine, parts: lead, degrees */
    OP_PART,        /* output n of kernel a, which keeps it at the start of its state */
    /* Pure: rule_pure() computes them from a, b and c. */
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_REMAINDER,
    OP_NEGATE,
    OP_ABS,
    OP_MIN,
    OP_MAX,
    OP_CLAMP, /* a within [b, c] */
    OP_LOG,
    OP_EXP,
    OP_SQRT,
    OP_GREATER,
    OP_LESS,
    OP_GREATER_EQUAL,
    OP_LESS_EQUAL,
    OP_EQUAL,
    OP_NOT_EQUAL,
    OP_AND,
    OP_OR,
    OP_NOT,
    OP_IF,         /* a ? b : c */
    OP_POSITION,   /* where a is on the way from b (0) to c (1) */
    OP_WHEN_KNOWN, /* a, unknown while b is */
    /* Late: what the caller tells about the position. */
    OP_ENTRY_PRICE,
    OP_CANDLES_HELD,
    OP_PNL,
    OP_PNL_BEST,
    OP_PNL_WORST,
    OP_SCALE_INS,
    OP_SCALE_OUTS
};

enum {
    RULE_GRAPH_NODES = 2048, /* of one strategy; 16 expressions of full size */
    RULE_GRAPH_LATE = 512,   /* they are computed on the stack */
    RULE_GRAPH_BUCKETS = 4096,
    RULE_GRAPH_STATE = 4 * 1024 * 1024, /* bytes of windows for one symbol */
    RULE_DAY_CANDLES = 1440,            /* of one minute, until the timeframe is known */
    RULE_UNKNOWN = 0                    /* the index of a constant NaN */
};

/* Larger results count as unknown: sums of squares over a window stay finite. */
#define RULE_NUMBER_MAX 1e150

struct rule_operation {
    uint8_t op;
    bool is_late;
    bool is_outside; /* depends on OP_EXT of this candle: like a late one it has no past */
    uint8_t stream;
    int32_t a, b, c; /* operands; RULE_UNKNOWN where there is none */
    int32_t n, m;
    uint32_t state;   /* bytes from the start of the run's state */
    double k;         /* OP_CONSTANT, OP_SAR */
    int32_t lookback; /* candles before the first value */
    int32_t settle;   /* candles until what came before weighs less than 1e-6 */
};

struct rule_stream {
    int symbol;           /* 0: the strategy's own; i + 1: other symbol i */
    int64_t timeframe_us; /* 0: the one that is pushed, whatever it is */
    int first, end;       /* its nodes, after finish */
};

struct rule_graph {
    int count;
    int first_step; /* after finish: constants end here ... */
    int first_late; /* ... and the nodes of the candles here */
    int stream;     /* the one that nodes are added to */
    int stream_count;
    struct rule_stream
        streams[LIMIT_STREAMS]; /* the own candles are the first; after finish last */
    size_t state_bytes;
    bool is_full; /* a limit was passed: the graph must not be used */
    struct rule_operation *nodes;
    int16_t *buckets; /* hash of content to index + 1; gone after finish */
};

void rule_graph_init(struct rule_graph *g);
void rule_graph_release(struct rule_graph *g);

/* The node with this content: an equal one that is there already, a constant when all operands of
 * a pure operation are, else a new one.  Gives RULE_UNKNOWN and sets is_full past a limit. */
int rule_graph_add(struct rule_graph *g, struct rule_operation op);
int rule_graph_constant(struct rule_graph *g, double value);

static inline bool rule_graph_is_constant(const struct rule_graph *g, int node)
{
    return g->nodes[node].op == OP_CONSTANT;
}
static inline bool rule_op_has_state(uint8_t op)
{
    return op >= OP_LAG && op <= OP_PART;
}

/* The node's value in the stream that is added to; its own index when it is a constant. */
int rule_graph_sample(struct rule_graph *g, int node);
/* The stream of a symbol and timeframe, made when it is new; -1 past LIMIT_STREAMS. */
int rule_graph_stream(struct rule_graph *g, int symbol, int64_t timeframe_us);

/* Drops what no root needs, streams too, sorts, and lays the state out.  Roots are rewritten to the
 * new indices; negative ones are left alone. */
void rule_graph_finish(struct rule_graph *g, int *const *roots, size_t root_count);

static inline double rule_bounded(double x)
{
    return fabs(x) <= RULE_NUMBER_MAX ? x : NAN;
}

/* Three-valued comparisons and logic (Kleene), and arithmetic where "no number" is unknown.  Only
 * the unknown is branched to: which way a comparison goes is anybody's guess. */
static inline bool rule_is_unknown(double a, double b)
{
    return __builtin_expect(__builtin_isunordered(a, b), 0);
}

static inline double rule_greater(double a, double b)
{
    if (rule_is_unknown(a, b))
        return NAN;
    return a > b ? 1 : 0;
}

/* False wins over unknown. */
static inline double rule_and(double a, double b)
{
    if (rule_is_unknown(a, b))
        return a == 0 || b == 0 ? 0 : NAN;
    return a * b;
}

/* True wins over unknown. */
static inline double rule_or(double a, double b)
{
    if (rule_is_unknown(a, b))
        return a == 1 || b == 1 ? 1 : NAN;
    return a > b ? a : b;
}

static inline double rule_position(double x, double from, double to)
{
    /* A range that is only rounding noise leaves no value. */
    if (!(fabs(to - from) > 1e-12 * fmax(fabs(from), fabs(to))))
        return NAN;
    return rule_bounded((x - from) / (to - from));
}

/* Any pure operation; with a constant op the compiler keeps one case of it, when it is told to. */
static inline __attribute__((always_inline)) double rule_pure(uint8_t op, double a, double b,
                                                              double c)
{
    switch (op) {
    case OP_ADD:
        return rule_bounded(a + b);
    case OP_SUBTRACT:
        return rule_bounded(a - b);
    case OP_MULTIPLY:
        return rule_bounded(a * b);
    case OP_DIVIDE:
        return rule_bounded(a / b);
    case OP_REMAINDER:
        return rule_bounded(fmod(a, b));
    case OP_NEGATE:
        return -a;
    case OP_ABS:
        return fabs(a);
    case OP_MIN:
        return rule_is_unknown(a, b) ? NAN : a <= b ? a : b;
    case OP_MAX:
        return rule_is_unknown(a, b) ? NAN : a >= b ? a : b;
    case OP_CLAMP: /* Crossed bounds leave no value. */
        return !(b <= c) || isnan(a) ? NAN : a < b ? b : a > c ? c : a;
    case OP_LOG:
        return a > 0 ? log(a) : NAN;
    case OP_EXP:
        return rule_bounded(exp(a));
    case OP_SQRT:
        return a >= 0 ? sqrt(a) : NAN;
    case OP_GREATER:
        return rule_greater(a, b);
    case OP_LESS:
        return rule_greater(b, a);
    case OP_GREATER_EQUAL:
        return rule_is_unknown(a, b) ? NAN : a >= b ? 1 : 0;
    case OP_LESS_EQUAL:
        return rule_is_unknown(a, b) ? NAN : a <= b ? 1 : 0;
    case OP_EQUAL:
        return rule_is_unknown(a, b) ? NAN : a == b ? 1 : 0;
    case OP_NOT_EQUAL:
        return rule_is_unknown(a, b) ? NAN : a != b ? 1 : 0;
    case OP_AND:
        return rule_and(a, b);
    case OP_OR:
        return rule_or(a, b);
    case OP_NOT:
        return 1 - a;
    case OP_IF:
        return isnan(a) ? NAN : a != 0 ? b : c;
    case OP_POSITION:
        return rule_position(a, b, c);
    default:
        ASSERT(op == OP_WHEN_KNOWN);
        return isnan(b) ? NAN : a;
    }
}

#endif
