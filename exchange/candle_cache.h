/* SPDX-License-Identifier: Apache-2.0 */
/* The column cache: candles of one symbol as a file that is mapped, not parsed ("FILE.tdc").
 *
 * Layout, version 1.  Numbers are in the order that the mark shows, which is the one of the machine
 * that wrote them; a machine of the other order refuses the file.
 *
 *     offset  bytes
 *          0      8  magic: 89 54 44 43 0d 0a 1a 0a (a transfer as text breaks it visibly)
 *          8      4  version, 1
 *         12      4  byte order: 0x01020304
 *         16      8  length of the header, 512
 *         24      8  length of the file
 *         32      8  number of candles, 2 or more
 *         40      8  timeframe in microseconds
 *         48      8  open time of the first candle, microseconds since 1970 UTC
 *         56      8  and of the last
 *         64      4  decimals of prices, 0 to 12: a price is value / 10^decimals
 *         68      4  decimals of volumes
 *         72     32  symbol, filled with NUL; empty when it is not known
 *        104     32  SHA-256 digest of the candles' values (candle_series.digest)
 *        136     96  six columns of offset and checksum: open time, open, high, low, close, volume
 *        232    248  zero
 *        480      8  checksum of bytes 0 to 479
 *        488     24  zero
 *
 * A column is `count` signed 64-bit integers, begins at a multiple of 64 and is filled with zeros
 * to one.  Columns follow each other without a hole, so that their offsets follow from the count.
 * Checksums are XXH64, of a column with its filling.  There are no columns of doubles: one is a
 * single division of a value, and reading twice as much memory takes longer than that.
 *
 * Files are never changed in place: a new one takes the name of the old at once, so what is mapped
 * stays whole.  (Somebody who cuts a mapped file ends this process by SIGBUS; candle_cache_load
 * reads instead, and gets an error.) */
#ifndef EXCHANGE_CANDLE_CACHE_H
#define EXCHANGE_CANDLE_CACHE_H

#include "exchange/candle_series.h"

enum {
    CACHE_COLUMNS = 6,
    CACHE_HEADER = 512,
    CACHE_ALIGN = 64
};

struct candle_cache {
    /* By column, in the order of the file; of `count` values each, valid until it is closed. */
    const int64_t *open_us, *open, *high, *low, *close, *volume;
    size_t count;
    int64_t timeframe_us;
    int price_scale, size_scale;
    struct digest digest; /* as the header says; candle_cache_verify proves it */
    char symbol[LIMIT_SYMBOL];
    uint64_t checksums[CACHE_COLUMNS];
    const void *bytes; /* the mapping */
    size_t length;
};

/* Maps a file and checks its header: magic, version, byte order, checksum, lengths, scales and
 * times.  Reads no column, so that it takes microseconds however many candles there are.  ERR_IO:
 * cannot be read; ERR_CANDLE with a diag that says what is wrong.  Read-only; any thread. */
MUST_USE enum err candle_cache_open(const char *path, struct diag_list *diags,
                                    struct candle_cache *out);
void candle_cache_close(struct candle_cache *c);
/* Checks what opening leaves out: each column's checksum, each candle, and with_digest the SHA-256
 * of the values as well.  name stands for the file in messages. */
MUST_USE enum err candle_cache_verify(const struct candle_cache *c, const char *name,
                                      bool with_digest, struct diag_list *diags);

/* True when the bytes begin as a cache file does, as far as they go (8 are enough). */
bool candle_cache_is(const void *data, size_t length);
/* Into candles, every check of candle_cache_verify but the digest included: from bytes, and from a
 * file by reading it. */
MUST_USE enum err candle_cache_parse(const void *data, size_t length, const char *name,
                                     struct diag_list *diags, struct candle_series *out);
MUST_USE enum err candle_cache_load(int fd, const char *name, struct diag_list *diags,
                                    struct candle_series *out);
/* The symbol in a file's header; false when it is no cache file or has none. */
bool candle_cache_symbol(const char *path, char symbol[LIMIT_SYMBOL]);

/* Writes a series as a file that is there whole or not at all (exchange/whole_file.h).  The series
 * must be one that a reader gave or candle_series_seal has made.  ERR_IO with a diag. */
MUST_USE enum err candle_cache_write(const char *path, const struct candle_series *s,
                                     struct diag_list *diags);

#endif
