/* SPDX-License-Identifier: Apache-2.0 */
/* Entries about the log itself, which others have made and the engine appends. */
#include "engine/operator_parts.h"

enum err operator_entry(struct engine_state *s, const struct command *c,
                        struct command_reply *reply)
{
    struct leaf_context context = state_leaf_context(s, "");
    struct leaf leaf;
    enum err e;

    if (s->loop == LOOP_FAILED)
        return operator_refuse(reply, ERR_LOOP_FAILED, "nothing is appended to this log");
    if (s->account.log_size == 0)
        return operator_refuse(reply, ERR_CONFLICT, "the log has not begun: there is no feed");
    if (c->entry.at >= 0 && c->entry.at != s->account.log_size)
        return operator_refuse(reply, ERR_AGAIN, "the log has grown meanwhile");
    e = ledger_entry(&context, c->entry.kind, c->entry.object, c->entry.length, &leaf);
    if (e)
        return operator_refuse(reply, e, "the entry is too large, or not canonical");
    reply->entry_index = s->account.log_size;
    state_add_leaf(s, &leaf);
    return ERR_OK;
}
