/* SPDX-License-Identifier: Apache-2.0 */
/* Writes JSON, compact or canonical, and keeps commas, order and the log's profile right. */
#include "core/jwriter.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/double_text.h"

#define EXACT_INTEGER_MAX INT64_C(9007199254740991) /* 2^53 - 1: what every reader keeps */

enum {
    KEY_MAX = 40,
    REPLACEMENT_CHARACTER = 0xFFFD
};

void jwriter_init(struct jwriter *w, enum jstyle style, struct text *out)
{
    *w = (struct jwriter){.out = out, .style = style};
}

bool jwriter_ok(const struct jwriter *w)
{
    return w->depth == 0 && !w->after_key && !w->out->full;
}

static bool is_canonical(const struct jwriter *w)
{
    return w->style == JSTYLE_CANONICAL;
}

static void write_separator(struct jwriter *w)
{
    if (w->first[w->depth - 1])
        w->first[w->depth - 1] = false;
    else
        text_string(w->out, is_canonical(w) ? ", " : ",");
}

/* What stands before any value: nothing after a key or at the top, else the array's comma. */
static void begin_value(struct jwriter *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->depth == 0)
        return;
    ASSERT(!w->is_object[w->depth - 1]);
    write_separator(w);
}

static void open_level(struct jwriter *w, bool is_object)
{
    begin_value(w);
    ASSERT(w->depth < JWRITER_DEPTH);
    w->first[w->depth] = true;
    w->is_object[w->depth] = is_object;
    w->last_key[w->depth][0] = '\0';
    w->depth++;
    text_char(w->out, is_object ? '{' : '[');
}

static void close_level(struct jwriter *w, bool is_object)
{
    ASSERT(w->depth > 0 && !w->after_key);
    ASSERT(w->is_object[w->depth - 1] == is_object);
    w->depth--;
    text_char(w->out, is_object ? '}' : ']');
}

void jw_object(struct jwriter *w)
{
    open_level(w, true);
}

void jw_object_end(struct jwriter *w)
{
    close_level(w, true);
}

void jw_array(struct jwriter *w)
{
    open_level(w, false);
}

void jw_array_end(struct jwriter *w)
{
    close_level(w, false);
}

static void write_unicode_escape(struct jwriter *w, uint32_t code)
{
    if (code >= 0x10000) {
        code -= 0x10000;
        text_format(w->out, "\\u%04x\\u%04x", (unsigned)(0xD800 + (code >> 10)),
                    (unsigned)(0xDC00 + (code & 0x3FF)));
    } else {
        text_format(w->out, "\\u%04x", (unsigned)code);
    }
}

