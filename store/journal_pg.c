/* SPDX-License-Identifier: Apache-2.0 */
/* Commits batches of the engine: sends a whole transaction at once and reads the answers. */
#include "store/journal_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "store/tables.h"

static const int64_t row_us = US_PER_MS; /* more time for large batches */

enum {
    LEAVES_FEW = 8,      /* from here on one statement for all is faster */
    LEAVES_AT_ONCE = 256 /* of one statement: 4 MiB at most */
};

/* ---- One commit ---- */

enum err journal_push_one(struct journal_pg *j, enum journal_statement s, const struct pg_params *p)
{
    if (!j->record)
        return pg_pipeline_push(&j->pg, &j->statements[s], p);
    journal_record(j->record, s, p);
    return ERR_OK;
}

/* The tree's new nodes and the checkpoint over all of it. */
static enum err push_tree(struct journal_pg *j, const struct journal_batch *b, struct pg_params *p)
{
    enum err e = ERR_OK;

    if (b->leaf_count == j->in_log)
        return ERR_OK;
    for (size_t i = 0; i < j->step.node_count && !e; i++) {
        const struct log_node *n = &j->step.nodes[i];

        params_init(p);
        params_text(p, b->account.id);
        params_integer(p, (int64_t)n->level);
        params_integer(p, (int64_t)n->n);
        params_digest(p, &n->hash);
        e = journal_push_one(j, STATEMENT_NODE, p);
    }
    if (e)
        return e;
    params_init(p);
    params_text(p, b->account.id);
    params_integer(p, (int64_t)j->step.after.size);
    params_text(p, j->step.note.data);
    return journal_push_one(j, STATEMENT_CHECKPOINT, p);
}

static enum err push_advance(struct journal_pg *j, const struct journal_batch *b,
                             struct pg_params *p)
{
    const struct merkle_frontier *after = b->leaf_count > j->in_log ? &j->step.after : &j->frontier;
    uint8_t frontier[MERKLE_FRONTIER_BYTES];
    struct digest root_from, root;

    merkle_root(&j->frontier, &root_from);
    merkle_root(after, &root);
    params_init(p);
    params_text(p, b->account.id);
    params_integer(p, j->epoch);
    params_integer(p, (int64_t)j->frontier.size);
    params_integer(p, (int64_t)after->size);
    params_time(p, b->account.last_leaf_us);
    params_digest(p, &root_from);
    params_digest(p, &root);
    params_bytes(p, frontier, merkle_frontier_print(after, frontier));
    return journal_push_one(j, STATEMENT_ADVANCE, p);
}

static enum err push_leaf(struct journal_pg *j, const struct journal_batch *b, size_t i,
                          struct pg_params *p)
{
    int64_t first = b->account.log_size - (int64_t)b->leaf_count;
    const struct leaf *l = &b->leaves[i];

    params_init(p);
    params_text(p, b->account.id);
    params_integer(p, first + (int64_t)i);
    params_text(p, leaf_kind_name(l->kind));
    params_time(p, l->at_us);
    params_bytes(p, l->bytes, l->length);
    params_digest(p, &l->proof);
    params_digest(p, &l->leaf_hash);
    return journal_push_one(j, STATEMENT_LEAF, p);
}

static enum err push_log(struct journal_pg *j, const struct journal_batch *b, struct pg_params *p)
{
    enum err e = push_advance(j, b, p);

    /* One by one while they are few: that is what a cycle has. */
    for (size_t i = j->in_log; i < b->leaf_count && !e;) {
        size_t n = b->leaf_count - i < LEAVES_AT_ONCE ? b->leaf_count - i : LEAVES_AT_ONCE;

        if (n < LEAVES_FEW)
            e = push_leaf(j, b, i++, p);
        else
            e = journal_push_leaves(j, b, i, i + n);
        i += n < LEAVES_FEW ? 0 : n;
    }
    return e ? e : push_tree(j, b, p);
}

/* One row of a table of structs; index < 0: the table has no place in the log. */
static enum err push_row(struct journal_pg *j, enum journal_statement s, const struct table *t,
                         const void *row, int64_t index, struct pg_params *p)
{
    params_text(p, j->account);
    table_put(t, row, p);
    if (index >= 0)
        params_integer(p, index);
    return journal_push_one(j, s, p);
}

