/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/backtests: jobs that try strategies on the daemon's own candles, and what came of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handlers/backtest_view.h"
#include "handlers/lists.h"
#include "handlers/view.h"
#include "http/page.h"
#include "http/query.h"
#include "http/respond.h"

/* ---- Jobs as JSON ---- */

static void view_problem(struct jwriter *w, const struct job_view *v)
{
    char type[64];

    jw_key(w, "problem");
    if (v->state != JOB_FAILED) {
        jw_null(w);
        return;
    }
    (void)snprintf(type, sizeof type, "/problems/%s", err_code(v->error));
    jw_object(w);
    jw_member_text(w, "type", type);
    jw_member_text(w, "title", err_sentence(v->error));
    jw_member_integer(w, "status", err_status(v->error));
    jw_member_text(w, "code", err_code(v->error));
    if (v->detail[0])
        jw_member_text(w, "detail", v->detail);
    jw_object_end(w);
}

static void view_job(struct jwriter *w, const struct job_view *v)
{
    const char *metrics;
    size_t length;

    jw_object(w);
    jw_member_text(w, "id", v->id);
    jw_member_text(w, "state", job_state_name(v->state));
    jw_member_double(w, "progress", v->progress);
    jw_member_text(w, "strategy_id", strategy_id(v->strategies[0]));
    jw_member_text(w, "strategy", strategy_name(v->strategies[0]));
    jw_key(w, "strategies");
    jw_array(w);
    for (size_t i = 0; i < v->strategy_count; i++) {
        jw_object(w);
        jw_member_text(w, "id", strategy_id(v->strategies[i]));
        jw_member_text(w, "name", strategy_name(v->strategies[i]));
        jw_object_end(w);
    }
    jw_array_end(w);
    jw_member_time(w, "from", v->from_us ? v->from_us : TIME_NONE);
    jw_member_time(w, "to", v->to_us ? v->to_us : TIME_NONE);
    jw_member_text(w, "created_by", v->created_by);
    jw_member_time(w, "created_at", v->created_us);
    jw_member_time(w, "started_at", v->started_us);
    jw_member_time(w, "finished_at", v->finished_us);
    view_problem(w, v);
    jw_key(w, "metrics");
    if (v->result) {
        metrics = job_result_metrics(v->result, &length);
        jw_raw(w, metrics, length);
    } else {
        jw_null(w);
    }
    jw_object_end(w);
}

enum err backtest_answer(struct request *rq, int status, struct job_view *v_take)
{
    bool is_over = v_take->state != JOB_QUEUED && v_take->state != JOB_RUNNING;
    struct jwriter w;
    struct text body;

    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    view_job(&w, v_take);
    job_view_release(v_take);
    if (!is_over)
        respond_header(rq, "Retry-After", "%d", BACKTEST_RETRY_S);
    return respond_take(rq, status, MEDIA_JSON, &body);
}

/* ---- Reading and canceling ---- */

static enum err find(struct request *rq, struct job_view *out)
{
    enum err e = jobs_get(handlers_of(rq)->jobs, rq->arguments[0], out);
    if (e == ERR_GONE)
        return request_fail(rq, e, "The results of the newest %d backtests are kept, in memory.",
                            JOBS_KEPT);
    if (e == ERR_NOT_FOUND)
        return request_fail(rq, e, "There is no such backtest since the daemon began.");
    return e;
}

/* GET /v1/backtests/{id} */
enum err backtests_get(struct request *rq)
{
    struct job_view v;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = find(rq, &v);
    return e ? e : backtest_answer(rq, 200, &v);
}

/* DELETE /v1/backtests/{id}: cancels it. */
enum err backtests_cancel(struct request *rq)
{
    struct job_view v;
    bool is_running = false;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = find(rq, &v);
    if (e)
        return e;
    job_view_release(&v);
    e = jobs_cancel(handlers_of(rq)->jobs, rq->arguments[0], &is_running);
    if (e)
        return e;
    if (v.state == JOB_QUEUED || v.state == JOB_RUNNING)
        handlers_audit(rq, "backtest.cancel", v.id, "ok");
    if (!is_running)
        return respond_empty(rq, 204);
    e = jobs_get(handlers_of(rq)->jobs, rq->arguments[0], &v);
    return e ? e : backtest_answer(rq, 202, &v);
}

/* ---- Results ---- */

/* The result of the job that the path names; the caller releases it. */
static enum err find_result(struct request *rq, struct job_result **out)
{
    struct job_view v;
    enum err e = find(rq, &v);

