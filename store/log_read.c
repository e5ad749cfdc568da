/* SPDX-License-Identifier: Apache-2.0 */
/* The statements behind /v1/log. */
#include "store/log_read.h"

#include <stdlib.h>

#include "store/store_parts.h"

static void params_log(struct pg_params *p, const char *account, uint64_t a)
{
    params_init(p);
    params_text(p, account);
    params_integer(p, (int64_t)a);
}

/* ---- Checkpoints ---- */

/* A row of log_checkpoint c with one cosignature of each source: so many go into a note beside the
 * log's own signatures, of which there are two while a key takes over. */
#define NOTE_COLUMNS(first)                                                                   \
    "SELECT c.size, c.note || coalesce((SELECT string_agg(line, '' ORDER BY source) FROM ("   \
    "SELECT DISTINCT ON (e.source) e.source, convert_from(e.blob, 'UTF8') AS line"            \
    " FROM log_evidence e WHERE e.account = c.account AND e.size = c.size"                    \
    " AND e.kind = '" LOG_COSIGNATURE "' ORDER BY e.source, e.id " first " LIMIT 30) l), '')" \
    " FROM log_checkpoint c WHERE c.account = $1"
#define ONE_NOTE NOTE_COLUMNS("DESC")
#define NOTE_LIST NOTE_COLUMNS("ASC")

static void take_note(const PGresult *r, int row, struct log_note *out)
{
    out->size = (uint64_t)result_integer(r, row, 0);
    out->note = result_copy(r, row, 1, &out->length);
}

static enum err one_note(struct store *s, const char *sql, const struct pg_params *p,
                         struct log_note *out)
{
    PGresult *r = NULL;
    enum err e = store_exec(s, sql, p, true, &r);

    if (!e && PQntuples(r) == 0)
        e = ERR_NOT_FOUND;
    if (!e)
        take_note(r, 0, out);
    PQclear(r);
    return e;
}

enum err store_log_newest(struct store *s, const char *account, struct log_note *out)
{
    struct pg_params p;

    params_init(&p);
    params_text(&p, account);
    return one_note(s, ONE_NOTE " ORDER BY c.size DESC LIMIT 1", &p, out);
}

enum err store_log_note(struct store *s, const char *account, uint64_t size, struct log_note *out)
{
    struct pg_params p;

    params_log(&p, account, size);
    return one_note(s, ONE_NOTE " AND c.size = $2", &p, out);
}

static enum err many_notes(struct store *s, const char *sql, const struct pg_params *p,
                           size_t limit, struct log_note **out, size_t *count, bool *more)
{
    PGresult *r = NULL;
    size_t n;
    enum err e = store_exec(s, sql, p, true, &r);

    if (e)
        return e;
    n = (size_t)PQntuples(r);
    *more = n > limit;
    n = *more ? limit : n;
    *out = xcalloc(n + 1, sizeof(**out));
    for (size_t i = 0; i < n; i++)
        take_note(r, (int)i, &(*out)[i]);
    *count = n;
    PQclear(r);
    return ERR_OK;
}

enum err store_log_notes(struct store *s, const char *account, uint64_t from, uint64_t to,
                         size_t limit, struct log_note **out, size_t *count, bool *more)
{
    struct pg_params p;

    params_log(&p, account, from);
    params_integer(&p, (int64_t)to);
    params_integer(&p, (int64_t)limit + 1);
    return many_notes(s, NOTE_LIST " AND c.size >= $2 AND c.size <= $3 ORDER BY c.size LIMIT $4",
                      &p, limit, out, count, more);
}

enum err store_log_attested(struct store *s, const char *account, uint64_t from, size_t limit,
                            struct log_note **out, size_t *count, bool *more)
{
    struct pg_params p;

