/* SPDX-License-Identifier: Apache-2.0 */
/* What entries of a log refer to behind them: leaf hashes, and the tree's roots as they were.
 *
 * Remembers the newest PAST_ENTRIES entries: 32 bytes each, and a frontier for every PAST_STEP of
 * them, from which the root of any size in reach is made with fewer than PAST_STEP more hashes. */
#ifndef ENGINE_VERIFY_PAST_H
#define ENGINE_VERIFY_PAST_H

#include "engine/merkle.h"

enum {
    PAST_ENTRIES = 1 << 20, /* corrections and anchors follow what they name within days */
    PAST_STEP = 256
};

struct verify_past {
    struct digest *leaves;             /* a ring, by index */
    struct merkle_frontier *frontiers; /* a ring, by index / PAST_STEP */
    uint64_t size, capacity;
};

void past_init(struct verify_past *p);
void past_release(struct verify_past *p);
/* The next entry; before: the tree without it. */
void past_push(struct verify_past *p, const struct merkle_frontier *before,
               const struct digest *leaf);
/* False when it is not behind us, or too far. */
bool past_leaf(const struct verify_past *p, uint64_t index, struct digest *out);
/* Of the first `size` entries, size > 0; likewise. */
bool past_root(const struct verify_past *p, uint64_t size, struct digest *out);

#endif
