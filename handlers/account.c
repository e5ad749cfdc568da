/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/account and /v1/strategy: the money and the rules it is traded by. */
#include "handlers/handlers.h"
#include "handlers/state.h"
#include "handlers/view.h"
#include "http/query.h"
#include "http/respond.h"

/* GET /v1/account */
enum err account_get(struct request *rq)
{
    return state_read(rq, STATE_ACCOUNT);
}

static void sizing(struct jwriter *w, struct sizing z)
{
    static const char *const kinds[] = {"fixed_base", "fixed_quote", "equity_pct", "risk_pct"};

    jw_key(w, "sizing");
    jw_object(w);
    jw_member_text(w, "kind", kinds[z.kind]);
    jw_member_ratio(w, "value", z.value);
    if (z.max_quote.e12)
        jw_member_money(w, "max_quote", z.max_quote, -1);
    else
        jw_member_null(w, "max_quote");
    jw_object_end(w);
}

static void print_strategy(struct jwriter *w, const struct strategy *s)
{
    int64_t timeframe_us = strategy_timeframe_us(s);
    size_t length;
    const char *document = strategy_canonical(s, &length);

    jw_object(w);
    jw_member_text(w, "id", strategy_id(s));
    jw_member_text(w, "name", strategy_name(s));
    jw_member_text(w, "direction", strategy_direction(s) == DIRECTION_LONG ? "long" : "short");
    jw_key(w, "symbols");
    jw_array(w);
    for (size_t i = 0; i < strategy_symbol_count(s); i++)
        jw_text(w, strategy_symbol(s, i));
    jw_array_end(w);
    jw_member_text(w, "timeframe", timeframe_us ? timeframe_name(timeframe_us) : NULL);
    jw_member_integer(w, "warmup_candles", strategy_warmup(s));
    jw_member_ratio(w, "min_confidence", strategy_min_confidence(s));
    sizing(w, strategy_sizing(s));
    jw_key(w, "features");
    jw_array(w);
    for (size_t i = 0; i < strategy_feature_count(s); i++)
        jw_text(w, strategy_feature_name(s, i));
    jw_array_end(w);
    jw_key(w, "document");
    jw_raw(w, document, length);
    jw_object_end(w);
}

/* GET /v1/strategy: the loaded artifact in its canonical form. */
enum err strategy_get(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    char etag[DIGEST_HEX + 2] = "";
    struct jwriter w;
    struct text body;
    enum err e = query_parse(rq, NULL, 0);

    if (e)
        return e;
    if (!h->strategy)
        return request_fail(rq, ERR_NOT_FOUND, "No strategy is loaded; configure `strategy`.");
    etag[0] = '"';
    copy_text(etag + 1, sizeof etag - 1, strategy_id(h->strategy));
    etag[DIGEST_HEX] = '"';
    respond_header(rq, "ETag", "%s", etag);
    if (respond_matches(rq, etag))
        return respond_empty(rq, 304);
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    print_strategy(&w, h->strategy);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}
