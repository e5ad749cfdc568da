/* SPDX-License-Identifier: Apache-2.0 */
/* What commands without a daemon look at: an artifact, candle files, values from outside. */
#ifndef SERVER_PAST_H
#define SERVER_PAST_H

#include "engine/strategy_rows.h"
#include "exchange/recorded_feed.h"

struct past {
    struct strategy *strategy;
    struct instrument *instruments;
    size_t instrument_count;
    struct recorded_feed *recorded;
    struct feed feed;
    struct ext_series *ext; /* of strategy_ext_name(i) */
    struct ext_point **ext_points;
};

struct past_files {
    const char *strategy;
    bool stop_loss_required;
    const char *const *candles; /* [SYMBOL=]FILE */
    size_t candle_count;
    const char *const *ext; /* NAME=FILE: CSV with the columns timestamp and value */
    size_t ext_count;
};

/* Diags name the file, the line and what would be right; also when the candles have another
 * timeframe than the artifact's.  On error nothing is open. */
MUST_USE enum err past_open(const struct past_files *files, struct diag_list *diags,
                            struct past *out);
void past_close(struct past *p);
/* The instrument with this symbol; false when there are no candles of it. */
bool past_find(const struct past *p, const char *symbol, size_t *index);

#endif
