/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold in every run.
 *
 * O1  each order at the venue has exactly one row of ours
 * O2  one executed order an intent, one attempt alive
 * O3  one intent a signal
 * O4  no entry while an order of the symbol is unknown         O5  durable before sent
 * O6  executed at most what was intended                       O7  nothing stays open or unknown
 * O8  nothing sent after its expiry                            O9  no illegal change of status
 * O10 a denial has a reason and no order
 * F1  filled as the venue executed   F2  positions are the sum of fills, and the venue's
 * F3  the same trades                F4  within the limit, more than 0   F5 average price
 * C1  cash   C2  equity by two ways   C3  profit   C5  amounts in range
 * E1  exposure   E2  exits only reduce   E3  no entry when stopped or not reconciled
 * E7  protected within the bound   D1 D2  the log has every fill, once */
#include "tests/simulation/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void judge_violated(struct judge *j, const char *name, const char *format, ...)
{
    va_list arguments;
    int n;

    if (j->violation[0])
        return;
    n = snprintf(j->violation, sizeof j->violation, "%s at +%.3f s: ", name,
                 (double)(sim_now_us() % (86400 * US_PER_S)) / 1e6);
    va_start(arguments, format);
    (void)vsnprintf(j->violation + n, sizeof j->violation - (size_t)n, format, arguments);
    va_end(arguments);
}

static int symbol_of(const struct judge *j, const char *symbol)
{
    for (int i = 0; i < SIM_SYMBOLS; i++)
        if (strcmp(j->instruments[i].symbol, symbol) == 0)
            return i;
    return -1;
}

static const struct order *row_of(const struct judge *j, const char *client_order_id)
{
    for (size_t i = j->journal->order_count; i-- > 0;)
        if (strcmp(j->journal->orders[i].client_order_id, client_order_id) == 0)
            return &j->journal->orders[i];
    return NULL;
}

/* ---- Before a byte leaves ---- */

static void check_unknown(struct judge *j, const struct order *o)
{
    for (size_t i = 0; i < j->unknown_count; i++) {
        const struct order *other = row_of(j, j->unknown[i]);

        if (other && !order_is_final(other->status) && strcmp(other->symbol, o->symbol) == 0 &&
            other->status == ORDER_UNKNOWN)
            judge_violated(j, "O4", "entry %lld sent while order %lld is unknown", (long long)o->id,
                           (long long)other->id);
    }
}

/* Positions at the venue and entries that may still execute, at the decision's price. */
static void check_exposure(struct judge *j, const struct order *o)
{
    struct money sum, more;
    size_t count;
    const struct sim_order *orders = sim_venue_orders(j->venue, &count);
    i128 held[SIM_SYMBOLS] = {0};

    if (notional_of(o->decision_price, o->size, ROUND_UP, &sum))
        return;
    for (size_t i = 0; i < count; i++) {
        const struct order *row = row_of(j, orders[i].client_order_id);

        held[orders[i].symbol] += (int)orders[i].side * orders[i].executed.e12;
        if (row && row->purpose == PURPOSE_ENTRY && orders[i].ended_us == TIME_NONE)
            held[orders[i].symbol] +=
                (int)orders[i].side * (orders[i].size.e12 - orders[i].executed.e12);
    }
    for (int i = 0; i < SIM_SYMBOLS; i++)
        if (!notional_of(o->decision_price, (struct size){held[i] < 0 ? -held[i] : held[i]},
                         ROUND_UP, &more) &&
            i == symbol_of(j, o->symbol))
            sum.e12 += more.e12;
    if (money_cmp(sum, j->exposure_limit) > 0)
        judge_violated(j, "E1", "order %lld takes the exposure beyond the limit", (long long)o->id);
}

static void check_entry(struct judge *j, const struct order *o)
{
    check_unknown(j, o);
    check_exposure(j, o);
    if (j->entries_are_stopped)
        judge_violated(j, "E3", "entry %lld sent after entries were stopped", (long long)o->id);
    if (j->foreign_us[symbol_of(j, o->symbol)] > j->notice_within_us)
        judge_violated(j, "E3", "entry %lld sent although the venue's position is another",
                       (long long)o->id);
    if (!j->is_compared)
        judge_violated(j, "E3", "entry %lld sent before the account was compared",
                       (long long)o->id);
    for (size_t i = 0; i < j->journal->order_count; i++) {
        const struct order *other = &j->journal->orders[i];

        if (other->purpose == PURPOSE_ENTRY && other->signal_id == o->signal_id &&
            other->signal_id > 0 && other->intent_id != o->intent_id)
            judge_violated(j, "O3", "two intents of signal %lld", (long long)o->signal_id);
    }
}

