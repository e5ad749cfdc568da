/* SPDX-License-Identifier: Apache-2.0 */
/* Binance requests as data: method, path, parameters in order, cost and class; nothing is sent.
 *
 * Parameters are percent-encoded as they are added.  A signed request gets "timestamp=" in front,
 * "recvWindow=" and "signature=" at its end only when it is about to leave (binance_request_sign),
 * because the venue counts its time from the stamp.  GET and DELETE carry parameters in the query,
 * POST and PUT in the body.  Sources: binance-docs (spot REST API, USD-M futures), 2026-07; the
 * order of parameters is ccxt's, so that both can be compared byte for byte. */
#ifndef EXCHANGE_BINANCE_REQUEST_H
#define EXCHANGE_BINANCE_REQUEST_H

#include "engine/order.h"
#include "exchange/binance_types.h"
#include "net/rate_budget.h"
#include "net/transport.h"

enum {
    BINANCE_PARAMETERS = 4096,
    BINANCE_INFO_SYMBOLS = 100 /* of one exchangeInfo request */
};

struct binance_request {
    enum transport_method method;
    const char *path;
    char parameters[BINANCE_PARAMETERS]; /* encoded, without the three of signing */
    bool is_signed;
    bool is_full; /* parameters did not fit: must not be sent */
    enum rate_class rate_class;
    struct rate_cost cost;
    size_t max_bytes; /* of the answer */
};

/* Market data. */
void binance_ask_time(enum binance_market m, struct binance_request *out);
/* Spot: count symbols (0: all); USD-M always answers all. */
void binance_ask_instruments(enum binance_market m, const char *const *symbols, size_t count,
                             struct binance_request *out);
/* A part of a history: instants in microseconds, TIME_NONE leaves one out, limit 0 the number. */
struct binance_span {
    int64_t from_us, to_us; /* both included by the venue */
    int limit;
};
/* limit: at most 1000, USD-M 1500. */
void binance_ask_candles(enum binance_market m, const char *symbol, const char *interval,
                         struct binance_span span, struct binance_request *out);
void binance_ask_ticker(enum binance_market m, const char *symbol, struct binance_request *out);
void binance_ask_book_ticker(enum binance_market m, const char *symbol,
                             struct binance_request *out);
void binance_ask_depth(enum binance_market m, const char *symbol, int limit,
                       struct binance_request *out);
void binance_ask_funding(const char *symbol, struct binance_request *out);
void binance_ask_funding_history(const char *symbol, int64_t from_us, int limit,
                                 struct binance_request *out);

/* The account. */
void binance_ask_account(enum binance_market m, struct binance_request *out);
void binance_ask_positions(struct binance_request *out);
void binance_ask_position_mode(struct binance_request *out);
/* symbol NULL: all. */
void binance_ask_income(const char *symbol, const char *type, struct binance_span span,
                        struct binance_request *out);
void binance_set_leverage(const char *symbol, int leverage, struct binance_request *out);
void binance_set_margin(const char *symbol, bool isolated, struct binance_request *out);
void binance_set_one_way(struct binance_request *out);

/* What an order is to be.  Prices and sizes are sent with their shortest exact digits. */
struct binance_wish {
    const char *symbol;
    const char *client_id;
    enum side side;
    enum binance_type type;
    enum order_life life; /* of BINANCE_LIMIT: gtc, ioc or fok */
    struct size size;
    struct price price; /* of limit orders */
    struct price stop;  /* of stop and target orders */
    bool reduce_only;   /* USD-M */
    enum rate_class rate_class;
};
/* True when the order goes to USD-M's algo service: every type with a stop price. */
bool binance_is_algo(enum binance_market m, enum binance_type type);
void binance_place(enum binance_market m, const struct binance_wish *w,
                   struct binance_request *out);
/* Spot: a limit order at the target and a stop order, of one size; when one executes the other
 * ends, and both are refused when one is.  stop->client_id and target->client_id name them, list_id
 * the pair. */
void binance_place_pair(const struct binance_wish *stop, const struct binance_wish *target,
                        const char *list_id, struct binance_request *out);
/* Spot: cancels both orders of a pair; the answer shows both. */
void binance_cancel_pair(const char *symbol, const char *list_id, struct binance_request *out);
/* Spot: cancels the order called old_id, only if nothing of it was executed, and, only if that
 * worked, places another in its place. */
void binance_replace(const struct binance_wish *w, const char *old_id, struct binance_request *out);
/* USD-M: another size and price of an open limit order; it keeps its name. */
void binance_amend(const struct binance_wish *w, struct binance_request *out);

/* One order by the client's or the venue's id: exactly one of both is not NULL. */
struct binance_name {
    const char *symbol;
    const char *client_id, *id;
    bool is_algo; /* USD-M */
};
void binance_ask_order(enum binance_market m, const struct binance_name *n,
                       struct binance_request *out);
void binance_cancel(enum binance_market m, const struct binance_name *n,
                    struct binance_request *out);
void binance_cancel_all(enum binance_market m, const char *symbol, bool algo,
                        struct binance_request *out);
/* symbol NULL: of all symbols. */
void binance_ask_open_orders(enum binance_market m, const char *symbol, bool algo,
                             struct binance_request *out);
/* Trades of the account, by id ascending: of one order (order_id), from a trade id on (from_id), or
 * of a span of at most 24 hours; NULL leaves an id out.  limit: at most 1000. */
struct binance_trades_of {
    const char *symbol, *order_id, *from_id;
    struct binance_span span;
};
void binance_ask_trades(enum binance_market m, const struct binance_trades_of *t,
                        struct binance_request *out);
/* USD-M: all orders of the symbol are canceled unless asked again within the time; 0 ends it. */
void binance_cancel_after(const char *symbol, int64_t after_ms, struct binance_request *out);

struct binance_keys {
    const char *key, *secret;
};
/* Fills in what leaves: url, headers and body.  now_us is the venue's time, window_ms how long the
 * request is good from then; both are used by signed requests only. */
void binance_request_sign(const struct binance_request *r, const char *base_url,
                          const struct binance_keys *keys, int64_t now_us, int64_t window_ms,
                          struct transport_draft *out);

#endif
