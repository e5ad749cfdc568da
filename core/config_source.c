/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the configuration's sources: a JSON file, the environment, single options. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config_entry.h"
#include "core/jnode.h"
#include "core/text.h"

enum {
    NAME_MAX_BYTES = 64
};

static const char prefix[] = "TRADERD_";

static bool find_key(const char *name, enum config_key *key)
{
    int i;

    for (i = 0; i < CONFIG_COUNT_; i++) {
        if (strcmp(config_entries[i].name, name) == 0) {
            *key = (enum config_key)i;
            return true;
        }
    }
    return false;
}

/* The key most like the name, or NULL when none is near enough to be meant. */
static const char *nearest_key(const char *name)
{
    size_t best = strlen(name) / 3 + 2, distance;
    const char *nearest = NULL;
    int i;

    for (i = 0; i < CONFIG_COUNT_; i++) {
        distance = edit_distance(name, config_entries[i].name);
        if (distance < best) {
            best = distance;
            nearest = config_entries[i].name;
        }
    }
    return nearest;
}

static enum err refuse_unknown(const char *name, const struct config_origin *origin)
{
    struct diag *d = diag_add(origin->diags, name, "config_unknown_key",
                              "There is no such setting (%s).", origin->source);
    const char *nearest = nearest_key(name);

    if (nearest)
        diag_hint(d, "did you mean %s?", nearest);
    return ERR_INVALID;
}

static const char *wanted_type(enum config_kind kind)
{
    switch (kind) {
    case CONFIG_KIND_BOOL:
        return "true or false";
    case CONFIG_KIND_INTEGER:
        return "a whole number";
    case CONFIG_KIND_RATIO:
    case CONFIG_KIND_MONEY:
        return "a decimal string or a number";
    case CONFIG_KIND_LIST:
    case CONFIG_KIND_PATH_LIST:
        return "an array of strings";
    default:
        return "a string";
    }
}

static enum err refuse_type(const struct config_entry *entry, const struct jnode *value,
                            const struct config_origin *origin)
{
    struct diag *d =
        diag_add(origin->diags, entry->name, "config_type", "The value (%s) has the type %s.",
                 origin->source, jkind_name(jnode_kind(value)));

    diag_hint(d, "%s", wanted_type(entry->kind));
    return ERR_INVALID;
}

static enum err assign_array(struct config *c, enum config_key key, const struct jnode *array,
                             const struct config_origin *origin)
{
    size_t count = jnode_count(array), i;
    char **items = xcalloc(count, sizeof(*items));
    enum err e = ERR_OK;

    for (i = 0; i < count && !e; i++) {
        const struct jnode *item = jnode_item(array, i);

        if (jnode_is(item, J_STRING))
            items[i] = xstrdup(jnode_text(item));
        else
            e = refuse_type(&config_entries[key], item, origin);
    }
    if (!e)
        e = config_assign_list(c, key, items, count, origin);
    for (i = 0; i < count; i++)
        free(items[i]);
    free(items);
    return e;
}

static enum err assign_amount(struct config *c, enum config_key key, const struct jnode *value,
                              const struct config_origin *origin)
{
    char text[AMOUNT_TEXT_MAX];
    struct money amount;
    struct diag *d;
    enum err e;

    /* A string is checked, and its mistakes named, where texts are. */
    if (jnode_is(value, J_STRING))
        return config_assign(c, key, jnode_text(value), origin);
    e = jnode_money(value, true, &amount);
    if (e == ERR_INVALID)
        return refuse_type(&config_entries[key], value, origin);
    if (e) {
        d = diag_add(origin->diags, config_entries[key].name, "config_value",
                     "The number (%s) is out of range.", origin->source);
        diag_hint(d, "from %s to %s", config_entries[key].minimum, config_entries[key].maximum);
        return ERR_INVALID;
    }
    money_print(amount, text);
    return config_assign(c, key, text, origin);
}

static enum err assign_node(struct config *c, enum config_key key, const struct jnode *value,
                            const struct config_origin *origin)
{
    const struct config_entry *entry = &config_entries[key];
    struct text number;
    enum err e;

    switch (entry->kind) {
    case CONFIG_KIND_BOOL:
        if (!jnode_is(value, J_BOOL))
            return refuse_type(entry, value, origin);
        return config_assign(c, key, jnode_bool(value) ? "true" : "false", origin);
    case CONFIG_KIND_INTEGER:
        if (!jnode_is(value, J_INTEGER))
            return refuse_type(entry, value, origin);
        text_init(&number, NAME_MAX_BYTES);
        text_format(&number, "%lld", (long long)jnode_integer(value));
        e = config_assign(c, key, number.data, origin);
        text_release(&number);
        return e;
    case CONFIG_KIND_RATIO:
    case CONFIG_KIND_MONEY:
        return assign_amount(c, key, value, origin);
    case CONFIG_KIND_LIST:
    case CONFIG_KIND_PATH_LIST:
        if (!jnode_is(value, J_ARRAY))
            return refuse_type(entry, value, origin);
        return assign_array(c, key, value, origin);
    default:
        if (!jnode_is(value, J_STRING))
            return refuse_type(entry, value, origin);
        return config_assign(c, key, jnode_text(value), origin);
    }
}

static bool is_ignored_member(const char *name)
{
    return strncmp(name, "x-", 2) == 0 || strcmp(name, "$schema") == 0;
}

