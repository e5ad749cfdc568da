/* SPDX-License-Identifier: Apache-2.0 */
/* Reads cache files: nothing in one is believed before it was checked. */
#include "exchange/candle_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/candle_cache_layout.h"

enum {
    BLOCK = 4096 /* candles checked at a time: six columns of them fit a core's cache */
};

static const char *const column_names[CACHE_COLUMNS] = {"timestamp", "open",  "high",
                                                        "low",       "close", "volume"};

bool candle_cache_is(const void *data, size_t length)
{
    return length >= CACHE_MAGIC_BYTES && memcmp(data, CACHE_MAGIC, CACHE_MAGIC_BYTES) == 0;
}

/* Where a file's bytes come from. */
struct source {
    const char *name;
    const unsigned char *bytes; /* NULL: from the descriptor */
    int fd;
    uint64_t length;
    struct diag_list *diags;
};

/* False when the bytes cannot be had: the file was cut meanwhile, or the disk failed. */
static bool fetch(const struct source *s, uint64_t offset, void *to, size_t length)
{
    char *at = to;

    if (s->bytes) {
        memcpy(to, s->bytes + offset, length);
        return true;
    }
    while (length > 0) {
        ssize_t n = pread(s->fd, at, length, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        offset += (uint64_t)n;
        length -= (size_t)n;
    }
    return true;
}

/* ---- The header ---- */

static bool is_zero(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i])
            return false;
    }
    return true;
}

/* Printable, and nothing but NUL behind its end. */
static bool is_symbol(const char symbol[LIMIT_SYMBOL])
{
    size_t n = strnlen(symbol, LIMIT_SYMBOL);

    for (size_t i = 0; i < n; i++) {
        if (symbol[i] <= ' ' || symbol[i] > '~')
            return false;
    }
    return n < LIMIT_SYMBOL && is_zero((const unsigned char *)symbol + n, LIMIT_SYMBOL - n);
}

/* What in a header of right checksum cannot be, or NULL. */
static const char *header_fault(const struct cache_header *h)
{
    if (h->header_bytes != CACHE_HEADER || !is_zero(h->zeros, sizeof h->zeros) ||
        !is_zero(h->end, sizeof h->end))
        return "the header has an unknown layout";
    if (h->count < 2 || h->count > LIMIT_CANDLES)
        return "the number of candles cannot be";
    if (h->price_scale > AMOUNT_DECIMALS || h->size_scale > AMOUNT_DECIMALS)
        return "the number of decimals cannot be";
    if (!timeframe_name(h->timeframe_us))
        return "the timeframe has no name";
    if (h->first_us < 0 || h->last_us <= h->first_us || h->last_us > CANDLE_TIME_MS_MAX * US_PER_MS)
        return "the times of the first and the last candle cannot be";
    if (!is_symbol(h->symbol))
        return "the symbol is no text";
    for (size_t i = 0; i < CACHE_COLUMNS; i++) {
        if (h->columns[i].offset != cache_column_offset(h->count, i))
            return "a column does not lie where it should";
    }
    if (h->file_bytes != cache_column_offset(h->count, CACHE_COLUMNS))
        return "the length of the file does not fit its candles";
    return NULL;
}

static enum err refuse(const struct source *s, const char *code, const char *message)
{
    diag_hint(diag_add(s->diags, s->name, code, "%s", message),
              "make the cache again: traderd candles import FILE --out FILE.tdc");
    return ERR_CANDLE;
}

static enum err refuse_version(const struct source *s, const struct cache_header *h)
{
    diag_hint(diag_add(s->diags, s->name, "cache_version",
                       "the cache has version %u, this build reads %d", h->version, CACHE_VERSION),
              "make the cache again: traderd candles import FILE --out FILE.tdc");
    return ERR_CANDLE;
}

static enum err refuse_length(const struct source *s, uint64_t wanted)
{
    const bool is_cut = s->length < wanted;

    diag_hint(diag_add(s->diags, s->name, is_cut ? "cache_cut" : "cache_long",
                       "the cache has %llu bytes, its header says %llu",
                       (unsigned long long)s->length, (unsigned long long)wanted),
              is_cut ? "the file is cut; copy or make it again" : "copy or make the file again");
    return ERR_CANDLE;
}

static enum err read_header(const struct source *s, struct cache_header *h)
{
    const char *fault;

