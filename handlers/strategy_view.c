/* SPDX-License-Identifier: Apache-2.0 */
/* Writes strategies, their slots and the mistakes of an artifact. */
#include "handlers/strategy_view.h"

#include <string.h>

#include "core/limits.h"
#include "engine/strategy_report.h"
#include "handlers/view.h"

enum {
    EXPRESSION_SHOWN = 1024 /* a longer one would drown its own mistake */
};

/* ---- Mistakes ---- */

/* "features[2].period" as the pointer /features/2/period.  A key with a dot of its own ends up as
 * two steps: the field itself is told too. */
static void pointer_of(const char *field, struct text *out)
{
    text_string(out, *field ? "/" : "");
    for (; *field; field++) {
        if (*field == '.' || *field == '[')
            text_char(out, '/');
        else if (*field == '~')
            text_string(out, "~0");
        else if (*field == '/')
            text_string(out, "~1");
        else if (*field != ']')
            text_char(out, *field);
    }
}

static void view_error(struct jwriter *w, const struct diag *d, const char *json, size_t length)
{
    struct text pointer, expression;

    text_init(&pointer, LIMIT_URI_BYTES);
    text_init(&expression, LIMIT_JSON_BYTES);
    pointer_of(d->field, &pointer);
    jw_object(w);
    jw_member_text(w, "pointer", pointer.data);
    jw_member_text(w, "field", d->field);
    jw_member_text(w, "code", d->code);
    jw_member_text(w, "detail", d->message);
    if (d->hint[0])
        jw_member_text(w, "hint", d->hint);
    if (d->line > 0)
        jw_member_integer(w, "line", d->line);
    if (d->column > 0)
        jw_member_integer(w, "column", d->column);
    if (d->length > 0)
        jw_member_integer(w, "length", d->length);
    if (json && strategy_field_text(json, length, d->field, &expression) &&
        expression.length <= EXPRESSION_SHOWN)
        jw_member_text(w, "expression", expression.data);
    jw_object_end(w);
    text_release(&pointer);
    text_release(&expression);
}

void strategy_view_errors(struct jwriter *w, const struct diag_list *diags, const char *json,
                          size_t length)
{
    jw_array(w);
    for (size_t i = 0; i < diags->count; i++)
        view_error(w, &diags->items[i], json, length);
    jw_array_end(w);
}

/* ---- What an artifact says ---- */

static void sizing(struct jwriter *w, struct sizing z)
{
    static const char *const kinds[] = {"fixed_base", "fixed_quote", "equity_pct", "risk_pct",
                                        "vol_target"};

    jw_key(w, "sizing");
    jw_object(w);
    jw_member_text(w, "kind", kinds[z.kind]);
    jw_member_ratio(w, "value", z.value);
    if (z.max_quote.e12)
        jw_member_money(w, "max_quote", z.max_quote, -1);
    else
        jw_member_null(w, "max_quote");
    jw_object_end(w);
}

void strategy_view_summary(struct jwriter *w, const struct strategy *s)
{
    int64_t timeframe_us = strategy_timeframe_us(s);

    jw_member_text(w, "direction", strategy_direction(s) == DIRECTION_LONG ? "long" : "short");
    jw_key(w, "symbols");
    jw_array(w);
    for (size_t i = 0; i < strategy_symbol_count(s); i++)
        jw_text(w, strategy_symbol(s, i));
    jw_array_end(w);
    jw_key(w, "other_symbols");
    jw_array(w);
    for (size_t i = 0; i < strategy_other_count(s); i++)
        jw_text(w, strategy_other_symbol(s, i));
    jw_array_end(w);
    jw_member_text(w, "timeframe", timeframe_us ? timeframe_name(timeframe_us) : NULL);
    jw_member_integer(w, "warmup_candles", strategy_warmup(s));
    jw_member_ratio(w, "min_confidence", strategy_min_confidence(s));
    sizing(w, strategy_sizing(s));
    jw_key(w, "features");
    jw_array(w);
    for (size_t i = 0; i < strategy_feature_count(s); i++)
        jw_text(w, strategy_feature_name(s, i));
    jw_array_end(w);
    jw_key(w, "ext");
    jw_array(w);
    for (size_t i = 0; i < strategy_ext_count(s); i++) {
        jw_object(w);
        jw_member_text(w, "name", strategy_ext_name(s, i));
        jw_member_integer(w, "max_age_s", strategy_ext_max_age_us(s, i) / US_PER_S);
        jw_object_end(w);
    }
    jw_array_end(w);
}

