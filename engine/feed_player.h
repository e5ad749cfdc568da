/* SPDX-License-Identifier: Apache-2.0 */
/* The feed port over candles that lie in memory: several symbols played in time order.
 *
 * The candles are read only, so that any number of players may play the same ones at once; what a
 * player has of its own is where it has come to. */
#ifndef ENGINE_FEED_PLAYER_H
#define ENGINE_FEED_PLAYER_H

#include "engine/feed.h"

struct feed_player;

/* One span an instrument, in their order; the candles are borrowed, the list of spans is copied.
 * Each is a timeframe long, opens no earlier than the one before it ends, and the last one of a
 * span has CANDLE_LAST.  At least one span has a candle. */
struct feed_player *feed_player_new(const struct candle_span *spans, size_t count,
                                    int64_t timeframe_us);
void feed_player_free(struct feed_player *p); /* NULL allowed */
struct feed feed_player_port(struct feed_player *p);

#endif