void judge_submit(struct judge *j, const struct order *o)
{
    const struct order *row = row_of(j, o->client_order_id);
    size_t count;
    const struct sim_order *orders = sim_venue_orders(j->venue, &count);

    if (!row)
        judge_violated(j, "O5", "order %lld is sent, and is not durable", (long long)o->id);
    else if (order_is_final(row->status))
        judge_violated(j, "O5", "order %lld is sent, and has ended", (long long)o->id);
    if (o->request_expires_us != TIME_NONE && sim_now_us() >= o->request_expires_us)
        judge_violated(j, "O8", "order %lld is sent after its expiry", (long long)o->id);
    for (size_t i = 0; i < count; i++)
        if (strcmp(orders[i].client_order_id, o->client_order_id) == 0)
            judge_violated(j, "O2", "order %lld is sent a second time", (long long)o->id);
    if (o->purpose == PURPOSE_ENTRY)
        check_entry(j, o);
}

void judge_told(struct judge *j, const struct venue_event *e)
{
    bool says_nothing = e->kind == VENUE_UNKNOWN || e->kind == VENUE_CANCEL_FAILED ||
                        e->kind == VENUE_QUERY_FAILED ||
                        (e->kind == VENUE_STATE && e->state == VENUE_ORDER_ABSENT);

    if (e->kind == VENUE_ACCOUNT || e->kind == VENUE_GAP)
        j->is_compared = e->kind == VENUE_ACCOUNT;
    for (size_t i = 0; i < j->unknown_count && !says_nothing; i++) {
        const struct order *row = row_of(j, j->unknown[i]);

        if (strcmp(j->unknown[i], e->client_order_id) != 0 &&
            (!row || e->order_id == 0 || row->id != e->order_id))
            continue;
        memmove(j->unknown[i], j->unknown[--j->unknown_count], sizeof j->unknown[i]);
        i--;
    }
}

/* ---- After a commit ---- */

static void check_statuses(struct judge *j)
{
    const struct memory_journal *m = j->journal;

    if (m->order_count > j->status_capacity) {
        j->status_capacity = 2 * m->order_count;
        j->statuses = xrealloc(j->statuses, j->status_capacity * sizeof *j->statuses);
    }
    for (size_t i = 0; i < m->order_count; i++) {
        if (i < j->orders_seen && order_is_final(j->statuses[i]) &&
            m->orders[i].status != j->statuses[i])
            judge_violated(j, "O9", "order %lld was %s and is %s", (long long)m->orders[i].id,
                           order_status_name(j->statuses[i]),
                           order_status_name(m->orders[i].status));
        j->statuses[i] = m->orders[i].status;
    }
    j->orders_seen = m->order_count;
}

/* What the attempts of one intent came to. */
struct intent_sum {
    i128 executed, wanted;
    int alive, filled;
};

static void check_intents(struct judge *j)
{
    const struct memory_journal *m = j->journal;
    size_t count = (size_t)m->account.last_intent_id + 1;
    struct intent_sum *sums = xcalloc(count, sizeof *sums);

    for (size_t i = 0; i < m->order_count; i++) {
        const struct order *o = &m->orders[i];
        struct intent_sum *sum = &sums[o->intent_id];

        if (o->attempt == 1)
            sum->wanted = o->size.e12;
        sum->executed += o->filled.e12;
        sum->alive += !order_is_final(o->status);
        sum->filled += size_sign(o->filled) > 0;
        if (o->attempt > 3)
            judge_violated(j, "O2", "order %lld is attempt %d", (long long)o->id, o->attempt);
    }
    for (size_t i = 0; i < count; i++) {
        if (sums[i].alive > 1 || sums[i].filled > 1)
            judge_violated(j, "O2", "intent %zu: %d attempts alive, %d executed", i, sums[i].alive,
                           sums[i].filled);
        if (sums[i].executed > sums[i].wanted)
            judge_violated(j, "O6", "intent %zu executed more than it was for", i);
    }
    free(sums);
}

