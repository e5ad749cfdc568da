/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/backtests: strategies tried on the daemon's own candles, as jobs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handlers/jobs.h"
#include "handlers/lists.h"
#include "handlers/strategies.h"
#include "handlers/view.h"
#include "http/page.h"
#include "http/query.h"
#include "http/respond.h"

static const struct ratio one = {INT64_C(1000000000000)};
static const struct ratio fee_most = {INT64_C(100000000000)};          /* 0.1 */
static const struct ratio slippage_most = {INT64_C(1000000000000000)}; /* 1000 bps */
static const char *const intrabars[] = {"pessimistic", "adaptive", "detail", NULL};
static const char *const limit_fills[] = {"touch", "through", NULL};

enum {
    BPS_OF_ONE = 10000,
    RETRY_S = 1 /* most jobs take less */
};

/* ---- POST /v1/backtests: the body ---- */

struct backtest_body {
    char strategy_id[DIGEST_HEX];
    struct text document;
    bool has_id, has_document, has_from, has_to, has_windows, has_train;
    int64_t from_us, to_us, windows;
    struct ratio fee_rate, slippage_bps, volume_cap, min_confidence, train;
    struct money starting_equity;
    int intrabar, limit_fill;
};

/* What the body does not say is as the daemon trades. */
static void body_init(struct backtest_body *b, const struct trial_terms *t)
{
    *b = (struct backtest_body){
        .fee_rate = t->fee_rate,
        .slippage_bps = {t->slippage.e12 * BPS_OF_ONE},
        .volume_cap = t->volume_cap,
        .min_confidence = t->limits.min_confidence,
        .starting_equity = t->starting_equity,
        .intrabar = (int)t->intrabar,
        .limit_fill = (int)t->limit_fill,
    };
    text_init(&b->document, LIMIT_JSON_BYTES);
}

static enum err wrong(struct request *rq, const char *pointer, const char *sentence)
{
    (void)diag_add(request_diags(rq), pointer, err_code(ERR_FIELD), "%s", sentence);
    return request_fail(rq, ERR_FIELD, "%s", sentence);
}

static enum err body_parse(struct request *rq, struct backtest_body *b)
{
    const struct field fields[] = {
        field_present(typed_text("strategy_id", b->strategy_id, sizeof b->strategy_id), &b->has_id),
        field_present(typed_document("document", &b->document), &b->has_document),
        field_present(typed_time("from", &b->from_us), &b->has_from),
        field_present(typed_time("to", &b->to_us), &b->has_to),
        typed_share("fee_rate", &b->fee_rate, fee_most),
        typed_share("slippage_bps", &b->slippage_bps, slippage_most),
        typed_share("volume_cap", &b->volume_cap, one),
        typed_share("min_confidence", &b->min_confidence, one),
        typed_money("starting_equity", &b->starting_equity),
        typed_word("intrabar", &b->intrabar, intrabars),
        typed_word("limit_fill", &b->limit_fill, limit_fills),
        field_present(typed_integer("windows", &b->windows, 1, BACKTEST_WINDOWS), &b->has_windows),
        field_present(typed_share("train", &b->train, one), &b->has_train),
    };
    enum err e = field_parse(rq, fields, COUNT_OF(fields));

    if (e)
        return e;
    if (b->has_id == b->has_document)
        return wrong(rq, b->has_id ? "/document" : "/strategy_id",
                     "Give either strategy_id or document.");
    if (b->has_from && b->from_us <= 0)
        return wrong(rq, "/from", "from must be later than 1970.");
    if (b->has_to && b->to_us <= 0)
        return wrong(rq, "/to", "to must be later than 1970.");
    if (b->has_from && b->has_to && b->from_us >= b->to_us)
        return wrong(rq, "/from", "from must be before to.");
    if (b->has_windows && b->has_train)
        return wrong(rq, "/train", "Give either windows or train.");
    if (b->has_train && (ratio_sign(b->train) == 0 || ratio_cmp(b->train, one) == 0))
        return wrong(rq, "/train", "train is the part of the time that trains, such as 0.7.");
    return ERR_OK;
}

/* Mistakes of the document are told with the pointer into the body. */
static enum err fail_document(struct request *rq, enum err e)
{
    struct diag_list *diags = request_diags(rq);

    for (size_t i = 0; i < diags->count; i++) {
        struct diag *d = &diags->items[i];
        char field[sizeof d->field + sizeof "document."];

        (void)snprintf(field, sizeof field, "document%s%s", d->field[0] ? "." : "", d->field);
        (void)copy_text(d->field, sizeof d->field, field);
    }
    return strategies_fail(rq, e, rq->body, rq->body_length);
}

/* An artifact without a stop loss may be tested, though not traded with. */
static enum err open_document(struct request *rq, const struct backtest_body *b,
                              struct strategy **out, bool *has_stop)
{
    const struct text *t = &b->document;
    enum err e = strategy_parse(t->data, t->length, true, NULL, out);

