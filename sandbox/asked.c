/* SPDX-License-Identifier: Apache-2.0 */
/* Takes requests' parameters apart, and signs them. */
#include "sandbox/asked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/amount_text.h"
#include "core/digest.h"
#include "core/text.h"

enum {
    BLOCK = 64, /* of SHA-256, for HMAC */
    TEXT_MAX = 256 * 1024
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes in place up to a character of `ends`; *end is where it stopped. */
static enum err decode(char *at, const char *ends, char **end)
{
    char *to = at;

    while (*at && !strchr(ends, *at)) {
        unsigned char c = (unsigned char)*at++;

        if (c == '%') {
            const int high = hex_value(at[0]);
            const int low = high < 0 ? -1 : hex_value(at[1]);

            if (low < 0)
                return ERR_SYNTAX;
            c = (unsigned char)(high * 16 + low);
            at += 2;
        } else if (c == '+') {
            c = ' ';
        }
        if (c < 0x20 || c == 0x7f)
            return ERR_SYNTAX;
        *to++ = (char)c;
    }
    *end = at;
    if (to < at)
        *to = 0;
    return ERR_OK;
}

static enum err parse_pairs(char *at, struct asked *p)
{
    while (*at) {
        char *name = at, *value, *end;
        char stop;
        enum err e = decode(name, "=&", &end);

        if (e)
            return e;
        stop = *end;
        *end = 0;
        value = end;
        if (stop == '=') {
            value = end + 1;
            e = decode(value, "&", &end);
            if (e)
                return e;
            stop = *end;
            *end = 0;
        }
        at = stop ? end + 1 : end;
        if (!*name)
            continue;
        if (p->count == ASKED_MAX)
            return ERR_LIMIT;
        p->items[p->count].name = name;
        p->items[p->count++].value = value;
    }
    return ERR_OK;
}

enum err asked_parse(const char *query, const char *body, struct asked *out)
{
    const size_t length = strlen(query);
    struct asked p = {0};
    enum err e;

    p.text = xmalloc(length + strlen(body) + 2);
    memcpy(p.text, query, length + 1);
    memcpy(p.text + length + 1, body, strlen(body) + 1);
    e = parse_pairs(p.text, &p);
    if (!e)
        e = parse_pairs(p.text + length + 1, &p);
    if (e) {
        asked_release(&p);
        return e;
    }
    *out = p;
    return ERR_OK;
}

/* Texts and numbers as they would stand in a form. */
static enum err print_member(const struct jnode *value, struct text *out)
{
    switch (jnode_kind(value)) {
    case J_STRING:
        text_string(out, jnode_text(value));
        return ERR_OK;
    case J_INTEGER:
        text_format(out, "%lld", (long long)jnode_integer(value));
        return ERR_OK;
    case J_REAL:
        text_format(out, "%.12g", jnode_number(value));
        return ERR_OK;
    case J_BOOL:
        text_string(out, jnode_bool(value) ? "true" : "false");
        return ERR_OK;
    default:
        return ERR_INVALID;
    }
}

enum err asked_of_json(const struct jnode *object, struct asked *out)
{
    struct asked p = {0};
    struct text all;
    const struct jnode *value;
    const char *key;
    void *it = NULL;
    size_t at = 0;
    enum err e = ERR_OK;

    if (!jnode_is(object, J_OBJECT))
        return ERR_INVALID;
    if (jnode_count(object) > ASKED_MAX)
        return ERR_LIMIT;
    text_init(&all, TEXT_MAX);
    while (!e && jnode_next(object, &it, &key, &value)) {
        text_append(&all, key, strlen(key) + 1);
        e = print_member(value, &all);
        text_append(&all, "", 1);
    }
    if (!e && all.full)
        e = ERR_LIMIT;
    if (!e) {
        const size_t length = all.length;

        p.text = text_take(&all, &at);
        for (at = 0; at < length; p.count++) {
            p.items[p.count].name = p.text + at;
            at += strlen(p.text + at) + 1;
            p.items[p.count].value = p.text + at;
            at += strlen(p.text + at) + 1;
        }
        *out = p;
    }
    text_release(&all);
    return e;
}

void asked_release(struct asked *p)
{
    free(p->text);
    *p = (struct asked){0};
}

const char *asked_get(const struct asked *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->items[i].name, name) == 0)
            return *p->items[i].value ? p->items[i].value : NULL;
    return NULL;
}

enum asked_verdict asked_integer(const struct asked *p, const char *name, int64_t *out)
{
    const char *text = asked_get(p, name);
    const char *at = text;
    int64_t value = 0;

    if (!text)
        return ASKED_ABSENT;
    if (*at == '-')
        at++;
    if (!*at || strlen(at) > 18)
        return ASKED_BAD;
    for (const char *d = at; *d; d++) {
        if (*d < '0' || *d > '9')
            return ASKED_BAD;
        value = value * 10 + (*d - '0');
    }
    *out = *text == '-' ? -value : value;
    return ASKED_OK;
}

enum asked_verdict asked_bool(const struct asked *p, const char *name, bool *out)
{
    const char *text = asked_get(p, name);

    if (!text)
        return ASKED_ABSENT;
    if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0)
        return ASKED_BAD;
    *out = strcasecmp(text, "true") == 0;
    return ASKED_OK;
}

enum asked_verdict asked_amount(const struct asked *p, const char *name, i128 *e12)
{
    const char *text = asked_get(p, name);

    if (!text)
        return ASKED_ABSENT;
    if (*text == '-' || amount_parse(text, strlen(text), e12))
        return ASKED_BAD;
    return ASKED_OK;
}

/* Appends pairs but for `signature`. */
static void append_signed(struct text *out, const char *pairs)
{
    const size_t start = out->length;

    while (*pairs) {
        const size_t length = strcspn(pairs, "&");

        if (strncmp(pairs, "signature=", 10) != 0) {
            if (out->length > start)
                text_char(out, '&');
            text_append(out, pairs, length);
        }
        pairs += length + (pairs[length] == '&');
    }
}

void asked_sign(const char *secret, const char *query, const char *body, char hex[65])
{
    unsigned char inner[BLOCK] = {0}, outer[BLOCK + DIGEST_BYTES] = {0};
    const size_t length = strlen(secret);
    struct digest d;
    struct text payload;

    if (length > BLOCK) {
        digest_of(secret, length, &d);
        memcpy(inner, d.bytes, DIGEST_BYTES);
        memcpy(outer, d.bytes, DIGEST_BYTES);
    } else {
        memcpy(inner, secret, length);
        memcpy(outer, secret, length);
    }
    for (size_t i = 0; i < BLOCK; i++) {
        inner[i] ^= 0x36;
        outer[i] ^= 0x5c;
    }
    text_init(&payload, TEXT_MAX);
    text_append(&payload, (const char *)inner, BLOCK);
    append_signed(&payload, query);
    append_signed(&payload, body);
    digest_of(payload.data, payload.length, &d);
    memcpy(outer + BLOCK, d.bytes, DIGEST_BYTES);
    digest_of(outer, sizeof outer, &d);
    hex_print(d.bytes, DIGEST_BYTES, hex);
    text_release(&payload);
}
