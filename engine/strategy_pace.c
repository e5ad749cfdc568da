/* SPDX-License-Identifier: Apache-2.0 */
/* What time does to a position: the ROI table, the pause after an exit, and steps in and out. */
#include <stdio.h>
#include <string.h>

#include "engine/strategy_parts.h"

enum {
    ROI_MINUTES_MAX = 10 * 365 * 24 * 60,
    COOLDOWN_MAX = 1000000,
    STEPS_MAX = 100
};

/* Keeps the table sorted by time. */
static void add_roi(struct loader *l, const char *field, int minutes, struct ratio profit)
{
    struct strategy *s = l->s;
    int64_t after_us = minutes * 60 * US_PER_S;
    size_t at = s->roi_count;

    for (size_t i = 0; i < s->roi_count; i++) {
        if (s->roi[i].after_us == after_us) {
            loader_error(l, field, "given_twice", "there are two profits for this minute");
            return;
        }
    }
    if (s->roi_count == LIMIT_ROI_STEPS) {
        diag_hint(loader_error(l, field, "limit_exceeded", "the table is too long"),
                  "at most %d steps", LIMIT_ROI_STEPS);
        return;
    }
    for (; at > 0 && s->roi[at - 1].after_us > after_us; at--)
        s->roi[at] = s->roi[at - 1];
    s->roi[at] = (struct roi_step){after_us, profit};
    s->roi_count++;
}

static bool load_profit(struct loader *l, const struct jnode *n, const char *field,
                        struct ratio *out)
{
    if (!loader_ratio(l, n, field, out))
        return false;
    if (ratio_cmp(*out, ratio_of(-1, 2)) < 0 || ratio_cmp(*out, ratio_of(10, 1)) > 0) {
        diag_hint(loader_error(l, field, "out_of_range", "this profit is not acceptable"),
                  "from -0.5 to 10; fractions, not percent: 4 %% is 0.04");
        return false;
    }
    if (ratio_cmp(*out, ratio_of(1, 1)) > 0)
        diag_hint(diag_add(&l->s->warnings, field, "looks_like_percent",
                           "this profit is more than the position cost"),
                  "4 %% is 0.04");
    return true;
}

/* {"0": 0.04, "30": 0.02} */
static void load_roi_map(struct loader *l, const struct jnode *table, const char *name)
{
    void *it = NULL;
    const char *key;
    const struct jnode *value;

    while (jnode_next(table, &it, &key, &value)) {
        size_t digits = strspn(key, "0123456789");
        struct ratio profit;
        int minutes = 0;
        char field[96];

        if (strncmp(key, "x-", 2) == 0)
            continue;
        (void)snprintf(field, sizeof field, "%s.%.60s", name, key);
        for (size_t i = 0; i < digits && minutes <= ROI_MINUTES_MAX; i++)
            minutes = minutes * 10 + key[i] - '0';
        if (digits == 0 || key[digits] || minutes > ROI_MINUTES_MAX)
            diag_hint(loader_error(l, field, "field_invalid", "these are not minutes"),
                      "whole minutes since the entry: {\"0\": 0.04, \"30\": 0.02}");
        else if (load_profit(l, value, field, &profit))
            add_roi(l, field, minutes, profit);
    }
}

/* [{"after_minutes": 0, "profit": 0.04}] */
static void load_roi_list(struct loader *l, const struct jnode *table, const char *name)
{
    for (size_t i = 0; i < jnode_count(table); i++) {
        const struct jnode *step = jnode_item(table, i);
        const struct jnode *after = loader_get(step, "after_minutes");
        const struct jnode *profit = loader_get(step, "profit");
        char field[96], at[112];
        struct ratio value;
        int minutes;

        (void)snprintf(field, sizeof field, "%s[%zu]", name, i);
        if (!after || !profit) {
            diag_hint(loader_error(l, field, "type_mismatch", "a step of the table is an object"),
                      "{\"after_minutes\": 30, \"profit\": 0.02}");
            continue;
        }
        (void)snprintf(at, sizeof at, "%s.", field);
        loader_check_keys(l, step, at, KEYS("after_minutes", "profit"));
        (void)snprintf(at, sizeof at, "%s.after_minutes", field);
        if (!loader_count(l, after, at, 0, ROI_MINUTES_MAX, &minutes))
            continue;
        (void)snprintf(at, sizeof at, "%s.profit", field);
        if (load_profit(l, profit, at, &value))
            add_roi(l, field, minutes, value);
    }
}

