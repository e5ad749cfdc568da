/* SPDX-License-Identifier: Apache-2.0 */
/* Declared names and those with a dot: parameters, features, the position, outside values. */
#include <stdio.h>
#include <string.h>

#include "engine/rule_emit.h"
#include "engine/rule_names.h"

static const struct rule_value broken = {.type = TYPE_BROKEN};

static const struct {
    const char *name;
    enum rule_op op;
} position_members[] = {{"bars_held", OP_CANDLES_HELD},
                        {"candles_held", OP_CANDLES_HELD},
                        {"pnl_pct", OP_PNL},
                        {"best_pnl_pct", OP_PNL_BEST},
                        {"worst_pnl_pct", OP_PNL_WORST},
                        {"entry_price", OP_ENTRY_PRICE},
                        {"scale_ins", OP_SCALE_INS},
                        {"scale_outs", OP_SCALE_OUTS}};

int emit_find_parameter(const struct rule_set *s, const char *name, size_t length)
{
    for (int i = 0; i < s->parameter_count; i++) {
        if (strlen(s->parameters[i].name) == length &&
            memcmp(s->parameters[i].name, name, length) == 0)
            return i;
    }
    return -1;
}

int emit_find_feature(const struct rule_set *s, const char *name, size_t length)
{
    for (int i = 0; i < s->feature_count; i++) {
        if (strlen(s->features[i].name) == length && memcmp(s->features[i].name, name, length) == 0)
            return i;
    }
    return -1;
}

struct rule_value emit_feature(struct emitter *e, int feature)
{
    struct rule_value value = rule_compile_feature(e->set, feature);

    if (value.type == TYPE_BROKEN)
        e->is_broken = true;
    return value;
}

struct rule_value emit_entry_price(struct emitter *e, int node)
{
    if (e->scope != SCOPE_EXIT && e->scope != SCOPE_LEVEL) {
        diag_hint(emit_error(e, node, "not_here", "there is no entry price yet"),
                  "it can be used in exit, stop_loss and take_profit");
        return broken;
    }
    if (emit_refuses_elsewhere(e, node))
        return broken;
    return rule_number(emit_op(e, OP_ENTRY_PRICE, 0, 0, 0));
}

static struct rule_value emit_position(struct emitter *e, int node, const char *member)
{
    struct nearest near;

    nearest_init(&near, member);
    for (size_t i = 0; i < COUNT_OF(position_members); i++) {
        nearest_offer(&near, position_members[i].name);
        if (strcmp(member, position_members[i].name) != 0)
            continue;
        if (e->scope != SCOPE_EXIT) {
            diag_hint(emit_error(e, node, "not_here", "there is no position here"),
                      "position.* can be used in exit.condition");
            return broken;
        }
        if (emit_refuses_elsewhere(e, node))
            return broken;
        return rule_number(emit_op(e, position_members[i].op, 0, 0, 0));
    }
    nearest_hint(&near, emit_error(e, node, "unknown_name", "a position has no such member"),
                 "position.bars_held, pnl_pct, best_pnl_pct, worst_pnl_pct, entry_price, "
                 "scale_ins, scale_outs");
    return broken;
}

static struct rule_value emit_ext(struct emitter *e, int node, const char *member)
{
    const struct rule_set *s = e->set;
    char message[160];
    struct nearest near;

    nearest_init(&near, member);
    for (int i = 0; i < s->ext_count; i++) {
        nearest_offer(&near, s->ext[i]);
        if (strcmp(member, s->ext[i]) != 0)
            continue;
        if (emit_refuses_elsewhere(e, node))
            return broken;
        return rule_number(
            rule_graph_add(&e->set->graph, (struct rule_operation){.op = OP_EXT, .n = i}));
    }
    (void)snprintf(message, sizeof message, "the outside value '%.64s' is not declared", member);
    nearest_hint(&near, emit_error(e, node, "ext_undeclared", message),
                 "declare how old it may be: \"ext\": {\"sentiment\": {\"max_age_s\": 3600}}");
    return broken;
}

static struct rule_value emit_feature_member(struct emitter *e, int node, int feature,
                                             const char *member)
{
    struct rule_value value = emit_feature(e, feature);
    char members[64];
    struct diag *d;

    if (value.type == TYPE_BROKEN)
        return broken;
    for (int i = 0; value.members && value.members[i]; i++) {
        if (strcmp(member, value.members[i]) == 0)
            return rule_number(value.nodes[i]);
    }
    d = emit_error(e, node, "unknown_name", "this feature has no such member");
    if (value.members) {
        rule_members_print(&value, members);
        diag_hint(d, "use %s", members);
    } else {
        diag_hint(d, "it is one value; use it without a dot");
    }
    return broken;
}

struct rule_value emit_member(struct emitter *e, int node)
{
    const struct rule_node *n = &e->ast->nodes[node];
    char word[128], member[128], whole[256];
    int at;

    emit_word(e, n->name, n->name_length, word);
    emit_word(e, n->member, n->member_length, member);
    if (strcmp(word, "position") == 0)
        return emit_position(e, node, member);
    if (strcmp(word, "ext") == 0)
        return emit_ext(e, node, member);
    if (strcmp(word, "params") == 0) {
        at = emit_find_parameter(e->set, member, strlen(member));
        if (at >= 0)
            return rule_number(emit_constant(e, e->set->parameters[at].value));
        (void)snprintf(whole, sizeof whole, "%s.%s", word, member);
        emit_unknown_name(e, node, true, whole);
        return broken;
    }
    at = emit_find_feature(e->set, word, strlen(word));
    if (at >= 0)
        return emit_feature_member(e, node, at, member);
    emit_unknown_name(e, node, false, word);
    return broken;
}
