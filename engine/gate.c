/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps entries from a venue that outlives us. */
#include "engine/gate.h"

#include <string.h>

#include "core/log.h"
#include "engine/manage.h"
#include "engine/protection.h"
#include "engine/roster.h"

/* A symbol that was refused is tried again after this, should the venue not say when it trades. */
static const int64_t refused_us = 5 * 60 * US_PER_S;

/* An order of the instrument of which nobody knows whether it exists. */
static bool gate_has_unknown(const struct engine_state *s, size_t instrument)
{
    for (size_t i = 0; i < s->order_count; i++) {
        const struct live_order *live = s->orders[i];

        if (live->lane->instrument == instrument && live->order.status == ORDER_UNKNOWN)
            return true;
    }
    return false;
}

bool gate_is_full(const struct engine_state *s, size_t instrument)
{
    /* The entry, its stop, its target; a stop that moves may rest beside the one it replaces. */
    enum {
        ORDERS_OF_AN_ENTRY = 3,
        STOPS_OF_AN_ENTRY = 2
    };
    const struct instrument *i = &s->instruments[instrument];
    int64_t orders = 0, stops = 0;

    if (i->orders_max == 0 && i->stops_max == 0)
        return false;
    for (size_t k = 0; k < s->order_count; k++) {
        const struct order *o = &s->orders[k]->order;

        if (s->orders[k]->lane->instrument != instrument)
            continue;
        orders += o->purpose == PURPOSE_ENTRY ? ORDERS_OF_AN_ENTRY : 1;
        stops += o->purpose == PURPOSE_ENTRY || o->type == ORDER_STOP_MARKET;
    }
    return (i->orders_max > 0 && orders + ORDERS_OF_AN_ENTRY > i->orders_max) ||
           (i->stops_max > 0 && stops + STOPS_OF_AN_ENTRY > i->stops_max);
}

bool gate_symbol_is_halted(const struct engine_state *s, size_t instrument)
{
    const struct market *m = &s->markets[instrument];

    return m->differs || m->state != VENUE_MARKET_TRADING || m->refused_until_us > state_now(s);
}

unsigned gate_denials(const struct engine_state *s, size_t instrument)
{
    const struct market *m = &s->markets[instrument];
    unsigned denials = 0;

    if (!s->options.venue->traits.outlives_us)
        return 0;
    if (gate_has_unknown(s, instrument))
        denials |= DENIED_ORDER_UNKNOWN;
    if (protection_is_overdue(s))
        denials |= DENIED_UNPROTECTED;
    if (!s->dealings.is_compared || !m->is_judged)
        denials |= DENIED_NOT_RECONCILED;
    if (gate_symbol_is_halted(s, instrument))
        denials |= DENIED_SYMBOL_HALTED;
    if (s->dealings.entries_halted)
        denials |= DENIED_VENUE_HALTED;
    return denials;
}

bool gate_lane_is_off(const struct lane *lane)
{
    enum {
        REFUSALS_MAX = 2 /* one is made anew by the filters of now */
    };

    return lane->filter_refusals >= REFUSALS_MAX;
}

void gate_filter_refused(struct engine_state *s, struct lane *lane, const char *reason)
{
    lane->filter_refusals++;
    if (gate_lane_is_off(lane))
        LOG_ERROR("strategy_off", "strategy", lane->slot->row.name, "symbol",
                  lane_instrument(s, lane)->symbol, "reason", reason, NULL);
    s->effects = true;
}

void gate_halt_entries(struct engine_state *s, const char *reason)
{
    if (!s->dealings.entries_halted)
        LOG_ERROR("entries_halted", "reason", reason, NULL);
    s->dealings.entries_halted = true;
    copy_text(s->dealings.halt_reason, sizeof(s->dealings.halt_reason), reason);
    s->effects = true;
}

void gate_refuse_log(struct engine_state *s, const char *reason)
{
    const struct journal *j = s->options.journal;

    if (j->refuse)
        j->refuse(j->self, reason);
}

bool gate_log_must_end(struct engine_state *s)
{
    const char *reason = s->options.log_fault ? s->options.log_fault(s->options.log) : NULL;

    if (!reason)
        return false;
    if (s->options.venue && s->options.venue->traits.outlives_us &&
        (s->position_count > 0 || s->order_count > 0 || state_must_commit(s))) {
        if (!s->dealings.entries_halted)
            gate_halt_entries(s, reason);
        return false;
    }
    gate_refuse_log(s, reason);
    return true;
}

void gate_start_anew(struct engine_state *s)
{
    s->dealings.entries_halted = false;
    s->dealings.halt_reason[0] = '\0';
    for (size_t i = 0; i < s->lane_count; i++)
        s->lanes[i]->filter_refusals = 0;
    if (!s->options.venue || !s->options.venue->traits.outlives_us)
        return;
    s->dealings.is_compared = false;
    s->dealings.compare_wanted = true;
    s->dealings.compare_after_us = 0;
}

void gate_refused(struct engine_state *s, size_t instrument, const char *reason)
{
    struct market *m = &s->markets[instrument];

    LOG_ERROR("symbol_refused", "symbol", s->instruments[instrument].symbol, "reason", reason,
              NULL);
    m->refused_until_us = state_now(s) + refused_us;
    copy_text(m->reason, sizeof(m->reason), reason);
    s->effects = true;
}

/* Steps and bounds of now: levels of open positions come onto the new tick, protection is looked at
 * again, and the log declares by which steps is traded. */
static void gate_rules(struct engine_state *s, size_t instrument, const struct instrument *rules)
{
    struct instrument *mine = &s->instruments[instrument];
    bool has_ticks = price_cmp(mine->tick, rules->tick) == 0;
    enum err e;

    if (instrument_has_rules_of(mine, rules))
        return;
    instrument_take_rules(mine, rules);
    LOG_WARN("filters", "symbol", mine->symbol, NULL);
    for (size_t i = 0; i < s->lane_count; i++) {
        struct lane *lane = s->lanes[i];

        if (lane->instrument != instrument)
            continue;
        lane->filter_refusals = 0;
        if (!lane->position)
            continue;
        if (!has_ticks) {
            manage_realign(lane->position, mine->tick);
            journal_batch_put_position(&s->pending, lane->position);
        }
        state_touch(s, lane);
    }
    e = roster_declare(s);
    if (e)
        LOG_ERROR("declaration_failed", "symbol", mine->symbol, "error", err_code(e), NULL);
}

void gate_market(struct engine_state *s, const struct venue_event *e)
{
    static const char *const words[] = {[VENUE_MARKET_TRADING] = "trading",
                                        [VENUE_MARKET_HALTED] = "halted",
                                        [VENUE_MARKET_MAINTENANCE] = "maintenance"};

    for (size_t i = 0; i < s->options.instrument_count; i++) {
        struct market *m = &s->markets[i];

        if (e->symbol[0] && strcmp(e->symbol, s->instruments[i].symbol) != 0)
            continue;
        if (e->rules)
            gate_rules(s, i, e->rules);
        if (m->state == e->market && m->refused_until_us == 0)
            continue;
        m->state = e->market;
        m->refused_until_us = 0;
        copy_text(m->reason, sizeof(m->reason), e->reason);
        LOG_WARN("market", "symbol", s->instruments[i].symbol, "state", words[e->market], NULL);
        /* What rested may have gone meanwhile. */
        if (e->market == VENUE_MARKET_TRADING)
            s->dealings.compare_wanted = true;
    }
    s->effects = true;
}