/* The letter of a two-character escape, or 0. */
static char short_escape(uint32_t code)
{
    switch (code) {
    case '"':
        return '"';
    case '\\':
        return '\\';
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/* A byte that is no UTF-8 becomes U+FFFD: an answer must be valid JSON whatever it quotes. */
static void write_quoted(struct jwriter *w, const char *utf8, size_t length)
{
    size_t at = 0, run, n;
    uint32_t code;
    char letter;

    text_char(w->out, '"');
    while (at < length) {
        for (run = at; run < length && is_plain((unsigned char)utf8[run]); run++)
            ;
        text_append(w->out, utf8 + at, run - at);
        at = run;
        if (at == length)
            break;
        code = REPLACEMENT_CHARACTER;
        n = text_decode(utf8 + at, length - at, &code);
        letter = short_escape(code);
        if (letter) {
            text_char(w->out, '\\');
            text_char(w->out, letter);
        } else if (is_canonical(w) || code < 0x20) {
            write_unicode_escape(w, code);
        } else {
            text_append(w->out, n ? utf8 + at : "\xEF\xBF\xBD", n ? n : 3);
        }
        at += n ? n : 1;
    }
    text_char(w->out, '"');
}

static void check_canonical_key(struct jwriter *w, const char *key)
{
    char *last = w->last_key[w->depth - 1];
    size_t length = strlen(key), i;

    ASSERT(length >= 1 && length <= KEY_MAX);
    for (i = 0; i < length; i++)
        ASSERT((key[i] >= 'a' && key[i] <= 'z') || (key[i] >= '0' && key[i] <= '9') ||
               key[i] == '_');
    ASSERT(strcmp(last, key) < 0);
    memcpy(last, key, length + 1);
}

void jw_key(struct jwriter *w, const char *key)
{
    ASSERT(w->depth > 0 && w->is_object[w->depth - 1] && !w->after_key);
    if (is_canonical(w))
        check_canonical_key(w, key);
    write_separator(w);
    write_quoted(w, key, strlen(key));
    text_string(w->out, is_canonical(w) ? ": " : ":");
    w->after_key = true;
}

void jw_raw(struct jwriter *w, const char *json, size_t length)
{
    begin_value(w);
    text_append(w->out, json, length);
}

void jw_null(struct jwriter *w)
{
    jw_raw(w, "null", 4);
}

void jw_bool(struct jwriter *w, bool value)
{
    jw_raw(w, value ? "true" : "false", value ? 4 : 5);
}

void jw_integer(struct jwriter *w, int64_t value)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%lld", (long long)value);

    if (is_canonical(w))
        ASSERT(value >= -EXACT_INTEGER_MAX && value <= EXACT_INTEGER_MAX);
    jw_raw(w, text, (size_t)n);
}

void jw_double(struct jwriter *w, double value)
{
    char text[DOUBLE_TEXT_MAX];

    ASSERT(!is_canonical(w));
    if (!__builtin_isfinite(value)) {
        jw_null(w);
        return;
    }
    jw_raw(w, text, double_print(value, text));
}

void jw_text(struct jwriter *w, const char *utf8)
{
    jw_text_n(w, utf8, strlen(utf8));
}

void jw_text_n(struct jwriter *w, const char *utf8, size_t length)
{
    begin_value(w);
    write_quoted(w, utf8, length);
}

#define AMOUNT_WRITER(type)                                                                 \
    void jw_##type(struct jwriter *w, struct type value, int scale)                         \
    {                                                                                       \
        char text[AMOUNT_TEXT_MAX];                                                         \
                                                                                            \
        if (scale < 0)                                                                      \
            jw_text_n(w, text, type##_print(value, text));                                  \
        else                                                                                \
            jw_text_n(w, text, type##_print_scale(value, scale, text));                     \
    }                                                                                       \
    void jw_member_##type(struct jwriter *w, const char *key, struct type value, int scale) \
    {                                                                                       \
        jw_key(w, key);                                                                     \
        jw_##type(w, value, scale);                                                         \
    }

AMOUNT_WRITER(price)
AMOUNT_WRITER(size)
AMOUNT_WRITER(money)

void jw_ratio(struct jwriter *w, struct ratio r)
{
    char text[AMOUNT_TEXT_MAX];

    jw_text_n(w, text, ratio_print(r, text));
}

void jw_time(struct jwriter *w, int64_t us)
{
    char text[TIME_TEXT_MAX];

    time_print(us, text);
    jw_text(w, text);
}

void jw_digest(struct jwriter *w, const struct digest *d)
{
    char text[DIGEST_HEX];

    hex_print(d->bytes, DIGEST_BYTES, text);
    jw_text_n(w, text, DIGEST_HEX - 1);
}

void jw_member_text(struct jwriter *w, const char *key, const char *value)
{
    jw_key(w, key);
    if (value)
        jw_text(w, value);
    else
        jw_null(w);
}

void jw_member_integer(struct jwriter *w, const char *key, int64_t value)
{
    jw_key(w, key);
    jw_integer(w, value);
}

void jw_member_bool(struct jwriter *w, const char *key, bool value)
{
    jw_key(w, key);
    jw_bool(w, value);
}

void jw_member_double(struct jwriter *w, const char *key, double value)
{
    jw_key(w, key);
    jw_double(w, value);
}

void jw_member_null(struct jwriter *w, const char *key)
{
    jw_key(w, key);
    jw_null(w);
}

void jw_member_time(struct jwriter *w, const char *key, int64_t us)
{
    jw_key(w, key);
    if (us == TIME_NONE)
        jw_null(w);
    else
        jw_time(w, us);
}

void jw_member_ratio(struct jwriter *w, const char *key, struct ratio r)
{
    jw_key(w, key);
    jw_ratio(w, r);
}

void jw_member_digest(struct jwriter *w, const char *key, const struct digest *d)
{
    jw_key(w, key);
    jw_digest(w, d);
}
