/* SPDX-License-Identifier: Apache-2.0 */
/* A strategy over candles without trading: its features and rules on every candle, row by row.
 *
 * What the features command prints, what checks compare and what a preview counts.  Events are
 * pushed as a feed's history tells them; candles of other symbols that close at the same instant
 * come before, as in the engine. */
#ifndef ENGINE_STRATEGY_ROWS_H
#define ENGINE_STRATEGY_ROWS_H

#include "engine/feed.h"
#include "engine/strategy.h"

/* A value from outside, from an instant on. */
struct ext_point {
    int64_t at_us;
    double value;
};
struct ext_series {
    const struct ext_point *points; /* by time */
    size_t count;
};

/* Columns behind the features, in this order.  Those of an entry and a position are of one that
 * is made at this candle's close: price = close, no candles held, no profit. */
enum row_rule {
    ROW_ENTRY,
    ROW_EXIT,
    ROW_CONFIDENCE,
    ROW_STOP_LOSS,
    ROW_TAKE_PROFIT,
    ROW_RULE_COUNT_
};
enum {
    ROW_COLUMNS_MAX = LIMIT_FEATURES + ROW_RULE_COUNT_
};
size_t row_columns(const struct strategy *s);
/* A feature's name, or "entry", "exit", "confidence", "stop_loss", "take_profit". */
const char *row_column_name(const struct strategy *s, size_t column);

/* A candle of a symbol that the strategy trades, just pushed into its run. */
struct row {
    size_t instrument;
    int64_t at_us; /* when it closed */
    const struct candle *candle;
    const struct strategy *strategy;
    const struct strategy_run *run;
};
typedef void row_take_fn(void *context, const struct row *row);

/* Every column: unknown is NaN, true is 1. */
void row_values(const struct row *row, double values[ROW_COLUMNS_MAX]);
/* The decision of a row, with a position made at its close. */
void row_decide(const struct row *row, struct decision *out);

struct rows_options {
    const struct strategy *strategy;      /* outlives the rows */
    const struct instrument *instruments; /* likewise; index as in the events */
    size_t instrument_count;
    const char *only_symbol;      /* NULL: every one that the strategy trades */
    size_t most_symbols;          /* rows of no more than so many, the first; 0: all */
    int64_t from_us;              /* candles that open before are not pushed */
    const struct ext_series *ext; /* of strategy_ext_name(i); NULL: all unknown */
    row_take_fn *take;
    void *context;
};
struct rows;

struct rows *rows_new(const struct rows_options *options);
void rows_free(struct rows *r); /* NULL allowed */
/* A feed_take_fn: closes in the order of a feed.  Rows are given when their instant is over. */
void rows_push(void *rows, const struct feed_event *e);
void rows_end(struct rows *r); /* nothing more comes */

#endif
