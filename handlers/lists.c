/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a list's query parameters into a store query. */
#include "handlers/lists.h"

#include "handlers/view.h"
#include "http/page.h"
#include "http/query.h"
#include "http/respond.h"

enum {
    FIELDS_MAX = 20
};

static const char *const sides[] = {"buy", "sell", NULL};
static const char *const directions[] = {"desc", "asc", NULL};
static const char *const position_statuses[] = {"open", "closed", NULL};
static const char *const order_statuses[] = {"all", "open", "closed", NULL};
static const char *const decisions[] = {"accepted", "denied", NULL};
static const char *const serieses[] = {"daily", "curve", NULL};
/* In the order of enum exit_reason, from 1. */
static const char *const exit_reasons[] = {
    "stop_loss", "take_profit", "trailing_stop", "signal_exit", "time_exit",   "roi",
    "manual",    "kill_switch", "maintenance",   "liquidation", "end_of_data", NULL};

static size_t make_fields(struct list_request *l, unsigned parameters, struct field *f)
{
    size_t n = 0;

    f[n++] = typed_integer("limit", &l->limit, 1, LIMIT_PAGE);
    f[n++] = typed_text("cursor", l->cursor, sizeof l->cursor);
    f[n++] = typed_word("order", &l->order, directions);
    if (parameters & LIST_P_SYMBOL)
        f[n++] = typed_text("symbol", l->symbol, sizeof l->symbol);
    if (parameters & LIST_P_STRATEGY) {
        f[n++] = typed_text("strategy", l->strategy, sizeof l->strategy);
        f[n++] = typed_text("strategy_id", l->strategy_id, sizeof l->strategy_id);
    }
    if (parameters & LIST_P_SIDE)
        f[n++] = typed_word("side", &l->side, sides);
    if (parameters & LIST_P_ORDER_ID)
        f[n++] = typed_integer("order_id", &l->order_id, 1, INT64_MAX);
    if (parameters & LIST_P_POSITION_ID)
        f[n++] = typed_integer("position_id", &l->position_id, 1, INT64_MAX);
    if (parameters & LIST_P_CLIENT_ORDER_ID)
        f[n++] = typed_text("client_order_id", l->client_order_id, sizeof l->client_order_id);
    if (parameters & LIST_P_TIMES) {
        f[n++] = typed_time("from", &l->q.from_us);
        f[n++] = typed_time("to", &l->q.to_us);
    }
    if (parameters & LIST_P_POSITION_STATUS)
        f[n++] = typed_word("status", &l->status, position_statuses);
    if (parameters & LIST_P_ORDER_STATUS)
        f[n++] = typed_word("status", &l->status, order_statuses);
    if (parameters & LIST_P_DECISION)
        f[n++] = typed_word("decision", &l->decision, decisions);
    if (parameters & LIST_P_EXIT_REASON)
        f[n++] = typed_word("exit_reason", &l->exit_reason, exit_reasons);
    if (parameters & LIST_P_SERIES)
        f[n++] = typed_word("series", &l->series, serieses);
    if (parameters & LIST_P_WAIT)
        f[n++] = typed_text("wait", l->wait, sizeof l->wait);
    ASSERT(n <= FIELDS_MAX);
    return n;
}

static const char *given(const char *text)
{
    return *text ? text : NULL;
}

static void make_query(struct request *rq, unsigned parameters, struct list_request *l)
{
    struct list_query *q = &l->q;

    q->account = handlers_of(rq)->account;
    q->symbol = given(l->symbol);
    q->strategy = given(l->strategy);
    q->strategy_id = given(l->strategy_id);
    q->client_order_id = given(l->client_order_id);
    q->side = l->side < 0 ? 0 : (l->side == 0 ? SIDE_BUY : SIDE_SELL);
    q->order_id = l->order_id;
    q->position_id = l->position_id;
    q->ascending = l->order == 1;
    q->limit = (int)l->limit;
    q->decision = l->decision + 1;
    q->exit_reason = (enum exit_reason)(l->exit_reason + 1);
    q->state = LIST_ANY;
    if (parameters & LIST_P_POSITION_STATUS)
        q->state = l->status == 1 ? LIST_CLOSED : LIST_OPEN;
    if ((parameters & LIST_P_ORDER_STATUS) && l->status > 0)
        q->state = l->status == 1 ? LIST_OPEN : LIST_CLOSED;
}

enum err list_parse(struct request *rq, unsigned parameters, struct list_request *out)
{
    struct field fields[FIELDS_MAX];
    size_t count;
    enum err e;

    *out = (struct list_request){.limit = LIMIT_PAGE_DEFAULT,
                                 .side = -1,
                                 .decision = -1,
                                 .exit_reason = -1,
                                 .q = {.from_us = TIME_NONE, .to_us = TIME_NONE}};
    count = make_fields(out, parameters, fields);
    e = query_parse(rq, fields, count);
    if (!e && (parameters & LIST_P_WAIT))
        e = query_wait(rq, out->wait, &out->wait_s);
    if (!e)
        e = page_after(rq, out->cursor, &out->q.after_id);
    if (!e && out->q.from_us != TIME_NONE && out->q.to_us != TIME_NONE &&
        out->q.from_us > out->q.to_us)
        e = request_fail(rq, ERR_PARAMETER, "from must not be later than to.");
    if (e)
        return e;
    make_query(rq, parameters, out);
    /* Anything but wait, status and a limit makes a page of its own. */
    out->has_filters = out->symbol[0] || out->strategy[0] || out->strategy_id[0] ||
                       out->client_order_id[0] || out->side >= 0 || out->order_id ||
                       out->position_id || out->q.after_id || out->q.ascending ||
                       out->q.from_us != TIME_NONE || out->q.to_us != TIME_NONE;
    return ERR_OK;
}

void list_begin(struct jwriter *w, struct text *body)
{
    text_init(body, VIEW_MAX);
    jwriter_init(w, JSTYLE_COMPACT, body);
    page_begin(w);
}

enum err list_answer(struct request *rq, struct jwriter *w, struct text *body, bool more,
                     int64_t last_id)
{
    page_end(rq, w, more, last_id);
    jw_object_end(w);
    return respond_take(rq, 200, MEDIA_JSON, body);
}

enum err list_open_rows(struct request *rq, const struct list_request *l,
                        const struct open_rows *rows)
{
    struct snapshot *s = NULL;
    struct jwriter w;
    struct text body;
    int64_t last_id = 0, shown = 0;
    bool more = false;
    size_t count;
    enum err e = state_open(rq, l->wait_s, &s);

    if (e || !s)
        return e;
    count = rows->count(s);
    if (!l->has_filters && count <= (size_t)l->limit)
        return state_answer_take(rq, 200, s, rows->slot);
    list_begin(&w, &body);
    for (size_t i = 0; i < count && !more; i++) {
        size_t at = l->q.ascending ? i : count - 1 - i;

        if (!rows->is_wanted(l, s, at))
            continue;
        more = shown == l->q.limit;
        if (!more) {
            last_id = rows->view(&w, s, at);
            shown++;
        }
    }
    page_end(rq, &w, more, last_id);
    view_as_of(&w, s);
    snapshot_release(s);
    jw_object_end(&w);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}
