/* SPDX-License-Identifier: Apache-2.0 */
/* What all lists have in common: filters, order, page. */
#ifndef HANDLERS_LISTS_H
#define HANDLERS_LISTS_H

#include "handlers/handlers.h"
#include "http/field.h"

/* Values of query parameters; q points into them. */
struct list_request {
    struct list_query q;
    char symbol[LIMIT_SYMBOL], strategy[LIMIT_NAME], client_order_id[40], cursor[32], wait[8];
    char strategy_id[DIGEST_HEX];
    int side, order, status, decision, exit_reason;
    int64_t limit, order_id, position_id;
    int64_t wait_s;
    bool has_filters;
};

/* Which parameters a list has beside limit, cursor and order; bits. */
enum list_parameter {
    LIST_P_SYMBOL = 1 << 0,
    LIST_P_STRATEGY = 1 << 1,
    LIST_P_SIDE = 1 << 2,
    LIST_P_ORDER_ID = 1 << 3,
    LIST_P_POSITION_ID = 1 << 4,
    LIST_P_CLIENT_ORDER_ID = 1 << 5,
    LIST_P_TIMES = 1 << 6,
    LIST_P_POSITION_STATUS = 1 << 7,
    LIST_P_ORDER_STATUS = 1 << 8,
    LIST_P_DECISION = 1 << 9,
    LIST_P_EXIT_REASON = 1 << 10,
    LIST_P_WAIT = 1 << 11
};

MUST_USE enum err list_parse(struct request *rq, unsigned parameters, struct list_request *out);

#endif
