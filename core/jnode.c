/* SPDX-License-Identifier: Apache-2.0 */
/* Reads JSON through jansson, more strictly, and prints nodes in a sorted form. */
#include "core/jnode.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/c_locale.h"
#include "core/jwriter.h"
#include "core/limits.h"
#include "core/text.h"

static const json_t *json_of(const struct jnode *n)
{
    return (const json_t *)n;
}

static const struct jnode *node_of(const json_t *json)
{
    return (const struct jnode *)json;
}

/* Adds the diag of something wrong at a byte. */
static void report_at(struct diag_list *diags, const char *name, const char *data, size_t at,
                      const char *code, const char *message)
{
    struct diag *d = diag_add(diags, name, code, "%s", message);
    size_t i;

    d->line = 1;
    d->column = 1;
    for (i = 0; i < at; i++) {
        if (data[i] == '\n') {
            d->line++;
            d->column = 1;
        } else if (((unsigned char)data[i] & 0xC0) != 0x80) {
            d->column++;
        }
    }
}

/* Looks for too many levels before the parser, which recurses, sees them; and for NUL. */
static enum err scan(const char *data, size_t length, const char *name, struct diag_list *diags)
{
    bool in_string = false;
    int depth = 0;
    size_t i;

    for (i = 0; i < length; i++) {
        if (data[i] == '\0') {
            report_at(diags, name, data, i, "json_nul", "A NUL byte is not allowed.");
            return ERR_SYNTAX;
        }
        if (in_string) {
            if (data[i] == '\\' && i + 1 < length && data[i + 1] != '\0')
                i++;
            else if (data[i] == '"')
                in_string = false;
        } else if (data[i] == '"') {
            in_string = true;
        } else if (data[i] == '[' || data[i] == '{') {
            if (++depth > LIMIT_JSON_DEPTH) {
                report_at(diags, name, data, i, "json_depth", "Values are nested too deeply.");
                return ERR_SYNTAX;
            }
        } else if (data[i] == ']' || data[i] == '}') {
            depth--;
        }
    }
    return ERR_OK;
}

static const char *code_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_duplicate_key:
        return "json_duplicate_key";
    case json_error_invalid_utf8:
        return "json_utf8";
    case json_error_numeric_overflow:
        return "json_number";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "json_nul";
    case json_error_end_of_input_expected:
        return "json_trailing_text";
    default:
        return "json_syntax";
    }
}

enum err jnode_parse(const char *data, size_t length, const char *name, struct diag_list *diags,
                     struct jnode **out)
{
    return jnode_parse_large(data, length, LIMIT_JSON_BYTES, name, diags, out);
}

enum err jnode_parse_large(const char *data, size_t length, size_t max_bytes, const char *name,
                           struct diag_list *diags, struct jnode **out)
{
    json_error_t error;
    locale_t before;
    struct diag *d;
    json_t *root;
    enum err e;

