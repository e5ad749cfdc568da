/* SPDX-License-Identifier: Apache-2.0 */
/* The growing arrays of one commit, and what a recovery owns. */
#include "engine/journal.h"

#include <stdlib.h>
#include <string.h>

enum {
    BATCH_FIRST_CAPACITY = 8
};

/* The array with room for one more item; doubles, so that appending stays cheap. */
static void *with_room(void *array, size_t count, size_t *capacity, size_t item_size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity ? *capacity * 2 : BATCH_FIRST_CAPACITY;
    return xrealloc(array, *capacity * item_size);
}

bool journal_is_error(enum err e)
{
    return e == ERR_DB_UNAVAILABLE || e == ERR_DB_BUSY || e == ERR_DB_RETRY || e == ERR_DB_FENCED ||
           e == ERR_DB_QUERY || e == ERR_DB_CONFLICT || e == ERR_LOG_DIFFERS;
}

void journal_batch_init(struct journal_batch *b)
{
    *b = (struct journal_batch){0};
}

void journal_batch_clear(struct journal_batch *b)
{
    for (size_t i = 0; i < b->leaf_count; i++)
        leaf_release(&b->leaves[i]);
    b->leaf_count = 0;
    b->signal_count = 0;
    b->order_count = 0;
    b->fill_count = 0;
    b->position_count = 0;
    b->equity_count = 0;
    b->slot_count = 0;
    b->activation_count = 0;
    b->ext_value_count = 0;
    b->cash_count = 0;
}

void journal_batch_release(struct journal_batch *b)
{
    journal_batch_clear(b);
    free(b->leaves);
    free(b->signals);
    free(b->orders);
    free(b->fills);
    free(b->positions);
    free(b->equity);
    free(b->slots);
    free(b->activations);
    free(b->ext_values);
    free(b->signal_leaf);
    free(b->fill_leaf);
    free(b->cash);
    free(b->cash_leaf);
    journal_batch_init(b);
}

bool journal_batch_is_empty(const struct journal_batch *b)
{
    return !b->leaf_count && !b->signal_count && !b->order_count && !b->fill_count &&
           !b->position_count && !b->equity_count && !b->slot_count && !b->activation_count &&
           !b->ext_value_count && !b->cash_count;
}

size_t journal_batch_add_leaf(struct journal_batch *b, struct leaf *leaf_take)
{
    b->leaves = with_room(b->leaves, b->leaf_count, &b->leaf_capacity, sizeof *b->leaves);
    b->leaves[b->leaf_count] = *leaf_take;
    *leaf_take = (struct leaf){.kind = leaf_take->kind};
    return b->leaf_count++;
}

void journal_batch_add_signal(struct journal_batch *b, const struct signal *s, size_t leaf)
{
    size_t beside = b->signal_capacity; /* signal_leaf grows in step with signals */

    ASSERT(leaf < b->leaf_count);
    b->signal_leaf = with_room(b->signal_leaf, b->signal_count, &beside, sizeof *b->signal_leaf);
    b->signals = with_room(b->signals, b->signal_count, &b->signal_capacity, sizeof *b->signals);
    b->signals[b->signal_count] = *s;
    b->signal_leaf[b->signal_count] = leaf;
    b->signal_count++;
}

void journal_batch_add_fill(struct journal_batch *b, const struct fill *f, size_t leaf)
{
    size_t beside = b->fill_capacity; /* fill_leaf grows in step with fills */

    ASSERT(leaf < b->leaf_count);
    b->fill_leaf = with_room(b->fill_leaf, b->fill_count, &beside, sizeof *b->fill_leaf);
    b->fills = with_room(b->fills, b->fill_count, &b->fill_capacity, sizeof *b->fills);
    b->fills[b->fill_count] = *f;
    b->fill_leaf[b->fill_count] = leaf;
    b->fill_count++;
}

void journal_batch_add_cash(struct journal_batch *b, const struct cash_move *m, size_t leaf)
{
    size_t beside = b->cash_capacity; /* cash_leaf grows in step with cash */

    ASSERT(leaf < b->leaf_count);
    b->cash_leaf = with_room(b->cash_leaf, b->cash_count, &beside, sizeof *b->cash_leaf);
    b->cash = with_room(b->cash, b->cash_count, &b->cash_capacity, sizeof *b->cash);
    b->cash[b->cash_count] = *m;
    b->cash_leaf[b->cash_count] = leaf;
    b->cash_count++;
}

void journal_batch_add_equity(struct journal_batch *b, const struct equity_point *e)
{
    b->equity = with_room(b->equity, b->equity_count, &b->equity_capacity, sizeof *b->equity);
    b->equity[b->equity_count++] = *e;
}

void journal_batch_put_order(struct journal_batch *b, const struct order *o)
{
    /* From the newest: what is written again was most often written just before. */
    for (size_t i = b->order_count; i-- > 0;) {
        if (b->orders[i].id == o->id) {
            b->orders[i] = *o;
            return;
        }
    }
    b->orders = with_room(b->orders, b->order_count, &b->order_capacity, sizeof *b->orders);
    b->orders[b->order_count++] = *o;
}

void journal_batch_put_position(struct journal_batch *b, const struct position *p)
{
    for (size_t i = b->position_count; i-- > 0;) {
        if (b->positions[i].id == p->id) {
            b->positions[i] = *p;
            return;
        }
    }
    b->positions =
        with_room(b->positions, b->position_count, &b->position_capacity, sizeof *b->positions);
    b->positions[b->position_count++] = *p;
}

void journal_batch_put_slot(struct journal_batch *b, const struct strategy_slot *s)
{
    for (size_t i = b->slot_count; i-- > 0;) {
        if (strcmp(b->slots[i].name, s->name) == 0) {
            b->slots[i] = *s;
            return;
        }
    }
    b->slots = with_room(b->slots, b->slot_count, &b->slot_capacity, sizeof *b->slots);
    b->slots[b->slot_count++] = *s;
}

void journal_batch_add_activation(struct journal_batch *b, const struct activation *a)
{
    b->activations = with_room(b->activations, b->activation_count, &b->activation_capacity,
                               sizeof *b->activations);
    b->activations[b->activation_count++] = *a;
}

void journal_batch_put_ext_value(struct journal_batch *b, const struct ext_value *v)
{
    for (size_t i = b->ext_value_count; i-- > 0;) {
        if (strcmp(b->ext_values[i].name, v->name) == 0 &&
            strcmp(b->ext_values[i].symbol, v->symbol) == 0) {
            b->ext_values[i] = *v;
            return;
        }
    }
    b->ext_values =
        with_room(b->ext_values, b->ext_value_count, &b->ext_value_capacity, sizeof *b->ext_values);
    b->ext_values[b->ext_value_count++] = *v;
}

void recovery_release(struct recovery *r)
{
    for (size_t i = 0; i < r->document_count; i++)
        free(r->documents[i].canonical);
    free(r->documents);
    free(r->slots);
    free(r->ext_values);
    free(r->closed);
    free(r->orders);
    free(r->ended);
    free(r->fills);
    free(r->incomes);
    free(r->positions);
    daily_equity_release(&r->daily);
    *r = (struct recovery){0};
}
