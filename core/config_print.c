/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the configuration for people, with passwords hidden, and its JSON Schema for editors. */
#include <string.h>

#include "core/config_entry.h"
#include "core/jwriter.h"
#include "core/text.h"

static const char mask[] = "***";

/* The password's place in "scheme://user:password@host"; false when there is none.  When the part
 * before the first slash has no @ but a later one does, a slash in the password is assumed: to
 * hide too much is harmless. */
static bool find_url_password(const char *url, size_t *begin, size_t *end)
{
    const char *authority = strstr(url, "://"), *colon, *at;
    size_t length;

    if (!authority)
        return false;
    authority += 3;
    length = strcspn(authority, "/?#");
    at = memrchr(authority, '@', length);
    if (!at)
        at = strrchr(authority, '@');
    if (!at)
        return false;
    colon = memchr(authority, ':', (size_t)(at - authority));
    if (!colon)
        return false;
    *begin = (size_t)(colon + 1 - url);
    *end = (size_t)(at - url);
    return true;
}

/* How long the value after "password=" is: to the next & or blank, or to its closing quote. */
static size_t parameter_length(const char *value)
{
    size_t i;

    if (value[0] != '\'')
        return strcspn(value, "& \t\n");
    for (i = 1; value[i] && value[i] != '\''; i++) {
        if (value[i] == '\\' && value[i + 1])
            i++;
    }
    return value[i] ? i + 1 : i;
}

/* Copies the rest of a text with the value of every "password=" hidden (libpq also takes
 * "password = x" with blanks around the sign). */
static void append_hiding_parameters(struct text *out, const char *text)
{
    static const char word[] = "password";
    const char *found, *value;

    while ((found = strcasestr(text, word)) != NULL) {
        value = found + sizeof(word) - 1;
        value += strspn(value, " \t");
        if (*value != '=') {
            text_append(out, text, (size_t)(value - text));
            text = value;
            continue;
        }
        value++;
        value += strspn(value, " \t");
        text_append(out, text, (size_t)(value - text));
        text_string(out, mask);
        text = value + parameter_length(value);
    }
    text_string(out, text);
}

static void print_hidden(struct jwriter *w, const char *text)
{
    size_t begin, end;
    struct text out;

    text_init(&out, LIMIT_JSON_BYTES);
    if (find_url_password(text, &begin, &end)) {
        text_append(&out, text, begin);
        text_string(&out, mask);
        append_hiding_parameters(&out, text + end);
    } else {
        append_hiding_parameters(&out, text);
    }
    jw_text(w, out.full ? mask : out.data);
    text_release(&out);
}

static void print_value(struct jwriter *w, const struct config *c, enum config_key key)
{
    size_t i;

    switch (config_entries[key].kind) {
    case CONFIG_KIND_BOOL:
        jw_bool(w, config_bool(c, key));
        break;
    case CONFIG_KIND_INTEGER:
        jw_integer(w, config_integer(c, key));
        break;
    case CONFIG_KIND_RATIO:
        jw_ratio(w, config_ratio(c, key));
        break;
    case CONFIG_KIND_MONEY:
        jw_money(w, config_money(c, key), -1);
        break;
    case CONFIG_KIND_LIST:
    case CONFIG_KIND_PATH_LIST:
        jw_array(w);
        for (i = 0; i < config_list_count(c, key); i++)
            print_hidden(w, config_list_item(c, key, i));
        jw_array_end(w);
        break;
    default:
        print_hidden(w, config_text(c, key));
        break;
    }
}

/* One member a line: the writer's own form is one line for all, which nobody reads. */
static void begin_line(struct text *out, bool first, const char *indent, const char *name)
{
    text_format(out, "%s%s\"%s\": ", first ? "\n" : ",\n", indent, name);
}

