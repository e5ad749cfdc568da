/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a finished graph candle by candle. */
#ifndef ENGINE_RULE_RUN_H
#define ENGINE_RULE_RUN_H

#include "engine/candle.h"
#include "engine/rule_graph.h"

enum {
    RULE_RUN_SCALES = 16 /* powers of ten in the evaluator's table */
};

/* A node of the candles with all its places looked up: into the run's values and state. */
struct rule_step {
    /* Computes the node and goes on with the step behind it: threaded code, each step ending in
     * its own jump, which the processor learns better than one shared switch. */
    void (*run)(const struct rule_step *s, const struct candle *c);
    const double *a, *b, *c;
    double *out;
    void *state;
};

/* One symbol's state.  The graph is borrowed and never changed. */
struct rule_run {
    const struct rule_graph *graph;
    double *values;          /* one a node; late ones are not used */
    unsigned char *state;    /* the kernels' structs */
    struct rule_step *steps; /* first_step .. first_late - 1 of the graph, and one that stops */
};

/* What late nodes read. */
struct rule_context {
    double entry_price, candles_held, pnl; /* NaN: unknown */
};

void rule_run_init(struct rule_run *r, const struct rule_graph *graph);
void rule_run_release(struct rule_run *r);
/* As just made. */
void rule_run_reset(struct rule_run *r);
/* One step of every node of the candles. */
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
