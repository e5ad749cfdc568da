/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL's binary COPY format: big-endian integers, each behind its length. */
#include "store/candle_rows.h"

#include <endian.h>
#include <string.h>

/* 2000-01-01 in microseconds of Unix: the zero of timestamptz. */
#define PG_EPOCH_US INT64_C(946684800000000)

static const unsigned char signature[] = "PGCOPY\n\377\r\n"; /* and its NUL: eleven bytes */
_Static_assert(sizeof signature == 11, "the signature has eleven bytes");

void candle_copy_header(unsigned char out[COPY_HEADER])
{
    memset(out, 0, COPY_HEADER); /* no flags, no extension */
    memcpy(out, signature, sizeof signature);
}

void candle_copy_trailer(unsigned char out[COPY_TRAILER])
{
    memset(out, 0xff, COPY_TRAILER);
}

static unsigned char *put_16(unsigned char *at, uint16_t value)
{
    value = htobe16(value);
    memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

static unsigned char *put_32(unsigned char *at, uint32_t value)
{
    value = htobe32(value);
    memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

static unsigned char *put_64(unsigned char *at, int64_t value)
{
    uint64_t big = htobe64((uint64_t)value);

    at = put_32(at, sizeof big);
    memcpy(at, &big, sizeof big);
    return at + sizeof big;
}

void candle_row_put(const struct candle *c, int32_t series, unsigned char out[CANDLE_ROW_IN])
{
    unsigned char *at = put_16(out, 7);

    at = put_64(at, c->open_us - PG_EPOCH_US);
    at = put_64(at, c->open);
    at = put_64(at, c->high);
    at = put_64(at, c->low);
    at = put_64(at, c->close);
    at = put_64(at, c->volume);
    at = put_32(at, sizeof series);
    (void)put_32(at, (uint32_t)series);
}

/* A field of eight bytes; false when it has another length. */
static bool get_64(const char **at, int64_t *out)
{
    uint32_t length;
    uint64_t value;

    memcpy(&length, *at, sizeof length);
    memcpy(&value, *at + sizeof length, sizeof value);
    *at += sizeof length + sizeof value;
    *out = (int64_t)be64toh(value);
    return be32toh(length) == sizeof value;
}

enum err candle_row_get(const char *message, size_t length, bool is_first, struct candle *out,
                        bool *is_row)
{
    struct candle c = {0};
    uint16_t fields;
    bool good = true;

    *is_row = false;
    if (is_first) {
        if (length < COPY_HEADER || memcmp(message, signature, sizeof signature) != 0)
            return ERR_DB_QUERY;
        message += COPY_HEADER;
        length -= COPY_HEADER;
        if (length == 0)
            return ERR_OK;
    }
    if (length < sizeof fields)
        return ERR_DB_QUERY;
    memcpy(&fields, message, sizeof fields);
    fields = be16toh(fields);
    if (fields == UINT16_MAX && length == sizeof fields)
        return ERR_OK;
    if (fields != 6 || length != CANDLE_ROW_OUT)
        return ERR_DB_QUERY;
    message += sizeof fields;
    good = get_64(&message, &c.open_us) && good;
    good = get_64(&message, &c.open) && good;
    good = get_64(&message, &c.high) && good;
    good = get_64(&message, &c.low) && good;
    good = get_64(&message, &c.close) && good;
    good = get_64(&message, &c.volume) && good;
    if (!good || __builtin_add_overflow(c.open_us, PG_EPOCH_US, &c.open_us))
        return ERR_DB_QUERY;
    *out = c;
    *is_row = true;
    return ERR_OK;
}
