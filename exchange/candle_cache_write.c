/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a series column by column, then the header that makes the file one. */
#include <stdlib.h>
#include <string.h>

#include "exchange/candle_cache_layout.h"
#include "exchange/whole_file.h"

enum {
    BLOCK = 32 * 1024 /* values; a multiple of CACHE_ALIGN bytes */
};

static int64_t value_of(const struct candle *c, size_t column)
{
    switch (column) {
    case 0:
        return c->open_us;
    case 1:
        return c->open;
    case 2:
        return c->high;
    case 3:
        return c->low;
    case 4:
        return c->close;
    default:
        return c->volume;
    }
}

static enum err write_column(struct whole_file *f, const struct candle_series *s, size_t column,
                             struct diag_list *diags, uint64_t *checksum)
{
    int64_t *block = xmalloc(BLOCK * sizeof *block);
    struct candle_checksum sum;
    enum err e = ERR_OK;

    candle_checksum_init(&sum);
    for (size_t first = 0; !e && first < s->count;) {
        size_t n = s->count - first < BLOCK ? s->count - first : BLOCK;
        size_t bytes = (size_t)cache_column_bytes(n);

        for (size_t i = 0; i < n; i++)
            block[i] = value_of(&s->candles[first + i], column);
        memset(block + n, 0, bytes - n * sizeof *block);
        candle_checksum_add(&sum, block, bytes);
        e = whole_file_write(f, block, bytes, diags);
        first += n;
    }
    *checksum = candle_checksum_value(&sum);
    free(block);
    return e;
}

static void fill_header(struct cache_header *h, const struct candle_series *s)
{
    *h = (struct cache_header){
        .magic = CACHE_MAGIC,
        .version = CACHE_VERSION,
        .byte_order = CACHE_BYTE_ORDER,
        .header_bytes = CACHE_HEADER,
        .file_bytes = cache_column_offset(s->count, CACHE_COLUMNS),
        .count = s->count,
        .timeframe_us = s->timeframe_us,
        .first_us = s->candles[0].open_us,
        .last_us = s->candles[s->count - 1].open_us,
        .price_scale = (uint32_t)s->price_scale,
        .size_scale = (uint32_t)s->size_scale,
        .digest = s->digest,
    };
    (void)copy_text(h->symbol, sizeof h->symbol, s->symbol);
    for (size_t i = 0; i < CACHE_COLUMNS; i++)
        h->columns[i].offset = cache_column_offset(s->count, i);
}

enum err candle_cache_write(const char *path, const struct candle_series *s,
                            struct diag_list *diags)
{
    struct cache_header h;
    struct whole_file f;
    enum err e;

    ASSERT(s->count >= 2 && s->count <= LIMIT_CANDLES);
    fill_header(&h, s);
    e = whole_file_begin(&f, path, diags);
    if (!e)
        e = whole_file_write(&f, &h, sizeof h, diags);
    for (size_t i = 0; !e && i < CACHE_COLUMNS; i++)
        e = write_column(&f, s, i, diags, &h.columns[i].checksum);
    h.checksum = cache_header_checksum(&h);
    if (!e)
        e = whole_file_write_at(&f, &h, sizeof h, 0, diags);
    if (!e)
        e = whole_file_commit(&f, diags);
    whole_file_abandon(&f);
    return e;
}
