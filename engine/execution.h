/* SPDX-License-Identifier: Apache-2.0 */
/* Orders and fills: intents into the log, durable orders to the venue, its answers into positions.
 *
 * An intent is a leaf and a row in the pending batch with status `new`; engine/dispatch.h gives it
 * to the venue only after the commit.  Every order that ends leaves a `close` leaf.
 * Engine thread. */
#ifndef ENGINE_EXECUTION_H
#define ENGINE_EXECUTION_H

#include "engine/state.h"

/* What only orders by hand have. */
struct order_wish {
    const char *label;            /* the user's own id; "" none */
    enum order_life life;         /* of limit orders */
    int64_t expires_us;           /* TIME_NONE: never */
    const struct order *replaces; /* the order it takes the place of; NULL: none */
};

/* What an order shall be; the rest of struct order follows from the lane and the position. */
struct intent {
    struct lane *lane;
    enum side side;
    enum order_type type;
    enum order_purpose purpose;
    enum exit_reason exit_reason;
    struct size size;
    struct price limit_price, stop_price, decision_price;
    struct price attached_stop, attached_target; /* entries from outside */
    struct ratio slippage_tolerance;
    bool is_whole;
    int64_t signal_id;
    const struct digest *signal_leaf; /* NULL: not from a signal */
    int64_t oco_group;
    const struct order_wish *wish; /* orders by hand; NULL: none */
};

/* Writes the intent into the pending batch; *id is the new order's. */
MUST_USE enum err execution_intend(struct engine_state *s, const struct intent *i, int64_t *id);

/* What an order can take off the lane's position: whole lots; 0 without one. */
struct size execution_sellable(const struct engine_state *s, const struct lane *lane);

/* True when a market exit of all that is left is on its way, or of the part of it that one order
 * may have: the next follows. */
bool execution_is_leaving(const struct engine_state *s, const struct lane *lane);

/* A market exit of a position; reason names it.  The whole (size 0) takes its protection away, and
 * the place of an exit of a part; a part leaves the protection, and must be the only exit.  No
 * order is larger than the venue takes: the rest of a whole follows once it has filled
 * (execution_goes_on).
 * ERR_CONFLICT: less than a lot is held, while its entry goes on: that is ended. */
MUST_USE enum err execution_exit(struct engine_state *s, struct lane *lane, struct size size,
                                 enum exit_reason reason, const struct signal *signal);

/* An exit of the whole has filled, and the venue's maximum or an entry that filled meanwhile
 * left a rest, or the venue ended it when it had executed in part: the rest leaves too.  So does
 * what an operator asked to close and all attempts left open for a reason that passes
 * (lane->close_again): after a pause that grows to a minute, with a stop meanwhile, until it is
 * closed or somebody cancels the exit.  *reason is that exit's. */
bool execution_goes_on(const struct engine_state *s, const struct lane *lane,
                       enum exit_reason *reason);

/* That exit has come to nothing for good; after a restart: the newest ones of what is held had. */
void execution_close_again(struct engine_state *s, struct lane *lane, const struct order *was);
void execution_recall_closes(struct engine_state *s);

/* Takes and applies all events of the venue, then protects the positions they touched. */
void execution_drain(struct engine_state *s);

/* Books what a venue that outlives us has told and looks at the clocks, whatever the loop's state.
 * One that is simulated tells within the cycle's own steps. */
void execution_hear(struct engine_state *s);
/* Something is due at such a venue, or an order's time has come: execution_flush does it. */
bool execution_is_due(const struct engine_state *s);
/* A wait until the next step, cut to when the venue wants to be heard and, unless everything waits
 * for the journal, to when something is due. */
int64_t execution_wait(const struct engine_state *s, int64_t wait_us, bool waits_for_journal);

/* Commits, sends and drains until nothing is left to do.  ERR_DB_*: call again. */
MUST_USE enum err execution_flush(struct engine_state *s);

#endif
