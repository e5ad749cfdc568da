/* SPDX-License-Identifier: Apache-2.0 */
/* Slots and lanes: kept in order, activated, ended, swept, and declared in the log. */
#include "engine/roster_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/jwriter.h"
#include "core/log.h"
#include "engine/execution.h"

/* ---- Finding and keeping ---- */

struct slot *roster_slot(const struct engine_state *s, const char *name)
{
    for (size_t i = 0; i < s->slot_count; i++) {
        if (strcmp(s->slots[i]->row.name, name) == 0)
            return s->slots[i];
    }
    return NULL;
}

struct lane *roster_lane(const struct engine_state *s, const struct slot *slot, size_t instrument)
{
    for (size_t i = 0; i < s->lane_count; i++) {
        if (s->lanes[i]->slot == slot && s->lanes[i]->instrument == instrument)
            return s->lanes[i];
    }
    return NULL;
}

const char *lane_strategy_id(const struct lane *lane)
{
    return lane->now.strategy ? strategy_id(lane->now.strategy) : lane->slot->row.strategy_id;
}

struct slot *roster_add_slot(struct engine_state *s, const struct strategy_slot *row)
{
    struct slot *slot = xcalloc(1, sizeof(*slot));
    size_t at = s->slot_count;

    slot->row = *row;
    s->slots = xrealloc(s->slots, (s->slot_count + 1) * sizeof(struct slot *));
    for (; at > 0 && s->slots[at - 1]->row.ordinal > row->ordinal; at--)
        s->slots[at] = s->slots[at - 1];
    s->slots[at] = slot;
    s->slot_count++;
    return slot;
}

static void slot_free(struct slot *slot)
{
    strategy_release(slot->strategy);
    strategy_release(slot->next);
    free(slot);
}

static void lane_free(struct lane *lane)
{
    version_release(&lane->now);
    version_release(&lane->next);
    free(lane->position);
    free(lane);
}

struct lane *roster_need_lane(struct engine_state *s, struct slot *slot, size_t instrument)
{
    struct lane *lane = roster_lane(s, slot, instrument);

    if (lane)
        return lane;
    if (s->lane_count == s->lane_capacity) {
        s->lane_capacity = s->lane_capacity ? 2 * s->lane_capacity : 16;
        s->lanes = xrealloc(s->lanes, s->lane_capacity * sizeof(struct lane *));
        s->touched = xrealloc(s->touched, s->lane_capacity * sizeof(struct lane *));
    }
    lane = xcalloc(1, sizeof(*lane));
    lane->slot = slot;
    lane->instrument = instrument;
    lane->place = s->lane_count;
    s->lanes[s->lane_count++] = lane;
    return lane;
}

static int compare_lanes(const void *a, const void *b)
{
    const struct lane *x = *(struct lane *const *)a, *y = *(struct lane *const *)b;

    if (x->slot != y->slot)
        return x->slot->row.ordinal < y->slot->row.ordinal ? -1 : 1;
    return (x->instrument > y->instrument) - (x->instrument < y->instrument);
}

void roster_sort(struct engine_state *s)
{
    if (s->lane_count > 0)
        qsort(s->lanes, s->lane_count, sizeof(struct lane *), compare_lanes);
    for (size_t i = 0; i < s->lane_count; i++)
        s->lanes[i]->place = i;
}

void roster_release(struct engine_state *s)
{
    for (size_t i = 0; i < s->lane_count; i++)
        lane_free(s->lanes[i]);
    for (size_t i = 0; i < s->slot_count; i++)
        slot_free(s->slots[i]);
    free(s->lanes);
    free(s->touched);
    free(s->slots);
    s->lane_count = s->slot_count = 0;
}

/* ---- Declaring ---- */

static enum err roster_config_leaf(const struct engine_state *s, const struct leaf_context *context,
                                   struct leaf *out)
{
    struct config_leaf c = s->options.config;
    struct declared_strategy list[LIMIT_STRATEGIES];

    ASSERT(s->slot_count <= LIMIT_STRATEGIES);
    for (size_t i = 0; i < s->slot_count; i++) {
        const struct strategy_slot *row = &s->slots[i]->row;

        list[i] = (struct declared_strategy){row->strategy_id, row->name, row->next_id};
    }
    c.strategies = list;
    c.strategy_count = s->slot_count;
    return ledger_config(context, &c, out);
}

enum err roster_declare(struct engine_state *s)
{
    /* The declarations' digest is that of the leaf as if it were written at time 0. */
    struct leaf_context timeless = {.mode = s->account.mode, .strategy = "", .at_us = 0};
    struct leaf_context context = state_leaf_context(s, "");
    struct digest digest;
    struct leaf leaf;
    enum err e = roster_config_leaf(s, &timeless, &leaf);

