/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes paths of tiles and entry bundles, and folds nodes out of tiles. */
#include "engine/tile.h"

#include <stdio.h>
#include <string.h>

static const char entries_word[] = "entries/";

enum {
    GROUP_DIGITS = 3,
    GROUPS_MAX = 7 /* 10^21 is beyond 2^64 */
};

/* ---- Paths ---- */

/* Decimal without leading zeros, `most` at most; moves *at behind it. */
static bool take_number(const char **at, const char *end, unsigned most, unsigned *out)
{
    const char *from = *at;
    unsigned n = 0;

    while (*at < end && **at >= '0' && **at <= '9' && n <= most)
        n = n * 10 + (unsigned)(*(*at)++ - '0');
    if (*at == from || n > most || (*from == '0' && *at - from > 1))
        return false;
    *out = n;
    return true;
}

/* "x001/x234/067" */
static bool take_groups(const char **at, const char *end, uint64_t *out)
{
    uint64_t n = 0;
    bool more = true;

    for (int group = 0; more; group++) {
        unsigned value = 0;

        more = *at < end && **at == 'x';
        *at += more;
        if (group == GROUPS_MAX || end - *at < GROUP_DIGITS)
            return false;
        for (int i = 0; i < GROUP_DIGITS; i++, (*at)++) {
            if (**at < '0' || **at > '9')
                return false;
            value = value * 10 + (unsigned)(**at - '0');
        }
        if (group == 0 && more && value == 0)
            return false; /* a shorter path says the same */
        if (__builtin_mul_overflow(n, (uint64_t)1000, &n) || __builtin_add_overflow(n, value, &n))
            return false;
        if (more && (*at == end || *(*at)++ != '/'))
            return false;
    }
    *out = n;
    return true;
}

enum err tile_path_parse(const char *path, size_t length, struct tile_address *out)
{
    const char *at = path, *end = path + length;
    size_t word = sizeof(entries_word) - 1;
    struct tile_address made = {.width = TILE_WIDTH};

    if (length > word && memcmp(path, entries_word, word) == 0) {
        made.is_entries = true;
        at += word;
    } else if (!take_number(&at, end, TILE_LEVEL_MAX, &made.level) || at == end || *at++ != '/') {
        return ERR_NOT_FOUND;
    }
    if (!take_groups(&at, end, &made.n))
        return ERR_NOT_FOUND;
    if (at < end) {
        if (end - at < 4 || memcmp(at, ".p/", 3) != 0)
            return ERR_NOT_FOUND;
        at += 3;
        if (!take_number(&at, end, TILE_WIDTH - 1, &made.width) || made.width == 0 || at != end)
            return ERR_NOT_FOUND;
    }
    *out = made;
    return ERR_OK;
}

void tile_path_print(const struct tile_address *a, char path[TILE_PATH_BYTES])
{
    unsigned groups[GROUPS_MAX];
    size_t count = 0, at;
    uint64_t n = a->n;

    do {
        groups[count++] = (unsigned)(n % 1000);
        n /= 1000;
    } while (n > 0);
    at = a->is_entries ? (size_t)snprintf(path, TILE_PATH_BYTES, "%s", entries_word)
                       : (size_t)snprintf(path, TILE_PATH_BYTES, "%u/", a->level);
    while (count-- > 0)
        at += (size_t)snprintf(path + at, TILE_PATH_BYTES - at, count ? "x%03u/" : "%03u",
                               groups[count]);
    if (a->width < TILE_WIDTH)
        at += (size_t)snprintf(path + at, TILE_PATH_BYTES - at, ".p/%u", a->width);
    ASSERT(at < TILE_PATH_BYTES);
}

unsigned tile_width(uint64_t size, unsigned level, uint64_t n)
{
    uint64_t hashes = level < TILE_LEVELS ? size >> (TILE_HEIGHT * level) : 0;

    if (n < hashes / TILE_WIDTH)
        return TILE_WIDTH;
    return n == hashes / TILE_WIDTH ? (unsigned)(hashes % TILE_WIDTH) : 0;
}

/* ---- Entry bundles ---- */

void bundle_append(const char *entry, size_t length, struct text *out)
{
    ASSERT(length <= TILE_ENTRY_BYTES);
    text_char(out, (char)(length >> 8));
    text_char(out, (char)(length & 0xFF));
    text_append(out, entry, length);
}

enum err bundle_next(struct bundle_reader *r, const char **entry, size_t *length)
{
    size_t left = (size_t)(r->end - r->at), n;

    if (left == 0)
        return ERR_END;
    if (left < 2)
        return ERR_SYNTAX;
    n = (size_t)(uint8_t)r->at[0] << 8 | (uint8_t)r->at[1];
    if (n > left - 2)
        return ERR_SYNTAX;
    *entry = r->at + 2;
    *length = n;
    r->at += 2 + n;
    return ERR_OK;
}

/* ---- Nodes out of tiles ---- */

void tile_nodes_init(struct tile_nodes *t, const struct tile_reader *reader, uint64_t size)
{
    t->reader = *reader;
    t->size = size;
    for (size_t i = 0; i < TILE_LEVELS; i++)
        t->kept[i].is_set = false;
}

static enum err tile_nodes_get(void *self, unsigned height, uint64_t n, struct digest *out)
{
    struct tile_nodes *t = self;
    unsigned level = height / TILE_HEIGHT, rest = height % TILE_HEIGHT;
    uint64_t first = n << rest, tile = first / TILE_WIDTH;
    struct merkle_frontier f = {0};
    unsigned at = (unsigned)(first % TILE_WIDTH), count = 1U << rest;

    ASSERT(level < TILE_LEVELS);
    ASSERT(at + count <= tile_width(t->size, level, tile));
    if (!t->kept[level].is_set || t->kept[level].n != tile) {
        enum err e;

        t->kept[level].n = tile;
        t->kept[level].width = tile_width(t->size, level, tile);
        e = t->reader.read(t->reader.self, level, tile, t->kept[level].width,
                           t->kept[level].hashes);
        t->kept[level].is_set = e == ERR_OK;
        if (e)
            return e;
    }
    for (unsigned i = 0; i < count; i++)
        merkle_append(&f, &t->kept[level].hashes[at + i], NULL);
    *out = f.hashes[rest];
    return ERR_OK;
}

struct merkle_source tile_nodes_source(struct tile_nodes *t)
{
    return (struct merkle_source){.self = t, .node = tile_nodes_get};
}
