/* SPDX-License-Identifier: Apache-2.0 */
/* tl-metrics-1: the statistics of a track record as a function of the first N entries of its log.
 *
 * docs/tl-metrics-1.md is the definition, formula by formula; this file follows it.  Streaming:
 * track_push takes the entries in order, and track_statement prints the statement of what has been
 * pushed, the same bytes in every implementation.  Integers of 10^-12 and wide accumulators only.
 * Memory: one small record an open position. */
#ifndef ENGINE_TRACK_H
#define ENGINE_TRACK_H

#include "core/text.h"
#include "engine/track_algorithm.h"
#include "engine/track_big.h"
#include "engine/track_book.h"
#include "engine/verify_record.h"

enum {
    TRACK_NAME = 512,             /* of origin, mode and quote as they stand in the log, with NUL */
    TRACK_STATEMENT_BYTES = 8192, /* of a printed statement */
    TRACK_PERIODS_PER_YEAR = 365
};

struct track {
    uint64_t size;
    const char *broken; /* why the algorithm is not defined on this log; NULL while it is */
    char origin[TRACK_NAME], mode[TRACK_NAME], quote[TRACK_NAME];
    int64_t from_us, to_us;
    struct track_book book;
    /* Round trips and fills. */
    int64_t wins, losses, breakeven, loss_run, loss_run_max;
    i128 win_sum, loss_sum, pnl, fees, funding, turnover;
    bool has_other_fees; /* a fee in neither the account's currency nor the base asset */
    /* Marks. */
    i128 start, peak, max_down, max_drawdown;
    /* Daily returns, in 10^-12. */
    bool has_mark; /* the first daily mark is there: where returns begin */
    int64_t days;  /* later marks: a return each */
    i128 day_equity, day_flow, return_sum, index;
    struct big square_sum, down_sum;
    const char *no_returns; /* why there are none; NULL while there are */
};

void track_init(struct track *t);
void track_release(struct track *t);
/* The next entry.  What the book made of a trade is in t->book.last until the next call.  A log the
 * algorithm is not defined on sets t->broken, and stays so. */
void track_push(struct track *t, const struct record *r);
void track_skip(struct track *t); /* an entry that is no record: nothing can be computed any more */

/* The statement, canonical JSON without a newline; ERR_INVALID when t->broken or nothing has been
 * pushed.  root: of the tree of t->size entries. */
MUST_USE enum err track_statement(const struct track *t, const struct digest *root,
                                  struct text *out);
/* One metric's text by its name; NULL when it has none or is not one.  For messages. */
bool track_metric(const struct track *t, const char *name, char text[AMOUNT_TEXT_MAX]);

#endif
