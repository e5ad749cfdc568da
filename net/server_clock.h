/* SPDX-License-Identifier: Apache-2.0 */
/* What time it is at a server: its clock against our monotonic one, with an error bound.
 *
 * Each sample is one question for the time: it left at sent_us and the answer came at heard_us
 * (monotonic), in between the server's clock showed server_us (Unix, microseconds).  The offset of
 * a sample is server - middle; it is wrong by half the round trip at most, and by the resolution
 * the server tells (a millisecond).  The estimate is the median of the newest samples, so that one
 * answer that was held up does not move it.  A step of our wall clock has no influence.
 *
 * Pure: the caller brings the times.  Not thread-safe. */
#ifndef NET_SERVER_CLOCK_H
#define NET_SERVER_CLOCK_H

#include "core/error.h"

enum {
    SERVER_CLOCK_SAMPLES = 5
};

struct server_clock_sample {
    int64_t offset_us, error_us, heard_us;
};

struct server_clock {
    struct server_clock_sample samples[SERVER_CLOCK_SAMPLES]; /* newest last */
    int count;
};

/* Forgets all samples: the server said that our time is wrong. */
void server_clock_reset(struct server_clock *c);
/* ERR_INVALID, and nothing kept, when the round trip is negative or above max_round_trip_us. */
MUST_USE enum err server_clock_add(struct server_clock *c, int64_t sent_us, int64_t heard_us,
                                   int64_t server_us, int64_t max_round_trip_us);
/* True when there are enough samples for a median (three). */
bool server_clock_is_ready(const struct server_clock *c);
/* The server's time at our instant now_us, and how far wrong it may be: half the round trip, the
 * resolution, and 100 parts in a million of drift since the sample.  ERR_AGAIN without samples. */
MUST_USE enum err server_clock_now(const struct server_clock *c, int64_t now_us, int64_t *server_us,
                                   int64_t *error_us);

#endif
