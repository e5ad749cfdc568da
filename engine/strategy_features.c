/* SPDX-License-Identifier: Apache-2.0 */
/* The params and features sections: every spelling becomes one expression a name. */
#include <stdio.h>
#include <string.h>

#include "engine/rule_names.h"
#include "engine/rule_parse.h"
#include "engine/rule_table.h"
#include "engine/strategy_parts.h"

static bool check_name(struct loader *l, const char *field, const char *name)
{
    if (rule_name_is_free(name))
        return true;
    diag_hint(loader_error(l, field, "name_invalid", "this name cannot be used"),
              "letters, digits and _, at most 63, and not a word of the language such as close");
    return false;
}

void load_parameters(struct loader *l)
{
    const struct jnode *params = jnode_member(l->root, "params");
    struct rule_set *set = &l->set;
    void *it = NULL;
    const char *key;
    const struct jnode *value;

    if (!params || jnode_is(params, J_NULL))
        return;
    if (!jnode_is(params, J_OBJECT)) {
        diag_hint(loader_error(l, "params", "type_mismatch", "params must be an object"),
                  "{\"fast\": 12, \"slow\": 26}");
        return;
    }
    while (jnode_next(params, &it, &key, &value)) {
        char field[96];

        (void)snprintf(field, sizeof field, "params.%.80s", key);
        if (strncmp(key, "x-", 2) == 0 || !check_name(l, field, key))
            continue;
        if (!jnode_is(value, J_INTEGER) && !jnode_is(value, J_REAL)) {
            diag_hint(loader_error(l, field, "type_mismatch", "a parameter is a number"), "not %s",
                      jkind_name(jnode_kind(value)));
        } else if (isnan(rule_bounded(jnode_number(value)))) {
            loader_error(l, field, "out_of_range", "this number is too large");
        } else if (set->parameter_count == RULE_PARAMETERS) {
            diag_hint(loader_error(l, "params", "limit_exceeded", "too many parameters"),
                      "at most %d", RULE_PARAMETERS);
            return;
        } else {
            struct rule_parameter_value *p = &set->parameters[set->parameter_count++];

            (void)copy_text(p->name, sizeof p->name, key);
            p->value = jnode_number(value);
        }
    }
}

/* Registers a feature; its expression is parsed now and compiled when all names are known. */
static void add_feature(struct loader *l, const char *field, const char *name, const char *rule,
                        bool is_hidden)
{
    struct rule_set *set = &l->set;
    struct rule_feature *f;
    struct rule_place place;

    if (!check_name(l, field, name))
        return;
    for (int i = 0; i < set->feature_count; i++) {
        if (strcmp(set->features[i].name, name) == 0) {
            diag_hint(loader_error(l, field, "given_twice", "there are two features of this name"),
                      "'%s'", name);
            return;
        }
    }
    ASSERT(set->feature_count < LIMIT_FEATURES);
    f = &set->features[set->feature_count++];
    (void)copy_text(f->name, sizeof f->name, name);
    (void)copy_text(f->field, sizeof f->field, field);
    f->is_hidden = is_hidden;
    place = (struct rule_place){f->field, 0, is_hidden, l->diags};
    if (rule_parse(rule, strlen(rule), &place, &f->ast))
        l->mistakes++;
}

/* "period": 12, "fast", "hl2": as text for the expression. */
static bool argument_text(struct loader *l, const char *field, const struct jnode *n,
                          struct text *out)
{
    struct money value;
    char number[AMOUNT_TEXT_MAX];

    if (jnode_is(n, J_STRING)) {
        text_string(out, jnode_text(n));
        return true;
    }
    if (!jnode_money(n, true, &value)) {
        money_print(value, number);
        text_string(out, number);
        return true;
    }
    diag_hint(loader_error(l, field, "type_mismatch", "a number or an expression is needed"),
              "not %s", jkind_name(jnode_kind(n)));
    return false;
}

/* What other tools call a parameter. */
static const struct {
    const char *name, *alias;
} aliases[] = {{"period", "length"},      {"period", "timeperiod"},   {"period", "window"},
               {"fast", "fastperiod"},    {"fast", "fast_period"},    {"slow", "slowperiod"},
               {"slow", "slow_period"},   {"signal", "signalperiod"}, {"signal", "signal_period"},
               {"fastk", "fastk_period"}, {"slowk", "slowk_period"},  {"slowd", "slowd_period"},
               {"fastd", "fastd_period"}, {"deviations", "std"},      {"deviations", "nbdev"},
               {"factor", "multiplier"},  {"factor", "mult"}};

/* The parameter under any of its names; more than one of them is a mistake. */
static const struct jnode *parameter_member(struct loader *l, const char *field,
                                            const struct jnode *n, const char *name)
{
    const struct jnode *found = loader_get(n, name);

    for (size_t i = 0; i < COUNT_OF(aliases); i++) {
        const struct jnode *other =
            strcmp(aliases[i].name, name) == 0 ? loader_get(n, aliases[i].alias) : NULL;
        char at[112];

        if (other && found) {
            (void)snprintf(at, sizeof at, "%.80s.%s", field, aliases[i].alias);
            diag_hint(loader_error(l, at, "given_twice", "this is given twice"), "the same as '%s'",
                      name);
        }
        found = found ? found : other;
    }
    return found;
}

