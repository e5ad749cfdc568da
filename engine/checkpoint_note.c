/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes and the keys that verify them (C2SP signed-note, tlog-cosignature). */
#include <stdio.h>
#include <string.h>

#include "engine/checkpoint.h"

enum {
    ID_HEX = 2 * NOTE_ID_BYTES,
    TYPED_KEY_BYTES = 1 + ED25519_KEY_BYTES
};

/* Before each signature: an em dash (U+2014) and a blank. */
static const char dash[] = "\xE2\x80\x94 ";

/* ---- Keys ---- */

static bool is_key_name(const char *name, size_t length)
{
    if (length == 0 || length >= NOTE_NAME || !text_is_utf8(name, length))
        return false;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)name[i] <= 0x20 || name[i] == 0x7F || name[i] == '+')
            return false;
    }
    return true;
}

static void key_id(struct vkey *k)
{
    uint8_t named[NOTE_NAME + 1 + TYPED_KEY_BYTES];
    size_t length = strlen(k->name);
    struct digest d;

    memcpy(named, k->name, length);
    named[length] = '\n';
    named[length + 1] = (uint8_t)k->type;
    memcpy(named + length + 2, k->key, ED25519_KEY_BYTES);
    digest_of(named, length + 1 + TYPED_KEY_BYTES, &d);
    memcpy(k->id, d.bytes, NOTE_ID_BYTES);
}

enum err vkey_make(const char *name, enum vkey_type type, const uint8_t key[ED25519_KEY_BYTES],
                   struct vkey *out)
{
    struct vkey made = {.type = type};

    if (!is_key_name(name, strlen(name)))
        return ERR_INVALID;
    (void)copy_text(made.name, sizeof(made.name), name);
    memcpy(made.key, key, ED25519_KEY_BYTES);
    key_id(&made);
    *out = made;
    return ERR_OK;
}

enum err vkey_parse(const char *text, size_t length, struct vkey *out)
{
    const char *first = memchr(text, '+', length), *second, *end = text + length;
    uint8_t id[NOTE_ID_BYTES], typed[TYPED_KEY_BYTES];
    struct vkey made = {0};
    size_t n = 0;

    second = first ? memchr(first + 1, '+', (size_t)(end - first - 1)) : NULL;
    if (!second || !is_key_name(text, (size_t)(first - text)) || second - first - 1 != ID_HEX ||
        hex_parse(first + 1, ID_HEX, id, sizeof(id)))
        return ERR_SYNTAX;
    for (const char *c = first + 1; c < second; c++) {
        if (*c >= 'A' && *c <= 'F')
            return ERR_SYNTAX; /* one key, one text */
    }
    if (base64_parse(second + 1, (size_t)(end - second - 1), typed, sizeof(typed), &n) ||
        n != sizeof(typed))
        return ERR_SYNTAX;
    if (typed[0] != VKEY_ED25519 && typed[0] != VKEY_COSIGNATURE)
        return ERR_INVALID;
    memcpy(made.name, text, (size_t)(first - text));
    made.type = (enum vkey_type)typed[0];
    memcpy(made.key, typed + 1, ED25519_KEY_BYTES);
    key_id(&made);
    if (memcmp(made.id, id, sizeof(id)) != 0)
        return ERR_CONFLICT;
    *out = made;
    return ERR_OK;
}

void vkey_print(const struct vkey *k, char text[VKEY_BYTES])
{
    char hex[ID_HEX + 1], encoded[TYPED_KEY_BYTES / 3 * 4 + 1];
    uint8_t typed[TYPED_KEY_BYTES];
    int n;

    typed[0] = (uint8_t)k->type;
    memcpy(typed + 1, k->key, ED25519_KEY_BYTES);
    hex_print(k->id, NOTE_ID_BYTES, hex);
    base64_print(typed, sizeof(typed), encoded);
    n = snprintf(text, VKEY_BYTES, "%s+%s+%s", k->name, hex, encoded);
    ASSERT(n > 0 && n < VKEY_BYTES);
}

/* ---- Notes ---- */

/* UTF-8 without control characters but the newline; the last character is one. */
static bool is_note_text(const char *bytes, size_t length)
{
    if (length == 0 || bytes[length - 1] != '\n' || !text_is_utf8(bytes, length))
        return false;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)bytes[i] < 0x20 && bytes[i] != '\n')
            return false;
    }
    return true;
}

/* The last blank line: the text ends with the first of its two newlines.  0: there is none. */
static size_t text_end(const char *bytes, size_t length)
{
    for (size_t at = length; at-- > 1;) {
        if (bytes[at] == '\n' && bytes[at - 1] == '\n')
            return at;
    }
    return 0;
}

