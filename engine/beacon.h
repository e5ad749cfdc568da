/* SPDX-License-Identifier: Apache-2.0 */
/* A public randomness beacon: a value that nobody knew before its time, so that an entry that holds
 * it was not made before.
 *
 * drand's form (https://docs.drand.love): round R of a chain comes out at
 * genesis + (R - 1) * period, and its randomness is the SHA-256 of its signature.  The signature
 * itself is BLS, which no library of ours can check: a reader compares the randomness with what the
 * beacon published.  Pure. */
#ifndef ENGINE_BEACON_H
#define ENGINE_BEACON_H

#include "core/digest.h"
#include "core/error.h"
#include "core/limits.h"

enum {
    BEACON_SIGNATURE = 96 /* bytes at most: G2; quicknet's are 48 */
};

struct beacon {
    uint64_t round; /* 0: none */
    struct digest randomness;
    uint8_t signature[BEACON_SIGNATURE];
    size_t signature_length;
};

/* Lower-case hex of exactly `bytes` bytes: the one form in which a beacon is written. */
bool beacon_hex(const char *text, size_t length, uint8_t *out, size_t bytes);
/* A round as drand's HTTP API answers it: an object with round, randomness and signature, others
 * are passed over.  ERR_SYNTAX: it is none; ERR_CONFLICT: randomness is not the signature's. */
MUST_USE enum err beacon_parse(const char *json, size_t length, struct beacon *out);

/* ---- What a reader knows of a chain ---- */

struct beacon_round {
    uint64_t round;
    struct digest randomness;
};

struct beacon_chain {
    int64_t genesis_s, period_s;
    struct beacon_round *rounds; /* by round */
    size_t count;
};

/* Text: "chain GENESIS PERIOD" (seconds since 1970, seconds), then lines "ROUND RANDOMNESS", the
 * rounds rising.  *line: the first that is wrong.  ERR_SYNTAX, ERR_LIMIT. */
MUST_USE enum err beacon_chain_parse(const char *text, size_t length, struct beacon_chain *out,
                                     size_t *line);
void beacon_chain_release(struct beacon_chain *c);
/* NULL: the reader does not know the round. */
const struct beacon_round *beacon_chain_find(const struct beacon_chain *c, uint64_t round);
/* When it came out; rounds of a parsed chain only. */
int64_t beacon_chain_time_us(const struct beacon_chain *c, uint64_t round);

#endif