    if (e)
        return e;
    *out = job_result_acquire(v.result);
    job_view_release(&v);
    if (*out)
        return ERR_OK;
    if (v.state == JOB_FAILED)
        return request_fail(rq, ERR_NOT_FINISHED, "The backtest failed and has no result: %s",
                            v.detail[0] ? v.detail : err_sentence(v.error));
    if (v.state == JOB_CANCELED)
        return request_fail(rq, ERR_NOT_FINISHED, "The backtest was canceled and has no result.");
    rq->retry_after_s = BACKTEST_RETRY_S;
    return request_fail(rq, ERR_NOT_FINISHED, "The backtest is %s; ask again when it has ended.",
                        job_state_name(v.state));
}

/* GET /v1/backtests/{id}/report: all of it, as `traderd backtest --json` has it. */
enum err backtests_report(struct request *rq)
{
    struct job_result *result;
    const char *report;
    size_t length;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = find_result(rq, &result);
    if (e)
        return e;
    report = job_result_report(result, &length);
    return respond_shared(rq, 200, MEDIA_JSON, report, length, job_result_release, result);
}

static bool is_wanted(const struct list_request *l, const struct job_row *row)
{
    const struct list_query *q = &l->q;

    return (q->from_us == TIME_NONE || row->at_us >= q->from_us) &&
           (q->to_us == TIME_NONE || row->at_us < q->to_us) &&
           (!q->symbol || strcmp(row->symbol, q->symbol) == 0) &&
           (!q->side || row->side == (enum side)q->side) &&
           (!q->order_id || row->order_id == q->order_id) &&
           (!q->position_id || row->position_id == q->position_id);
}

/* A page of a list of the result; the id of a row is its place in the report, from 1. */
static enum err answer_rows(struct request *rq, const struct list_request *l,
                            const struct job_result *r, enum backtest_list list)
{
    const int64_t count = (int64_t)job_result_count(r, list), step = l->q.ascending ? 1 : -1;
    int64_t id = l->q.after_id, last_id = 0, shown = 0;
    bool more = false;
    struct jwriter w;
    struct text body;

    if (!l->q.ascending && (id == 0 || id > count))
        id = count + 1;
    list_begin(&w, &body);
    for (id += step; id >= 1 && id <= count; id += step) {
        struct job_row row;

        job_result_row(r, list, (size_t)id - 1, &row);
        if (!is_wanted(l, &row))
            continue;
        more = shown == l->limit;
        if (more)
            break;
        jw_raw(&w, row.json, row.length);
        last_id = id;
        shown++;
    }
    return list_answer(rq, &w, &body, more, last_id);
}

static enum err list_rows(struct request *rq, unsigned parameters, enum backtest_list list)
{
    struct job_result *result;
    struct list_request l;
    enum err e = list_parse(rq, parameters, &l);

    if (!e)
        e = find_result(rq, &result);
    if (e)
        return e;
    if (l.series == 1)
        list = BACKTEST_LIST_CURVE;
    e = answer_rows(rq, &l, result, list);
    job_result_release(result);
    return e;
}

/* GET /v1/backtests/{id}/trades: its fills. */
enum err backtests_trades(struct request *rq)
{
    return list_rows(
        rq, LIST_P_SYMBOL | LIST_P_SIDE | LIST_P_ORDER_ID | LIST_P_POSITION_ID | LIST_P_TIMES,
        BACKTEST_LIST_TRADES);
}

/* GET /v1/backtests/{id}/equity: at each midnight, or the curve. */
enum err backtests_equity(struct request *rq)
{
    return list_rows(rq, LIST_P_TIMES | LIST_P_SERIES, BACKTEST_LIST_EQUITY);
}

/* ---- The list ---- */

/* GET /v1/backtests: those that are known, newest first. */
enum err backtests_list(struct request *rq)
{
    char cursor[32] = "";
    int64_t limit = LIMIT_PAGE_DEFAULT, after = 0;
    const struct field fields[] = {
        typed_integer("limit", &limit, 1, LIMIT_PAGE),
        typed_text("cursor", cursor, sizeof cursor),
    };
    struct job_view *rows;
    struct jwriter w;
    struct text body;
    size_t count;
    bool more;
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    if (!e)
        e = page_after(rq, cursor, &after);
    if (e)
        return e;
    rows = xcalloc((size_t)limit, sizeof *rows);
    count = jobs_list(handlers_of(rq)->jobs, after, (size_t)limit, rows, &more);
    list_begin(&w, &body);
    for (size_t i = 0; i < count; i++) {
        view_job(&w, &rows[i]);
        job_view_release(&rows[i]);
    }
    e = list_answer(rq, &w, &body, more, count ? rows[count - 1].number : 0);
    free(rows);
    return e;
}
