/* SPDX-License-Identifier: Apache-2.0 */
/* Grows a byte buffer up to its maximum; reads files into it; knows UTF-8 and near misses. */
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TEXT_FIRST_CAPACITY = 128,
    TEXT_READ_BYTES = 16 * 1024,
    EDIT_LENGTH_MAX = 96
};

void text_init(struct text *t, size_t max)
{
    /* Half the address space is as good as all of it, and max + 1 cannot wrap. */
    *t = (struct text){.max = max < SIZE_MAX / 2 ? max : SIZE_MAX / 2};
}

void text_release(struct text *t)
{
    free(t->data);
    *t = (struct text){.max = t->max};
}

void text_clear(struct text *t)
{
    t->length = 0;
    t->full = false;
    if (t->data)
        t->data[0] = '\0';
}

/* Room for `more` bytes and the ending NUL; false, and full, when max would be passed. */
static bool text_reserve(struct text *t, size_t more)
{
    size_t need, capacity;

    if (t->full)
        return false;
    if (more > t->max || t->length > t->max - more) {
        t->full = true;
        return false;
    }
    need = t->length + more + 1;
    if (need <= t->capacity)
        return true;
    capacity = t->capacity ? t->capacity : TEXT_FIRST_CAPACITY;
    while (capacity < need)
        capacity *= 2;
    if (capacity > t->max + 1)
        capacity = t->max + 1;
    t->data = xrealloc(t->data, capacity);
    t->capacity = capacity;
    return true;
}

void text_append(struct text *t, const char *data, size_t length)
{
    if (!text_reserve(t, length))
        return;
    if (length)
        memcpy(t->data + t->length, data, length);
    t->length += length;
    t->data[t->length] = '\0';
}

void text_string(struct text *t, const char *s)
{
    text_append(t, s, strlen(s));
}

void text_char(struct text *t, char c)
{
    text_append(t, &c, 1);
}

void text_format(struct text *t, const char *format, ...)
{
    va_list arguments, again;
    int n;

    va_start(arguments, format);
    va_copy(again, arguments);
    n = vsnprintf(NULL, 0, format, arguments);
    ASSERT(n >= 0);
    if (text_reserve(t, (size_t)n)) {
        n = vsnprintf(t->data + t->length, (size_t)n + 1, format, again);
        ASSERT(n >= 0);
        t->length += (size_t)n;
    }
    va_end(again);
    va_end(arguments);
}

char *text_take(struct text *t, size_t *length)
{
    char *data = t->data ? t->data : xstrdup("");

    if (length)
        *length = t->length;
    *t = (struct text){.max = t->max};
    return data;
}

enum err text_read_file(struct text *t, const char *path)
{
    char bytes[TEXT_READ_BYTES];
    enum err e = ERR_OK;
    ssize_t n;
    int saved, fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return ERR_IO;
    for (;;) {
        n = read(fd, bytes, sizeof(bytes));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            e = ERR_IO;
        if (n <= 0)
            break;
        text_append(t, bytes, (size_t)n);
        if (t->full) {
            e = ERR_LIMIT;
            break;
        }
    }
    saved = errno;
    close(fd);
    errno = saved;
    return e;
}

/* The least code point that needs as many bytes: anything less is an overlong form. */
static const uint32_t utf8_least[5] = {0, 0, 0x80, 0x800, 0x10000};

size_t text_decode(const char *data, size_t length, uint32_t *code)
{
    const unsigned char *bytes = (const unsigned char *)data;
    size_t n, i;
    uint32_t c;

    if (length == 0)
        return 0;
    c = bytes[0];
    if (c < 0x80) {
        *code = c;
        return 1;
    }
    if (c >= 0xC2 && c <= 0xDF) {
        n = 2;
        c &= 0x1F;
    } else if (c >= 0xE0 && c <= 0xEF) {
        n = 3;
        c &= 0x0F;
    } else if (c >= 0xF0 && c <= 0xF4) {
        n = 4;
        c &= 0x07;
    } else {
        return 0;
    }
    if (length < n)
        return 0;
    for (i = 1; i < n; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (bytes[i] & 0x3FU);
    }
    if (c < utf8_least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *code = c;
    return n;
}

bool text_is_utf8(const char *data, size_t length)
{
    size_t at = 0, n;
    uint32_t code;

    while (at < length) {
        n = text_decode(data + at, length - at, &code);
        if (n == 0 || code == 0)
            return false;
        at += n;
    }
    return true;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t edit_distance(const char *a, const char *b)
{
    size_t table[3][EDIT_LENGTH_MAX + 1];
    size_t *before = table[0], *last = table[1], *now = table[2], *spare;
    size_t length_a = strlen(a), length_b = strlen(b), i, j;

    if (length_a > EDIT_LENGTH_MAX || length_b > EDIT_LENGTH_MAX)
        return length_a > length_b ? length_a : length_b;
    for (j = 0; j <= length_b; j++) {
        before[j] = j;
        last[j] = j;
    }
    for (i = 1; i <= length_a; i++) {
        now[0] = i;
        for (j = 1; j <= length_b; j++) {
            now[j] = least(last[j], now[j - 1]) + 1;
            now[j] = least(now[j], last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[length_b];
}
