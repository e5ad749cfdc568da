/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold once everything has come to rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/judge.h"

/* What a fill made of what is held: a fee in the base asset goes with it. */
static i128 moved_by(const struct fill *f)
{
    return (int)f->side * f->size.e12 - fill_fee_size(f).e12;
}

static void check_orders(struct judge *j)
{
    size_t count;
    const struct sim_order *orders = sim_venue_orders(j->venue, &count);

    for (size_t i = 0; i < count; i++) {
        const struct sim_order *o = &orders[i];
        const struct order *row = judge_row(j, o->client_order_id);

        if (o->is_disowned)
            continue;
        if (!row)
            judge_violated(j, "O1", "an order at the venue has no row");
        else if (row->filled.e12 != o->executed.e12)
            judge_violated(j, "F1", "order %lld (%s): filled is not what was executed",
                           (long long)row->id, order_status_name(row->status));
        else if (row->life != o->life)
            judge_violated(j, "O1", "order %lld is %s there and %s here", (long long)row->id,
                           order_life_name(o->life), order_life_name(row->life));
        else if (row->status == ORDER_ABSENT)
            judge_violated(j, "O7", "order %lld is absent here and was there", (long long)row->id);
        if (o->ended_us == TIME_NONE)
            judge_violated(j, "O7", "order %lld is still open there",
                           row ? (long long)row->id : -1LL);
    }
    for (size_t i = 0; i < j->journal->order_count; i++) {
        const struct order *row = &j->journal->orders[i];

        if (row->replaces_id && row->filled.e12 > 0 &&
            size_cmp(judge_row_with(j, row->replaces_id)->filled, row->replaces_filled) != 0)
            judge_violated(j, "O6", "order %lld and what it replaced filled more than was wanted",
                           (long long)row->id);
        if (!order_is_final(row->status))
            judge_violated(j, "O7", "order %lld (%s, %s) is still %s", (long long)row->id,
                           order_purpose_name(row->purpose), row->reason,
                           order_status_name(row->status));
    }
}

static void check_trades(struct judge *j)
{
    size_t count;
    const struct sim_trade *trades = sim_venue_trades(j->venue, &count);
    i128 ours[SIM_SYMBOLS] = {0}, theirs[SIM_SYMBOLS] = {0};

    for (size_t i = 0; i < count; i++) {
        i128 booked = 0;
        char id[24];

        sim_trade_id(i, id);
        if (trades[i].order < 0)
            continue;
        theirs[trades[i].symbol] += sim_trade_moved(&trades[i]).e12;
        for (size_t k = 0; k < j->journal->fill_count; k++) {
            const struct fill *f = &j->journal->fills[k];
            size_t n = strcspn(f->venue_fill_id, "+");

            if (strlen(id) == n && strncmp(f->venue_fill_id, id, n) == 0)
                booked += f->size.e12;
        }
        if (booked != trades[i].size.e12)
            judge_violated(j, "F3", "trade %s is booked %s", id, booked ? "wrongly" : "nowhere");
    }
    for (size_t k = 0; k < j->journal->fill_count; k++)
        ours[judge_symbol(j, j->journal->fills[k].symbol)] += moved_by(&j->journal->fills[k]);
    for (int i = 0; i < SIM_SYMBOLS; i++)
        if (ours[i] != theirs[i])
            judge_violated(j, "F2", "%s: the venue's position is another",
                           j->instruments[i].symbol);
}

/* RFC 6962: SHA-256 of a zero byte and the entry. */
static void leaf_hash_of(const struct leaf *l, struct digest *out)
{
    char *bytes = xmalloc(l->length + 1);

    bytes[0] = '\0';
    memcpy(bytes + 1, l->bytes, l->length);
    digest_of(bytes, l->length + 1, out);
    free(bytes);
}

/* Every fill has one leaf with its id; every leaf's hash is its bytes'. */
static void check_log(struct judge *j)
{
    const struct memory_journal *m = j->journal;
    size_t trades = 0;
    char want[96];

    for (size_t i = 0; i < m->leaf_count; i++) {
        struct digest d;

        leaf_hash_of(&m->leaves[i], &d);
        if (memcmp(&d, &m->leaves[i].leaf_hash, sizeof d) != 0)
            judge_violated(j, "D1", "leaf %zu has another hash", i);
        trades += m->leaves[i].kind == LEAF_TRADE;
    }
    if (trades != m->fill_count)
        judge_violated(j, "D2", "%zu trades in the log, %zu fills", trades, m->fill_count);
    for (size_t k = 0; k < m->fill_count; k++) {
        size_t found = 0;

        (void)snprintf(want, sizeof want, "\"venue_fill_id\": \"%s\"", m->fills[k].venue_fill_id);
        for (size_t i = 0; i < m->leaf_count; i++)
            found += m->leaves[i].kind == LEAF_TRADE && strstr(m->leaves[i].bytes, want) &&
                     strstr(m->leaves[i].bytes, m->fills[k].symbol);
        if (found != 1)
            judge_violated(j, "D2", "fill %s is in the log %zu times", m->fills[k].venue_fill_id,
                           found);
    }
}

static void check_signals(struct judge *j)
{
    const struct memory_journal *m = j->journal;

    for (size_t i = 0; i < m->signal_count; i++) {
        const struct signal *s = &m->signals[i];

        if (s->decision != SIGNAL_DENIED)
            continue;
        if (!s->denials)
            judge_violated(j, "O10", "signal %lld is denied for nothing", (long long)s->id);
        for (size_t k = 0; k < m->order_count; k++)
            if (m->orders[k].signal_id == s->id && m->orders[k].purpose == PURPOSE_ENTRY)
                judge_violated(j, "O10", "signal %lld is denied and has an order",
                               (long long)s->id);
    }
}

void judge_rest(struct judge *j)
{
    judge_commit(j, &(struct journal_batch){0});
    check_orders(j);
    check_trades(j);
    judge_funding_rest(j);
    check_log(j);
    check_signals(j);
    judge_log(j);
}
