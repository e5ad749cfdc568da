/* SPDX-License-Identifier: Apache-2.0 */
/* Writes an artifact in its one normal form, and names it by the digest of that. */
#include <stdlib.h>
#include <string.h>

#include "core/jwriter.h"
#include "engine/strategy_parts.h"

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_rule(struct jwriter *w, const char *key, const struct rule_ast *ast)
{
    struct text text;

    text_init(&text, 16 * LIMIT_EXPRESSION_BYTES);
    rule_print(ast, &text);
    jw_key(w, key);
    jw_text_n(w, text.data, text.length);
    text_release(&text);
}

static void write_entry(struct jwriter *w, const struct strategy *s)
{
    struct text text;

    jw_key(w, "entry");
    jw_object(w);
    write_rule(w, "condition", s->entry.ast);
    if (s->confidence.ast)
        write_rule(w, "confidence", s->confidence.ast);
    else
        jw_member_text(w, "confidence", "1");
    jw_member_text(w, "direction", s->direction == DIRECTION_LONG ? "long" : "short");
    jw_member_ratio(w, "min_confidence", s->min_confidence);
    text_init(&text, LIMIT_JSON_BYTES);
    trigger_template(&s->trigger, &text);
    jw_key(w, "trigger");
    jw_text_n(w, text.length > 0 ? text.data : "", text.length);
    text_release(&text);
    jw_object_end(w);
}

static void write_exit(struct jwriter *w, const struct strategy *s)
{
    jw_key(w, "exit");
    jw_object(w);
    if (s->exit.ast)
        write_rule(w, "condition", s->exit.ast);
    jw_member_integer(w, "max_candles", s->max_candles);
    jw_object_end(w);
}

static void write_features(struct jwriter *w, const struct rule_set *set)
{
    const char *names[LIMIT_FEATURES];
    size_t count = (size_t)set->feature_count;

    for (size_t i = 0; i < count; i++)
        names[i] = set->features[i].name;
    qsort(names, count, sizeof names[0], compare_names);
    jw_key(w, "features");
    jw_object(w);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (set->features[j].name == names[i])
                write_rule(w, names[i], set->features[j].ast);
        }
    }
    jw_object_end(w);
}

static void write_parameters(struct jwriter *w, const struct rule_set *set)
{
    const char *names[RULE_PARAMETERS];
    size_t count = (size_t)set->parameter_count;

    for (size_t i = 0; i < count; i++)
        names[i] = set->parameters[i].name;
    qsort(names, count, sizeof names[0], compare_names);
    jw_key(w, "params");
    jw_object(w);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (set->parameters[j].name == names[i])
                jw_member_double(w, names[i], set->parameters[j].value);
        }
    }
    jw_object_end(w);
}

static void write_level_members(struct jwriter *w, const struct level *level)
{
    if (level->kind == LEVEL_ATR)
        jw_member_integer(w, "period", level->period);
    jw_member_text(w, "type",
                   level->kind == LEVEL_PCT   ? "pct"
                   : level->kind == LEVEL_ATR ? "atr_mult"
                                              : "expr");
    if (level->kind == LEVEL_RULE)
        write_rule(w, "value", level->rule.ast);
    else
        jw_member_ratio(w, "value", level->value);
}

static void write_level(struct jwriter *w, const char *key, const struct level *level)
{
    if (level->kind == LEVEL_NONE)
        return;
    jw_key(w, key);
    jw_object(w);
    write_level_members(w, level);
    jw_object_end(w);
}

static void write_trailing(struct jwriter *w, const struct strategy *s)
{
    if (s->trailing.kind == LEVEL_NONE)
        return;
    jw_key(w, "trailing_stop");
    jw_object(w);
    jw_member_ratio(w, "activate_at", s->trailing_activation);
    if (s->trailing.kind == LEVEL_PCT)
        jw_member_ratio(w, "pct", s->trailing.value);
    else
        write_level_members(w, &s->trailing);
    jw_object_end(w);
}

static void write_cooldown(struct jwriter *w, const struct cooldown *cooldown)
{
    if (cooldown->after_stop_candles == 0)
        return;
    jw_key(w, "cooldown");
    jw_object(w);
    jw_member_integer(w, "after_stop_candles", cooldown->after_stop_candles);
    jw_member_integer(w, "candles", cooldown->candles);
    jw_object_end(w);
}