/* What a fill made of what is held: a fee in the base asset goes with it. */
static i128 moved_by(const struct fill *f)
{
    return (int)f->side * f->size.e12 - fill_fee_size(f).e12;
}

/* Only what no order could sell is given up. */
static void check_dust(struct judge *j, const struct position *p)
{
    const struct instrument *i = &j->instruments[symbol_of(j, p->symbol)];
    struct money value;

    if (size_sign(p->dust) != 0 && size_cmp(p->dust, i->lot) >= 0 &&
        (notional_of(p->mark, p->dust, ROUND_DOWN, &value) ||
         money_cmp(value, i->min_notional) >= 0))
        judge_violated(j, "C5", "position %lld gave up what could be sold", (long long)p->id);
}

/* Sums over fills and open positions: three identities of cash, by amounts alone. */
static void check_money(struct judge *j)
{
    const struct memory_journal *m = j->journal;
    i128 flow = 0, fees = 0, pnl = 0, cost = 0, entry_fees = 0, spot_cost = 0;
    i128 held[SIM_SYMBOLS] = {0}, positions[SIM_SYMBOLS] = {0};

    for (size_t i = 0; i < m->fill_count; i++) {
        const struct fill *f = &m->fills[i];

        flow -= (int)f->side * f->notional.e12;
        fees += fill_fee_cash(f).e12;
        pnl += f->pnl.e12;
        held[symbol_of(j, f->symbol)] += moved_by(f);
        if (f->size.e12 <= 0 || f->price.e12 <= 0)
            judge_violated(j, "F4", "fill %lld of nothing", (long long)f->id);
    }
    for (size_t i = 0; i < m->position_count; i++) {
        const struct position *p = &m->positions[i];
        int symbol = symbol_of(j, p->symbol);

        positions[symbol] += (int)p->direction * p->dust.e12;
        check_dust(j, p);
        if (p->status != POSITION_OPEN)
            continue;
        positions[symbol] += (int)p->direction * p->size.e12;
        entry_fees += p->entry_fee_left.e12;
        if (j->instruments[symbol].is_spot)
            spot_cost += (int)p->direction * p->cost_left.e12;
        else
            cost += (int)p->direction * p->cost_left.e12;
        if (p->size.e12 < 0)
            judge_violated(j, "C5", "position %lld has less than nothing", (long long)p->id);
    }
    for (size_t i = 0; i < m->cash_count; i++)
        pnl += m->cash[i].pnl.e12;
    for (int i = 0; i < SIM_SYMBOLS; i++)
        if (held[i] != positions[i])
            judge_violated(j, "F2", "%s: positions are not the sum of fills",
                           j->instruments[i].symbol);
    if (m->account.cash.e12 != j->start.e12 + flow + cost - fees)
        judge_violated(j, "C1", "cash is not what the fills make it");
    if (m->account.cash.e12 != j->start.e12 + pnl - entry_fees - spot_cost)
        judge_violated(j, "C3", "cash is not what the profits make it");
}

static void check_limits(struct judge *j)
{
    const struct memory_journal *m = j->journal;

    for (size_t i = 0; i < m->fill_count; i++) {
        const struct fill *f = &m->fills[i];
        const struct order *o = row_of(j, f->client_order_id);

        if (!o) {
            judge_violated(j, "O1", "fill %lld of no order", (long long)f->id);
        } else if (o->type == ORDER_LIMIT &&
                   (int)o->side * price_cmp(f->price, o->limit_price) > 0) {
            judge_violated(j, "F4", "fill %lld beyond its limit", (long long)f->id);
        }
        for (size_t k = 0; k < i; k++)
            if (strcmp(m->fills[k].venue_fill_id, f->venue_fill_id) == 0 &&
                strcmp(m->fills[k].symbol, f->symbol) == 0)
                judge_violated(j, "F3", "trade %s is booked twice", f->venue_fill_id);
    }
}

void judge_commit(struct judge *j)
{
    check_statuses(j);
    check_intents(j);
    check_money(j);
}

