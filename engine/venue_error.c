/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the error classes. */
#include "engine/venue_error.h"

#include <string.h>

static const char *const names[VENUE_ERROR_COUNT_] = {
    [VENUE_ERROR_NONE] = "",
    [VENUE_ERROR_NOT_SENT] = "not_sent",
    [VENUE_ERROR_AMBIGUOUS] = "ambiguous",
    [VENUE_ERROR_RATE_LIMIT] = "rate_limit",
    [VENUE_ERROR_BANNED] = "banned",
    [VENUE_ERROR_CLOCK] = "clock",
    [VENUE_ERROR_FUNDS] = "insufficient_funds",
    [VENUE_ERROR_FILTER] = "filter",
    [VENUE_ERROR_DUPLICATE_ID] = "duplicate_id",
    [VENUE_ERROR_OVERLOAD] = "overload",
    [VENUE_ERROR_AUTH] = "auth",
    [VENUE_ERROR_MARKET] = "market_state",
    [VENUE_ERROR_NOT_OPEN] = "not_open",
    [VENUE_ERROR_WOULD_TRIGGER] = "would_trigger",
    [VENUE_ERROR_REDUCE_ONLY] = "reduce_only",
    [VENUE_ERROR_OTHER] = "other",
};

const char *venue_error_name(enum venue_error e)
{
    ASSERT(e < VENUE_ERROR_COUNT_);
    return names[e];
}

bool venue_error_of_name(const char *name, enum venue_error *out)
{
    for (int i = 0; i < VENUE_ERROR_COUNT_; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum venue_error)i;
            return true;
        }
    }
    return false;
}