    if (e)
        return e;
    digest = leaf.proof;
    leaf_release(&leaf);
    if (bytes_equal(&digest, &s->account.config_digest, sizeof(digest)))
        return ERR_OK;
    e = roster_config_leaf(s, &context, &leaf);
    if (e)
        return e;
    s->account.config_digest = digest;
    copy_text(s->account.feed_id, sizeof(s->account.feed_id), s->options.config.feed_id);
    state_add_leaf(s, &leaf);
    return ERR_OK;
}

static void roster_record(struct engine_state *s, const struct slot *slot, const char *previous,
                          const struct roster_change *change)
{
    struct activation a = {.id = ++s->account.last_activation_id,
                           .at_us = state_now(s),
                           .effective = change->effective};

    copy_text(a.name, sizeof(a.name), slot->row.name);
    copy_text(a.strategy_id, sizeof(a.strategy_id),
              slot->row.next_id[0] ? slot->row.next_id : slot->row.strategy_id);
    copy_text(a.previous_id, sizeof(a.previous_id), previous);
    copy_text(a.action, sizeof(a.action), change->action);
    copy_text(a.actor, sizeof(a.actor), change->actor);
    journal_batch_add_activation(&s->pending, &a);
    journal_batch_put_slot(&s->pending, &slot->row);
    s->roster_changed = true;
    s->effects = true;
    LOG_INFO("strategy", "action", change->action, "name", slot->row.name, "id", a.strategy_id,
             "effective", effective_name(change->effective), NULL);
}

/* ---- Activating ---- */

static enum err refuse(char detail[LIMIT_REASON], enum err e, const char *format, const char *what)
{
    (void)snprintf(detail, LIMIT_REASON, format, what);
    return e;
}

/* The feed has what the strategy trades and reads, in its timeframe. */
static enum err roster_fits(const struct engine_state *s, const struct strategy *strategy,
                            char detail[LIMIT_REASON])
{
    const struct feed *f = s->options.feed;
    int64_t wanted = strategy_timeframe_us(strategy);
    size_t traded = 0, at;

    if (!f)
        return refuse(detail, ERR_NO_FEED, "configure `%s`", "candles");
    if (wanted != 0 && wanted != f->timeframe_us(f->self))
        return refuse(detail, ERR_NOT_TRADABLE,
                      "the strategy wants candles of %s, the feed has another timeframe",
                      timeframe_name(wanted));
    for (size_t i = 0; i < s->options.instrument_count; i++)
        traded += strategy_trades(strategy, s->instruments[i].symbol);
    if (traded == 0)
        return refuse(detail, ERR_NOT_TRADABLE, "the feed has no candles of %s",
                      strategy_symbol(strategy, 0));
    for (size_t i = 0; i < strategy_other_count(strategy); i++) {
        if (!state_instrument(s, strategy_other_symbol(strategy, i), &at))
            return refuse(detail, ERR_NOT_TRADABLE,
                          "its rules read %s, which the feed does not have",
                          strategy_other_symbol(strategy, i));
    }
    return ERR_OK;
}

static enum err roster_store(struct engine_state *s, const struct strategy *strategy)
{
    struct strategy_document d = {.id = strategy_id(strategy), .name = strategy_name(strategy)};

    d.canonical = strategy_canonical(strategy, &d.length);
    return s->options.journal->store_strategy(s->options.journal->self, s->account.id, &d);
}

static int64_t roster_next_ordinal(const struct engine_state *s)
{
    return s->slot_count ? s->slots[s->slot_count - 1]->row.ordinal + 1 : 1;
}

/* The version that will be at work on every lane it trades, told the past; what waited before is
 * dropped. */
static enum err roster_prepare(struct engine_state *s, struct slot *slot,
                               const struct strategy *strategy)
{
    struct lane **fresh = xcalloc(s->options.instrument_count + 1, sizeof(*fresh));
    size_t count = 0;
    enum err e;

    for (size_t i = 0; i < s->lane_count; i++) {
        if (s->lanes[i]->slot == slot)
            version_release(&s->lanes[i]->next);
    }
    for (size_t i = 0; i < s->options.instrument_count; i++) {
        struct lane *lane;

        if (!strategy_trades(strategy, s->instruments[i].symbol))
            continue;
        lane = roster_need_lane(s, slot, i);
        version_init(s, &lane->next, strategy);
        fresh[count++] = lane;
    }
    roster_sort(s);
    e = roster_warm(s, fresh, count);
    free(fresh);
    return e;
}

