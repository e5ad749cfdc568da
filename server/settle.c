/* SPDX-License-Identifier: Apache-2.0 */
/* Takes entries back and waits until nothing is under way at a real venue. */
#include "server/settle.h"

#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"

static bool is_settled(const struct snapshot *s)
{
    for (size_t i = 0; i < s->order_count; i++) {
        enum order_status status = s->orders[i].status;

        if (status == ORDER_NEW || status == ORDER_SUBMITTED || status == ORDER_UNKNOWN)
            return false;
    }
    return s->venue.unprotected_us == 0;
}

void settle_at_venue(struct engine *engine, int64_t most_us)
{
    struct command_reply *reply = xcalloc(1, sizeof *reply);
    const struct command c = {.kind = COMMAND_CANCEL_ALL};
    int64_t until_us = clock_monotonic_us() + most_us;
    const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    bool settled = false;

    if (engine_call(engine, &c, most_us, reply))
        LOG_WARN("entries_not_canceled", NULL);
    free(reply);
    while (!settled && clock_monotonic_us() < until_us) {
        struct snapshot *s = engine_snapshot(engine);

        settled = is_settled(s);
        snapshot_release(s);
        if (!settled)
            nanosleep(&pause, NULL);
    }
    if (settled)
        LOG_INFO("settled_at_venue", NULL);
    else
        LOG_WARN("not_settled_at_venue", "remedy", "the next start asks the venue", NULL);
}
