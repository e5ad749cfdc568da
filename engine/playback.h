/* SPDX-License-Identifier: Apache-2.0 */
/* How fast a feed is played: which feed time may be played now, and how long until another may.
 * Engine thread. */
#ifndef ENGINE_PLAYBACK_H
#define ENGINE_PLAYBACK_H

#include "engine/state.h"

struct playback {
    int64_t feed_us, monotonic_us; /* this feed time was played at this moment */
};

/* From where the account stands, now. */
void playback_begin(struct playback *p, const struct engine_state *s);
/* Feed time that may be played now. */
int64_t playback_until(const struct playback *p, const struct engine_state *s);
/* How long until feed time due_us may be played. */
int64_t playback_wait(const struct playback *p, const struct engine_state *s, int64_t due_us);

#endif
