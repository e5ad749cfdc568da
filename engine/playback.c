/* SPDX-License-Identifier: Apache-2.0 */
/* The pace of a feed: the wall clock's, or so many recorded seconds a second. */
#include "engine/playback.h"

void playback_begin(struct playback *p, const struct engine_state *s)
{
    const struct feed *feed = s->options.feed;

    p->feed_us = s->account.cursor_us;
    if (p->feed_us == TIME_NONE && feed)
        p->feed_us = feed->first_us(feed->self);
    p->monotonic_us = state_monotonic_us(s);
}

int64_t playback_until(const struct playback *p, const struct engine_state *s)
{
    const struct engine_options *o = &s->options;

    if (o->pace == PACE_REALTIME)
        return clock_now(&s->clock);
    if (o->replay_speed == 0)
        return INT64_MAX;
    return p->feed_us +
           (int64_t)((i128)(state_monotonic_us(s) - p->monotonic_us) * o->replay_speed);
}

int64_t playback_wait(const struct playback *p, const struct engine_state *s, int64_t due_us)
{
    const struct engine_options *o = &s->options;
    int64_t ahead = due_us - playback_until(p, s);

    if (o->pace == PACE_REPLAY && o->replay_speed > 0)
        ahead /= o->replay_speed;
    return ahead < 0 ? 0 : ahead;
}
