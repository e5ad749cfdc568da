/* SPDX-License-Identifier: Apache-2.0 */
/* What an artifact says of the world outside: values pushed to us, and what research claims. */
#include <stdio.h>
#include <string.h>

#include "engine/strategy_parts.h"

enum {
    EXT_AGE_MAX_S = 10 * 24 * 3600
};

/* 3600 or {"max_age_s": 3600}; false after a mistake. */
static bool load_age(struct loader *l, const struct jnode *n, const char *field, int *seconds)
{
    char at[112];

    if (!jnode_is(n, J_OBJECT)) {
        if (jnode_is(n, J_INTEGER) || jnode_is(n, J_REAL) || jnode_is(n, J_STRING))
            return loader_count(l, n, field, 1, EXT_AGE_MAX_S, seconds);
        diag_hint(loader_error(l, field, "type_mismatch", "how old may this value be?"),
                  "{\"max_age_s\": 3600}, or the seconds alone");
        return false;
    }
    (void)snprintf(at, sizeof at, "%s.", field);
    loader_check_keys(l, n, at, KEYS("max_age_s"));
    n = loader_get(n, "max_age_s");
    (void)snprintf(at, sizeof at, "%s.max_age_s", field);
    if (n)
        return loader_count(l, n, at, 1, EXT_AGE_MAX_S, seconds);
    diag_hint(loader_error(l, at, "missing", "how old may this value be?"), "3600");
    return false;
}

/* Keeps them sorted by name: their numbers do not depend on the order of the text. */
static void add_ext(struct loader *l, const char *name, int seconds)
{
    struct strategy *s = l->s;
    size_t at = s->ext_count++;

    for (; at > 0 && strcmp(s->ext[at - 1].name, name) > 0; at--)
        s->ext[at] = s->ext[at - 1];
    s->ext[at] = (struct strategy_ext){.max_age_us = seconds * US_PER_S};
    (void)copy_text(s->ext[at].name, sizeof s->ext[at].name, name);
}

void load_ext(struct loader *l)
{
    const struct jnode *n = loader_get(l->root, "ext");
    void *it = NULL;
    const char *key;
    const struct jnode *value;

    if (n && !jnode_is(n, J_OBJECT))
        diag_hint(loader_error(l, "ext", "type_mismatch", "an object is needed here"),
                  "{\"sentiment\": {\"max_age_s\": 3600}}");
    while (jnode_is(n, J_OBJECT) && jnode_next(n, &it, &key, &value)) {
        char field[96];
        int seconds = 0;

        if (strncmp(key, "x-", 2) == 0)
            continue;
        (void)snprintf(field, sizeof field, "ext.%.80s", key);
        if (!rule_name_is_free(key)) {
            diag_hint(loader_error(l, field, "name_invalid", "this name cannot be used"),
                      "letters, digits and _, at most 63, and not a word of the language");
        } else if (l->s->ext_count == LIMIT_FEATURES) {
            diag_hint(loader_error(l, "ext", "limit_exceeded", "too many values from outside"),
                      "at most %d", LIMIT_FEATURES);
            break;
        } else {
            /* Known even when its age is wrong, so that rules that read it are not blamed. */
            (void)load_age(l, value, field, &seconds);
            add_ext(l, key, seconds);
        }
    }
    l->set.ext_count = (int)l->s->ext_count;
    for (size_t i = 0; i < l->s->ext_count; i++)
        memcpy(l->set.ext[i], l->s->ext[i].name, LIMIT_NAME);
}

/* One name for what goes by several, each list ended by NULL. */
static const char *const claims[][8] = {
    {"sharpe", "sharpe_ratio"},
    {"sortino", "sortino_ratio"},
    {"calmar", "calmar_ratio"},
    {"win_rate", "winrate", "win_ratio", "hit_rate"},
    {"max_drawdown", "max_dd", "maxdd", "maxdrawdown", "mdd"},
    {"profit_factor", "pf", "profitfactor"},
    {"total_return", "net_return", "totalreturn"},
    {"trades", "total_trades", "n_trades", "num_trades", "trade_count"},
    {"expectancy", "expected_value"},
    {"cagr", "annual_return"},
};

