/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes, folds and proves as RFC 6962 section 2.1 says; verification by RFC 9162 2.1.3.2 and
 * 2.1.4.2. */
#include "engine/merkle.h"

#include <string.h>

enum {
    LEAF_PREFIX = 0x00,
    NODE_PREFIX = 0x01
};

void merkle_leaf(const void *entry, size_t length, struct digest *out)
{
    digest_prefixed(LEAF_PREFIX, entry, length, out);
}

void merkle_node(const struct digest *left, const struct digest *right, struct digest *out)
{
    struct digest both[2] = {*left, *right};

    digest_prefixed(NODE_PREFIX, both, sizeof(both), out);
}

static bool bit(uint64_t n, unsigned at)
{
    return (n >> at & 1) != 0;
}

/* Position of the highest bit set; n is not 0. */
static unsigned high_bit(uint64_t n)
{
    return 63U - (unsigned)__builtin_clzll(n);
}

/* ---- Appending ---- */

void merkle_append(struct merkle_frontier *f, const struct digest *leaf,
                   const struct merkle_sink *sink)
{
    struct digest hash = *leaf;
    unsigned height = 0;

    ASSERT(f->size < MERKLE_SIZE_MAX);
    if (sink)
        sink->node(sink->self, 0, f->size, &hash);
    while (bit(f->size, height)) {
        merkle_node(&f->hashes[height], &hash, &hash);
        height++;
        if (sink)
            sink->node(sink->self, height, f->size >> height, &hash);
    }
    f->hashes[height] = hash;
    f->size++;
}

void merkle_root(const struct merkle_frontier *f, struct digest *out)
{
    struct digest root;
    bool begun = false;

    for (unsigned height = 0; height < MERKLE_LEVELS; height++) {
        if (!bit(f->size, height))
            continue;
        if (begun)
            merkle_node(&f->hashes[height], &root, &root);
        else
            root = f->hashes[height];
        begun = true;
    }
    if (begun)
        *out = root;
    else
        digest_of("", 0, out);
}

bool merkle_frontier_equal(const struct merkle_frontier *a, const struct merkle_frontier *b)
{
    if (a->size != b->size)
        return false;
    for (unsigned height = 0; height < MERKLE_LEVELS; height++) {
        if (bit(a->size, height) &&
            memcmp(&a->hashes[height], &b->hashes[height], sizeof(a->hashes[height])) != 0)
            return false;
    }
    return true;
}

size_t merkle_frontier_print(const struct merkle_frontier *f, uint8_t bytes[MERKLE_FRONTIER_BYTES])
{
    size_t length = 0;

    for (unsigned height = MERKLE_LEVELS; height-- > 0;) {
        if (!bit(f->size, height))
            continue;
        memcpy(bytes + length, f->hashes[height].bytes, DIGEST_BYTES);
        length += DIGEST_BYTES;
    }
    return length;
}

enum err merkle_frontier_parse(uint64_t size, const uint8_t *bytes, size_t length,
                               struct merkle_frontier *out)
{
    if (size > MERKLE_SIZE_MAX)
        return ERR_LIMIT;
    if (length != (size_t)__builtin_popcountll(size) * DIGEST_BYTES)
        return ERR_SYNTAX;
    *out = (struct merkle_frontier){.size = size};
    for (unsigned height = MERKLE_LEVELS; height-- > 0;) {
        if (!bit(size, height))
            continue;
        memcpy(out->hashes[height].bytes, bytes, DIGEST_BYTES);
        bytes += DIGEST_BYTES;
    }
    return ERR_OK;
}

/* ---- Proofs from stored nodes ---- */

/* MTH of the leaves [begin, end): complete subtrees from the right, folded to the left.  Begin is a
 * multiple of a power of two that is not below end - begin, as every range of a proof is. */
static enum err range_root(const struct merkle_source *s, uint64_t begin, uint64_t end,
                           struct digest *out)
{
    struct digest root, left;
    bool begun = false;

    while (end > begin) {
        unsigned height = (unsigned)__builtin_ctzll(end - begin);
        enum err e = s->node(s->self, height, (end >> height) - 1, &left);

        if (e)
            return e;
        if (begun)
            merkle_node(&left, &root, &root);
        else
            root = left;
        begun = true;
        end -= (uint64_t)1 << height;
    }
    ASSERT(begun);
    *out = root;
    return ERR_OK;
}

enum err merkle_source_root(const struct merkle_source *s, uint64_t size, struct digest *out)
{
    if (size > MERKLE_SIZE_MAX)
        return ERR_LIMIT;
    if (size == 0) {
        digest_of("", 0, out);
        return ERR_OK;
    }
    return range_root(s, 0, size, out);
}

enum err merkle_source_frontier(const struct merkle_source *s, uint64_t size,
                                struct merkle_frontier *out)
{
    enum err e = size > MERKLE_SIZE_MAX ? ERR_LIMIT : ERR_OK;

    *out = (struct merkle_frontier){.size = size};
    for (unsigned height = 0; height < MERKLE_LEVELS && !e; height++) {
        if (bit(size, height))
            e = s->node(s->self, height, (size >> height) - 1, &out->hashes[height]);
    }
    return e;
}

/* The largest power of two below n; n is at least 2. */
static uint64_t split(uint64_t n)
{
    return (uint64_t)1 << high_bit(n - 1);
}

