/* SPDX-License-Identifier: Apache-2.0 */
/* Reads recorded funding rates from CSV, every mistake with its line. */
#include "exchange/funding_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/amount_text.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/text.h"
#include "exchange/candle_number.h"
#include "exchange/candle_series.h"

enum column {
    COLUMN_TIME,
    COLUMN_RATE,
    COLUMN_MARK,
    COLUMN_COUNT
};
enum {
    COLUMNS_MAX = 64,
    NAMES_MAX = 3
};
static const char *const column_names[COLUMN_COUNT][NAMES_MAX] = {
    [COLUMN_TIME] = {"timestamp", "fundingTime", "calc_time"},
    [COLUMN_RATE] = {"funding_rate", "fundingRate", "last_funding_rate"},
    [COLUMN_MARK] = {"mark_price", "markPrice"},
};

struct slice {
    const char *text;
    size_t length;
};

struct reader {
    const char *name, *at, *end;
    int line; /* 1-based, the newest taken */
    struct diag_list *diags;
    int columns;
    signed char column_of[COLUMNS_MAX]; /* enum column or -1 */
    struct funding_series series;
    size_t capacity;
};

/* A mistake of the newest line; text from the file is shown as far as it is harmless. */
static enum err mistake(const struct reader *r, const char *code, const char *what, struct slice s,
                        const char *hint)
{
    char field[LIMIT_PATH + 16], shown[48];
    size_t n = 0;

    for (size_t i = 0; i < s.length && n + 1 < sizeof shown; i++)
        shown[n++] = s.text[i] >= ' ' && s.text[i] <= '~' ? s.text[i] : '?';
    shown[n] = '\0';
    (void)snprintf(field, sizeof field, "%s:%d", r->name, r->line);
    diag_hint(s.text ? diag_add(r->diags, field, code, "%s: \"%s\"", what, shown)
                     : diag_add(r->diags, field, code, "%s", what),
              "%s", hint);
    return ERR_INVALID;
}

static struct slice take_line(struct reader *r)
{
    const char *end = memchr(r->at, '\n', (size_t)(r->end - r->at));
    struct slice line = {r->at, (size_t)((end ? end : r->end) - r->at)};

    r->at = end ? end + 1 : r->end;
    r->line++;
    if (line.length > 0 && line.text[line.length - 1] == '\r')
        line.length--;
    return line;
}

/* The part of a line up to the next comma, without blanks around it. */
static struct slice take_field(struct slice *line)
{
    const char *comma = memchr(line->text, ',', line->length);
    struct slice s = {line->text, comma ? (size_t)(comma - line->text) : line->length};
    const size_t used = s.length + (comma != NULL);

    line->text += used;
    line->length -= used;
    while (s.length > 0 && (*s.text == ' ' || *s.text == '\t')) {
        s.text++;
        s.length--;
    }
    while (s.length > 0 && (s.text[s.length - 1] == ' ' || s.text[s.length - 1] == '\t'))
        s.length--;
    return s;
}

static int column_named(struct slice s)
{
    for (int c = 0; c < COLUMN_COUNT; c++)
        for (int i = 0; i < NAMES_MAX; i++)
            if (column_names[c][i] && strlen(column_names[c][i]) == s.length &&
                strncasecmp(column_names[c][i], s.text, s.length) == 0)
                return c;
    return -1;
}

static enum err read_header(struct reader *r)
{
    static const char hint[] = "the first line names the columns: timestamp,funding_rate, and "
                               "mark_price when it is known";
    struct slice line = take_line(r);
    bool found[COLUMN_COUNT] = {false}, more = true;

    if (line.length >= 3 && memcmp(line.text, "\xef\xbb\xbf", 3) == 0) {
        line.text += 3; /* a byte order mark */
        line.length -= 3;
    }
    while (more) {
        const struct slice before = line;
        const struct slice field = take_field(&line);
        const int column = column_named(field);

        more = memchr(before.text, ',', before.length) != NULL;
        if (r->columns == COLUMNS_MAX)
            return mistake(r, "too_many_columns", "there are too many columns", field, hint);
        if (column >= 0 && found[column])
            return mistake(r, "duplicate_column", "a column is there twice", field, hint);
        if (column >= 0)
            found[column] = true;
        r->column_of[r->columns++] = (signed char)column;
    }
    for (int c = 0; c <= COLUMN_RATE; c++)
        if (!found[c])
            return mistake(r, "missing_column", "a column is missing",
                           (struct slice){column_names[c][0], strlen(column_names[c][0])}, hint);
    return ERR_OK;
}

