/* SPDX-License-Identifier: Apache-2.0 */
/* The roster after a restart: slots, lanes and versions as the journal has them, and the configured
 * artifact beside them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "engine/roster_parts.h"

/* The artifact by its id: the configured one, or parsed from the journal's document.  NULL when
 * there is none that can be read: the position keeps its stop and target, and no rules. */
static struct strategy *restore_strategy(const struct engine_state *s, const struct recovery *r,
                                         const char *id)
{
    const struct strategy *configured = s->options.strategy;
    struct strategy *made = NULL;
    struct diag_list *diags;

    if (configured && strcmp(strategy_id(configured), id) == 0)
        return strategy_acquire(configured);
    diags = xcalloc(1, sizeof(*diags));
    for (size_t i = 0; i < r->document_count && !made; i++) {
        const struct recovered_document *d = &r->documents[i];

        if (strcmp(d->id, id) == 0 &&
            strategy_parse(d->canonical, d->length, false, diags, &made) != ERR_OK)
            made = NULL;
    }
    if (made && strcmp(strategy_id(made), id) != 0) {
        strategy_release(made);
        made = NULL;
    }
    if (!made)
        LOG_ERROR("strategy_unreadable", "id", id, "reason",
                  diags->count ? diags->items[0].message : "its document is not there", NULL);
    free(diags);
    return made;
}

/* False when the feed no longer has what the rules read. */
static bool restore_can_run(const struct engine_state *s, const struct strategy *strategy)
{
    size_t at;

    for (size_t i = 0; strategy && i < strategy_other_count(strategy); i++) {
        if (!state_instrument(s, strategy_other_symbol(strategy, i), &at)) {
            LOG_ERROR("symbol_missing", "strategy", strategy_name(strategy), "symbol",
                      strategy_other_symbol(strategy, i), NULL);
            return false;
        }
    }
    return strategy != NULL;
}

static void restore_slot(struct engine_state *s, const struct recovery *r,
                         const struct strategy_slot *row)
{
    struct slot *slot = roster_add_slot(s, row);

    if (!row->is_outside)
        slot->strategy = restore_strategy(s, r, row->strategy_id);
    if (row->next_id[0])
        slot->next = restore_strategy(s, r, row->next_id);
    for (size_t i = 0; i < s->options.instrument_count; i++) {
        const char *symbol = s->instruments[i].symbol;
        bool wanted = row->is_outside;

        wanted |= slot->strategy && strategy_trades(slot->strategy, symbol);
        wanted |= slot->next && strategy_trades(slot->next, symbol);
        if (wanted)
            (void)roster_need_lane(s, slot, i);
    }
}

static enum err restore_position(struct engine_state *s, const struct position *p,
                                 struct diag_list *diags)
{
    struct slot *slot = roster_slot(s, p->strategy);
    struct lane *lane;
    size_t at;

    if (!state_instrument(s, p->symbol, &at)) {
        diag_hint(diag_add(diags, "candles", "symbol_missing",
                           "position %lld in %s is open but there is no feed for it",
                           (long long)p->id, p->symbol),
                  "add candles of %s", p->symbol);
        return ERR_CONFLICT;
    }
    if (!slot) { /* a journal of an older version: the name that traded it */
        struct strategy_slot row = {
            .ordinal = s->slot_count ? s->slots[s->slot_count - 1]->row.ordinal + 1 : 1,
            .state = SLOT_ENDING};

        copy_text(row.name, sizeof(row.name), p->strategy);
        copy_text(row.strategy_id, sizeof(row.strategy_id), p->strategy_id);
        slot = roster_add_slot(s, &row);
        journal_batch_put_slot(&s->pending, &row);
    }
    lane = roster_need_lane(s, slot, at);
    lane->position = xcalloc(1, sizeof(*lane->position));
    *lane->position = *p;
    lane->position->unprotected_since_us = TIME_NONE; /* the watch looks anew */
    s->position_count++;
    return ERR_OK;
}

static enum err restore_order(struct engine_state *s, const struct order *o,
                              struct diag_list *diags)
{
    struct slot *slot = roster_slot(s, o->strategy);
    struct lane *lane;
    size_t at;

    if (!state_instrument(s, o->symbol, &at) || !slot) {
        diag_add(diags, "candles", "symbol_missing",
                 "order %lld in %s is alive but there is no feed for it", (long long)o->id,
                 o->symbol);
        return ERR_CONFLICT;
    }
    lane = roster_need_lane(s, slot, at);
    state_add_order(s, o, lane);
    if (o->purpose == PURPOSE_ENTRY)
        lane->entry_order_id = o->id;
    return ERR_OK;
}

/* Which version manages the lane: see enum effective.  The one that opened the position does while
 * a change waits for it to close, and where the newer one does not trade the symbol. */
