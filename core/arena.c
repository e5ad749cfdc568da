/* SPDX-License-Identifier: Apache-2.0 */
/* Hands out memory from blocks and frees it all at once. */
#include "core/arena.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_BYTES = 4096
};

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t capacity;
    _Alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *a, size_t max)
{
    *a = (struct arena){.max = max};
}

void arena_release(struct arena *a)
{
    struct arena_block *block = a->blocks, *next;

    for (; block; block = next) {
        next = block->next;
        free(block);
    }
    *a = (struct arena){.max = a->max};
}

/* A block with room for size: the newest one, or a new one in front of it. */
static struct arena_block *block_for(struct arena *a, size_t size)
{
    struct arena_block *block = a->blocks;
    size_t capacity = size > BLOCK_BYTES ? size : BLOCK_BYTES;

    if (block && block->capacity - block->used >= size)
        return block;
    block = xcalloc(1, sizeof(*block) + capacity);
    block->capacity = capacity;
    block->next = a->blocks;
    a->blocks = block;
    return block;
}

void *arena_alloc(struct arena *a, size_t size)
{
    const size_t alignment = _Alignof(max_align_t);
    struct arena_block *block;
    void *memory;

    if (size > a->max)
        return NULL;
    size = size ? (size + alignment - 1) / alignment * alignment : alignment;
    if (a->used > a->max || size > a->max - a->used)
        return NULL;
    block = block_for(a, size);
    memory = block->bytes + block->used;
    block->used += size;
    a->used += size;
    return memory;
}

char *arena_strndup(struct arena *a, const char *text, size_t length)
{
    size_t n = strnlen(text, length);
    char *copy = arena_alloc(a, n + 1);

    if (copy)
        memcpy(copy, text, n);
    return copy;
}
