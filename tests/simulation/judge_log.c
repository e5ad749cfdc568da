/* SPDX-License-Identifier: Apache-2.0 */
/* The log against the rows, read by the verifier's own code; a restarted engine against both. */
#include <stdlib.h>

#include "engine/verify_log.h"
#include "tests/simulation/judge.h"
#include "tests/simulation/sim_world.h"

/* Where the log says nothing of its own truth: no signature, witness or statement is made here. */
static bool is_of_entries(enum property p)
{
    return p == PROPERTY_ENTRIES || p == PROPERTY_ORDERS || p == PROPERTY_CLOSES ||
           p == PROPERTY_FILLS || p == PROPERTY_STRATEGIES || p == PROPERTY_CYCLES ||
           p == PROPERTY_POSITIONS || p == PROPERTY_PROFITS || p == PROPERTY_CORRECTIONS;
}

/* What the entries come to, computed from their text alone, is what the account's row has. */
static void check_sums(struct judge *j, const struct track *t)
{
    const struct performance *p = &j->journal->account.performance;

    if (t->broken)
        judge_violated(j, "D3", "the log's figures are not defined: %s", t->broken);
    else if (t->pnl != p->realized_pnl.e12 || t->fees != p->fees_paid.e12 ||
             t->turnover != p->turnover.e12 || t->funding != p->funding_paid.e12)
        judge_violated(j, "D3", "profit, fees, funding or turnover are not what the log makes");
    else if (t->wins != p->wins || t->losses != p->losses || t->breakeven != p->breakeven)
        judge_violated(j, "D3", "round trips are not what the log makes");
}

void judge_log(struct judge *j)
{
    const struct memory_journal *m = j->journal;
    struct verify_report report = {0};
    struct verify_log *v = xcalloc(1, sizeof *v);

    verify_log_init(v, &report);
    for (size_t i = 0; i < m->leaf_count; i++)
        verify_log_push(v, m->leaves[i].bytes, m->leaves[i].length, NULL);
    verify_log_end(v);
    for (int i = 0; i < PROPERTY_COUNT_; i++)
        if (is_of_entries((enum property)i) && report.findings[i].verdict == VERDICT_FAIL)
            judge_violated(j, "D2", "the verifier says of %s: %s", property_key((enum property)i),
                           report.findings[i].detail);
    check_sums(j, &v->track);
    verify_log_release(v);
    free(v);
}

/* ---- A restart ---- */

static bool is_same_position(const struct position *a, const struct position *b)
{
    return a->size.e12 == b->size.e12 && a->cost_left.e12 == b->cost_left.e12 &&
           a->entry_fee_left.e12 == b->entry_fee_left.e12 && a->direction == b->direction &&
           a->entry_notional.e12 == b->entry_notional.e12 &&
           a->realized_pnl.e12 == b->realized_pnl.e12 && a->funding.e12 == b->funding.e12 &&
           a->stop_loss.e12 == b->stop_loss.e12 && a->take_profit.e12 == b->take_profit.e12 &&
           a->trailing_stop.e12 == b->trailing_stop.e12;
}

static void check_positions(struct judge *j, const struct snapshot *s)
{
    const struct memory_journal *m = j->journal;
    size_t open = 0;

    for (size_t i = 0; i < m->position_count; i++) {
        const struct position *p = &m->positions[i], *found = NULL;

        if (p->status != POSITION_OPEN)
            continue;
        open++;
        for (size_t k = 0; k < s->position_count; k++)
            if (s->positions[k].id == p->id)
                found = &s->positions[k];
        if (!found || !is_same_position(found, p))
            judge_violated(j, "D3", "position %lld comes back otherwise", (long long)p->id);
    }
    if (open != s->position_count)
        judge_violated(j, "D3", "%zu positions come back of %zu", s->position_count, open);
}

static void check_orders(struct judge *j, const struct snapshot *s)
{
    const struct memory_journal *m = j->journal;
    size_t alive = 0;

    for (size_t i = 0; i < m->order_count; i++) {
        const struct order *o = &m->orders[i], *found = NULL;

        if (order_is_final(o->status))
            continue;
        alive++;
        for (size_t k = 0; k < s->order_count; k++)
            if (s->orders[k].id == o->id)
                found = &s->orders[k];
        if (!found || strcmp(found->client_order_id, o->client_order_id) != 0 ||
            found->filled.e12 != o->filled.e12 || found->size.e12 != o->size.e12)
            judge_violated(j, "D3", "order %lld comes back otherwise", (long long)o->id);
    }
    if (alive != s->order_count)
        judge_violated(j, "D3", "%zu orders come back of %zu", s->order_count, alive);
}

void judge_restart(struct judge *j, struct engine *e)
{
    const struct account *a = &j->journal->account;
    struct snapshot *s = engine_snapshot(e);

    if (s->account.cash.e12 != a->cash.e12 || s->account.log_size != a->log_size ||
        s->account.last_order_id != a->last_order_id ||
        s->account.last_fill_id != a->last_fill_id ||
        s->account.performance.realized_pnl.e12 != a->performance.realized_pnl.e12)
        judge_violated(j, "D3", "a restart finds another account");
    check_positions(j, s);
    check_orders(j, s);
    snapshot_release(s);
}
