/* SPDX-License-Identifier: Apache-2.0 */
/* Requests for market data and the account, and the signature of all. */
#include "exchange/binance_request.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "exchange/binance_request_parts.h"
#include "net/form.h"

/* The weight of a request and, of orders, the place it takes in the venue's count of orders. */
void binance_begin(struct binance_request *out, enum transport_method method, const char *path,
                   enum rate_class c, int64_t weight)
{
    *out = (struct binance_request){
        .method = method, .path = path, .rate_class = c, .max_bytes = LIMIT_NET_ANSWER};
    out->cost.of[RATE_WEIGHT] = weight;
    out->cost.of[RATE_REQUESTS] = 1;
}

static void take(struct binance_request *out, struct text *t)
{
    out->is_full = out->is_full || t->full || t->length >= sizeof out->parameters;
    if (t->data && !out->is_full)
        memcpy(out->parameters, t->data, t->length + 1);
    text_release(t);
}

/* The parameters so far, in a text that can be appended to. */
static struct text reopen(const struct binance_request *out)
{
    struct text t;

    text_init(&t, sizeof out->parameters);
    if (out->parameters[0])
        text_string(&t, out->parameters);
    return t;
}

void binance_add(struct binance_request *out, const char *name, const char *value)
{
    struct text t = reopen(out);

    form_text(&t, name, value);
    take(out, &t);
}

void binance_add_integer(struct binance_request *out, const char *name, int64_t value)
{
    struct text t = reopen(out);

    form_integer(&t, name, value);
    take(out, &t);
}

static void add_time(struct binance_request *out, const char *name, int64_t at_us)
{
    if (at_us != TIME_NONE)
        binance_add_integer(out, name, at_us / US_PER_MS);
}

void binance_ask_time(enum binance_market m, struct binance_request *out)
{
    binance_begin(out, TRANSPORT_GET, m == BINANCE_SPOT ? "/api/v3/time" : "/fapi/v1/time",
                  RATE_DATA, 1);
}

void binance_ask_instruments(enum binance_market m, const char *const *symbols, size_t count,
                             struct binance_request *out)
{
    struct text list;

    binance_begin(out, TRANSPORT_GET,
                  m == BINANCE_SPOT ? "/api/v3/exchangeInfo" : "/fapi/v1/exchangeInfo", RATE_DATA,
                  m == BINANCE_SPOT ? 20 : 1);
    out->max_bytes = LIMIT_NET_LARGE;
    if (m != BINANCE_SPOT || count == 0)
        return;
    text_init(&list, BINANCE_PARAMETERS);
    for (size_t i = 0; i < count; i++)
        text_format(&list, "%s\"%s\"", i ? "," : "[", symbols[i]);
    text_char(&list, ']');
    out->is_full = list.full;
    binance_add(out, "symbols", list.data);
    text_release(&list);
}

void binance_ask_candles(enum binance_market m, const char *symbol, const char *interval,
                         struct binance_span span, struct binance_request *out)
{
    const int n = span.limit;
    const int64_t futures_weight = n < 100 ? 1 : n < 500 ? 2 : n <= 1000 ? 5 : 10;

    binance_begin(out, TRANSPORT_GET, m == BINANCE_SPOT ? "/api/v3/klines" : "/fapi/v1/klines",
                  RATE_DATA, m == BINANCE_SPOT ? 2 : futures_weight);
    binance_add(out, "interval", interval);
    binance_add_integer(out, "limit", n);
    binance_add(out, "symbol", symbol);
    add_time(out, "startTime", span.from_us);
    add_time(out, "endTime", span.to_us);
}

void binance_ask_ticker(enum binance_market m, const char *symbol, struct binance_request *out)
{
    binance_begin(out, TRANSPORT_GET,
                  m == BINANCE_SPOT ? "/api/v3/ticker/24hr" : "/fapi/v1/ticker/24hr", RATE_DATA,
                  m == BINANCE_SPOT ? 2 : 1);
    binance_add(out, "symbol", symbol);
}

void binance_ask_book_ticker(enum binance_market m, const char *symbol, struct binance_request *out)
{
    binance_begin(out, TRANSPORT_GET,
                  m == BINANCE_SPOT ? "/api/v3/ticker/bookTicker" : "/fapi/v1/ticker/bookTicker",
                  RATE_DATA, 2);
    binance_add(out, "symbol", symbol);
}

void binance_ask_depth(enum binance_market m, const char *symbol, int limit,
                       struct binance_request *out)
{
    /* Without one the venue takes 100 (spot) and 500. */
    const int64_t spot = limit <= 100 ? 5 : limit <= 500 ? 25 : limit <= 1000 ? 50 : 250;
    const int64_t futures = limit == 0     ? 10
                            : limit <= 50  ? 2
                            : limit <= 100 ? 5
                            : limit <= 500 ? 10
                                           : 20;

