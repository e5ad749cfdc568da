/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator's book and balances: look-up, insertion, removal, event queue, reserved cash. */
#include "engine/simulate_book.h"

#include <stdlib.h>
#include <string.h>

static uint32_t *bucket_of(struct simulate *s, int64_t id)
{
    /* Fibonacci hashing: ids are consecutive, the high bits of the product spread them evenly. */
    uint64_t product = (uint64_t)id * UINT64_C(0x9E3779B97F4A7C15);

    return &s->buckets[product >> 52];
}

_Static_assert(SIM_BUCKETS == 1 << 12, "bucket_of takes the upper 12 of 64 bits");

struct sim_order *sim_find(struct simulate *s, int64_t id)
{
    for (uint32_t link = *bucket_of(s, id); link; link = s->orders[link - 1].bucket_next) {
        if (s->orders[link - 1].id == id)
            return &s->orders[link - 1];
    }
    return NULL;
}

bool sim_instrument(const struct simulate *s, const char *symbol, size_t *index)
{
    size_t low = 0;
    size_t high = s->options.instrument_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        size_t candidate = s->by_symbol[middle];
        int order = strcmp(symbol, s->markets[candidate].instrument.symbol);

        if (order == 0) {
            *index = candidate;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

/* Chains a slot into its instrument's list; ids mostly arrive ascending, so from the end. */
static void link_order(struct simulate *s, uint32_t link)
{
    struct sim_order *o = &s->orders[link - 1];
    struct sim_market *m = &s->markets[o->instrument];
    uint32_t before = m->last;

    while (before && s->orders[before - 1].id > o->id)
        before = s->orders[before - 1].previous;
    o->previous = before;
    o->next = before ? s->orders[before - 1].next : m->first;
    *(before ? &s->orders[before - 1].next : &m->first) = link;
    *(o->next ? &s->orders[o->next - 1].previous : &m->last) = link;
}

static void unlink_order(struct simulate *s, const struct sim_order *o)
{
    struct sim_market *m = &s->markets[o->instrument];

    *(o->previous ? &s->orders[o->previous - 1].next : &m->first) = o->next;
    *(o->next ? &s->orders[o->next - 1].previous : &m->last) = o->previous;
}

struct sim_order *sim_insert(struct simulate *s, const struct sim_order *o)
{
    uint32_t link = s->free_slot;
    uint32_t *bucket = bucket_of(s, o->id);
    struct sim_order *slot;

    ASSERT(s->order_count < LIMIT_OPEN_ORDERS && o->id > 0);
    if (link)
        s->free_slot = s->orders[link - 1].bucket_next;
    else
        link = ++s->slots_used;
    slot = &s->orders[link - 1];
    *slot = *o;
    slot->bucket_next = *bucket;
    *bucket = link;
    link_order(s, link);
    s->order_count++;
    return slot;
}

void sim_remove(struct simulate *s, struct sim_order *o)
{
    uint32_t link = (uint32_t)(o - s->orders) + 1;
    uint32_t *at = bucket_of(s, o->id);

    while (*at != link)
        at = &s->orders[*at - 1].bucket_next;
    *at = o->bucket_next;
    unlink_order(s, o);
    s->reserved.e12 -= o->reserved.e12;
    o->id = 0;
    o->bucket_next = s->free_slot;
    s->free_slot = link;
    s->order_count--;
}

struct sim_ref *sim_list(const struct simulate *s, size_t instrument, size_t *count)
{
    struct sim_ref *refs = NULL;
    size_t capacity = 0;
    size_t n = 0;

    for (uint32_t link = s->markets[instrument].first; link; link = s->orders[link - 1].next) {
        if (n == capacity) {
            capacity = capacity ? 2 * capacity : 8;
            refs = xrealloc(refs, capacity * sizeof *refs);
        }
        refs[n++] = (struct sim_ref){link - 1, s->orders[link - 1].id};
    }
    *count = n;
    return refs;
}

struct sim_order *sim_get(struct simulate *s, struct sim_ref ref)
{
    return s->orders[ref.slot].id == ref.id ? &s->orders[ref.slot] : NULL;
}

/* Doubles the ring; what is in it moves to its beginning. */
static void grow_events(struct simulate *s)
{
    size_t capacity = s->event_capacity ? 2 * s->event_capacity : 16;
    struct venue_event *events = xmalloc(capacity * sizeof *events);

    for (size_t i = 0; i < s->event_count; i++)
        events[i] = s->events[(s->event_head + i) % s->event_capacity];
    free(s->events);
    s->events = events;
    s->event_head = 0;
    s->event_capacity = capacity;
}

struct venue_event *sim_event(struct simulate *s, enum venue_event_kind kind, int64_t order_id,
                              int64_t at_us)
{
    struct venue_event *e;

    if (s->event_count == s->event_capacity)
        grow_events(s);
    e = &s->events[(s->event_head + s->event_count) % s->event_capacity];
    s->event_count++;
    *e = (struct venue_event){.kind = kind, .order_id = order_id, .at_us = at_us};
    return e;
}

void sim_end(struct simulate *s, struct sim_order *o, enum venue_event_kind kind,
             const char *reason, int64_t at_us)
{
    struct venue_event *e = sim_event(s, kind, o->id, at_us);

    (void)copy_text(e->reason, sizeof e->reason, reason);
    sim_remove(s, o);
}

static struct size book_left(const struct sim_order *o)
{
    return (struct size){o->size.e12 - o->filled.e12 - o->taken.e12};
}

/* The next order of the same position behind a link, NULL when there is none; moves the link on. */
static struct sim_order *book_next_of_position(const struct simulate *s, const struct sim_order *o,
                                               uint32_t *link)
{
    while (*link) {
        struct sim_order *other = &s->orders[*link - 1];

        *link = other->next;
        if (other != o && other->position_id == o->position_id)
            return other;
    }
    return NULL;
}

struct size sim_position_left(const struct simulate *s, const struct sim_order *o)
{
    uint32_t link = o->position_id > 0 && !o->protects ? s->markets[o->instrument].first : 0;
    struct size least = o->size;
    const struct sim_order *other;

    while ((other = book_next_of_position(s, o, &link)) != NULL) {
        if (other->protects)
            least = size_min(least, book_left(other));
    }
    return least;
}

void sim_take(struct simulate *s, const struct sim_order *o, struct size part)
{
    const bool is_all = o->protects && size_cmp(book_left(o), SIZE_ZERO) == 0;
    uint32_t link = o->position_id > 0 ? s->markets[o->instrument].first : 0;
    struct sim_order *other;

    while ((other = book_next_of_position(s, o, &link)) != NULL) {
        struct size left = book_left(other);

        if (!o->protects && other->protects)
            other->taken.e12 += size_min(part, left).e12;
        else if (is_all && !other->protects)
            other->taken.e12 += left.e12;
    }
}

void sim_cancel_siblings(struct simulate *s, const struct sim_order *o, int64_t at_us)
{
    uint32_t link = o->oco_group > 0 ? s->markets[o->instrument].first : 0;

    while (link) {
        struct sim_order *other = &s->orders[link - 1];

        link = other->next;
        if (other != o && other->oco_group == o->oco_group)
            sim_end(s, other, VENUE_CANCELED, "oco", at_us);
    }
}

struct price sim_cost_price(const struct sim_order *o)
{
    if (o->type == ORDER_LIMIT)
        return o->level;
    return o->decision.e12 > 0 ? o->decision : o->level;
}

enum err sim_fee(struct money notional, struct ratio rate, int money_scale, struct money *out)
{
    return money_times_scale(notional, rate, money_scale, out);
}

enum err sim_cost(const struct simulate *s, const struct instrument *i, struct size size,
                  struct price p, struct money *out)
{
    struct money notional, fee;
    enum err e = notional_of(p, size, ROUND_UP, &notional);

    if (e)
        return e;
    if (sim_fee_is_received(s, i)) {
        *out = notional;
        return ERR_OK;
    }
    e = sim_fee(notional, s->options.fee_rate, i->money_scale, &fee);
    if (e)
        return e;
    return money_add(notional, fee, out);
}

enum err sim_cash_free(const struct simulate *s, struct money *out)
{
    struct money left;
    enum err e = money_sub(s->cash, s->reserved, &left);

    for (size_t i = 0; !e && i < s->options.instrument_count; i++)
        e = money_sub(left, s->markets[i].margin, &left);
    if (!e)
        *out = left;
    return e;
}
