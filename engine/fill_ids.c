/* SPDX-License-Identifier: Apache-2.0 */
/* The newest fills that were booked, in a ring and a hash table over it. */
#include "engine/fill_ids.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/limits.h"

enum {
    FIRST_CAPACITY = 256
};

static struct fill_key key_of(const char *symbol, const char *id)
{
    char text[LIMIT_SYMBOL + LIMIT_NAME + 1];
    struct digest d;
    struct fill_key k;
    int length = snprintf(text, sizeof text, "%s\n%s", symbol, id);

    ASSERT(length > 0 && (size_t)length < sizeof text);
    digest_of(text, (size_t)length, &d);
    memcpy(&k, d.bytes, sizeof k);
    return k;
}

/* The bucket that holds the key, or the empty one where it would be put. */
static size_t place_of(const struct fill_ids *f, struct fill_key k)
{
    size_t at = (size_t)k.low % f->bucket_count;

    while (f->buckets[at]) {
        const struct fill_key *other = &f->keys[f->buckets[at] - 1];

        if (other->high == k.high && other->low == k.low)
            break;
        at = (at + 1) % f->bucket_count;
    }
    return at;
}

/* Takes a key out and closes the gap that would end a later search too early. */
static void forget(struct fill_ids *f, struct fill_key k)
{
    size_t gap = place_of(f, k), at = gap;

    if (!f->buckets[gap])
        return;
    for (;;) {
        size_t home;

        at = (at + 1) % f->bucket_count;
        if (!f->buckets[at])
            break;
        home = (size_t)f->keys[f->buckets[at] - 1].low % f->bucket_count;
        /* It may stay when its home lies after the gap, seen around the ring. */
        if ((at + f->bucket_count - home) % f->bucket_count <
            (at + f->bucket_count - gap) % f->bucket_count)
            continue;
        f->buckets[gap] = f->buckets[at];
        gap = at;
    }
    f->buckets[gap] = 0;
}

static void grow(struct fill_ids *f)
{
    size_t capacity = f->capacity ? 2 * f->capacity : FIRST_CAPACITY;

    f->keys = xrealloc(f->keys, capacity * sizeof *f->keys);
    free(f->buckets);
    f->capacity = capacity;
    f->bucket_count = 2 * capacity;
    f->buckets = xcalloc(f->bucket_count, sizeof *f->buckets);
    for (size_t i = 0; i < f->count; i++)
        f->buckets[place_of(f, f->keys[i])] = (uint32_t)i + 1;
    f->next = f->count;
}

bool fill_ids_has(const struct fill_ids *f, const char *symbol, const char *id)
{
    return f->count > 0 && f->buckets[place_of(f, key_of(symbol, id))] != 0;
}

bool fill_ids_add(struct fill_ids *f, const char *symbol, const char *id)
{
    struct fill_key k = key_of(symbol, id);
    size_t at;

    if (f->count == f->capacity && f->capacity < LIMIT_FILL_IDS)
        grow(f);
    at = place_of(f, k);
    if (f->buckets[at])
        return false;
    if (f->count == f->capacity) {
        forget(f, f->keys[f->next]);
        at = place_of(f, k);
    } else {
        f->count++;
    }
    f->keys[f->next] = k;
    f->buckets[at] = (uint32_t)f->next + 1;
    f->next = (f->next + 1) % f->capacity;
    return true;
}

void fill_ids_release(struct fill_ids *f)
{
    free(f->keys);
    free(f->buckets);
    *f = (struct fill_ids){0};
}