    params_log(&p, account, from);
    params_integer(&p, (int64_t)limit + 1);
    return many_notes(s,
                      NOTE_LIST " AND c.size >= $2 AND EXISTS (SELECT FROM log_evidence e"
                                " WHERE e.account = c.account AND e.size = c.size)"
                                " ORDER BY c.size LIMIT $3",
                      &p, limit, out, count, more);
}

void log_notes_free(struct log_note *notes, size_t count)
{
    for (size_t i = 0; notes && i < count; i++)
        free(notes[i].note);
    free(notes);
}

/* ---- Tiles and bundles ---- */

static enum err read_tile(void *self, unsigned level, uint64_t n, unsigned width,
                          struct digest hashes[TILE_WIDTH])
{
    const struct log_pool_tiles *t = self;
    struct store *s = t->store;
    struct log_tiles tiles = {.account = t->account, .timeout_us = s->timeout_us};
    const struct tile_reader reader = log_tiles_reader(&tiles);
    enum err e = pool_take(s->pool, clock_monotonic_us() + s->timeout_us, &tiles.pg);

    if (e)
        return e;
    e = reader.read(reader.self, level, n, width, hashes);
    pool_give(s->pool, tiles.pg);
    return e;
}

struct tile_reader store_log_tiles(struct log_pool_tiles *t)
{
    return (struct tile_reader){.self = t, .read = read_tile};
}

enum err store_log_bundle(struct store *s, const char *account, uint64_t n, unsigned width,
                          struct text *out)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_log(&p, account, n * TILE_WIDTH);
    params_integer(&p, (int64_t)(n * TILE_WIDTH + width));
    e = store_exec(s,
                   "SELECT entry FROM log_entry WHERE account = $1 AND idx >= $2 AND idx < $3"
                   " ORDER BY idx",
                   &p, true, &r);
    if (!e && (unsigned)PQntuples(r) != width)
        e = ERR_DB_QUERY;
    for (int i = 0; i < PQntuples(r) && !e; i++)
        bundle_append(PQgetvalue(r, i, 0), (size_t)PQgetlength(r, i, 0), out);
    PQclear(r);
    return e ? e : (out->full ? ERR_LIMIT : ERR_OK);
}

/* ---- Entries ---- */

enum err store_log_entry(struct store *s, const char *account, uint64_t index, struct log_row *out)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_log(&p, account, index);
    e = store_exec(s, "SELECT kind, entry, proof FROM log_entry WHERE account = $1 AND idx = $2",
                   &p, true, &r);
    if (!e && PQntuples(r) == 0)
        e = ERR_NOT_FOUND;
    if (!e)
        e = result_digest(r, 0, 2, &out->proof);
    if (!e) {
        out->index = index;
        result_text(r, 0, 0, out->kind, sizeof(out->kind));
        out->entry = result_copy(r, 0, 1, &out->length);
    }
    PQclear(r);
    return e;
}

enum err store_log_newest_key(struct store *s, const char *account, struct log_row *out)
{
    struct pg_params p;
    PGresult *r = NULL;
    uint64_t index = 0;
    enum err e;

    params_init(&p);
    params_text(&p, account);
    e = store_exec(s,
                   "SELECT coalesce(max(idx), 0) FROM log_entry WHERE account = $1"
                   " AND kind = 'key'",
                   &p, true, &r);
    if (!e)
        index = (uint64_t)result_integer(r, 0, 0);
    PQclear(r);
    return e ? e : store_log_entry(s, account, index, out);
}

enum err store_log_find(struct store *s, const char *account, const struct digest *hash,
                        uint64_t *index)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, account);
    params_digest(&p, hash);
    e = store_exec(s,
                   "SELECT idx FROM log_entry WHERE account = $1"
                   " AND (proof = $2 OR (leaf_hash = $2 AND kind IN ('order', 'signal')))"
                   " ORDER BY idx LIMIT 1",
                   &p, true, &r);
    if (!e && PQntuples(r) == 0)
        e = ERR_NOT_FOUND;
    if (!e)
        *index = (uint64_t)result_integer(r, 0, 0);
    PQclear(r);
    return e;
}

