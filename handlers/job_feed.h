/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's feed for one job, which the trading loop may be playing at the same time.
 *
 * Its past is asked of the feed itself, from any thread; only who plays it gets a copy, made at the
 * first event.  Most backtests need none. */
#ifndef HANDLERS_JOB_FEED_H
#define HANDLERS_JOB_FEED_H

#include "engine/feed_copy.h"

struct job_feed {
    const struct feed *source;
    struct feed_copy *copy; /* NULL: nobody has played it */
    int64_t shift_us;
};

/* source is a recording, which does not grow meanwhile; it outlives the job. */
void job_feed_init(struct job_feed *f, const struct feed *source);
void job_feed_release(struct job_feed *f);
struct feed job_feed_port(struct job_feed *f);

#endif