/* Lets what was prepared take over where nothing is to be waited for. */
static void roster_begin(struct engine_state *s, struct slot *slot)
{
    for (size_t i = 0; i < s->lane_count; i++) {
        struct lane *lane = s->lanes[i];
        bool is_flat = !lane->position && !lane->entry_order_id;

        if (lane->slot != slot || !lane->next.strategy)
            continue;
        if (slot->row.effective == EFFECTIVE_NOW || !lane->now.strategy ||
            (slot->row.effective == EFFECTIVE_WHEN_FLAT && is_flat))
            roster_take_over(s, lane);
    }
}

/* Any lane of the slot with a version that waits. */
static bool slot_waits(const struct engine_state *s, const struct slot *slot)
{
    for (size_t i = 0; i < s->lane_count; i++) {
        if (s->lanes[i]->slot == slot && s->lanes[i]->next.strategy)
            return true;
    }
    return false;
}

/* Nothing waits any more: the newest version is the slot's. */
static void slot_settle(struct engine_state *s, struct slot *slot)
{
    strategy_release(slot->strategy);
    slot->strategy = slot->next;
    slot->next = NULL;
    memcpy(slot->row.strategy_id, slot->row.next_id, sizeof(slot->row.strategy_id));
    slot->row.next_id[0] = '\0';
    journal_batch_put_slot(&s->pending, &slot->row);
}

/* A new name, or one that was ending, or a change of version. */
static enum err roster_judge(const struct engine_state *s, const struct slot *slot,
                             const struct roster_change *change, char detail[LIMIT_REASON])
{
    if (!slot && s->slot_count == LIMIT_STRATEGIES)
        return refuse(detail, ERR_LIMIT, "too many strategies are active: deactivate one%s", "");
    if (slot && slot->row.is_outside)
        return refuse(detail, ERR_NAME_TAKEN, "%s is a source of signals from outside",
                      slot->row.name);
    if (slot && slot->next && change->effective == EFFECTIVE_WHEN_FLAT)
        return refuse(detail, ERR_CONFLICT,
                      "%s already waits to change its version: use now or next_candle",
                      slot->row.name);
    return ERR_OK;
}

static bool slot_is_already(const struct slot *slot, const char *id)
{
    return slot && slot->row.state == SLOT_ACTIVE &&
           strcmp(slot->row.next_id[0] ? slot->row.next_id : slot->row.strategy_id, id) == 0;
}

enum err roster_activate(struct engine_state *s, const struct strategy *strategy,
                         const struct roster_change *change, char detail[LIMIT_REASON])
{
    struct strategy_slot row = {.ordinal = roster_next_ordinal(s)};
    struct slot *slot = roster_slot(s, strategy_name(strategy));
    char previous[DIGEST_HEX] = "";
    enum err e = roster_fits(s, strategy, detail);

    if (e == ERR_OK)
        e = roster_judge(s, slot, change, detail);
    if (e || change->validate_only || slot_is_already(slot, strategy_id(strategy)))
        return e;
    e = roster_store(s, strategy);
    if (e)
        return refuse(detail, e, "the document cannot be stored: %s", err_sentence(e));
    if (!slot) {
        copy_text(row.name, sizeof(row.name), strategy_name(strategy));
        slot = roster_add_slot(s, &row);
    } else {
        copy_text(previous, sizeof(previous), slot->row.strategy_id);
    }
    strategy_release(slot->next);
    slot->next = strategy_acquire(strategy);
    slot->row.state = SLOT_ACTIVE;
    slot->row.effective = change->effective;
    slot->row.from_us = state_now(s);
    copy_text(slot->row.next_id, sizeof(slot->row.next_id), strategy_id(strategy));
    e = roster_prepare(s, slot, strategy);
    if (e)
        LOG_ERROR("strategy_not_warm", "name", slot->row.name, "error", err_code(e), NULL);
    roster_begin(s, slot);
    if (!previous[0] || !slot_waits(s, slot))
        slot_settle(s, slot);
    roster_record(s, slot, previous, change);
    return roster_declare(s);
}

/* ---- Ending ---- */

enum err roster_deactivate(struct engine_state *s, const char *name,
                           const struct roster_change *change, char detail[LIMIT_REASON])
{
    struct slot *slot = roster_slot(s, name);

    if (!slot)
        return refuse(detail, ERR_NOT_ACTIVE, "%s does not trade", name);
    if (slot->row.state == SLOT_ENDING)
        return ERR_OK;
    for (size_t i = 0; i < s->lane_count; i++) {
        if (s->lanes[i]->slot != slot)
            continue;
        version_release(&s->lanes[i]->next);
        state_end_entry(s, s->lanes[i]);
    }
    strategy_release(slot->next);
    slot->next = NULL;
    slot->row.next_id[0] = '\0';
    slot->row.state = SLOT_ENDING;
    roster_record(s, slot, slot->row.strategy_id, change);
    return roster_declare(s);
}

