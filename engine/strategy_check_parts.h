/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of engine/strategy_check.h are made of; only engine/strategy_check*.c and their
 * tests include it. */
#ifndef ENGINE_STRATEGY_CHECK_PARTS_H
#define ENGINE_STRATEGY_CHECK_PARTS_H

#include "engine/strategy_check.h"
#include "engine/feed_copy.h"

/* Where the checks get rows from: a strategy, or in tests something that has a planted mistake. */
struct check_source {
    void *self;
    size_t columns; /* at most ROW_COLUMNS_MAX; the rules are the last ROW_RULE_COUNT_ */
    const char *(*name)(void *self, size_t column);
    /* The rows of an instrument's candles that open at these times (ascending), computed from no
     * candle that opens before from_us and none after the last of them: `columns` values each. */
    enum err (*sample)(void *self, size_t instrument, int64_t from_us, const int64_t *open_us,
                       size_t count, double *values);
};

/* Open times of one instrument's candles, ascending, and the moments that were drawn of them. */
struct check_candles {
    size_t instrument;
    const char *symbol;
    int64_t *open_us;
    size_t count, capacity;
    size_t moments[CHECK_SAMPLES_MAX]; /* ascending indexes */
    size_t moment_count;
};

/* Draws `wanted` moments, those of a warm strategy when there are enough. */
void check_draw(struct check_candles *c, size_t wanted, int64_t warmup, uint64_t seed);

/* The rows at the drawn moments, from all candles; the caller frees them. */
MUST_USE enum err check_whole_rows(const struct check_source *source, const struct check_candles *c,
                                   double **out);
/* Counts what differs between two rows of a moment. */
void check_compare_rows(const struct check_source *source, const struct check_candles *c,
                        size_t moment, const double *whole, const double *truncated,
                        struct check_truncation *out);

/* Both add to what other symbols gave. */
MUST_USE enum err check_truncation_add(const struct check_source *source,
                                       const struct check_candles *c, struct check_truncation *out);
MUST_USE enum err check_warmup_add(const struct check_source *source, const struct check_candles *c,
                                   struct check_warmup *out);
/* The table's starts, for a strategy that is warm after so many candles and this many at hand. */
void check_warmup_begin(const struct check_source *source, int64_t warmup, size_t available,
                        struct check_warmup *out);
/* The verdicts, once all symbols are added. */
void check_warmup_end(struct check_warmup *w);

/* What all checks look at: the candles of the symbols that the strategy trades, as many as are
 * checked, and of those that its rules read, on a copy of their own. */
struct check_material {
    struct check_options options; /* the caller's, but of the copy and its instruments */
    struct feed_copy *copy;
    struct feed feed; /* the copy's */
    struct instrument *instruments;
    int64_t timeframe_us;
    int64_t grid_us;               /* the feed's own shift */
    int64_t from_us;               /* no candle that opens before is looked at */
    struct check_candles *candles; /* one an instrument; none of those that are only read */
    int64_t *previous_us;          /* newest open time of each */
    struct check_times *times;
};
/* Fills in what the candles alone tell of times.  ERR_END: there are none. */
MUST_USE enum err check_material_open(const struct check_options *options,
                                      struct check_times *times, struct check_material *out);
void check_material_close(struct check_material *m);

/* The rows of the strategy; the material outlives the source. */
struct check_source check_strategy_source(struct check_material *m);

/* The same rows in blocks; adds to the truncation check. */
MUST_USE enum err check_blocks_add(const struct check_material *m,
                                   const struct check_source *source, const struct check_candles *c,
                                   struct check_truncation *out);

/* Candles of longer timeframes, as the rules see them, beside what the instrument's candles add up
 * to. */
MUST_USE enum err check_times_longer(const struct check_material *m, size_t instrument,
                                     struct check_times *out);

/* Two trials, and the one on time for the report. */
void check_delay_run(const struct check_material *m, struct check_report *out);

#endif