/* Lower case with underscores, and the usual name when it is another's alias. */
static bool claim_name(const char *key, char out[LIMIT_NAME])
{
    size_t length = strlen(key);

    if (length == 0 || length >= LIMIT_NAME)
        return false;
    for (size_t i = 0; i <= length; i++) {
        char c = key[i];

        out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c == ' ' || c == '-' ? '_' : c;
    }
    if (strspn(out, "abcdefghijklmnopqrstuvwxyz0123456789_") != length)
        return false;
    for (size_t i = 0; i < COUNT_OF(claims); i++) {
        for (size_t j = 1; j < COUNT_OF(claims[i]) && claims[i][j]; j++) {
            if (strcmp(out, claims[i][j]) == 0)
                (void)copy_text(out, LIMIT_NAME, claims[i][0]);
        }
    }
    return true;
}

static void add_metric(struct loader *l, const char *field, const char *key, double value)
{
    struct strategy *s = l->s;
    struct strategy_metric *m = &s->metrics[s->metric_count];
    char name[LIMIT_NAME];

    if (!claim_name(key, name)) {
        diag_hint(diag_add(&s->warnings, field, "name_invalid", "this metric is not shown"),
                  "letters, digits and _, at most 63");
        return;
    }
    for (size_t i = 0; i < s->metric_count; i++) {
        if (strcmp(s->metrics[i].name, name) != 0)
            continue;
        if (s->metrics[i].value < value || s->metrics[i].value > value)
            diag_hint(diag_add(&s->warnings, field, "given_twice",
                               "this metric is given twice, and differently"),
                      "the first one is shown");
        return;
    }
    if (s->metric_count == STRATEGY_METRICS) {
        diag_hint(diag_add(&s->warnings, field, "limit_exceeded", "this metric is not shown"),
                  "at most %d", STRATEGY_METRICS);
        return;
    }
    if ((strcmp(name, "win_rate") == 0 || strcmp(name, "max_drawdown") == 0) && value > 1)
        diag_hint(diag_add(&s->warnings, field, "looks_like_percent",
                           "this is a fraction everywhere else"),
                  "56 %% is 0.56; it is shown as it is");
    memcpy(m->name, name, sizeof m->name);
    m->value = value;
    s->metric_count++;
}

void load_metrics(struct loader *l)
{
    const struct jnode *metrics = loader_get(l->root, "metrics");
    const struct jnode *fitness = loader_get(l->root, "fitness");
    void *it = NULL;
    const char *key;
    const struct jnode *value;

    if (metrics && !jnode_is(metrics, J_OBJECT)) {
        diag_hint(loader_error(l, "metrics", "type_mismatch", "an object is needed here"),
                  "{\"sharpe\": 1.8}");
        return;
    }
    while (metrics && jnode_next(metrics, &it, &key, &value)) {
        char field[96];
        struct money decimal;

        if (strncmp(key, "x-", 2) == 0 || jnode_is(value, J_NULL))
            continue;
        (void)snprintf(field, sizeof field, "metrics.%.80s", key);
        if (jnode_is(value, J_INTEGER) || jnode_is(value, J_REAL))
            add_metric(l, field, key, jnode_number(value));
        else if (jnode_is(value, J_STRING) && !jnode_money(value, false, &decimal))
            add_metric(l, field, key, ratio_to_double((struct ratio){decimal.e12}));
        else
            diag_hint(diag_add(&l->s->warnings, field, "type_mismatch", "this metric is not shown"),
                      "a number, not %s", jkind_name(jnode_kind(value)));
    }
    if (jnode_is(fitness, J_INTEGER) || jnode_is(fitness, J_REAL))
        add_metric(l, "fitness", "fitness", jnode_number(fitness));
}
