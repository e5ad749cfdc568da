/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions on closed candles: what the rules of each lane wish, judged by risk. */
#ifndef ENGINE_DECIDE_H
#define ENGINE_DECIDE_H

#include "engine/execution.h"

/* Exit, scaling and entry decisions of every lane whose candle closed at this instant. */
void decide_all(struct engine_state *s, int64_t at_us);

/* A signal of the lane as of now: time, candle, price, names. */
void decide_signal_init(const struct engine_state *s, const struct lane *lane,
                        enum signal_action action, struct signal *out);
/* Logs a signal and keeps its row; its id and leaf hash are set. */
MUST_USE enum err decide_record(struct engine_state *s, const struct lane *lane,
                                struct signal *signal);
/* The account as an entry on this lane sees it: everything that is on its way taken as filled. */
MUST_USE enum err decide_view(const struct engine_state *s, const struct lane *lane,
                              enum direction direction, struct risk_view *v);
/* What an entry by hand is beside its size and levels; market orders of rules have none of it. */
struct entry_terms {
    enum order_type type;
    struct price limit_price;
    struct order_wish wish;
};
/* The one way to an entry: risk check, signal with all reasons, intent.  signal.denials may hold
 * reasons of the caller's already; request's direction, sizing, levels and confidence_known are
 * set.  With request.validate_only the signal alone is filled in.  terms NULL: at the market. */
MUST_USE enum err decide_intend(struct engine_state *s, struct lane *lane, struct signal *signal,
                                struct risk_request *request, const struct risk_view *view,
                                const struct entry_terms *terms);

#endif
