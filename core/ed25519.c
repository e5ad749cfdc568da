/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 by OpenSSL's one-shot calls. */
#include "core/ed25519.h"

#include <stdlib.h>

#include <openssl/evp.h>

struct ed25519_key {
    EVP_PKEY *key;
    EVP_MD_CTX *context;
};

struct ed25519_key *ed25519_key_new(const uint8_t seed[ED25519_SEED_BYTES])
{
    struct ed25519_key *k = xcalloc(1, sizeof(*k));

    k->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_SEED_BYTES);
    k->context = EVP_MD_CTX_new();
    ASSERT(k->key && k->context);
    return k;
}

void ed25519_key_free(struct ed25519_key *k)
{
    if (!k)
        return;
    EVP_MD_CTX_free(k->context);
    EVP_PKEY_free(k->key);
    free(k);
}

void ed25519_public(const struct ed25519_key *k, uint8_t public_key[ED25519_KEY_BYTES])
{
    size_t length = ED25519_KEY_BYTES;

    ASSERT(EVP_PKEY_get_raw_public_key(k->key, public_key, &length) == 1);
    ASSERT(length == ED25519_KEY_BYTES);
}

void ed25519_sign(struct ed25519_key *k, const void *message, size_t length,
                  uint8_t signature[ED25519_SIGNATURE_BYTES])
{
    size_t written = ED25519_SIGNATURE_BYTES;

    ASSERT(EVP_MD_CTX_reset(k->context) == 1);
    ASSERT(EVP_DigestSignInit(k->context, NULL, NULL, NULL, k->key) == 1);
    ASSERT(EVP_DigestSign(k->context, signature, &written, message, length) == 1);
    ASSERT(written == ED25519_SIGNATURE_BYTES);
}

bool ed25519_verify(const uint8_t public_key[ED25519_KEY_BYTES], const void *message, size_t length,
                    const uint8_t signature[ED25519_SIGNATURE_BYTES])
{
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, ED25519_KEY_BYTES);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good;

    ASSERT(context);
    /* 1, 0 or negative: only 1 is good. */
    good = key && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
           EVP_DigestVerify(context, signature, ED25519_SIGNATURE_BYTES, message, length) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}
