/* SPDX-License-Identifier: Apache-2.0 */
/* Joins recordings of one symbol to one, whatever their order. */
#ifndef EXCHANGE_CANDLE_MERGE_H
#define EXCHANGE_CANDLE_MERGE_H

#include "exchange/candle_series.h"

struct candle_part {
    const char *name; /* of the file, for messages */
    struct candle_series series;
};

/* Joins parts (sorted by this, and emptied) to one sealed series, which has the symbol of the first
 * that has one.  Candles of one instant must be equal in all parts: ERR_CONFLICT with a diag that
 * names the second file, its line, and what differs.  ERR_INVALID: timeframes differ; ERR_LIMIT:
 * too many candles, or numbers too large for one scale.  On error the parts stay the caller's. */
MUST_USE enum err candle_merge(struct candle_part *parts, size_t count, struct diag_list *diags,
                               struct candle_series *out);

#endif
