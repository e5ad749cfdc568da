/* SPDX-License-Identifier: Apache-2.0 */
/* The tree cut into tiles, as tlog-tiles (https://c2sp.org/tlog-tiles) serves them: paths, widths,
 * entry bundles, and nodes of any height out of tiles.
 *
 * Tile (level, n) holds the hashes of height 8 * level from n * 256 on, 256 of them when it is
 * complete; the last of a level is partial, and its width comes from a signed size, never from a
 * claim.  Pure; any thread. */
#ifndef ENGINE_TILE_H
#define ENGINE_TILE_H

#include "core/text.h"
#include "engine/merkle.h"

enum {
    TILE_HEIGHT = 8,
    TILE_WIDTH = 256,
    TILE_LEVELS = 8,         /* heights 0, 8, ... 56: all that a tree below 2^63 has */
    TILE_LEVEL_MAX = 63,     /* what a path may say */
    TILE_PATH_BYTES = 64,    /* of a path, with NUL */
    TILE_ENTRY_BYTES = 65535 /* of one entry: its length is a uint16 */
};

/* ---- Paths: "LEVEL/N[.p/WIDTH]", "entries/N[.p/WIDTH]" ---- */

struct tile_address {
    bool is_entries; /* level is 0 then */
    unsigned level;
    uint64_t n;
    unsigned width; /* 1 to 256; 256: no ".p" */
};

/* What stands after "tile/".  N in groups of three digits, all but the last begun by 'x'
 * ("x001/x234/067"), no more groups than it needs; no leading zeros elsewhere.  ERR_NOT_FOUND for
 * anything else. */
MUST_USE enum err tile_path_parse(const char *path, size_t length, struct tile_address *out);
void tile_path_print(const struct tile_address *a, char path[TILE_PATH_BYTES]);
/* Hashes that tile n of a level has in a tree of the size: 0 beyond its end, 256 when complete. */
unsigned tile_width(uint64_t size, unsigned level, uint64_t n);

/* ---- Entry bundles: big-endian uint16 length and bytes, repeated ---- */

/* Asserts length <= TILE_ENTRY_BYTES. */
void bundle_append(const char *entry, size_t length, struct text *out);

struct bundle_reader {
    const char *at, *end;
};
/* The next entry, within the bundle's bytes; ERR_END after the last, ERR_SYNTAX when it is cut. */
MUST_USE enum err bundle_next(struct bundle_reader *r, const char **entry, size_t *length);

/* ---- Nodes out of tiles ---- */

struct tile_reader {
    void *self;
    /* The first `width` hashes of a tile: its width in a tree of the size that is asked of. */
    enum err (*read)(void *self, unsigned level, uint64_t n, unsigned width,
                     struct digest hashes[TILE_WIDTH]);
};

/* A merkle_source over tiles that keeps the newest tile of each level.  About 17 KiB a level. */
struct tile_nodes {
    struct tile_reader reader;
    uint64_t size;
    struct {
        bool is_set;
        uint64_t n;
        unsigned width;
        struct digest hashes[TILE_WIDTH];
    } kept[TILE_LEVELS];
};
/* Of the tree of a size that was signed. */
void tile_nodes_init(struct tile_nodes *t, const struct tile_reader *reader, uint64_t size);
struct merkle_source tile_nodes_source(struct tile_nodes *t);

#endif