    if (length > max_bytes) {
        diag_add(diags, name, "json_too_large", "The text has %zu bytes; %zu are allowed.", length,
                 max_bytes);
        return ERR_LIMIT;
    }
    if (length == 0) {
        d = diag_add(diags, name, "json_syntax", "The text is empty.");
        d->line = d->column = 1;
        return ERR_SYNTAX;
    }
    e = scan(data, length, name, diags);
    if (e)
        return e;
    before = uselocale(c_locale());
    root = json_loadb(data, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    uselocale(before);
    if (!root) {
        d = diag_add(diags, name, code_of(&error), "%s", error.text);
        d->line = error.line > 0 ? error.line : 1;
        d->column = error.column > 0 ? error.column : 1;
        return ERR_SYNTAX;
    }
    *out = (struct jnode *)root;
    return ERR_OK;
}

void jnode_free(struct jnode *root)
{
    json_decref((json_t *)root);
}

enum jkind jnode_kind(const struct jnode *n)
{
    switch (json_typeof(json_of(n))) {
    case JSON_NULL:
        return J_NULL;
    case JSON_TRUE:
    case JSON_FALSE:
        return J_BOOL;
    case JSON_INTEGER:
        return J_INTEGER;
    case JSON_REAL:
        return J_REAL;
    case JSON_STRING:
        return J_STRING;
    case JSON_ARRAY:
        return J_ARRAY;
    case JSON_OBJECT:
        break;
    }
    return J_OBJECT;
}

const char *jkind_name(enum jkind k)
{
    static const char *const names[] = {
        [J_NULL] = "null",     [J_BOOL] = "boolean", [J_INTEGER] = "integer", [J_REAL] = "number",
        [J_STRING] = "string", [J_ARRAY] = "array",  [J_OBJECT] = "object",
    };

    ASSERT((unsigned)k < COUNT_OF(names));
    return names[k];
}

bool jnode_is(const struct jnode *n, enum jkind k)
{
    return n && jnode_kind(n) == k;
}

bool jnode_bool(const struct jnode *n)
{
    ASSERT(jnode_is(n, J_BOOL));
    return json_is_true(json_of(n));
}

int64_t jnode_integer(const struct jnode *n)
{
    ASSERT(jnode_is(n, J_INTEGER));
    return json_integer_value(json_of(n));
}

double jnode_number(const struct jnode *n)
{
    ASSERT(jnode_is(n, J_INTEGER) || jnode_is(n, J_REAL));
    return json_number_value(json_of(n));
}

const char *jnode_text(const struct jnode *n)
{
    ASSERT(jnode_is(n, J_STRING));
    return json_string_value(json_of(n));
}

size_t jnode_text_length(const struct jnode *n)
{
    ASSERT(jnode_is(n, J_STRING));
    return json_string_length(json_of(n));
}

size_t jnode_count(const struct jnode *n)
{
    if (jnode_is(n, J_ARRAY))
        return json_array_size(json_of(n));
    ASSERT(jnode_is(n, J_OBJECT));
    return json_object_size(json_of(n));
}

const struct jnode *jnode_item(const struct jnode *array, size_t i)
{
    ASSERT(jnode_is(array, J_ARRAY) && i < jnode_count(array));
    return node_of(json_array_get(json_of(array), i));
}

const struct jnode *jnode_member(const struct jnode *object, const char *key)
{
    ASSERT(jnode_is(object, J_OBJECT));
    return node_of(json_object_get(json_of(object), key));
}

bool jnode_next(const struct jnode *object, void **iterator, const char **key,
                const struct jnode **value)
{
    /* jansson's iterators want a mutable object though they change nothing. */
    json_t *json = (json_t *)(uintptr_t)object;

    ASSERT(jnode_is(object, J_OBJECT));
    *iterator = *iterator ? json_object_iter_next(json, *iterator) : json_object_iter(json);
    if (!*iterator)
        return false;
    *key = json_object_iter_key(*iterator);
    *value = node_of(json_object_iter_value(*iterator));
    return true;
}

enum err jnode_money(const struct jnode *n, bool numbers_allowed, struct money *out)
{
    if (jnode_is(n, J_STRING))
        return money_parse(jnode_text(n), jnode_text_length(n), out);
    if (numbers_allowed && jnode_is(n, J_INTEGER)) {
        /* 2^63 units are far inside the range. */
        *out = (struct money){(i128)jnode_integer(n) * INT64_C(1000000000000)};
        return ERR_OK;
    }
    if (numbers_allowed && jnode_is(n, J_REAL))
        return money_from_double(jnode_number(n), ROUND_HALF_EVEN, out);
    return ERR_INVALID;
}

static void print_value(const struct jnode *n, struct text *out);

static int compare_keys(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;

    /* UTF-8 bytes sort as code points do. */
    return strcmp(*left, *right);
}

static void print_scalar(const struct jnode *n, struct text *out)
{
    struct jwriter w;

    jwriter_init(&w, JSTYLE_COMPACT, out);
    switch (jnode_kind(n)) {
    case J_BOOL:
        jw_bool(&w, jnode_bool(n));
        break;
    case J_INTEGER:
        jw_integer(&w, jnode_integer(n));
        break;
    case J_REAL:
        jw_double(&w, jnode_number(n));
        break;
    case J_STRING:
        jw_text_n(&w, jnode_text(n), jnode_text_length(n));
        break;
    default:
        jw_null(&w);
        break;
    }
}

static void print_object(const struct jnode *n, struct text *out)
{
    const char **keys = xcalloc(jnode_count(n), sizeof(*keys));
    const struct jnode *value;
    struct jwriter w;
    const char *key;
    void *iterator = NULL;
    size_t count = 0, i;

    while (jnode_next(n, &iterator, &key, &value))
        keys[count++] = key;
    qsort(keys, count, sizeof(*keys), compare_keys);
    text_char(out, '{');
    for (i = 0; i < count; i++) {
        if (i)
            text_char(out, ',');
        jwriter_init(&w, JSTYLE_COMPACT, out);
        jw_text(&w, keys[i]);
        text_char(out, ':');
        print_value(jnode_member(n, keys[i]), out);
    }
    text_char(out, '}');
    free(keys);
}

/* Recursion is bounded by LIMIT_JSON_DEPTH. */
static void print_value(const struct jnode *n, struct text *out)
{
    size_t i;

    if (jnode_is(n, J_OBJECT)) {
        print_object(n, out);
    } else if (jnode_is(n, J_ARRAY)) {
        text_char(out, '[');
        for (i = 0; i < jnode_count(n); i++) {
            if (i)
                text_char(out, ',');
            print_value(jnode_item(n, i), out);
        }
        text_char(out, ']');
    } else {
        print_scalar(n, out);
    }
}

void jnode_print_sorted(const struct jnode *n, struct text *out)
{
    print_value(n, out);
}
