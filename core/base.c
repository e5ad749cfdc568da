/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions that end the program, memory that cannot fail, bounded copies. */
#include "core/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    PAGE_BYTES = 4096 /* where pages are larger the system refuses the hint */
};

void assert_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
    abort();
}

static NO_RETURN void out_of_memory(size_t size)
{
    fprintf(stderr, "out of memory: %zu bytes were asked for\n", size);
    abort();
}

void *xmalloc(size_t size)
{
    void *memory = malloc(size ? size : 1);

    if (!memory)
        out_of_memory(size);
    return memory;
}

void *xcalloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);

    if (!memory)
        out_of_memory(size);
    return memory;
}

void *xrealloc(void *old, size_t size)
{
    void *memory = realloc(old, size ? size : 1);

    if (!memory)
        out_of_memory(size);
    return memory;
}

void memory_prepare(void *memory, size_t size)
{
    const size_t skipped = -(uintptr_t)memory % PAGE_BYTES;

    if (size >= skipped + PAGE_BYTES)
        (void)madvise((char *)memory + skipped, (size - skipped) / PAGE_BYTES * PAGE_BYTES,
                      MADV_POPULATE_WRITE);
}

char *xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

char *xstrndup(const char *text, size_t length)
{
    size_t n = strnlen(text, length);
    char *copy = xmalloc(n + 1);

    memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

bool copy_text(char *to, size_t capacity, const char *from)
{
    size_t length = strlen(from);
    bool whole = length < capacity;

    ASSERT(capacity > 0);
    if (!whole) {
        length = capacity - 1;
        /* A cut must not leave half a UTF-8 character behind. */
        while (length > 0 && ((unsigned char)from[length] & 0xC0) == 0x80)
            length--;
    }
    memmove(to, from, length);
    to[length] = '\0';
    return whole;
}