/* True when the lane's version will never enter again and nothing is left of it. */
static bool lane_is_over(const struct lane *lane)
{
    bool is_old = !lane->slot->row.is_outside && !lane->next.strategy &&
                  lane->now.strategy != slot_newest(lane->slot);

    return !lane->position && lane->order_count == 0 && !lane->touched &&
           (lane->slot->row.state != SLOT_ACTIVE || is_old);
}

static void roster_sweep_lanes(struct engine_state *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->lane_count; i++) {
        if (lane_is_over(s->lanes[i]))
            lane_free(s->lanes[i]);
        else
            s->lanes[kept++] = s->lanes[i];
    }
    s->lane_count = kept;
    roster_sort(s);
}

static bool slot_has_lane(const struct engine_state *s, const struct slot *slot)
{
    for (size_t i = 0; i < s->lane_count; i++) {
        if (s->lanes[i]->slot == slot)
            return true;
    }
    return false;
}

enum err roster_sweep(struct engine_state *s)
{
    size_t kept = 0;
    bool declares = false;

    if (!s->roster_changed)
        return ERR_OK;
    s->roster_changed = false;
    roster_sweep_lanes(s);
    for (size_t i = 0; i < s->slot_count; i++) {
        struct slot *slot = s->slots[i];

        if (slot->next && !slot_waits(s, slot)) {
            slot_settle(s, slot);
            declares = true;
        }
        if (slot->row.state == SLOT_ENDING && !slot_has_lane(s, slot)) {
            slot->row.state = SLOT_ENDED;
            journal_batch_put_slot(&s->pending, &slot->row);
            LOG_INFO("strategy", "action", "ended", "name", slot->row.name, NULL);
            slot_free(slot);
            declares = true;
        } else {
            s->slots[kept++] = slot;
        }
    }
    s->slot_count = kept;
    return declares ? roster_declare(s) : ERR_OK;
}

/* ---- Outside ---- */

/* The document that stands for a source of signals: it has a name and nothing else. */
static enum err outside_document(struct engine_state *s, const char *name, char id[DIGEST_HEX])
{
    struct strategy_document d = {.id = id, .name = name};
    struct digest digest;
    struct jwriter w;
    struct text text;
    enum err e;

    text_init(&text, LIMIT_LEAF_BYTES);
    jwriter_init(&w, JSTYLE_COMPACT, &text);
    jw_object(&w);
    jw_member_text(&w, "name", name);
    jw_member_text(&w, "source", "signals");
    jw_member_integer(&w, "version", 1);
    jw_object_end(&w);
    ASSERT(jwriter_ok(&w));
    digest_of(text.data, text.length, &digest);
    hex_print(digest.bytes, sizeof(digest.bytes), id);
    d.canonical = text.data;
    d.length = text.length;
    e = s->options.journal->store_strategy(s->options.journal->self, s->account.id, &d);
    text_release(&text);
    return e;
}

enum err roster_outside(struct engine_state *s, const char *name,
                        const struct roster_change *change, struct slot **out,
                        char detail[LIMIT_REASON])
{
    struct strategy_slot row = {.ordinal = roster_next_ordinal(s),
                                .is_outside = true,
                                .effective = EFFECTIVE_NOW,
                                .from_us = state_now(s),
                                .state = SLOT_ACTIVE};
    struct slot *slot = roster_slot(s, name);
    enum err e;

    if (slot && !slot->row.is_outside)
        return refuse(detail, ERR_NAME_TAKEN, "%s is an artifact's name", name);
    if (slot) {
        *out = slot;
        return ERR_OK;
    }
    if (s->slot_count == LIMIT_STRATEGIES)
        return refuse(detail, ERR_LIMIT, "too many strategies are active: deactivate one%s", "");
    e = outside_document(s, name, row.strategy_id);
    if (e)
        return refuse(detail, e, "the source cannot be stored: %s", err_sentence(e));
    copy_text(row.name, sizeof(row.name), name);
    slot = roster_add_slot(s, &row);
    for (size_t i = 0; i < s->options.instrument_count; i++)
        (void)roster_need_lane(s, slot, i);
    roster_sort(s);
    roster_record(s, slot, "", change);
    *out = slot;
    return roster_declare(s);
}