/* ---- Evidence ---- */

enum err store_log_evidence(struct store *s, const char *account, uint64_t size,
                            struct log_evidence **out, size_t *count)
{
    struct pg_params p;
    PGresult *r = NULL;
    size_t n;
    enum err e;

    params_log(&p, account, size);
    e = store_exec(s,
                   "SELECT kind, source, at, blob FROM log_evidence WHERE account = $1"
                   " AND size = $2 ORDER BY id",
                   &p, true, &r);
    if (e)
        return e;
    n = (size_t)PQntuples(r);
    *out = xcalloc(n + 1, sizeof(**out));
    for (size_t i = 0; i < n; i++) {
        struct log_evidence *v = &(*out)[i];

        result_text(r, (int)i, 0, v->kind, sizeof(v->kind));
        result_text(r, (int)i, 1, v->source, sizeof(v->source));
        v->at_us = result_time(r, (int)i, 2);
        v->blob = result_copy(r, (int)i, 3, &v->length);
    }
    *count = n;
    PQclear(r);
    return ERR_OK;
}

void log_evidence_free(struct log_evidence *rows, size_t count)
{
    for (size_t i = 0; rows && i < count; i++)
        free(rows[i].blob);
    free(rows);
}

enum err store_log_attest(struct store *s, const char *account, uint64_t size,
                          const struct log_evidence *row)
{
    struct pg_params p;

    params_log(&p, account, size);
    params_text(&p, row->kind);
    params_text(&p, row->source);
    params_time(&p, row->at_us);
    params_bytes(&p, row->blob, row->length);
    return store_exec(s,
                      "INSERT INTO log_evidence (account, size, kind, source, at, blob)"
                      " VALUES ($1, $2, $3, $4, $5, $6)",
                      &p, false, NULL);
}

enum err store_log_attested_by(struct store *s, const char *account, const char *kind,
                               const char *source, uint64_t *size, int64_t *at_us)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_init(&p);
    params_text(&p, account);
    params_text(&p, kind);
    if (source)
        params_text(&p, source);
    else
        params_null(&p);
    e = store_exec(s,
                   "SELECT size, at FROM log_evidence WHERE account = $1 AND kind = $2"
                   " AND ($3::text IS NULL OR source = $3) ORDER BY size DESC, id DESC LIMIT 1",
                   &p, true, &r);
    if (!e && PQntuples(r) == 0)
        e = ERR_NOT_FOUND;
    if (!e) {
        *size = (uint64_t)result_integer(r, 0, 0);
        *at_us = result_time(r, 0, 1);
    }
    PQclear(r);
    return e;
}

enum err store_log_stamps(struct store *s, const char *account, uint64_t after, uint64_t to,
                          int sizes, struct text *lines, uint64_t *last)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    params_log(&p, account, after);
    params_integer(&p, (int64_t)to);
    params_integer(&p, sizes);
    e = store_exec(s,
                   "SELECT size, size || ' ' || translate(encode(blob, 'base64'), E'\n', '')"
                   " FROM log_evidence WHERE account = $1 AND kind = '" LOG_TIMESTAMP "'"
                   " AND size IN (SELECT DISTINCT size FROM log_evidence WHERE account = $1"
                   " AND kind = '" LOG_TIMESTAMP "' AND size > $2 AND size <= $3"
                   " ORDER BY size LIMIT $4) ORDER BY size, id",
                   &p, true, &r);
    if (e)
        return e;
    *last = after;
    for (int i = 0; i < PQntuples(r); i++) {
        text_append(lines, PQgetvalue(r, i, 1), (size_t)PQgetlength(r, i, 1));
        text_char(lines, '\n');
        *last = (uint64_t)result_integer(r, i, 0);
    }
    PQclear(r);
    return lines->full ? ERR_LIMIT : ERR_OK;
}
