/* SPDX-License-Identifier: Apache-2.0 */
/* One run: the world is made from the seed, played, healed, brought to rest and judged. */
#include "tests/simulation/sim_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/sim_hand.h"
#include "tests/simulation/sim_world.h"

enum {
    COMMAND_KINDS = 6,
    STEPS_MAX = 60000
};
static const int64_t rest_within_us = 20 * 60 * US_PER_S;

static void reached(struct run *r, const char *what)
{
    struct sometimes *s = r->sometimes;
    size_t i = 0;

    while (i < s->count && strcmp(s->list[i].name, what) != 0)
        i++;
    if (i == s->count) {
        ASSERT(s->count < SIM_SOMETIMES_MAX && strlen(what) < SIM_SOMETIMES_NAME);
        (void)copy_text(s->list[s->count++].name, SIM_SOMETIMES_NAME, what);
    } else if (s->list[i].seed == r->seed + 1) {
        return;
    }
    s->list[i].runs++;
    s->list[i].seed = r->seed + 1;
}

void run_reached(void *self, const char *what)
{
    reached(self, what);
}

static void say(struct run *r, struct command c)
{
    struct instance *i = run_active(r);
    bool stops = c.kind == COMMAND_PAUSE || c.kind == COMMAND_STOP;
    enum err e;

    if (!i)
        return;
    c.mode = MODE_PAPER;
    (void)copy_text(c.actor, sizeof c.actor, "simulation");
    if (c.kind == COMMAND_START || c.kind == COMMAND_RESUME)
        judge_switch_over(&r->judge, i->index);
    if (sim_journal_is_away(i) && (c.close_positions || c.kind == COMMAND_CLOSE_ALL))
        reached(r, "everything closed while the database is away");
    e = instance_say(i, &c);
    if (e == ERR_OK && stops && instance_is_newest(i))
        r->judge.entries_are_stopped = true;
    if (!i->reply->error && instance_is_newest(i))
        judge_told_to(&r->judge, &c, i->reply);
    r->wakes |= !i->reply->durable;
}

