/* SPDX-License-Identifier: Apache-2.0 */
/* Holds the configuration's values and turns texts into them by the table's kinds and bounds. */
#include "core/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/config_entry.h"

const struct config_entry config_entries[CONFIG_COUNT_] = {
#define CONFIG(name, kind, initial, minimum, maximum, unit, text) \
    [CONFIG_##name] = {#name, CONFIG_KIND_##kind, initial, minimum, maximum, unit, text},
#include "core/config_table.h"
#undef CONFIG
};

bool config_kind_is_list(enum config_kind kind)
{
    return kind == CONFIG_KIND_LIST || kind == CONFIG_KIND_PATH_LIST;
}

static void release_value(struct config_value *v)
{
    size_t i;

    for (i = 0; i < v->count; i++)
        free(v->items[i]);
    free(v->items);
    free(v->text);
    free(v->source);
    *v = (struct config_value){0};
}

struct config *config_new(void)
{
    const struct config_origin origin = {.source = "default"};
    struct config *c = xcalloc(1, sizeof(*c));
    int key;

    for (key = 0; key < CONFIG_COUNT_; key++) {
        enum err e = config_assign(c, (enum config_key)key, config_entries[key].initial, &origin);

        /* A default out of its own bounds is our bug. */
        ASSERT(!e);
    }
    return c;
}

void config_free(struct config *c)
{
    int key;

    if (!c)
        return;
    for (key = 0; key < CONFIG_COUNT_; key++)
        release_value(&c->values[key]);
    free(c);
}

static enum err refuse(const struct config_entry *entry, const char *text,
                       const struct config_origin *origin, const char *what)
{
    struct diag *d = diag_add(origin->diags, entry->name, "config_value",
                              "\"%.60s\" (%s) is not %s.", text, origin->source, what);

    if (entry->minimum[0] && entry->maximum[0])
        diag_hint(d, "from %s to %s", entry->minimum, entry->maximum);
    else if (entry->minimum[0])
        diag_hint(d, "%s or more", entry->minimum);
    else if (entry->maximum[0])
        diag_hint(d, "%s or less", entry->maximum);
    return ERR_INVALID;
}

static bool read_integer(const char *text, int64_t *out)
{
    const char *digits = text + (*text == '-');
    long long value;
    char *end;

    if (*digits < '0' || *digits > '9')
        return false; /* strtoll would skip blanks and a plus sign */
    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno || *end)
        return false;
    *out = value;
    return true;
}

static enum err set_integer(const struct config_entry *entry, const char *text,
                            const struct config_origin *origin, struct config_value *v)
{
    int64_t value, bound;

    if (!read_integer(text, &value))
        return refuse(entry, text, origin, "a whole number");
    if (entry->minimum[0]) {
        ASSERT(read_integer(entry->minimum, &bound));
        if (value < bound)
            return refuse(entry, text, origin, "within bounds");
    }
    if (entry->maximum[0]) {
        ASSERT(read_integer(entry->maximum, &bound));
        if (value > bound)
            return refuse(entry, text, origin, "within bounds");
    }
    v->as.integer = value;
    return ERR_OK;
}

static i128 bound_of(const char *text)
{
    struct ratio bound;
    enum err e = ratio_parse(text, strlen(text), &bound);

    ASSERT(!e);
    return bound.e12;
}

static enum err set_amount(const struct config_entry *entry, const char *text,
                           const struct config_origin *origin, struct config_value *v)
{
    struct ratio value;
    enum err e = ratio_parse(text, strlen(text), &value);

    if (e == ERR_PRECISION)
        return refuse(entry, text, origin, "a number of at most 12 decimals");
    if (e)
        return refuse(entry, text, origin, "a plain decimal number");
    if ((entry->minimum[0] && value.e12 < bound_of(entry->minimum)) ||
        (entry->maximum[0] && value.e12 > bound_of(entry->maximum)))
        return refuse(entry, text, origin, "within bounds");
    v->as.e12 = value.e12;
    return ERR_OK;
}