    if (s->length < CACHE_HEADER)
        return refuse_length(s, CACHE_HEADER);
    if (!fetch(s, 0, h, sizeof *h))
        return refuse(s, "cache_cut", "the header cannot be read");
    if (!candle_cache_is(h->magic, sizeof h->magic))
        return refuse(s, "cache_magic", "this is no cache of candles");
    if (h->byte_order != CACHE_BYTE_ORDER)
        return refuse(s, "cache_byte_order", "the cache was written on a machine of another kind");
    if (h->version != CACHE_VERSION)
        return refuse_version(s, h);
    if (h->checksum != cache_header_checksum(h))
        return refuse(s, "cache_header", "the header is damaged: its checksum is another");
    fault = header_fault(h);
    if (fault)
        return refuse(s, "cache_header", fault);
    return s->length == h->file_bytes ? ERR_OK : refuse_length(s, h->file_bytes);
}

/* ---- The columns ---- */

/* The first candle that is wrong: columns are read to their end all the same, because damage is
 * the better explanation where a checksum shows it. */
struct fault {
    const char *text;
    size_t candle;
};

static void take_block(const int64_t (*columns)[BLOCK], size_t n, const struct cache_header *h,
                       struct candle *out, int64_t *previous_us, struct fault *fault)
{
    for (size_t i = 0; i < n; i++) {
        const struct candle c = {
            .open_us = columns[0][i],
            .open = columns[1][i],
            .high = columns[2][i],
            .low = columns[3][i],
            .close = columns[4][i],
            .volume = columns[5][i],
            .price_scale = (uint8_t)h->price_scale,
            .size_scale = (uint8_t)h->size_scale,
        };

        fault->text = candle_series_fault(&c, *previous_us, h->timeframe_us);
        if (fault->text) {
            fault->candle += i;
            return;
        }
        *previous_us = c.open_us;
        if (out)
            out[i] = c;
    }
    fault->candle += n;
}

static enum err judge(const struct source *s, const struct cache_header *h,
                      const struct candle_checksum sums[CACHE_COLUMNS], const struct fault *fault)
{
    for (size_t i = 0; i < CACHE_COLUMNS; i++) {
        if (candle_checksum_value(&sums[i]) != h->columns[i].checksum) {
            diag_hint(diag_add(s->diags, s->name, "cache_checksum",
                               "column %s is damaged: its checksum is another", column_names[i]),
                      "copy the file again, or make it again by traderd candles import");
            return ERR_CANDLE;
        }
    }
    if (!fault->text)
        return ERR_OK;
    diag_hint(diag_add(s->diags, s->name, "cache_candle", "candle %zu %s", fault->candle + 1,
                       fault->text),
              "make the cache again: traderd candles import FILE --out FILE.tdc");
    return ERR_CANDLE;
}

/* Checks all columns, block by block, and makes candles of them unless `out` is NULL. */
static enum err walk(const struct source *s, const struct cache_header *h, struct candle *out)
{
    int64_t(*columns)[BLOCK] = xmalloc(CACHE_COLUMNS * sizeof *columns);
    struct candle_checksum sums[CACHE_COLUMNS];
    struct fault fault = {0};
    int64_t previous_us = INT64_MIN;
    bool good = true;
    enum err e;

    for (size_t i = 0; i < CACHE_COLUMNS; i++)
        candle_checksum_init(&sums[i]);
    for (size_t first = 0, n; good && first < h->count; first += n) {
        size_t bytes;

        n = h->count - first < BLOCK ? (size_t)h->count - first : BLOCK;
        bytes = (size_t)cache_column_bytes(n);
        for (size_t i = 0; good && i < CACHE_COLUMNS; i++) {
            good = fetch(s, h->columns[i].offset + first * sizeof(int64_t), columns[i], bytes);
            if (good)
                candle_checksum_add(&sums[i], columns[i], bytes);
        }
        if (good && !fault.text)
            take_block((const int64_t(*)[BLOCK])columns, n, h, out ? out + first : NULL,
                       &previous_us, &fault);
        if (first == 0 && !fault.text && good && columns[0][0] != h->first_us)
            fault = (struct fault){"opens at another time than the header says", 0};
    }
    if (!fault.text && previous_us != h->last_us)
        fault = (struct fault){"opens at another time than the header says", h->count - 1};
    e = good ? judge(s, h, sums, &fault) : refuse(s, "cache_cut", "a column cannot be read");
    free(columns);
    return e;
}

static enum err load(const struct source *s, struct candle_series *out)
{
    struct cache_header h;
    struct candle_series made = {0};
    enum err e = read_header(s, &h);