void config_print(const struct config *c, struct text *out)
{
    struct jwriter w;
    int key;

    text_char(out, '{');
    for (key = 0; key < CONFIG_COUNT_; key++) {
        begin_line(out, key == 0, "  ", config_entries[key].name);
        jwriter_init(&w, JSTYLE_COMPACT, out);
        print_value(&w, c, (enum config_key)key);
    }
    text_string(out, "\n}\n");
}

static void schema_number_bounds(struct jwriter *w, const struct config_entry *entry)
{
    if (entry->minimum[0]) {
        jw_key(w, "minimum");
        jw_raw(w, entry->minimum, strlen(entry->minimum));
    }
    if (entry->maximum[0]) {
        jw_key(w, "maximum");
        jw_raw(w, entry->maximum, strlen(entry->maximum));
    }
}

static void schema_amount(struct jwriter *w, const struct config_entry *entry)
{
    jw_key(w, "type");
    jw_array(w);
    jw_text(w, "string");
    jw_text(w, "number");
    jw_array_end(w);
    /* minimum and maximum bind numbers only and pattern strings only, as the schema wants it. */
    jw_member_text(w, "pattern", "^-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,12}0*)?$");
    schema_number_bounds(w, entry);
}

static void schema_enum(struct jwriter *w, const struct config_entry *entry)
{
    const char *word;
    size_t length;
    int i;

    jw_member_text(w, "type", "string");
    jw_key(w, "enum");
    jw_array(w);
    for (i = 0; (length = config_enum_word(entry, i, &word)) > 0; i++)
        jw_text_n(w, word, length);
    jw_array_end(w);
}

static void schema_type(struct jwriter *w, const struct config_entry *entry)
{
    switch (entry->kind) {
    case CONFIG_KIND_BOOL:
        jw_member_text(w, "type", "boolean");
        break;
    case CONFIG_KIND_INTEGER:
        jw_member_text(w, "type", "integer");
        schema_number_bounds(w, entry);
        break;
    case CONFIG_KIND_RATIO:
    case CONFIG_KIND_MONEY:
        schema_amount(w, entry);
        break;
    case CONFIG_KIND_ENUM:
        schema_enum(w, entry);
        break;
    case CONFIG_KIND_LIST:
    case CONFIG_KIND_PATH_LIST:
        jw_member_text(w, "type", "array");
        jw_key(w, "items");
        jw_object(w);
        jw_member_text(w, "type", "string");
        jw_member_integer(w, "minLength", 1);
        jw_object_end(w);
        break;
    default:
        jw_member_text(w, "type", "string");
        break;
    }
}

static void schema_entry(struct jwriter *w, const struct config *defaults, enum config_key key)
{
    const struct config_entry *entry = &config_entries[key];
    struct text description;

    text_init(&description, LIMIT_JSON_BYTES);
    text_string(&description, entry->text);
    if (entry->unit[0])
        text_format(&description, " [%s]", entry->unit);
    jw_object(w);
    schema_type(w, entry);
    jw_key(w, "default");
    print_value(w, defaults, key);
    jw_member_text(w, "description", description.data);
    jw_object_end(w);
    text_release(&description);
}

void config_print_schema(struct text *out)
{
    struct config *defaults = config_new();
    struct jwriter w;
    int key;

    text_string(out, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                     "  \"title\": \"traderd configuration\",\n"
                     "  \"type\": \"object\",\n"
                     "  \"additionalProperties\": false,\n"
                     "  \"patternProperties\": {\"^x-\": true},\n"
                     "  \"properties\": {");
    begin_line(out, true, "    ", "$schema");
    text_string(out, "{\"type\":\"string\"}");
    for (key = 0; key < CONFIG_COUNT_; key++) {
        begin_line(out, false, "    ", config_entries[key].name);
        jwriter_init(&w, JSTYLE_COMPACT, out);
        schema_entry(&w, defaults, (enum config_key)key);
    }
    text_string(out, "\n  }\n}\n");
    config_free(defaults);
}
