/* SPDX-License-Identifier: Apache-2.0 */
/* How it stands with those who attest the log: witnesses and timestamp authorities.
 *
 * Written by the thread that asks them (server/anchors.h), read by handlers; any thread. */
#ifndef HANDLERS_ANCHOR_BOARD_H
#define HANDLERS_ANCHOR_BOARD_H

#include <pthread.h>

#include "core/limits.h"
#include "engine/witness_policy.h"

enum {
    ANCHOR_AUTHORITIES = 8, /* one token an hour of each: more adds cost, not proof */
    ANCHOR_PARTIES = POLICY_WITNESSES + ANCHOR_AUTHORITIES,
    ANCHOR_SOURCE = NOTE_NAME + 16 /* "name+id", or the address of an authority, with NUL */
};

enum anchor_kind {
    ANCHOR_WITNESS,
    ANCHOR_AUTHORITY
};
const char *anchor_kind_name(enum anchor_kind k); /* "witness", "timestamp_authority" */

enum anchor_state {
    ANCHOR_WAITING, /* not asked yet */
    ANCHOR_GOOD,    /* answered rightly when asked last */
    ANCHOR_LATER,   /* does not answer, or said so: is asked again, with growing pauses */
    ANCHOR_REFUSED, /* something is configured wrongly, here or there; asked again each interval */
    ANCHOR_ALARM,   /* saw another history of this log: not asked any more by this process */
    ANCHOR_STATE_COUNT_
};
const char *anchor_state_name(enum anchor_state s); /* "waiting", "good", ... */

struct anchor_party {
    enum anchor_kind kind;
    enum anchor_state state;
    char source[ANCHOR_SOURCE];
    uint64_t size; /* that it attested last; 0: none */
    int64_t at_us; /* the time it stated; TIME_NONE */
    uint64_t failures;
    char reason[LIMIT_REASON]; /* of the newest failure, while it lasts */
};

struct anchor_mark {
    uint64_t size; /* 0: none yet */
    int64_t at_us; /* TIME_NONE */
};

struct anchor_status {
    struct anchor_party parties[ANCHOR_PARTIES];
    size_t count;
    struct anchor_mark cosigned; /* by the quorum of the policy */
    struct anchor_mark stamped;  /* by an authority */
};

struct anchor_board {
    pthread_mutex_t mutex;
    struct anchor_status status; /* under the mutex */
    const char *policy;          /* the policy's text; "" when none is configured */
};

void anchor_board_init(struct anchor_board *b, const char *policy);
void anchor_board_release(struct anchor_board *b);
void anchor_board_read(struct anchor_board *b, struct anchor_status *out);

#endif
