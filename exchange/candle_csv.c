/* SPDX-License-Identifier: Apache-2.0 */
/* Reads candles from CSV text: a header that names the columns, then one candle a line. */
#include "exchange/candle_reader.h"

#include <string.h>
#include <strings.h>

#include "core/limits.h"

enum {
    COLUMNS_MAX = 64,
    COLUMN_UNUSED = -1
};

struct csv {
    struct candle_reader *r;
    const char *at;
    int columns;
    signed char field_of[COLUMNS_MAX]; /* enum candle_field or COLUMN_UNUSED */
};

/* Takes the next line without its end; a line that does not end is a cut file. */
static enum err take_line(struct csv *c, struct slice *out)
{
    struct candle_reader *r = c->r;
    const size_t left = (size_t)(r->end - c->at);
    const size_t longest = LIMIT_CANDLE_LINE + 2; /* and its end, CR LF */
    const char *end = memchr(c->at, '\n', left < longest ? left : longest);

    r->line_start = c->at;
    r->line++;
    if (!end) {
        if (left > LIMIT_CANDLE_LINE) {
            diag_hint(candle_reader_mistake(r, (struct slice){0}, "line_too_long",
                                            "the line has more than %d bytes", LIMIT_CANDLE_LINE),
                      "is it a text file with line breaks?");
            return ERR_CANDLE;
        }
        diag_hint(candle_reader_mistake(r, (struct slice){0}, "cut_line",
                                        "the last line does not end: the file may be cut"),
                  "end the file with a line break if it is complete");
        return ERR_CANDLE;
    }
    *out = (struct slice){c->at, (size_t)(end - c->at)};
    c->at = end + 1;
    if (out->length > 0 && end[-1] == '\r')
        out->length--;
    return ERR_OK;
}

static bool is_named(struct slice s, const char *name)
{
    return s.length == strlen(name) && strncasecmp(s.text, name, s.length) == 0;
}

static int field_named(struct slice s)
{
    if (is_named(s, "open_time"))
        return FIELD_TIME;
    for (int f = 0; f < FIELD_COUNT_; f++) {
        if (is_named(s, candle_field_name((enum candle_field)f)))
            return f;
    }
    return COLUMN_UNUSED;
}

/* The part of a line up to the next comma; moves *at past it. */
static struct slice take_column(const char **at, const char *end)
{
    const char *comma = memchr(*at, ',', (size_t)(end - *at));
    struct slice s = {*at, (size_t)((comma ? comma : end) - *at)};

    *at = comma ? comma + 1 : end + 1; /* past the end: there was no comma */
    while (s.length > 0 && (*s.text == ' ' || *s.text == '\t')) {
        s.text++;
        s.length--;
    }
    while (s.length > 0 && (s.text[s.length - 1] == ' ' || s.text[s.length - 1] == '\t'))
        s.length--;
    return s;
}

/* What all mistakes of the header have in common. */
static enum err refuse_header(struct diag *d)
{
    diag_hint(d, "the first line names the columns: timestamp,open,high,low,close,volume");
    return ERR_CANDLE;
}

static enum err read_header(struct csv *c, struct slice line)
{
    bool found[FIELD_COUNT_] = {false};
    const char *at = line.text;
    const char *end = line.text + line.length;

    if (line.length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3; /* a byte order mark */
    if (at < end && *at >= '0' && *at <= '9')
        return refuse_header(candle_reader_mistake(c->r, line, "no_header",
                                                   "there is no header: the first line is \"%s\"",
                                                   candle_reader_show(line).text));
    while (at <= end) {
        struct slice name = take_column(&at, end);
        int field = field_named(name);

        if (c->columns == COLUMNS_MAX)
            return refuse_header(candle_reader_mistake(
                c->r, name, "too_many_columns", "there are more than %d columns", COLUMNS_MAX));
        if (field != COLUMN_UNUSED && found[field])
            return refuse_header(candle_reader_mistake(c->r, name, "duplicate_column",
                                                       "column %s is there twice",
                                                       candle_reader_show(name).text));
        if (field != COLUMN_UNUSED)
            found[field] = true;
        c->field_of[c->columns++] = (signed char)field;
    }
    for (int f = 0; f < FIELD_COUNT_; f++) {
        if (!found[f])
            return refuse_header(candle_reader_mistake(c->r, (struct slice){0}, "missing_column",
                                                       "column %s is missing",
                                                       candle_field_name((enum candle_field)f)));
    }
    return ERR_OK;
}

/* Splits and reads a line of plain numbers in one pass.  False for any other: a mistake, an
 * exponent, blanks, another number of columns; the careful way then says what it is. */
static bool read_plain(const struct csv *c, struct slice line, struct slice fields[FIELD_COUNT_],
                       struct candle_number numbers[FIELD_COUNT_])
{
    const char *at = line.text;
    const char *end = line.text + line.length;

    for (int i = 0; i < c->columns; i++) {
        const char *start = at;
        const int field = c->field_of[i];

        if (field == COLUMN_UNUSED) {
            while (at < end && *at != ',')
                at++;
        } else if (candle_number_short(&at, end, &numbers[field])) {
            fields[field] = (struct slice){start, (size_t)(at - start)};
        } else {
            return false;
        }
        if (i + 1 < c->columns && at++ == end)
            return false;
    }
    return at == end;
}

static enum err read_row(struct csv *c, struct slice line)
{
    struct candle_number numbers[FIELD_COUNT_];
    struct slice fields[FIELD_COUNT_] = {{0}};
    const char *at = line.text;
    const char *end = line.text + line.length;
    int columns = 0;

    if (read_plain(c, line, fields, numbers))
        return candle_reader_take(c->r, fields, numbers);
    /* Byte by byte: fields are too short for memchr to pay off. */
    for (const char *start = at;; at++) {
        if (at < end && *at != ',')
            continue;
        if (columns < c->columns && c->field_of[columns] != COLUMN_UNUSED)
            fields[c->field_of[columns]] = (struct slice){start, (size_t)(at - start)};
        columns++;
        if (at == end)
            break;
        start = at + 1;
    }
    if (columns != c->columns) {
        diag_hint(candle_reader_mistake(c->r, (struct slice){0}, "columns",
                                        "the line has %d columns, the header has %d", columns,
                                        c->columns),
                  columns < c->columns ? "the line may be cut"
                                       : "numbers have no thousands commas");
        return ERR_CANDLE;
    }
    return candle_reader_add(c->r, fields);
}

/* True when nothing but line breaks is left. */
static bool is_rest_blank(const struct csv *c)
{
    for (const char *at = c->at; at < c->r->end; at++) {
        if (*at != '\n' && *at != '\r')
            return false;
    }
    return true;
}

enum err candle_csv_read(struct candle_reader *r)
{
    struct csv c = {.r = r, .at = r->begin};
    struct slice line;
    enum err e;

    e = take_line(&c, &line);
    if (e)
        return e;
    e = read_header(&c, line);
    while (!e && c.at < r->end) {
        e = take_line(&c, &line);
        if (e)
            return e;
        if (line.length > 0) {
            e = read_row(&c, line);
        } else if (!is_rest_blank(&c)) {
            diag_hint(
                candle_reader_mistake(r, (struct slice){0}, "blank_line", "the line is empty"),
                "one candle a line");
            e = ERR_CANDLE;
        } else {
            break;
        }
    }
    return e;
}
