/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent, and what must hold of it before a byte leaves. */
#include "tests/simulation/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/sim_world.h"

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

int judge_symbol(const struct judge *j, const char *symbol)
{
    for (int i = 0; i < SIM_SYMBOLS; i++)
        if (strcmp(j->instruments[i].symbol, symbol) == 0)
            return i;
    return -1;
}

static const struct order *row_in(const struct memory_journal *m, const char *client_order_id)
{
    for (size_t i = m->order_count; i-- > 0;)
        if (strcmp(m->orders[i].client_order_id, client_order_id) == 0)
            return &m->orders[i];
    return NULL;
}

const struct order *judge_row_with(const struct judge *j, int64_t id)
{
    for (size_t i = 0; i < j->journal->order_count; i++)
        if (j->journal->orders[i].id == id)
            return &j->journal->orders[i];
    return NULL;
}

const struct order *judge_row(const struct judge *j, const char *client_order_id)
{
    return row_in(j->journal, client_order_id);
}

void judge_release(struct judge *j)
{
    free(j->statuses);
    free(j->sent);
    free(j->canceled);
    j->statuses = NULL;
    j->sent = NULL;
}

/* ---- Before a byte leaves ---- */

static void check_unknown(struct judge *j, const struct judge_life *life, const struct order *o)
{
    for (size_t i = 0; i < life->unknown_count; i++) {
        const struct order *other = judge_row(j, life->unknown[i]);

        if (other && !order_is_final(other->status) && strcmp(other->symbol, o->symbol) == 0 &&
            other->status == ORDER_UNKNOWN)
            judge_violated(j, "O4", "entry %lld sent while order %lld is unknown", (long long)o->id,
                           (long long)other->id);
    }
}

/* Positions at the venue and entries that may still execute, at the decision's price; what it takes
 * the place of by one request ends before it comes, or it does not come. */
static void check_exposure(struct judge *j, const struct order *o)
{
    struct money sum, more;
    size_t count;
    const struct sim_order *orders = sim_venue_orders(j->venue, &count);
    i128 held[SIM_SYMBOLS] = {0};

    if (notional_of(o->decision_price, o->size, ROUND_UP, &sum))
        return;
    for (size_t i = 0; i < count; i++) {
        const struct order *row = judge_row(j, orders[i].client_order_id);

        if (orders[i].is_disowned) /* it is among the others' */
            continue;
        held[orders[i].symbol] += (int)orders[i].side * orders[i].executed.e12;
        if (row && row->purpose == PURPOSE_ENTRY && orders[i].ended_us == TIME_NONE &&
            !(j->traits.has_replace && row->id == o->replaces_id))
            held[orders[i].symbol] +=
                (int)orders[i].side * (orders[i].size.e12 - orders[i].executed.e12);
    }
    for (int i = 0; i < SIM_SYMBOLS; i++) { /* what others, or the venue, have taken away is gone */
        i128 others = sim_venue_foreign(j->venue, i).e12;

        if ((others < 0 && held[i] > 0) || (others > 0 && held[i] < 0))
            held[i] += others;
    }
    for (int i = 0; i < SIM_SYMBOLS; i++)
        if (!notional_of(o->decision_price, (struct size){held[i] < 0 ? -held[i] : held[i]},
                         ROUND_UP, &more) &&
            i == judge_symbol(j, o->symbol))
            sum.e12 += more.e12;
    if (money_cmp(sum, j->exposure_limit) > 0)
        judge_violated(j, "E1", "order %lld takes the exposure beyond the limit", (long long)o->id);
}

/* Who may make entries: the newest owner, while its lease goes on and the database has the intent.
 */
static void check_right(struct judge *j, const struct instance *i, const struct order *o)
{
    bool has_lease = i->run->instance_count > 1;

    if (!row_in(&j->database->rows, o->client_order_id))
        judge_violated(j, "E3", "entry %lld sent while the database is away", (long long)o->id);
    if (has_lease && (i->lease_lost || sim_now_us() >= i->lease_until_us))
        judge_violated(j, "O8", "entry %lld sent after the lease ended", (long long)o->id);
    if (!instance_is_newest(i))
        judge_violated(j, "O8", "entry %lld sent by an old epoch", (long long)o->id);
}

static void check_entry(struct judge *j, const struct instance *i, const struct order *o)
{
    const struct judge_life *life = &j->lives[i->index];

    check_right(j, i, o);
    judge_switch_entry(j, i->index, o);
    check_unknown(j, life, o);
    check_exposure(j, o);
    judge_entry_selves(j, o);
    if (j->entries_are_stopped)
        judge_violated(j, "E3", "entry %lld sent after entries were stopped", (long long)o->id);
    if (j->foreign_us[judge_symbol(j, o->symbol)] > j->notice_within_us)
        judge_violated(j, "E3", "entry %lld sent although the venue's position is another",
                       (long long)o->id);
    if (!life->is_compared)
        judge_violated(j, "E3", "entry %lld sent before the account was compared",
                       (long long)o->id);
    for (size_t k = 0; k < j->journal->order_count; k++) {
        const struct order *other = &j->journal->orders[k];

        if (other->purpose == PURPOSE_ENTRY && other->signal_id == o->signal_id &&
            other->signal_id > 0 && other->intent_id != o->intent_id)
            judge_violated(j, "O3", "two intents of signal %lld", (long long)o->signal_id);
    }
}

/* The order it takes the place of has ended, and what that one filled is what its size was made
 * by; or nothing was executed of it as far as is known, and the venue looks once more. */