static enum err push_fill(struct journal_pg *j, const struct fill *f, int64_t index,
                          struct pg_params *p)
{
    enum err e;

    params_init(p);
    e = push_row(j, STATEMENT_FILL, &table_fill, f, -1, p);
    if (e)
        return e;
    params_init(p);
    params_text(p, j->account);
    params_integer(p, f->id);
    params_integer(p, index);
    return journal_push_one(j, STATEMENT_TRADE, p);
}

static enum err push_equity(struct journal_pg *j, const struct equity_point *point,
                            struct pg_params *p)
{
    enum err e;

    params_init(p);
    e = push_row(j, STATEMENT_EQUITY, &table_equity, point, -1, p);
    if (e || !point->is_daily)
        return e;
    params_init(p);
    params_text(p, j->account);
    params_integer(p, point->day);
    params_amount(p, point->equity.e12);
    return journal_push_one(j, STATEMENT_DAILY, p);
}

static enum err push_rows(struct journal_pg *j, const struct journal_batch *b, struct pg_params *p)
{
    int64_t first = b->account.log_size - (int64_t)b->leaf_count;
    enum err e = ERR_OK;
    size_t i;

    for (i = 0; i < b->signal_count && !e; i++) {
        params_init(p);
        e = push_row(j, STATEMENT_SIGNAL, &table_signal, &b->signals[i],
                     first + (int64_t)b->signal_leaf[i], p);
    }
    for (i = 0; i < b->position_count && !e; i++) {
        params_init(p);
        e = push_row(j, STATEMENT_POSITION, &table_position, &b->positions[i], -1, p);
    }
    for (i = 0; i < b->order_count && !e; i++) {
        params_init(p);
        e = push_row(j, STATEMENT_ORDER, &table_order, &b->orders[i], -1, p);
    }
    for (i = 0; i < b->fill_count && !e; i++)
        e = push_fill(j, &b->fills[i], first + (int64_t)b->fill_leaf[i], p);
    for (i = 0; i < b->cash_count && !e; i++) {
        params_init(p);
        e = push_row(j, STATEMENT_CASH, &table_cash, &b->cash[i], first + (int64_t)b->cash_leaf[i],
                     p);
    }
    for (i = 0; i < b->equity_count && !e; i++)
        e = push_equity(j, &b->equity[i], p);
    return e;
}

static enum err push_ext_value(struct journal_pg *j, const struct ext_value *v, struct pg_params *p)
{
    params_init(p);
    if (!v->is_removed)
        return push_row(j, STATEMENT_EXT_VALUE, &table_ext_value, v, -1, p);
    params_text(p, j->account);
    params_text(p, v->name);
    params_text(p, v->symbol);
    return journal_push_one(j, STATEMENT_EXT_DROP, p);
}

static enum err push_strategies(struct journal_pg *j, const struct journal_batch *b,
                                struct pg_params *p)
{
    enum err e = ERR_OK;
    size_t i;

    for (i = 0; i < b->slot_count && !e; i++) {
        params_init(p);
        e = push_row(j, STATEMENT_SLOT, &table_slot, &b->slots[i], -1, p);
    }
    for (i = 0; i < b->activation_count && !e; i++) {
        params_init(p);
        e = push_row(j, STATEMENT_ACTIVATION, &table_activation, &b->activations[i], -1, p);
    }
    for (i = 0; i < b->ext_value_count && !e; i++)
        e = push_ext_value(j, &b->ext_values[i], p);
    return e;
}

enum err journal_push(struct journal_pg *j, const struct journal_batch *b)
{
    struct pg_params p;
    enum err e = push_log(j, b, &p);

    if (!e)
        e = push_rows(j, b, &p);
    if (!e)
        e = push_strategies(j, b, &p);
    if (!e) {
        params_init(&p);
        table_put(&table_account, &b->account, &p);
        e = journal_push_one(j, STATEMENT_ACCOUNT, &p);
    }
    return e;
}

