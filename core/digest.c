/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes, encodes and compares bytes; keeps one hashing context a thread. */
#include "core/digest.h"

#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t context_key;
static EVP_MD *sha256;

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

/* A fetch searches the providers under a lock: done once, as it costs more than a short hash. */
static void fetch_algorithm(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    ASSERT(sha256);
    ASSERT(pthread_key_create(&context_key, free_context) == 0);
}

static EVP_MD_CTX *thread_context(void)
{
    static _Thread_local EVP_MD_CTX *context;

    if (!context) {
        ASSERT(pthread_once(&once, fetch_algorithm) == 0);
        context = EVP_MD_CTX_new();
        ASSERT(context);
        /* The key's destructor frees it when the thread ends. */
        ASSERT(pthread_setspecific(context_key, context) == 0);
    }
    return context;
}

static void hash(const void *prefix, size_t prefix_length, const void *data, size_t length,
                 struct digest *out)
{
    EVP_MD_CTX *context = thread_context();
    unsigned written = 0;

    ASSERT(EVP_DigestInit_ex2(context, sha256, NULL) == 1);
    if (prefix_length)
        ASSERT(EVP_DigestUpdate(context, prefix, prefix_length) == 1);
    if (length)
        ASSERT(EVP_DigestUpdate(context, data, length) == 1);
    ASSERT(EVP_DigestFinal_ex(context, out->bytes, &written) == 1);
    ASSERT(written == DIGEST_BYTES);
}

void digest_of(const void *data, size_t length, struct digest *out)
{
    hash(NULL, 0, data, length, out);
}

void digest_prefixed(uint8_t prefix, const void *data, size_t length, struct digest *out)
{
    hash(&prefix, 1, data, length, out);
}

void hex_print(const uint8_t *data, size_t length, char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t i;

    for (i = 0; i < length; i++) {
        text[2 * i] = digits[data[i] >> 4];
        text[2 * i + 1] = digits[data[i] & 15];
    }
    text[2 * length] = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum err hex_parse(const char *text, size_t length, uint8_t *out, size_t out_length)
{
    size_t i;

    if (length % 2 != 0 || length / 2 != out_length)
        return ERR_SYNTAX;
    for (i = 0; i < length; i++) {
        if (hex_value(text[i]) < 0)
            return ERR_SYNTAX;
    }
    for (i = 0; i < out_length; i++)
        out[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
    return ERR_OK;
}

static const char base64_standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static size_t base64_encode(const uint8_t *data, size_t length, const char *alphabet, bool padded,
                            char *text)
{
    size_t i, j, n, at = 0;
    uint32_t group;

    for (i = 0; i < length; i += 3) {
        n = length - i < 3 ? length - i : 3;
        group = (uint32_t)data[i] << 16;
        if (n > 1)
            group |= (uint32_t)data[i + 1] << 8;
        if (n > 2)
            group |= data[i + 2];
        for (j = 0; j <= n; j++)
            text[at++] = alphabet[group >> (18 - 6 * j) & 63];
        for (; padded && j < 4; j++)
            text[at++] = '=';
    }
    text[at] = '\0';
    return at;
}

size_t base64_print(const uint8_t *data, size_t length, char *text)
{
    return base64_encode(data, length, base64_standard, true, text);
}

size_t base64url_print(const uint8_t *data, size_t length, char *text)
{
    return base64_encode(data, length, base64_url, false, text);
}

static int base64_value(const char *alphabet, char c)
{
    const char *found = c ? strchr(alphabet, c) : NULL;

    return found ? (int)(found - alphabet) : -1;
}

/* Characters of the alphabet only, no padding. */
static enum err base64_decode(const char *alphabet, const char *text, size_t length, uint8_t *out,
                              size_t capacity, size_t *out_length)
{
    size_t bytes = length / 4 * 3, i, at = 0;
    size_t tail = length % 4;
    uint32_t group = 0;
    int value = 0;

    if (tail == 1)
        return ERR_SYNTAX;
    bytes += tail ? tail - 1 : 0;
    for (i = 0; i < length; i++) {
        value = base64_value(alphabet, text[i]);
        if (value < 0)
            return ERR_SYNTAX;
    }
    /* Bits the last character has to spare must be zero, or one value had several texts. */
    if ((tail == 2 && (value & 15)) || (tail == 3 && (value & 3)))
        return ERR_SYNTAX;
    if (bytes > capacity)
        return ERR_LIMIT;
    for (i = 0; i < length; i++) {
        group = group << 6 | (uint32_t)base64_value(alphabet, text[i]);
        if (i % 4 == 1)
            out[at++] = (uint8_t)(group >> 4);
        else if (i % 4 == 2)
            out[at++] = (uint8_t)(group >> 2);
        else if (i % 4 == 3)
            out[at++] = (uint8_t)group;
    }
    ASSERT(at == bytes);
    *out_length = bytes;
    return ERR_OK;
}

enum err base64url_parse(const char *text, size_t length, uint8_t *out, size_t capacity,
                         size_t *out_length)
{
    return base64_decode(base64_url, text, length, out, capacity, out_length);
}

enum err base64_parse(const char *text, size_t length, uint8_t *out, size_t capacity,
                      size_t *out_length)
{
    size_t padding = 0;

    if (length % 4 != 0)
        return ERR_SYNTAX;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
        padding++;
    return base64_decode(base64_standard, text, length - padding, out, capacity, out_length);
}

bool bytes_equal(const void *a, const void *b, size_t length)
{
    return CRYPTO_memcmp(a, b, length) == 0;
}

void random_bytes(void *out, size_t length)
{
    ASSERT(length <= INT32_MAX);
    ASSERT(RAND_bytes(out, (int)length) == 1);
}
