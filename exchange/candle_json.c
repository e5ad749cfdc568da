/* SPDX-License-Identifier: Apache-2.0 */
/* Reads candles from JSON klines: [[time, "open", "high", "low", "close", "volume", ...], ...].
 *
 * Written for this one shape, because files are larger than core/jnode.h takes. */
#include "exchange/candle_reader.h"

#include <string.h>

/* What a recorder adds to a kline is a few numbers; more is another format. */
enum {
    VALUES_MAX = 64
};

struct json {
    struct candle_reader *r;
    const char *at;
};

static void skip_blanks(struct json *j)
{
    struct candle_reader *r = j->r;

    for (; j->at < r->end; j->at++) {
        if (*j->at == '\n') {
            r->line++;
            r->line_start = j->at + 1;
        } else if (*j->at != ' ' && *j->at != '\t' && *j->at != '\r') {
            return;
        }
    }
}

/* Refuses what stands here; `expected` is what should. */
static enum err refuse(const struct json *j, const char *expected)
{
    const struct candle_reader *r = j->r;
    struct diag *d;

    if (j->at == r->end) {
        d = candle_reader_mistake(r, (struct slice){j->at, 0}, "cut",
                                  "the text ends in the middle of candle %zu", r->count + 1);
        diag_hint(d, "the file is cut; record it again");
        return ERR_CANDLE;
    }
    d = candle_reader_mistake(r, (struct slice){j->at, 1}, "json", "expected %s, found \"%s\"",
                              expected, candle_reader_show((struct slice){j->at, 1}).text);
    diag_hint(d, "klines are [[time, open, high, low, close, volume, ...], ...]");
    return ERR_CANDLE;
}

static enum err take_char(struct json *j, char c, const char *expected)
{
    skip_blanks(j);
    if (j->at == j->r->end || *j->at != c)
        return refuse(j, expected);
    j->at++;
    return ERR_OK;
}

/* A number, a word or a string without escapes; what it says is judged later. */
static enum err take_value(struct json *j, struct slice *out)
{
    const char *end = j->r->end;
    const char *start;

    skip_blanks(j);
    start = j->at;
    if (start < end && *start == '"') {
        for (j->at++; j->at < end && *j->at != '"'; j->at++) {
            if (*j->at == '\\' || (unsigned char)*j->at < 0x20)
                return refuse(j, "a plain string");
        }
        *out = (struct slice){start + 1, (size_t)(j->at - start) - 1};
        return take_char(j, '"', "the string's end");
    }
    while (j->at < end && (unsigned char)*j->at > 0x20 && !strchr(",[]{}\":", *j->at))
        j->at++;
    if (j->at == start || j->at == end)
        return refuse(j, "a number or a string");
    *out = (struct slice){start, (size_t)(j->at - start)};
    return ERR_OK;
}

/* True and past it when the next character is a comma. */
static bool take_comma(struct json *j)
{
    skip_blanks(j);
    if (j->at == j->r->end || *j->at != ',')
        return false;
    j->at++;
    return true;
}

static enum err read_kline(struct json *j)
{
    struct slice fields[FIELD_COUNT_] = {{0}};
    struct slice value;
    int count = 0;
    enum err e;

    e = take_char(j, '[', "a candle's '['");
    if (e)
        return e;
    do {
        if (count == VALUES_MAX)
            return refuse(j, "the candle's ']'");
        e = take_value(j, &value);
        if (e)
            return e;
        if (count < FIELD_COUNT_)
            fields[count] = value;
        count++;
    } while (take_comma(j));
    e = take_char(j, ']', "',' or the candle's ']'");
    if (e)
        return e;
    if (count < FIELD_COUNT_) {
        diag_hint(candle_reader_mistake(j->r, (struct slice){0}, "columns",
                                        "candle %zu has %d values, at least 6 are needed",
                                        j->r->count + 1, count),
                  "time, open, high, low, close, volume");
        return ERR_CANDLE;
    }
    return candle_reader_add(j->r, fields);
}

enum err candle_json_read(struct candle_reader *r)
{
    struct json j = {.r = r, .at = r->begin};
    enum err e;

    r->line = 1;
    r->line_start = r->begin;
    e = take_char(&j, '[', "'['");
    if (e)
        return e;
    skip_blanks(&j);
    if (j.at < r->end && *j.at == ']') {
        j.at++;
    } else {
        do {
            e = read_kline(&j);
            if (e)
                return e;
        } while (take_comma(&j));
        e = take_char(&j, ']', "',' or the last ']'");
        if (e)
            return e;
    }
    skip_blanks(&j);
    return j.at == r->end ? ERR_OK : refuse(&j, "the end of the text");
}