enum err config_read_json(struct config *c, const char *json, size_t length, const char *name,
                          const char *folder, struct diag_list *diags)
{
    const struct config_origin origin = {.source = name, .folder = folder, .diags = diags};
    const struct jnode *value;
    struct jnode *root = NULL;
    void *iterator = NULL;
    const char *member;
    enum config_key key;
    enum err e = jnode_parse(json, length, name, diags, &root), found;

    if (e)
        return e;
    if (!jnode_is(root, J_OBJECT)) {
        diag_add(diags, name, "config_type", "The configuration must be a JSON object.");
        e = ERR_INVALID;
        goto out;
    }
    while (jnode_next(root, &iterator, &member, &value)) {
        if (is_ignored_member(member))
            continue;
        if (find_key(member, &key))
            found = assign_node(c, key, value, &origin);
        else
            found = refuse_unknown(member, &origin);
        if (found)
            e = found;
    }
out:
    jnode_free(root);
    return e;
}

enum err config_read_file(struct config *c, const char *path, struct diag_list *diags)
{
    const char *slash = strrchr(path, '/');
    char *folder = NULL;
    struct text text;
    enum err e;

    text_init(&text, LIMIT_JSON_BYTES);
    e = text_read_file(&text, path);
    if (e == ERR_IO)
        diag_add(diags, path, "config_file", "The file cannot be read: %s.", strerror(errno));
    else if (e)
        diag_add(diags, path, "config_file", "The file has more than %d bytes.", LIMIT_JSON_BYTES);
    if (e)
        goto out;
    if (slash)
        folder = xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
    e = config_read_json(c, text.data ? text.data : "", text.length, path, folder, diags);
out:
    free(folder);
    text_release(&text);
    return e;
}

/* The key a variable such as TRADERD_LOG_LEVEL names; `name` gets it in lower case. */
static bool key_of_variable(const char *variable, size_t length, char name[NAME_MAX_BYTES],
                            enum config_key *key)
{
    size_t skip = sizeof(prefix) - 1, i;

    if (length - skip >= NAME_MAX_BYTES)
        return false;
    for (i = skip; i < length; i++) {
        if (islower((unsigned char)variable[i]))
            return false; /* variables are upper case throughout */
        name[i - skip] = (char)tolower((unsigned char)variable[i]);
    }
    name[length - skip] = '\0';
    return find_key(name, key);
}

static enum err refuse_variable(const char *variable, size_t length,
                                const struct config_origin *origin)
{
    char name[NAME_MAX_BYTES], upper[NAME_MAX_BYTES];
    size_t skip = sizeof(prefix) - 1, i;
    const char *nearest;
    struct diag *d;

    snprintf(name, sizeof(name), "%.*s", (int)(length - skip), variable + skip);
    for (i = 0; name[i]; i++)
        name[i] = (char)tolower((unsigned char)name[i]);
    snprintf(upper, sizeof(upper), "%.*s", (int)length, variable);
    d = diag_add(origin->diags, upper, "config_unknown_key", "There is no such setting (%s).",
                 origin->source);
    nearest = nearest_key(name);
    if (nearest) {
        copy_text(upper, sizeof(upper), nearest);
        for (i = 0; upper[i]; i++)
            upper[i] = (char)toupper((unsigned char)upper[i]);
        diag_hint(d, "did you mean %s%s?", prefix, upper);
    }
    return ERR_INVALID;
}

static bool variable_is(const char *variable, size_t length, const char *name)
{
    return strlen(name) == length && strncmp(variable, name, length) == 0;
}

static enum err read_variable(struct config *c, const char *variable, size_t length,
                              const struct config_origin *origin)
{
    char name[NAME_MAX_BYTES];
    enum config_key key;

    if (variable_is(variable, length, "TRADERD_CONFIG") ||
        variable_is(variable, length, "TRADERD_DATA"))
        return ERR_OK;
    if (!key_of_variable(variable, length, name, &key))
        return refuse_variable(variable, length, origin);
    return config_assign(c, key, variable + length + 1, origin);
}

/* Aliases go first, so that the full name wins where both are given. */
static enum err read_alias(struct config *c, const char *variable, size_t length,
                           const struct config_origin *origin)
{
    if (variable_is(variable, length, "DATABASE_URL"))
        return config_assign(c, CONFIG_database_url, variable + length + 1, origin);
    if (variable_is(variable, length, "TRADERD_DATA"))
        return config_assign(c, CONFIG_data_dir, variable + length + 1, origin);
    return ERR_OK;
}

enum err config_read_environment(struct config *c, char *const *environment,
                                 struct diag_list *diags)
{
    const struct config_origin origin = {.source = "environment", .diags = diags};
    enum err e = ERR_OK, found;
    size_t length;
    int pass, i;

    for (pass = 0; pass < 2; pass++) {
        for (i = 0; environment[i]; i++) {
            length = strcspn(environment[i], "=");
            if (environment[i][length] != '=')
                continue;
            if (pass == 0)
                found = read_alias(c, environment[i], length, &origin);
            else if (strncmp(environment[i], prefix, sizeof(prefix) - 1) == 0)
                found = read_variable(c, environment[i], length, &origin);
            else
                continue;
            if (found)
                e = found;
        }
    }
    return e;
}

enum err config_set(struct config *c, const char *name, const char *value, const char *source,
                    struct diag_list *diags)
{
    const struct config_origin origin = {.source = source, .diags = diags};
    enum config_key key;

    if (!find_key(name, &key))
        return refuse_unknown(name, &origin);
    return config_assign(c, key, value, &origin);
}
