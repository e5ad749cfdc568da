/* SPDX-License-Identifier: Apache-2.0 */
/* The feed port over recorded candles: several symbols merged in time order, gaps filled flat.
 *
 * Gaps of up to LIMIT_GAP_FILL candles become flat candles (close carried, volume 0,
 * CANDLE_SYNTHETIC) with a warning; after a longer one the next candle has CANDLE_AFTER_GAP.  A
 * symbol's last candle has CANDLE_LAST.  An open event's candle has the open in all four prices.
 * All candles, the filled in ones too, are in memory: the port has `candles`. */
#ifndef EXCHANGE_RECORDED_FEED_H
#define EXCHANGE_RECORDED_FEED_H

#include "engine/feed.h"
#include "exchange/candle_file.h"

struct recorded_feed;

/* Takes the series over (count of them, beside the instruments of the same index); on error they
 * stay the caller's.  ERR_INVALID with a diag: they have several timeframes, or one has none;
 * ERR_LIMIT with a diag: more than LIMIT_CANDLES of a symbol with its gaps filled. */
MUST_USE enum err recorded_feed_new_take(struct candle_series *series, size_t count,
                                         const struct instrument *instruments,
                                         struct diag_list *diags, struct recorded_feed **out);
void recorded_feed_free(struct recorded_feed *f); /* NULL allowed */
struct feed recorded_feed_port(struct recorded_feed *f);
/* Hex digest over all series and symbols: identifies the recording. */
const char *recorded_feed_id(const struct recorded_feed *f);
size_t recorded_feed_gaps(const struct recorded_feed *f); /* candles filled in */

#endif