static void check_replaced(struct judge *j, const struct order *o)
{
    const struct order *old = judge_row_with(j, o->replaces_id);

    if (old && old->life != o->life)
        judge_violated(j, "O6", "order %lld is %s, and what it replaces %s", (long long)o->id,
                       order_life_name(o->life), order_life_name(old->life));
    if (!old || size_cmp(old->filled, o->replaces_filled) != 0)
        judge_violated(j, "O6", "order %lld is sent, and what it replaces has filled more",
                       (long long)o->id);
    else if (!order_is_final(old->status) && !(j->traits.has_replace && old->filled.e12 == 0))
        judge_violated(j, "O6", "order %lld is sent while what it replaces is alive",
                       (long long)o->id);
}

bool judge_was_sent(const struct judge *j, const char *client_order_id)
{
    for (size_t k = 0; k < j->sent_count; k++)
        if (strcmp(j->sent[k], client_order_id) == 0)
            return true;
    return false;
}

/* What is to close or protect is of no more than there is, by what is durable. */
static void check_most(struct judge *j, const struct order *o)
{
    for (size_t i = 0; i < j->journal->position_count; i++) {
        const struct position *p = &j->journal->positions[i];

        if (p->id == o->position_id && size_cmp(o->size, p->size) > 0)
            judge_violated(j, "E2", "order %lld (%s) is of more than its position has",
                           (long long)o->id, order_purpose_name(o->purpose));
    }
}

static void check_once(struct judge *j, const struct order *o)
{
    if (order_is_immediate(o) && o->attempt > 1)
        judge_violated(j, "O2", "order %lld was for once, and is tried again", (long long)o->id);
    if (judge_was_sent(j, o->client_order_id))
        judge_violated(j, "O2", "order %lld is sent a second time", (long long)o->id);
    if (j->sent_count == j->sent_capacity) {
        j->sent_capacity = j->sent_capacity ? 2 * j->sent_capacity : 64;
        j->sent = xrealloc(j->sent, j->sent_capacity * sizeof *j->sent);
    }
    (void)copy_text(j->sent[j->sent_count++], sizeof *j->sent, o->client_order_id);
}

void judge_submit(struct judge *j, const struct instance *i, const struct order *o)
{
    const struct order *row = judge_row(j, o->client_order_id);

    if (!row && !instance_is_newest(i))
        row = sim_spool_order(&i->spool, o->client_order_id);
    if (!row)
        judge_violated(j, "O5", "order %lld is sent, and is not durable", (long long)o->id);
    else if (order_is_final(row->status) && instance_is_newest(i))
        judge_violated(j, "O5", "order %lld is sent, and has ended", (long long)o->id);
    if (o->request_expires_us != TIME_NONE && sim_wall_us(i->index) >= o->request_expires_us)
        judge_violated(j, "O8", "order %lld is sent after its expiry", (long long)o->id);
    check_once(j, o);
    judge_request(j, o);
    if (instance_is_newest(i)) /* one that was followed does not know what its successor rests */
        judge_exit_selves(j, o);
    if (o->purpose == PURPOSE_ENTRY)
        check_entry(j, i, o);
    else if (!o->reduce_only)
        judge_violated(j, "E2", "order %lld may enlarge what it is to close", (long long)o->id);
    if (o->purpose != PURPOSE_ENTRY && instance_is_newest(i))
        check_most(j, o);
    if (o->replaces_id && instance_is_newest(i))
        check_replaced(j, o);
}

void judge_arrived(struct judge *j, const struct instance *i, const struct order *o)
{
    if (o->purpose == PURPOSE_ENTRY && !instance_is_newest(i))
        judge_violated(j, "O8", "entry %lld of an old epoch reaches the venue in time",
                       (long long)o->id);
}

/* ---- What an instance knows ---- */

void judge_unknown(struct judge *j, int who, const struct order *o)
{
    struct judge_life *life = &j->lives[who];

    if (life->unknown_count < JUDGE_UNKNOWNS)
        (void)copy_text(life->unknown[life->unknown_count++], 33, o->client_order_id);
}

void judge_told(struct judge *j, int who, const struct venue_event *e)
{
    struct judge_life *life = &j->lives[who];
    bool says_nothing = e->kind == VENUE_UNKNOWN || e->kind == VENUE_CANCEL_FAILED ||
                        e->kind == VENUE_QUERY_FAILED ||
                        (e->kind == VENUE_STATE && e->state == VENUE_ORDER_ABSENT);

    if (e->kind == VENUE_ACCOUNT || e->kind == VENUE_GAP)
        life->is_compared = e->kind == VENUE_ACCOUNT;
    for (size_t i = 0; i < life->unknown_count && !says_nothing; i++) {
        const struct order *row = judge_row(j, life->unknown[i]);

        if (strcmp(life->unknown[i], e->client_order_id) != 0 &&
            (!row || e->order_id == 0 || row->id != e->order_id))
            continue;
        memmove(life->unknown[i], life->unknown[--life->unknown_count], sizeof life->unknown[i]);
        i--;
    }
}

void judge_crash(struct judge *j, int who)
{
    j->lives[who].unknown_count = 0;
    j->lives[who].is_compared = false;
    j->lives[who].has_lapsed = false;
    j->lives[who].lapses_from_us = j->lives[who].lapses_until_us = 0;
    judge_close_crash(j);
    judge_hurry_ends(j);
    judge_wake(j);
}

void judge_wake(struct judge *j)
{
    j->looked_us = sim_now_us();
    judge_hurry_paused(j);
    memset(j->unprotected_us, 0, sizeof j->unprotected_us);
    memset(j->foreign_us, 0, sizeof j->foreign_us);
    memset(j->untaken_us, 0, sizeof j->untaken_us);
}

void judge_read(struct judge *j, const struct memory_journal *journal)
{
    j->journal = journal;
}

void judge_rebase(struct judge *j)
{
    j->orders_seen = 0;
    j->entry_seen = 0;
    j->peak = MONEY_ZERO;
}
