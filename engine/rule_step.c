/* SPDX-License-Identifier: Apache-2.0 */
/* The graph's nodes as threaded code: one function an operation, each ending in the next one. */
#include "engine/rule_step.h"

#define A (*s->a)
#define B (*s->b)
#define C (*s->c)
#define STATE (s->state)
#define NOW c
#define CLOSE ((double)NOW->close / power[NOW->price_scale])

/* The last a step does is to jump to the next one: it needs no stack of its own. */
#define DEFINE(name, value)                                                      \
    static __attribute__((noinline)) void step_##name(const struct rule_step *s, \
                                                      const struct candle *c)    \
    {                                                                            \
        *s->out = (value);                                                       \
        s[1].run(s + 1, c);                                                      \
    }
#define STEP(op, name, value) DEFINE(name, value)
#define HOT(op, name, value) DEFINE(name##_rare, value)
#define PURE(op, name) DEFINE(name, rule_pure(op, A, B, C))
#include "engine/rule_step_table.h"
#undef STEP
#undef HOT
#undef PURE

/* Of the own symbol's coarser candles: what the newest complete one left. */
DEFINE(sample, A)
DEFINE(sample_other, sample_other(STATE, NOW->open_us, A))

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

static rule_step_fn *const steps[] = {
    [OP_SAMPLE] = step_sample,
#define STEP(op, name, value) [op] = step_##name,
#define HOT(op, name, value) [op] = step_##name,
#define PURE(op, name) [op] = step_##name,
#include "engine/rule_step_table.h"
};

_Static_assert(COUNT_OF(steps) == OP_WHEN_KNOWN + 1, "every operation of the candles has a step");

bool rule_sample_is_of_other(const struct rule_graph *g, const struct rule_operation *op)
{
    return g->streams[op->stream].symbol != g->streams[g->nodes[op->a].stream].symbol;
}

struct rule_step rule_step_of(struct rule_run *r, int node)
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
    } else if (op->op == OP_SAMPLE && rule_sample_is_of_other(g, op)) {
        s.run = step_sample_other;
        s.state = &r->borders[node];
    }
    return s;
}

struct rule_step rule_step_last(void)
{
    return (struct rule_step){.run = step_stop};
}
