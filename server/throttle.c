/* SPDX-License-Identifier: Apache-2.0 */
/* A fixed table of buckets; a new key takes the place of the one longest unused in its row, whose
 * bucket has most likely filled up meanwhile. */
#include "server/throttle.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

enum {
    ROWS = 256,
    WAYS = 8
};

struct bucket {
    char key[64];
    int64_t credit_us; /* one request costs cost_us */
    int64_t seen_us;
};

struct throttle {
    pthread_mutex_t mutex;
    int64_t per_minute;
    int64_t cost_us;
    struct bucket buckets[ROWS][WAYS];
};

#define MINUTE_US (60 * US_PER_S)

struct throttle *throttle_new(int64_t per_minute)
{
    struct throttle *t = xcalloc(1, sizeof *t);

    pthread_mutex_init(&t->mutex, NULL);
    t->per_minute = per_minute;
    t->cost_us = per_minute > 0 ? MINUTE_US / per_minute : 0;
    return t;
}

void throttle_free(struct throttle *t)
{
    if (!t)
        return;
    pthread_mutex_destroy(&t->mutex);
    free(t);
}

static size_t row_of(const char *key)
{
    uint32_t h = 2166136261U; /* FNV-1a */

    for (; *key; key++)
        h = (h ^ (unsigned char)*key) * 16777619U;
    return h % ROWS;
}

static struct bucket *find(struct throttle *t, const char *key, int64_t now_us)
{
    struct bucket *row = t->buckets[row_of(key)], *oldest = &row[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (strncmp(row[i].key, key, sizeof row[i].key - 1) == 0)
            return &row[i];
        if (row[i].seen_us < oldest->seen_us)
            oldest = &row[i];
    }
    *oldest = (struct bucket){.credit_us = MINUTE_US, .seen_us = now_us};
    copy_text(oldest->key, sizeof oldest->key, key);
    return oldest;
}

static enum err use(struct throttle *t, const char *key, int64_t now_us, int64_t cost_us,
                    struct throttle_state *state)
{
    struct bucket *b;
    enum err e = ERR_OK;

    if (t->per_minute == 0)
        return ERR_OK;
    pthread_mutex_lock(&t->mutex);
    b = find(t, key, now_us);
    if (now_us > b->seen_us)
        b->credit_us += now_us - b->seen_us;
    if (b->credit_us > MINUTE_US)
        b->credit_us = MINUTE_US;
    b->seen_us = now_us;
    if (b->credit_us < t->cost_us)
        e = ERR_RATE_LIMITED;
    else
        b->credit_us -= cost_us;
    if (state) {
        int64_t missing_us = (e ? t->cost_us : MINUTE_US) - b->credit_us;
        state->left = b->credit_us / t->cost_us;
        state->reset_s = (missing_us + US_PER_S - 1) / US_PER_S;
    }
    pthread_mutex_unlock(&t->mutex);
    return e;
}

enum err throttle_take(struct throttle *t, const char *key, int64_t now_us,
                       struct throttle_state *state)
{
    return use(t, key, now_us, t->cost_us, state);
}

enum err throttle_look(struct throttle *t, const char *key, int64_t now_us,
                       struct throttle_state *state)
{
    return use(t, key, now_us, 0, state);
}
