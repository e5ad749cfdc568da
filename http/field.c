/* SPDX-License-Identifier: Apache-2.0 */
/* Reads typed fields from JSON objects and from text; see http/field.h. */
#include "http/field.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/jnode.h"

enum {
    POINTER_MAX = 96 /* as in struct diag */
};

struct field typed_text(const char *name, char *out, size_t capacity)
{
    return (struct field){.name = name, .kind = FIELD_TEXT, .out = out, .capacity = capacity};
}

struct field typed_texts(const char *name, struct field_texts *out)
{
    return (struct field){.name = name, .kind = FIELD_TEXTS, .out = out};
}

struct field typed_integer(const char *name, int64_t *out, int64_t minimum, int64_t maximum)
{
    return (struct field){
        .name = name, .kind = FIELD_INTEGER, .out = out, .minimum = minimum, .maximum = maximum};
}

struct field typed_size(const char *name, struct size *out)
{
    return (struct field){.name = name, .kind = FIELD_SIZE, .out = out};
}

struct field typed_number(const char *name, double *out)
{
    return (struct field){.name = name, .kind = FIELD_NUMBER, .out = out};
}

struct field typed_price(const char *name, struct price *out)
{
    return (struct field){.name = name, .kind = FIELD_PRICE, .out = out};
}

struct field typed_money(const char *name, struct money *out)
{
    return (struct field){.name = name, .kind = FIELD_MONEY, .out = out};
}

struct field typed_object(const char *name, const struct field *fields, size_t count)
{
    return (struct field){
        .name = name, .kind = FIELD_OBJECT, .fields = fields, .field_count = count};
}

struct field typed_ratio(const char *name, struct ratio *out)
{
    return (struct field){.name = name, .kind = FIELD_RATIO, .out = out};
}

struct field typed_share(const char *name, struct ratio *out, struct ratio most)
{
    return (struct field){
        .name = name, .kind = FIELD_SHARE, .out = out, .maximum = (int64_t)most.e12};
}

struct field typed_document(const char *name, struct text *out)
{
    return (struct field){.name = name, .kind = FIELD_DOCUMENT, .out = out};
}

struct field typed_word(const char *name, int *out, const char *const *words)
{
    return (struct field){.name = name, .kind = FIELD_WORD, .out = out, .words = words};
}

struct field typed_bool(const char *name, bool *out)
{
    return (struct field){.name = name, .kind = FIELD_BOOL, .out = out};
}

struct field typed_flag(const char *name, bool *out)
{
    return (struct field){.name = name, .kind = FIELD_FLAG, .out = out};
}

struct field typed_time(const char *name, int64_t *out_us)
{
    return (struct field){.name = name, .kind = FIELD_TIME, .out = out_us};
}

struct field field_required(struct field f)
{
    f.required = true;
    return f;
}

struct field field_present(struct field f, bool *present)
{
    f.present = present;
    return f;
}

static bool set_text(const struct field *f, const char *text, size_t length, const char **why)
{
    *why = "must be a text without control characters, not empty and not too long";
    if (length == 0 || length >= f->capacity || !text_is_utf8(text, length))
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    memcpy(f->out, text, length);
    ((char *)f->out)[length] = 0;
    return true;
}

static bool set_texts(const struct field *f, const struct jnode *n, const char **why)
{
    struct field_texts *out = f->out;

    *why = "must be a list of different texts, not empty and not too long";
    if (!jnode_is(n, J_ARRAY) || jnode_count(n) == 0 || jnode_count(n) > out->most)
        return false;
    for (size_t i = 0; i < jnode_count(n); i++) {
        const struct jnode *item = jnode_item(n, i);
        char *mine = out->texts + i * out->capacity;
        const struct field one = {.kind = FIELD_TEXT, .out = mine, .capacity = out->capacity};
        const char *ignored;

        if (!jnode_is(item, J_STRING) ||
            !set_text(&one, jnode_text(item), jnode_text_length(item), &ignored))
            return false;
        for (size_t k = 0; k < i; k++)
            if (strcmp(out->texts + k * out->capacity, mine) == 0)
                return false;
    }
    out->count = jnode_count(n);
    return true;
}

static bool set_integer(const struct field *f, int64_t value, const char **why)
{
    *why = "must be an integer within its bounds";
    if (value < f->minimum || value > f->maximum)
        return false;
    *(int64_t *)f->out = value;
    return true;
}

static bool set_amount(const struct field *f, const char *text, size_t length, const char **why)
{
    struct size s = {0};

    *why = "must be a positive decimal such as \"0.5\" with at most 12 decimals";
    if (size_parse(text, length, &s) || s.e12 <= 0)
        return false;
    switch (f->kind) {
    case FIELD_PRICE:
        *(struct price *)f->out = (struct price){s.e12};
        break;
    case FIELD_MONEY:
        *(struct money *)f->out = (struct money){s.e12};
        break;
    case FIELD_RATIO:
        *(struct ratio *)f->out = (struct ratio){s.e12};
        break;
    default:
        *(struct size *)f->out = s;
    }
    return true;
}

