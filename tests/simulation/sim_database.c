/* SPDX-License-Identifier: Apache-2.0 */
/* The shared database, and the spools beside it. */
#include "tests/simulation/sim_database.h"

#include <stdlib.h>
#include <string.h>

/* ---- Copies ---- */

static void *copy_of(const void *list, size_t count, size_t size)
{
    char *copy = xmalloc((count + 1) * size);

    if (count > 0)
        memcpy(copy, list, count * size);
    return copy;
}
#define COPY(list, count) copy_of(list, count, sizeof *(list))

static struct leaf *copy_leaves(const struct leaf *leaves, size_t count)
{
    struct leaf *copy = COPY(leaves, count);

    for (size_t i = 0; i < count; i++) {
        copy[i].bytes = xmalloc(leaves[i].length + 1);
        memcpy(copy[i].bytes, leaves[i].bytes, leaves[i].length);
        copy[i].bytes[leaves[i].length] = '\0';
    }
    return copy;
}

void sim_record_make(struct sim_record *r, const struct journal_batch *b, int64_t epoch)
{
    struct journal_batch *to = &r->batch;

    *r = (struct sim_record){.batch = *b, .epoch = epoch};
    to->leaves = copy_leaves(b->leaves, b->leaf_count);
    to->signals = COPY(b->signals, b->signal_count);
    to->orders = COPY(b->orders, b->order_count);
    to->fills = COPY(b->fills, b->fill_count);
    to->positions = COPY(b->positions, b->position_count);
    to->equity = COPY(b->equity, b->equity_count);
    to->slots = COPY(b->slots, b->slot_count);
    to->activations = COPY(b->activations, b->activation_count);
    to->ext_values = COPY(b->ext_values, b->ext_value_count);
    to->cash = COPY(b->cash, b->cash_count);
    to->signal_leaf = COPY(b->signal_leaf, b->signal_count);
    to->fill_leaf = COPY(b->fill_leaf, b->fill_count);
    to->cash_leaf = COPY(b->cash_leaf, b->cash_count);
}

void sim_record_release(struct sim_record *r)
{
    journal_batch_release(&r->batch);
}

static void copy_rows(const struct memory_journal *from, struct memory_journal *to)
{
    *to = *from;
    to->leaves = copy_leaves(from->leaves, from->leaf_count);
    to->leaf_capacity = from->leaf_count;
    to->orders = COPY(from->orders, from->order_count);
    to->order_capacity = from->order_count;
    to->positions = COPY(from->positions, from->position_count);
    to->position_capacity = from->position_count;
    to->fills = COPY(from->fills, from->fill_count);
    to->fill_capacity = from->fill_count;
    to->cash = COPY(from->cash, from->cash_count);
    to->cash_capacity = from->cash_count;
    to->signals = COPY(from->signals, from->signal_count);
    to->signal_capacity = from->signal_count;
    to->slots = COPY(from->slots, from->slot_count);
    to->slot_capacity = from->slot_count;
    to->activations = COPY(from->activations, from->activation_count);
    to->activation_capacity = from->activation_count;
    to->ext_values = COPY(from->ext_values, from->ext_value_count);
    to->ext_value_capacity = from->ext_value_count;
    to->documents = COPY(from->documents, from->document_count);
    to->document_capacity = from->document_count;
    for (size_t i = 0; i < from->document_count; i++)
        to->documents[i].canonical =
            xstrndup(from->documents[i].canonical, from->documents[i].length);
    to->daily = (struct daily_equity){0};
    for (size_t i = 0; i < from->daily.count; i++)
        daily_equity_append(&to->daily, from->daily.day[i], from->daily.equity[i]);
}

/* ---- The database ---- */

void sim_database_init(struct sim_database *d)
{
    *d = (struct sim_database){.lease.owner = -1};
    memory_journal_init(&d->rows);
    d->port = memory_journal_port(&d->rows);
}

static void drop(struct memory_journal *rows, bool *has)
{
    if (*has)
        memory_journal_release(rows);
    *has = false;
}

void sim_database_release(struct sim_database *d)
{
    drop(&d->ahead, &d->has_ahead);
    drop(&d->before, &d->has_before);
    memory_journal_release(&d->rows);
}

const struct memory_journal *sim_database_durable(const struct sim_database *d)
{
    return d->has_ahead ? &d->ahead : &d->rows;
}

/* A crash between a commit and its answer, or between the commit of what was spooled and the
 * clearing of the spool. */
static bool is_there(const struct sim_database *d, const struct journal_batch *b)
{
    size_t n = b->leaf_count, end = (size_t)b->account.log_size;

    return n > 0 && end <= d->rows.leaf_count &&
           memcmp(&d->rows.leaves[end - 1].leaf_hash, &b->leaves[n - 1].leaf_hash,
                  sizeof(struct digest)) == 0;
}

