/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that put indicators together share: kernels as graph nodes, and common parts. */
#ifndef ENGINE_RULE_INDICATOR_H
#define ENGINE_RULE_INDICATOR_H

#include "engine/rule_emit.h"

/* The kernel `op` over the node a; n and m as rule_graph.h says. */
int emit_kernel(struct emitter *e, enum rule_op op, int a, double n, double m);
/* A kernel over high, low and close. */
int emit_candle_kernel(struct emitter *e, enum rule_op op, double n);
int emit_times(struct emitter *e, double factor, int a);
/* The highest high and the lowest low of n candles, and their middle. */
int emit_highest(struct emitter *e, double n);
int emit_lowest(struct emitter *e, double n);
int emit_midprice(struct emitter *e, double n);
/* x / x[n] - 1 of the source and the count. */
int emit_returns(struct emitter *e, const struct rule_arguments *a);
struct rule_value emit_outputs(int first, int second, int third, int fourth);

/* rule_study.c: functions of one source. */
int emit_study(struct emitter *e, enum rule_function_id id, const struct rule_arguments *a);
struct rule_value emit_ht_sine(struct emitter *e, int x);
/* rule_study_candle.c: functions of the whole candle. */
int emit_candle_study(struct emitter *e, enum rule_function_id id, const struct rule_arguments *a);
struct rule_value emit_aroon(struct emitter *e, double n);
/* rule_pattern.c: candle patterns. */
int emit_pattern(struct emitter *e, enum rule_function_id id, const struct rule_arguments *a);

#endif
