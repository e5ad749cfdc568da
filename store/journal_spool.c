/* SPDX-License-Identifier: Apache-2.0 */
/* Commits that PostgreSQL cannot take now: written to the spool as the very statements they would
 * have been, and sent from there as soon as it is back.
 *
 * A record: digest of all statements' texts, epoch, log sizes before and after, hash of the last
 * leaf, account; then each statement's number and parameters as libpq gets them.  Statements keep
 * the epoch they were written at: when another daemon has taken the account over meanwhile, the
 * database refuses them. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "store/journal_parts.h"

enum {
    NULL_LENGTH = 0x7fffffff
};

struct reader {
    const char *at, *end;
    bool good;
};

struct spool_head {
    struct digest statements, last_leaf;
    int64_t epoch, from, to;
    char account[LIMIT_NAME];
};

/* ---- Writing ---- */

static void put_number(struct text *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        text_char(out, (char)(unsigned char)(value >> (8 * i)));
}

static void statements_digest(const struct journal_pg *j, struct digest *out)
{
    struct text all;

    text_init(&all, LIMIT_JSON_BYTES);
    for (int i = 0; i < JOURNAL_STATEMENT_COUNT_; i++) {
        text_string(&all, j->statements[i].sql);
        text_char(&all, '\n');
    }
    ASSERT(!all.full);
    digest_of(all.data, all.length, out);
    text_release(&all);
}

void journal_record(struct text *out, enum journal_statement s, const struct pg_params *p)
{
    int count = p ? p->count : 0;

    put_number(out, (uint64_t)s, 1);
    put_number(out, (uint64_t)count, 1);
    for (int i = 0; i < count; i++) {
        size_t length = (size_t)p->lengths[i];

        if (!p->values[i]) {
            put_number(out, NULL_LENGTH, 4);
            continue;
        }
        put_number(out, (uint64_t)length, 4);
        put_number(out, (uint64_t)p->formats[i], 1);
        text_append(out, p->values[i], length);
        text_char(out, '\0'); /* texts are read up to their NUL */
    }
}

static void put_head(const struct journal_pg *j, const struct journal_batch *b, struct text *out)
{
    static const struct digest none;
    struct digest statements;
    size_t n = b->leaf_count;

    statements_digest(j, &statements);
    text_append(out, (const char *)statements.bytes, DIGEST_BYTES);
    put_number(out, (uint64_t)j->epoch, 8);
    put_number(out, (uint64_t)(b->account.log_size - (int64_t)n), 8);
    put_number(out, (uint64_t)b->account.log_size, 8);
    text_append(out, (const char *)(n ? b->leaves[n - 1].leaf_hash.bytes : none.bytes),
                DIGEST_BYTES);
    put_number(out, strlen(b->account.id), 1);
    text_append(out, b->account.id, strlen(b->account.id));
}

enum err journal_spool(void *self, const struct journal_batch *b)
{
    struct journal_pg *j = self;
    struct text record;
    enum err e;

    /* Whose log it is must have been read once; a daemon that starts has the database. */
    if (!j->spool || !j->epoch || strcmp(j->account, b->account.id) != 0 || j->refusal[0] ||
        journal_step(j, b))
        return ERR_IO;
    text_init(&record, LIMIT_SPOOL_BYTES);
    put_head(j, b, &record);
    j->record = &record;
    e = journal_push(j, b);
    j->record = NULL;
    if (!e)
        e = record.full ? ERR_LIMIT : spool_append(j->spool, record.data, record.length);
    if (!e)
        journal_stepped(j, b); /* what follows builds on it, though none of it is published */
    if (e)
        LOG_ERROR("spool_failed", "error", err_code(e), NULL);
    text_release(&record);
    return e;
}

/* ---- Reading ---- */

static uint64_t get_number(struct reader *r, int bytes)
{
    uint64_t value = 0;

    if (r->end - r->at < bytes) {
        r->good = false;
        return 0;
    }
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | (unsigned char)r->at[i];
    r->at += bytes;
    return value;
}

static const char *get_bytes(struct reader *r, size_t length)
{
    const char *at = r->at;

    if ((size_t)(r->end - r->at) < length) {
        r->good = false;
        return NULL;
    }
    r->at += length;
    return at;
}

static void get_digest(struct reader *r, struct digest *out)
{
    const char *bytes = get_bytes(r, DIGEST_BYTES);

    if (bytes)
        memcpy(out->bytes, bytes, DIGEST_BYTES);
}

static void get_head(struct reader *r, struct spool_head *h)
{
    const char *account;
    size_t length;

    *h = (struct spool_head){.epoch = 0};
    get_digest(r, &h->statements);
    h->epoch = (int64_t)get_number(r, 8);
    h->from = (int64_t)get_number(r, 8);
    h->to = (int64_t)get_number(r, 8);
    get_digest(r, &h->last_leaf);
    length = (size_t)get_number(r, 1);
    account = get_bytes(r, length);
    if (account && length < sizeof h->account)
        memcpy(h->account, account, length);
    else
        r->good = false;
}

