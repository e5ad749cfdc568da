/* SPDX-License-Identifier: Apache-2.0 */
/* Compares every stored hash tile with the hashes of the entries. */
#include <stdio.h>
#include <string.h>

#include "server/verify_run.h"

/* What a server does not give, now, proves nothing; what is missing is told to be. */
static void tell(struct verify_run *run, const char *name, enum err e)
{
    if (e != ERR_NOT_FOUND && source_is_url(run->source))
        report_note(&run->report, PROPERTY_TILES, VERDICT_NOT_PROVEN, "%s", run->reason);
    else if (run->tiles.has_tiles)
        report_fail(&run->report, PROPERTY_TILES, "%s is missing", name);
}

void tiles_begin(struct verify_run *run)
{
    struct tile_address first = {.width = tile_width(run->newest.size, 0, 0)};
    char path[TILE_PATH_BYTES], name[TILE_PATH_BYTES + 8];
    struct evidence file;
    enum err e;

    if (first.width == 0)
        return;
    tile_path_print(&first, path);
    (void)snprintf(name, sizeof name, "tile/%s", path);
    e = source_get(run->source, name, &file, run->reason);
    if (e) {
        tell(run, name, e);
        return;
    }
    run->tiles.has_tiles = true;
    evidence_release(&file);
}

static void compare(struct verify_run *run, unsigned level, uint64_t n, unsigned width)
{
    const struct tile_address address = {.level = level, .n = n, .width = width};
    const struct digest *ours = run->tiles.hashes[level];
    char path[TILE_PATH_BYTES], name[TILE_PATH_BYTES + 8];
    struct evidence file;
    size_t i = 0;
    enum err e;

    tile_path_print(&address, path);
    (void)snprintf(name, sizeof name, "tile/%s", path);
    e = source_get(run->source, name, &file, run->reason);
    if (e) {
        tell(run, name, e);
        return;
    }
    if (file.length != (size_t)width * DIGEST_BYTES) {
        report_fail(&run->report, PROPERTY_TILES, "%s has %zu bytes instead of %zu", name,
                    file.length, (size_t)width * DIGEST_BYTES);
    } else if (memcmp(file.data, ours, file.length) != 0) {
        while (memcmp(file.data + i * DIGEST_BYTES, &ours[i], DIGEST_BYTES) == 0)
            i++;
        if (level == 0)
            report_fail(&run->report, PROPERTY_TILES, "%s has another hash for entry %llu", name,
                        (unsigned long long)(n * TILE_WIDTH + i));
        else
            report_fail(&run->report, PROPERTY_TILES, "hash %zu of %s is another", i, name);
    }
    evidence_release(&file);
}

void tiles_node(struct verify_run *run, unsigned height, uint64_t n, const struct digest *hash)
{
    unsigned level = height / TILE_HEIGHT;

    if (!run->tiles.has_tiles || height % TILE_HEIGHT != 0 || level >= TILE_LEVELS)
        return;
    run->tiles.hashes[level][n % TILE_WIDTH] = *hash;
    if (n % TILE_WIDTH == TILE_WIDTH - 1)
        compare(run, level, n / TILE_WIDTH, TILE_WIDTH);
}

void tiles_end(struct verify_run *run)
{
    uint64_t size = run->log.tree.size;

    if (!run->tiles.has_tiles)
        return;
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        uint64_t hashes = size >> (TILE_HEIGHT * level);

        if (hashes % TILE_WIDTH > 0)
            compare(run, level, hashes / TILE_WIDTH, (unsigned)(hashes % TILE_WIDTH));
    }
    report_pass(&run->report, PROPERTY_TILES);
}
