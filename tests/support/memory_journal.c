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
    free(j->cash);
    free(j->signals);
    free(j->slots);
    free(j->activations);
    free(j->ext_values);
    for (i = 0; i < j->document_count; i++)
        free(j->documents[i].canonical);
    free(j->documents);
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

static void memory_put_slot(struct memory_journal *j, const struct strategy_slot *s)
{
    size_t i;

    for (i = 0; i < j->slot_count; i++) {
        if (strcmp(j->slots[i].name, s->name) == 0) {
            j->slots[i] = *s;
            return;
        }
    }
    GROW(j, slots, slot_count, slot_capacity);
    j->slots[j->slot_count++] = *s;
}

static int memory_compare_ext(const void *a, const void *b)
{
    const struct ext_value *x = a, *y = b;
    int names = strcmp(x->name, y->name);

    return names ? names : strcmp(x->symbol, y->symbol);
}

static void memory_put_ext_value(struct memory_journal *j, const struct ext_value *v)
{
    size_t i = 0;

    while (i < j->ext_value_count && memory_compare_ext(&j->ext_values[i], v) != 0)
        i++;
    if (v->is_removed) {
        if (i < j->ext_value_count)
            j->ext_values[i] = j->ext_values[--j->ext_value_count];
    } else if (i < j->ext_value_count) {
        j->ext_values[i] = *v;
    } else {
        GROW(j, ext_values, ext_value_count, ext_value_capacity);
        j->ext_values[j->ext_value_count++] = *v;
    }
    if (j->ext_value_count > 0)
        qsort(j->ext_values, j->ext_value_count, sizeof(*j->ext_values), memory_compare_ext);
}

static void memory_apply_strategies(struct memory_journal *j, const struct journal_batch *b)
{
    size_t i;

    for (i = 0; i < b->slot_count; i++)
        memory_put_slot(j, &b->slots[i]);
    for (i = 0; i < b->activation_count; i++) {
        GROW(j, activations, activation_count, activation_capacity);
        j->activations[j->activation_count++] = b->activations[i];
    }
    for (i = 0; i < b->ext_value_count; i++)
        memory_put_ext_value(j, &b->ext_values[i]);
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
    for (i = 0; i < b->cash_count; i++) {
        GROW(j, cash, cash_count, cash_capacity);
        j->cash[j->cash_count++] = b->cash[i];
    }
    for (i = 0; i < b->order_count; i++)
        memory_put_order(j, &b->orders[i]);
    for (i = 0; i < b->position_count; i++)
        memory_put_position(j, &b->positions[i]);
    for (i = 0; i < b->equity_count; i++) {
        if (b->equity[i].is_daily)
            daily_equity_append(&j->daily, b->equity[i].day, b->equity[i].equity);
    }
    memory_apply_strategies(j, b);
    j->account = b->account;
    j->exists = true;
}

static enum err memory_commit(void *self, const struct journal_batch *b)
{
    struct memory_journal *j = self;
    bool faulty = ++j->commit_count == j->fault_at;

    if (j->is_refused)
        return ERR_DB_FENCED;
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

static int memory_by_ordinal(const void *a, const void *b)
{
    const struct strategy_slot *x = a, *y = b;

    return (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

/* The newest closed position of each strategy name and symbol. */
static void memory_recover_closed(const struct memory_journal *j, struct recovery *out)
{
    size_t i, k;

    out->closed = xcalloc(j->position_count + 1, sizeof(*out->closed));
    for (i = j->position_count; i-- > 0;) {
        const struct position *p = &j->positions[i];

        if (p->status != POSITION_CLOSED)
            continue;
        for (k = 0; k < out->closed_count; k++) {
            if (strcmp(out->closed[k].strategy, p->strategy) == 0 &&
                strcmp(out->closed[k].symbol, p->symbol) == 0)
                break;
        }
        if (k == out->closed_count)
            out->closed[out->closed_count++] = *p;
    }
}

static void memory_recover_strategies(const struct memory_journal *j, struct recovery *out)
{
    size_t i;

    out->slots = xcalloc(j->slot_count + 1, sizeof(*out->slots));
    for (i = 0; i < j->slot_count; i++) {
        if (j->slots[i].state != SLOT_ENDED)
            out->slots[out->slot_count++] = j->slots[i];
    }
    if (out->slot_count > 0)
        qsort(out->slots, out->slot_count, sizeof(*out->slots), memory_by_ordinal);
    out->ext_values = xcalloc(j->ext_value_count + 1, sizeof(*out->ext_values));
    for (i = 0; i < j->ext_value_count; i++)
        out->ext_values[out->ext_value_count++] = j->ext_values[i];
    out->documents = xcalloc(j->document_count + 1, sizeof(*out->documents));
    for (i = 0; i < j->document_count; i++) {
        out->documents[i] = j->documents[i];
        out->documents[i].canonical = xstrndup(j->documents[i].canonical, j->documents[i].length);
    }
    out->document_count = j->document_count;
    memory_recover_closed(j, out);
}

/* What ended lately, its fills, and funding that was told. */
static void memory_recover_newest(const struct memory_journal *j, struct recovery *out)
{
    size_t i;

    out->ended = xcalloc(j->order_count + 1, sizeof(*out->ended));
    out->fills = xcalloc(j->fill_count + 1, sizeof(*out->fills));
    for (i = 0; i < j->order_count; i++) {
        if (order_is_final(j->orders[i].status))
            out->ended[out->ended_count++] = j->orders[i];
    }
    for (i = 0; i < j->fill_count; i++)
        fee_sums_fill(&out->other_fees, &j->fills[i]);
    for (i = 0; i < j->fill_count; i++)
        out->fills[out->fill_count++] = j->fills[i];
    out->incomes = xcalloc(j->cash_count + 1, sizeof(*out->incomes));
    for (i = 0; i < j->cash_count; i++) {
        if (j->cash[i].venue_id[0])
            out->incomes[out->income_count++] = j->cash[i];
    }
}

static enum err memory_recover(void *self, const char *account_id, struct recovery *out)
{
    struct memory_journal *j = self;
    size_t i;

    *out = (struct recovery){.epoch = j->epoch};
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
    memory_recover_newest(j, out);
    for (i = 0; i < j->daily.count; i++)
        daily_equity_append(&out->daily, j->daily.day[i], j->daily.equity[i]);
    memory_recover_strategies(j, out);
    return ERR_OK;
}

static enum err memory_store_strategy(void *self, const char *account_id,
                                      const struct strategy_document *d)
{
    struct memory_journal *j = self;
    size_t i;

    (void)account_id;
    for (i = 0; i < j->document_count; i++) {
        if (strcmp(j->documents[i].id, d->id) == 0)
            return ERR_OK;
    }
    GROW(j, documents, document_count, document_capacity);
    j->documents[i] = (struct recovered_document){.canonical = xstrndup(d->canonical, d->length),
                                                  .length = d->length};
    copy_text(j->documents[i].id, sizeof(j->documents[i].id), d->id);
    j->document_count++;
    return ERR_OK;
}

static void memory_flush(void *self)
{
    (void)self;
}

static void memory_refuse(void *self, const char *sentence)
{
    struct memory_journal *j = self;

    (void)sentence;
    j->is_refused = true;
}

struct journal memory_journal_port(struct memory_journal *j)
{
    return (struct journal){.self = j,
                            .commit = memory_commit,
                            .refuse = memory_refuse,
                            .recover = memory_recover,
                            .store_strategy = memory_store_strategy,
                            .flush = memory_flush};
}
