/* SPDX-License-Identifier: Apache-2.0 */
/* Builds an immutable snapshot from the engine's state. */
#include "engine/publish.h"

#include <stdlib.h>
#include <string.h>

#include "engine/gate.h"

void cycle_times_add(struct cycle_times *t, int64_t took_us)
{
    size_t b = 0;

    while (b < COUNT_OF(snapshot_bucket_us) && took_us > snapshot_bucket_us[b])
        b++;
    t->buckets[b]++;
    t->recent[t->count % COUNT_OF(t->recent)] = took_us;
    t->count++;
    t->total_us += (uint64_t)took_us;
}

static int publish_compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void publish_times(const struct cycle_times *t, struct snapshot *out)
{
    int64_t sorted[COUNT_OF(t->recent)];
    size_t n = t->count < COUNT_OF(sorted) ? (size_t)t->count : COUNT_OF(sorted);

    memcpy(out->cycle_buckets, t->buckets, sizeof(out->cycle_buckets));
    out->cycle_total_us = t->total_us;
    if (n == 0)
        return;
    memcpy(sorted, t->recent, n * sizeof(sorted[0]));
    qsort(sorted, n, sizeof(sorted[0]), publish_compare);
    out->cycle_p50_us = sorted[n / 2];
    out->cycle_p99_us = sorted[n * 99 / 100];
}

static void publish_positions(const struct engine_state *s, struct snapshot *out)
{
    size_t i, j, n = 0;

    out->positions = xcalloc(s->position_count + 1, sizeof(*out->positions));
    out->position_instruments = xcalloc(s->position_count + 1, sizeof(struct instrument));
    out->position_marks = xcalloc(s->position_count + 1, sizeof(struct price));
    for (i = 0; i < s->lane_count; i++) {
        const struct position *p = s->lanes[i]->position;

        if (!p)
            continue;
        /* By id: insertion into a list that is nearly in order already. */
        for (j = n; j > 0 && out->positions[j - 1].id > p->id; j--) {
            out->positions[j] = out->positions[j - 1];
            out->position_instruments[j] = out->position_instruments[j - 1];
            out->position_marks[j] = out->position_marks[j - 1];
        }
        out->positions[j] = *p;
        out->position_instruments[j] = *lane_instrument(s, s->lanes[i]);
        out->position_marks[j] = p->mark;
        n++;
    }
    out->position_count = n;
}

static void publish_orders(const struct engine_state *s, struct snapshot *out)
{
    size_t i;

    out->orders = xcalloc(s->order_count + 1, sizeof(*out->orders));
    out->order_instruments = xcalloc(s->order_count + 1, sizeof(struct instrument));
    for (i = 0; i < s->order_count; i++) {
        out->orders[i] = s->orders[i]->order;
        out->order_instruments[i] = *lane_instrument(s, s->orders[i]->lane);
    }
    out->order_count = s->order_count;
}

/* Counts a lane; the strategy is as warm as the version of it that knows the least. */
static void publish_lane(const struct lane *lane, struct snapshot_strategy *out)
{
    const struct version *v = lane->next.run ? &lane->next : &lane->now;
    int64_t seen = v->run ? strategy_run_pushed(v->run) : 0;

    if (v->run && (out->symbols == 0 || seen < out->seen))
        out->seen = seen;
    if (v->run)
        out->warmup = strategy_warmup(v->strategy);
    out->symbols++;
    out->open_positions += lane->position != NULL;
}

static void publish_strategies(const struct engine_state *s, struct snapshot *out)
{
    size_t k = 0;

    out->strategies = xcalloc(s->slot_count + 1, sizeof(*out->strategies));
    out->strategy_count = s->slot_count;
    for (size_t i = 0; i < s->slot_count; i++) {
        out->strategies[i] = (struct snapshot_strategy){.slot = s->slots[i]->row,
                                                        .since_us = s->slots[i]->row.from_us};
    }
    for (size_t i = 0; i < s->lane_count; i++) { /* lanes are in the order of slots */
        while (s->slots[k] != s->lanes[i]->slot)
            k++;
        publish_lane(s->lanes[i], &out->strategies[k]);
    }
    out->has_strategy = s->slot_count > 0 || s->options.outside_signals;
    if (s->slot_count > 0) {
        copy_text(out->strategy, sizeof(out->strategy), s->slots[0]->row.name);
        copy_text(out->strategy_id, sizeof(out->strategy_id), s->slots[0]->row.strategy_id);
    }
    out->ext_values = xcalloc(s->ext_value_count + 1, sizeof(*out->ext_values));
    out->ext_value_count = s->ext_value_count;
    if (s->ext_value_count > 0)
        memcpy(out->ext_values, s->ext_values, s->ext_value_count * sizeof(*s->ext_values));
}

