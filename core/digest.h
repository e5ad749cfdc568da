/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256, hex and constant-time comparison on OpenSSL; the log's Ed25519 key. */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include "core/base.h"
#include "core/error.h"

enum {
    DIGEST_BYTES = 32,
    DIGEST_HEX = 65
};

struct digest {
    uint8_t bytes[DIGEST_BYTES];
};

/* SHA-256 of one piece, and of a one-byte prefix followed by one piece (RFC 6962 leaf: 0x00).
 * Any thread: each thread keeps its own context; the algorithm is fetched once. */
void digest_of(const void *data, size_t length, struct digest *out);
void digest_prefixed(uint8_t prefix, const void *data, size_t length, struct digest *out);

/* Lower-case hex with NUL; text holds 2*length+1. */
void hex_print(const uint8_t *data, size_t length, char *text);
MUST_USE enum err hex_parse(const char *text, size_t length, uint8_t *out, size_t out_length);
/* Standard base64 with padding; returns the length written, text holds 4*ceil(n/3)+1. */
size_t base64_print(const uint8_t *data, size_t length, char *text);
/* The one text base64_print gives for the bytes: padded, no blanks, no stray bits.  ERR_SYNTAX;
 * ERR_LIMIT when they pass capacity. */
MUST_USE enum err base64_parse(const char *text, size_t length, uint8_t *out, size_t capacity,
                               size_t *out_length);
/* URL-safe base64 without padding. */
size_t base64url_print(const uint8_t *data, size_t length, char *text);
MUST_USE enum err base64url_parse(const char *text, size_t length, uint8_t *out, size_t capacity,
                                  size_t *out_length);

/* Equal without telling by time where they differ. */
bool bytes_equal(const void *a, const void *b, size_t length);

/* Cryptographic random bytes from OpenSSL; aborts when the system has none. */
void random_bytes(void *out, size_t length);

/* The key that signs checkpoints: loaded from a 0600 file of 32 raw seed bytes in hex, made there
 * (fsynced) when the file is absent.  *out is ended by ed25519_key_free. */
struct ed25519_key;
MUST_USE enum err log_key_load(const char *path, struct ed25519_key **out);
/* A key that has taken over: the same, and a second line that names what it signs.  ERR_NOT_FOUND
 * when there is no such file, ERR_SYNTAX, ERR_IO (errno EPERM: others may read it). */
MUST_USE enum err log_key_read(const char *path, char *name, size_t capacity,
                               struct ed25519_key **out);
/* Makes one, in one step and durable when this returns; replaces what is there. */
MUST_USE enum err log_key_make(const char *path, const char *name, struct ed25519_key **out);
/* In one step, durable when this returns. */
MUST_USE enum err log_key_move(const char *from, const char *to);

#endif
