/* SPDX-License-Identifier: Apache-2.0 */
/* Reads recorded values from outside, line by line. */
#include "server/ext_file.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/c_locale.h"
#include "core/clock.h"
#include "core/text.h"

enum {
    EXT_FILE_BYTES = 256 * 1024 * 1024,
    EXT_LINE_BYTES = 128
};

static const char header[] = "write timestamp,value";

/* The file under way. */
struct reader {
    const char *path;
    int line;
    struct diag_list *diags;
    struct ext_point *points;
    size_t count, capacity;
};

static enum err refuse(const struct reader *r, const char *code, const char *message,
                       const char *hint)
{
    struct diag *d = diag_add(r->diags, r->path, code, "%s", message);

    d->line = r->line;
    diag_hint(d, "%s", hint);
    return ERR_INVALID;
}

static enum err read_value(const struct reader *r, const char *text, double *out)
{
    char *end;

    *out = NAN;
    if (!*text)
        return ERR_OK;
    /* No hexadecimal, infinity or blanks, which strtod would take. */
    if (strspn(text, "+-.0123456789eE") == strlen(text)) {
        *out = strtod_l(text, &end, c_locale());
        if (*end == '\0' && isfinite(*out))
            return ERR_OK;
    }
    return refuse(r, "not_a_number", "the value is not a finite number",
                  "write a number, or nothing where it is unknown");
}

/* "timestamp,value"; the line's ending is gone. */
static enum err read_line(struct reader *r, char *line)
{
    char *comma = strchr(line, ',');
    struct ext_point p;
    enum err e;

    if (!comma || strchr(comma + 1, ','))
        return refuse(r, "columns", "the line does not have two columns", header);
    *comma = '\0';
    if (time_parse(line, strlen(line), &p.at_us))
        return refuse(r, "time", "the timestamp is not a time",
                      "Unix milliseconds, or 2024-01-15T10:30:00Z");
    if (r->count > 0 && p.at_us <= r->points[r->count - 1].at_us)
        return refuse(r, "unsorted", "the timestamp is not later than the one before it",
                      "sort the lines by time and keep one of each");
    e = read_value(r, comma + 1, &p.value);
    if (e)
        return e;
    if (r->count == r->capacity) {
        r->capacity = r->capacity ? 2 * r->capacity : 1024;
        r->points = xrealloc(r->points, r->capacity * sizeof *r->points);
    }
    r->points[r->count++] = p;
    return ERR_OK;
}

enum err ext_parse(const char *data, size_t length, const char *name, struct diag_list *diags,
                   struct ext_point **points, size_t *count)
{
    struct reader r = {.path = name, .line = 1, .diags = diags};
    const char *end = data + length;
    enum err e = length == 0 ? refuse(&r, "header", "the file is empty", header) : ERR_OK;

    for (const char *at = data; !e && at < end; r.line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((newline ? newline : end) - at);
        char line[EXT_LINE_BYTES];

        if (n > 0 && at[n - 1] == '\r')
            n--;
        if (n >= sizeof line || memchr(at, '\0', n)) {
            e = refuse(&r, "line", "the line is too long", header);
            break;
        }
        memcpy(line, at, n);
        line[n] = '\0';
        at = newline ? newline + 1 : end;
        if (r.line > 1)
            e = read_line(&r, line);
        else if (strcmp(line, "timestamp,value") != 0)
            e = refuse(&r, "header", "the first line is not the header", header);
    }
    if (e) {
        free(r.points);
        return e;
    }
    *points = r.points;
    *count = r.count;
    return ERR_OK;
}

/* The name's place among those that the artifact reads. */
static enum err find_name(const struct past *p, const char *item, const char *equals,
                          struct diag_list *diags, size_t *out)
{
    const size_t length = (size_t)(equals - item);
    const size_t count = strategy_ext_count(p->strategy);

    for (size_t i = 0; i < count; i++) {
        const char *name = strategy_ext_name(p->strategy, i);

        if (strlen(name) == length && strncmp(name, item, length) == 0) {
            *out = i;
            return ERR_OK;
        }
    }
    diag_hint(diag_add(diags, "--ext", "unknown_name", "the strategy does not read ext.%.*s",
                       length < LIMIT_NAME ? (int)length : LIMIT_NAME, item),
              "%s%s", count > 0 ? "it reads ext." : "it reads no value from outside",
              count > 0 ? strategy_ext_name(p->strategy, 0) : "");
    return ERR_INVALID;
}

enum err ext_file_open(const char *item, struct past *p, struct diag_list *diags)
{
    const char *equals = strchr(item, '=');
    struct ext_point *points = NULL;
    size_t name, count = 0;
    const char *path;
    struct text file;
    enum err e;

    if (!equals) {
        diag_hint(diag_add(diags, "--ext", "invalid", "'%.64s' names no value", item),
                  "write NAME=FILE.csv");
        return ERR_INVALID;
    }
    e = find_name(p, item, equals, diags, &name);
    if (e)
        return e;
    path = equals + 1;
    text_init(&file, EXT_FILE_BYTES);
    e = text_read_file(&file, path);
    if (e)
        (void)diag_add(diags, path, "file", "cannot read the file: %s",
                       e == ERR_LIMIT ? "it is too large" : strerror(errno));
    else
        e = ext_parse(file.data, file.length, path, diags, &points, &count);
    text_release(&file);
    if (e)
        return e;
    free(p->ext_points[name]); /* named twice: the later file counts */
    p->ext_points[name] = points;
    p->ext[name] = (struct ext_series){points, count};
    return ERR_OK;
}