size_t config_enum_word(const struct config_entry *entry, int i, const char **word)
{
    const char *at = entry->minimum;

    for (; i > 0; i--) {
        at = strchr(at, '|');
        if (!at)
            return 0;
        at++;
    }
    *word = at;
    return strcspn(at, "|");
}

static enum err set_enum(const struct config_entry *entry, const char *text,
                         const struct config_origin *origin, struct config_value *v)
{
    const char *word;
    struct diag *d;
    size_t length;
    int i;

    for (i = 0; (length = config_enum_word(entry, i, &word)) > 0; i++) {
        if (strlen(text) == length && memcmp(word, text, length) == 0) {
            v->as.choice = i;
            return ERR_OK;
        }
    }
    d = diag_add(origin->diags, entry->name, "config_value",
                 "\"%.60s\" (%s) is not an allowed value.", text, origin->source);
    diag_hint(d, "one of %s", entry->minimum);
    return ERR_INVALID;
}

static enum err set_bool(const struct config_entry *entry, const char *text,
                         const struct config_origin *origin, struct config_value *v)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return refuse(entry, text, origin, "true or false");
    v->as.boolean = strcmp(text, "true") == 0;
    return ERR_OK;
}

static char *join_path(const char *folder, const char *path)
{
    size_t folder_length, path_length = strlen(path);
    char *joined;

    if (!folder || path[0] == '/' || path[0] == '\0')
        return xstrdup(path);
    folder_length = strlen(folder);
    while (folder_length > 1 && folder[folder_length - 1] == '/')
        folder_length--;
    joined = xmalloc(folder_length + 1 + path_length + 1);
    memcpy(joined, folder, folder_length);
    joined[folder_length] = '/';
    memcpy(joined + folder_length + 1, path, path_length + 1);
    return joined;
}

/* "SYMBOL=FILE" or "FILE", the file joined to the folder. */
static char *join_item(const char *folder, const char *item)
{
    const char *equals = strchr(item, '=');
    size_t name_length = equals ? (size_t)(equals - item) + 1 : 0;
    char *path = join_path(folder, item + name_length);
    size_t path_length = strlen(path);
    char *joined = xmalloc(name_length + path_length + 1);

    memcpy(joined, item, name_length);
    memcpy(joined + name_length, path, path_length + 1);
    free(path);
    return joined;
}

static void replace_value(struct config *c, enum config_key key, struct config_value *v,
                          const struct config_origin *origin)
{
    v->source = xstrdup(origin->source);
    release_value(&c->values[key]);
    c->values[key] = *v;
}

enum err config_assign_list(struct config *c, enum config_key key, char *const *items, size_t count,
                            const struct config_origin *origin)
{
    const struct config_entry *entry = &config_entries[key];
    struct config_value v = {0};
    struct diag *d;
    size_t i;

    for (i = 0; i < count; i++) {
        if (items[i][0])
            continue;
        d = diag_add(origin->diags, entry->name, "config_value", "Item %zu (%s) is empty.", i + 1,
                     origin->source);
        diag_hint(d, "%s", entry->unit);
        return ERR_INVALID;
    }
    v.items = xcalloc(count, sizeof(*v.items));
    v.count = count;
    for (i = 0; i < count; i++)
        v.items[i] = entry->kind == CONFIG_KIND_PATH_LIST ? join_item(origin->folder, items[i])
                                                          : xstrdup(items[i]);
    replace_value(c, key, &v, origin);
    return ERR_OK;
}

/* Splits at commas; blanks around an item do not belong to it. */
static enum err assign_split(struct config *c, enum config_key key, const char *text,
                             const struct config_origin *origin)
{
    size_t count = 0, i, length;
    char **items = NULL;
    enum err e;

    while (text[0]) {
        text += strspn(text, " \t");
        length = strcspn(text, ",");
        items = xrealloc(items, (count + 1) * sizeof(*items));
        items[count] = xstrndup(text, length);
        for (i = length; i > 0 && strchr(" \t", items[count][i - 1]); i--)
            items[count][i - 1] = '\0';
        count++;
        text += length;
        if (text[0] == ',' && !*++text) {
            /* A comma at the end promises one more item. */
            items = xrealloc(items, (count + 1) * sizeof(*items));
            items[count++] = xstrdup("");
        }
    }
    e = config_assign_list(c, key, items, count, origin);
    for (i = 0; i < count; i++)
        free(items[i]);
    free(items);
    return e;
}

