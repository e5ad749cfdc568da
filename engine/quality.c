/* SPDX-License-Identifier: Apache-2.0 */
/* Counts latencies and slippage into buckets. */
#include "engine/quality.h"

const int64_t quality_time_us[QUALITY_TIMES] = {
    10,    25,    50,     100,    250,    500,     1000,    2500,    5000,    10000,
    25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000};
const int64_t quality_slippage_bps[QUALITY_BPS] = {-50, -20, -10, -5, -1, 0,  1,
                                                   2,   5,   10,  20, 50, 100};

const char *quality_stage_name(enum quality_stage s)
{
    static const char *const names[QUALITY_STAGE_COUNT_] = {
        [QUALITY_CLOSED_DECIDED] = "closed_decided",
        [QUALITY_DECIDED_SENT] = "decided_sent",
        [QUALITY_SENT_ACKNOWLEDGED] = "sent_acknowledged",
        [QUALITY_SENT_FILLED] = "sent_filled",
    };

    return names[s];
}

void quality_time(struct fill_quality *q, enum quality_stage s, int64_t took_us)
{
    size_t b = 0;

    if (took_us < 0)
        took_us = 0;
    while (b < QUALITY_TIMES && took_us > quality_time_us[b])
        b++;
    q->times[s][b]++;
    q->time_count[s]++;
    q->time_total_us[s] += took_us;
}

void quality_fill(struct fill_quality *q, const struct fill *f)
{
    double bps;
    size_t b = 0;

    if (money_sign(f->notional) <= 0)
        return;
    bps = money_to_double(f->slippage) / money_to_double(f->notional) * 10000;
    while (b < QUALITY_BPS && bps > (double)quality_slippage_bps[b])
        b++;
    q->slippage[b]++;
    q->slippage_count++;
    q->slippage_total_bps += bps;
}

int64_t quality_quantile_us(const struct fill_quality *q, enum quality_stage s, double p)
{
    double wanted = p * (double)q->time_count[s];
    uint64_t sum = 0;

    if (q->time_count[s] == 0)
        return -1;
    for (size_t b = 0; b < QUALITY_TIMES; b++) {
        sum += q->times[s][b];
        if ((double)sum >= wanted)
            return quality_time_us[b];
    }
    return INT64_MAX;
}
