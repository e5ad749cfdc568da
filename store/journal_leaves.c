/* SPDX-License-Identifier: Apache-2.0 */
/* Many leaves as one statement: arrays in PostgreSQL's binary format, so that a large batch is not
 * one statement an entry.
 *
 * An array: number of dimensions, has-nulls flag, the element type's OID, length and lower bound;
 * then each element's length and bytes.  All numbers are 32 bits, big-endian. */
#include <string.h>

#include "core/limits.h"
#include "store/journal_parts.h"

enum {
    OID_BYTEA = 17,
    OID_TEXT = 25,
    OID_TIMESTAMPTZ = 1184,
    ARRAYS = 5,
    ARRAY_BYTES = 8 * 1024 * 1024 /* 256 entries of the greatest length, twice over */
};

/* Microseconds from 1970 to 2000, where PostgreSQL counts from. */
static const int64_t pg_epoch_us = INT64_C(946684800) * US_PER_S;

static void put_word(struct text *t, uint32_t n)
{
    char bytes[4] = {(char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n};

    text_append(t, bytes, sizeof bytes);
}

static void array_begin(struct text *t, uint32_t oid, size_t count)
{
    text_init(t, ARRAY_BYTES);
    put_word(t, 1);
    put_word(t, 0);
    put_word(t, oid);
    put_word(t, (uint32_t)count);
    put_word(t, 1);
}

static void array_add(struct text *t, const void *bytes, size_t length)
{
    put_word(t, (uint32_t)length);
    text_append(t, bytes, length);
}

static void array_add_time(struct text *t, int64_t us)
{
    uint64_t n = (uint64_t)(us - pg_epoch_us);

    put_word(t, 8);
    put_word(t, (uint32_t)(n >> 32));
    put_word(t, (uint32_t)n);
}

enum err journal_push_leaves(struct journal_pg *j, const struct journal_batch *b, size_t from,
                             size_t to)
{
    static const uint32_t oids[ARRAYS] = {OID_TEXT, OID_TIMESTAMPTZ, OID_BYTEA, OID_BYTEA,
                                          OID_BYTEA};
    int64_t first = b->account.log_size - (int64_t)b->leaf_count + (int64_t)from;
    struct text arrays[ARRAYS];
    struct pg_params p;
    enum err e;

    for (size_t i = 0; i < ARRAYS; i++)
        array_begin(&arrays[i], oids[i], to - from);
    for (size_t i = from; i < to; i++) {
        const struct leaf *l = &b->leaves[i];
        const char *kind = leaf_kind_name(l->kind);

        array_add(&arrays[0], kind, strlen(kind));
        array_add_time(&arrays[1], l->at_us);
        array_add(&arrays[2], l->bytes, l->length);
        array_add(&arrays[3], l->proof.bytes, DIGEST_BYTES);
        array_add(&arrays[4], l->leaf_hash.bytes, DIGEST_BYTES);
    }
    params_init(&p);
    params_text(&p, b->account.id);
    params_integer(&p, first);
    for (size_t i = 0; i < ARRAYS; i++) {
        ASSERT(!arrays[i].full);
        params_bytes(&p, arrays[i].data, arrays[i].length);
    }
    e = journal_push_one(j, STATEMENT_LEAVES, &p); /* libpq has copied it now */
    for (size_t i = 0; i < ARRAYS; i++)
        text_release(&arrays[i]);
    return e;
}
