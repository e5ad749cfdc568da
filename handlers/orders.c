/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/orders: every order attempt, and canceling those that wait. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handlers/commands.h"
#include "handlers/lists.h"
#include "handlers/state.h"
#include "handlers/view.h"
#include "http/page.h"
#include "http/query.h"
#include "http/respond.h"

static bool is_wanted(const struct list_request *l, const struct order *o)
{
    const struct list_query *q = &l->q;

    return (!q->symbol || strcmp(q->symbol, o->symbol) == 0) &&
           (!q->strategy || strcmp(q->strategy, o->strategy) == 0) &&
           (!q->strategy_id || strcmp(q->strategy_id, o->strategy_id) == 0) &&
           (!q->side || q->side == (int)o->side) &&
           (!q->position_id || q->position_id == o->position_id) &&
           (!q->client_order_id || strcmp(q->client_order_id, o->client_order_id) == 0 ||
            strcmp(q->client_order_id, o->label) == 0) &&
           (q->from_us == TIME_NONE || o->created_us >= q->from_us) &&
           (q->to_us == TIME_NONE || o->created_us < q->to_us) &&
           (!q->after_id || (q->ascending ? o->id > q->after_id : o->id < q->after_id));
}

static size_t open_count(const struct snapshot *s)
{
    return s->order_count;
}

static bool open_is_wanted(const struct list_request *l, const struct snapshot *s, size_t at)
{
    return is_wanted(l, &s->orders[at]);
}

static int64_t open_view(struct jwriter *w, const struct snapshot *s, size_t at)
{
    view_order(w, &s->orders[at], s->account.mode);
    return s->orders[at].id;
}

static const struct open_rows open_orders = {STATE_ORDERS, open_count, open_is_wanted, open_view};

static bool find_open(struct engine *engine, int64_t id, struct order *out)
{
    struct snapshot *s = engine_snapshot(engine);
    bool found = false;

    for (size_t i = 0; i < s->order_count && !found; i++) {
        if (s->orders[i].id == id) {
            *out = s->orders[i];
            found = true;
        }
    }
    snapshot_release(s);
    return found;
}

static enum err list_stored(struct request *rq, const struct list_request *l)
{
    struct order *rows = NULL;
    size_t count = 0;
    int64_t last_id;
    bool more = false;
    struct jwriter w;
    struct text body;
    enum err e = store_orders(handlers_of(rq)->store, &l->q, &rows, &count, &more);

    if (e)
        return e;
    list_begin(&w, &body);
    for (size_t i = 0; i < count; i++) {
        /* What a venue said last is written with the next commit, but known already. */
        if (!order_is_final(rows[i].status))
            (void)find_open(handlers_of(rq)->engine, rows[i].id, &rows[i]);
        view_order(&w, &rows[i], handlers_mode(rq));
    }
    last_id = count ? rows[count - 1].id : 0;
    free(rows);
    return list_answer(rq, &w, &body, more, last_id);
}

/* GET /v1/orders: open ones from memory, others from the database. */
enum err orders_list(struct request *rq)
{
    struct list_request l;
    enum err e =
        list_parse(rq,
                   LIST_P_SYMBOL | LIST_P_STRATEGY | LIST_P_SIDE | LIST_P_POSITION_ID |
                       LIST_P_CLIENT_ORDER_ID | LIST_P_TIMES | LIST_P_ORDER_STATUS | LIST_P_WAIT,
                   &l);

    if (e)
        return e;
    if (l.q.state == LIST_OPEN)
        return list_open_rows(rq, &l, &open_orders);
    if (request_defer(rq))
        return ERR_AGAIN;
    return list_stored(rq, &l);
}

static enum err answer_order(struct request *rq, int status, const struct order *o)
{
    char version[ORDER_VERSION], etag[ORDER_VERSION + 2];
    struct jwriter w;
    struct text body;

    order_version(o, version);
    (void)snprintf(etag, sizeof etag, "\"%s\"", version);
    respond_header(rq, "ETag", "%s", etag);
    if (rq->method != HTTP_DELETE && respond_matches(rq, etag))
        return respond_empty(rq, 304);
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    view_order(&w, o, handlers_mode(rq));
    return respond_take(rq, status, MEDIA_JSON, &body);
}

/* GET /v1/orders/{id} */
enum err orders_get(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    struct order o;
    int64_t id = 0;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = handlers_id(rq, &id);
    if (e)
        return e;
    if (find_open(h->engine, id, &o))
        return answer_order(rq, 200, &o);
    if (request_defer(rq))
        return ERR_AGAIN;
    e = store_order(h->store, h->account, id, &o);
    return e ? e : answer_order(rq, 200, &o);
}

/* DELETE /v1/orders/{id}: cancel; an order that is canceled already answers as it is. */
enum err orders_cancel(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    struct command c = {.kind = COMMAND_CANCEL_ORDER};
    struct command_reply *reply;
    struct order o;
    bool is_pending = false, has_order;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = handlers_id(rq, &c.id);
    if (e)
        return e;
    reply = xcalloc(1, sizeof *reply);
    e = command_run(rq, &c, reply, &is_pending);
    has_order = !e && reply->has_order;
    if (has_order)
        o = reply->order;
    free(reply);
    /* The engine forgets ended orders: the database still knows what became of this one. */
    if (e == ERR_NOT_FOUND || e == ERR_NOT_CANCELABLE) {
        enum err found = store_order(h->store, h->account, c.id, &o);
        if (!found && o.status == ORDER_CANCELED)
            return answer_order(rq, 200, &o);
        /* Of an order that has not ended the engine has told why it stays. */
        if (!found && order_is_final(o.status))
            return request_fail(rq, ERR_NOT_CANCELABLE, "The order is %s.",
                                order_status_name(o.status));
        return e;
    }
    if (e)
        return e;
    if (!has_order && !find_open(h->engine, c.id, &o)) {
        e = store_order(h->store, h->account, c.id, &o);
        if (e)
            return e;
    }
    return answer_order(rq, is_pending ? 202 : 200, &o);
}

/* POST /v1/orders/cancel_all: entries that wait; protection of open positions stays. */
enum err orders_cancel_all(struct request *rq)
{
    return command_all(rq, COMMAND_CANCEL_ALL);
}
