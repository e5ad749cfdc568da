/* SPDX-License-Identifier: Apache-2.0 */
/* What the graph and its runs need to know of each kernel: memory and warm-up. */
#ifndef ENGINE_RULE_KERNEL_H
#define ENGINE_RULE_KERNEL_H

#include "engine/rule_graph.h"

/* Bytes of the node's state, a multiple of 8; 0 without one. */
size_t rule_kernel_size(const struct rule_operation *op);
void rule_kernel_init(const struct rule_operation *op, void *state);
/* Candles the node itself needs before its first value, and until what came before the first
 * candle weighs less than 1e-6. */
int rule_kernel_lookback(const struct rule_operation *op);
int rule_kernel_settle(const struct rule_operation *op);

/* The comparison of the candle before: 1 when a crossing is possible. */
struct rule_cross {
    double was_ready;
};

#endif
