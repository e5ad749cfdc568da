/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a loaded strategy says about itself. */
#include <stdlib.h>
#include <string.h>

#include "engine/rule_parse.h"
#include "engine/strategy_parts.h"

struct strategy *strategy_acquire(const struct strategy *s)
{
    struct strategy *mine = (struct strategy *)(uintptr_t)s; /* only the count changes */

    if (mine)
        __atomic_add_fetch(&mine->references, 1, __ATOMIC_RELAXED);
    return mine;
}

static void strategy_free(struct strategy *s)
{
    rule_ast_free(s->entry.ast);
    rule_ast_free(s->exit.ast);
    rule_ast_free(s->confidence.ast);
    rule_ast_free(s->stop.rule.ast);
    rule_ast_free(s->take.rule.ast);
    rule_ast_free(s->trailing.rule.ast);
    rule_ast_free(s->scale_in_rule.ast);
    rule_ast_free(s->scale_out_rule.ast);
    trigger_release(&s->trigger);
    rule_graph_release(&s->graph);
    free(s->symbols);
    free(s->canonical);
    free(s);
}

void strategy_release(const struct strategy *s)
{
    struct strategy *mine = (struct strategy *)(uintptr_t)s;

    if (mine && __atomic_sub_fetch(&mine->references, 1, __ATOMIC_ACQ_REL) == 0)
        strategy_free(mine);
}

const char *strategy_name(const struct strategy *s)
{
    return s->name;
}

const char *strategy_id(const struct strategy *s)
{
    return s->id;
}

const char *strategy_canonical(const struct strategy *s, size_t *length)
{
    *length = s->canonical_length;
    return s->canonical;
}

const struct diag_list *strategy_warnings(const struct strategy *s)
{
    return &s->warnings;
}

size_t strategy_symbol_count(const struct strategy *s)
{
    return s->symbol_count;
}

const char *strategy_symbol(const struct strategy *s, size_t i)
{
    ASSERT(i < s->symbol_count);
    return s->symbols[i];
}

bool strategy_trades(const struct strategy *s, const char *symbol)
{
    for (size_t i = 0; i < s->symbol_count; i++) {
        if (strcmp(s->symbols[i], symbol) == 0)
            return true;
    }
    return s->symbol_count == 0;
}

int64_t strategy_timeframe_us(const struct strategy *s)
{
    return s->timeframe_us;
}

int strategy_warmup(const struct strategy *s)
{
    return s->warmup;
}

enum direction strategy_direction(const struct strategy *s)
{
    return s->direction;
}

struct sizing strategy_sizing(const struct strategy *s)
{
    return s->sizing;
}

struct ratio strategy_min_confidence(const struct strategy *s)
{
    return s->min_confidence;
}

bool strategy_has_trailing(const struct strategy *s)
{
    return s->trailing.kind != LEVEL_NONE;
}

struct ratio strategy_trailing_pct(const struct strategy *s)
{
    return s->trailing.kind == LEVEL_PCT ? s->trailing.value : ratio_of(0, 1);
}

struct ratio strategy_trailing_activation(const struct strategy *s)
{
    return s->trailing_activation;
}

int strategy_max_candles(const struct strategy *s)
{
    return s->max_candles;
}

size_t strategy_feature_count(const struct strategy *s)
{
    return s->feature_count;
}

const char *strategy_feature_name(const struct strategy *s, size_t i)
{
    ASSERT(i < s->feature_count);
    return s->features[i].name;
}

size_t strategy_other_count(const struct strategy *s)
{
    return s->other_count;
}

const char *strategy_other_symbol(const struct strategy *s, size_t i)
{
    ASSERT(i < s->other_count);
    return s->others[i];
}

size_t strategy_ext_count(const struct strategy *s)
{
    return s->ext_count;
}

const char *strategy_ext_name(const struct strategy *s, size_t i)
{
    ASSERT(i < s->ext_count);
    return s->ext[i].name;
}

int64_t strategy_ext_max_age_us(const struct strategy *s, size_t i)
{
    ASSERT(i < s->ext_count);
    return s->ext[i].max_age_us;
}

size_t strategy_roi_count(const struct strategy *s)
{
    return s->roi_count;
}

struct roi_step strategy_roi(const struct strategy *s, size_t i)
{
    ASSERT(i < s->roi_count);
    return s->roi[i];
}

struct cooldown strategy_cooldown(const struct strategy *s)
{
    return s->cooldown;
}

struct scaling strategy_scale_in(const struct strategy *s)
{
    return s->scale_in;
}

struct scaling strategy_scale_out(const struct strategy *s)
{
    return s->scale_out;
}

size_t strategy_metric_count(const struct strategy *s)
{
    return s->metric_count;
}

const char *strategy_metric_name(const struct strategy *s, size_t i)
{
    ASSERT(i < s->metric_count);
    return s->metrics[i].name;
}

double strategy_metric_value(const struct strategy *s, size_t i)
{
    ASSERT(i < s->metric_count);
    return s->metrics[i].value;
}
