/* SPDX-License-Identifier: Apache-2.0 */
/* Parses an artifact: JSON to sections, sections to rules, rules to one graph. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/instrument.h"
#include "engine/strategy_parts.h"

enum {
    FIXED_ROOTS = 9
};

static const char *const top_keys[] = {
    "version", "name", "symbol", "symbols", "timeframe", "params", "features", "ext", "entry",
    "exit", "stop_loss", "take_profit", "trailing_stop", "roi", "cooldown", "scale_in", "scale_out",
    "position_sizing", "startup_bars", "metrics",
    /* other names of the above */
    "entry_condition", "exit_condition", "direction", "confidence", "min_confidence", "trigger",
    "reason", "size_usd", "max_candles", "hold_periods", "max_bars", "time_exit", "minimal_roi",
    /* about the document, nothing that trades */
    "id", "description", "author", "tags", "created_at", "promoted_at", "session_id", "generation",
    "fitness", "mutation_type", "parent_id"};

static bool is_name(const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || length >= LIMIT_NAME || text[0] == ' ' || text[length - 1] == ' ')
        return false;
    for (const char *p = text; *p; p++) {
        bool is_alnum =
            (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');

        if (!is_alnum && !strchr(" ._+-", *p))
            return false;
    }
    return true;
}

static void load_name(struct loader *l)
{
    const struct jnode *name = loader_get(l->root, "name");
    const struct jnode *id = loader_get(l->root, "id");
    bool is_from_id = !name && jnode_is(id, J_STRING) && is_name(jnode_text(id));

    if (is_from_id) {
        name = id;
        diag_hint(diag_add(&l->s->warnings, "name", "name_from_id",
                           "without a name the id is taken for one"),
                  "versions of one strategy share a name: \"name\": \"ema_pullback\"");
    }
    if (!name) {
        struct diag *d = loader_missing(l, "name", "a strategy needs a name");

        if (!d->hint[0])
            diag_hint(d, "\"name\": \"ema_pullback\"");
    } else if (!jnode_is(name, J_STRING) || !is_name(jnode_text(name))) {
        diag_hint(loader_error(l, "name", "name_invalid", "this name cannot be used"),
                  "1 to 63 letters, digits, blanks, dots, dashes, underscores");
    } else {
        (void)copy_text(l->s->name, sizeof l->s->name, jnode_text(name));
    }
}

static void load_head(struct loader *l)
{
    const struct jnode *version = loader_get(l->root, "version");
    const struct jnode *timeframe = loader_get(l->root, "timeframe");

    load_name(l);
    if (version && !(jnode_is(version, J_INTEGER) && jnode_integer(version) == 1))
        diag_hint(loader_error(l, "version", "field_invalid", "this version is not known"), "1");
    if (timeframe && !(jnode_is(timeframe, J_STRING) &&
                       !timeframe_parse(jnode_text(timeframe), &l->s->timeframe_us)))
        diag_hint(loader_error(l, "timeframe", "field_invalid", "this timeframe is not known"),
                  "1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d");
    l->set.timeframe_us = l->s->timeframe_us;
}

static void add_symbol(struct loader *l, const char *field, const struct jnode *n)
{
    struct strategy *s = l->s;
    struct instrument parts;

    if (!jnode_is(n, J_STRING) || instrument_init(&parts, jnode_text(n), price_from_scaled(1, 0),
                                                  size_from_scaled(1, 0), MONEY_ZERO)) {
        diag_hint(loader_error(l, field, "field_invalid", "this is not a symbol"),
                  "\"BTC/USDT\", perpetuals \"BTC/USDT:USDT\"");
        return;
    }
    if (s->symbol_count > 0 && strategy_trades(s, parts.symbol))
        return;
    memcpy(s->symbols[s->symbol_count++], parts.symbol, LIMIT_SYMBOL);
}

