/* SPDX-License-Identifier: Apache-2.0 */
/* Posting a command to the engine and what its answer means over HTTP. */
#ifndef HANDLERS_COMMANDS_H
#define HANDLERS_COMMANDS_H

#include "core/jwriter.h"
#include "handlers/handlers.h"

/* Posts the command in the caller's name and waits.  *pending: it was accepted but is not known to
 * be done or durable yet, answer 202.  An error is the engine's, with its reason as detail. */
MUST_USE enum err command_run(struct request *rq, const struct command *c,
                              struct command_reply *reply, bool *pending);

/* The 207 body of close_all and cancel_all. */
enum err command_answer_results(struct request *rq, const struct command_reply *reply,
                                bool pending);

/* The shared body of close_all and cancel_all: {symbol?, cancel_orders?, reason?}. */
enum err command_all(struct request *rq, enum command_kind kind);

#endif
