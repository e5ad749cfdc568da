/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes, encodings and the log's key against known answers. */
#include "core/digest.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/ed25519.h"
#include "core/text.h"
#include "tests/support/check.h"

static void same_hex(const struct digest *d, const char *wanted)
{
    char text[DIGEST_HEX];

    hex_print(d->bytes, DIGEST_BYTES, text);
    assert_string_equal(text, wanted);
}

static void test_sha256(void **state)
{
    struct digest d;

    (void)state;
    digest_of("", 0, &d);
    same_hex(&d, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_of("abc", 3, &d);
    same_hex(&d, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_prefixed(0x00, NULL, 0, &d);
    same_hex(&d, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    digest_prefixed('a', "bc", 2, &d);
    same_hex(&d, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void *hash_often(void *context)
{
    struct digest *d = context;
    int i;

    for (i = 0; i < 1000; i++)
        digest_of("abc", 3, d);
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[4];
    struct digest digests[4];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_often, &digests[i]), 0);
    for (i = 0; i < COUNT_OF(threads); i++) {
        pthread_join(threads[i], NULL);
        same_hex(&digests[i], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}

static void test_hex(void **state)
{
    uint8_t bytes[2] = {9, 9};

    (void)state;
    assert_ok(hex_parse("0aFf", 4, bytes, 2));
    assert_int_equal(bytes[0], 10);
    assert_int_equal(bytes[1], 255);
    assert_err(hex_parse("0a", 2, bytes, 2), ERR_SYNTAX);
    assert_err(hex_parse("0a0", 3, bytes, 1), ERR_SYNTAX);
    assert_err(hex_parse("0a0g", 4, bytes, 2), ERR_SYNTAX);
    assert_int_equal(bytes[1], 255);
}

static void test_base64(void **state)
{
    /* RFC 4648, section 10 */
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    static const char *const bad[] = {"Z", "Zh", "Zm9", "Zg==", "Z+", "Zm9vY", "Zm 9v", "Zm9v\n"};
    uint8_t bytes[16];
    char text[32];
    size_t i, n;

    (void)state;
    for (i = 0; i < COUNT_OF(pairs); i++) {
        const uint8_t *data = (const uint8_t *)pairs[i][0];
        size_t length = strlen(pairs[i][0]);

        assert_int_equal(base64_print(data, length, text), strlen(pairs[i][1]));
        assert_string_equal(text, pairs[i][1]);
        assert_ok(base64_parse(text, strlen(text), bytes, sizeof(bytes), &n));
        assert_int_equal(n, length);
        assert_memory_equal(bytes, data, length);
        assert_int_equal(base64url_print(data, length, text), strcspn(pairs[i][1], "="));
        assert_ok(base64url_parse(text, strlen(text), bytes, sizeof(bytes), &n));
        assert_int_equal(n, length);
        assert_memory_equal(bytes, data, length);
    }
    base64url_print((const uint8_t *)"\xFB\xFF\xFE", 3, text);
    assert_string_equal(text, "-__-");
    n = 77;
    for (i = 0; i < COUNT_OF(bad); i++)
        assert_err(base64url_parse(bad[i], strlen(bad[i]), bytes, sizeof(bytes), &n), ERR_SYNTAX);
    assert_err(base64url_parse("Zm9v", 4, bytes, 2, &n), ERR_LIMIT);
    assert_err(base64url_parse("Zm\0v", 4, bytes, sizeof(bytes), &n), ERR_SYNTAX);
    assert_int_equal(n, 77);
}

/* OpenSSL's decoder takes "TR==" and blanks; one value must have one text. */
static void test_base64_is_strict(void **state)
{
    static const char *const bad[] = {"Z",      "Zg",    "Zg=",  "Zh==",     "Zm9=",
                                      "=",      "====",  "Z===", "Zg==Zg==", "Zm 9v",
                                      "Zm9v\n", " Zg==", "Z-==", "Zg= ",     "Zm9v="};
    uint8_t bytes[16];
    size_t n = 77;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_err(base64_parse(bad[i], strlen(bad[i]), bytes, sizeof(bytes), &n), ERR_SYNTAX);
    assert_err(base64_parse("Zm9v", 4, bytes, 2, &n), ERR_LIMIT);
    assert_err(base64_parse("Zm\0v", 4, bytes, sizeof(bytes), &n), ERR_SYNTAX);
    assert_int_equal(n, 77);
    assert_ok(base64_parse("+/8=", 4, bytes, sizeof(bytes), &n));
    assert_int_equal(n, 2);
    assert_memory_equal(bytes, "\xFB\xFF", 2);
    assert_ok(base64_parse("", 0, bytes, sizeof(bytes), &n));
    assert_int_equal(n, 0);
}

static void test_random_and_equal(void **state)
{
    uint8_t a[32] = {0}, b[32] = {0};

    (void)state;
    assert_true(bytes_equal(a, b, sizeof(a)));
    random_bytes(a, sizeof(a));
    random_bytes(b, sizeof(b));
    assert_false(bytes_equal(a, b, sizeof(a)));
    assert_true(bytes_equal(a, b, 0));
}

/* RFC 8032, section 7.1, test 1 */
static void test_known_key(void **state)
{
    static const char seed[] = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\n";
    char *folder = check_folder_new(), *path = check_path(folder, "log.key");
    struct ed25519_key *key;
    uint8_t public_key[32];
    char hex[65];

    (void)state;
    check_write_file(path, seed, sizeof(seed) - 1);
    assert_int_equal(chmod(path, 0600), 0);
    assert_ok(log_key_load(path, &key));
    ed25519_public(key, public_key);
    hex_print(public_key, sizeof(public_key), hex);
    assert_string_equal(hex, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    ed25519_key_free(key);
    free(path);
    check_folder_free(folder);
}

/* The public key of a file; zeros and the error when it is refused. */
static enum err load_public(const char *path, uint8_t public_key[32])
{
    struct ed25519_key *key = NULL;
    enum err e = log_key_load(path, &key);

    if (e)
        return e;
    ed25519_public(key, public_key);
    ed25519_key_free(key);
    return ERR_OK;
}

static void test_a_named_key_file(void **state)
{
    char *folder = check_folder_new(), *path = check_path(folder, "next.key");
    char *part = check_path(folder, "next.key.part"), *to = check_path(folder, "log.key");
    struct ed25519_key *made = NULL, *found = NULL;
    uint8_t one[32], other[32];
    char name[16] = "before";
    struct stat status;

    (void)state;
    assert_err(log_key_read(path, name, sizeof(name), &found), ERR_NOT_FOUND);
    check_write_file(part, "torn", 4);
    assert_ok(log_key_make(path, "example/log", &made));
    assert_int_equal(access(part, F_OK), -1);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_ok(log_key_move(path, to));
    assert_ok(log_key_read(to, name, sizeof(name), &found));
    assert_string_equal(name, "example/log");
    ed25519_public(made, one);
    ed25519_public(found, other);
    assert_memory_equal(one, other, sizeof(one));
    assert_err(log_key_read(to, name, 5, &found), ERR_SYNTAX); /* a longer name */
    assert_err(load_public(to, other), ERR_SYNTAX);            /* a folder's key has none */
    assert_int_equal(chmod(to, 0640), 0);
    assert_err(log_key_read(to, name, sizeof(name), &found), ERR_IO);
    assert_err(log_key_move(path, to), ERR_IO);
    ed25519_key_free(made);
    ed25519_key_free(found);
    free(path);
    free(part);
    free(to);
    check_folder_free(folder);
}

static void test_key_file(void **state)
{
    char *folder = check_folder_new(), *path = check_path(folder, "log.key");
    uint8_t first[32], again[32] = {0};
    struct stat status;
    struct text t;

    (void)state;
    assert_ok(load_public(path, first));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(status.st_size, 65);
    assert_ok(load_public(path, again));
    assert_memory_equal(first, again, sizeof(first));
    text_init(&t, 100);
    assert_ok(text_read_file(&t, path));
    assert_int_equal(t.data[64], '\n');
    memset(again, 7, sizeof(again));
    assert_int_equal(chmod(path, 0640), 0);
    assert_err(load_public(path, again), ERR_IO);
    assert_int_equal(chmod(path, 0600), 0);
    check_write_file(path, t.data, 64);
    assert_err(load_public(path, again), ERR_SYNTAX);
    text_string(&t, "\n");
    check_write_file(path, t.data, 66);
    assert_err(load_public(path, again), ERR_SYNTAX);
    t.data[3] = 'g';
    check_write_file(path, t.data, 65);
    assert_err(load_public(path, again), ERR_SYNTAX);
    assert_err(load_public("/nonexistent/folder/log.key", again), ERR_IO);
    assert_int_equal(again[0], 7);
    text_release(&t);
    free(path);
    check_folder_free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_base64_is_strict),
        cmocka_unit_test(test_random_and_equal),
        cmocka_unit_test(test_known_key),
        cmocka_unit_test(test_a_named_key_file),
        cmocka_unit_test(test_key_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
