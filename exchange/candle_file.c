/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a candle file as a whole, unpacks it, and gives it to the reader of its format.
 *
 * The file is read, not mapped: one that shrinks meanwhile is then an error and not a signal. */
#include "exchange/candle_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/candle_reader.h"

/* 20 million candles of a hundred bytes. */
#define FILE_BYTES_MAX ((size_t)2 << 30)

void candle_series_release(struct candle_series *s)
{
    free(s->candles);
    *s = (struct candle_series){0};
}

/* True when the text begins as JSON: blanks, then a bracket. */
static bool is_json(const char *data, size_t length)
{
    size_t i = 0;

    while (i < length && (data[i] == ' ' || data[i] == '\t' || data[i] == '\r' || data[i] == '\n'))
        i++;
    return i < length && (data[i] == '[' || data[i] == '{');
}

enum err candle_parse(const char *data, size_t length, const char *name, struct diag_list *diags,
                      struct candle_series *out)
{
    struct candle_reader r = {.name = name, .diags = diags};
    struct text unpacked;
    bool packed = false;
    enum err e;

    text_init(&unpacked, FILE_BYTES_MAX);
    e = candle_unpack(data, length, name, diags, &unpacked, &packed);
    if (e)
        goto out;
    r.begin = packed ? unpacked.data : data;
    r.end = r.begin + (packed ? unpacked.length : length);
    if (r.begin == r.end) {
        diag_hint(diag_add(diags, name, "empty", "the file is empty"),
                  "CSV with the header timestamp,open,high,low,close,volume");
        e = ERR_CANDLE;
        goto out;
    }
    r.is_json = is_json(r.begin, (size_t)(r.end - r.begin));
    e = r.is_json ? candle_json_read(&r) : candle_csv_read(&r);
    if (e)
        goto out;
    e = candle_reader_finish(&r, out);
out:
    free(r.candles);
    text_release(&unpacked);
    return e;
}

enum err candle_file_read(const char *path, struct diag_list *diags, struct candle_series *out)
{
    struct text bytes;
    enum err e;

    text_init(&bytes, FILE_BYTES_MAX);
    errno = 0;
    e = text_read_file(&bytes, path);
    if (e == ERR_LIMIT)
        diag_hint(
            diag_add(diags, path, "too_large", "the file has more than %zu bytes", FILE_BYTES_MAX),
            "split it");
    else if (e)
        diag_hint(
            diag_add(diags, path, "unreadable", "the file cannot be read: %s", strerror(errno)),
            "name a CSV or JSON file of candles");
    else
        e = candle_parse(bytes.length > 0 ? bytes.data : "", bytes.length, path, diags, out);
    text_release(&bytes);
    return e;
}
