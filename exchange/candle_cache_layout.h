/* SPDX-License-Identifier: Apache-2.0 */
/* The first 512 bytes of a cache file, and where its columns lie; see exchange/candle_cache.h.
 *
 * Only the candle_cache*.c files include it. */
#ifndef EXCHANGE_CANDLE_CACHE_LAYOUT_H
#define EXCHANGE_CANDLE_CACHE_LAYOUT_H

#include "exchange/candle_cache.h"
#include "exchange/candle_checksum.h"

#define CACHE_MAGIC "\x89TDC\r\n\x1a\n"

enum {
    CACHE_MAGIC_BYTES = 8,
    CACHE_VERSION = 1,
    CACHE_BYTE_ORDER = 0x01020304,
    CACHE_CHECKED = 480 /* bytes of the header that its checksum covers */
};

struct cache_header {
    unsigned char magic[CACHE_MAGIC_BYTES];
    uint32_t version, byte_order;
    uint64_t header_bytes, file_bytes, count;
    int64_t timeframe_us, first_us, last_us;
    uint32_t price_scale, size_scale;
    char symbol[LIMIT_SYMBOL];
    struct digest digest;
    struct {
        uint64_t offset, checksum;
    } columns[CACHE_COLUMNS];
    unsigned char zeros[248];
    uint64_t checksum;
    unsigned char end[24];
};
_Static_assert(sizeof(struct cache_header) == CACHE_HEADER, "the layout is fixed");
_Static_assert(offsetof(struct cache_header, checksum) == CACHE_CHECKED, "the layout is fixed");

/* Bytes of one column with its filling. */
static inline uint64_t cache_column_bytes(uint64_t count)
{
    return (count * sizeof(int64_t) + CACHE_ALIGN - 1) / CACHE_ALIGN * CACHE_ALIGN;
}

static inline uint64_t cache_column_offset(uint64_t count, size_t column)
{
    return CACHE_HEADER + column * cache_column_bytes(count);
}

static inline uint64_t cache_header_checksum(const struct cache_header *h)
{
    struct candle_checksum sum;

    candle_checksum_init(&sum);
    candle_checksum_add(&sum, h, CACHE_CHECKED);
    return candle_checksum_value(&sum);
}

#endif
