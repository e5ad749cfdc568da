/* SPDX-License-Identifier: Apache-2.0 */
/* What limits of loss ask of what is decided, and that nothing is sent that would meet our own. */
#include <string.h>

#include "core/amount_text.h"
#include "tests/simulation/judge.h"

/* ---- E8 ---- */

/* Of ours, on the other side, at a price that this one takes. */
static bool meets(const struct judge *j, const struct sim_order *other, const struct order *o,
                  struct price bound)
{
    return !other->is_disowned && other->ended_us == TIME_NONE && other->type == ORDER_LIMIT &&
           other->side != o->side && other->symbol == judge_symbol(j, o->symbol) &&
           (int)o->side * price_cmp(bound, other->level) >= 0;
}

void judge_entry_selves(struct judge *j, const struct order *o)
{
    bool has_limit = o->type == ORDER_LIMIT;
    size_t count;
    const struct sim_order *orders = sim_venue_orders(j->venue, &count);

    if (!has_limit && o->attempt > 1)
        return; /* the price has moved since it was decided */
    for (size_t i = 0; i < count; i++) {
        const struct sim_order *other = &orders[i];
        const struct order *row;

        if (!meets(j, other, o, has_limit ? o->limit_price : o->decision_price))
            continue;
        row = judge_row(j, other->client_order_id);
        if (row && !order_is_final(row->status))
            judge_violated(j, "E8", "entry %lld would trade with order %lld, which is ours",
                           (long long)o->id, (long long)row->id);
    }
}

bool judge_is_canceled(const struct judge *j, const char *client_order_id)
{
    for (size_t i = 0; i < j->canceled_count; i++)
        if (strcmp(j->canceled[i], client_order_id) == 0)
            return true;
    return false;
}

void judge_exit_selves(struct judge *j, const struct order *o)
{
    size_t count;
    const struct sim_order *orders = sim_venue_orders(j->venue, &count);

    for (size_t i = 0; o->purpose == PURPOSE_EXIT && o->type == ORDER_MARKET && i < count; i++) {
        const struct order *row;

        if (!meets(j, &orders[i], o, orders[i].level) ||
            judge_is_canceled(j, orders[i].client_order_id))
            continue;
        row = judge_row(j, orders[i].client_order_id);
        if (row && row->purpose == PURPOSE_ENTRY && strcmp(row->strategy, o->strategy) == 0 &&
            (row->status == ORDER_ACCEPTED || row->status == ORDER_PARTIALLY_FILLED))
            judge_violated(j, "E8", "exit %lld is sent, and entry %lld is left to meet it",
                           (long long)o->id, (long long)row->id);
    }
}

void judge_cancel(struct judge *j, const struct order *o)
{
    if (j->canceled_count == j->canceled_capacity) {
        j->canceled_capacity = j->canceled_capacity ? 2 * j->canceled_capacity : 64;
        j->canceled = xrealloc(j->canceled, j->canceled_capacity * sizeof *j->canceled);
    }
    (void)copy_text(j->canceled[j->canceled_count++], sizeof *j->canceled, o->client_order_id);
}

/* ---- E6 ---- */

/* Entries that the rules decided by what the batch has; a row is new when nobody saw it before. */
static const struct order *new_entry(const struct journal_batch *b)
{
    for (size_t i = 0; i < b->order_count; i++)
        if (b->orders[i].purpose == PURPOSE_ENTRY && b->orders[i].attempt == 1 &&
            b->orders[i].status == ORDER_NEW && !b->orders[i].reason[0] &&
            strcmp(b->orders[i].strategy, "manual") != 0)
            return &b->orders[i];
    return NULL;
}

void judge_drawdown(struct judge *j, const struct journal_batch *b)
{
    const struct order *entry = new_entry(b);
    const struct money peak = j->journal->account.performance.equity_peak;
    struct money equity, most;

    if (ratio_sign(j->max_drawdown) == 0)
        return;
    if (money_cmp(peak, j->peak) < 0)
        judge_violated(j, "E6", "the peak that drawdown counts from was higher");
    j->peak = money_max(j->peak, peak);
    /* What was filled or paid since the decision is in the same batch. */
    if (!entry || entry->id <= j->entry_seen || b->fill_count > 0 || b->cash_count > 0)
        return;
    j->entry_seen = entry->id;
    equity.e12 = judge_equity(j);
    if (money_times(j->peak, j->max_drawdown, ROUND_UP, &most))
        return;
    if (j->peak.e12 - equity.e12 > most.e12 + AMOUNT_ONE / 100)
        judge_violated(j, "E6", "entry %lld is decided below the drawdown that ends entries",
                       (long long)entry->id);
    j->peak = money_max(j->peak, (struct money){equity.e12 - AMOUNT_ONE / 100});
}
