/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of engine/strategy_check.h are made of; only engine/strategy_check*.c and their
 * tests include it. */
#ifndef ENGINE_STRATEGY_CHECK_PARTS_H
#define ENGINE_STRATEGY_CHECK_PARTS_H

#include "engine/strategy_check.h"
#include "engine/tape.h"

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

/* The rows of a strategy, from candles of a window; the window outlives the source. */
struct check_window {
    const struct check_options *options;
    int64_t from_us; /* no candle that opens before is looked at */
};
struct check_source check_strategy_source(struct check_window *window);

/* Candles of longer timeframes, as the rules see them, beside what the instrument's candles add up
 * to. */
MUST_USE enum err check_times_longer(const struct check_window *window, size_t instrument,
                                     struct check_times *out);

/* Two trials, and the one on time for the report. */
void check_delay_run(const struct check_options *options, struct check_report *out);

#endif