/* ---- While it runs ---- */

/* What rests to close a symbol's holding: stops that have not executed, exits under way. */
static i128 covered(const struct judge *j, int symbol, enum side side)
{
    size_t count;
    const struct sim_order *orders = sim_venue_orders(j->venue, &count);
    i128 sum = 0;

    for (size_t i = 0; i < count; i++)
        if (orders[i].symbol == symbol && orders[i].side == side &&
            orders[i].ended_us == TIME_NONE && orders[i].type != ORDER_LIMIT)
            sum += orders[i].size.e12 - orders[i].executed.e12;
    return sum;
}

void judge_watch(struct judge *j, int64_t now_us, bool is_fair)
{
    int64_t passed_us = now_us - j->looked_us;
    size_t count;
    const struct sim_trade *trades = sim_venue_trades(j->venue, &count);
    i128 held[SIM_SYMBOLS] = {0};

    j->looked_us = now_us;
    for (size_t i = 0; i < count; i++)
        if (trades[i].order >= 0)
            held[trades[i].symbol] += sim_trade_moved(&trades[i]).e12;
    for (const struct position *p = j->journal->positions, *end = p + j->journal->position_count;
         p < end; p++)
        held[symbol_of(j, p->symbol)] -= (int)p->direction * p->dust.e12;
    for (int i = 0; i < SIM_SYMBOLS; i++) {
        bool is_other =
            size_sign(sim_venue_foreign(j->venue, i)) != 0 && !j->instruments[i].is_spot;

        j->foreign_us[i] = is_fair && is_other ? j->foreign_us[i] + passed_us : 0;
    }
    for (int i = 0; i < SIM_SYMBOLS; i++) {
        enum side side = held[i] > 0 ? SIDE_SELL : SIDE_BUY;
        i128 size = held[i] < 0 ? -held[i] : held[i];

        size -= size % j->instruments[i].lot.e12; /* the rest is in no order */

        if (!is_fair || j->has_foreign || size == 0 || covered(j, i, side) >= size)
            j->unprotected_us[i] = 0;
        else
            j->unprotected_us[i] += passed_us;
        if (j->unprotected_us[i] > j->protect_within_us)
            judge_violated(j, "E7", "%s is held without a stop of its size for %lld s",
                           j->instruments[i].symbol, (long long)(j->unprotected_us[i] / US_PER_S));
    }
}

void judge_crash(struct judge *j)
{
    j->unknown_count = 0;
    j->is_compared = false;
    memset(j->unprotected_us, 0, sizeof j->unprotected_us);
    memset(j->foreign_us, 0, sizeof j->foreign_us);
}

void judge_release(struct judge *j)
{
    free(j->statuses);
    j->statuses = NULL;
}

/* ---- At rest ---- */

static void check_orders(struct judge *j)
{
    size_t count;
    const struct sim_order *orders = sim_venue_orders(j->venue, &count);

    for (size_t i = 0; i < count; i++) {
        const struct sim_order *o = &orders[i];
        const struct order *row = row_of(j, o->client_order_id);

        if (!row)
            judge_violated(j, "O1", "an order at the venue has no row");
        else if (row->filled.e12 != o->executed.e12)
            judge_violated(j, "F1", "order %lld (%s): filled is not what was executed",
                           (long long)row->id, order_status_name(row->status));
        else if (row->status == ORDER_ABSENT)
            judge_violated(j, "O7", "order %lld is absent here and was there", (long long)row->id);
        if (o->ended_us == TIME_NONE)
            judge_violated(j, "O7", "order %lld is still open there",
                           row ? (long long)row->id : -1LL);
    }
    for (size_t i = 0; i < j->journal->order_count; i++) {
        const struct order *row = &j->journal->orders[i];

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
        ours[symbol_of(j, j->journal->fills[k].symbol)] += moved_by(&j->journal->fills[k]);
    if (j->instruments[0].is_spot && j->journal->account.cash.e12 != sim_venue_cash(j->venue).e12)
        judge_violated(j, "C1", "the venue's cash is another");
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
    judge_commit(j);
    check_orders(j);
    check_trades(j);
    check_limits(j);
    check_log(j);
    check_signals(j);
}
