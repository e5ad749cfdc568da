/* SPDX-License-Identifier: Apache-2.0 */
/* The journal port in memory, with crashes on order. */
#include "tests/support/memory_journal.h"

#include <stdlib.h>
#include <string.h>

#define GROW(j, list, count, capacity)                                           \
    do {                                                                         \
        if ((j)->count == (j)->capacity) {                                       \
            (j)->capacity = (j)->capacity ? (j)->capacity * 2 : 16;              \
            (j)->list = xrealloc((j)->list, (j)->capacity * sizeof(*(j)->list)); \
        }                                                                        \
    } while (0)

void memory_journal_init(struct memory_journal *j)
{
    memset(j, 0, sizeof(*j));
}

void memory_journal_release(struct memory_journal *j)
{
    size_t i;

    for (i = 0; i < j->leaf_count; i++)
        leaf_release(&j->leaves[i]);
    free(j->leaves);
    free(j->orders);
    free(j->positions);
    free(j->fills);
    free(j->signals);
    daily_equity_release(&j->daily);
    memset(j, 0, sizeof(*j));
}

static void memory_put_order(struct memory_journal *j, const struct order *o)
{
    size_t i;

    for (i = 0; i < j->order_count; i++) {
        if (j->orders[i].id == o->id) {
            j->orders[i] = *o;
            return;
        }
    }
    GROW(j, orders, order_count, order_capacity);
    j->orders[j->order_count++] = *o;
}

static void memory_put_position(struct memory_journal *j, const struct position *p)
{
    size_t i;

    for (i = 0; i < j->position_count; i++) {
        if (j->positions[i].id == p->id) {
            j->positions[i] = *p;
            return;
        }
    }
    GROW(j, positions, position_count, position_capacity);
    j->positions[j->position_count++] = *p;
}

static void memory_apply(struct memory_journal *j, const struct journal_batch *b)
{
    size_t i;

    for (i = 0; i < b->leaf_count; i++) {
        struct leaf copy = b->leaves[i];

        copy.bytes = xmalloc(copy.length + 1);
        memcpy(copy.bytes, b->leaves[i].bytes, copy.length);
        copy.bytes[copy.length] = '\0';
        GROW(j, leaves, leaf_count, leaf_capacity);
        j->leaves[j->leaf_count++] = copy;
    }
    for (i = 0; i < b->signal_count; i++) {
        GROW(j, signals, signal_count, signal_capacity);
        j->signals[j->signal_count++] = b->signals[i];
    }
    for (i = 0; i < b->fill_count; i++) {
        GROW(j, fills, fill_count, fill_capacity);
        j->fills[j->fill_count++] = b->fills[i];
    }
    for (i = 0; i < b->order_count; i++)
        memory_put_order(j, &b->orders[i]);
    for (i = 0; i < b->position_count; i++)
        memory_put_position(j, &b->positions[i]);
    for (i = 0; i < b->equity_count; i++) {
        if (b->equity[i].is_daily)
            daily_equity_append(&j->daily, b->equity[i].day, b->equity[i].equity);
    }
    j->account = b->account;
    j->exists = true;
}

static enum err memory_commit(void *self, const struct journal_batch *b)
{
    struct memory_journal *j = self;
    bool faulty = ++j->commit_count == j->fault_at;

    if (faulty && j->fault == JOURNAL_FAULT_BEFORE)
        return ERR_DB_UNAVAILABLE;
    if (j->down_for > 0 && j->fault_at && j->commit_count > j->fault_at) {
        j->down_for--;
        return ERR_DB_UNAVAILABLE;
    }
    if (b->leaf_count > 0 && (int64_t)j->leaf_count == b->account.log_size)
        return ERR_OK; /* the same batch again: it is there */
    ASSERT((int64_t)(j->leaf_count + b->leaf_count) == b->account.log_size);
    memory_apply(j, b);
    return faulty && j->fault == JOURNAL_FAULT_AFTER ? ERR_DB_UNAVAILABLE : ERR_OK;
}

static enum err memory_recover(void *self, const char *account_id, struct recovery *out)
{
    struct memory_journal *j = self;
    size_t i;

    memset(out, 0, sizeof(*out));
    if (!j->exists)
        return ERR_OK;
    ASSERT(strcmp(account_id, j->account.id) == 0);
    out->exists = true;
    out->account = j->account;
    out->orders = xcalloc(j->order_count + 1, sizeof(*out->orders));
    out->positions = xcalloc(j->position_count + 1, sizeof(*out->positions));
    for (i = 0; i < j->order_count; i++) {
        if (!order_is_final(j->orders[i].status))
            out->orders[out->order_count++] = j->orders[i];
    }
    for (i = 0; i < j->position_count; i++) {
        if (j->positions[i].status == POSITION_OPEN)
            out->positions[out->position_count++] = j->positions[i];
    }
    for (i = 0; i < j->daily.count; i++)
        daily_equity_append(&out->daily, j->daily.day[i], j->daily.equity[i]);
    return ERR_OK;
}

static enum err memory_store_strategy(void *self, const char *account_id,
                                      const struct strategy_document *d)
{
    (void)self;
    (void)account_id;
    (void)d;
    return ERR_OK;
}

static void memory_flush(void *self)
{
    (void)self;
}

struct journal memory_journal_port(struct memory_journal *j)
{
    return (struct journal){.self = j,
                            .commit = memory_commit,
                            .recover = memory_recover,
                            .store_strategy = memory_store_strategy,
                            .flush = memory_flush};
}
