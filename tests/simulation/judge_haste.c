/* SPDX-License-Identifier: Apache-2.0 */
/* Operators are obeyed at once, whatever else is away: L4. */
#include "engine/command.h"
#include "tests/simulation/judge.h"

/* So long may pass, while something can be done, until what is to be canceled is asked to be, and
 * until an exit leaves; what is in its way has to leave the venue first. */
static const int64_t idle_us = 2 * US_PER_S;
/* A request that is out is waited for: so long at most. */
static const int64_t answer_us = 12 * US_PER_S;

/* The order itself, or one that may be in the way of an exit. */
static bool is_about(const struct haste *h, const struct order *o)
{
    return o->id == h->order_id || (h->position_id && o->position_id == h->position_id);
}

static void note(struct judge *j, int64_t order_id, int64_t position_id)
{
    struct haste *h = &j->haste[j->haste_count];

    if (order_id <= 0 || j->haste_count == JUDGE_HASTE)
        return;
    *h = (struct haste){order_id, position_id, sim_now_us()};
    j->haste_count++;
    for (size_t i = 0; i < j->journal->order_count; i++) {
        const struct order *o = &j->journal->orders[i];

        if (is_about(h, o) && !order_is_final(o->status) &&
            judge_is_canceled(j, o->client_order_id))
            h->since_us = sim_now_us() + answer_us;
    }
}

void judge_told_to(struct judge *j, const struct command *c, const struct command_reply *reply)
{
    bool is_meant = c->kind == COMMAND_CANCEL_ALL || c->kind == COMMAND_CLOSE_ALL ||
                    c->close_positions || c->cancel_orders;

    j->wants_flat |=
        reply->durable && c->kind == COMMAND_STOP && c->close_positions && c->cancel_orders;
    for (size_t i = 0; is_meant && i < reply->result_count; i++) {
        const struct command_result *r = &reply->results[i];

        /* A cancel answers with its own order; no exit has the number of its position. */
        if (r->error == ERR_OK)
            note(j, r->order_id, r->id == r->order_id ? 0 : r->id);
        if (r->error == ERR_OK && r->id != r->order_id && reply->durable)
            judge_close(j, r->id, true);
    }
}

void judge_request(struct judge *j, const struct order *o)
{
    for (size_t i = 0; i < j->haste_count; i++)
        if (is_about(&j->haste[i], o))
            j->haste[i].since_us = sim_now_us() + answer_us;
}

void judge_hurry_paused(struct judge *j)
{
    for (size_t i = 0; i < j->haste_count; i++)
        if (j->haste[i].since_us < sim_now_us())
            j->haste[i].since_us = sim_now_us();
}

void judge_hurry_ends(struct judge *j)
{
    j->haste_count = 0;
    j->reborn_order = j->journal->account.last_order_id;
}

/* The order has ended; the cancel was asked for; the exit has left. */
static bool is_done(const struct judge *j, const struct haste *h)
{
    const struct order *o = judge_row_with(j, h->order_id);

    return !o || order_is_final(o->status) ||
           (h->position_id ? judge_was_sent(j, o->client_order_id)
                           : judge_is_canceled(j, o->client_order_id));
}

/* What is not known has to be asked about first; so has what an earlier life made; and an attempt
 * has its time, which may be the venue's word. */
static bool must_wait(const struct judge *j, const struct haste *h)
{
    const struct memory_journal *m = j->journal;
    const struct order *own = judge_row_with(j, h->order_id);

    /* By the clock of the daemon that made it, whichever that is. */
    for (int i = 0; i < SIM_INSTANCES; i++)
        if (own && own->status == ORDER_NEW && own->send_after_us > sim_wall_us(i))
            return true;

    for (size_t i = 0; i < m->order_count; i++)
        if (is_about(h, &m->orders[i]) && !order_is_final(m->orders[i].status) &&
            (m->orders[i].status == ORDER_UNKNOWN || m->orders[i].id <= j->reborn_order))
            return true;
    return h->position_id && j->has_foreign;
}

void judge_haste(struct judge *j, bool is_fair)
{
    const int64_t now = sim_now_us();

    for (size_t i = 0; i < j->haste_count; i++) {
        struct haste *h = &j->haste[i];

        if (is_done(j, h)) {
            *h = j->haste[--j->haste_count];
            i--;
            continue;
        }
        if ((!is_fair || must_wait(j, h)) && h->since_us < now)
            h->since_us = now;
        if (now - h->since_us > idle_us)
            judge_violated(j, "L4", "order %lld is not %s for %lld s", (long long)h->order_id,
                           h->position_id ? "sent, which is to close" : "canceled",
                           (long long)((now - h->since_us) / US_PER_S));
    }
}
