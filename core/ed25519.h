/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 (RFC 8032) on OpenSSL: a private key kept ready, signing, verification.
 *
 * Deterministic: one key and one message give one signature.  Any thread may verify; a key signs on
 * one thread at a time. */
#ifndef CORE_ED25519_H
#define CORE_ED25519_H

#include "core/base.h"
#include "core/error.h"

enum {
    ED25519_SEED_BYTES = 32,
    ED25519_KEY_BYTES = 32,
    ED25519_SIGNATURE_BYTES = 64
};

struct ed25519_key; /* a private key */

/* Never fails: every 32 bytes are a seed.  The caller cleanses its own copy. */
struct ed25519_key *ed25519_key_new(const uint8_t seed[ED25519_SEED_BYTES]);
void ed25519_key_free(struct ed25519_key *k);
void ed25519_public(const struct ed25519_key *k, uint8_t public_key[ED25519_KEY_BYTES]);
void ed25519_sign(struct ed25519_key *k, const void *message, size_t length,
                  uint8_t signature[ED25519_SIGNATURE_BYTES]);
/* Public keys must be pinned: what a stranger calls his key may be of small order. */
bool ed25519_verify(const uint8_t public_key[ED25519_KEY_BYTES], const void *message, size_t length,
                    const uint8_t signature[ED25519_SIGNATURE_BYTES]);

#endif
