/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints and the files that carry one: three lines of text, and proofs in front of them. */
#include "engine/checkpoint.h"

#include <stdio.h>
#include <string.h>

static const char proof_header[] = "c2sp.org/tlog-proof@v1\n";
static const char extra_word[] = "extra ";
static const char index_word[] = "index ";

enum {
    DECIMAL_MAX = 20,                        /* of a uint64_t */
    ROOT_BASE64 = (DIGEST_BYTES + 2) / 3 * 4 /* 44 */
};

/* A text that is read line by line. */
struct lines {
    const char *at, *end;
};

/* The next line without its newline; false when there is no whole one. */
static bool next_line(struct lines *l, const char **line, size_t *length)
{
    const char *newline = l->at < l->end ? memchr(l->at, '\n', (size_t)(l->end - l->at)) : NULL;

    if (!newline)
        return false;
    *line = l->at;
    *length = (size_t)(newline - l->at);
    l->at = newline + 1;
    return true;
}

/* Decimal without leading zeros, 2^63 - 1 at most. */
static enum err decimal_parse(const char *text, size_t length, uint64_t *out)
{
    uint64_t n = 0;

    if (length == 0 || length >= DECIMAL_MAX || (length > 1 && text[0] == '0'))
        return ERR_SYNTAX;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return ERR_SYNTAX;
        n = n * 10 + (uint64_t)(text[i] - '0'); /* 19 digits fit */
    }
    if (n > MERKLE_SIZE_MAX)
        return ERR_SYNTAX;
    *out = n;
    return ERR_OK;
}

static enum err hash_parse(const char *text, size_t length, struct digest *out)
{
    size_t bytes = 0;

    if (length != ROOT_BASE64 || base64_parse(text, length, out->bytes, DIGEST_BYTES, &bytes) ||
        bytes != DIGEST_BYTES)
        return ERR_SYNTAX;
    return ERR_OK;
}

static void hash_append(const struct digest *d, struct text *out)
{
    char text[ROOT_BASE64 + 1];

    text_append(out, text, base64_print(d->bytes, DIGEST_BYTES, text));
    text_char(out, '\n');
}

enum err checkpoint_parse(const char *text, size_t length, struct checkpoint *out)
{
    struct lines l = {.at = text, .end = text + length};
    struct checkpoint made = {0};
    const char *line;
    size_t n;
    enum err e;

    if (!next_line(&l, &line, &n) || n == 0 || n >= sizeof(made.origin) || memchr(line, 0, n))
        return ERR_SYNTAX;
    memcpy(made.origin, line, n);
    if (!next_line(&l, &line, &n))
        return ERR_SYNTAX;
    e = decimal_parse(line, n, &made.size);
    if (e)
        return e;
    if (!next_line(&l, &line, &n) || hash_parse(line, n, &made.root))
        return ERR_SYNTAX;
    while (l.at < l.end) {
        if (!next_line(&l, &line, &n) || n == 0)
            return ERR_SYNTAX;
        made.extensions++;
    }
    *out = made;
    return ERR_OK;
}

void checkpoint_print(const struct checkpoint *c, struct text *out)
{
    text_format(out, "%s\n%llu\n", c->origin, (unsigned long long)c->size);
    hash_append(&c->root, out);
}

/* A signature line of the text that stands in out from `from` on. */
static void sign_line(const char *origin, struct ed25519_key *key, size_t from, size_t length,
                      struct text *out)
{
    uint8_t public_key[ED25519_KEY_BYTES], signature[ED25519_SIGNATURE_BYTES];
    struct vkey vkey;

    ed25519_public(key, public_key);
    ASSERT(vkey_make(origin, VKEY_ED25519, public_key, &vkey) == ERR_OK);
    ed25519_sign(key, out->data + from, length, signature);
    note_signature_append(&vkey, signature, sizeof(signature), out);
}

void checkpoint_sign_both(const struct checkpoint *c, struct ed25519_key *key,
                          struct ed25519_key *second, struct text *out)
{
    size_t from = out->length, length;

    ASSERT(c->size <= MERKLE_SIZE_MAX);
    checkpoint_print(c, out);
    if (out->full)
        return;
    length = out->length - from;
    text_char(out, '\n');
    sign_line(c->origin, key, from, length, out);
    if (second)
        sign_line(c->origin, second, from, length, out);
}

void checkpoint_sign(const struct checkpoint *c, struct ed25519_key *key, struct text *out)
{
    checkpoint_sign_both(c, key, NULL, out);
}

enum err checkpoint_open(const char *bytes, size_t length, const struct vkey *log,
                         struct checkpoint *out)
{
    struct checkpoint c;
    struct note n;
    enum err e = note_parse(bytes, length, &n);

    if (!e)
        e = note_verify(&n, log, NULL);
    if (!e)
        e = checkpoint_parse(n.text, n.text_length, &c);
    if (!e && strcmp(c.origin, log->name) != 0)
        e = ERR_INVALID;
    if (!e)
        *out = c;
    return e;
}

/* "extra <base64>": opaque to us, but it must be what it says. */
static bool is_extra(const char *line, size_t length)
{
    uint8_t bytes[NOTE_BYTES];
    size_t word = sizeof(extra_word) - 1, n;

    return length > word && memcmp(line, extra_word, word) == 0 &&
           base64_parse(line + word, length - word, bytes, sizeof(bytes), &n) == ERR_OK;
}

enum err tlog_proof_parse(const char *bytes, size_t length, struct tlog_proof *out)
{
    size_t header = sizeof(proof_header) - 1, word = sizeof(index_word) - 1, n;
    struct lines l = {.at = bytes, .end = bytes + length};
    struct tlog_proof made = {0};
    const char *line;

    if (length < header || memcmp(bytes, proof_header, header) != 0)
        return ERR_SYNTAX;
    l.at += header;
    if (!next_line(&l, &line, &n))
        return ERR_SYNTAX;
    if (is_extra(line, n) && !next_line(&l, &line, &n))
        return ERR_SYNTAX;
    if (n <= word || memcmp(line, index_word, word) != 0 ||
        decimal_parse(line + word, n - word, &made.index))
        return ERR_SYNTAX;
    for (;;) {
        if (!next_line(&l, &line, &n))
            return ERR_SYNTAX;
        if (n == 0)
            break;
        if (made.inclusion.count == MERKLE_PROOF_MAX)
            return ERR_LIMIT;
        if (hash_parse(line, n, &made.inclusion.hashes[made.inclusion.count++]))
            return ERR_SYNTAX;
    }
    made.checkpoint = l.at;
    made.checkpoint_length = (size_t)(l.end - l.at);
    if (made.checkpoint_length == 0)
        return ERR_SYNTAX;
    *out = made;
    return ERR_OK;
}

void tlog_proof_print(const struct tlog_proof *p, struct text *out)
{
    text_string(out, proof_header);
    text_format(out, "%s%llu\n", index_word, (unsigned long long)p->index);
    for (size_t i = 0; i < p->inclusion.count; i++)
        hash_append(&p->inclusion.hashes[i], out);
    text_char(out, '\n');
    text_append(out, p->checkpoint, p->checkpoint_length);
}

enum err tlog_proof_verify(const struct tlog_proof *p, const struct vkey *log,
                           const struct digest *leaf, struct checkpoint *signed_at)
{
    struct checkpoint c;
    enum err e = checkpoint_open(p->checkpoint, p->checkpoint_length, log, &c);

    if (!e)
        e = merkle_verify_inclusion(leaf, p->index, c.size, &p->inclusion, &c.root);
    if (!e && signed_at)
        *signed_at = c;
    return e;
}
