/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a candle file as a whole, unpacks it, and gives it to the reader of its format.
 *
 * The file is read, not mapped: one that shrinks meanwhile is then an error and not a signal. */
#include "exchange/candle_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/candle_cache.h"
#include "exchange/candle_reader.h"

/* 20 million candles of a hundred bytes. */
#define FILE_BYTES_MAX ((size_t)2 << 30)

/* True when the text begins as JSON: blanks, then a bracket. */
static bool is_json(const char *data, size_t length)
{
    size_t i = 0;

    while (i < length && (data[i] == ' ' || data[i] == '\t' || data[i] == '\r' || data[i] == '\n'))
        i++;
    return i < length && (data[i] == '[' || data[i] == '{');
}

static enum err parse(struct candle_reader *r, const char *data, size_t length,
                      struct candle_series *out)
{
    struct text unpacked;
    bool packed = false;
    enum err e;

    text_init(&unpacked, FILE_BYTES_MAX);
    e = candle_unpack(data, length, r->name, r->diags, &unpacked, &packed);
    if (e)
        goto out;
    r->begin = packed ? unpacked.data : data;
    r->end = r->begin + (packed ? unpacked.length : length);
    if (r->begin == r->end) {
        diag_hint(diag_add(r->diags, r->name, "empty", "the file is empty"),
                  "CSV with the header timestamp,open,high,low,close,volume");
        e = ERR_CANDLE;
        goto out;
    }
    if (candle_cache_is(r->begin, (size_t)(r->end - r->begin))) {
        e = candle_cache_parse(r->begin, (size_t)(r->end - r->begin), r->name, r->diags, out);
        goto out;
    }
    r->is_json = is_json(r->begin, (size_t)(r->end - r->begin));
    e = r->is_json ? candle_json_read(r) : candle_csv_read(r);
    if (!e)
        e = candle_reader_finish(r, out);
out:
    free(r->candles);
    r->candles = NULL;
    text_release(&unpacked);
    return e;
}

enum err candle_parse(const char *data, size_t length, const char *name, struct diag_list *diags,
                      struct candle_series *out)
{
    struct candle_reader r = {.name = name, .diags = diags};

    return parse(&r, data, length, out);
}

static enum err refuse_file(const struct candle_reader *r, enum err e)
{
    if (e == ERR_LIMIT)
        diag_hint(diag_add(r->diags, r->name, "too_large", "the file has more than %zu bytes",
                           FILE_BYTES_MAX),
                  "split it");
    else
        diag_hint(diag_add(r->diags, r->name, "unreadable", "the file cannot be read: %s",
                           strerror(errno)),
                  "name a CSV, JSON or cache file of candles");
    return e;
}

/* A cache is read piece by piece; *is_cache is false, and nothing done, for other files. */
static enum err read_cache(const char *path, struct diag_list *diags, struct candle_series *out,
                           bool *is_cache)
{
    char first[8];
    struct stat about;
    enum err e = ERR_OK;
    int fd = -1;

    /* A pipe has no offsets and ends when it is closed: it is judged once it was read. */
    if (stat(path, &about) == 0 && S_ISREG(about.st_mode))
        fd = open(path, O_RDONLY | O_CLOEXEC);
    *is_cache = fd >= 0 && pread(fd, first, sizeof first, 0) == (ssize_t)sizeof first &&
                candle_cache_is(first, sizeof first);
    if (*is_cache)
        e = candle_cache_load(fd, path, diags, out);
    if (fd >= 0)
        close(fd);
    return e;
}

static enum err read_file(struct candle_reader *r, struct candle_series *out)
{
    struct text bytes;
    bool is_cache;
    enum err e = read_cache(r->name, r->diags, out, &is_cache);

    if (is_cache)
        return e;
    text_init(&bytes, FILE_BYTES_MAX);
    errno = 0;
    e = text_read_file(&bytes, r->name);
    if (e)
        e = refuse_file(r, e);
    else
        e = parse(r, bytes.length > 0 ? bytes.data : "", bytes.length, out);
    text_release(&bytes);
    return e;
}

enum err candle_file_read(const char *path, struct diag_list *diags, struct candle_series *out)
{
    struct candle_reader r = {.name = path, .diags = diags};

    return read_file(&r, out);
}

enum err candle_file_survey(const char *path, struct diag_list *diags, struct candle_series *out,
                            struct candle_duplicate **duplicates, size_t *count)
{
    struct candle_reader r = {.name = path, .diags = diags, .keeps_duplicates = true};
    enum err e = read_file(&r, out);

    if (e) {
        free(r.duplicates);
        return e;
    }
    *duplicates = r.duplicates;
    *count = r.duplicate_count;
    return ERR_OK;
}
