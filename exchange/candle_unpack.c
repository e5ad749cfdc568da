/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacks gzip and zstd data in memory, several members or frames one after the other too. */
#include "exchange/candle_reader.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum {
    PIECE_BYTES = 256 * 1024
};

/* What went wrong, for one message. */
enum unpack_fault {
    UNPACK_GOOD,
    UNPACK_CUT,
    UNPACK_BROKEN,
    UNPACK_TOO_LARGE
};

static enum unpack_fault unpack_gzip(const char *data, size_t length, struct text *out,
                                     unsigned char *piece)
{
    z_stream z = {0};
    enum unpack_fault fault = UNPACK_GOOD;
    size_t given = 0;
    bool ended = false; /* after a member and before the next */

    /* 16: gzip alone, no zlib header. */
    ASSERT(inflateInit2(&z, 15 + 16) == Z_OK);
    while (!fault && !(ended && z.avail_in == 0 && given == length)) {
        int answer;

        if (z.avail_in == 0) {
            size_t n = length - given < UINT_MAX ? length - given : UINT_MAX;

            z.next_in = (Bytef *)(uintptr_t)(data + given);
            z.avail_in = (uInt)n;
            given += n;
        }
        if (ended && inflateReset(&z) != Z_OK)
            fault = UNPACK_BROKEN;
        z.next_out = piece;
        z.avail_out = PIECE_BYTES;
        answer = inflate(&z, Z_NO_FLUSH);
        text_append(out, (const char *)piece, PIECE_BYTES - z.avail_out);
        ended = answer == Z_STREAM_END;
        if (out->full)
            fault = UNPACK_TOO_LARGE;
        else if (answer == Z_BUF_ERROR && z.avail_in == 0 && given == length)
            fault = UNPACK_CUT;
        else if (answer != Z_OK && answer != Z_STREAM_END && answer != Z_BUF_ERROR)
            fault = UNPACK_BROKEN;
    }
    (void)inflateEnd(&z);
    return fault;
}

static enum unpack_fault unpack_zstd(const char *data, size_t length, struct text *out,
                                     unsigned char *piece)
{
    ZSTD_DStream *z = ZSTD_createDStream();
    ZSTD_inBuffer in = {data, length, 0};
    enum unpack_fault fault = UNPACK_GOOD;
    size_t wanted = 1; /* 0: a frame is complete */

    ASSERT(z);
    while (!fault && !(wanted == 0 && in.pos == in.size)) {
        ZSTD_outBuffer part = {piece, PIECE_BYTES, 0};
        const size_t before = in.pos;

        wanted = ZSTD_decompressStream(z, &part, &in);
        text_append(out, (const char *)piece, part.pos);
        if (ZSTD_isError(wanted))
            fault = UNPACK_BROKEN;
        else if (out->full)
            fault = UNPACK_TOO_LARGE;
        else if (wanted != 0 && in.pos == in.size && in.pos == before && part.pos == 0)
            fault = UNPACK_CUT;
    }
    (void)ZSTD_freeDStream(z);
    return fault;
}

enum err candle_unpack(const char *data, size_t length, const char *name, struct diag_list *diags,
                       struct text *out, bool *packed)
{
    static const char gzip_magic[] = {'\x1f', '\x8b'};
    static const char zstd_magic[] = {'\x28', '\xb5', '\x2f', '\xfd'};
    const bool is_gzip = length >= sizeof gzip_magic && memcmp(data, gzip_magic, 2) == 0;
    const bool is_zstd = length >= sizeof zstd_magic && memcmp(data, zstd_magic, 4) == 0;
    const char *format = is_gzip ? "gzip" : "zstd";
    enum unpack_fault fault;
    unsigned char *piece;

    *packed = is_gzip || is_zstd;
    if (!*packed)
        return ERR_OK;
    piece = xmalloc(PIECE_BYTES);
    fault = is_gzip ? unpack_gzip(data, length, out, piece) : unpack_zstd(data, length, out, piece);
    free(piece);
    if (fault == UNPACK_TOO_LARGE) {
        diag_hint(
            diag_add(diags, name, "too_large", "unpacked it has more than %zu bytes", out->max),
            "split the file");
        return ERR_LIMIT;
    }
    if (fault) {
        diag_hint(diag_add(diags, name, "packed_broken",
                           fault == UNPACK_CUT ? "the %s data is cut" : "the %s data is broken",
                           format),
                  "pack or copy the file again");
        return ERR_CANDLE;
    }
    return ERR_OK;
}
