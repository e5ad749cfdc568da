/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/positions: what is held, what was held, and closing it. */
#include <stdlib.h>
#include <string.h>

#include "handlers/commands.h"
#include "handlers/lists.h"
#include "handlers/state.h"
#include "handlers/view.h"
#include "http/page.h"
#include "http/query.h"
#include "http/respond.h"

static bool is_wanted(const struct list_request *l, const struct position *p)
{
    const struct list_query *q = &l->q;

    return (!q->symbol || strcmp(q->symbol, p->symbol) == 0) &&
           (!q->strategy || strcmp(q->strategy, p->strategy) == 0) &&
           (!q->strategy_id || strcmp(q->strategy_id, p->strategy_id) == 0) &&
           (!q->after_id || (q->ascending ? p->id > q->after_id : p->id < q->after_id));
}

static size_t open_count(const struct snapshot *s)
{
    return s->position_count;
}

static bool open_is_wanted(const struct list_request *l, const struct snapshot *s, size_t at)
{
    return is_wanted(l, &s->positions[at]);
}

static int64_t open_view(struct jwriter *w, const struct snapshot *s, size_t at)
{
    view_position(w, &s->positions[at], s->account.mode);
    return s->positions[at].id;
}

static const struct open_rows open_positions = {STATE_POSITIONS, open_count, open_is_wanted,
                                                open_view};

static enum err list_stored(struct request *rq, const struct list_request *l)
{
    struct position *rows = NULL;
    size_t count = 0;
    int64_t last_id;
    bool more = false;
    struct jwriter w;
    struct text body;
    enum err e = store_positions(handlers_of(rq)->store, &l->q, &rows, &count, &more);

    if (e)
        return e;
    list_begin(&w, &body);
    for (size_t i = 0; i < count; i++)
        view_position(&w, &rows[i], handlers_mode(rq));
    last_id = count ? rows[count - 1].id : 0;
    free(rows);
    return list_answer(rq, &w, &body, more, last_id);
}

/* GET /v1/positions: open ones from memory, closed ones from the database. */
enum err positions_list(struct request *rq)
{
    struct list_request l;
    enum err e = list_parse(rq,
                            LIST_P_SYMBOL | LIST_P_STRATEGY | LIST_P_TIMES |
                                LIST_P_POSITION_STATUS | LIST_P_EXIT_REASON | LIST_P_WAIT,
                            &l);
    bool is_closed = !e && l.q.state == LIST_CLOSED;

    if (e)
        return e;
    if (!is_closed && (l.exit_reason >= 0 || l.q.from_us != TIME_NONE || l.q.to_us != TIME_NONE))
        return request_fail(rq, ERR_PARAMETER,
                            "exit_reason, from and to go with status=closed only.");
    if (!is_closed)
        return list_open_rows(rq, &l, &open_positions);
    if (request_defer(rq))
        return ERR_AGAIN;
    return list_stored(rq, &l);
}

static enum err answer_position(struct request *rq, const struct position *p)
{
    struct jwriter w;
    struct text body;

    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    view_position(&w, p, handlers_mode(rq));
    return respond_take(rq, 200, MEDIA_JSON, &body);
}

static bool find_open(struct engine *engine, int64_t id, struct position *out)
{
    struct snapshot *s = engine_snapshot(engine);
    bool found = false;

    for (size_t i = 0; i < s->position_count && !found; i++) {
        if (s->positions[i].id == id) {
            *out = s->positions[i];
            found = true;
        }
    }
    snapshot_release(s);
    return found;
}

/* GET /v1/positions/{id} */
enum err positions_get(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    struct position p;
    int64_t id = 0;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = handlers_id(rq, &id);
    if (e)
        return e;
    if (find_open(h->engine, id, &p))
        return answer_position(rq, &p);
    if (request_defer(rq))
        return ERR_AGAIN;
    e = store_position(h->store, h->account, id, &p);
    return e ? e : answer_position(rq, &p);
}

static enum err answer_close(struct request *rq, int64_t id, const struct command_reply *reply,
                             bool pending)
{
    struct position p;
    struct jwriter w;
    struct text body;
    bool has_position = reply->has_position;

    if (has_position)
        p = reply->position;
    else
        has_position = find_open(handlers_of(rq)->engine, id, &p);
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_key(&w, "order");
    if (reply->has_order)
        view_order(&w, &reply->order, handlers_mode(rq));
    else
        jw_null(&w);
    jw_key(&w, "position");
    if (has_position)
        view_position(&w, &p, handlers_mode(rq));
    else
        jw_null(&w);
    jw_object_end(&w);
    return respond_take(rq, pending ? 202 : 200, MEDIA_JSON, &body);
}

/* The engine knows open positions only: the database tells a closed one from one that never was. */
static enum err not_open(struct request *rq, int64_t id)
{
    struct handlers *h = handlers_of(rq);
    struct position p;

    if (store_position(h->store, h->account, id, &p) == ERR_NOT_FOUND)
        return request_fail(rq, ERR_NOT_FOUND, "There is no such position.");
    return ERR_NOT_OPEN;
}

static const char *const order_types[] = {"market", "limit", NULL};

/* POST /v1/positions/{id}/close: all of it, a size, or a percentage. */
enum err positions_close(struct request *rq)
{
    struct command c = {.kind = COMMAND_CLOSE_POSITION};
    struct ratio percentage = {0};
    int type = 0;
    bool has_size = false, has_percentage = false, has_limit = false, is_pending = false;
    const struct field fields[] = {
        field_present(typed_size("size", &c.size), &has_size),
        field_present(typed_ratio("percentage", &percentage), &has_percentage),
        typed_word("order_type", &type, order_types),
        field_present(typed_price("limit_price", &c.order.limit_price), &has_limit),
        typed_text("reason", c.reason, sizeof c.reason),
    };
    struct command_reply *reply;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = handlers_id(rq, &c.id);
    if (!e)
        e = field_parse(rq, fields, COUNT_OF(fields));
    if (e)
        return e;
    if (has_size && has_percentage) {
        diag_add(request_diags(rq), "/percentage", err_code(ERR_FIELD),
                 "Give either size or percentage.");
        return ERR_FIELD;
    }
    if ((type == 1) != has_limit) {
        diag_add(request_diags(rq), "/limit_price", err_code(ERR_FIELD),
                 "limit_price goes with order_type limit, which needs it.");
        return ERR_FIELD;
    }
    c.order.type = type == 1 ? ORDER_LIMIT : ORDER_MARKET;
    /* 100 percent in units of 10^-12; the command wants a fraction. */
    if (percentage.e12 > (i128)100 * INT64_C(1000000000000)) {
        diag_add(request_diags(rq), "/percentage", err_code(ERR_FIELD),
                 "percentage must be more than 0 and at most 100.");
        return ERR_FIELD;
    }
    c.percentage.e12 = percentage.e12 / 100;
    if (has_percentage && c.percentage.e12 == 0)
        c.percentage.e12 = 1;
    reply = xcalloc(1, sizeof *reply);
    e = command_run(rq, &c, reply, &is_pending);
    if (!e)
        e = answer_close(rq, c.id, reply, is_pending);
    free(reply);
    return e == ERR_NOT_OPEN ? not_open(rq, c.id) : e;
}

/* POST /v1/positions/close_all: flatten. */
enum err positions_close_all(struct request *rq)
{
    return command_all(rq, COMMAND_CLOSE_ALL);
}
