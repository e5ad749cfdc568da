/* SPDX-License-Identifier: Apache-2.0 */
/* Reads single members of an artifact: numbers, texts, rules, and the keys nobody knows. */
#include <stdio.h>
#include <string.h>

#include "engine/rule_names.h"
#include "engine/rule_parse.h"
#include "engine/strategy_parts.h"

static const i128 ONE_E12 = (i128)1000000000000;

struct ratio ratio_of(int64_t numerator, int64_t denominator)
{
    return (struct ratio){ONE_E12 * numerator / denominator};
}

struct diag *loader_error(struct loader *l, const char *field, const char *code,
                          const char *message)
{
    l->mistakes++;
    return diag_add(l->diags, field, code, "%s", message);
}

struct diag *loader_missing(struct loader *l, const char *key, const char *message)
{
    struct diag *d = loader_error(l, key, "missing", message);
    struct nearest near;
    void *it = NULL;
    const char *other;
    const struct jnode *value;

    nearest_init(&near, key);
    while (jnode_next(l->root, &it, &other, &value)) {
        if (strcmp(other, key) != 0)
            nearest_offer(&near, other);
    }
    if (near.distance <= strlen(key) / 3)
        diag_hint(d, "'%.40s' is not known; write '%s'", near.best, key);
    return d;
}

void loader_check_keys(struct loader *l, const struct jnode *object, const char *prefix,
                       struct keys known)
{
    void *it = NULL;
    const char *key;
    const struct jnode *value;

    while (jnode_next(object, &it, &key, &value)) {
        bool is_known = strncmp(key, "x-", 2) == 0;
        struct nearest near;
        char field[96];

        for (size_t i = 0; i < known.count && !is_known; i++)
            is_known = strcmp(known.names[i], key) == 0;
        if (is_known)
            continue;
        nearest_init(&near, key);
        for (size_t i = 0; i < known.count && l->s->warnings.count < DIAG_MAX; i++)
            nearest_offer(&near, known.names[i]);
        (void)snprintf(field, sizeof field, "%s%.60s", prefix, key);
        nearest_hint(&near,
                     diag_add(&l->s->warnings, field, "unknown_key", "this key is not known"),
                     "keys that begin with x- are left alone");
    }
}

const struct jnode *loader_get(const struct jnode *object, const char *key)
{
    const struct jnode *n = jnode_is(object, J_OBJECT) ? jnode_member(object, key) : NULL;

    return jnode_is(n, J_NULL) ? NULL : n;
}

const struct jnode *loader_section(struct loader *l, const char *name, struct keys known)
{
    const struct jnode *n = loader_get(l->root, name);
    char prefix[64];

    if (!n)
        return NULL;
    if (!jnode_is(n, J_OBJECT)) {
        diag_hint(loader_error(l, name, "type_mismatch", "an object is needed here"), "not %s",
                  jkind_name(jnode_kind(n)));
        return NULL;
    }
    (void)snprintf(prefix, sizeof prefix, "%s.", name);
    loader_check_keys(l, n, prefix, known);
    return n;
}

const struct jnode *loader_member(struct loader *l, const struct jnode *object, const char *key,
                                  const char *flat, const char **field)
{
    const struct jnode *nested = loader_get(object, key);
    const struct jnode *other = flat ? loader_get(l->root, flat) : NULL;

    if (nested && other)
        diag_hint(loader_error(l, flat, "given_twice", "this is given twice"), "remove '%s'", flat);
    if (!nested && other)
        *field = flat;
    return nested ? nested : other;
}

/* A constant expression, so that parameters can stand anywhere a number can. */
static bool constant_rule(struct loader *l, const char *text, size_t length, const char *field,
                          struct ratio *out)
{
    struct rule_place place = {field, 0, false, l->diags};
    struct rule_ast *ast = NULL;
    struct rule_value value = {.type = TYPE_BROKEN};
    bool is_good = false;

