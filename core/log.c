/* SPDX-License-Identifier: Apache-2.0 */
/* Builds one log line in a stack buffer and hands it to the kernel in one write. */
#include "core/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/text.h"

enum {
    LEVEL_COUNT = LOG_LEVEL_ERROR + 1,
    LINE_END_BYTES = 8, /* kept free for what closes a line: quote, brace, colour off, newline */
    ESCAPE_MAX = 6,     /* the longest form of one character: \u00xx */
    EVENT_COLUMN = 24   /* where the pairs of a readable line begin */
};

static _Atomic int lowest_level = LOG_LEVEL_INFO;
static _Atomic bool as_text;
static _Atomic bool coloured;
static _Atomic int out_fd = STDERR_FILENO;
static _Atomic uint64_t counts[LEVEL_COUNT];
static _Thread_local bool is_muted;

static const char *const level_names[LEVEL_COUNT] = {"debug", "info", "warn", "error"};
static const char *const level_colours[LEVEL_COUNT] = {"\033[2m", "\033[32m", "\033[33m",
                                                       "\033[31m"};
static const char colour_off[] = "\033[0m";

struct line {
    char bytes[LIMIT_LOG_LINE];
    size_t length;
};

void log_configure(enum log_level level, enum log_format format, int fd)
{
    bool terminal = isatty(fd) == 1;
    bool text = format == LOG_FORMAT_TEXT || (format == LOG_FORMAT_AUTO && terminal);

    atomic_store(&lowest_level, (int)level);
    atomic_store(&as_text, text);
    atomic_store(&coloured, text && terminal);
    atomic_store(&out_fd, fd);
}

bool log_mute(bool muted)
{
    bool before = is_muted;

    is_muted = muted;
    return before;
}

bool log_enabled(enum log_level level)
{
    return !is_muted && (int)level >= atomic_load_explicit(&lowest_level, memory_order_relaxed);
}

uint64_t log_count(enum log_level level)
{
    ASSERT((unsigned)level < LEVEL_COUNT);
    return atomic_load_explicit(&counts[level], memory_order_relaxed);
}

/* All of the bytes or none; `keep` bytes stay free for what must follow. */
static bool put_bytes(struct line *l, const char *bytes, size_t length, size_t keep)
{
    if (length + keep > sizeof(l->bytes) - l->length)
        return false;
    memcpy(l->bytes + l->length, bytes, length);
    l->length += length;
    return true;
}

static bool put(struct line *l, const char *text)
{
    return put_bytes(l, text, strlen(text), LINE_END_BYTES);
}

/* One character as it stands between quotes; controls could move a terminal's cursor or fake a
 * second line, so they are always escaped. */
static size_t escape_character(const char *at, size_t left, char form[ESCAPE_MAX + 1], size_t *n)
{
    uint32_t code = 0xFFFD;
    size_t used = text_decode(at, left, &code);
    int length;

    if (code == '"' || code == '\\')
        length = snprintf(form, ESCAPE_MAX + 1, "\\%c", (char)code);
    else if (code == '\n')
        length = snprintf(form, ESCAPE_MAX + 1, "\\n");
    else if (code < 0x20 || (code >= 0x7F && code < 0xA0))
        length = snprintf(form, ESCAPE_MAX + 1, "\\u%04x", (unsigned)code & 0xFF);
    else if (used)
        length = snprintf(form, ESCAPE_MAX + 1, "%.*s", (int)used, at);
    else
        length = snprintf(form, ESCAPE_MAX + 1, "\xEF\xBF\xBD");
    *n = (size_t)length;
    return used ? used : 1;
}

/* The text between quotes, cut at a whole character when the line is full. */
static bool put_quoted(struct line *l, const char *text)
{
    char form[ESCAPE_MAX + 1];
    size_t left = strlen(text), used, n;
    bool whole = true;

    /* The closing quote is sure of its place: the room for the line's end has one for it. */
    if (!put_bytes(l, "\"", 1, LINE_END_BYTES + 1))
        return false;
    while (left > 0 && whole) {
        used = escape_character(text, left, form, &n);
        whole = put_bytes(l, form, n, LINE_END_BYTES + 1);
        text += used;
        left -= used;
    }
    return put_bytes(l, "\"", 1, LINE_END_BYTES) && whole;
}

