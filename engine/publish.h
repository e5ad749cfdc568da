/* SPDX-License-Identifier: Apache-2.0 */
/* Builds an immutable snapshot from the engine's state. */
#ifndef ENGINE_PUBLISH_H
#define ENGINE_PUBLISH_H

#include "engine/state.h"

/* Wall time of cycles, kept by the engine thread. */
struct cycle_times {
    uint64_t buckets[16];
    uint64_t count;
    uint64_t total_us;
    int64_t recent[256]; /* ring of the newest, for the percentiles */
};
void cycle_times_add(struct cycle_times *t, int64_t took_us);

/* The state as it is now; the caller owns the reference and sets seq. */
struct snapshot *publish_build(const struct engine_state *s, const struct cycle_times *times);

#endif