enum err sim_database_commit(struct sim_database *d, const struct journal_batch *b, int64_t epoch,
                             bool *was_there)
{
    *was_there = false;
    if (epoch != d->epoch)
        return ERR_DB_FENCED;
    if (d->rows.leaf_count + b->leaf_count != (size_t)b->account.log_size) {
        *was_there = is_there(d, b);
        if (*was_there)
            drop(&d->before, &d->has_before); /* answered, so the standby has it too */
        return *was_there ? ERR_OK : ERR_DB_FENCED;
    }
    drop(&d->before, &d->has_before);
    return d->port.commit(&d->rows, b);
}

void sim_database_commit_alone(struct sim_database *d, const struct journal_batch *b)
{
    if (d->rows.leaf_count + b->leaf_count != (size_t)b->account.log_size || d->has_before)
        return;
    copy_rows(&d->rows, &d->before);
    d->has_before = true;
    (void)d->port.commit(&d->rows, b);
}

bool sim_database_fail_over(struct sim_database *d)
{
    if (!d->has_before)
        return false;
    memory_journal_release(&d->rows);
    d->rows = d->before;
    d->has_before = false;
    return true;
}

bool sim_database_follows(const struct sim_database *d, const struct journal_batch *b)
{
    size_t there = sim_database_durable(d)->leaf_count, end = (size_t)b->account.log_size;

    return there + b->leaf_count == end || there == end;
}

void sim_database_spooled(struct sim_database *d, const struct journal_batch *b)
{
    struct journal ahead;

    if (!d->has_ahead)
        copy_rows(&d->rows, &d->ahead);
    d->has_ahead = true;
    ahead = memory_journal_port(&d->ahead);
    (void)ahead.commit(&d->ahead, b);
}

static bool differs(const void *a, size_t a_count, const void *b, size_t b_count, size_t size)
{
    return a_count != b_count || (a_count > 0 && memcmp(a, b, a_count * size) != 0);
}
#define DIFFERS(list, count) differs(x->list, x->count, y->list, y->count, sizeof *x->list)

static const char *difference(const struct memory_journal *x, const struct memory_journal *y)
{
    if (x->leaf_count != y->leaf_count)
        return "another number of leaves";
    for (size_t i = 0; i < x->leaf_count; i++)
        if (memcmp(&x->leaves[i].leaf_hash, &y->leaves[i].leaf_hash, sizeof(struct digest)) != 0)
            return "the order of leaves";
    if (DIFFERS(orders, order_count))
        return "orders";
    if (DIFFERS(fills, fill_count))
        return "fills";
    if (DIFFERS(positions, position_count))
        return "positions";
    if (DIFFERS(cash, cash_count))
        return "cash moves";
    if (DIFFERS(signals, signal_count))
        return "signals";
    return memcmp(&x->account, &y->account, sizeof x->account) != 0 ? "the account" : "";
}

const char *sim_database_merged(struct sim_database *d)
{
    const char *what = d->has_ahead ? difference(&d->rows, &d->ahead) : "";

    drop(&d->ahead, &d->has_ahead);
    return what;
}

void sim_database_taken(struct sim_database *d)
{
    drop(&d->ahead, &d->has_ahead);
    drop(&d->before, &d->has_before);
}

/* ---- Spools ---- */

void sim_spool_append(struct sim_spool *s, const struct journal_batch *b, int64_t epoch)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 16;
        s->list = xrealloc(s->list, s->capacity * sizeof *s->list);
    }
    sim_record_make(&s->list[s->count++], b, epoch);
}

void sim_spool_clear(struct sim_spool *s)
{
    while (s->count > s->refused)
        sim_record_release(&s->list[--s->count]);
}

size_t sim_spool_waiting(const struct sim_spool *s)
{
    return s->count - s->refused;
}

void sim_spool_set_aside(struct sim_spool *s)
{
    s->refused = s->count;
}

void sim_spool_release(struct sim_spool *s)
{
    s->refused = 0;
    sim_spool_clear(s);
    free(s->list);
    *s = (struct sim_spool){0};
}

const struct order *sim_spool_order(const struct sim_spool *s, const char *client_order_id)
{
    for (size_t i = s->count; i-- > 0;) {
        const struct journal_batch *b = &s->list[i].batch;

        for (size_t k = b->order_count; k-- > 0;)
            if (strcmp(b->orders[k].client_order_id, client_order_id) == 0)
                return &b->orders[k];
    }
    return NULL;
}
