/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the newest word on each witness and timestamp authority. */
#include "handlers/anchor_board.h"

#include "core/clock.h"

const char *anchor_kind_name(enum anchor_kind k)
{
    return k == ANCHOR_WITNESS ? "witness" : "timestamp_authority";
}

const char *anchor_state_name(enum anchor_state s)
{
    static const char *const names[] = {
        [ANCHOR_WAITING] = "waiting", [ANCHOR_GOOD] = "good",   [ANCHOR_LATER] = "later",
        [ANCHOR_REFUSED] = "refused", [ANCHOR_ALARM] = "alarm",
    };

    return names[s];
}

void anchor_board_init(struct anchor_board *b, const char *policy)
{
    *b = (struct anchor_board){.policy = policy};
    b->status.cosigned.at_us = b->status.stamped.at_us = TIME_NONE;
    pthread_mutex_init(&b->mutex, NULL);
}

void anchor_board_release(struct anchor_board *b)
{
    pthread_mutex_destroy(&b->mutex);
}

void anchor_board_read(struct anchor_board *b, struct anchor_status *out)
{
    pthread_mutex_lock(&b->mutex);
    *out = b->status;
    pthread_mutex_unlock(&b->mutex);
}
