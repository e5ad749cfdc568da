/* SPDX-License-Identifier: Apache-2.0 */
/* Hands questions on to the feed, and plays a copy of it. */
#include "handlers/job_feed.h"

void job_feed_init(struct job_feed *f, const struct feed *source)
{
    *f = (struct job_feed){.source = source};
}

void job_feed_release(struct job_feed *f)
{
    feed_copy_free(f->copy);
    f->copy = NULL;
}

/* The copy, at the event it has come to. */
static enum err open_copy(struct job_feed *f, struct feed *out)
{
    const struct feed_past past = {.feed = f->source, .until_us = INT64_MAX};
    enum err e;

    if (f->copy) {
        *out = feed_copy_port(f->copy);
        return ERR_OK;
    }
    e = feed_copy_new(&past, &f->copy);
    if (e)
        return e;
    *out = feed_copy_port(f->copy);
    out->rewind(out->self, f->shift_us);
    return ERR_OK;
}

static enum err job_peek(void *self, int64_t *at_us, enum feed_kind *kind)
{
    struct feed copy;
    enum err e = open_copy(self, &copy);

    return e ? e : copy.peek(copy.self, at_us, kind);
}

static enum err job_next(void *self, struct feed_event *out)
{
    struct feed copy;
    enum err e = open_copy(self, &copy);

    return e ? e : copy.next(copy.self, out);
}

static void job_rewind(void *self, int64_t shift_us)
{
    struct job_feed *f = self;
    struct feed copy;

    f->shift_us = shift_us;
    if (!f->copy)
        return;
    copy = feed_copy_port(f->copy);
    copy.rewind(copy.self, shift_us);
}

static int64_t job_timeframe_us(void *self)
{
    const struct feed *source = ((struct job_feed *)self)->source;

    return source->timeframe_us(source->self);
}

static int64_t job_first_us(void *self)
{
    const struct feed *source = ((struct job_feed *)self)->source;

    return source->first_us(source->self);
}

static enum err job_history(void *self, int64_t until_us, int64_t shift_us, int64_t most,
                            feed_take_fn *take, void *context)
{
    const struct feed *source = ((struct job_feed *)self)->source;

    return source->history(source->self, until_us, shift_us, most, take, context);
}

struct feed job_feed_port(struct job_feed *f)
{
    return (struct feed){
        .self = f,
        .peek = job_peek,
        .next = job_next,
        .rewind = job_rewind,
        .timeframe_us = job_timeframe_us,
        .first_us = job_first_us,
        .history = job_history,
    };
}
