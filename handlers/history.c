/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/fills, /v1/trades, /v1/signals: what happened, page by page from the database. */
#include <stdlib.h>

#include "handlers/lists.h"
#include "handlers/view.h"
#include "http/page.h"
#include "http/query.h"
#include "http/respond.h"

/* GET /v1/fills: executions. */
enum err fills_list(struct request *rq)
{
    struct list_request l;
    struct fill *rows = NULL;
    size_t count = 0;
    int64_t last_id;
    bool more = false;
    struct jwriter w;
    struct text body;
    enum err e = list_parse(rq,
                            LIST_P_SYMBOL | LIST_P_STRATEGY | LIST_P_SIDE | LIST_P_ORDER_ID |
                                LIST_P_POSITION_ID | LIST_P_TIMES,
                            &l);

    if (!e)
        e = store_fills(handlers_of(rq)->store, &l.q, &rows, &count, &more);
    if (e)
        return e;
    list_begin(&w, &body);
    for (size_t i = 0; i < count; i++)
        view_fill(&w, &rows[i]);
    last_id = count ? rows[count - 1].id : 0;
    free(rows);
    return list_answer(rq, &w, &body, more, last_id);
}

/* GET /v1/trades: the log's trade records, each with its proof. */
enum err trades_list(struct request *rq)
{
    struct list_request l;
    struct trade_row *rows = NULL;
    size_t count = 0;
    int64_t last_id;
    bool more = false;
    struct jwriter w;
    struct text body;
    enum err e = list_parse(
        rq, LIST_P_SYMBOL | LIST_P_STRATEGY | LIST_P_SIDE | LIST_P_ORDER_ID | LIST_P_TIMES, &l);

    if (!e)
        e = store_trades(handlers_of(rq)->store, &l.q, &rows, &count, &more);
    if (e)
        return e;
    list_begin(&w, &body);
    for (size_t i = 0; i < count; i++)
        view_trade(&w, &rows[i]);
    last_id = count ? rows[count - 1].id : 0;
    trade_rows_free(rows, count);
    return list_answer(rq, &w, &body, more, last_id);
}

/* GET /v1/trades/{id} */
enum err trades_get(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    struct trade_row row = {0};
    struct jwriter w;
    struct text body;
    int64_t id = 0;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = handlers_id(rq, &id);
    if (!e)
        e = store_trade(h->store, h->account, id, &row);
    if (e)
        return e;
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    view_trade(&w, &row);
    free(row.record);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}

/* GET /v1/signals: what the strategy wished and what became of it. */
enum err signals_list(struct request *rq)
{
    struct list_request l;
    struct signal *rows = NULL;
    size_t count = 0;
    int64_t last_id;
    bool more = false;
    struct jwriter w;
    struct text body;
    enum err e = list_parse(
        rq, LIST_P_SYMBOL | LIST_P_STRATEGY | LIST_P_SIDE | LIST_P_DECISION | LIST_P_TIMES, &l);

    if (!e)
        e = store_signals(handlers_of(rq)->store, &l.q, &rows, &count, &more);
    if (e)
        return e;
    list_begin(&w, &body);
    for (size_t i = 0; i < count; i++)
        view_signal(&w, &rows[i]);
    last_id = count ? rows[count - 1].id : 0;
    free(rows);
    return list_answer(rq, &w, &body, more, last_id);
}
