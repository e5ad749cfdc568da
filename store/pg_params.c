/* SPDX-License-Identifier: Apache-2.0 */
/* Packs values for the wire and unpacks result fields. */
#include "store/pg_params.h"

#include <string.h>

#include "core/amount_text.h"
#include "core/jwriter.h"

/* PostgreSQL counts microseconds from 2000-01-01. */
static const int64_t pg_epoch_us = INT64_C(946684800000000);

enum {
    FORMAT_TEXT = 0,
    FORMAT_BINARY = 1
};

void params_init(struct pg_params *p)
{
    p->count = 0;
    p->used = 0;
}

static char *params_room(struct pg_params *p, size_t length)
{
    char *at = p->buffer + p->used;

    ASSERT(p->used + length <= sizeof(p->buffer));
    p->used += length;
    return at;
}

static void params_add(struct pg_params *p, const char *value, size_t length, int format)
{
    ASSERT(p->count < PG_PARAMS_MAX && length <= INT32_MAX);
    p->values[p->count] = value;
    p->lengths[p->count] = (int)length;
    p->formats[p->count] = format;
    p->count++;
}

static void put_be64(char *to, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        to[i] = (char)(unsigned char)(value >> (56 - 8 * i));
}

static uint64_t get_be64(const char *from)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++)
        value = value << 8 | (unsigned char)from[i];
    return value;
}

void params_integer(struct pg_params *p, int64_t value)
{
    char *at = params_room(p, 8);

    put_be64(at, (uint64_t)value);
    params_add(p, at, 8, FORMAT_BINARY);
}

void params_real(struct pg_params *p, double value)
{
    uint64_t bits;
    char *at = params_room(p, 8);

    memcpy(&bits, &value, sizeof(bits));
    put_be64(at, bits);
    params_add(p, at, 8, FORMAT_BINARY);
}

void params_bool(struct pg_params *p, bool value)
{
    params_add(p, value ? "\1" : "\0", 1, FORMAT_BINARY);
}

void params_time(struct pg_params *p, int64_t us)
{
    if (us == TIME_NONE) {
        params_null(p);
        return;
    }
    /* Before the year -290000 there is no time that differs from "none". */
    if (us < INT64_MIN + pg_epoch_us + 1)
        us = INT64_MIN + pg_epoch_us + 1;
    params_integer(p, us - pg_epoch_us);
}

void params_amount(struct pg_params *p, i128 e12)
{
    char *at = params_room(p, AMOUNT_TEXT_MAX);
    size_t length = amount_print(e12, AMOUNT_DECIMALS, at);

    p->used -= AMOUNT_TEXT_MAX - (length + 1);
    params_add(p, at, length, FORMAT_TEXT);
}

void params_text(struct pg_params *p, const char *text)
{
    size_t length, i = 0, n;
    uint32_t code;
    char *copy;

    if (!text) {
        params_null(p);
        return;
    }
    length = strlen(text);
    if (text_is_utf8(text, length)) {
        params_add(p, text, length, FORMAT_TEXT);
        return;
    }
    copy = params_room(p, length + 1);
    memcpy(copy, text, length + 1);
    while (i < length) {
        n = text_decode(copy + i, length - i, &code);
        if (n == 0)
            copy[i] = '?';
        i += n ? n : 1;
    }
    params_add(p, copy, length, FORMAT_TEXT);
}

void params_bytes(struct pg_params *p, const void *data, size_t length)
{
    params_add(p, data ? data : "", length, FORMAT_BINARY);
}

void params_digest(struct pg_params *p, const struct digest *d)
{
    params_bytes(p, d->bytes, sizeof(d->bytes));
}

void params_null(struct pg_params *p)
{
    params_add(p, NULL, 0, FORMAT_TEXT);
}

int64_t result_integer(const PGresult *r, int row, int column)
{
    if (PQgetisnull(r, row, column))
        return 0;
    ASSERT(PQgetlength(r, row, column) == 8);
    return (int64_t)get_be64(PQgetvalue(r, row, column));
}

double result_real(const PGresult *r, int row, int column)
{
    uint64_t bits;
    double value;

    if (PQgetisnull(r, row, column))
        return 0;
    ASSERT(PQgetlength(r, row, column) == 8);
    bits = get_be64(PQgetvalue(r, row, column));
    memcpy(&value, &bits, sizeof(value));
    return value;
}

bool result_bool(const PGresult *r, int row, int column)
{
    return !PQgetisnull(r, row, column) && PQgetvalue(r, row, column)[0] != 0;
}

int64_t result_time(const PGresult *r, int row, int column)
{
    int64_t since_2000;

    if (PQgetisnull(r, row, column))
        return TIME_NONE;
    since_2000 = result_integer(r, row, column);
    /* 'infinity' is nothing we write; the end of time is the nearest we can say. */
    return since_2000 > INT64_MAX - pg_epoch_us ? INT64_MAX : since_2000 + pg_epoch_us;
}

void result_text(const PGresult *r, int row, int column, char *out, size_t capacity)
{
    (void)copy_text(out, capacity, PQgetvalue(r, row, column));
}

enum err result_amount(const PGresult *r, int row, int column, i128 *out)
{
    size_t length = (size_t)PQgetlength(r, row, column);

    return amount_parse(PQgetvalue(r, row, column), length, out) ? ERR_DB_QUERY : ERR_OK;
}

enum err result_digest(const PGresult *r, int row, int column, struct digest *out)
{
    if (PQgetlength(r, row, column) != DIGEST_BYTES)
        return ERR_DB_QUERY;
    memcpy(out->bytes, PQgetvalue(r, row, column), DIGEST_BYTES);
    return ERR_OK;
}

char *result_copy(const PGresult *r, int row, int column, size_t *length)
{
    size_t n = (size_t)PQgetlength(r, row, column);
    char *copy = xmalloc(n + 1);

    memcpy(copy, PQgetvalue(r, row, column), n);
    copy[n] = '\0';
    if (length)
        *length = n;
    return copy;
}