static bool set_share(const struct field *f, struct ratio r, const char **why)
{
    *why = "is out of its bounds";
    if (r.e12 < 0 || r.e12 > f->maximum)
        return false;
    *(struct ratio *)f->out = r;
    return true;
}

static bool set_share_text(const struct field *f, const char *text, size_t length, const char **why)
{
    struct ratio r = {0};

    *why = "must be a decimal such as \"0.5\" with at most 12 decimals";
    return ratio_parse(text, length, &r) == ERR_OK && set_share(f, r, why);
}

static bool set_word(const struct field *f, const char *text, const char **why)
{
    *why = "is not one of the allowed words";
    for (int i = 0; f->words[i]; i++) {
        if (strcmp(f->words[i], text) == 0) {
            *(int *)f->out = i;
            return true;
        }
    }
    return false;
}

static bool set_time(const struct field *f, const char *text, size_t length, const char **why)
{
    *why = "must be an RFC 3339 time or Unix milliseconds";
    return time_parse(text, length, f->out) == ERR_OK;
}

static bool set_bool_text(const struct field *f, const char *text, const char **why)
{
    bool value = strcmp(text, "true") == 0 || (f->kind == FIELD_FLAG && !*text) ||
                 (f->kind == FIELD_FLAG && strcmp(text, "1") == 0);

    *why = "must be true or false";
    if (!value && strcmp(text, "false") != 0 && !(f->kind == FIELD_FLAG && strcmp(text, "0") == 0))
        return false;
    *(bool *)f->out = value;
    return true;
}

/* Plain digits with an optional minus: strtoll alone would take blanks and a plus sign. */
static bool integer_of_text(const char *text, int64_t *out)
{
    size_t digits = strspn(text + (*text == '-'), "0123456789");
    char *end;
    long long value;

    if (digits == 0 || digits > 19 || text[(*text == '-') + digits])
        return false;
    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno || *end)
        return false;
    *out = value;
    return true;
}

bool field_from_text(const struct field *f, const char *text, const char **why)
{
    int64_t number = 0;

    switch (f->kind) {
    case FIELD_TEXT:
        return set_text(f, text, strlen(text), why);
    case FIELD_INTEGER:
        *why = "must be an integer";
        return integer_of_text(text, &number) && set_integer(f, number, why);
    case FIELD_SIZE:
    case FIELD_PRICE:
    case FIELD_MONEY:
    case FIELD_RATIO:
        return set_amount(f, text, strlen(text), why);
    case FIELD_SHARE:
        return set_share_text(f, text, strlen(text), why);
    case FIELD_WORD:
        return set_word(f, text, why);
    case FIELD_BOOL:
    case FIELD_FLAG:
        return set_bool_text(f, text, why);
    case FIELD_TIME:
        return set_time(f, text, strlen(text), why);
    case FIELD_NUMBER:
    case FIELD_TEXTS:
    case FIELD_OBJECT:
    case FIELD_DOCUMENT:
        break;
    }
    return false;
}

static bool ratio_from_number(const struct field *f, double number, const char **why)
{
    struct ratio r = {0};

    *why = "must be a positive number";
    if (ratio_from_double(number, ROUND_HALF_EVEN, &r) || r.e12 <= 0)
        return false;
    *(struct ratio *)f->out = r;
    return true;
}

static bool share_from_number(const struct field *f, double number, const char **why)
{
    struct ratio r = {0};

    *why = "must be a number";
    return ratio_from_double(number, ROUND_HALF_EVEN, &r) == ERR_OK && set_share(f, r, why);
}

static bool set_document(const struct field *f, const struct jnode *n, const char **why)
{
    struct text *out = f->out;

    *why = "must be an object";
    if (jnode_kind(n) != J_OBJECT)
        return false;
    *why = "is too large";
    jnode_print_sorted(n, out);
    return !out->full;
}

static bool field_from_json(const struct field *f, const struct jnode *n, const char **why)
{
    enum jkind kind = jnode_kind(n);
    bool is_number = kind == J_INTEGER || kind == J_REAL;

    switch (f->kind) {
    case FIELD_INTEGER:
        *why = "must be an integer";
        return kind == J_INTEGER && set_integer(f, jnode_integer(n), why);
    case FIELD_BOOL:
    case FIELD_FLAG:
        *why = "must be true or false";
        if (kind != J_BOOL)
            return false;
        *(bool *)f->out = jnode_bool(n);
        return true;
    case FIELD_RATIO:
        if (is_number)
            return ratio_from_number(f, jnode_number(n), why);
        break;
    case FIELD_NUMBER:
        *why = "must be a number";
        if (is_number)
            *(double *)f->out = jnode_number(n);
        return is_number;
    case FIELD_OBJECT:
        *why = "must be an object";
        return kind == J_OBJECT;
    case FIELD_TEXTS:
        return set_texts(f, n, why);
    case FIELD_DOCUMENT:
        return set_document(f, n, why);
    case FIELD_SHARE:
        if (is_number)
            return share_from_number(f, jnode_number(n), why);
        break;
    case FIELD_TEXT:
    case FIELD_SIZE:
    case FIELD_PRICE:
    case FIELD_MONEY:
    case FIELD_WORD:
    case FIELD_TIME:
        break;
    }
    *why = "must be a text";
    return kind == J_STRING && field_from_text(f, jnode_text(n), why);
}

