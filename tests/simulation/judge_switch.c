/* SPDX-License-Identifier: Apache-2.0 */
/* Two timers that end what nobody watches: the operator's switch, E9, and the venue's, E10. */
#include <string.h>

#include "engine/account.h"
#include "engine/command.h"
#include "engine/retry.h"
#include "tests/simulation/judge.h"

/* After so long an entry that rests is known, and the timer was set for it. */
static const int64_t set_within_us = 15 * US_PER_S;

void judge_switch_begins(struct judge *j, int who, const struct account *a)
{
    struct judge_life *life = &j->lives[who];

    life->lapses_from_us = life->lapses_until_us =
        a->deadman_us > 0 ? sim_now_us() + a->deadman_us : 0;
    life->action = a->deadman_action;
}

void judge_switch_renewed(struct judge *j, int who, const struct command *c, int64_t asked_us)
{
    struct judge_life *life = &j->lives[who];
    bool is_armed = c->deadman.timeout_us > 0;

    life->lapses_from_us = is_armed ? asked_us + c->deadman.timeout_us : 0;
    life->lapses_until_us = is_armed ? sim_now_us() + c->deadman.timeout_us : 0;
    life->action = c->deadman.action;
}

void judge_close(struct judge *j, int64_t position_id, bool is_durable)
{
    if (j->flattened_count < JUDGE_FLATTENED)
        j->flattened[j->flattened_count++] =
            (struct flattened){position_id, sim_now_us(), is_durable};
}

void judge_close_over(struct judge *j)
{
    j->flattened_count = 0;
    j->wants_flat = false;
}

void judge_close_crash(struct judge *j)
{
    size_t kept = 0;

    for (size_t i = 0; i < j->flattened_count; i++)
        if (j->flattened[i].is_durable) {
            j->flattened[kept] = j->flattened[i];
            j->flattened[kept++].since_us = sim_now_us();
        }
    j->flattened_count = kept;
}

/* What is held now is to close. */
static void flatten(struct judge *j)
{
    for (size_t i = 0; i < j->journal->position_count; i++) {
        const struct position *p = &j->journal->positions[i];

        if (p->status == POSITION_OPEN)
            judge_close(j, p->id, false);
    }
}

bool judge_switch_turn(struct judge *j, int who, const struct account *a)
{
    struct judge_life *life = &j->lives[who];

    if (life->lapses_until_us == 0)
        return false;
    if (a->deadman_us > 0) {
        if (sim_now_us() > life->lapses_until_us)
            judge_violated(j, "E9", "the switch does not lapse");
        return false;
    }
    if (sim_now_us() < life->lapses_from_us)
        judge_violated(j, "E9", "the switch lapses although it was renewed");
    life->lapses_from_us = life->lapses_until_us = 0;
    life->has_lapsed = true;
    if (life->action == DEADMAN_FLATTEN)
        flatten(j);
    return true;
}

void judge_switch_over(struct judge *j, int who)
{
    j->entries_are_stopped = false;
    j->lives[who].has_lapsed = false;
    j->begun_us = sim_now_us();
    j->wants_flat = false;
}

void judge_switch_entry(struct judge *j, int who, const struct order *o)
{
    const struct judge_life *life = &j->lives[who];

    if (life->has_lapsed || (life->lapses_until_us > 0 && sim_now_us() >= life->lapses_until_us))
        judge_violated(j, "E9", "entry %lld sent after the switch lapsed", (long long)o->id);
}

static bool says(const struct leaf *l, const char *part)
{
    return memmem(l->bytes, l->length, part, strlen(part)) != NULL;
}

/* That it paused the loop is durable: so it stays, whatever dies. */
void judge_switch_commit(struct judge *j, const struct journal_batch *b)
{
    for (size_t i = 0; i < b->leaf_count; i++) {
        const struct leaf *l = &b->leaves[i];

        if (l->kind != LEAF_CONTROL)
            continue;
        if (says(l, "\"action\": \"start\"") || says(l, "\"action\": \"resume\""))
            j->entries_are_stopped = false;
        else if (says(l, "\"action\": \"pause\"") && says(l, "\"dead-man switch\""))
            j->entries_are_stopped = true;
    }
}

static bool is_open(const struct judge *j, int64_t position_id)
{
    for (size_t i = j->journal->position_count; i-- > 0;)
        if (j->journal->positions[i].id == position_id)
            return j->journal->positions[i].status == POSITION_OPEN;
    return false;
}

