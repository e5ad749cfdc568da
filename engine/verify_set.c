/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing in a table that doubles at two thirds. */
#include "engine/verify_set.h"

#include <stdlib.h>
#include <string.h>

enum {
    SET_FIRST_CAPACITY = 256
};

void set_init(struct verify_set *s)
{
    *s = (struct verify_set){.capacity = SET_FIRST_CAPACITY};
    s->slots = xcalloc(s->capacity, sizeof *s->slots);
}

void set_release(struct verify_set *s)
{
    free(s->slots);
    *s = (struct verify_set){0};
}

static uint64_t *slot_for(const struct verify_set *s, const uint64_t key[2])
{
    size_t at = (size_t)key[0] & (s->capacity - 1);

    while ((s->slots[at][0] | s->slots[at][1]) != 0 &&
           (s->slots[at][0] != key[0] || s->slots[at][1] != key[1]))
        at = (at + 1) & (s->capacity - 1);
    return s->slots[at];
}

static void grow(struct verify_set *s)
{
    struct verify_set larger = {.capacity = s->capacity * 2};

    larger.slots = xcalloc(larger.capacity, sizeof *larger.slots);
    for (size_t i = 0; i < s->capacity; i++)
        if ((s->slots[i][0] | s->slots[i][1]) != 0)
            memcpy(slot_for(&larger, s->slots[i]), s->slots[i], sizeof *s->slots);
    free(s->slots);
    s->slots = larger.slots;
    s->capacity = larger.capacity;
}

bool set_add(struct verify_set *s, const struct digest *d)
{
    uint64_t key[2], *slot;

    memcpy(key, d->bytes, sizeof key);
    slot = slot_for(s, key);
    if ((slot[0] | slot[1]) != 0)
        return false;
    memcpy(slot, key, sizeof key);
    if (++s->count * 3 > s->capacity * 2)
        grow(s);
    return true;
}

bool set_has(const struct verify_set *s, const struct digest *d)
{
    uint64_t key[2], *slot;

    memcpy(key, d->bytes, sizeof key);
    slot = slot_for(s, key);
    return (slot[0] | slot[1]) != 0;
}
