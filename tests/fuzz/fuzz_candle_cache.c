/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a cache file: what is accepted must be a valid series that writes the same columns
 * again; what is refused must say why.
 *
 * The first byte says whether checksums are put right before the bytes are read, so that what lies
 * behind them is reached. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "exchange/candle_cache_layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    SIGN_HEADER = 1,
    SIGN_COLUMNS = 2,
    PLACE_COLUMNS = 4 /* and lengths and offsets */
};

static void place_columns(struct cache_header *h, size_t size)
{
    h->header_bytes = CACHE_HEADER;
    h->count = (size - CACHE_HEADER) / CACHE_COLUMNS / CACHE_ALIGN * (CACHE_ALIGN / 8);
    h->file_bytes = cache_column_offset(h->count, CACHE_COLUMNS);
    for (size_t i = 0; i < CACHE_COLUMNS; i++)
        h->columns[i].offset = cache_column_offset(h->count, i);
}

static void sign_columns(struct cache_header *h, const unsigned char *bytes, size_t size)
{
    const uint64_t length = h->count < size ? cache_column_bytes(h->count) : 0;

    for (size_t i = 0; length > 0 && i < CACHE_COLUMNS; i++) {
        const uint64_t offset = cache_column_offset(h->count, i);
        struct candle_checksum sum;

        if (offset + length > size)
            return;
        candle_checksum_init(&sum);
        candle_checksum_add(&sum, bytes + offset, (size_t)length);
        h->columns[i].checksum = candle_checksum_value(&sum);
    }
}

/* A copy that ends where it should, mended as asked for. */
static unsigned char *mend(const uint8_t *data, size_t *size, unsigned how)
{
    unsigned char *bytes = xmalloc(*size);
    struct cache_header h;

    memcpy(bytes, data, *size);
    if (*size < CACHE_HEADER)
        return bytes;
    memcpy(&h, bytes, sizeof h);
    if (how & PLACE_COLUMNS)
        place_columns(&h, *size);
    if (how & PLACE_COLUMNS && h.file_bytes <= *size)
        *size = (size_t)h.file_bytes;
    if (how & SIGN_COLUMNS)
        sign_columns(&h, bytes, *size);
    if (how & SIGN_HEADER)
        h.checksum = cache_header_checksum(&h);
    memcpy(bytes, &h, sizeof h);
    return bytes;
}

static void check_series(const struct candle_series *s)
{
    struct candle_series sealed = *s;

    ASSERT(s->count >= 2 && timeframe_name(s->timeframe_us));
    ASSERT(memchr(s->symbol, '\0', sizeof s->symbol));
    for (size_t i = 0; i < s->count; i++) {
        const struct candle *c = &s->candles[i];

        ASSERT(candle_check(c) == ERR_OK);
        ASSERT(c->price_scale == s->price_scale && c->size_scale == s->size_scale);
        ASSERT(c->flags == 0 && c->open_us % s->timeframe_us == 0);
        ASSERT(i == 0 || c->open_us >= s->candles[i - 1].open_us + s->timeframe_us);
    }
    candle_series_seal(&sealed);
    ASSERT(sealed.price_scale <= s->price_scale && sealed.size_scale <= s->size_scale);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct candle_series s = {0};
    struct diag_list diags = {0};
    unsigned char *bytes;
    enum err e;

    if (size < 1)
        return 0;
    size--;
    bytes = mend(data + 1, &size, data[0]);
    e = candle_cache_parse(bytes, size, "fuzz", &diags, &s);
    if (e) {
        ASSERT(e == ERR_CANDLE && s.candles == NULL && diags.count == 1);
        ASSERT(diags.items[0].message[0] && diags.items[0].hint[0]);
        ASSERT(text_is_utf8(diags.items[0].message, strlen(diags.items[0].message)));
    } else {
        check_series(&s);
    }
    candle_series_release(&s);
    free(bytes);
    return 0;
}