/* What opens although nothing is to be open is to close too. */
static void want_flat(struct judge *j)
{
    for (size_t i = 0; i < j->journal->position_count; i++) {
        const struct position *p = &j->journal->positions[i];
        size_t k = 0;

        while (k < j->flattened_count && j->flattened[k].position_id != p->id)
            k++;
        if (p->status == POSITION_OPEN && k == j->flattened_count)
            judge_close(j, p->id, true);
    }
}

/* What was wrong with its newest exit would be wrong again. */
static bool is_given_up(const struct judge *j, int64_t position_id)
{
    const struct order *newest = NULL;

    for (size_t i = 0; i < j->journal->order_count; i++) {
        const struct order *o = &j->journal->orders[i];

        if (o->position_id == position_id && o->purpose == PURPOSE_EXIT && o->is_whole &&
            (!newest || o->id > newest->id))
            newest = o;
    }
    return newest && newest->status == ORDER_REJECTED && !retry_passes(newest->error);
}

static void watch_flattened(struct judge *j, bool is_fair)
{
    if (j->wants_flat)
        want_flat(j);
    for (size_t i = 0; i < j->flattened_count; i++) {
        struct flattened *f = &j->flattened[i];

        if (!is_open(j, f->position_id) || is_given_up(j, f->position_id)) {
            *f = j->flattened[--j->flattened_count];
            i--;
            continue;
        }
        if (!is_fair || j->has_foreign)
            f->since_us = sim_now_us();
        if (sim_now_us() - f->since_us > j->protect_within_us)
            judge_violated(j, "E9", "position %lld is not closed, which was to be",
                           (long long)f->position_id);
    }
}

/* Nothing but entries of ours rests there, and nothing is held. */
static bool is_for_timer(const struct judge *j, int symbol)
{
    size_t count;
    const struct sim_order *orders = sim_venue_orders(j->venue, &count);
    bool rests = false;

    for (size_t i = 0; i < j->journal->position_count; i++)
        if (j->journal->positions[i].status == POSITION_OPEN &&
            judge_symbol(j, j->journal->positions[i].symbol) == symbol)
            return false;
    for (size_t i = 0; i < j->journal->order_count; i++) {
        const struct order *o = &j->journal->orders[i];

        if (!order_is_final(o->status) && o->purpose != PURPOSE_ENTRY &&
            judge_symbol(j, o->symbol) == symbol)
            return false;
    }
    for (size_t i = 0; i < count; i++)
        rests |= orders[i].symbol == symbol && orders[i].ended_us == TIME_NONE &&
                 orders[i].type == ORDER_LIMIT && !orders[i].is_disowned;
    return rests;
}

void judge_switch_watch(struct judge *j, int64_t passed_us, bool is_fair)
{
    bool is_due = is_fair && j->is_calm && j->traits.has_cancel_after && !j->entries_are_stopped &&
                  j->journal->account.wanted == WANTED_RUNNING &&
                  sim_now_us() - j->begun_us > set_within_us;

    watch_flattened(j, is_fair);
    for (int i = 0; i < SIM_SYMBOLS; i++) {
        bool is_alone =
            is_due && sim_venue_timer_us(j->venue, i) == TIME_NONE && is_for_timer(j, i);

        j->unwatched_us[i] = is_alone ? j->unwatched_us[i] + passed_us : 0;
        if (j->unwatched_us[i] > set_within_us)
            judge_violated(j, "E10", "%s: an entry rests, and no timer runs",
                           j->instruments[i].symbol);
    }
}

bool judge_timed_out(struct judge *j, const char *client_order_id)
{
    const struct order *o = judge_row(j, client_order_id);
    bool is_entry = !o || o->purpose == PURPOSE_ENTRY;

    if (!is_entry && j->is_calm)
        judge_violated(j, "E10", "the venue's timer ends order %lld (%s)", (long long)o->id,
                       order_purpose_name(o->purpose));
    /* What is at the market would not have rested at a venue. */
    if (is_entry && !(o && o->type == ORDER_MARKET) && j->is_calm && !j->entries_are_stopped &&
        j->journal->account.wanted == WANTED_RUNNING && !j->lives[0].has_lapsed &&
        sim_now_us() - j->begun_us > US_PER_S)
        judge_violated(j, "E10", "the venue's timer ends an entry of a daemon that is there");
    return is_entry;
}
