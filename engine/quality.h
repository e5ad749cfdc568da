/* SPDX-License-Identifier: Apache-2.0 */
/* How fast and at what price orders execute at a real venue, as histograms since the start.
 *
 * Times are the engine's clock: closed (the end of the candle that an entry or exit was decided on;
 * what the venue takes to tell of it is in what follows), decided (the intent is made), sent (given
 * to the connector, after the commit), acknowledged, first fill.  Slippage is against the decision
 * price, worse is positive.  Simulated venues answer at the same instant and are not counted.
 * Pure. */
#ifndef ENGINE_QUALITY_H
#define ENGINE_QUALITY_H

#include "engine/fill.h"

enum quality_stage {
    QUALITY_CLOSED_DECIDED,
    QUALITY_DECIDED_SENT,
    QUALITY_SENT_ACKNOWLEDGED,
    QUALITY_SENT_FILLED,
    QUALITY_STAGE_COUNT_
};
/* "closed_decided" "decided_sent" "sent_acknowledged" "sent_filled" */
const char *quality_stage_name(enum quality_stage s);

enum {
    QUALITY_TIMES = 19, /* bounds of a latency, 10 us to 10 s; one more bucket is above */
    QUALITY_BPS = 13    /* of slippage */
};
extern const int64_t quality_time_us[QUALITY_TIMES];    /* upper bounds */
extern const int64_t quality_slippage_bps[QUALITY_BPS]; /* upper bounds, the first negative */

struct fill_quality {
    uint64_t times[QUALITY_STAGE_COUNT_][QUALITY_TIMES + 1];
    uint64_t time_count[QUALITY_STAGE_COUNT_];
    int64_t time_total_us[QUALITY_STAGE_COUNT_];
    uint64_t slippage[QUALITY_BPS + 1];
    uint64_t slippage_count;
    double slippage_total_bps;
};

/* A negative duration (a clock that was set back) counts as 0. */
void quality_time(struct fill_quality *q, enum quality_stage s, int64_t took_us);
void quality_fill(struct fill_quality *q, const struct fill *f);
/* The upper bound of the bucket that the p-th part (0 < p < 1) of the times falls into; -1 when
 * there are none, INT64_MAX above the last bound. */
int64_t quality_quantile_us(const struct fill_quality *q, enum quality_stage s, double p);

#endif
