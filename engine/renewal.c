/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's dead-man switch: its time, and what is done when it is over. */
#include "engine/renewal.h"

#include <stdio.h>

#include "core/log.h"
#include "engine/operator_parts.h"

static void renewal_start(struct engine_state *s)
{
    const int64_t timeout_us = s->account.deadman_us;

    s->renew_until_us = timeout_us > 0 ? state_monotonic_us(s) + timeout_us : 0;
    s->renew_until_wall_us = timeout_us > 0 ? clock_wall_us() + timeout_us : TIME_NONE;
    s->effects = true;
}

enum err renewal_command(struct engine_state *s, const struct command *c)
{
    bool is_same = s->account.deadman_us == c->deadman.timeout_us &&
                   s->account.deadman_action == c->deadman.action;

    s->account.deadman_us = c->deadman.timeout_us;
    s->account.deadman_action = c->deadman.timeout_us > 0 ? c->deadman.action : DEADMAN_PAUSE;
    renewal_start(s);
    if (is_same)
        return ERR_OK; /* renewed: nothing that has to be remembered */
    LOG_INFO("deadman", "timeout_s", LOG_NUMBER(c->deadman.timeout_us / US_PER_S), "action",
             deadman_action_name(s->account.deadman_action), "actor", c->actor, NULL);
    return operator_log(s, c);
}

void renewal_begin(struct engine_state *s)
{
    if (s->account.deadman_us > 0)
        renewal_start(s);
}

bool renewal_has_lapsed(const struct engine_state *s)
{
    return s->renew_until_us > 0 && s->renew_until_us <= state_monotonic_us(s);
}

enum lapse {
    LAPSE_PAUSE,
    LAPSE_CLEAR,
    LAPSE_OFF
};

int renewal_lapse_begin(struct engine_state *s)
{
    s->renew_until_us = 0;
    s->lapses++;
    LOG_ERROR("deadman_lapsed", "timeout_s", LOG_NUMBER(s->account.deadman_us / US_PER_S), "action",
              deadman_action_name(s->account.deadman_action), NULL);
    /* Of a loop that does not run nothing is paused, and the reason it has stays. */
    return s->loop == LOOP_RUNNING ? LAPSE_PAUSE : LAPSE_CLEAR;
}

bool renewal_lapse(const struct engine_state *s, int step, struct command *out)
{
    static const char actor[] = "dead-man switch";
    bool flattens = s->account.deadman_action == DEADMAN_FLATTEN;

    *out = (struct command){.cancel_orders = true};
    copy_text(out->actor, sizeof(out->actor), actor);
    (void)snprintf(out->reason, sizeof(out->reason), "%s: not renewed within %lld s", actor,
                   (long long)(s->account.deadman_us / US_PER_S));
    switch (step) {
    case LAPSE_PAUSE:
        out->kind = COMMAND_PAUSE;
        return true;
    case LAPSE_CLEAR:
        out->kind = flattens ? COMMAND_CLOSE_ALL : COMMAND_CANCEL_ALL;
        return true;
    case LAPSE_OFF:
        out->kind = COMMAND_DEADMAN;
        return true;
    default:
        return false;
    }
}

int64_t renewal_wait(const struct engine_state *s, int64_t wait_us)
{
    int64_t left_us = s->renew_until_us - state_monotonic_us(s);

    if (s->renew_until_us == 0 || left_us >= wait_us)
        return wait_us;
    return left_us < 0 ? 0 : left_us;
}