static enum err journal_send(struct journal_pg *j, const struct journal_batch *b,
                             PGresult **committed)
{
    enum err e = pg_pipeline_begin(&j->pg);

    if (!e)
        e = journal_push_one(j, STATEMENT_BEGIN, NULL);
    if (!e)
        e = journal_push(j, b);
    if (!e)
        e = journal_push_one(j, STATEMENT_COMMIT, NULL);
    if (!e)
        return pg_pipeline_run(&j->pg, journal_deadline(j) + (int64_t)b->leaf_count * row_us,
                               committed);
    /* Half a pipeline cannot be taken back. */
    j->pg.broken = true;
    return e;
}

/* The first commit for an account that was not recovered: its epoch is read, and raised. */
static enum err journal_claim(struct journal_pg *j, const char *account)
{
    struct recovery recovery = {0};
    enum err e;

    if (j->epoch && strcmp(j->account, account) == 0)
        return ERR_OK;
    e = journal_recover(j, account, &recovery);
    recovery_release(&recovery);
    return e;
}

enum err journal_step(struct journal_pg *j, const struct journal_batch *b)
{
    uint64_t first = (uint64_t)b->account.log_size - b->leaf_count;
    uint64_t ahead = j->frontier.size > first ? j->frontier.size - first : 0;
    enum err e = ERR_OK;

    if (b->leaf_count > 0 && !j->signer) {
        (void)copy_text(j->pg.message, sizeof(j->pg.message), "the log's key is not loaded");
        return ERR_DB_QUERY;
    }
    /* The log may be ahead of the account, and of the batch only then. */
    if (j->frontier.size < first || (ahead > 0 && j->account_size != (int64_t)first))
        return ERR_DB_FENCED;
    j->in_log = ahead < b->leaf_count ? (size_t)ahead : b->leaf_count;
    if (j->in_log > 0)
        e = journal_has_leaves(j, b, j->in_log);
    if (!e && b->leaf_count > j->in_log)
        log_step_make(&j->step, j->signer, &j->frontier, b->leaves + j->in_log,
                      b->leaf_count - j->in_log);
    return e;
}

void journal_stepped(struct journal_pg *j, const struct journal_batch *b)
{
    uint64_t size = (uint64_t)b->account.log_size;

    if (j->frontier.size < size && j->step.after.size == size)
        j->frontier = j->step.after;
    j->account_size = b->account.log_size;
}

/* Tree and checkpoint of the batch, then all of it as one transaction.  *is_known: the log stands
 * elsewhere than the batch begins, so it may be there already. */
static enum err journal_attempt(struct journal_pg *j, const struct journal_batch *b, bool *is_known)
{
    PGresult *committed = NULL;
    enum err e = journal_step(j, b);

    *is_known = e == ERR_DB_FENCED;
    if (e)
        return e;
    e = journal_send(j, b, &committed);
    if (!e && strcmp(PQcmdStatus(committed), "COMMIT") != 0)
        e = ERR_DB_QUERY;
    PQclear(committed);
    if (e)
        pg_rollback(&j->pg, journal_deadline(j));
    *is_known = e == ERR_DB_FENCED && strcmp(j->pg.sqlstate, "TD002") == 0;
    return e;
}

/* Only now may anybody see it. */
static void journal_publish(struct journal_pg *j, const struct journal_batch *b)
{
    int64_t first = b->account.log_size - (int64_t)b->leaf_count;
    bool is_new;

    journal_stepped(j, b);
    if (b->leaf_count == 0 || !j->jsonl)
        return;
    is_new = j->step.after.size == (uint64_t)b->account.log_size;
    jsonl_append(j->jsonl, first, b->leaves, b->leaf_count, is_new ? &j->step.note : NULL);
}

static enum err journal_commit(void *self, const struct journal_batch *b)
{
    struct journal_pg *j = self;
    bool repeated = false, is_known = false;
    enum err e;

