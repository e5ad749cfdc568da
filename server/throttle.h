/* SPDX-License-Identifier: Apache-2.0 */
/* Token buckets: requests of a bearer token, failed authentications of an address. */
#ifndef SERVER_THROTTLE_H
#define SERVER_THROTTLE_H

#include "core/error.h"

struct throttle;

/* Requests a minute of one key; 0 is no limit.  A key that was idle has a minute's worth at
 * once. */
struct throttle *throttle_new(int64_t per_minute);
void throttle_free(struct throttle *t); /* NULL allowed */

struct throttle_state {
    int64_t left;    /* whole requests left now */
    int64_t reset_s; /* until the bucket is full again, or until one is left when there is none */
};

/* Takes one.  ERR_RATE_LIMITED when there is none; state (may be NULL) is set in both cases. */
MUST_USE enum err throttle_take(struct throttle *t, const char *key, int64_t now_us,
                                struct throttle_state *state);
/* The same without taking. */
MUST_USE enum err throttle_look(struct throttle *t, const char *key, int64_t now_us,
                                struct throttle_state *state);

#endif
