/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of Binance's answers into the types of exchange/binance_types.h.
 *
 * Each is given the whole body of an HTTP 200 answer.  ERR_SYNTAX: it is not JSON, or not the kind
 * of value that belongs there; ERR_INVALID: a member is missing or wrong.  One diag says which, and
 * nothing has to be released then.  Members nobody needs are not looked at, unknown ones neither.
 * Any thread. */
#ifndef EXCHANGE_BINANCE_PARSE_H
#define EXCHANGE_BINANCE_PARSE_H

#include "core/error.h"
#include "exchange/binance_types.h"

/* {"serverTime":ms} */
MUST_USE enum err binance_parse_time(const char *json, size_t length, struct diag_list *diags,
                                     int64_t *us);
/* exchangeInfo; release with binance_exchange_release. */
MUST_USE enum err binance_parse_exchange(enum binance_market m, const char *json, size_t length,
                                         struct diag_list *diags, struct binance_exchange *out);
/* klines; release with binance_candles_release. */
MUST_USE enum err binance_parse_candles(const char *json, size_t length, struct diag_list *diags,
                                        struct binance_candles *out);
/* 24hr or bookTicker of one symbol. */
MUST_USE enum err binance_parse_ticker(const char *json, size_t length, struct diag_list *diags,
                                       struct binance_ticker *out);
MUST_USE enum err binance_parse_depth(const char *json, size_t length, struct diag_list *diags,
                                      struct binance_depth *out);
/* premiumIndex: the rate of the next payment, and when that is. */
MUST_USE enum err binance_parse_funding(const char *json, size_t length, struct diag_list *diags,
                                        struct binance_funding *out);
/* fundingRate; free items. */
MUST_USE enum err binance_parse_fundings(const char *json, size_t length, struct diag_list *diags,
                                         struct binance_fundings *out);

/* An order as placed (ACK, RESULT, FULL), queried, amended or canceled, ordinary or algo; release
 * with binance_order_release. */
MUST_USE enum err binance_parse_order(const char *json, size_t length, struct diag_list *diags,
                                      struct binance_order *out);
/* openOrders, openAlgoOrders, and what cancelling all spot orders gives (pairs are skipped). */
MUST_USE enum err binance_parse_orders(const char *json, size_t length, struct diag_list *diags,
                                       struct binance_orders *out);
/* The two orders of a pair that was placed. */
MUST_USE enum err binance_parse_pair(const char *json, size_t length, struct diag_list *diags,
                                     struct binance_orders *out);
/* A cancel of an algo order: {"algoId":…,"code":"200"}; also {"code":200} of marginType, of
 * cancelling all, and {} are "done". */
MUST_USE enum err binance_parse_done(const char *json, size_t length, struct diag_list *diags);

/* What became of cancelReplace, success (200) or not (400, 409). */
struct binance_refusal {
    int64_t code; /* 0: none */
    char message[LIMIT_REASON];
};
enum binance_step {
    BINANCE_STEP_DONE,
    BINANCE_STEP_FAILED,
    BINANCE_STEP_NOT_TRIED
};
struct binance_replaced {
    enum binance_step cancel, place;
    struct binance_refusal cancel_refusal, place_refusal; /* when failed */
    struct binance_order canceled, placed;                /* when done */
};
MUST_USE enum err binance_parse_replaced(const char *json, size_t length, struct diag_list *diags,
                                         struct binance_replaced *out);

/* myTrades and userTrades; free items. */
MUST_USE enum err binance_parse_trades(const char *json, size_t length, struct diag_list *diags,
                                       struct binance_fills *out);
/* Balances; free balances. */
MUST_USE enum err binance_parse_account(enum binance_market m, const char *json, size_t length,
                                        struct diag_list *diags, struct binance_account *out);
/* positionRisk; free items. */
MUST_USE enum err binance_parse_positions(const char *json, size_t length, struct diag_list *diags,
                                          struct binance_positions *out);
/* positionSide/dual: true in hedge mode, where a symbol has a long and a short position. */
MUST_USE enum err binance_parse_position_mode(const char *json, size_t length,
                                              struct diag_list *diags, bool *is_hedged);
/* income; free items. */
MUST_USE enum err binance_parse_incomes(const char *json, size_t length, struct diag_list *diags,
                                        struct binance_incomes *out);

/* {"code":n,"msg":"…"}: true and filled in when the body is an error of the venue. */
bool binance_parse_refusal(const char *json, size_t length, struct binance_refusal *out);

#endif