    if (j->refusal[0])
        return ERR_DB_FENCED;
    e = journal_ready(j);
    if (!e)
        e = journal_drain(j);
    if (!e)
        e = journal_claim(j, b->account.id);
    if (!e)
        e = journal_attempt(j, b, &is_known);
    if (is_known) {
        e = journal_is_in_log(j, b);
        repeated = e == ERR_OK;
    }
    if (!e && (repeated || j->pg.warned))
        e = journal_confirm(j, b->account.id, j->epoch);
    if (e == ERR_DB_CONFLICT)
        e = ERR_DB_QUERY; /* rows of ours that exist already: our bug, not a client's */
    if (e) {
        atomic_fetch_add(&j->stats.errors, 1);
        LOG_WARN("journal_commit_failed", "error", err_code(e), "sqlstate", j->pg.sqlstate,
                 "message", j->pg.message, NULL);
        return e;
    }
    atomic_fetch_add(repeated ? &j->stats.repeated : &j->stats.commits, 1);
    journal_publish(j, b);
    return ERR_OK;
}

/* ---- The port ---- */

static enum err journal_store_strategy(void *self, const char *account_id,
                                       const struct strategy_document *d)
{
    struct journal_pg *j = self;
    struct pg_params p;
    char *text;
    enum err e = journal_ready(j);

    (void)account_id;
    if (e)
        return e;
    text = xstrndup(d->canonical, d->length);
    params_init(&p);
    params_text(&p, d->id);
    params_text(&p, d->name);
    params_text(&p, text);
    e = pg_exec(&j->pg,
                "INSERT INTO strategy (id, name, document, uploaded_by) VALUES ($1, $2, $3, '')"
                " ON CONFLICT (id) DO NOTHING",
                &p, journal_deadline(j), NULL);
    free(text);
    return e;
}

static void journal_flush(void *self)
{
    struct journal_pg *j = self;

    if (j->jsonl)
        jsonl_flush(j->jsonl);
}

enum err journal_pg_open(const struct pg_target *target, const char *account, int64_t timeout_us,
                         bool seizes, struct diag_list *diags, struct journal_pg **out)
{
    struct journal_pg *j = xcalloc(1, sizeof(*j));
    enum err e;

    j->target = target;
    j->timeout_us = timeout_us;
    j->backoff_us = JOURNAL_BACKOFF_US;
    j->pg.broken = true;
    j->seizes = seizes;
    (void)copy_text(j->account, sizeof(j->account), account);
    j->lock_key = journal_lock_key(account);
    log_step_init(&j->step);
    journal_statements(j);
    e = journal_ready(j);
    j->seizes = false;
    if (e) {
        if (e == ERR_DB_FENCED)
            diag_hint(diag_add(diags, "account", err_code(e),
                               "another traderd serves this account (%s)", account),
                      "stop it first, or give this one another account");
        else
            (void)diag_add(diags, "database_url", err_code(e), "the journal cannot connect: %s",
                           j->pg.message);
        journal_pg_close(j);
        return e;
    }
    atomic_store(&j->stats.reconnects, 0);
    *out = j;
    return ERR_OK;
}

void journal_pg_close(struct journal_pg *j)
{
    if (!j)
        return;
    pg_close(&j->pg);
    log_step_release(&j->step);
    for (int i = 0; i < JOURNAL_STATEMENT_COUNT_; i++)
        free((void *)(uintptr_t)j->statements[i].sql);
    free(j);
}

enum err journal_pg_set_spool(struct journal_pg *j, struct spool *spool)
{
    enum err e;

    j->spool = spool;
    e = journal_drain(j);
    return e == ERR_DB_FENCED ? ERR_OK : e;
}

void journal_pg_set_signer(struct journal_pg *j, const struct log_signer *signer)
{
    j->signer = signer;
}

static void journal_refuse(void *self, const char *sentence)
{
    journal_pg_refuse(self, sentence);
}

void journal_pg_refuse(struct journal_pg *j, const char *sentence)
{
    (void)copy_text(j->refusal, sizeof(j->refusal), sentence);
}

void journal_pg_set_jsonl(struct journal_pg *j, struct jsonl *jsonl)
{
    j->jsonl = jsonl;
}

struct journal journal_pg_port(struct journal_pg *j)
{
    return (struct journal){
        .self = j,
        .commit = journal_commit,
        .refuse = journal_refuse,
        .recover = journal_recover,
        .store_strategy = journal_store_strategy,
        .flush = journal_flush,
        .spool = j->spool ? journal_spool : NULL,
    };
}

const struct journal_pg_stats *journal_pg_stats(const struct journal_pg *j)
{
    return &j->stats;
}