    *has_stop = !e;
    if (!e)
        return ERR_OK;
    e = strategy_parse(t->data, t->length, false, request_diags(rq), out);
    return e ? fail_document(rq, e) : ERR_OK;
}

static enum err open_strategy(struct request *rq, const struct backtest_body *b,
                              struct strategy **out, bool *has_stop)
{
    struct strategy_row row;
    enum err e;

    if (b->has_document)
        return open_document(rq, b, out, has_stop);
    *has_stop = true;
    e = strategies_artifact(rq, b->strategy_id, &row);
    return e ? e : strategies_load(rq, row.id, out);
}

static struct trial_terms terms_of(const struct backtest_body *b, const struct trial_terms *base,
                                   bool has_stop)
{
    struct trial_terms t = *base;

    t.fee_rate = b->fee_rate;
    t.slippage = (struct ratio){b->slippage_bps.e12 / BPS_OF_ONE};
    t.volume_cap = b->volume_cap;
    t.starting_equity = b->starting_equity;
    t.intrabar = (enum intrabar)b->intrabar;
    t.limit_fill = (enum limit_fill)b->limit_fill;
    t.limits.min_confidence = b->min_confidence;
    t.limits.fee_rate = b->fee_rate;
    t.limits.stop_loss_required = has_stop;
    if (ratio_add(t.slippage, t.slippage_tolerance, &t.limits.cash_reserve))
        t.limits.cash_reserve = t.slippage_tolerance;
    return t;
}

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
    jw_member_text(w, "strategy_id", v->strategy_id);
    jw_member_text(w, "strategy", v->strategy);
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

/* Takes the view's reference. */
static enum err answer_job(struct request *rq, int status, struct job_view *v_take)
{
    bool is_over = v_take->state != JOB_QUEUED && v_take->state != JOB_RUNNING;
    struct jwriter w;
    struct text body;

    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    view_job(&w, v_take);
    job_view_release(v_take);
    if (!is_over)
        respond_header(rq, "Retry-After", "%d", RETRY_S);
    return respond_take(rq, status, MEDIA_JSON, &body);
}

/* ---- POST /v1/backtests ---- */

static enum err submit(struct request *rq, const struct job_wish *wish)
{
    struct job_view v;
    enum err e = jobs_submit(handlers_of(rq)->jobs, wish, request_diags(rq), &v);

    if (e == ERR_QUEUE_FULL) {
        rq->retry_after_s = RETRY_S;
        return request_fail(rq, e, "%d backtests wait already.", JOBS_QUEUED);
    }
    if (e && request_diags(rq)->count > 0)
        return request_fail(rq, e, "%s: %s.", request_diags(rq)->items[0].field,
                            request_diags(rq)->items[0].message);
    if (e)
        return e;
    rq->executed = true;
    handlers_audit(rq, "backtest.create", v.id, "ok");
    respond_header(rq, "Location", "/v1/backtests/%s", v.id);
    return answer_job(rq, 202, &v);
}

static enum err create(struct request *rq, const struct backtest_body *b)
{
    const struct handlers *h = handlers_of(rq);
    struct strategy *s = NULL;
    struct job_wish wish = {.from_us = b->from_us, .to_us = b->to_us, .split = b->train};
    bool has_stop = false;
    enum err e = h->feed ? open_strategy(rq, b, &s, &has_stop) : ERR_NO_FEED;

    if (e)
        return e;
    wish.strategy = s;
    wish.terms = terms_of(b, &h->terms, has_stop);
    wish.windows = (size_t)b->windows;
    (void)copy_text(wish.created_by, sizeof wish.created_by, rq->principal.name);
    e = submit(rq, &wish);
    strategy_release(s);
    return e;
}

/* POST /v1/backtests: queues one. */
enum err backtests_create(struct request *rq)
{
    struct backtest_body b;
    enum err e = query_parse(rq, NULL, 0);

    if (e)
        return e;
    if (!request_diags(rq))
        return ERR_LIMIT;
    body_init(&b, &handlers_of(rq)->terms);
    e = body_parse(rq, &b);
    if (!e)
        e = create(rq, &b);
    text_release(&b.document);
    return e;
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
    return e ? e : answer_job(rq, 200, &v);
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
    return e ? e : answer_job(rq, 202, &v);
}

/* ---- Results ---- */

/* The result of the job that the path names; the caller releases it. */
static enum err find_result(struct request *rq, struct job_result **out)
{
    struct job_view v;
    enum err e = find(rq, &v);

    if (e)
        return e;
    if (v.result) {
        *out = v.result;
        return ERR_OK;
    }
    if (v.state == JOB_FAILED)
        return request_fail(rq, ERR_NOT_FINISHED, "The backtest failed and has no result: %s",
                            v.detail[0] ? v.detail : err_sentence(v.error));
    if (v.state == JOB_CANCELED)
        return request_fail(rq, ERR_NOT_FINISHED, "The backtest was canceled and has no result.");
    rq->retry_after_s = RETRY_S;
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
