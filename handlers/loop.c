/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/loop: what the trading loop does, and the commands that start and stop it. */
#include <stdlib.h>

#include "core/limits.h"
#include "handlers/commands.h"
#include "handlers/state.h"
#include "http/field.h"
#include "http/query.h"

static const char *const modes[] = {"paper", "live", NULL};
static const char *const positions_words[] = {"keep", "close", NULL};
static const char *const orders_words[] = {"cancel", "keep", NULL};
static const char *const deadman_words[] = {"pause", "flatten", NULL};

/* GET /v1/loop: the state of the loop. */
enum err loop_get(struct request *rq)
{
    return state_read(rq, STATE_LOOP);
}

/* Commands the engine and answers with the loop as it is afterwards: 200, or 202 when the outcome
 * is not durable or not known yet. */
static enum err command_loop(struct request *rq, const struct command *c)
{
    struct command_reply *reply = xcalloc(1, sizeof *reply);
    bool is_pending = false;
    enum err e = command_run(rq, c, reply, &is_pending);

    free(reply);
    if (e)
        return e;
    return state_answer_take(rq, is_pending ? 202 : 200, engine_snapshot(handlers_of(rq)->engine),
                             STATE_LOOP);
}

/* POST /v1/loop/start: begin or continue trading; a running loop stays as it is. */
enum err loop_start(struct request *rq)
{
    struct command c = {.kind = COMMAND_START};
    int mode = 0;
    const struct field fields[] = {
        typed_word("mode", &mode, modes),
        typed_text("reason", c.reason, sizeof c.reason),
    };
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = field_parse(rq, fields, COUNT_OF(fields));
    if (e)
        return e;
    c.mode = mode == 1 ? MODE_LIVE : MODE_PAPER;
    return command_loop(rq, &c);
}

static enum err command_with_reason(struct request *rq, enum command_kind kind)
{
    struct command c = {.kind = kind};
    const struct field fields[] = {typed_text("reason", c.reason, sizeof c.reason)};
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = field_parse(rq, fields, COUNT_OF(fields));
    if (e)
        return e;
    return command_loop(rq, &c);
}

/* POST /v1/loop/pause: no new entries; exits are still managed. */
enum err loop_pause(struct request *rq)
{
    return command_with_reason(rq, COMMAND_PAUSE);
}

/* POST /v1/loop/resume: entries again. */
enum err loop_resume(struct request *rq)
{
    return command_with_reason(rq, COMMAND_RESUME);
}

/* PUT /v1/loop/deadman: arms or renews the switch that pauses or flattens unless it is renewed. */
enum err loop_deadman(struct request *rq)
{
    struct command c = {.kind = COMMAND_DEADMAN};
    int64_t timeout_s = 0;
    int action = 0;
    const struct field fields[] = {
        field_required(typed_integer("timeout_s", &timeout_s, 0, LIMIT_DEADMAN_S)),
        typed_word("action", &action, deadman_words),
        typed_text("reason", c.reason, sizeof c.reason),
    };
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = field_parse(rq, fields, COUNT_OF(fields));
    if (e)
        return e;
    c.deadman.timeout_us = timeout_s * US_PER_S;
    c.deadman.action = action == 1 ? DEADMAN_FLATTEN : DEADMAN_PAUSE;
    return command_loop(rq, &c);
}

/* POST /v1/loop/stop: end trading; positions stay unless asked otherwise. */
enum err loop_stop(struct request *rq)
{
    struct command c = {.kind = COMMAND_STOP};
    int positions = 0, orders = 0;
    const struct field fields[] = {
        typed_word("positions", &positions, positions_words),
        typed_word("orders", &orders, orders_words),
        typed_text("reason", c.reason, sizeof c.reason),
    };
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = field_parse(rq, fields, COUNT_OF(fields));
    if (e)
        return e;
    c.close_positions = positions == 1;
    c.cancel_orders = orders == 0;
    return command_loop(rq, &c);
}
