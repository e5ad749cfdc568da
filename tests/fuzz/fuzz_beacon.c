/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a beacon's round and as a reader's list of rounds: refused, or what stands there. */
#include <string.h>

#include "engine/beacon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_round(const char *bytes, size_t size)
{
    struct beacon b;
    struct digest made;

    if (beacon_parse(bytes, size, &b))
        return;
    ASSERT(b.round > 0 && b.signature_length > 0 && b.signature_length <= BEACON_SIGNATURE);
    digest_of(b.signature, b.signature_length, &made);
    ASSERT(bytes_equal(&made, &b.randomness, sizeof made));
}

static void try_chain(const char *bytes, size_t size)
{
    struct beacon_chain c;
    size_t line;

    if (beacon_chain_parse(bytes, size, &c, &line)) {
        ASSERT(line >= 1);
        return;
    }
    ASSERT(line == c.count + 1);
    for (size_t i = 0; i < c.count; i++) {
        const struct beacon_round *found = beacon_chain_find(&c, c.rounds[i].round);

        ASSERT(found == &c.rounds[i]);
        ASSERT(i == 0 || beacon_chain_time_us(&c, found->round) >
                             beacon_chain_time_us(&c, c.rounds[i - 1].round));
    }
    ASSERT(!beacon_chain_find(&c, 0));
    beacon_chain_release(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = size ? (const char *)data : "";

    try_round(bytes, size);
    try_chain(bytes, size);
    return 0;
}
