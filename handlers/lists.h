/* SPDX-License-Identifier: Apache-2.0 */
/* What all lists have in common: filters, order, page. */
#ifndef HANDLERS_LISTS_H
#define HANDLERS_LISTS_H

#include "core/jwriter.h"
#include "handlers/handlers.h"
#include "handlers/state.h"
#include "http/field.h"

/* Values of query parameters; q points into them. */
struct list_request {
    struct list_query q;
    char symbol[LIMIT_SYMBOL], strategy[LIMIT_NAME], client_order_id[40], cursor[32], wait[8];
    char strategy_id[DIGEST_HEX];
    int side, order, status, decision, exit_reason, series;
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
    LIST_P_WAIT = 1 << 11,
    LIST_P_SERIES = 1 << 12
};

MUST_USE enum err list_parse(struct request *rq, unsigned parameters, struct list_request *out);

/* A page of rows: begun, the rows written by the caller, then answered.  The body moves into the
 * answer. */
void list_begin(struct jwriter *w, struct text *body);
MUST_USE enum err list_answer(struct request *rq, struct jwriter *w, struct text *body, bool more,
                              int64_t last_id);

/* A list whose rows stand in the snapshot, in order of their ids. */
struct open_rows {
    enum state_slot slot; /* the whole list, rendered once a snapshot */
    size_t (*count)(const struct snapshot *s);
    bool (*is_wanted)(const struct list_request *l, const struct snapshot *s, size_t at);
    int64_t (*view)(struct jwriter *w, const struct snapshot *s, size_t at); /* its id */
};

/* Answers with a page of it: the rendered document when nothing is filtered and all of it fits. */
MUST_USE enum err list_open_rows(struct request *rq, const struct list_request *l,
                                 const struct open_rows *rows);

#endif
