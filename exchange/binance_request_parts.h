/* SPDX-License-Identifier: Apache-2.0 */
/* How the two files of exchange/binance_request.h put a request together. */
#ifndef EXCHANGE_BINANCE_REQUEST_PARTS_H
#define EXCHANGE_BINANCE_REQUEST_PARTS_H

#include "exchange/binance_request.h"

/* An unsigned request without parameters. */
void binance_begin(struct binance_request *out, enum transport_method method, const char *path,
                   enum rate_class c, int64_t weight);
/* Appends an encoded parameter; one that does not fit sets is_full. */
void binance_add(struct binance_request *out, const char *name, const char *value);
void binance_add_integer(struct binance_request *out, const char *name, int64_t value);

#endif
