/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a finished graph candle by candle. */
#ifndef ENGINE_RULE_RUN_H
#define ENGINE_RULE_RUN_H

#include "engine/candle.h"
#include "engine/rule_graph.h"
#include "engine/rule_stream.h"

enum {
    RULE_RUN_SCALES = 16 /* powers of ten in the evaluator's table */
};

struct rule_step;

/* Computes the node and goes on with the step behind it: threaded code, each step ending in its own
 * jump, which the processor learns better than one shared switch. */
typedef void rule_step_fn(const struct rule_step *s, const struct candle *c);

/* A node of the candles with all its places looked up: into the run's values and state. */
struct rule_step {
    rule_step_fn *run;
    const double *a, *b, *c;
    double *out;
    void *state;
};

/* One stream's state, in the graph's order. */
struct rule_feed {
    struct rule_step *steps;
    /* For who reads it beside other candles: open time of its newest one, TIME_NONE without; and
     * how many came since a gap or a late beginning, LIMIT_CANDLES when there was none. */
    int64_t open_us;
    int64_t count;
    struct rule_bucket bucket; /* of a higher timeframe */
};

/* What OP_SAMPLE of another symbol must see before it believes a value. */
struct rule_border {
    const struct rule_feed *feed;
    int64_t settle; /* of the value, in candles of the feed */
};

/* One symbol's state.  The graph is borrowed and never changed. */
struct rule_run {
    const struct rule_graph *graph;
    double *values;          /* one a node; late ones are not used */
    unsigned char *state;    /* the kernels' structs */
    struct rule_step *steps; /* those of the own candles, and one that stops */
    bool has_streams;        /* rule_run_push_streams has something to do */
    struct rule_step *all_steps;
    struct rule_feed feeds[LIMIT_STREAMS];
    struct rule_border *borders;       /* one a node */
    bool is_seen[LIMIT_OTHER_SYMBOLS]; /* a candle of it was pushed */
    bool is_begun;                     /* an own one was, where there are other streams */
    double ext[LIMIT_FEATURES];        /* values from outside, NaN: unknown */
};

/* What late nodes read. */
struct rule_context {
    double entry_price, candles_held, pnl; /* NaN: unknown */
    double pnl_best, pnl_worst, scale_ins, scale_outs;
};

extern const struct rule_context rule_context_unknown;

/* rule_step.c: the step of a node, and the one that ends a stream's. */
struct rule_step rule_step_of(struct rule_run *r, int node);
struct rule_step rule_step_last(void);
/* Of OP_SAMPLE: it reads another symbol, not a coarser stream of its own. */
bool rule_sample_is_of_other(const struct rule_graph *g, const struct rule_operation *op);

void rule_run_init(struct rule_run *r, const struct rule_graph *graph);
void rule_run_release(struct rule_run *r);
/* As just made. */
void rule_run_reset(struct rule_run *r);
/* After a gap in the candles of a symbol (0: the own one): its streams begin anew.  Those of
 * another symbol stay unknown until they have settled once more. */
void rule_run_reset_symbol(struct rule_run *r, int symbol);
/* The streams of a symbol but the own candles; before rule_run_push, and other symbols first. */
void rule_run_push_streams(struct rule_run *r, int symbol, const struct candle *c);
/* One step of every node of the own candles. */
static inline void rule_run_push(struct rule_run *r, const struct candle *c)
{
    ASSERT((c->price_scale | c->size_scale) < RULE_RUN_SCALES);
    r->steps->run(r->steps, c);
}
double rule_run_late(const struct rule_run *r, int node, const struct rule_context *context);

/* The value of any node as of the newest push. */
static inline double rule_run_value(const struct rule_run *r, int node,
                                    const struct rule_context *context)
{
    return node < r->graph->first_late ? r->values[node] : rule_run_late(r, node, context);
}

#endif