/* What the gate, the clocks and the comparison say. */
static void publish_venue(const struct engine_state *s, struct snapshot_venue *out)
{
    const struct dealings *d = &s->dealings;

    if (!s->options.venue || !s->options.venue->traits.outlives_us)
        return;
    *out = (struct snapshot_venue){.is_reconciled = d->is_compared,
                                   .entries_halted = d->entries_halted,
                                   .late_fills = d->late_fills,
                                   .mismatches = d->mismatches,
                                   .adoptions = d->adoptions,
                                   .foreign_orders = d->foreign_orders,
                                   .foreign_trades = d->foreign_trades,
                                   .cash_short = d->cash_short,
                                   .foreign_incomes = d->foreign_incomes};
    copy_text(out->halt_reason, sizeof(out->halt_reason), d->halt_reason);
    for (size_t i = 0; i < s->options.instrument_count; i++)
        out->symbols_halted += gate_symbol_is_halted(s, i);
    for (size_t i = 0; i < s->order_count; i++)
        out->unknown_orders += s->orders[i]->order.status == ORDER_UNKNOWN;
    for (size_t i = 0; i < s->lane_count; i++) {
        const struct position *p = s->lanes[i]->position;
        int64_t since_us = p ? p->unprotected_since_us : TIME_NONE;

        out->strategies_off += gate_lane_is_off(s->lanes[i]);
        if (since_us != TIME_NONE && state_now(s) - since_us > out->unprotected_us)
            out->unprotected_us = state_now(s) - since_us;
    }
}

/* The account, with the entries that the log has: those that wait for the journal may never get
 * there. */
static void publish_account(const struct engine_state *s, struct account *out)
{
    *out = s->account;
    out->log_size -= (int64_t)s->pending.leaf_count;
    if (s->sealed_active)
        out->log_size -= (int64_t)s->sealed.leaf_count;
}

struct snapshot *publish_build(const struct engine_state *s, const struct cycle_times *times)
{
    struct snapshot *out = snapshot_new();

    out->as_of_us = state_now(s);
    out->wall_us = clock_wall_us();
    out->state = s->loop;
    out->has_feed = s->options.feed != NULL;
    copy_text(out->feed, sizeof(out->feed),
              !out->has_feed             ? ""
              : s->options.feed->is_live ? "venue"
                                         : "recorded");
    copy_text(out->pace, sizeof(out->pace),
              s->options.pace == PACE_REALTIME ? "realtime" : "replay");
    publish_strategies(s, out);
    out->cycle_interval_us = s->options.cycle_interval_us;
    out->renew_until_wall_us = s->renew_until_us > 0 ? s->renew_until_wall_us : TIME_NONE;
    out->lapses = s->lapses;
    out->last_cycle_us = s->account.cursor_us;
    out->other_fees = s->other_fees;
    out->cycle_errors = s->cycle_errors;
    out->symbol_errors = s->symbol_errors;
    out->journal_failures = s->journal_failures;
    out->journal_waiting = s->sealed_active || s->closes_wait || s->spooling;
    out->instrument_count = s->options.instrument_count;
    publish_account(s, &out->account);
    out->quality = s->quality;
    publish_times(times, out);
    performance_report(&s->account.performance, &s->daily, &out->report);
    if (state_equity(s, &out->equity, &out->unrealized, &out->exposure) != ERR_OK)
        out->equity =
            s->account.performance.equity; /* overflow: the newest one that was in range */
    publish_venue(s, &out->venue);
    publish_positions(s, out);
    publish_orders(s, out);
    return out;
}
