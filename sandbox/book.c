/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of orders, trades and the like; client ids by hash; amounts that cannot overflow. */
#include "sandbox/book.h"

#include <stdlib.h>
#include <string.h>

/* A pointer stays valid until the next one is added. */
static void *append(struct box_array *a, const void *item, size_t size, size_t limit)
{
    if (a->count >= limit)
        return NULL;
    if (a->count == a->capacity) {
        a->capacity = a->capacity ? a->capacity * 2 : 64;
        a->items = xrealloc(a->items, a->capacity * size);
    }
    memcpy((char *)a->items + a->count * size, item, size);
    return (char *)a->items + a->count++ * size;
}

static void *item_at(const struct box_array *a, size_t index, size_t size)
{
    return index < a->count ? (char *)a->items + index * size : NULL;
}

struct box_order *book_order(const struct box *b, int64_t id)
{
    return id < 1 ? NULL : item_at(&b->orders, (size_t)id - 1, sizeof(struct box_order));
}

struct box_list *book_list(const struct box *b, int64_t id)
{
    return id < 1 ? NULL : item_at(&b->lists, (size_t)id - 1, sizeof(struct box_list));
}

struct box_trade *book_trade(const struct box *b, size_t index)
{
    return item_at(&b->trades, index, sizeof(struct box_trade));
}

struct box_income *book_income(const struct box *b, size_t index)
{
    return item_at(&b->income, index, sizeof(struct box_income));
}

struct box_funding *book_funding(const struct box *b, size_t index)
{
    return item_at(&b->fundings, index, sizeof(struct box_funding));
}

/* FNV-1a. */
static size_t bucket_of(const char *client_id)
{
    uint32_t hash = 2166136261U;

    for (; *client_id; client_id++)
        hash = (hash ^ (unsigned char)*client_id) * 16777619U;
    return hash % BOX_BUCKETS;
}

struct box_order *book_by_client(const struct box *b, enum box_market m, const char *client_id,
                                 bool is_algo)
{
    uint32_t slot = b->buckets[bucket_of(client_id)];

    while (slot) {
        struct box_order *o = book_order(b, (int64_t)slot);

        if (o->is_algo == is_algo && b->pairs[o->pair].market == m &&
            strcmp(o->client_id, client_id) == 0)
            return o;
        slot = o->next;
    }
    return NULL;
}

bool book_pair(const struct box *b, enum box_market m, const char *id, size_t *index)
{
    for (size_t i = 0; i < b->pair_count; i++)
        if (b->pairs[i].market == m && strcmp(b->pairs[i].id, id) == 0) {
            *index = i;
            return true;
        }
    return false;
}

struct box_asset *book_asset(const struct box *b, enum box_market m, const char *name)
{
    for (size_t i = 0; i < b->asset_count; i++)
        if (b->assets[i].market == m && strcmp(b->assets[i].name, name) == 0)
            return &b->assets[i];
    return NULL;
}

bool book_is_live(const struct box_order *o)
{
    return o->status == BOX_NEW || o->status == BOX_PARTIALLY_FILLED;
}

struct box_order *book_add(struct box *b, const struct box_order *o)
{
    struct box_order *added;
    size_t bucket;

    if (b->live_count == LIMIT_BOX_LIVE)
        return NULL;
    added = append(&b->orders, o, sizeof *o, LIMIT_BOX_ORDERS);
    if (!added)
        return NULL;
    added->id = (int64_t)b->orders.count;
    bucket = bucket_of(added->client_id);
    added->next = b->buckets[bucket];
    b->buckets[bucket] = (uint32_t)added->id;
    b->live[b->live_count++] = added->id;
    return added;
}

void book_end(struct box *b, struct box_order *o)
{
    ASSERT(!book_is_live(o));
    for (size_t i = 0; i < b->live_count; i++) {
        if (b->live[i] != o->id)
            continue;
        memmove(&b->live[i], &b->live[i + 1], (b->live_count - i - 1) * sizeof *b->live);
        b->live_count--;
        return;
    }
}

struct box_list *book_add_list(struct box *b, const struct box_list *l)
{
    struct box_list *added = append(&b->lists, l, sizeof *l, LIMIT_BOX_ORDERS);

    if (added)
        added->id = (int64_t)b->lists.count;
    return added;
}

struct box_trade *book_add_trade(struct box *b, const struct box_trade *t)
{
    struct box_trade *added = append(&b->trades, t, sizeof *t, SIZE_MAX);

    added->id = (int64_t)b->trades.count;
    return added;
}

void book_add_income(struct box *b, const struct box_income *i)
{
    (void)append(&b->income, i, sizeof *i, SIZE_MAX);
}

void book_add_funding(struct box *b, const struct box_funding *f)
{
    (void)append(&b->fundings, f, sizeof *f, LIMIT_BOX_ORDERS);
}

struct money box_notional(struct price p, struct size s)
{
    struct money m = MONEY_ZERO;

    ASSERT(notional_of(p, s, ROUND_HALF_EVEN, &m) == ERR_OK);
    return m;
}

struct money box_share(struct money m, struct ratio r)
{
    struct money share = MONEY_ZERO;

    ASSERT(money_times(m, r, ROUND_HALF_EVEN, &share) == ERR_OK);
    return money_to_scale(share, 8, ROUND_HALF_EVEN);
}

struct money box_add(struct money a, struct money b)
{
    struct money sum = MONEY_ZERO;

    ASSERT(money_add(a, b, &sum) == ERR_OK);
    return sum;
}

struct money box_part(struct money m, struct size part, struct size whole)
{
    struct money share = MONEY_ZERO;

    ASSERT(money_share(m, part, whole, ROUND_HALF_EVEN, &share) == ERR_OK);
    return money_to_scale(share, 8, ROUND_HALF_EVEN);
}

struct price box_average(struct money m, struct size s)
{
    struct price p = PRICE_ZERO;

    if (s.e12 != 0)
        ASSERT(money_per_size(m, s, ROUND_HALF_EVEN, &p) == ERR_OK);
    return p;
}