static const struct rule_function *feature_type(struct loader *l, const char *field,
                                                const struct jnode *n)
{
    const struct jnode *type = jnode_member(n, "type");
    const struct rule_function *f = NULL;
    struct nearest near;
    char at[96];

    (void)snprintf(at, sizeof at, "%.80s.type", field);
    if (!jnode_is(type, J_STRING)) {
        diag_hint(loader_error(l, at, "missing", "a feature object needs a type"),
                  "the name of an indicator, e.g. \"ema\"");
        return NULL;
    }
    f = rule_function_find(jnode_text(type), jnode_text_length(type));
    if (f && f->is_indicator)
        return f;
    nearest_init(&near, jnode_text(type));
    for (int i = 0; i < FUNCTION_COUNT_; i++) {
        if (rule_function_at((enum rule_function_id)i)->is_indicator)
            nearest_offer(&near, rule_function_at((enum rule_function_id)i)->name);
    }
    nearest_hint(&near, loader_error(l, at, "unknown_function", "there is no such indicator"),
                 "the name of a function, e.g. sma, ema, rsi, macd, bbands, atr");
    return NULL;
}

static void check_feature_keys(struct loader *l, const char *field, const struct jnode *n,
                               const struct rule_function *f)
{
    const char *names[FUNCTION_PARAMETERS + 2 + COUNT_OF(aliases)] = {"type", "name"};
    char prefix[96];
    size_t count = 2;

    for (int i = 0; i < rule_function_parameters(f); i++) {
        names[count++] = f->parameters[i].name;
        for (size_t j = 0; j < COUNT_OF(aliases); j++) {
            if (strcmp(aliases[j].name, f->parameters[i].name) == 0)
                names[count++] = aliases[j].alias;
        }
    }
    (void)snprintf(prefix, sizeof prefix, "%.80s.", field);
    loader_check_keys(l, n, prefix, (struct keys){names, count});
}

/* {"type": "ema", "period": 12} becomes "ema(close, 12)". */
static void add_object(struct loader *l, const char *field, const char *name, const struct jnode *n)
{
    const struct rule_function *f = feature_type(l, field, n);
    struct text rule;
    char at[96];
    bool is_good = true;

    if (!f)
        return;
    check_feature_keys(l, field, n, f);
    text_init(&rule, 2 * LIMIT_JSON_BYTES);
    text_format(&rule, "%s(", f->name);
    for (int i = 0; i < rule_function_parameters(f); i++) {
        const struct rule_parameter *p = &f->parameters[i];
        const struct jnode *value = parameter_member(l, field, n, p->name);

        text_string(&rule, i > 0 ? ", " : "");
        (void)snprintf(at, sizeof at, "%.80s.%s", field, p->name);
        if (value) {
            is_good = argument_text(l, at, value, &rule) && is_good;
        } else if (p->kind == PARAMETER_SOURCE) {
            text_string(&rule, "close");
        } else if (!isnan(p->initial)) {
            rule_default_print(p, &rule);
        } else {
            loader_error(l, at, "missing", "this must be given");
            is_good = false;
        }
    }
    text_char(&rule, ')');
    if (is_good)
        add_feature(l, field, name, rule.data, true);
    text_release(&rule);
}

/* "ema_12" becomes "ema(close, 12)" and "macd_12_26_9" "macd(close, 12, 26, 9)". */
static void add_shorthand(struct loader *l, const char *field, const char *word)
{
    const struct rule_function *f = NULL;
    struct nearest near;
    struct text rule;
    size_t length = strlen(word);

    nearest_init(&near, word);
    while (length > 0 && word[length - 1] != '_' &&
           !((f = rule_function_find(word, length)) && f->is_indicator)) {
        f = NULL;
        length--;
        while (length > 0 && ((word[length - 1] >= '0' && word[length - 1] <= '9')))
            length--;
        if (length > 0 && word[length - 1] == '_')
            length--;
    }
    if (!f) {
        for (int i = 0; i < FUNCTION_COUNT_; i++)
            nearest_offer(&near, rule_function_at((enum rule_function_id)i)->name);
        nearest_hint(&near,
                     loader_error(l, field, "unknown_function", "there is no such indicator"),
                     "name_period, e.g. \"rsi_14\", or an object with a name");
        return;
    }
    text_init(&rule, LIMIT_JSON_BYTES);
    text_format(&rule, "%s(", f->name);
    for (const char *p = word + length; *p; p++) {
        if (*p == '_')
            text_string(&rule, p == word + length ? "" : ", ");
        else
            text_char(&rule, *p);
    }
    text_char(&rule, ')');
    add_feature(l, field, word, rule.data, true);
    text_release(&rule);
}

