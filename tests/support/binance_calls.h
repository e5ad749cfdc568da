/* SPDX-License-Identifier: Apache-2.0 */
/* The request we make for a call of ccxt as the fixtures of tests/data/binance write it. */
#ifndef TESTS_SUPPORT_BINANCE_CALLS_H
#define TESTS_SUPPORT_BINANCE_CALLS_H

#include "core/jnode.h"
#include "exchange/binance_request.h"

/* c: a case with "call", "input" and "url"; form: the parameters expected, of which the client
 * order id is taken.  False for calls we have no use for. */
bool binance_call_build(const struct jnode *c, const char *form, struct binance_request *out,
                        enum binance_market *m);

/* The value of a key in "a=1&b=2"; false when it is not there. */
bool binance_call_value(const char *form, const char *key, char *out, size_t capacity);

#endif
