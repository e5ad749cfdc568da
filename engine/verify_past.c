/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of leaf hashes that grows up to its limit, and frontiers at regular steps. */
#include "engine/verify_past.h"

#include <stdlib.h>

enum {
    PAST_FIRST = 1 << 12
};

void past_init(struct verify_past *p)
{
    *p = (struct verify_past){0};
}

void past_release(struct verify_past *p)
{
    free(p->leaves);
    free(p->frontiers);
    past_init(p);
}

/* Until it is as large as it gets nothing wraps, so places stay what they are. */
static void grow(struct verify_past *p)
{
    p->capacity = p->capacity ? 2 * p->capacity : PAST_FIRST;
    p->leaves = xrealloc(p->leaves, p->capacity * sizeof *p->leaves);
    p->frontiers = xrealloc(p->frontiers, p->capacity / PAST_STEP * sizeof *p->frontiers);
}

static struct merkle_frontier *frontier_at(const struct verify_past *p, uint64_t index)
{
    return &p->frontiers[index / PAST_STEP % (p->capacity / PAST_STEP)];
}

void past_push(struct verify_past *p, const struct merkle_frontier *before,
               const struct digest *leaf)
{
    if (p->size == p->capacity && p->capacity < PAST_ENTRIES)
        grow(p);
    if (p->size % PAST_STEP == 0)
        *frontier_at(p, p->size) = *before;
    p->leaves[p->size % p->capacity] = *leaf;
    p->size++;
}

static bool is_in_reach(const struct verify_past *p, uint64_t index)
{
    return index < p->size && p->size - index <= p->capacity;
}

bool past_leaf(const struct verify_past *p, uint64_t index, struct digest *out)
{
    if (!is_in_reach(p, index))
        return false;
    *out = p->leaves[index % p->capacity];
    return true;
}

bool past_root(const struct verify_past *p, uint64_t size, struct digest *out)
{
    struct merkle_frontier tree;
    uint64_t from;

    if (size == 0)
        return false;
    from = (size - 1) / PAST_STEP * PAST_STEP;
    if (!is_in_reach(p, size - 1) || !is_in_reach(p, from))
        return false;
    tree = *frontier_at(p, from);
    for (uint64_t i = from; i < size; i++)
        merkle_append(&tree, &p->leaves[i % p->capacity], NULL);
    merkle_root(&tree, out);
    return true;
}