/* A decimal, negative where allowed, as a count of 10^-12. */
static bool read_decimal(struct slice s, bool is_signed, i128 *out)
{
    const bool negative = is_signed && s.length > 0 && *s.text == '-';
    struct candle_number n;

    if (candle_number_parse(s.text + negative, s.length - negative, &n) != NUMBER_GOOD)
        return false;
    *out = price_from_scaled(n.value, n.decimals).e12 * (negative ? -1 : 1);
    return true;
}

static enum err read_row(struct reader *r, const struct slice fields[COLUMN_COUNT])
{
    const struct funding *last = r->series.count ? &r->series.items[r->series.count - 1] : NULL;
    struct funding f = {0};
    i128 ms;

    if (!read_decimal(fields[COLUMN_TIME], false, &ms) || ms % AMOUNT_ONE != 0 || ms <= 0 ||
        ms / AMOUNT_ONE > CANDLE_TIME_MS_MAX)
        return mistake(r, "timestamp", "it is no time", fields[COLUMN_TIME],
                       "times are Unix milliseconds");
    f.at_us = (int64_t)(ms / AMOUNT_ONE) * US_PER_MS;
    if (last && f.at_us <= last->at_us)
        return mistake(r, "order", "the time is not after the one before", fields[COLUMN_TIME],
                       "sort the lines by time, each stamp once");
    if (!read_decimal(fields[COLUMN_RATE], true, &f.rate.e12) || f.rate.e12 <= -AMOUNT_ONE ||
        f.rate.e12 >= AMOUNT_ONE)
        return mistake(r, "funding_rate", "it is no funding rate", fields[COLUMN_RATE],
                       "rates are fractions of at most 12 decimals between -1 and 1: 0.0001 is "
                       "0.01 %");
    if (fields[COLUMN_MARK].length > 0 &&
        (!read_decimal(fields[COLUMN_MARK], false, &f.mark.e12) || f.mark.e12 == 0))
        return mistake(r, "mark_price", "it is no price", fields[COLUMN_MARK],
                       "marks are positive decimals, or left empty");
    if (r->series.count == LIMIT_FUNDING)
        return mistake(r, "too_many", "there are too many stamps", (struct slice){0},
                       "give a shorter time");
    if (r->series.count == r->capacity) {
        r->capacity = r->capacity ? 2 * r->capacity : 1024;
        r->series.items = xrealloc(r->series.items, r->capacity * sizeof *r->series.items);
    }
    r->series.items[r->series.count++] = f;
    return ERR_OK;
}

static enum err read_line(struct reader *r)
{
    struct slice line = take_line(r), fields[COLUMN_COUNT] = {{0}};
    const struct slice whole = line;
    int columns = 0;
    bool more = true;

    if (line.length == 0 && r->at == r->end)
        return ERR_OK; /* the end of the last line */
    for (; more; columns++) {
        const bool is_last = memchr(line.text, ',', line.length) == NULL;
        const struct slice field = take_field(&line);

        if (columns < r->columns && r->column_of[columns] >= 0)
            fields[r->column_of[columns]] = field;
        more = !is_last;
    }
    if (columns != r->columns)
        return mistake(r, "columns", "the line has not as many columns as the header", whole,
                       "one stamp a line; the line may be cut");
    return read_row(r, fields);
}

static void make_digest(struct funding_series *s)
{
    i128 *values = xcalloc(3 * s->count, sizeof *values);

    for (size_t i = 0; i < s->count; i++) {
        values[3 * i] = s->items[i].at_us;
        values[3 * i + 1] = s->items[i].rate.e12;
        values[3 * i + 2] = s->items[i].mark.e12;
    }
    digest_of(values, 3 * s->count * sizeof *values, &s->digest);
    free(values);
}

enum err funding_parse(const char *data, size_t length, const char *name, struct diag_list *diags,
                       struct funding_series *out)
{
    struct reader r = {.name = name, .at = data, .end = data + length, .diags = diags};
    enum err e = read_header(&r);

    while (!e && r.at < r.end)
        e = read_line(&r);
    if (!e && r.series.count == 0)
        e = mistake(&r, "empty", "there are no rates", (struct slice){0}, "one stamp a line");
    if (e) {
        funding_series_release(&r.series);
        return e;
    }
    make_digest(&r.series);
    *out = r.series;
    return ERR_OK;
}

enum err funding_file_read(const char *path, struct diag_list *diags, struct funding_series *out)
{
    struct text file;
    enum err e;

    text_init(&file, LIMIT_FUNDING_BYTES);
    e = text_read_file(&file, path);
    if (e)
        (void)diag_add(diags, path, "file", "cannot read the file: %s",
                       e == ERR_LIMIT ? "it is too large" : strerror(errno));
    else
        e = funding_parse(file.length > 0 ? file.data : "", file.length, path, diags, out);
    text_release(&file);
    return e;
}

void funding_series_release(struct funding_series *s)
{
    free(s->items);
    *s = (struct funding_series){0};
}
