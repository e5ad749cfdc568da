/* SPDX-License-Identifier: Apache-2.0 */
/* The newest fills that were booked, by what the venue calls them: one told twice is booked once.
 *
 * A bounded set; when it is full the oldest goes.  Keys are the first 16 bytes of a SHA-256 over
 * symbol and id: that two differ and are taken for one is less likely than a broken processor. */
#ifndef ENGINE_FILL_IDS_H
#define ENGINE_FILL_IDS_H

#include "core/base.h"

struct fill_key {
    uint64_t high, low;
};
struct fill_ids {
    struct fill_key *keys; /* a ring in the order of arrival */
    uint32_t *buckets;     /* place in the ring + 1; 0: empty; linear probing */
    size_t capacity, bucket_count, count, next;
};

/* Adds; false when it was there already. */
bool fill_ids_add(struct fill_ids *f, const char *symbol, const char *id);
bool fill_ids_has(const struct fill_ids *f, const char *symbol, const char *id);
void fill_ids_release(struct fill_ids *f);

#endif