    binance_begin(out, TRANSPORT_GET, m == BINANCE_SPOT ? "/api/v3/depth" : "/fapi/v1/depth",
                  RATE_DATA, m == BINANCE_SPOT ? spot : futures);
    binance_add(out, "symbol", symbol);
    if (limit > 0)
        binance_add_integer(out, "limit", limit);
}

void binance_ask_funding(const char *symbol, struct binance_request *out)
{
    binance_begin(out, TRANSPORT_GET, "/fapi/v1/premiumIndex", RATE_DATA, 1);
    binance_add(out, "symbol", symbol);
}

void binance_ask_funding_history(const char *symbol, int64_t from_us, int limit,
                                 struct binance_request *out)
{
    binance_begin(out, TRANSPORT_GET, "/fapi/v1/fundingRate", RATE_DATA, 1);
    binance_add(out, "symbol", symbol);
    add_time(out, "startTime", from_us);
    if (limit > 0)
        binance_add_integer(out, "limit", limit);
}

void binance_ask_account(enum binance_market m, struct binance_request *out)
{
    binance_begin(out, TRANSPORT_GET, m == BINANCE_SPOT ? "/api/v3/account" : "/fapi/v3/account",
                  RATE_DATA, m == BINANCE_SPOT ? 20 : 5);
    out->is_signed = true;
}

void binance_ask_positions(struct binance_request *out)
{
    binance_begin(out, TRANSPORT_GET, "/fapi/v3/positionRisk", RATE_DATA, 5);
    out->is_signed = true;
}

void binance_ask_position_mode(struct binance_request *out)
{
    binance_begin(out, TRANSPORT_GET, "/fapi/v1/positionSide/dual", RATE_DATA, 30);
    out->is_signed = true;
}

void binance_ask_income(const char *symbol, const char *type, struct binance_span span,
                        struct binance_request *out)
{
    binance_begin(out, TRANSPORT_GET, "/fapi/v1/income", RATE_DATA, 30);
    out->is_signed = true;
    binance_add(out, "incomeType", type);
    if (symbol)
        binance_add(out, "symbol", symbol);
    add_time(out, "startTime", span.from_us);
    add_time(out, "endTime", span.to_us);
    if (span.limit > 0)
        binance_add_integer(out, "limit", span.limit);
}

void binance_set_leverage(const char *symbol, int leverage, struct binance_request *out)
{
    binance_begin(out, TRANSPORT_POST, "/fapi/v1/leverage", RATE_ENTRY, 1);
    out->is_signed = true;
    binance_add(out, "symbol", symbol);
    binance_add_integer(out, "leverage", leverage);
}

void binance_set_margin(const char *symbol, bool isolated, struct binance_request *out)
{
    binance_begin(out, TRANSPORT_POST, "/fapi/v1/marginType", RATE_ENTRY, 1);
    out->is_signed = true;
    binance_add(out, "symbol", symbol);
    binance_add(out, "marginType", isolated ? "ISOLATED" : "CROSSED");
}

void binance_set_one_way(struct binance_request *out)
{
    binance_begin(out, TRANSPORT_POST, "/fapi/v1/positionSide/dual", RATE_ENTRY, 1);
    out->is_signed = true;
    binance_add(out, "dualSidePosition", "false");
}

void binance_request_sign(const struct binance_request *r, const char *base_url,
                          const struct binance_keys *keys, int64_t now_us, int64_t window_ms,
                          struct transport_draft *out)
{
    const bool in_body = r->method == TRANSPORT_POST || r->method == TRANSPORT_PUT;
    char signature[DIGEST_HEX];
    struct text form;

    ASSERT(!r->is_full);
    text_init(&form, BINANCE_PARAMETERS + 256);
    if (r->is_signed)
        text_format(&form, "timestamp=%lld", (long long)(now_us / US_PER_MS));
    if (r->parameters[0])
        text_format(&form, r->is_signed ? "&%s" : "%s", r->parameters);
    if (r->is_signed) {
        form_integer(&form, "recvWindow", window_ms);
        form_signature(keys->secret, form.data, form.length, signature);
        form_text(&form, "signature", signature);
        text_format(&out->headers, "X-MBX-APIKEY: %s\n", keys->key);
    }
    ASSERT(!form.full);
    text_format(&out->url, "%s%s", base_url, r->path);
    if (in_body) {
        text_string(&out->headers, "Content-Type: application/x-www-form-urlencoded\n");
        text_append(&out->body, form.data ? form.data : "", form.length);
    } else if (form.length > 0) {
        text_format(&out->url, "?%s", form.data);
    }
    text_release(&form);
}
