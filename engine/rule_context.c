/* SPDX-License-Identifier: Apache-2.0 */
/* Higher timeframes and other symbols: where an expression is computed, and how it comes back.
 *
 * A way back has at most two samples: from the coarse stream to the other symbol's candles, and
 * from there to ours, where a candle of the same open time is demanded. */
#include <stdio.h>
#include <string.h>

#include "engine/candle.h"
#include "engine/instrument.h"
#include "engine/rule_emit.h"
#include "engine/rule_names.h"

static const struct rule_value broken = {.type = TYPE_BROKEN};

static const char *const timeframes[] = {"1s", "1m", "3m", "5m", "15m", "30m", "1h",
                                         "2h", "4h", "6h", "8h", "12h", "1d"};

struct context {
    int symbol;
    int64_t timeframe_us;
};

static bool unknown_timeframe(struct emitter *e, int node, const char *word)
{
    char message[160];
    struct nearest near;

    nearest_init(&near, word);
    for (size_t i = 0; i < COUNT_OF(timeframes); i++)
        nearest_offer(&near, timeframes[i]);
    (void)snprintf(message, sizeof message, "'%.40s' is not a timeframe", word);
    nearest_hint(&near, emit_error(e, node, "timeframe_unknown", message),
                 "1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d");
    return false;
}

/* Steps into "@ T"; false after a report. */
static bool enter_timeframe(struct emitter *e, int node, struct context *c)
{
    struct rule_node *n = &e->ast->nodes[node];
    const char *outer = timeframe_name(c->timeframe_us);
    char word[128], message[160];
    int64_t inner;

    emit_word(e, n->name, n->name_length, word);
    if (timeframe_parse(word, &inner))
        return unknown_timeframe(e, node, word);
    if (e->set->timeframe_us == 0) {
        diag_hint(emit_error(e, node, "timeframe_missing",
                             "'@' needs to know the strategy's own timeframe"),
                  "name it in the artifact: \"timeframe\": \"5m\"");
        return false;
    }
    if (inner < c->timeframe_us) {
        (void)snprintf(message, sizeof message, "%s is finer than %s", word, outer);
        diag_hint(emit_error(e, node, "timeframe_finer", message),
                  "a rule sees whole candles of its timeframe; use %s or a multiple of it", outer);
        return false;
    }
    if (inner % c->timeframe_us != 0) {
        (void)snprintf(message, sizeof message, "%s is no multiple of %s", word, outer);
        diag_hint(emit_error(e, node, "timeframe_uneven", message),
                  "its candles would end in the middle of one of %s", outer);
        return false;
    }
    n->is_idle = inner == e->set->timeframe_us;
    c->timeframe_us = inner;
    return true;
}

/* The number of an other symbol, new ones are added; -1 after a report. */
static int find_other(struct emitter *e, int node, const char *symbol)
{
    struct rule_set *s = e->set;

    for (int i = 0; i < s->other_count; i++) {
        if (strcmp(s->others[i], symbol) == 0)
            return i;
    }
    if (s->other_count == LIMIT_OTHER_SYMBOLS) {
        diag_hint(emit_error(e, node, "limit_exceeded", "too many other symbols"), "at most %d",
                  LIMIT_OTHER_SYMBOLS);
        return -1;
    }
    (void)copy_text(s->others[s->other_count], LIMIT_SYMBOL, symbol);
    return s->other_count++;
}

/* Steps into "of SYMBOL"; false after a report. */
static bool enter_symbol(struct emitter *e, int node, struct context *c)
{
    struct rule_node *n = &e->ast->nodes[node];
    struct instrument parts;
    char word[128];
    int other;

    emit_word(e, n->name, n->name_length, word);
    if (instrument_init(&parts, word, price_from_scaled(1, 0), size_from_scaled(1, 0),
                        MONEY_ZERO)) {
        diag_hint(emit_error(e, node, "symbol_invalid", "this is not a symbol"),
                  "\"BTC/USDT\", perpetuals \"BTC/USDT:USDT\"");
        return false;
    }
    n->is_idle = strcmp(word, e->set->own) == 0;
    if (n->is_idle && c->symbol == 0)
        return true;
    other = n->is_idle ? -1 : find_other(e, node, word);
    if (other < 0 && !n->is_idle)
        return false;
    if (c->symbol != 0 && c->symbol != other + 1) {
        diag_hint(emit_error(e, node, "symbol_nested", "'of' stands inside another 'of'"),
                  "give each part its own: close of \"BTC/USDT\" - close of \"ETH/USDT\"");
        return false;
    }
    c->symbol = other + 1;
    return true;
}

static int stream_of(struct emitter *e, int node, struct context c)
{
    int stream = rule_graph_stream(&e->set->graph, c.symbol, c.timeframe_us);

    if (stream < 0)
        diag_hint(emit_error(e, node, "limit_exceeded", "too many symbols and timeframes"),
                  "at most %d pairs of them, the strategy's own included", LIMIT_STREAMS);
    return stream;
}

/* Where the value is to be computed, by way of which stream it comes back, and to where. */
struct journey {
    int inner, middle, outer;
};

static int bring_back(struct rule_graph *g, const struct journey *j, int node)
{
    if (j->inner != j->middle) {
        g->stream = j->middle;
        node = rule_graph_sample(g, node);
    }
    if (j->middle != j->outer) {
        g->stream = j->outer;
        node = rule_graph_sample(g, node);
    }
    return node;
}

static struct rule_value emit_in(struct emitter *e, int node, const struct journey *j)
{
    struct rule_graph *g = &e->set->graph;
    struct rule_value value;

    g->stream = j->inner;
    value = emit_node(e, node);
    for (int i = 0; value.type != TYPE_BROKEN && i < RULE_OUTPUTS; i++)
        value.nodes[i] = bring_back(g, j, value.nodes[i]);
    g->stream = j->outer;
    return value;
}

static bool is_settled_in_time(struct emitter *e, int node, const struct rule_value *value)
{
    for (int i = 0; i < RULE_OUTPUTS; i++) {
        if (e->set->graph.nodes[value->nodes[i]].settle < LIMIT_CANDLES)
            continue;
        diag_hint(emit_error(e, node, "warmup_too_long", "this would need too many candles"),
                  "a shorter period or a lower timeframe");
        return false;
    }
    return true;
}

struct rule_value emit_elsewhere(struct emitter *e, int node)
{
    const struct rule_graph *g = &e->set->graph;
    const struct rule_stream *here = &g->streams[g->stream];
    struct context c = {here->symbol, here->timeframe_us};
    struct journey j = {.outer = g->stream};
    struct rule_value value;
    bool is_broken = false;
    int child = node;

    for (; e->ast->nodes[child].kind == RULE_AT || e->ast->nodes[child].kind == RULE_OF;
         child = e->ast->nodes[child].child[0]) {
        bool is_good = e->ast->nodes[child].kind == RULE_AT ? enter_timeframe(e, child, &c)
                                                            : enter_symbol(e, child, &c);
        is_broken = is_broken || !is_good;
    }
    if (is_broken) {
        (void)emit_node(e, child); /* its own mistakes are worth knowing at once */
        return broken;
    }
    j.middle = stream_of(e, node, (struct context){c.symbol, here->timeframe_us});
    j.inner = j.middle < 0 ? -1 : stream_of(e, node, c);
    if (j.inner < 0)
        return broken;
    value = emit_in(e, child, &j);
    return value.type == TYPE_BROKEN || is_settled_in_time(e, node, &value) ? value : broken;
}