static const struct strategy *restore_manager(struct engine_state *s, const struct recovery *r,
                                              const struct lane *lane, struct strategy **opener)
{
    const struct slot *slot = lane->slot;
    const char *symbol = lane_instrument(s, lane)->symbol;
    const char *opened_by = lane->position ? lane->position->strategy_id
                            : lane->entry_order_id
                                ? state_order(s, lane->entry_order_id)->order.strategy_id
                                : "";
    const struct strategy *manager = slot->strategy;

    *opener = NULL;
    if (slot->next && slot->row.effective == EFFECTIVE_WHEN_FLAT &&
        (!opened_by[0] || strcmp(opened_by, slot->row.next_id) == 0))
        manager = slot->next;
    if (slot->next && slot->row.effective == EFFECTIVE_NEXT_CANDLE && !slot->strategy)
        manager = slot->next;
    if (manager && strategy_trades(manager, symbol))
        return manager;
    if (opened_by[0])
        *opener = restore_strategy(s, r, opened_by);
    return *opener;
}

static void restore_versions(struct engine_state *s, const struct recovery *r)
{
    for (size_t i = 0; i < s->lane_count; i++) {
        struct lane *lane = s->lanes[i];
        const struct slot *slot = lane->slot;
        struct strategy *opener = NULL;
        const struct strategy *manager;

        if (slot->row.is_outside)
            continue;
        manager = restore_manager(s, r, lane, &opener);
        if (restore_can_run(s, manager))
            version_init(s, &lane->now, manager);
        if (slot->next && manager != slot->next && restore_can_run(s, slot->next) &&
            strategy_trades(slot->next, lane_instrument(s, lane)->symbol))
            version_init(s, &lane->next, slot->next);
        strategy_release(opener);
    }
}

static void restore_cooldowns(struct engine_state *s, const struct recovery *r)
{
    for (size_t i = 0; i < r->closed_count; i++) {
        const struct position *p = &r->closed[i];
        struct slot *slot = roster_slot(s, p->strategy);
        struct lane *lane;
        size_t at;

        if (!slot || !state_instrument(s, p->symbol, &at))
            continue;
        lane = roster_lane(s, slot, at);
        if (lane)
            lane->cooldown_until_us = roster_cooldown_end(s, lane, p);
    }
}

enum err roster_restore(struct engine_state *s, const struct recovery *r, struct diag_list *diags)
{
    enum err e = ERR_OK;
    size_t i;

    for (i = 0; i < r->slot_count; i++)
        restore_slot(s, r, &r->slots[i]);
    for (i = 0; i < r->position_count && e == ERR_OK; i++)
        e = restore_position(s, &r->positions[i], diags);
    for (i = 0; i < r->order_count && e == ERR_OK; i++)
        e = restore_order(s, &r->orders[i], diags);
    if (e)
        return e;
    roster_sort(s);
    restore_versions(s, r);
    if (s->options.feed)
        restore_cooldowns(s, r);
    s->ext_value_count = r->ext_value_count;
    s->ext_values = xcalloc(r->ext_value_count + 1, sizeof(*s->ext_values));
    if (r->ext_value_count > 0)
        memcpy(s->ext_values, r->ext_values, r->ext_value_count * sizeof(*s->ext_values));
    s->roster_changed = true;
    return ERR_OK;
}

/* The slot that trades, or will trade, this artifact. */
static const struct slot *configured_slot(const struct engine_state *s, const char *id)
{
    for (size_t i = 0; i < s->slot_count; i++) {
        const struct strategy_slot *row = &s->slots[i]->row;

        if (!row->is_outside &&
            (strcmp(row->strategy_id, id) == 0 || strcmp(row->next_id, id) == 0))
            return s->slots[i];
    }
    return NULL;
}

enum err roster_configure(struct engine_state *s, struct diag_list *diags)
{
    const struct strategy *strategy = s->options.strategy;
    const char *id = strategy ? strategy_id(strategy) : "";
    struct roster_change change = {
        .action = "configure", .actor = "configuration", .effective = EFFECTIVE_NOW};
    char detail[LIMIT_REASON] = "";
    const struct slot *old;
    enum err e = ERR_OK;

    if (strcmp(s->account.config_strategy_id, id) == 0)
        return ERR_OK;
    old = configured_slot(s, s->account.config_strategy_id);
    if (old && (!strategy || strcmp(old->row.name, strategy_name(strategy)) != 0))
        e = roster_deactivate(s, old->row.name, &change, detail);
    if (e == ERR_OK && old)
        e = roster_sweep(s);
    if (e == ERR_OK && strategy)
        e = roster_activate(s, strategy, &change, detail);
    if (e) {
        if (diags)
            diag_add(diags, "strategy", err_code(e), "the configured strategy cannot trade: %s",
                     detail);
        return e;
    }
    copy_text(s->account.config_strategy_id, sizeof(s->account.config_strategy_id), id);
    return ERR_OK;
}
