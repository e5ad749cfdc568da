/* SPDX-License-Identifier: Apache-2.0 */
/* Reads canonical records by one recursive descent over the bytes, bounded in depth. */
#include "engine/verify_record.h"

#include <string.h>

#define EXACT_INTEGER_MAX INT64_C(9007199254740991) /* 2^53 - 1 */

enum {
    KEY_MAX = 40,
    INTEGER_DIGITS = 16 /* of 2^53 - 1 */
};

struct reader {
    const char *bytes;
    size_t length, at;
    int depth;
    const char *why;
};

static bool fail(struct reader *r, const char *why)
{
    r->why = why;
    return false;
}

static int peek(const struct reader *r)
{
    return r->at < r->length ? (unsigned char)r->bytes[r->at] : -1;
}

static bool take(struct reader *r, const char *text, size_t length)
{
    if (r->length - r->at < length || memcmp(r->bytes + r->at, text, length) != 0)
        return false;
    r->at += length;
    return true;
}

static int hex_value(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits of \uxxxx; -1 when they are not lower-case hex. */
static int take_unit(struct reader *r)
{
    int unit = 0, i, digit;

    if (r->length - r->at < 4)
        return -1;
    for (i = 0; i < 4; i++) {
        digit = hex_value((unsigned char)r->bytes[r->at + (size_t)i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    r->at += 4;
    return unit;
}

static bool has_own_form(int unit)
{
    return (unit >= 0x20 && unit < 0x7F) || (unit >= '\b' && unit <= '\r' && unit != '\v');
}

/* Behind "\u": what has a shorter form must use it, surrogates come in pairs. */
static bool take_unicode(struct reader *r)
{
    int unit = take_unit(r), low;

    if (unit < 0)
        return fail(r, "an escape is not four lower-case hex digits");
    if (has_own_form(unit))
        return fail(r, "a character is escaped that has a shorter form");
    if (unit >= 0xDC00 && unit <= 0xDFFF)
        return fail(r, "a surrogate stands alone");
    if (unit < 0xD800 || unit > 0xDBFF)
        return true;
    if (!take(r, "\\u", 2))
        return fail(r, "a surrogate stands alone");
    low = take_unit(r);
    return (low >= 0xDC00 && low <= 0xDFFF) || fail(r, "a surrogate stands alone");
}

static bool take_escape(struct reader *r)
{
    int c = peek(r);

    r->at++;
    switch (c) {
    case '"':
    case '\\':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return true;
    case 'u':
        return take_unicode(r);
    default:
        return fail(r, "an escape is not canonical");
    }
}

/* Characters that stand for themselves in canonical text. */
static bool is_plain(char c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static bool take_text(struct reader *r, struct value *out)
{
    size_t from = ++r->at; /* the caller saw the quote */

    for (;;) {
        while (r->at < r->length && is_plain(r->bytes[r->at]))
            r->at++;
        if (r->at == r->length)
            return fail(r, "a text does not end");
        if (r->bytes[r->at] == '"')
            break;
        if (r->bytes[r->at] != '\\')
            return fail(r, "a character must be escaped");
        r->at++;
        if (!take_escape(r))
            return false;
    }
    *out = (struct value){.kind = VALUE_TEXT, .at = r->bytes + from, .length = r->at - from};
    r->at++;
    return true;
}

static bool take_integer(struct reader *r, struct value *out)
{
    bool negative = take(r, "-", 1);
    size_t from = r->at;
    int64_t n = 0;

    while (peek(r) >= '0' && peek(r) <= '9' && r->at - from < INTEGER_DIGITS)
        n = n * 10 + (r->bytes[r->at++] - '0');
    if (r->at == from)
        return fail(r, "a value is not JSON");
    if ((r->bytes[from] == '0' && (r->at - from > 1 || negative)))
        return fail(r, "an integer has a leading zero or is -0");
    if (n > EXACT_INTEGER_MAX || (peek(r) >= '0' && peek(r) <= '9'))
        return fail(r, "an integer is beyond 2^53 - 1");
    if (peek(r) == '.' || peek(r) == 'e' || peek(r) == 'E')
        return fail(r, "a number is not an integer; amounts are texts");
    *out = (struct value){.kind = VALUE_INTEGER, .integer = negative ? -n : n};
    return true;
}

static bool take_key(struct reader *r, struct member *m)
{
    size_t from, i;

    if (peek(r) != '"')
        return fail(r, "a key is missing");
    from = ++r->at;
    for (i = from; i < r->length && i - from <= KEY_MAX; i++) {
        char c = r->bytes[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            break;
    }
    if (i == from || i - from > KEY_MAX || i == r->length || r->bytes[i] != '"')
        return fail(r, "a key is not of the form [a-z0-9_]{1,40}");
    m->key = r->bytes + from;
    m->key_length = i - from;
    r->at = i + 1;
    return take(r, ": ", 2) || fail(r, "\": \" is missing behind a key");
}

static bool is_after(const struct member *m, const char *key, size_t length)
{
    size_t shorter = m->key_length < length ? m->key_length : length;
    int order = memcmp(m->key, key, shorter);

    return order > 0 || (order == 0 && m->key_length > length);
}

static bool take_value(struct reader *r, struct value *out);

/* Where the members of the object being read go; NULL: only checked. */
struct collect {
    struct member *members; /* RECORD_MEMBERS of them */
    size_t count;
};

static bool take_object(struct reader *r, struct value *out, struct collect *collect)
{
    const char *last = "";
    size_t last_length = 0, from = r->at++, count = 0;
    struct member m;

    if (++r->depth > RECORD_DEPTH)
        return fail(r, "values are nested too deeply");
    while (peek(r) != '}') {
        if (last_length > 0 && !take(r, ", ", 2))
            return fail(r, "\", \" is missing between members");
        if (!take_key(r, &m))
            return false;
        if (last_length > 0 && !is_after(&m, last, last_length))
            return fail(r, "keys are not in order, or one stands twice");
        if (!take_value(r, &m.value))
            return false;
        last = m.key;
        last_length = m.key_length;
        if (++count > RECORD_MEMBERS)
            return fail(r, "an object has too many members");
        if (collect)
            collect->members[collect->count++] = m;
    }
    r->at++;
    r->depth--;
    *out = (struct value){.kind = VALUE_OBJECT, .at = r->bytes + from, .length = r->at - from};
    return true;
}

static bool take_array(struct reader *r, struct value *out)
{
    size_t from = r->at++;
    struct value item;
    bool first = true;

    if (++r->depth > RECORD_DEPTH)
        return fail(r, "values are nested too deeply");
    while (peek(r) != ']') {
        if (!first && !take(r, ", ", 2))
            return fail(r, "\", \" is missing between items");
        if (!take_value(r, &item))
            return false;
        first = false;
    }
    r->at++;
    r->depth--;
    *out = (struct value){.kind = VALUE_ARRAY, .at = r->bytes + from, .length = r->at - from};
    return true;
}

static bool take_value(struct reader *r, struct value *out)
{
    switch (peek(r)) {
    case '"':
        return take_text(r, out);
    case '{':
        return take_object(r, out, NULL);
    case '[':
        return take_array(r, out);
    case 'n':
        *out = (struct value){.kind = VALUE_NULL};
        return take(r, "null", 4) || fail(r, "a value is not JSON");
    case 't':
        *out = (struct value){.kind = VALUE_BOOL, .integer = 1};
        return take(r, "true", 4) || fail(r, "a value is not JSON");
    case 'f':
        *out = (struct value){.kind = VALUE_BOOL};
        return take(r, "false", 5) || fail(r, "a value is not JSON");
    default:
        return take_integer(r, out);
    }
}

static bool key_is(const struct member *m, const char *key)
{
    return strlen(key) == m->key_length && memcmp(m->key, key, m->key_length) == 0;
}

/* The kind a key names; LEAF_KIND_COUNT_ when it names none. */
static enum leaf_kind kind_of(const struct member *m)
{
    enum leaf_kind k = 0;

    while (k < LEAF_KIND_COUNT_ && !key_is(m, leaf_kind_name(k)))
        k++;
    return k;
}

/* The members of the envelope: mode, strategy, timestamp and one kind. */
static bool take_envelope(struct reader *r, struct record *out)
{
    const char *last = "";
    size_t last_length = 0;
    struct member m;

    out->kind = LEAF_KIND_COUNT_;
    if (!take(r, "{", 1))
        return fail(r, "an entry is not an object");
    for (r->depth = 1; peek(r) != '}'; last = m.key, last_length = m.key_length) {
        enum leaf_kind kind;

        if (last_length > 0 && !take(r, ", ", 2))
            return fail(r, "\", \" is missing between members");
        if (!take_key(r, &m))
            return false;
        if (last_length > 0 && !is_after(&m, last, last_length))
            return fail(r, "keys are not in order, or one stands twice");
        kind = kind_of(&m);
        if (kind < LEAF_KIND_COUNT_) {
            struct collect collect = {out->members, 0};

            if (out->kind < LEAF_KIND_COUNT_)
                return fail(r, "an entry is of two kinds");
            if (peek(r) != '{')
                return fail(r, "a kind's value is not an object");
            if (!take_object(r, &out->body, &collect))
                return false;
            out->kind = kind;
            out->count = collect.count;
            continue;
        }
        if (!take_value(r, &m.value))
            return false;
        if (key_is(&m, "mode"))
            out->mode = m.value;
        else if (key_is(&m, "strategy"))
            out->strategy = m.value;
        else if (key_is(&m, "timestamp"))
            out->timestamp = m.value;
        else
            return fail(r, "a member is neither a known kind nor mode, strategy or timestamp");
    }
    r->at++;
    return true;
}

enum err record_parse(const char *bytes, size_t length, struct record *out,
                      struct record_fault *fault)
{
    struct reader r = {.bytes = bytes, .length = length};

    out->mode = out->strategy = out->timestamp = (struct value){.kind = VALUE_ABSENT};
    out->count = 0;
    if (length > LIMIT_LEAF_BYTES)
        r.why = "an entry is larger than 16 KiB";
    else if (take_envelope(&r, out) && r.at != length)
        r.why = "there is text behind the entry";
    else if (!r.why && out->kind == LEAF_KIND_COUNT_)
        r.why = "an entry has no kind";
    else if (!r.why && (out->mode.kind != VALUE_TEXT || out->strategy.kind != VALUE_TEXT))
        r.why = "mode or strategy is missing, or no text";
    else if (!r.why && !value_time(&out->timestamp, &out->at_us))
        r.why = "timestamp is not of the form YYYY-MM-DDTHH:MM:SS.ffffffZ";
    if (!r.why)
        return ERR_OK;
    *fault = (struct record_fault){.offset = r.at < length ? r.at : length, .why = r.why};
    return ERR_SYNTAX;
}

struct value member_get(const struct member *members, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (key_is(&members[i], key))
            return members[i].value;
    return (struct value){.kind = VALUE_ABSENT};
}

struct value record_get(const struct record *r, const char *key)
{
    return member_get(r->members, r->count, key);
}

enum err value_members(const struct value *object, struct member out[RECORD_MEMBERS], size_t *count)
{
    struct reader r = {.bytes = object->at, .length = object->length};
    struct collect collect = {out, 0};
    struct value ignored;

    if (object->kind != VALUE_OBJECT)
        return ERR_INVALID;
    if (!take_object(&r, &ignored, &collect))
        return ERR_SYNTAX;
    *count = collect.count;
    return ERR_OK;
}

bool value_item(const struct value *array, size_t *offset, struct value *item)
{
    struct reader r = {.bytes = array->at, .length = array->length};

    if (array->kind != VALUE_ARRAY)
        return false;
    r.at = *offset > 0 ? *offset : 1;
    if (*offset > 0 && !take(&r, ", ", 2))
        return false;
    if (peek(&r) == ']' || !take_value(&r, item))
        return false;
    *offset = r.at;
    return true;
}
