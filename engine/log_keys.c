/* SPDX-License-Identifier: Apache-2.0 */
/* Follows the keys of a log, and makes the entry that names the next. */
#include "engine/log_keys.h"

#include <string.h>

#include "core/clock.h"
#include "core/jwriter.h"

enum {
    SIGNATURE_BASE64 = 88, /* of 64 bytes */
    MESSAGE_BYTES = NOTE_NAME + 2 * VKEY_BYTES + 64
};

static void message(const char *origin, const struct vkey *old, const struct vkey *next,
                    int64_t old_until_us, struct text *out)
{
    char old_text[VKEY_BYTES], next_text[VKEY_BYTES], until[TIME_TEXT_MAX];

    vkey_print(old, old_text);
    vkey_print(next, next_text);
    time_print(old_until_us, until);
    text_format(out, "traderd/key/v1\n%s\n%s\n%s\n%s\n", origin, old_text, next_text, until);
}

static bool read_vkey(const struct record *r, struct vkey *out)
{
    struct value v = record_get(r, "vkey");

    return v.kind == VALUE_TEXT && !vkey_parse(v.at, v.length, out) && out->type == VKEY_ED25519;
}

void log_keys_begin(struct log_keys *k, const struct record *genesis)
{
    k->count = 0;
    if (!read_vkey(genesis, &k->keys[0].vkey))
        return;
    k->keys[0].from = 0;
    k->keys[0].before_until = INT64_MIN;
    k->count = 1;
}

static bool same_key(const struct vkey *a, const struct vkey *b)
{
    return memcmp(a->key, b->key, sizeof a->key) == 0 && strcmp(a->name, b->name) == 0;
}

bool log_keys_has(const struct log_keys *k, const struct vkey *key)
{
    for (size_t i = 0; i < k->count; i++)
        if (same_key(&k->keys[i].vkey, key))
            return true;
    return false;
}

static bool is_signed(const struct record *r, const char *member, const struct vkey *key,
                      const struct text *text)
{
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    struct value v = record_get(r, member);
    size_t length;

    return v.kind == VALUE_TEXT && v.length == SIGNATURE_BASE64 &&
           !base64_parse(v.at, v.length, signature, sizeof signature, &length) &&
           length == sizeof signature &&
           ed25519_verify(key->key, text->data, text->length, signature);
}

const char *log_keys_add(struct log_keys *k, const struct record *r, uint64_t index)
{
    struct value until = record_get(r, "old_until");
    const struct vkey *old;
    struct vkey next;
    struct text text;
    int64_t until_us;
    bool holds;

    if (k->count == 0)
        return "the log's first key is not known";
    if (k->count == LOG_KEYS_MAX)
        return "the log had more keys than can be followed";
    old = &k->keys[k->count - 1].vkey;
    if (!read_vkey(r, &next) || !value_time(&until, &until_us))
        return "vkey or old_until is missing or malformed";
    if (strcmp(next.name, old->name) != 0)
        return "the new key has another name";
    if (log_keys_has(k, &next))
        return "the new key has signed this log before";
    text_init(&text, MESSAGE_BYTES);
    message(old->name, old, &next, until_us, &text);
    holds =
        is_signed(r, "old_signature", old, &text) && is_signed(r, "new_signature", &next, &text);
    text_release(&text);
    if (!holds)
        return "the key before it, or the new one, has not signed it";
    k->keys[k->count].vkey = next;
    k->keys[k->count].from = index + 1;
    k->keys[k->count++].before_until = until_us;
    return NULL;
}

bool log_keys_signs(const struct log_keys *k, size_t at, uint64_t size, int64_t at_us)
{
    if (at >= k->count || size < k->keys[at].from)
        return false;
    for (size_t i = at + 1; i < k->count; i++)
        if (size >= k->keys[i].from && at_us > k->keys[i].before_until)
            return false;
    return true;
}

enum err log_keys_open(const struct log_keys *k, const char *note, size_t length, int64_t at_us,
                       struct checkpoint *out)
{
    enum err result = ERR_NOT_FOUND;
    struct checkpoint c;

    for (size_t i = k->count; i-- > 0;) {
        enum err e = checkpoint_open(note, length, &k->keys[i].vkey, &c);

        if (!e && !log_keys_signs(k, i, c.size, at_us))
            e = ERR_NOT_FOUND;
        if (e == ERR_NOT_FOUND)
            continue;
        if (!e)
            *out = c;
        return e;
    }
    return result;
}

static void sign(struct jwriter *w, const char *member, struct ed25519_key *key,
                 const struct text *text)
{
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    char base64[SIGNATURE_BASE64 + 1];

    ed25519_sign(key, text->data, text->length, signature);
    base64_print(signature, sizeof signature, base64);
    jw_member_text(w, member, base64);
}

static struct vkey vkey_of(const char *origin, const struct ed25519_key *key)
{
    uint8_t public_key[ED25519_KEY_BYTES];
    struct vkey vkey;

    ed25519_public(key, public_key);
    ASSERT(vkey_make(origin, VKEY_ED25519, public_key, &vkey) == ERR_OK);
    return vkey;
}

void log_keys_entry(const char *origin, struct ed25519_key *old, struct ed25519_key *next,
                    int64_t old_until_us, struct text *out)
{
    const struct vkey old_vkey = vkey_of(origin, old), next_vkey = vkey_of(origin, next);
    char next_text[VKEY_BYTES];
    struct jwriter w;
    struct text text;

    text_init(&text, MESSAGE_BYTES);
    message(origin, &old_vkey, &next_vkey, old_until_us, &text);
    vkey_print(&next_vkey, next_text);
    jwriter_init(&w, JSTYLE_CANONICAL, out);
    jw_object(&w);
    sign(&w, "new_signature", next, &text);
    sign(&w, "old_signature", old, &text);
    jw_member_time(&w, "old_until", old_until_us);
    jw_member_text(&w, "vkey", next_text);
    jw_object_end(&w);
    text_release(&text);
}
