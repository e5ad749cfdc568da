/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/backtests: what is to be tried, from the body to the queue. */
#include <stdio.h>
#include <string.h>

#include "handlers/backtest_view.h"
#include "handlers/handlers.h"
#include "handlers/strategies.h"
#include "http/field.h"
#include "http/query.h"
#include "http/respond.h"

static const struct ratio one = {INT64_C(1000000000000)};
static const struct ratio fee_most = {INT64_C(100000000000)};          /* 0.1 */
static const struct ratio slippage_most = {INT64_C(1000000000000000)}; /* 1000 bps */
static const char *const intrabars[] = {"pessimistic", "adaptive", "detail", NULL};
static const char *const fees_in[] = {"quote", "received", NULL};
static const char *const limit_fills[] = {"touch", "through", NULL};

enum {
    BPS_OF_ONE = 10000
};

/* ---- The body ---- */

struct backtest_body {
    char strategy_id[DIGEST_HEX], strategy_ids[LIMIT_STRATEGIES][DIGEST_HEX];
    struct field_texts ids;
    struct text document;
    bool has_id, has_ids, has_document, has_from, has_to, has_windows, has_train;
    int64_t from_us, to_us, windows;
    struct ratio fee_rate, slippage_bps, volume_cap, min_confidence, train;
    struct money starting_equity;
    int fee_in, intrabar, limit_fill;
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
        .fee_in = (int)t->fee_in,
        .intrabar = (int)t->intrabar,
        .limit_fill = (int)t->limit_fill,
    };
    b->ids = (struct field_texts){b->strategy_ids[0], DIGEST_HEX, LIMIT_STRATEGIES, 0};
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
        field_present(typed_texts("strategy_ids", &b->ids), &b->has_ids),
        field_present(typed_document("document", &b->document), &b->has_document),
        field_present(typed_time("from", &b->from_us), &b->has_from),
        field_present(typed_time("to", &b->to_us), &b->has_to),
        typed_share("fee_rate", &b->fee_rate, fee_most),
        typed_share("slippage_bps", &b->slippage_bps, slippage_most),
        typed_share("volume_cap", &b->volume_cap, one),
        typed_share("min_confidence", &b->min_confidence, one),
        typed_money("starting_equity", &b->starting_equity),
        typed_word("fee_in", &b->fee_in, fees_in),
        typed_word("intrabar", &b->intrabar, intrabars),
        typed_word("limit_fill", &b->limit_fill, limit_fills),
        field_present(typed_integer("windows", &b->windows, 1, BACKTEST_WINDOWS), &b->has_windows),
        field_present(typed_share("train", &b->train, one), &b->has_train),
    };
    enum err e = field_parse(rq, fields, COUNT_OF(fields));

    if (e)
        return e;
    if (b->has_id + b->has_ids + b->has_document != 1)
        return wrong(rq,
                     b->has_document ? "/document"
                     : b->has_ids    ? "/strategy_ids"
                                     : "/strategy_id",
                     "Give one of strategy_id, strategy_ids and document.");
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

static enum err open_stored(struct request *rq, const char *id, struct strategy **out)
{
    struct strategy_row row;
    enum err e = strategies_artifact(rq, id, &row);

    return e ? e : strategies_load(rq, row.id, out);
}

/* What the wish has, on an error too, is the caller's to release. */
static enum err open_strategies(struct request *rq, const struct backtest_body *b,
                                struct job_wish *wish, bool *has_stop)
{
    enum err e = ERR_OK;

    *has_stop = true;
    if (b->has_document) {
        e = open_document(rq, b, &wish->strategies[0], has_stop);
        wish->strategy_count = !e;
    } else if (b->has_id) {
        e = open_stored(rq, b->strategy_id, &wish->strategies[0]);
        wish->strategy_count = !e;
    }
    for (size_t i = 0; i < b->ids.count && !e; i++) {
        e = open_stored(rq, b->strategy_ids[i], &wish->strategies[i]);
        wish->strategy_count += !e;
    }
    return e;
}

static struct trial_terms terms_of(const struct backtest_body *b, const struct trial_terms *base,
                                   bool has_stop)
{
    struct trial_terms t = *base;

    t.fee_rate = b->fee_rate;
    t.slippage = (struct ratio){b->slippage_bps.e12 / BPS_OF_ONE};
    t.volume_cap = b->volume_cap;
    t.starting_equity = b->starting_equity;
    t.fee_in = (enum fee_in)b->fee_in;
    t.intrabar = (enum intrabar)b->intrabar;
    t.limit_fill = (enum limit_fill)b->limit_fill;
    t.limits.min_confidence = b->min_confidence;
    t.limits.fee_rate = b->fee_rate;
    t.limits.stop_loss_required = has_stop;
    if (ratio_add(t.slippage, t.slippage_tolerance, &t.limits.cash_reserve))
        t.limits.cash_reserve = t.slippage_tolerance;
    return t;
}

/* ---- The job ---- */

static enum err submit(struct request *rq, const struct job_wish *wish)
{
    struct job_view v;
    enum err e = jobs_submit(handlers_of(rq)->jobs, wish, request_diags(rq), &v);

    if (e == ERR_QUEUE_FULL) {
        rq->retry_after_s = BACKTEST_RETRY_S;
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
    return backtest_answer(rq, 202, &v);
}

static enum err create(struct request *rq, const struct backtest_body *b)
{
    const struct handlers *h = handlers_of(rq);
    struct job_wish wish = {.from_us = b->from_us, .to_us = b->to_us, .split = b->train};
    bool has_stop = false;
    enum err e = h->feed ? open_strategies(rq, b, &wish, &has_stop) : ERR_NO_FEED;

    if (!e) {
        wish.terms = terms_of(b, &h->terms, has_stop);
        wish.windows = (size_t)b->windows;
        (void)copy_text(wish.created_by, sizeof wish.created_by, rq->principal.name);
        e = submit(rq, &wish);
    }
    for (size_t i = 0; i < wish.strategy_count; i++)
        strategy_release(wish.strategies[i]);
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