static int compare_symbols(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void load_symbols(struct loader *l)
{
    const struct jnode *one = loader_get(l->root, "symbol");
    const struct jnode *many = loader_get(l->root, "symbols");
    size_t count = jnode_is(many, J_ARRAY) ? jnode_count(many) : 0;

    if (many && !jnode_is(many, J_ARRAY))
        diag_hint(loader_error(l, "symbols", "type_mismatch", "a list is needed here"),
                  "[\"BTC/USDT\"]");
    if (count > LIMIT_SYMBOLS) {
        diag_hint(loader_error(l, "symbols", "limit_exceeded", "too many symbols"), "at most %d",
                  LIMIT_SYMBOLS);
        return;
    }
    l->s->symbols = xcalloc(count + 1, sizeof l->s->symbols[0]);
    if (one)
        add_symbol(l, "symbol", one);
    for (size_t i = 0; i < count; i++) {
        char field[SYMBOLS_FIELD];

        (void)snprintf(field, sizeof field, "symbols[%zu]", i);
        add_symbol(l, field, jnode_item(many, i));
    }
    qsort(l->s->symbols, l->s->symbol_count, sizeof l->s->symbols[0], compare_symbols);
    if (l->s->symbol_count == 1)
        memcpy(l->set.own, l->s->symbols[0], sizeof l->set.own);
}

/* Copies what the compiler found, sorted. */
static void set_others(struct loader *l)
{
    struct strategy *s = l->s;

    s->other_count = (size_t)l->set.other_count;
    for (int i = 0; i < l->set.other_count; i++) {
        int at = i; /* insertion: they are few */

        for (; at > 0 && strcmp(s->others[at - 1], l->set.others[i]) > 0; at--) {
            memcpy(s->others[at], s->others[at - 1], LIMIT_SYMBOL);
            s->other_at[at] = s->other_at[at - 1];
        }
        memcpy(s->others[at], l->set.others[i], LIMIT_SYMBOL);
        s->other_at[at] = i;
    }
}

/* The longest of all nodes; a feature that is only reported counts too. */
static void set_warmup(struct strategy *s)
{
    int lookback = 0, settle = 0;

    for (int i = 0; i < s->graph.count; i++) {
        const struct rule_operation *op = &s->graph.nodes[i];

        lookback = op->lookback > lookback ? op->lookback : lookback;
        settle = op->settle > settle ? op->settle : settle;
    }
    s->warmup = s->startup > 0 ? s->startup : settle;
    if (s->warmup < lookback + 1)
        s->warmup = lookback + 1;
}

/* Hands the graph over and turns every rule's node into its final index. */
static void finish_graph(struct loader *l)
{
    struct strategy *s = l->s;
    int *roots[FIXED_ROOTS + TRIGGER_PARTS + LIMIT_FEATURES] = {
        &s->entry.node,         &s->exit.node,           &s->confidence.node,
        &s->stop.rule.node,     &s->take.rule.node,      &s->trailing.rule.node,
        &s->scale_in_rule.node, &s->scale_out_rule.node, &s->volatility};
    size_t count = FIXED_ROOTS;

    for (int i = 0; i < s->trigger.count; i++)
        roots[count++] = &s->trigger.parts[i].rule.node;
    for (size_t i = 0; i < s->feature_count; i++)
        roots[count++] = &s->features[i].node;
    s->graph = l->set.graph;
    l->set.graph = (struct rule_graph){0};
    rule_graph_finish(&s->graph, roots, count);
    if (s->graph.is_full)
        diag_hint(
            loader_error(l, "exit.condition", "too_complex", "too much depends on the position"),
            "at most %d operations", RULE_GRAPH_LATE);
    set_warmup(s);
}

static void load_all(struct loader *l, bool stop_loss_required)
{
    const struct jnode *startup = loader_get(l->root, "startup_bars");

    loader_check_keys(l, l->root, "", (struct keys){top_keys, COUNT_OF(top_keys)});
    load_head(l);
    load_symbols(l);
    load_parameters(l);
    load_ext(l);
    load_features(l);
    load_entry(l);
    load_exit(l);
    load_levels(l, stop_loss_required);
    load_trailing(l);
    load_roi(l);
    load_cooldown(l);
    load_scaling(l);
    load_sizing(l);
    load_metrics(l);
    if (startup)
        (void)loader_count(l, startup, "startup_bars", 0, 1000000, &l->s->startup);
    if (l->mistakes == 0 && l->set.graph.is_full)
        loader_error(l, "features", "too_complex", "the strategy is too large");
    if (l->mistakes > 0)
        return;
    set_others(l);
    finish_graph(l);
}

static void forget_nodes(struct strategy *s)
{
    s->entry.node = s->exit.node = s->confidence.node = NODE_NONE;
    s->scale_in_rule.node = s->scale_out_rule.node = s->volatility = NODE_NONE;
    s->stop.rule.node = s->take.rule.node = s->trailing.rule.node = NODE_NONE;
}

enum err strategy_parse(const char *json, size_t length, bool stop_loss_required,
                        struct diag_list *diags, struct strategy **out)
{
    struct jnode *root = NULL;
    struct loader *l = NULL;
    enum err e;

    if (length > LIMIT_JSON_BYTES) {
        diag_hint(diag_add(diags, "", "too_long", "the artifact is too long"), "at most %d bytes",
                  LIMIT_JSON_BYTES);
        return ERR_LIMIT;
    }
    e = jnode_parse(json, length, "strategy", diags, &root);
    if (e)
        return e;
    if (!jnode_is(root, J_OBJECT)) {
        diag_hint(diag_add(diags, "", "type_mismatch", "an artifact is a JSON object"),
                  "{\"name\": ..., \"entry\": {...}}");
        e = ERR_INVALID;
        goto out;
    }
    l = xcalloc(1, sizeof *l);
    l->s = xcalloc(1, sizeof *l->s);
    l->s->references = 1;
    l->root = root;
    l->diags = diags;
    rule_set_init(&l->set, diags);
    forget_nodes(l->s);
    load_all(l, stop_loss_required);
    if (l->mistakes > 0) {
        e = ERR_INVALID;
        goto out;
    }
    strategy_canonicalise(l);
    *out = l->s;
    l->s = NULL;
out:
    if (l) {
        strategy_release(l->s);
        rule_set_release(&l->set);
    }
    free(l);
    jnode_free(root);
    return e;
}