static enum err prove_range(const struct merkle_source *s, uint64_t begin, uint64_t end,
                            struct merkle_proof *p)
{
    ASSERT(p->count < MERKLE_PROOF_MAX);
    return range_root(s, begin, end, &p->hashes[p->count++]);
}

/* The proofs are made from the root down and want the reverse. */
static void turn_round(struct merkle_proof *p)
{
    for (size_t i = 0; i < p->count / 2; i++) {
        struct digest other = p->hashes[i];

        p->hashes[i] = p->hashes[p->count - 1 - i];
        p->hashes[p->count - 1 - i] = other;
    }
}

enum err merkle_inclusion(const struct merkle_source *s, uint64_t index, uint64_t size,
                          struct merkle_proof *out)
{
    uint64_t begin = 0, end = size;
    enum err e = ERR_OK;

    out->count = 0;
    if (index >= size || size > MERKLE_SIZE_MAX)
        return ERR_INVALID;
    while (end - begin > 1 && !e) {
        uint64_t middle = begin + split(end - begin);

        if (index < middle) {
            e = prove_range(s, middle, end, out);
            end = middle;
        } else {
            e = prove_range(s, begin, middle, out);
            begin = middle;
        }
    }
    turn_round(out);
    return e;
}

enum err merkle_consistency(const struct merkle_source *s, uint64_t old, uint64_t size,
                            struct merkle_proof *out)
{
    uint64_t begin = 0, end = size;
    enum err e = ERR_OK;

    out->count = 0;
    if (old == 0 || old > size || size > MERKLE_SIZE_MAX)
        return ERR_INVALID;
    /* SUBPROOF(old, [begin, end)), until old ends where the range does. */
    while (old != end && !e) {
        uint64_t middle = begin + split(end - begin);

        if (old <= middle) {
            e = prove_range(s, middle, end, out);
            end = middle;
        } else {
            e = prove_range(s, begin, middle, out);
            begin = middle;
        }
    }
    /* The old root itself is known when the old tree is the left edge of the new one. */
    if (!e && begin > 0)
        e = prove_range(s, begin, end, out);
    turn_round(out);
    return e;
}

/* ---- Verification ---- */

/* Of an inclusion proof: hashes up to where the leaf's path and the last leaf's join, and above. */
static void inclusion_parts(uint64_t index, uint64_t size, unsigned *inner, unsigned *border)
{
    uint64_t differs = index ^ (size - 1);

    *inner = differs ? high_bit(differs) + 1 : 0;
    *border = (unsigned)__builtin_popcountll(index >> *inner);
}

size_t merkle_inclusion_length(uint64_t index, uint64_t size)
{
    unsigned inner, border;

    if (index >= size)
        return 0;
    inclusion_parts(index, size, &inner, &border);
    return inner + border;
}

size_t merkle_consistency_length(uint64_t old, uint64_t size)
{
    unsigned shift, inner, border;

    if (old == 0 || old >= size)
        return 0;
    shift = (unsigned)__builtin_ctzll(old);
    inclusion_parts(old - 1, size, &inner, &border);
    /* Of the old tree's last complete subtree, and that one itself unless it is the old tree. */
    return inner - shift + border + (old != (uint64_t)1 << shift);
}

enum err merkle_verify_inclusion(const struct digest *leaf, uint64_t index, uint64_t size,
                                 const struct merkle_proof *p, const struct digest *root)
{
    struct digest hash = *leaf;
    uint64_t at = index, last = size - 1;

    if (index >= size || size > MERKLE_SIZE_MAX || p->count != merkle_inclusion_length(index, size))
        return ERR_INVALID;
    for (size_t i = 0; i < p->count; i++) {
        if (bit(at, 0) || at == last) {
            merkle_node(&p->hashes[i], &hash, &hash);
            while (!bit(at, 0) && at != 0) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            merkle_node(&hash, &p->hashes[i], &hash);
        }
        at >>= 1;
        last >>= 1;
    }
    return memcmp(&hash, root, sizeof(hash)) == 0 ? ERR_OK : ERR_CONFLICT;
}

enum err merkle_verify_consistency(uint64_t old, const struct digest *old_root, uint64_t size,
                                   const struct digest *root, const struct merkle_proof *p)
{
    struct digest first, second;
    uint64_t at = old - 1, last = size - 1;
    size_t i = 0;

    if (old == 0 || old > size || size > MERKLE_SIZE_MAX ||
        p->count != merkle_consistency_length(old, size))
        return ERR_INVALID;
    if (old == size)
        return memcmp(old_root, root, sizeof(*root)) == 0 ? ERR_OK : ERR_CONFLICT;
    while (bit(at, 0)) {
        at >>= 1;
        last >>= 1;
    }
    first = at == 0 ? *old_root : p->hashes[i++];
    second = first;
    for (; i < p->count; i++) {
        if (bit(at, 0) || at == last) {
            merkle_node(&p->hashes[i], &first, &first);
            merkle_node(&p->hashes[i], &second, &second);
            while (!bit(at, 0) && at != 0) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            merkle_node(&second, &p->hashes[i], &second);
        }
        at >>= 1;
        last >>= 1;
    }
    return memcmp(&first, old_root, sizeof(first)) == 0 && memcmp(&second, root, sizeof(*root)) == 0
               ? ERR_OK
               : ERR_CONFLICT;
}
