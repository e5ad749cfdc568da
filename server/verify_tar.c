/* SPDX-License-Identifier: Apache-2.0 */
/* Walks an archive's 512-byte headers. */
#include "server/verify_tar.h"

#include <stdlib.h>
#include <string.h>

enum {
    TAR_BLOCK = 512,
    TAR_NAME_AT = 0,
    TAR_NAME_LENGTH = 100,
    TAR_SIZE_AT = 124,
    TAR_SIZE_LENGTH = 12,
    TAR_SUM_AT = 148,
    TAR_SUM_LENGTH = 8,
    TAR_TYPE_AT = 156,
    TAR_MAGIC_AT = 257,
    TAR_PREFIX_AT = 345,
    TAR_PREFIX_LENGTH = 155
};

/* Octal digits up to a blank or NUL; false when there is anything else, or more than 63 bits. */
static bool read_octal(const char *at, size_t length, uint64_t *out)
{
    uint64_t n = 0;
    size_t i = 0;

    while (i < length && at[i] == ' ')
        i++;
    for (; i < length && at[i] >= '0' && at[i] <= '7'; i++) {
        if (n >> 60)
            return false;
        n = n << 3 | (uint64_t)(at[i] - '0');
    }
    if (i < length && at[i] != ' ' && at[i] != '\0')
        return false;
    *out = n;
    return true;
}

/* GNU's form for what is too large for octal: a set top bit, then big-endian bytes. */
static bool read_size(const char *header, uint64_t *out)
{
    const unsigned char *at = (const unsigned char *)header + TAR_SIZE_AT;
    uint64_t n = 0;

    if (at[0] != 0x80)
        return read_octal(header + TAR_SIZE_AT, TAR_SIZE_LENGTH, out);
    for (size_t i = 1; i < TAR_SIZE_LENGTH; i++) {
        if (n >> 55)
            return false;
        n = n << 8 | at[i];
    }
    *out = n;
    return true;
}

/* The sum of the header's bytes, those of the sum itself taken as blanks. */
static bool is_header(const char *header)
{
    uint64_t told, sum = 0;

    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += i >= TAR_SUM_AT && i < TAR_SUM_AT + TAR_SUM_LENGTH ? ' ' : (unsigned char)header[i];
    return memcmp(header + TAR_MAGIC_AT, "ustar", 5) == 0 &&
           read_octal(header + TAR_SUM_AT, TAR_SUM_LENGTH, &told) && told == sum;
}

static void read_name(const char *header, char name[TAR_NAME])
{
    size_t prefix = strnlen(header + TAR_PREFIX_AT, TAR_PREFIX_LENGTH);
    size_t length = strnlen(header + TAR_NAME_AT, TAR_NAME_LENGTH), skip = 0;

    /* GNU's own format has other things where POSIX has the prefix. */
    if (header[TAR_MAGIC_AT + 5] == ' ')
        prefix = 0;
    memcpy(name, header + TAR_PREFIX_AT, prefix);
    if (prefix > 0)
        name[prefix++] = '/';
    memcpy(name + prefix, header + TAR_NAME_AT, length);
    name[prefix + length] = '\0';
    while (strncmp(name + skip, "./", 2) == 0)
        skip += 2;
    memmove(name, name + skip, strlen(name + skip) + 1);
}

static void add(struct tar_index *t, const char *name, const char *data, size_t length)
{
    if (t->count == t->capacity) {
        t->capacity = t->capacity ? t->capacity * 2 : 64;
        t->files = xrealloc(t->files, t->capacity * sizeof *t->files);
    }
    t->files[t->count++] = (struct tar_file){.name = xstrdup(name), .data = data, .length = length};
}

static int compare(const void *a, const void *b)
{
    const struct tar_file *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static enum err finish(struct tar_index *t)
{
    if (t->count == 0)
        return ERR_SYNTAX;
    qsort(t->files, t->count, sizeof *t->files, compare);
    for (size_t i = 1; i < t->count; i++)
        if (strcmp(t->files[i - 1].name, t->files[i].name) == 0)
            return ERR_CONFLICT;
    return ERR_OK;
}

static bool is_zero(const char *block)
{
    for (size_t i = 0; i < TAR_BLOCK; i++)
        if (block[i])
            return false;
    return true;
}

/* Whether records of pax, "LENGTH KEY=VALUE" a line, give a file another name, size or kind of data
 * than its header: another reader would see another archive. */
static bool is_overriding(const char *at, size_t length)
{
    static const char *const keys[] = {"path=", "linkpath=", "size=", "GNU.sparse"};
    const char *end = at + length;

    while (at < end) {
        const char *digit = at, *key;
        size_t n = 0;

        for (; digit < end && *digit >= '0' && *digit <= '9' && n < length; digit++)
            n = 10 * n + (size_t)(*digit - '0');
        if (n > (size_t)(end - at) || digit == end || *digit != ' ' || at + n <= digit + 1)
            return true; /* no records: nobody knows what others make of it */
        key = digit + 1;
        for (size_t i = 0; i < COUNT_OF(keys); i++)
            if (strlen(keys[i]) <= (size_t)(at + n - key) &&
                memcmp(key, keys[i], strlen(keys[i])) == 0)
                return true;
        at += n;
    }
    return false;
}

/* One header and what follows it; *at moves behind. */
static enum err take(const char *data, size_t length, struct tar_index *t, size_t *at)
{
    const char *header = data + *at;
    size_t left = length - *at - TAR_BLOCK, blocks;
    char name[TAR_NAME];
    uint64_t size;

    if (!is_header(header) || !read_size(header, &size) || size > left)
        return ERR_SYNTAX;
    read_name(header, name);
    switch (header[TAR_TYPE_AT]) {
    case '0':
    case '\0':
        if (!name[0])
            return ERR_SYNTAX;
        if (t->count == TAR_FILES_MAX)
            return ERR_LIMIT;
        add(t, name, header + TAR_BLOCK, (size_t)size);
        break;
    case '5': /* a folder */
    case 'x': /* pax: of the next file, times and owners */
    case 'g': /* pax: of all */
        if (header[TAR_TYPE_AT] != '5' && is_overriding(header + TAR_BLOCK, (size_t)size))
            return ERR_CONFLICT;
        break;
    default:
        return ERR_CONFLICT;
    }
    blocks = ((size_t)size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    if (blocks > left)
        return ERR_SYNTAX;
    *at += TAR_BLOCK + blocks;
    return ERR_OK;
}

enum err tar_read(const char *data, size_t length, struct tar_index *out, size_t *at)
{
    struct tar_index t = {0};
    enum err e = ERR_OK;

    *at = 0;
    while (!e && length - *at >= TAR_BLOCK && !is_zero(data + *at))
        e = take(data, length, &t, at);
    /* Without the block of zeros that ends an archive the file was cut. */
    if (!e && length - *at < TAR_BLOCK)
        e = ERR_SYNTAX;
    if (!e)
        e = finish(&t);
    if (e)
        tar_release(&t);
    else
        *out = t;
    return e;
}

void tar_release(struct tar_index *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->files[i].name);
    free(t->files);
    *t = (struct tar_index){0};
}

const struct tar_file *tar_find(const struct tar_index *t, const char *name)
{
    struct tar_file key = {.name = (char *)(uintptr_t)name};

    return t->count ? bsearch(&key, t->files, t->count, sizeof *t->files, compare) : NULL;
}