/* A line without its newline: dash, name, blank, base64. */
static enum err signature_parse(const char *line, size_t length, struct note_signature *out)
{
    const char *end = line + length, *blank;
    size_t prefix = sizeof(dash) - 1, n = 0, kept;
    uint8_t bytes[NOTE_BYTES];

    if (length <= prefix || memcmp(line, dash, prefix) != 0)
        return ERR_SYNTAX;
    out->name = line + prefix;
    blank = memchr(out->name, ' ', (size_t)(end - out->name));
    if (!blank)
        return ERR_SYNTAX;
    out->name_length = (size_t)(blank - out->name);
    if (!is_key_name(out->name, out->name_length) ||
        base64_parse(blank + 1, (size_t)(end - blank - 1), bytes, sizeof(bytes), &n) ||
        n <= NOTE_ID_BYTES)
        return ERR_SYNTAX;
    memcpy(out->id, bytes, NOTE_ID_BYTES);
    out->length = n - NOTE_ID_BYTES;
    kept = out->length < sizeof(out->bytes) ? out->length : sizeof(out->bytes);
    memcpy(out->bytes, bytes + NOTE_ID_BYTES, kept);
    return ERR_OK;
}

enum err note_parse(const char *bytes, size_t length, struct note *out)
{
    const char *at, *end = bytes + length;

    if (length > NOTE_BYTES)
        return ERR_LIMIT;
    if (!is_note_text(bytes, length))
        return ERR_SYNTAX;
    out->text = bytes;
    out->text_length = text_end(bytes, length);
    out->count = 0;
    /* No blank line, or nothing before or after it. */
    if (out->text_length == 0 || out->text_length + 1 == length)
        return ERR_SYNTAX;
    for (at = bytes + out->text_length + 1; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        enum err e;

        if (out->count == NOTE_SIGNATURES)
            return ERR_LIMIT;
        e = signature_parse(at, (size_t)(newline - at), &out->signatures[out->count++]);
        if (e)
            return e;
        at = newline + 1;
    }
    return ERR_OK;
}

void cosignature_message(int64_t at_s, const char *text, size_t length, struct text *out)
{
    text_format(out, "cosignature/v1\ntime %lld\n", (long long)at_s);
    text_append(out, text, length);
}

static bool signature_is_good(const struct note *n, const struct note_signature *s,
                              const struct vkey *key, int64_t *at_s)
{
    struct text message;
    uint64_t time = 0;
    bool good;

    if (key->type == VKEY_ED25519) {
        *at_s = 0;
        return s->length == ED25519_SIGNATURE_BYTES &&
               ed25519_verify(key->key, n->text, n->text_length, s->bytes);
    }
    if (s->length != NOTE_COSIGNATURE_BYTES)
        return false;
    for (int i = 0; i < 8; i++)
        time = time << 8 | s->bytes[i];
    if (time > COSIGNATURE_TIME_MAX_S)
        return false;
    *at_s = (int64_t)time;
    text_init(&message, 2 * NOTE_BYTES);
    cosignature_message(*at_s, n->text, n->text_length, &message);
    good = ed25519_verify(key->key, message.data, message.length, s->bytes + 8);
    text_release(&message);
    return good;
}

enum err note_verify(const struct note *n, const struct vkey *key, int64_t *at_s)
{
    size_t name_length = strlen(key->name);
    int64_t newest = -1, time;

    for (size_t i = 0; i < n->count; i++) {
        const struct note_signature *s = &n->signatures[i];

        if (s->name_length != name_length || memcmp(s->name, key->name, name_length) != 0 ||
            memcmp(s->id, key->id, NOTE_ID_BYTES) != 0)
            continue;
        if (!signature_is_good(n, s, key, &time))
            return ERR_CONFLICT;
        newest = time > newest ? time : newest;
    }
    if (newest < 0)
        return ERR_NOT_FOUND;
    if (at_s)
        *at_s = newest;
    return ERR_OK;
}

void note_signature_append(const struct vkey *key, const uint8_t *bytes, size_t length,
                           struct text *out)
{
    uint8_t identified[NOTE_ID_BYTES + NOTE_COSIGNATURE_BYTES];
    char encoded[(sizeof(identified) + 2) / 3 * 4 + 1];

    ASSERT(length <= NOTE_COSIGNATURE_BYTES);
    memcpy(identified, key->id, NOTE_ID_BYTES);
    memcpy(identified + NOTE_ID_BYTES, bytes, length);
    text_string(out, dash);
    text_string(out, key->name);
    text_char(out, ' ');
    text_append(out, encoded, base64_print(identified, NOTE_ID_BYTES + length, encoded));
    text_char(out, '\n');
}
