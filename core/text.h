/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer that cannot be made without its maximum. */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include "core/base.h"
#include "core/error.h"

/* data is always ended by NUL (not counted in length) once something was written.  When an append
 * would pass max, the buffer keeps what it has and `full` is set: check once at the end. */
struct text {
    char *data;
    size_t length;
    size_t capacity;
    size_t max;
    bool full;
};

void text_init(struct text *t, size_t max);
void text_release(struct text *t);
void text_clear(struct text *t); /* length 0, keeps the memory */
void text_append(struct text *t, const char *data, size_t length);
void text_string(struct text *t, const char *s);
void text_char(struct text *t, char c);
void text_format(struct text *t, const char *format, ...) PRINTF_LIKE(2, 3);
/* Moves the bytes out; the caller frees them with free().  The buffer is empty afterwards. */
char *text_take(struct text *t, size_t *length);

/* A whole file into t; ERR_IO (errno kept) or ERR_LIMIT when it is larger than t->max. */
MUST_USE enum err text_read_file(struct text *t, const char *path);

/* True for UTF-8 without NUL, overlong forms or surrogates (RFC 3629). */
bool text_is_utf8(const char *data, size_t length);
/* The first character of the bytes: how many it takes (1 to 4) and its code point.  0 and *code
 * untouched when they do not begin with valid UTF-8; NUL is valid here. */
size_t text_decode(const char *data, size_t length, uint32_t *code);

/* How many characters must be put in, taken out, replaced or swapped with their neighbour to turn
 * one word into the other: for "did you mean".  Words over 96 bytes count as wholly different. */
size_t edit_distance(const char *a, const char *b);

#endif
