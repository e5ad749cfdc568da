/* SPDX-License-Identifier: Apache-2.0 */
/* Reads tiles out of rows, and builds or recomputes the tree from them. */
#include "store/log_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"

enum {
    CHUNK_ENTRIES = 1024 /* read at once while a whole log is walked */
};

static const int64_t statement_us = 30 * US_PER_S;

static int64_t until(void)
{
    return clock_monotonic_us() + statement_us;
}

/* ---- Tiles ---- */

static enum err read_tile(void *self, unsigned level, uint64_t n, unsigned width,
                          struct digest hashes[TILE_WIDTH])
{
    const struct log_tiles *t = self;
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, t->account);
    params_integer(&p, (int64_t)(n * TILE_WIDTH));
    params_integer(&p, (int64_t)(n * TILE_WIDTH + width));
    if (level > 0)
        params_integer(&p, (int64_t)level);
    e = pg_exec(t->pg,
                level > 0 ? "SELECT hash FROM log_node WHERE account = $1 AND n >= $2 AND n < $3"
                            " AND level = $4 ORDER BY n"
                          : "SELECT leaf_hash FROM log_entry WHERE account = $1 AND idx >= $2"
                            " AND idx < $3 ORDER BY idx",
                &p, clock_monotonic_us() + t->timeout_us, &r);
    if (e)
        return e;
    if ((unsigned)PQntuples(r) != width)
        e = ERR_DB_QUERY;
    for (unsigned i = 0; i < width && !e; i++)
        e = result_digest(r, (int)i, 0, &hashes[i]);
    PQclear(r);
    return e;
}

struct tile_reader log_tiles_reader(struct log_tiles *t)
{
    return (struct tile_reader){.self = t, .read = read_tile};
}

/* ---- Loading and extending ---- */

static enum err insert_node(struct pg *pg, const char *account, const struct log_node *n)
{
    struct pg_params p;

    params_init(&p);
    params_text(&p, account);
    params_integer(&p, (int64_t)n->level);
    params_integer(&p, (int64_t)n->n);
    params_digest(&p, &n->hash);
    return pg_exec(pg, "INSERT INTO log_node (account, level, n, hash) VALUES ($1, $2, $3, $4)", &p,
                   until(), NULL);
}

static enum err insert_checkpoint(struct pg *pg, const char *account, const struct log_step *s)
{
    struct pg_params p;

    params_init(&p);
    params_text(&p, account);
    params_integer(&p, (int64_t)s->after.size);
    params_text(&p, s->note.data);
    return pg_exec(pg,
                   "INSERT INTO log_checkpoint (account, size, note) VALUES ($1, $2, $3)"
                   " ON CONFLICT DO NOTHING",
                   &p, until(), NULL);
}

static enum err update_state(struct pg *pg, const char *account, const struct log_step *s)
{
    uint8_t frontier[MERKLE_FRONTIER_BYTES];
    struct pg_params p;

    params_init(&p);
    params_text(&p, account);
    params_integer(&p, (int64_t)s->after.size);
    params_digest(&p, &s->root);
    params_bytes(&p, frontier, merkle_frontier_print(&s->after, frontier));
    return pg_exec(
        pg,
        "UPDATE log_state SET size = $2::bigint, root = $3, frontier = $4,"
        " last_at = (SELECT at FROM log_entry WHERE account = $1 AND idx = $2::bigint - 1)"
        " WHERE account = $1",
        &p, until(), NULL);
}

/* Leaf hashes of [from, from + count) as leaves of a step. */
static enum err read_leaves(struct pg *pg, const char *account, uint64_t from, size_t count,
                            struct leaf leaves[CHUNK_ENTRIES])
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, account);
    params_integer(&p, (int64_t)from);
    params_integer(&p, (int64_t)(from + count));
    e = pg_exec(pg,
                "SELECT leaf_hash FROM log_entry WHERE account = $1 AND idx >= $2 AND idx < $3"
                " ORDER BY idx",
                &p, until(), &r);
    if (!e && (size_t)PQntuples(r) != count)
        e = ERR_DB_QUERY;
    for (size_t i = 0; i < count && !e; i++)
        e = result_digest(r, (int)i, 0, &leaves[i].leaf_hash);
    PQclear(r);
    return e;
}

enum err log_tree_extend(struct pg *pg, const char *account, const struct log_signer *signer,
                         uint64_t size, struct merkle_frontier *f)
{
    struct leaf leaves[CHUNK_ENTRIES] = {{0}};
    struct log_step step;
    enum err e = signer ? ERR_OK : ERR_DB_QUERY;

    log_step_init(&step);
    while (!e && f->size < size) {
        size_t count = size - f->size < CHUNK_ENTRIES ? (size_t)(size - f->size) : CHUNK_ENTRIES;

        e = read_leaves(pg, account, f->size, count, leaves);
        if (e)
            break;
        log_step_make(&step, signer, f, leaves, count);
        for (size_t i = 0; i < step.node_count && !e; i++)
            e = insert_node(pg, account, &step.nodes[i]);
        *f = step.after;
    }
    if (!e && step.note.length > 0)
        e = insert_checkpoint(pg, account, &step);
    if (!e && step.note.length > 0)
        e = update_state(pg, account, &step);
    log_step_release(&step);
    return e;
}

enum err log_tree_load(struct pg *pg, const char *account, const struct log_signer *signer,
                       struct merkle_frontier *out)
{
    struct merkle_frontier f = {0};
    struct digest root, stored;
    struct pg_params p;
    PGresult *r = NULL;
    size_t length = 0;
    char *bytes = NULL;
    int64_t size;
    enum err e;

