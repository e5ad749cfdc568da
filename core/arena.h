/* SPDX-License-Identifier: Apache-2.0 */
/* Bump memory freed at once, with a maximum: one a request. */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include "core/base.h"

struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t used;
    size_t max;
};

void arena_init(struct arena *a, size_t max);
void arena_release(struct arena *a);
/* Zeroed, aligned for any type; NULL when the maximum would be passed. */
void *arena_alloc(struct arena *a, size_t size) MUST_USE;
char *arena_strndup(struct arena *a, const char *text, size_t length) MUST_USE;

#endif
