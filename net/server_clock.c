/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the newest samples of a server's clock and gives their median. */
#include "net/server_clock.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

enum {
    ENOUGH_SAMPLES = 3,
    RESOLUTION_US = 1000,   /* servers tell whole milliseconds */
    DRIFT_PER_MILLION = 100 /* a quartz clock that nobody disciplines, with room */
};

void server_clock_reset(struct server_clock *c)
{
    *c = (struct server_clock){0};
}

enum err server_clock_add(struct server_clock *c, int64_t sent_us, int64_t heard_us,
                          int64_t server_us, int64_t max_round_trip_us)
{
    const int64_t round_trip_us = heard_us - sent_us;

    if (round_trip_us < 0 || round_trip_us > max_round_trip_us)
        return ERR_INVALID;
    if (c->count == SERVER_CLOCK_SAMPLES) {
        memmove(c->samples, c->samples + 1, sizeof *c->samples * (SERVER_CLOCK_SAMPLES - 1));
        c->count--;
    }
    c->samples[c->count++] = (struct server_clock_sample){
        /* The server's clock stood between what it told and a millisecond later. */
        .offset_us = server_us + RESOLUTION_US / 2 - (sent_us + round_trip_us / 2),
        .error_us = round_trip_us / 2 + RESOLUTION_US,
        .heard_us = heard_us,
    };
    return ERR_OK;
}

bool server_clock_is_ready(const struct server_clock *c)
{
    return c->count >= ENOUGH_SAMPLES;
}

static int by_offset(const void *a, const void *b)
{
    const struct server_clock_sample *left = a, *right = b;

    return (left->offset_us > right->offset_us) - (left->offset_us < right->offset_us);
}

enum err server_clock_now(const struct server_clock *c, int64_t now_us, int64_t *server_us,
                          int64_t *error_us)
{
    struct server_clock_sample sorted[SERVER_CLOCK_SAMPLES];
    const struct server_clock_sample *middle;
    int64_t age_us;

    if (c->count == 0)
        return ERR_AGAIN;
    memcpy(sorted, c->samples, sizeof *sorted * (size_t)c->count);
    qsort(sorted, (size_t)c->count, sizeof *sorted, by_offset);
    middle = &sorted[c->count / 2];
    age_us = now_us > middle->heard_us ? now_us - middle->heard_us : 0;
    *server_us = now_us + middle->offset_us;
    *error_us = middle->error_us + age_us / 1000000 * DRIFT_PER_MILLION;
    return ERR_OK;
}