    if (!rule_parse(text, length, &place, &ast))
        value = rule_compile(&l->set, ast, SCOPE_FEATURE, &place, TYPE_NUMBER);
    rule_ast_free(ast);
    if (value.type == TYPE_BROKEN)
        l->mistakes++;
    else if (!rule_graph_is_constant(&l->set.graph, value.nodes[0]))
        diag_hint(loader_error(l, field, "not_constant", "this must be a constant"),
                  "a number, or arithmetic of params");
    else if (ratio_from_double(l->set.graph.nodes[value.nodes[0]].k, ROUND_HALF_EVEN, out))
        loader_error(l, field, "out_of_range", "this number is too large");
    else
        is_good = true;
    return is_good;
}

bool loader_ratio(struct loader *l, const struct jnode *n, const char *field, struct ratio *out)
{
    struct money value;
    enum err e = jnode_money(n, true, &value);

    if (!e) {
        *out = (struct ratio){value.e12};
        return true;
    }
    if (jnode_is(n, J_STRING))
        return constant_rule(l, jnode_text(n), jnode_text_length(n), field, out);
    diag_hint(loader_error(l, field, "type_mismatch", "a number is needed here"), "not %s",
              jkind_name(jnode_kind(n)));
    return false;
}

bool loader_fraction(struct loader *l, const struct jnode *n, const char *field, struct ratio most,
                     struct ratio *out)
{
    struct ratio value;

    if (!loader_ratio(l, n, field, &value))
        return false;
    if (ratio_sign(value) <= 0 || ratio_cmp(value, most) > 0) {
        char limit[AMOUNT_TEXT_MAX];

        ratio_print(most, limit);
        diag_hint(loader_error(l, field, "out_of_range", "this fraction is not acceptable"),
                  "more than 0, at most %s; fractions, not percent: 2 %% is 0.02", limit);
        return false;
    }
    *out = value;
    return true;
}

bool loader_count(struct loader *l, const struct jnode *n, const char *field, int least, int most,
                  int *out)
{
    struct ratio value;

    if (!loader_ratio(l, n, field, &value))
        return false;
    if (value.e12 % ONE_E12 != 0 || value.e12 / ONE_E12 < least || value.e12 / ONE_E12 > most) {
        diag_hint(loader_error(l, field, "out_of_range", "this number is not acceptable"),
                  "a whole number from %d to %d", least, most);
        return false;
    }
    *out = (int)(value.e12 / ONE_E12);
    return true;
}

const char *loader_text(struct loader *l, const struct jnode *n, const char *field)
{
    if (jnode_is(n, J_STRING))
        return jnode_text(n);
    diag_hint(loader_error(l, field, "type_mismatch", "a text is needed here"), "not %s",
              jkind_name(jnode_kind(n)));
    return NULL;
}

/* The rule's text: a string's own, or that of a plain number. */
static bool rule_text(struct loader *l, const struct jnode *n, const char *field,
                      char number[AMOUNT_TEXT_MAX], const char **text)
{
    struct money value;

    if (jnode_is(n, J_BOOL)) {
        *text = jnode_bool(n) ? "true" : "false";
    } else if (jnode_is(n, J_STRING)) {
        *text = jnode_text(n);
    } else if (!jnode_money(n, true, &value)) {
        money_print(value, number);
        *text = number;
    } else {
        diag_hint(loader_error(l, field, "type_mismatch", "an expression is needed here"),
                  "a text, not %s", jkind_name(jnode_kind(n)));
        return false;
    }
    return true;
}

bool loader_rule(struct loader *l, const struct jnode *n, const char *field, enum rule_scope scope,
                 enum rule_type wanted, struct strategy_rule *out)
{
    struct rule_place place = {field, 0, false, l->diags};
    char number[AMOUNT_TEXT_MAX];
    const char *text;
    struct rule_value value;

    if (!rule_text(l, n, field, number, &text))
        return false;
    if (rule_parse(text, strlen(text), &place, &out->ast)) {
        l->mistakes++;
        return false;
    }
    value = rule_compile(&l->set, out->ast, scope, &place, wanted);
    if (value.type == TYPE_BROKEN) {
        l->mistakes++;
        return false;
    }
    out->node = value.nodes[0];
    return true;
}
