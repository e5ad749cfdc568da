/* SPDX-License-Identifier: Apache-2.0 */
/* Why a venue did not do what was asked: one class for every venue's errors.
 *
 * A connector maps what its venue says to a class.  Whether the order may exist is not told by the
 * class but by the event: VENUE_REJECTED and VENUE_NOT_SENT are certain, VENUE_UNKNOWN is not.
 * When in doubt a connector says VENUE_UNKNOWN. */
#ifndef ENGINE_VENUE_ERROR_H
#define ENGINE_VENUE_ERROR_H

#include "core/base.h"

enum venue_error {
    VENUE_ERROR_NONE,
    VENUE_ERROR_NOT_SENT,   /* no byte of the request left: name look-up, connect, TLS, too late */
    VENUE_ERROR_AMBIGUOUS,  /* sent, no usable answer: time-out, reset, 5xx, broken body */
    VENUE_ERROR_RATE_LIMIT, /* too many requests: nothing before retry_after_us */
    VENUE_ERROR_BANNED,     /* the same, for having gone on: no traffic at all until then */
    VENUE_ERROR_CLOCK,      /* time stamp or nonce outside the venue's window */
    VENUE_ERROR_FUNDS,      /* not enough balance or margin */
    VENUE_ERROR_FILTER,     /* lot, tick, notional, number of orders: ours or stale filters */
    VENUE_ERROR_DUPLICATE_ID,  /* the client order id is taken: the first request did arrive */
    VENUE_ERROR_OVERLOAD,      /* the venue is busy, or its book too thin just now */
    VENUE_ERROR_AUTH,          /* key, signature, permission */
    VENUE_ERROR_MARKET,        /* symbol unknown, halted, delisted, under maintenance */
    VENUE_ERROR_NOT_OPEN,      /* cancel or replace of an order that is not open (any more) */
    VENUE_ERROR_WOULD_TRIGGER, /* a stop or limit whose price the market has passed already */
    VENUE_ERROR_REDUCE_ONLY,   /* a reduce-only order with nothing to reduce */
    VENUE_ERROR_OTHER,         /* certainly refused, for none of these reasons */
    VENUE_ERROR_COUNT_
};

/* The API's and the journal's word, "" for none. */
const char *venue_error_name(enum venue_error e);
bool venue_error_of_name(const char *name, enum venue_error *out);

#endif