static const struct field *find(const struct field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

/* A reference token of RFC 6901 after the object's own: '~' and '/' of a key are escaped. */
static void pointer_of(const char *object, const char *key, char *out, size_t capacity)
{
    size_t n = strlen(object);

    ASSERT(n + 4 < capacity);
    memcpy(out, object, n);
    out[n++] = '/';
    for (; *key && n + 3 < capacity; key++) {
        if (*key == '~' || *key == '/') {
            out[n++] = '~';
            out[n++] = *key == '~' ? '0' : '1';
        } else {
            out[n++] = *key;
        }
    }
    /* A character cut in half would not be UTF-8 any more. */
    while (n > 1 && !text_is_utf8(out, n))
        n--;
    out[n] = 0;
}

static void hint_words(struct diag *d, const struct field *f)
{
    char list[sizeof d->hint - 16] = "";
    size_t n = 0;

    for (int i = 0; f->words[i]; i++) {
        size_t length = strlen(f->words[i]);
        if (n + length + 8 > sizeof list) {
            copy_text(list + n, sizeof list - n, ", ...");
            break;
        }
        if (n > 0) {
            list[n++] = ',';
            list[n++] = ' ';
        }
        memcpy(list + n, f->words[i], length + 1);
        n += length;
    }
    diag_hint(d, "one of: %s", list);
}

void field_hint(struct diag *d, const struct field *f)
{
    if (f->kind == FIELD_WORD)
        hint_words(d, f);
    else if (f->kind == FIELD_INTEGER && f->maximum < INT64_MAX)
        diag_hint(d, "from %lld to %lld", (long long)f->minimum, (long long)f->maximum);
    else if (f->kind == FIELD_INTEGER)
        diag_hint(d, "%lld or more", (long long)f->minimum);
    else if (f->kind == FIELD_SHARE)
        diag_hint(d, "from 0 to %g", ratio_to_double((struct ratio){f->maximum}));
    else if (f->kind == FIELD_TEXT)
        diag_hint(d, "1 to %zu bytes", f->capacity - 1);
}

static enum err parse_object(struct request *rq, const char *pointer, const struct field *table,
                             const struct jnode *object);

static enum err take_member(struct request *rq, const char *object, const struct field *table,
                            const char *key, const struct jnode *value)
{
    const struct field *f = find(table->fields, table->field_count, key);
    const char *why = "";
    char pointer[POINTER_MAX];
    struct diag *d;

    pointer_of(object, key, pointer, sizeof pointer);
    if (!f) {
        diag_add(request_diags(rq), pointer, err_code(ERR_FIELD_UNKNOWN),
                 "There is no such field here.");
        return ERR_FIELD_UNKNOWN;
    }
    if (!field_from_json(f, value, &why)) {
        d = diag_add(request_diags(rq), pointer, err_code(ERR_FIELD), "%s %s.", f->name, why);
        field_hint(d, f);
        return ERR_FIELD;
    }
    if (f->present)
        *f->present = true;
    return f->kind == FIELD_OBJECT ? parse_object(rq, pointer, f, value) : ERR_OK;
}

/* The members of an object (NULL: it has none) by the table's fields. */
static enum err parse_object(struct request *rq, const char *pointer, const struct field *table,
                             const struct jnode *object)
{
    enum err first = ERR_OK;
    void *iterator = NULL;
    const char *key;
    const struct jnode *value;

    while (object && jnode_next(object, &iterator, &key, &value)) {
        enum err e = take_member(rq, pointer, table, key, value);
        if (e && !first)
            first = e;
    }
    for (size_t i = 0; i < table->field_count; i++) {
        const char *name = table->fields[i].name;

        if (table->fields[i].required && (!object || !jnode_member(object, name))) {
            char member[POINTER_MAX];
            pointer_of(pointer, name, member, sizeof member);
            diag_add(request_diags(rq), member, "field_required", "%s is required.", name);
            if (!first)
                first = ERR_FIELD;
        }
    }
    return first;
}

enum err field_parse(struct request *rq, const struct field *fields, size_t count)
{
    const struct field table = typed_object("", fields, count);
    struct jnode *root = NULL;
    enum err e;

    if (rq->body_length > 0) {
        struct diag_list *diags = request_diags(rq);

        e = jnode_parse(rq->body, rq->body_length, "", diags, &root);
        if (e)
            return request_fail(rq, e, "The body is not acceptable JSON.");
    }
    if (root && jnode_kind(root) != J_OBJECT) {
        diag_add(request_diags(rq), "", err_code(ERR_FIELD), "The body must be a JSON object.");
        e = ERR_FIELD;
    } else {
        e = parse_object(rq, "", &table, root);
    }
    jnode_free(root);
    return e ? request_fail(rq, e, "The body has %zu mistake%s; see errors.", rq->diags->count,
                            rq->diags->count == 1 ? "" : "s")
             : ERR_OK;
}