    params_init(&p);
    params_text(&p, account);
    e = pg_exec(pg, "SELECT size, frontier, root FROM log_state WHERE account = $1", &p, until(),
                &r);
    if (e)
        return e;
    size = PQntuples(r) == 1 ? result_integer(r, 0, 0) : 0;
    if (PQntuples(r) == 0) {
        *out = f;
    } else if (PQgetisnull(r, 0, 1)) {
        LOG_INFO("log_tree_built", "account", account, "entries", LOG_NUMBER(size), NULL);
        e = log_tree_extend(pg, account, signer, (uint64_t)size, &f);
    } else {
        bytes = result_copy(r, 0, 1, &length);
        e = result_digest(r, 0, 2, &stored);
        if (!e && merkle_frontier_parse((uint64_t)size, (uint8_t *)bytes, length, &f))
            e = ERR_DB_QUERY;
        merkle_root(&f, &root);
        if (!e && memcmp(&root, &stored, sizeof(root)) != 0)
            e = ERR_DB_QUERY;
    }
    free(bytes);
    PQclear(r);
    if (!e)
        *out = f;
    else
        LOG_ERROR("log_tree_not_loaded", "account", account, "error", err_code(e), NULL);
    return e;
}

/* ---- Recomputing ---- */

struct walk {
    struct pg *pg;
    const char *account;
    struct merkle_frontier frontier;
    struct log_node nodes[TILE_LEVELS]; /* that the newest entries completed */
    size_t node_count;
    struct log_finding *finding;
};

static void walk_node(void *self, unsigned height, uint64_t n, const struct digest *hash)
{
    struct walk *w = self;

    if (height > 0 && height % TILE_HEIGHT == 0)
        w->nodes[w->node_count++] =
            (struct log_node){.level = height / TILE_HEIGHT, .n = n, .hash = *hash};
}

static enum err walk_check_nodes(struct walk *w)
{
    struct log_tiles tiles = {.pg = w->pg, .account = w->account, .timeout_us = statement_us};
    struct digest stored[TILE_WIDTH];
    enum err e = ERR_OK;

    for (size_t i = 0; i < w->node_count && !e && !w->finding->sentence[0]; i++) {
        const struct log_node *n = &w->nodes[i];
        unsigned width = (unsigned)(n->n % TILE_WIDTH) + 1;

        e = read_tile(&tiles, n->level, n->n / TILE_WIDTH, width, stored);
        if (e == ERR_DB_QUERY || (!e && memcmp(&stored[width - 1], &n->hash, sizeof(n->hash)))) {
            e = ERR_OK;
            (void)snprintf(w->finding->sentence, sizeof(w->finding->sentence),
                           "node %llu of level %u in the database is not the hash of its entries",
                           (unsigned long long)n->n, n->level);
        }
    }
    w->node_count = 0;
    return e;
}

/* Both hashes of an entry from its bytes, then its leaf into the tree. */
static bool walk_entry(struct walk *w, const PGresult *r, int row)
{
    const char *bytes = PQgetvalue(r, row, 0);
    size_t length = (size_t)PQgetlength(r, row, 0);
    struct digest proof, leaf, stored_proof, stored_leaf;
    const struct merkle_sink sink = {.self = w, .node = walk_node};

    digest_of(bytes, length, &proof);
    merkle_leaf(bytes, length, &leaf);
    if (result_digest(r, row, 1, &stored_proof) || result_digest(r, row, 2, &stored_leaf) ||
        memcmp(&proof, &stored_proof, sizeof(proof)) != 0 ||
        memcmp(&leaf, &stored_leaf, sizeof(leaf)) != 0)
        return false;
    merkle_append(&w->frontier, &leaf, &sink);
    return true;
}

static enum err walk_tile(struct walk *w, uint64_t size)
{
    uint64_t from = w->frontier.size;
    unsigned width = tile_width(size, 0, from / TILE_WIDTH);
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, w->account);
    params_integer(&p, (int64_t)from);
    params_integer(&p, (int64_t)(from + width));
    e = pg_exec(w->pg,
                "SELECT entry, proof, leaf_hash FROM log_entry WHERE account = $1 AND idx >= $2"
                " AND idx < $3 ORDER BY idx",
                &p, until(), &r);
    if (e)
        return e;
    for (unsigned i = 0; i < width && !w->finding->sentence[0]; i++) {
        if (i >= (unsigned)PQntuples(r) || !walk_entry(w, r, (int)i))
            (void)snprintf(w->finding->sentence, sizeof(w->finding->sentence),
                           "entry %llu of the log in the database is not what was hashed",
                           (unsigned long long)(from + i));
    }
    PQclear(r);
    return e ? e : walk_check_nodes(w);
}

enum err log_tree_recompute(struct pg *pg, const char *account, uint64_t size,
                            struct log_finding *out)
{
    struct walk w = {.pg = pg, .account = account, .finding = out};
    struct merkle_frontier stored;
    enum err e = ERR_OK;

    out->sentence[0] = '\0';
    while (!e && w.frontier.size < size && !out->sentence[0])
        e = walk_tile(&w, size);
    if (e || out->sentence[0])
        return e;
    e = log_tree_load(pg, account, NULL, &stored);
    if (!e && !merkle_frontier_equal(&stored, &w.frontier))
        (void)copy_text(out->sentence, sizeof(out->sentence),
                        "the log's root in the database is not that of its entries");
    return e;
}
