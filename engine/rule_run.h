/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a finished graph candle by candle. */
#ifndef ENGINE_RULE_RUN_H
#define ENGINE_RULE_RUN_H

#include "engine/candle.h"
#include "engine/rule_graph.h"

/* One symbol's state.  The graph is borrowed and never changed. */
struct rule_run {
    const struct rule_graph *graph;
    double *values;       /* one a node; late ones are not used */
    unsigned char *state; /* the kernels' structs */
};

/* What late nodes read. */
struct rule_context {
    double entry_price, candles_held, pnl; /* NaN: unknown */
};

/* Bytes of the node's kernel, a multiple of 8; 0 without one. */
size_t rule_state_size(const struct rule_operation *op);

void rule_run_init(struct rule_run *r, const struct rule_graph *graph);
void rule_run_release(struct rule_run *r);
/* As just made. */
void rule_run_reset(struct rule_run *r);
/* One step of every node of the candles. */
void rule_run_push(struct rule_run *r, const struct candle *c);
/* The value of any node as of the newest push. */
double rule_run_value(const struct rule_run *r, int node, const struct rule_context *context);

#endif