static void write_ext(struct jwriter *w, const struct strategy *s)
{
    if (s->ext_count == 0)
        return;
    jw_key(w, "ext");
    jw_object(w);
    for (size_t i = 0; i < s->ext_count; i++) {
        jw_key(w, s->ext[i].name);
        jw_object(w);
        jw_member_integer(w, "max_age_s", s->ext[i].max_age_us / US_PER_S);
        jw_object_end(w);
    }
    jw_object_end(w);
}

/* A list: an object's keys would be sorted as texts, 120 before 30. */
static void write_roi(struct jwriter *w, const struct strategy *s)
{
    if (s->roi_count == 0)
        return;
    jw_key(w, "roi");
    jw_array(w);
    for (size_t i = 0; i < s->roi_count; i++) {
        jw_object(w);
        jw_member_integer(w, "after_minutes", s->roi[i].after_us / (60 * US_PER_S));
        jw_member_ratio(w, "profit", s->roi[i].profit);
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void write_scaling(struct jwriter *w, const char *key, const struct scaling *scaling,
                          const struct rule_ast *condition)
{
    if (!scaling->is_used)
        return;
    jw_key(w, key);
    jw_object(w);
    write_rule(w, "condition", condition);
    jw_member_integer(w, "max_count", scaling->max_count);
    jw_member_integer(w, "min_candles", scaling->min_candles);
    jw_member_ratio(w, "part", scaling->part);
    jw_object_end(w);
}

static void write_sizing(struct jwriter *w, const struct strategy *s)
{
    const struct sizing *sizing = &s->sizing;
    static const char *const names[] = {[SIZING_FIXED_BASE] = "fixed_base",
                                        [SIZING_FIXED_QUOTE] = "fixed_quote",
                                        [SIZING_EQUITY_PCT] = "equity_pct",
                                        [SIZING_RISK_PCT] = "risk_pct",
                                        [SIZING_VOL_TARGET] = "vol_target"};

    jw_key(w, "position_sizing");
    jw_object(w);
    jw_member_money(w, "max_quote", sizing->max_quote, -1);
    if (sizing->kind == SIZING_VOL_TARGET)
        jw_member_integer(w, "period", s->volatility_period);
    jw_member_text(w, "type", names[sizing->kind]);
    jw_member_ratio(w, "value", sizing->value);
    jw_object_end(w);
}

static void write_symbols(struct jwriter *w, const struct strategy *s)
{
    jw_key(w, "symbols");
    jw_array(w);
    for (size_t i = 0; i < s->symbol_count; i++)
        jw_text(w, s->symbols[i]);
    jw_array_end(w);
}

void strategy_canonicalise(struct loader *l)
{
    struct strategy *s = l->s;
    struct text text;
    struct jwriter writer;
    struct jwriter *w = &writer;
    struct digest digest;

    text_init(&text, 16 * LIMIT_JSON_BYTES);
    jwriter_init(w, JSTYLE_COMPACT, &text);
    jw_object(w);
    write_cooldown(w, &s->cooldown);
    write_entry(w, s);
    write_exit(w, s);
    write_ext(w, s);
    write_features(w, &l->set);
    jw_member_text(w, "name", s->name);
    write_parameters(w, &l->set);
    write_sizing(w, s);
    write_roi(w, s);
    write_scaling(w, "scale_in", &s->scale_in, s->scale_in_rule.ast);
    write_scaling(w, "scale_out", &s->scale_out, s->scale_out_rule.ast);
    jw_member_integer(w, "startup_bars", s->startup);
    write_level(w, "stop_loss", &s->stop);
    write_symbols(w, s);
    write_level(w, "take_profit", &s->take);
    if (s->timeframe_us > 0)
        jw_member_text(w, "timeframe", timeframe_name(s->timeframe_us));
    write_trailing(w, s);
    jw_member_integer(w, "version", 1);
    jw_object_end(w);
    ASSERT(jwriter_ok(w));
    digest_of(text.data, text.length, &digest);
    hex_print(digest.bytes, sizeof digest.bytes, s->id);
    s->canonical = text_take(&text, &s->canonical_length);
}
