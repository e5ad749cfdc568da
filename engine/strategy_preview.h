/* SPDX-License-Identifier: Apache-2.0 */
/* What a strategy would have said of the newest candles, before anybody lets it trade. */
#ifndef ENGINE_STRATEGY_PREVIEW_H
#define ENGINE_STRATEGY_PREVIEW_H

#include "core/jwriter.h"
#include "engine/strategy_rows.h"
#include "engine/feed_copy.h"

enum {
    PREVIEW_CANDLES_DEFAULT = 2000,
    PREVIEW_CANDLES_MAX = 20000,
    PREVIEW_SYMBOLS_MAX = 16,              /* further ones are only counted */
    PREVIEW_HISTORY_MAX = 4 * 1000 * 1000, /* candles looked at, of all instruments */
    PREVIEW_SIGNALS_MAX = 20               /* the newest */
};

struct preview_options {
    const struct strategy *strategy;
    const struct feed *feed;              /* only its history is read */
    int64_t until_us, shift_us;           /* the feed's time as of now, and its shift */
    const struct instrument *instruments; /* of the feed */
    size_t instrument_count;
    const struct ext_series *ext; /* of strategy_ext_name(i); NULL: all unknown */
    int64_t candles;              /* counted, the newest; 0: the default; clipped to the maximum */
};

/* Any thread; takes as long as the counted candles and the warm-up's of each symbol, of all
 * of them at most PREVIEW_HISTORY_MAX.  Writes one value:
 *
 *   {"candles_needed": 180,           the warm-up
 *    "symbols_left_out": 0,
 *    "missing_symbols": ["ETH/USDT"], named by the artifact, not in the feed
 *    "missing_values": ["mood"],      read as ext.mood, and nobody tells them here
 *    "symbols": [{"symbol", "candles": counted, "candles_available": of the feed's past and the
 *                 warm-up, "is_warm", "newest_candle": open time or null, "close",
 *                 "entry": {"true", "false", "unknown"}, "exit": {...}: of a position made at
 *                 each candle's close, "features": [{"name", "value": number or null}]}],
 *    "signals": [{"symbol", "candle": open time, "time": close time, "close", "confidence",
 *                 "stop_loss", "take_profit", "trigger"}]}   entries, newest first */
MUST_USE enum err strategy_preview(const struct preview_options *options, struct jwriter *w);

#endif