/* ,"key":value or nothing at all. */
static bool put_json_pair(struct line *l, const char *key, const char *value)
{
    size_t before = l->length;

    if (put(l, ",") && put_quoted(l, key) && put(l, ":")) {
        if (!value && put(l, "null"))
            return true;
        /* A value that had to be cut stays: its beginning is worth more than nothing. */
        if (value && (put_quoted(l, value) || l->bytes[l->length - 1] == '"'))
            return true;
    }
    l->length = before;
    return false;
}

static bool needs_quotes(const char *value)
{
    const unsigned char *at = (const unsigned char *)value;

    if (!*at)
        return true;
    for (; *at; at++) {
        if (*at <= ' ' || *at >= 0x7F || *at == '"' || *at == '=' || *at == '\\')
            return true;
    }
    return false;
}

static bool put_text_pair(struct line *l, const char *key, const char *value)
{
    if (!put(l, " ") || !put(l, key) || !put(l, "="))
        return false;
    if (!value)
        return put(l, "-");
    return needs_quotes(value) ? put_quoted(l, value) : put(l, value);
}

static void put_text_head(struct line *l, enum log_level level, const char *event, const char *time,
                          bool colour)
{
    char head[LIMIT_NAME * 2];

    snprintf(head, sizeof(head), "%.12s ", time + sizeof("2024-01-15"));
    put(l, head);
    if (colour)
        put(l, level_colours[level]);
    snprintf(head, sizeof(head), "%-5s", level_names[level]);
    put(l, head);
    if (colour)
        put(l, colour_off);
    snprintf(head, sizeof(head), " %-*s", EVENT_COLUMN, event);
    put(l, head);
}

static void put_json_head(struct line *l, enum log_level level, const char *event, const char *time)
{
    put(l, "{\"time\":");
    put_quoted(l, time);
    put_json_pair(l, "level", level_names[level]);
    put_json_pair(l, "event", event);
}

/* A line that cannot be written is lost: a daemon must not stop trading because of its log. */
static void write_line(const struct line *l)
{
    int fd = atomic_load_explicit(&out_fd, memory_order_relaxed);
    ssize_t n;

    do
        n = write(fd, l->bytes, l->length);
    while (n < 0 && errno == EINTR);
}

void log_write(enum log_level level, const char *event, ...)
{
    bool text = atomic_load_explicit(&as_text, memory_order_relaxed);
    char time[TIME_TEXT_MAX];
    const char *key, *value;
    int saved = errno;
    struct line l;
    va_list pairs;

    ASSERT((unsigned)level < LEVEL_COUNT);
    if (!log_enabled(level))
        return;
    l.length = 0;
    time_print(clock_wall_us(), time);
    if (text)
        put_text_head(&l, level, event, time, atomic_load(&coloured));
    else
        put_json_head(&l, level, event, time);
    va_start(pairs, event);
    while ((key = va_arg(pairs, const char *)) != NULL) {
        value = va_arg(pairs, const char *);
        if (!(text ? put_text_pair(&l, key, value) : put_json_pair(&l, key, value)))
            break;
    }
    va_end(pairs);
    while (text && l.length > 0 && l.bytes[l.length - 1] == ' ')
        l.length--;
    put_bytes(&l, text ? "\n" : "}\n", text ? 1 : 2, 0);
    write_line(&l);
    atomic_fetch_add_explicit(&counts[level], 1, memory_order_relaxed);
    errno = saved;
}

const char *number_print(struct number_text *buffer, int64_t value)
{
    snprintf(buffer->text, sizeof(buffer->text), "%lld", (long long)value);
    return buffer->text;
}
