/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 against RFC 8032's vectors; changed and re-written signatures are refused. */
#include "core/ed25519.h"

#include "core/digest.h"
#include "tests/support/check.h"

/* RFC 8032 section 7.1, tests 1 and 2. */
static const struct {
    const char *seed, *public_key, *message, *signature;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
};

static void test_known_signatures(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        uint8_t seed[32], key[32], found[32], message[1] = {0}, signature[64], made[64];
        size_t length = strlen(vectors[i].message) / 2;
        struct ed25519_key *k;

        assert_ok(hex_parse(vectors[i].seed, 64, seed, 32));
        assert_ok(hex_parse(vectors[i].public_key, 64, key, 32));
        assert_ok(hex_parse(vectors[i].message, 2 * length, message, length));
        assert_ok(hex_parse(vectors[i].signature, 128, signature, 64));
        k = ed25519_key_new(seed);
        ed25519_public(k, found);
        assert_memory_equal(found, key, 32);
        ed25519_sign(k, message, length, made);
        assert_memory_equal(made, signature, 64);
        ed25519_sign(k, message, length, made); /* a key signs more than once */
        assert_memory_equal(made, signature, 64);
        assert_true(ed25519_verify(key, message, length, signature));
        assert_false(ed25519_verify(key, "x", 1, signature));
        for (size_t at = 0; at < 64; at++) {
            made[at] ^= 4;
            assert_false(ed25519_verify(key, message, length, made));
            made[at] ^= 4;
        }
        ed25519_key_free(k);
    }
}

/* S + L verifies in careless libraries: a second signature of the same message. */
static void test_a_signature_has_one_form(void **state)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    uint8_t key[32], signature[64];
    unsigned carry = 0;

    (void)state;
    assert_ok(hex_parse(vectors[0].public_key, 64, key, 32));
    assert_ok(hex_parse(vectors[0].signature, 128, signature, 64));
    for (size_t i = 0; i < 32; i++) {
        carry += signature[32 + i] + (unsigned)order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
    assert_false(ed25519_verify(key, "", 0, signature));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_signatures),
        cmocka_unit_test(test_a_signature_has_one_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
