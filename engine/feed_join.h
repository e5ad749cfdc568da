/* SPDX-License-Identifier: Apache-2.0 */
/* A feed of candles joined with what belongs beside them: the funding of perpetuals and the finer
 * candles within candles.
 *
 * Both come in time order among the events of the feed (engine/feed.h says where at one instant)
 * and only while it has candles: from its first open to its last close.  Times of funding and
 * detail are those of the recording; rewind shifts them as it shifts the candles. */
#ifndef ENGINE_FEED_JOIN_H
#define ENGINE_FEED_JOIN_H

#include "engine/feed.h"

/* Of one instrument; the arrays are borrowed and outlive the join. */
struct feed_beside {
    const struct funding *funding; /* by time */
    size_t funding_count;
    const struct candle *detail; /* by time, as engine/detail.h leaves them */
    size_t detail_count;
    int64_t detail_us; /* their timeframe; 0: none */
};
/* True when there is anything to join. */
bool feed_beside_has_funding(const struct feed_beside *beside, size_t count);
bool feed_beside_has_detail(const struct feed_beside *beside, size_t count);

struct feed_join;

struct feed_join_options {
    const struct feed *feed;          /* copied; what is behind it outlives the join */
    const struct feed_beside *beside; /* one an instrument; NULL: nothing */
    size_t count;
    bool with_detail;
};
struct feed_join *feed_join_new(const struct feed_join_options *options);
void feed_join_free(struct feed_join *j); /* NULL allowed */
struct feed feed_join_port(struct feed_join *j);

/* Closes of an instrument that were played, with and without finer candles before them; candles
 * that open before from_us, and flat ones filled in over gaps, are not counted. */
struct detail_count {
    int64_t with, without;
};
void feed_join_count_from(struct feed_join *j, int64_t from_us);
struct detail_count feed_join_counted(const struct feed_join *j, size_t instrument);

#endif