static void load_map(struct loader *l, const struct jnode *features)
{
    void *it = NULL;
    const char *key;
    const struct jnode *value;

    while (jnode_next(features, &it, &key, &value)) {
        char field[96];

        (void)snprintf(field, sizeof field, "features.%.80s", key);
        if (strncmp(key, "x-", 2) == 0)
            continue;
        if (jnode_is(value, J_STRING))
            add_feature(l, field, key, jnode_text(value), false);
        else if (jnode_is(value, J_OBJECT))
            add_object(l, field, key, value);
        else
            diag_hint(loader_error(l, field, "type_mismatch", "a feature is a text or an object"),
                      "\"ema(close, 12)\" or {\"type\": \"ema\", \"period\": 12}");
    }
}

/* {"type": "ema", "period": 12} in a list is named as its shorthand would be, ema_12; false when a
 * parameter is no whole number. */
static bool object_name(struct loader *l, const char *field, const struct jnode *n,
                        char name[2 * LIMIT_NAME])
{
    const struct jnode *type = loader_get(n, "type");
    const struct rule_function *f;
    size_t length;

    if (!jnode_is(type, J_STRING))
        return false;
    (void)snprintf(name, 2 * LIMIT_NAME, "%s", jnode_text(type));
    f = rule_function_find(name, strlen(name));
    for (int i = 0; f && i < rule_function_parameters(f); i++) {
        const struct jnode *value = parameter_member(l, field, n, f->parameters[i].name);

        length = strlen(name);
        if (value && !jnode_is(value, J_INTEGER))
            return false;
        if (value)
            (void)snprintf(name + length, 2 * LIMIT_NAME - length, "_%lld",
                           (long long)jnode_integer(value));
    }
    return true;
}

static void load_array(struct loader *l, const struct jnode *features)
{
    for (size_t i = 0; i < jnode_count(features); i++) {
        const struct jnode *item = jnode_item(features, i);
        const struct jnode *name = loader_get(item, "name");
        char field[96], made[2 * LIMIT_NAME];

        (void)snprintf(field, sizeof field, "features[%zu]", i);
        if (jnode_is(item, J_STRING))
            add_shorthand(l, field, jnode_text(item));
        else if (jnode_is(name, J_STRING))
            add_object(l, field, jnode_text(name), item);
        else if (!name && object_name(l, field, item, made))
            add_object(l, field, made, item);
        else
            diag_hint(loader_error(l, field, "type_mismatch",
                                   "a listed feature is a shorthand or an object with a name"),
                      "\"rsi_14\" or {\"name\": \"rsi\", \"type\": \"rsi\", \"period\": 14}");
    }
}

/* What reports show: one name a value, several for macd, bands and their like. */
static void report(struct loader *l, const struct rule_feature *f)
{
    const char *const *members = f->value.members;
    struct strategy *s = l->s;

    for (int i = 0; i == 0 || (members && members[i]); i++) {
        struct strategy_feature *out = &s->features[s->feature_count];

        if (s->feature_count == LIMIT_FEATURES) {
            diag_hint(loader_error(l, "features", "limit_exceeded", "too many feature values"),
                      "at most %d; macd, bbands and their like have several each", LIMIT_FEATURES);
            return;
        }
        s->feature_count++;
        out->node = f->value.nodes[i];
        if (members)
            (void)snprintf(out->name, sizeof out->name, "%s.%s", f->name, members[i]);
        else
            (void)copy_text(out->name, sizeof out->name, f->name);
    }
}

/* Said once, before a long list of nonsense is looked at item by item. */
static bool check_count(struct loader *l, const struct jnode *features)
{
    size_t count = jnode_is(features, J_ARRAY) ? jnode_count(features) : 0;
    void *it = NULL;
    const char *key;
    const struct jnode *value;

    while (jnode_is(features, J_OBJECT) && jnode_next(features, &it, &key, &value))
        count += strncmp(key, "x-", 2) != 0;
    if (count <= LIMIT_FEATURES)
        return true;
    diag_hint(loader_error(l, "features", "limit_exceeded", "too many features"), "at most %d",
              LIMIT_FEATURES);
    return false;
}

void load_features(struct loader *l)
{
    const struct jnode *features = loader_get(l->root, "features");

    if (!check_count(l, features))
        return;
    if (jnode_is(features, J_OBJECT))
        load_map(l, features);
    else if (jnode_is(features, J_ARRAY))
        load_array(l, features);
    else if (features)
        diag_hint(
            loader_error(l, "features", "type_mismatch", "features must be an object or list"),
            "{\"rsi\": \"rsi(close, 14)\"}");
    for (int i = 0; i < l->set.feature_count; i++) {
        if (rule_compile_feature(&l->set, i).type == TYPE_BROKEN)
            l->mistakes++;
        else
            report(l, &l->set.features[i]);
    }
}