static enum err set_by_kind(const struct config_entry *entry, const char *text,
                            const struct config_origin *origin, struct config_value *v)
{
    switch (entry->kind) {
    case CONFIG_KIND_BOOL:
        return set_bool(entry, text, origin, v);
    case CONFIG_KIND_INTEGER:
        return set_integer(entry, text, origin, v);
    case CONFIG_KIND_RATIO:
    case CONFIG_KIND_MONEY:
        return set_amount(entry, text, origin, v);
    case CONFIG_KIND_ENUM:
        return set_enum(entry, text, origin, v);
    default:
        return ERR_OK;
    }
}

enum err config_assign(struct config *c, enum config_key key, const char *text,
                       const struct config_origin *origin)
{
    const struct config_entry *entry = &config_entries[key];
    struct config_value v = {0};
    enum err e;

    if (config_kind_is_list(entry->kind))
        return assign_split(c, key, text, origin);
    e = set_by_kind(entry, text, origin, &v);
    if (e)
        return e;
    if (entry->kind == CONFIG_KIND_PATH || entry->kind == CONFIG_KIND_SECRET_FILE)
        v.text = join_path(origin->folder, text);
    else
        v.text = xstrdup(text);
    replace_value(c, key, &v, origin);
    return ERR_OK;
}

static const struct config_value *value_of(const struct config *c, enum config_key key,
                                           enum config_kind kind)
{
    ASSERT((unsigned)key < CONFIG_COUNT_);
    ASSERT(config_entries[key].kind == kind);
    return &c->values[key];
}

static const struct config_value *list_of(const struct config *c, enum config_key key)
{
    ASSERT((unsigned)key < CONFIG_COUNT_);
    ASSERT(config_kind_is_list(config_entries[key].kind));
    return &c->values[key];
}

const char *config_text(const struct config *c, enum config_key key)
{
    enum config_kind kind;

    ASSERT((unsigned)key < CONFIG_COUNT_);
    kind = config_entries[key].kind;
    ASSERT(kind == CONFIG_KIND_TEXT || kind == CONFIG_KIND_PATH || kind == CONFIG_KIND_ENUM ||
           kind == CONFIG_KIND_SECRET_FILE);
    return c->values[key].text;
}

bool config_bool(const struct config *c, enum config_key key)
{
    return value_of(c, key, CONFIG_KIND_BOOL)->as.boolean;
}

int64_t config_integer(const struct config *c, enum config_key key)
{
    return value_of(c, key, CONFIG_KIND_INTEGER)->as.integer;
}

struct ratio config_ratio(const struct config *c, enum config_key key)
{
    return (struct ratio){value_of(c, key, CONFIG_KIND_RATIO)->as.e12};
}

struct money config_money(const struct config *c, enum config_key key)
{
    return (struct money){value_of(c, key, CONFIG_KIND_MONEY)->as.e12};
}

int config_enum(const struct config *c, enum config_key key)
{
    return value_of(c, key, CONFIG_KIND_ENUM)->as.choice;
}

size_t config_list_count(const struct config *c, enum config_key key)
{
    return list_of(c, key)->count;
}

const char *config_list_item(const struct config *c, enum config_key key, size_t i)
{
    const struct config_value *list = list_of(c, key);

    ASSERT(i < list->count);
    return list->items[i];
}

bool config_list_lookup(const struct config *c, enum config_key key, const char *name,
                        const char **value)
{
    const struct config_value *list = list_of(c, key);
    size_t length = strlen(name), i;

    for (i = 0; i < list->count; i++) {
        if (strncmp(list->items[i], name, length) == 0 && list->items[i][length] == '=') {
            *value = list->items[i] + length + 1;
            return true;
        }
    }
    return false;
}

const char *config_source(const struct config *c, enum config_key key)
{
    ASSERT((unsigned)key < CONFIG_COUNT_);
    return c->values[key].source;
}