/* ---- Where it stands ---- */

const struct snapshot_strategy *strategy_slot_of(const struct snapshot *s, const char *id)
{
    for (size_t i = 0; i < s->strategy_count; i++) {
        const struct strategy_slot *slot = &s->strategies[i].slot;

        if (slot->state != SLOT_ENDED &&
            (strcmp(slot->strategy_id, id) == 0 || strcmp(slot->next_id, id) == 0))
            return &s->strategies[i];
    }
    return NULL;
}

void strategy_view_row(struct jwriter *w, const struct strategy_row *row, const struct snapshot *s)
{
    bool is_active = strategy_slot_of(s, row->id) != NULL;

    jw_member_text(w, "id", row->id);
    jw_member_text(w, "name", row->name);
    jw_member_text(w, "status",
                   is_active                      ? "active"
                   : row->retired_us == TIME_NONE ? "validated"
                                                  : "retired");
    jw_member_time(w, "created_at", row->created_us);
    jw_member_text(w, "created_by", row->uploaded_by[0] ? row->uploaded_by : NULL);
    jw_member_time(w, "retired_at", row->retired_us);
    jw_member_bool(w, "is_outside", row->is_outside);
}

void strategy_view_slot(struct jwriter *w, const struct strategy_slot *slot)
{
    jw_member_text(w, "name", slot->name);
    jw_member_text(w, "id", slot->strategy_id);
    jw_member_text(w, "next_id", slot->next_id[0] ? slot->next_id : NULL);
    jw_member_text(w, "effective", effective_name(slot->effective));
    jw_member_text(w, "state", slot_state_name(slot->state));
    jw_member_time(w, "since", slot->from_us);
    jw_member_bool(w, "is_outside", slot->is_outside);
}

void strategy_view_detail(struct jwriter *w, const struct strategy_row *row,
                          const struct strategy *parsed, const struct snapshot *s)
{
    const struct snapshot_strategy *t = strategy_slot_of(s, row->id);

    jw_object(w);
    strategy_view_row(w, row, s);
    jw_key(w, "slot");
    if (t) {
        jw_object(w);
        strategy_view_slot(w, &t->slot);
        jw_object_end(w);
    } else {
        jw_null(w);
    }
    jw_key(w, "summary");
    if (parsed) {
        jw_object(w);
        strategy_view_summary(w, parsed);
        jw_object_end(w);
        jw_key(w, "warnings");
        strategy_view_errors(w, strategy_warnings(parsed), NULL, 0);
    } else {
        jw_null(w);
        jw_member_null(w, "warnings");
    }
    jw_object_end(w);
}

void strategy_view_slots(struct jwriter *w, const struct snapshot *s)
{
    jw_array(w);
    for (size_t i = 0; i < s->strategy_count; i++) {
        const struct snapshot_strategy *t = &s->strategies[i];

        jw_object(w);
        strategy_view_slot(w, &t->slot);
        jw_key(w, "warmup");
        jw_object(w);
        jw_member_integer(w, "seen", t->seen);
        jw_member_integer(w, "needed", t->warmup);
        jw_object_end(w);
        jw_member_integer(w, "symbols", (int64_t)t->symbols);
        jw_member_integer(w, "open_positions", (int64_t)t->open_positions);
        jw_object_end(w);
    }
    jw_array_end(w);
}

void strategy_view_activation(struct jwriter *w, const struct activation *a)
{
    jw_object(w);
    view_id(w, "id", a->id);
    jw_member_time(w, "at", a->at_us);
    jw_member_text(w, "name", a->name);
    jw_member_text(w, "strategy_id", a->strategy_id[0] ? a->strategy_id : NULL);
    jw_member_text(w, "previous_id", a->previous_id[0] ? a->previous_id : NULL);
    jw_member_text(w, "action", a->action);
    jw_member_text(w, "effective", effective_name(a->effective));
    jw_member_text(w, "actor", a->actor);
    jw_object_end(w);
}