static void get_params(struct reader *r, struct pg_params *p)
{
    int count = (int)get_number(r, 1);

    params_init(p);
    if (count > PG_PARAMS_MAX)
        r->good = false;
    for (int i = 0; i < count && r->good; i++) {
        size_t length = (size_t)get_number(r, 4);

        p->values[i] = NULL;
        p->lengths[i] = 0;
        p->formats[i] = 0;
        if (length != NULL_LENGTH) {
            p->formats[i] = (int)get_number(r, 1);
            p->lengths[i] = (int)length;
            p->values[i] = get_bytes(r, length + 1);
        }
        p->count = i + 1;
    }
}

static enum err push_record(struct journal_pg *j, struct reader *r)
{
    enum err e = pg_pipeline_push(&j->pg, &j->statements[STATEMENT_BEGIN], NULL);

    while (!e && r->good && r->at < r->end) {
        int s = (int)get_number(r, 1);
        struct pg_params p;

        get_params(r, &p);
        if (s <= STATEMENT_BEGIN || s >= STATEMENT_COMMIT)
            r->good = false;
        if (r->good)
            e = pg_pipeline_push(&j->pg, &j->statements[s], &p);
    }
    if (!e && !r->good)
        e = ERR_SYNTAX;
    return e ? e : pg_pipeline_push(&j->pg, &j->statements[STATEMENT_COMMIT], NULL);
}

/* A crash between the commit and the clearing of the spool: it is there already. */
static enum err is_there(struct journal_pg *j, const struct spool_head *h)
{
    struct pg_params p;
    PGresult *r = NULL;
    struct digest found;
    enum err e;

    params_init(&p);
    params_text(&p, h->account);
    params_integer(&p, h->to - 1);
    e = pg_exec(&j->pg, "SELECT leaf_hash FROM log_entry WHERE account = $1 AND idx = $2", &p,
                journal_deadline(j), &r);
    if (!e && (PQntuples(r) != 1 || result_digest(r, 0, 0, &found) ||
               memcmp(&found, &h->last_leaf, sizeof found) != 0))
        e = ERR_DB_FENCED;
    PQclear(r);
    return e;
}

static enum err drain_one(void *context, const char *bytes, size_t length)
{
    struct journal_pg *j = context;
    struct reader r = {.at = bytes, .end = bytes + length, .good = true};
    struct digest statements;
    struct spool_head h;
    PGresult *committed = NULL;
    enum err e;

    get_head(&r, &h);
    statements_digest(j, &statements);
    if (!r.good || memcmp(&h.statements, &statements, sizeof statements) != 0) {
        LOG_ERROR("spool_of_another_build", "remedy",
                  "start the build that wrote it once, so that it empties its spool", NULL);
        return ERR_MIGRATION;
    }
    e = pg_pipeline_begin(&j->pg);
    if (!e)
        e = push_record(j, &r);
    if (e) {
        j->pg.broken = true; /* half a pipeline cannot be taken back */
        return e;
    }
    e = pg_pipeline_run(&j->pg, journal_deadline(j), &committed);
    if (!e && strcmp(PQcmdStatus(committed), "COMMIT") != 0)
        e = ERR_DB_QUERY;
    PQclear(committed);
    if (!e)
        return j->pg.warned ? journal_confirm(j, h.account, h.epoch) : ERR_OK;
    pg_rollback(&j->pg, journal_deadline(j));
    if (e != ERR_DB_FENCED || strcmp(j->pg.sqlstate, "TD002") != 0)
        return e;
    /* Rows without leaves are overwritten by what followed them. */
    e = h.from == h.to ? ERR_OK : is_there(j, &h);
    return e ? e : journal_confirm(j, h.account, h.epoch);
}

enum err journal_drain(struct journal_pg *j)
{
    char path[LIMIT_PATH];
    size_t count = j->spool ? spool_count(j->spool) : 0;
    enum err e;

    if (count == 0)
        return ERR_OK;
    e = spool_each(j->spool, drain_one, j);
    if (!e)
        e = spool_clear(j->spool);
    if (!e)
        LOG_INFO("spool_drained", "commits", LOG_NUMBER((int64_t)count), NULL);
    if (e == ERR_DB_FENCED) {
        if (spool_set_aside(j->spool, path, sizeof path))
            return ERR_IO;
        LOG_ERROR("spool_refused", "path", path, "reason",
                  "another daemon took the account over while the database was away", "remedy",
                  "compare the venue's orders with the log", NULL);
    }
    return e;
}
