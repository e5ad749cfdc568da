/* SPDX-License-Identifier: Apache-2.0 */
/* XXH64's rounds: four lanes of multiply and rotate, then a mix of them. */
#include "exchange/candle_checksum.h"

#include <endian.h>
#include <string.h>

#define PRIME_1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME_3 UINT64_C(0x165667B19E3779F9)
#define PRIME_4 UINT64_C(0x85EBCA77C2B2AE63)

static uint64_t rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static uint64_t mix(uint64_t lane, uint64_t word)
{
    return rotate(lane + word * PRIME_2, 31) * PRIME_1;
}

void candle_checksum_init(struct candle_checksum *c)
{
    *c = (struct candle_checksum){.lanes = {PRIME_1 + PRIME_2, PRIME_2, 0, 0 - PRIME_1}};
}

void candle_checksum_add(struct candle_checksum *c, const void *data, size_t length)
{
    const unsigned char *at = data, *end = at + length;
    uint64_t a = c->lanes[0], b = c->lanes[1], d = c->lanes[2], e = c->lanes[3];

    ASSERT(length % CHECKSUM_BLOCK == 0);
    for (; at < end; at += CHECKSUM_BLOCK) {
        uint64_t words[4];

        memcpy(words, at, sizeof words);
        a = mix(a, le64toh(words[0]));
        b = mix(b, le64toh(words[1]));
        d = mix(d, le64toh(words[2]));
        e = mix(e, le64toh(words[3]));
    }
    c->lanes[0] = a;
    c->lanes[1] = b;
    c->lanes[2] = d;
    c->lanes[3] = e;
    c->length += length;
}

uint64_t candle_checksum_value(const struct candle_checksum *c)
{
    static const int turns[4] = {1, 7, 12, 18};
    uint64_t h = 0;

    ASSERT(c->length > 0);
    for (int i = 0; i < 4; i++)
        h += rotate(c->lanes[i], turns[i]);
    for (int i = 0; i < 4; i++)
        h = (h ^ mix(0, c->lanes[i])) * PRIME_1 + PRIME_4;
    h += c->length;
    h = (h ^ h >> 33) * PRIME_2;
    h = (h ^ h >> 29) * PRIME_3;
    return h ^ h >> 32;
}