/* The operator says something now and then. */
static void operate(struct run *r)
{
    static const enum command_kind kinds[COMMAND_KINDS] = {COMMAND_PAUSE,     COMMAND_RESUME,
                                                           COMMAND_START,     COMMAND_STOP,
                                                           COMMAND_CLOSE_ALL, COMMAND_CANCEL_ALL};
    struct command c = {.kind = kinds[sim_below(&r->random, COMMAND_KINDS)]};

    c.close_positions = c.kind == COMMAND_STOP && sim_below(&r->random, 2);
    c.cancel_orders = sim_below(&r->random, 2);
    reached(r, "operator command");
    r->command_at_us = sim_now_us() + 30 * US_PER_S + (int64_t)sim_below(&r->random, 600 * 1000000);
    say(r, c);
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* From one moment at which something happens to the next. */
static void play_until(struct run *r, int64_t end_us, bool (*is_over)(struct run *r))
{
    while (sim_now_us() < end_us && !r->judge.violation[0] && !(is_over && is_over(r))) {
        int64_t next_us = end_us;

        ASSERT(++r->steps < STEPS_MAX * 10);
        sim_venue_advance(r->venue, sim_now_us());
        for (int k = 0; k < r->instance_count; k++)
            next_us = earliest(next_us, instance_turn(&r->instances[k]));
        if (!r->is_pausing && sim_now_us() >= r->command_at_us)
            operate(r);
        if (!r->is_pausing && sim_now_us() >= r->hand_at_us)
            r->hand_at_us = sim_hand(r);
        if (!r->is_pausing && sim_now_us() >= r->switch_at_us)
            r->switch_at_us = sim_switch(r);
        if (!r->is_pausing)
            next_us = earliest(earliest(next_us, r->switch_at_us),
                               earliest(r->command_at_us, r->hand_at_us));
        run_watch(r);
        next_us = earliest(next_us, r->wakes ? sim_now_us() : sim_venue_due_us(r->venue));
        r->wakes = false;
        sim_set_now(next_us > sim_now_us() ? next_us : sim_now_us() + 1);
    }
}

void run_pause(struct instance *i, int64_t most_us)
{
    struct run *r = i->run;

    if (r->is_pausing)
        return; /* one at a time */
    r->is_pausing = i->is_paused = true;
    play_until(r, sim_now_us() + 1 + (int64_t)sim_below(&r->random, (uint64_t)most_us), NULL);
    r->is_pausing = i->is_paused = false;
    judge_wake(&r->judge);
}

static bool is_at_rest(struct run *r)
{
    size_t count;
    const struct sim_order *orders = sim_venue_orders(r->venue, &count);

    if (!run_active(r) || !r->judge.entries_are_stopped || r->database.has_ahead)
        return false;
    for (size_t i = 0; i < count; i++)
        if (orders[i].ended_us == TIME_NONE)
            return false;
    for (size_t i = 0; i < r->judge.journal->order_count; i++)
        if (!order_is_final(r->judge.journal->orders[i].status))
            return false;
    for (size_t i = 0; i < r->judge.journal->position_count; i++)
        if (r->judge.journal->positions[i].status == POSITION_OPEN)
            return false;
    return true;
}

/* Nothing goes wrong any more; everything is closed. */
static void bring_to_rest(struct run *r)
{
    int64_t end_us = sim_now_us() + rest_within_us;

    sim_venue_heal(r->venue);
    run_heal(r);
    r->command_at_us = r->hand_at_us = r->switch_at_us = INT64_MAX;
    while (!r->judge.violation[0] && sim_now_us() < end_us) {
        say(r,
            (struct command){.kind = COMMAND_STOP, .close_positions = true, .cancel_orders = true});
        play_until(r, sim_now_us() + 60 * US_PER_S, is_at_rest);
        sim_venue_tidy(r->venue);
        if (is_at_rest(r))
            break;
    }
    /* What was told late is told by now; the books are compared once more. */
    if (!r->judge.violation[0])
        play_until(r, sim_now_us() + 150 * US_PER_S, NULL);
    if (!r->judge.violation[0] && !is_at_rest(r))
        judge_rest(&r->judge); /* says what is open */
    if (!r->judge.violation[0] && !is_at_rest(r))
        judge_violated(&r->judge, "L1", "a position stays open");
}

/* The attempt before came to nothing that way. */
static bool was_absent(const struct run *r, const struct order *o)
{
    const struct memory_journal *m = r->judge.journal;

    for (size_t i = 0; i < m->order_count; i++)
        if (m->orders[i].intent_id == o->intent_id && m->orders[i].attempt == o->attempt - 1)
            return m->orders[i].status == ORDER_ABSENT;
    return false;
}

static void look_at_cash(struct run *r)
{
    for (size_t i = 0; i < r->judge.journal->cash_count; i++) {
        const struct cash_move *m = &r->judge.journal->cash[i];

        if (m->kind == CASH_DUST)
            reached(r, "dust");
        else if (m->position_id == 0)
            reached(r, "funding of what had closed");
    }
}

/* An operator's exit of the whole, and the one before it came to nothing. */
static bool is_again(const struct run *r, const struct order *o)
{
    const struct memory_journal *m = r->judge.journal;

    if (o->purpose != PURPOSE_EXIT || o->exit_reason != EXIT_MANUAL || !o->is_whole)
        return false;
    for (size_t i = 0; i < m->order_count; i++) {
        const struct order *before = &m->orders[i];

        if (before->position_id == o->position_id && before->intent_id < o->intent_id &&
            before->exit_reason == EXIT_MANUAL && before->is_whole &&
            (before->status == ORDER_REJECTED || before->status == ORDER_ABSENT))
            return true;
    }
    return false;
}

static void look_at_rows(struct run *r)
{
    for (size_t i = 0; i < r->judge.journal->order_count; i++) {
        const struct order *o = &r->judge.journal->orders[i];

        if (o->status == ORDER_ABSENT)
            reached(r, "absence proven");
        if (o->status == ORDER_EXPIRED && strstr(o->reason, "expires_at"))
            reached(r, "an order's time came");
        if (o->replaces_id && o->status == ORDER_FILLED)
            reached(r, "a replacement filled");
        if (strstr(o->reason, "replaces filled"))
            reached(r, "filled while it was being replaced");
        if (is_again(r, o))
            reached(r, "a close asked for again");
        if (o->attempt == 2)
            reached(r, "second attempt");
        if (o->attempt == 2 && i > 0 && was_absent(r, o))
            reached(r, "absence proven, then a second attempt");
        if (o->purpose == PURPOSE_STOP_LOSS && o->status == ORDER_REJECTED)
            reached(r, "stop refused");
        if (o->purpose == PURPOSE_EXIT && o->exit_reason == EXIT_STOP_LOSS)
            reached(r, "left for want of a stop");
        if (o->attempt == 3)
            reached(r, "third attempt");
        if (strstr(o->reason, "too late"))
            reached(r, "not sent any more: too late");
        if (strstr(o->reason, "smaller now"))
            reached(r, "exit made anew for what was left");
        if (strstr(o->reason, "our own order"))
            reached(r, "not sent: it would trade with our own order");
        if (strstr(o->reason, "slippage"))
            reached(r, "price ran away before the attempt");
        if (o->purpose == PURPOSE_STOP_LOSS && o->status == ORDER_FILLED)
            reached(r, "stop executed");
        if (o->purpose == PURPOSE_TAKE_PROFIT && o->status == ORDER_FILLED)
            reached(r, "target executed");
        if (o->status == ORDER_CANCELED && size_sign(o->filled) > 0)
            reached(r, "canceled after a part");
        if (o->attempt > 1 && o->purpose == PURPOSE_ENTRY && i > 0 &&
            o->error == VENUE_ERROR_NONE && o->status == ORDER_FILLED)
            reached(r, "a later attempt filled");
    }
    if (r->judge.has_late)
        reached(r, "late fill of an order that had ended");
    for (size_t i = 0; i < r->judge.journal->fill_count; i++)
        if (strchr(r->judge.journal->fills[i].venue_fill_id, '+'))
            reached(r, "fill beyond the position");
    for (size_t i = 0; i < r->judge.journal->leaf_count; i++)
        if (r->judge.journal->leaves[i].kind == LEAF_CORRECT)
            reached(r, "position taken over");
    look_at_cash(r);
    for (size_t i = 0; i < r->judge.journal->signal_count; i++) {
        unsigned denials = r->judge.journal->signals[i].denials;

        if (denials & DENIED_ORDER_UNKNOWN)
            reached(r, "entry denied: unknown order");
        if (denials & DENIED_NOT_RECONCILED)
            reached(r, "entry denied: not reconciled");
        if (denials & DENIED_SYMBOL_HALTED)
            reached(r, "entry denied: symbol halted");
        if (denials & DENIED_MAX_DRAWDOWN)
            reached(r, "entry denied: drawdown");
        if (denials & DENIED_VENUE_HALTED)
            reached(r, "entry denied: venue halted");
        if (denials & DENIED_UNPROTECTED)
            reached(r, "entry denied: position unprotected");
    }
}

static void digest_log(const struct memory_journal *m, struct digest *out)
{
    struct digest pair[2] = {0};

    for (size_t i = 0; i < m->leaf_count; i++) {
        pair[1] = m->leaves[i].leaf_hash;
        digest_of(pair, sizeof pair, &pair[0]);
    }
    *out = pair[0];
}

/* The same account comes back from the journal. */
static void check_recovery(struct run *r)
{
    for (int k = 0; k < r->instance_count; k++)
        instance_close(&r->instances[k]);
    instance_open(&r->instances[0]);
}

void sim_run(uint64_t seed, struct sometimes *sometimes, struct run_result *out)
{
    struct run *r = run_new(seed, sometimes);

    *out = (struct run_result){0};
    play_until(r, r->end_us, NULL);
    bring_to_rest(r);
    if (!r->judge.violation[0])
        judge_rest(&r->judge);
    look_at_rows(r);
    if (!r->judge.violation[0])
        check_recovery(r);
    digest_log(r->judge.journal, &out->log);
    out->orders = r->judge.journal->order_count;
    out->fills = r->judge.journal->fill_count;
    out->crashes = r->crashes;
    (void)copy_text(out->violation, sizeof out->violation, r->judge.violation);
    run_free(r);
}
