/* SPDX-License-Identifier: Apache-2.0 */
/* Orders and trades as Binance prints them, and the words for types, states and the like. */
#ifndef SANDBOX_REPLY_H
#define SANDBOX_REPLY_H

#include "sandbox/call.h"
#include "sandbox/place.h"

/* NULL when the market has no such type. */
const char *reply_type(enum box_market m, enum box_type t);
const char *reply_tif(enum box_tif t);
const char *reply_side(enum box_side s);
const char *reply_status(enum box_status s);
const char *reply_leg(enum box_leg l);

/* The answer to a new spot order; with FULL its executions, all of them. */
void reply_spot_new(struct jwriter *w, const struct box *b, const struct box_order *o,
                    enum place_answer answer);
/* As query, openOrders and allOrders print it. */
void reply_spot_order(struct jwriter *w, const struct box *b, const struct box_order *o);
/* The answer to a cancel; `id` is the cancel's own client id. */
void reply_spot_cancel(struct jwriter *w, const struct box *b, const struct box_order *o,
                       const char *id);
void reply_usdm_order(struct jwriter *w, const struct box *b, const struct box_order *o,
                      bool has_time);
/* PLACE_ACK: as it was before anything of it executed. */
void reply_usdm_new(struct jwriter *w, const struct box *b, const struct box_order *o,
                    enum place_answer answer);
void reply_algo(struct jwriter *w, const struct box *b, const struct box_order *o);
void reply_spot_trade(struct jwriter *w, const struct box *b, const struct box_trade *t);
void reply_usdm_trade(struct jwriter *w, const struct box *b, const struct box_trade *t);

#endif
