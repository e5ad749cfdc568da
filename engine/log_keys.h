/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that sign a log, one after the other: the first is in its genesis, each later one in a
 * `key` entry, which the one before it and the new one have both signed.
 *
 * A key signs the trees that hold its entry, and the one before it goes on beside it until the
 * entry's `old_until`: a reader who knows either finds a signature.  The log's name stays.  What
 * both sign is
 *
 *     traderd/key/v1\n  <origin>\n  <old vkey>\n  <new vkey>\n  <old_until>\n
 *
 * which is no checkpoint, for its second line is no size.  Pure; any thread. */
#ifndef ENGINE_LOG_KEYS_H
#define ENGINE_LOG_KEYS_H

#include "engine/checkpoint.h"
#include "engine/verify_record.h"

enum {
    LOG_KEYS_MAX = 64 /* a new one each year, for longer than anybody trades */
};

struct log_keys {
    size_t count;
    struct {
        struct vkey vkey;
        uint64_t from;        /* the smallest tree that it signs */
        int64_t before_until; /* the one before it signs no tree whose newest entry is later */
    } keys[LOG_KEYS_MAX];
};

/* The genesis entry's; count is 0 when it names none. */
void log_keys_begin(struct log_keys *k, const struct record *genesis);
/* A key entry of this index.  NULL, or why it does not hold. */
const char *log_keys_add(struct log_keys *k, const struct record *r, uint64_t index);
bool log_keys_has(const struct log_keys *k, const struct vkey *key);
/* Whether the key of this place signs a tree of `size` entries, the newest of which is of at_us. */
bool log_keys_signs(const struct log_keys *k, size_t at, uint64_t size, int64_t at_us);
/* Opens a note that any key signed which may sign such a tree; at_us INT64_MIN: at any time.
 * ERR_NOT_FOUND: none did; else as checkpoint_open. */
MUST_USE enum err log_keys_open(const struct log_keys *k, const char *note, size_t length,
                                int64_t at_us, struct checkpoint *out);

/* The object of a key entry: `next` takes over from `old`, which signs until old_until_us. */
void log_keys_entry(const char *origin, struct ed25519_key *old, struct ed25519_key *next,
                    int64_t old_until_us, struct text *out);

#endif