void load_roi(struct loader *l)
{
    const char *name = "roi";
    const struct jnode *table = loader_get(l->root, name);
    const struct jnode *other = loader_get(l->root, "minimal_roi");

    if (table && other)
        diag_hint(loader_error(l, "minimal_roi", "given_twice", "this is given twice"),
                  "remove 'minimal_roi'");
    if (!table && other) {
        name = "minimal_roi";
        table = other;
    }
    if (jnode_is(table, J_OBJECT))
        load_roi_map(l, table, name);
    else if (jnode_is(table, J_ARRAY))
        load_roi_list(l, table, name);
    else if (table)
        diag_hint(loader_error(l, name, "type_mismatch", "a table of profits is needed here"),
                  "minutes since the entry: {\"0\": 0.04, \"30\": 0.02}");
}

void load_cooldown(struct loader *l)
{
    const struct jnode *n = loader_get(l->root, "cooldown");
    struct cooldown *out = &l->s->cooldown;
    const struct jnode *at;

    if (!n)
        return;
    if (jnode_is(n, J_OBJECT)) {
        loader_check_keys(l, n, "cooldown.", KEYS("candles", "after_stop_candles"));
        at = loader_get(n, "candles");
        if (at)
            (void)loader_count(l, at, "cooldown.candles", 0, COOLDOWN_MAX, &out->candles);
        at = loader_get(n, "after_stop_candles");
        if (at)
            (void)loader_count(l, at, "cooldown.after_stop_candles", 0, COOLDOWN_MAX,
                               &out->after_stop_candles);
    } else {
        (void)loader_count(l, n, "cooldown", 0, COOLDOWN_MAX, &out->candles);
    }
    /* The longer one counts after a stop; said so, equal artifacts have equal normal forms. */
    if (out->after_stop_candles < out->candles)
        out->after_stop_candles = out->candles;
}

static void load_part(struct loader *l, const struct jnode *n, const char *field, bool is_in,
                      struct ratio *out)
{
    if (!n) {
        diag_hint(loader_error(l, field, "missing", "this must be given"),
                  is_in ? "of the first entry's size, e.g. 1.0" : "of the position, e.g. 0.5");
        return;
    }
    if (!loader_ratio(l, n, field, out))
        return;
    if (ratio_sign(*out) <= 0 || (is_in && ratio_cmp(*out, ratio_of(10, 1)) > 0))
        diag_hint(loader_error(l, field, "out_of_range", "this part is not acceptable"),
                  "more than 0, at most 10; fractions, not percent: 50 %% is 0.5");
    else if (!is_in && ratio_cmp(*out, ratio_of(1, 1)) >= 0)
        diag_hint(loader_error(l, field, "out_of_range", "this part is not acceptable"),
                  "more than 0, less than 1: 50 %% is 0.5; exit.condition closes the whole");
}

static void load_steps(struct loader *l, const char *name, bool is_in, struct scaling *out,
                       struct strategy_rule *rule)
{
    const struct jnode *n =
        loader_section(l, name, KEYS("condition", "part", "max_count", "min_candles"));
    const struct jnode *at;
    char field[64];

    if (!n)
        return;
    *out = (struct scaling){.is_used = true, .max_count = 1, .min_candles = 1};
    (void)snprintf(field, sizeof field, "%s.condition", name);
    at = loader_get(n, "condition");
    if (at)
        (void)loader_rule(l, at, field, SCOPE_EXIT, TYPE_TRUTH, rule);
    else
        diag_hint(loader_error(l, field, "missing", "this must be given"),
                  is_in ? "\"position.pnl_pct < -0.03\"" : "\"position.pnl_pct > 0.03\"");
    (void)snprintf(field, sizeof field, "%s.part", name);
    load_part(l, loader_get(n, "part"), field, is_in, &out->part);
    (void)snprintf(field, sizeof field, "%s.max_count", name);
    at = loader_get(n, "max_count");
    if (at)
        (void)loader_count(l, at, field, 1, STEPS_MAX, &out->max_count);
    (void)snprintf(field, sizeof field, "%s.min_candles", name);
    at = loader_get(n, "min_candles");
    if (at)
        (void)loader_count(l, at, field, 1, COOLDOWN_MAX, &out->min_candles);
}

void load_scaling(struct loader *l)
{
    load_steps(l, "scale_in", true, &l->s->scale_in, &l->s->scale_in_rule);
    load_steps(l, "scale_out", false, &l->s->scale_out, &l->s->scale_out_rule);
}
