/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer of Binance means: good, certainly refused, or not known; by one table.
 *
 * HTTP alone already tells: 418 is a ban; 429 too many requests, nothing was done; any 5xx and 408
 * "execution status unknown"; 403 the firewall in front of the venue, nothing was done; 451 a
 * country that is not served.  Else the venue's code and text decide (binance_error_table.h).  A
 * code of a 4xx answer that is not in the table is a refusal all the same: by its documentation
 * 4xx is the sender's mistake.  An answer that is no JSON tells nothing: AMBIGUOUS. */
#ifndef EXCHANGE_BINANCE_ERROR_H
#define EXCHANGE_BINANCE_ERROR_H

#include "engine/venue_error.h"
#include "exchange/binance_types.h"
#include "net/transport.h"

struct binance_verdict {
    enum venue_error error; /* VENUE_ERROR_NONE: HTTP 2xx with a body that may be read */
    bool is_certain;        /* of an error: nothing was executed, nothing will be */
    int64_t code;           /* the venue's; 0: none */
    int64_t retry_after_us; /* a duration; 0: not told */
    char reason[LIMIT_REASON];
};

/* wall_us: our wall clock, for bans that tell their end as an instant. */
void binance_judge(enum binance_market m, const struct transport_answer *a, int64_t wall_us,
                   struct binance_verdict *out);

/* By code and text alone, as in a part of an answer. */
void binance_judge_code(enum binance_market m, int64_t code, const char *message,
                        struct binance_verdict *out);

#endif