    if (e)
        return e;
    made.candles = xmalloc((size_t)h.count * sizeof *made.candles);
    e = walk(s, &h, made.candles);
    if (e) {
        free(made.candles);
        return e;
    }
    made.count = (size_t)h.count;
    made.timeframe_us = h.timeframe_us;
    made.price_scale = (int)h.price_scale;
    made.size_scale = (int)h.size_scale;
    made.digest = h.digest;
    (void)copy_text(made.symbol, sizeof made.symbol, h.symbol);
    *out = made;
    return ERR_OK;
}

enum err candle_cache_parse(const void *data, size_t length, const char *name,
                            struct diag_list *diags, struct candle_series *out)
{
    const struct source s = {.name = name, .bytes = data, .length = length, .diags = diags};

    return load(&s, out);
}

enum err candle_cache_load(int fd, const char *name, struct diag_list *diags,
                           struct candle_series *out)
{
    struct source s = {.name = name, .fd = fd, .diags = diags};
    struct stat about;

    if (fstat(fd, &about) || about.st_size < 0)
        return refuse(&s, "unreadable", "the file cannot be read");
    s.length = (uint64_t)about.st_size;
    return load(&s, out);
}

/* ---- Mapping ---- */

static void fill_cache(struct candle_cache *c, const struct cache_header *h)
{
    const int64_t **columns[CACHE_COLUMNS] = {&c->open_us, &c->open,  &c->high,
                                              &c->low,     &c->close, &c->volume};

    for (size_t i = 0; i < CACHE_COLUMNS; i++) {
        *columns[i] =
            (const int64_t *)(const void *)((const char *)c->bytes + h->columns[i].offset);
        c->checksums[i] = h->columns[i].checksum;
    }
    c->count = (size_t)h->count;
    c->timeframe_us = h->timeframe_us;
    c->price_scale = (int)h->price_scale;
    c->size_scale = (int)h->size_scale;
    c->digest = h->digest;
    (void)copy_text(c->symbol, sizeof c->symbol, h->symbol);
}

/* Opens a regular file and finds its length. */
static enum err open_source(const char *path, struct source *s)
{
    struct stat about;

    s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (s->fd >= 0 && fstat(s->fd, &about) == 0 && S_ISREG(about.st_mode)) {
        s->length = (uint64_t)about.st_size;
        return ERR_OK;
    }
    diag_hint(diag_add(s->diags, path, "unreadable", "the file cannot be read: %s",
                       s->fd < 0 ? strerror(errno) : "it is no regular file"),
              "name a file that traderd candles import has made");
    return ERR_IO;
}

enum err candle_cache_open(const char *path, struct diag_list *diags, struct candle_cache *out)
{
    struct source s = {.name = path, .diags = diags};
    struct cache_header h;
    struct candle_cache c = {0};
    void *mapping;
    enum err e = open_source(path, &s);

    if (!e)
        e = read_header(&s, &h);
    if (!e) {
        mapping = mmap(NULL, (size_t)s.length, PROT_READ, MAP_PRIVATE, s.fd, 0);
        if (mapping == MAP_FAILED) {
            (void)refuse(&s, "unreadable", "the file cannot be mapped");
            e = ERR_IO;
        } else {
            c.bytes = mapping;
            c.length = (size_t)s.length;
            fill_cache(&c, &h);
            *out = c;
        }
    }
    if (s.fd >= 0)
        close(s.fd);
    return e;
}

void candle_cache_close(struct candle_cache *c)
{
    if (c->bytes)
        (void)munmap((void *)(uintptr_t)c->bytes, c->length);
    *c = (struct candle_cache){0};
}

enum err candle_cache_verify(const struct candle_cache *c, const char *name, bool with_digest,
                             struct diag_list *diags)
{
    const struct source s = {.name = name, .bytes = c->bytes, .length = c->length, .diags = diags};
    struct cache_header h;
    struct candle *candles = NULL;
    struct digest digest;
    enum err e = read_header(&s, &h);

    if (!e && with_digest)
        candles = xmalloc((size_t)h.count * sizeof *candles);
    if (!e)
        e = walk(&s, &h, candles);
    if (!e && with_digest) {
        candle_series_digest(candles, (size_t)h.count, &digest);
        if (!bytes_equal(&digest, &h.digest, sizeof digest))
            e = refuse(&s, "cache_digest", "the candles have another digest than the header says");
    }
    free(candles);
    return e;
}

bool candle_cache_symbol(const char *path, char symbol[LIMIT_SYMBOL])
{
    struct source s = {.name = path};
    struct cache_header h;
    bool good = !open_source(path, &s) && !read_header(&s, &h) && h.symbol[0];

    if (good)
        (void)copy_text(symbol, LIMIT_SYMBOL, h.symbol);
    if (s.fd >= 0)
        close(s.fd);
    return good;
}
