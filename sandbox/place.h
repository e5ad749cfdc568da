/* SPDX-License-Identifier: Apache-2.0 */
/* New orders: read from parameters, checked, paid for, sent to the match. */
#ifndef SANDBOX_PLACE_H
#define SANDBOX_PLACE_H

#include "sandbox/call.h"

enum place_answer {
    PLACE_ACK,
    PLACE_RESULT,
    PLACE_FULL
};

/* Reads one order; what is missing, superfluous or wrong is refused in Binance's words. */
bool place_read_spot(struct call *c, const struct asked *p, struct box_order *out);
/* is_algo: the names of POST /fapi/v1/algoOrder. */
bool place_read_usdm(struct call *c, const struct asked *p, bool is_algo, struct box_order *out);
bool place_read_answer(struct call *c, const struct asked *p, enum box_type type,
                       enum place_answer *out);

/* Everything but the money: halted, duplicate, filters, immediate match or trigger. */
bool place_check(struct call *c, const struct box_order *o);
/* place_check, then the money; the order executes what it can.  NULL with the call's error set. */
struct box_order *place_submit(struct call *c, const struct box_order *o);

/* side, timeInForce and a client id; shared by both markets. */
bool place_side(struct call *c, const struct asked *p, enum box_side *out);
bool place_tif(struct call *c, const struct asked *p, enum box_tif *out);
/* The client's id, or one made up. */
bool place_client_id(struct call *c, const struct asked *p, const char *name,
                     char out[BOX_CLIENT_ID]);

#endif
