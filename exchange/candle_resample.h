/* SPDX-License-Identifier: Apache-2.0 */
/* Makes candles of a higher timeframe, by the rule of `@ 1h` in strategies. */
#ifndef EXCHANGE_CANDLE_RESAMPLE_H
#define EXCHANGE_CANDLE_RESAMPLE_H

#include "exchange/candle_series.h"

/* A candle of the higher timeframe begins at a multiple of it since 1970 UTC and is made of every
 * finer candle in it.  Gaps of up to LIMIT_GAP_FILL candles count as flat candles without volume,
 * as the feed plays them; where that leaves nothing that was recorded, none is made.  One that a
 * longer gap, the beginning or the end cuts is left out, or with keeps_partial made of what is
 * there.
 *
 * ERR_INVALID: the timeframe is no multiple of the recording's, or fewer than two candles are left;
 * ERR_LIMIT: a sum of volumes has more than 18 digits.  name stands for the recording in diags. */
MUST_USE enum err candle_resample(const struct candle_series *s, int64_t timeframe_us,
                                  bool keeps_partial, const char *name, struct diag_list *diags,
                                  struct candle_series *out);

#endif
