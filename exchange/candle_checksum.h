/* SPDX-License-Identifier: Apache-2.0 */
/* XXH64 with seed 0, over whole blocks of 32 bytes: finds damage at the speed of memory.
 *
 * It is no proof against somebody who forges a file; that is what the digest is for.  Written from
 * the algorithm's published description, so that other tools can check our files. */
#ifndef EXCHANGE_CANDLE_CHECKSUM_H
#define EXCHANGE_CANDLE_CHECKSUM_H

#include "core/base.h"

enum {
    CHECKSUM_BLOCK = 32
};

struct candle_checksum {
    uint64_t lanes[4];
    uint64_t length;
};

void candle_checksum_init(struct candle_checksum *c);
/* length must be a multiple of CHECKSUM_BLOCK (ASSERT); the bytes need no alignment. */
void candle_checksum_add(struct candle_checksum *c, const void *data, size_t length);
/* At least one block must have been added (ASSERT). */
uint64_t candle_checksum_value(const struct candle_checksum *c);

#endif
