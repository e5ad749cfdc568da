/* SPDX-License-Identifier: Apache-2.0 */
/* Reads options and configuration, and tells people what is wrong with them. */
#include "server/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct option *find(const struct option *options, size_t count, const char *word)
{
    size_t length = strcspn(word, "=");

    for (size_t i = 0; i < count; i++)
        if (strlen(options[i].name) == length && strncmp(options[i].name, word, length) == 0)
            return &options[i];
    return NULL;
}

/* True when the option is complete; *i moves on when its value is the next word. */
static bool take(const struct option *o, int count, char **arguments, int *i)
{
    const char *equals = strchr(arguments[*i], '=');

    if (!o->value) {
        if (equals) {
            fprintf(stderr, "traderd: %s takes no value\n", o->name);
            return false;
        }
        *o->flag = true;
        return true;
    }
    if (equals)
        *o->value = equals + 1;
    else if (*i + 1 < count)
        *o->value = arguments[++*i];
    else
        *o->value = "";
    /* An empty value is a shell variable that was not set: it must not mean the default. */
    if (!**o->value)
        fprintf(stderr, "traderd: %s needs a value\n", o->name);
    return **o->value != 0;
}

bool options_parse(int count, char **arguments, const struct option *options, size_t option_count,
                   const char **words, size_t capacity, size_t *word_count)
{
    *word_count = 0;
    for (int i = 0; i < count; i++) {
        const struct option *o;

        if (strncmp(arguments[i], "--", 2) != 0) {
            if (*word_count == capacity) {
                fprintf(stderr, "traderd: unexpected '%s'; see `traderd help`\n", arguments[i]);
                return false;
            }
            words[(*word_count)++] = arguments[i];
            continue;
        }
        o = find(options, option_count, arguments[i]);
        if (!o) {
            fprintf(stderr, "traderd: unknown option '%s'; see `traderd help`\n", arguments[i]);
            return false;
        }
        if (!take(o, count, arguments, &i))
            return false;
    }
    return true;
}

/* Appends one value; false with a message. */
static bool append(const char *name, const char *value, const char **values, size_t capacity,
                   size_t *value_count)
{
    if (!*value) {
        fprintf(stderr, "traderd: %s needs a value\n", name);
        return false;
    }
    if (*value_count == capacity) {
        fprintf(stderr, "traderd: more than %zu values of %s\n", capacity, name);
        return false;
    }
    values[(*value_count)++] = value;
    return true;
}

bool options_take_list(int *count, char **arguments, const char *name, const char **values,
                       size_t capacity, size_t *value_count)
{
    const size_t length = strlen(name);
    int kept = 0;
    bool good = true;

    *value_count = 0;
    for (int i = 0; good && i < *count; i++) {
        const char *word = arguments[i];

        if (strncmp(word, name, length) != 0 || (word[length] != 0 && word[length] != '=')) {
            arguments[kept++] = arguments[i];
            continue;
        }
        if (word[length] == '=' || i + 1 == *count || strncmp(arguments[i + 1], "--", 2) == 0)
            good =
                append(name, word[length] ? word + length + 1 : "", values, capacity, value_count);
        while (good && i + 1 < *count && strncmp(arguments[i + 1], "--", 2) != 0)
            good = append(name, arguments[++i], values, capacity, value_count);
    }
    *count = kept;
    return good;
}

void options_print_diag(const struct diag *d)
{
    fprintf(stderr, "traderd: ");
    if (d->field[0])
        fprintf(stderr, "%s:", d->field);
    if (d->line > 0)
        fprintf(stderr, "%d:", d->line);
    if (d->column > 0)
        fprintf(stderr, "%d:", d->column);
    fprintf(stderr, "%s%s", d->field[0] ? " " : "", d->message);
    if (d->hint[0])
        fprintf(stderr, " (%s)", d->hint);
    fputc('\n', stderr);
}

void options_print_diags(const struct diag_list *diags, enum err e)
{
    for (size_t i = 0; i < diags->count; i++)
        options_print_diag(&diags->items[i]);
    if (diags->dropped > 0)
        fprintf(stderr, "traderd: and %zu more\n", diags->dropped);
    if (diags->count == 0 && e)
        fprintf(stderr, "traderd: %s\n", err_sentence(e));
}

struct config *options_config(const char *file, const char *data, const char *listen)
{
    struct config *c = config_new();
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    enum err e = ERR_OK, next;

    if (!file)
        file = getenv("TRADERD_CONFIG");
    if (file && *file)
        e = config_read_file(c, file, diags);
    next = config_read_environment(c, environ, diags);
    e = e ? e : next;
    next = data ? config_set(c, "data_dir", data, "option", diags) : ERR_OK;
    e = e ? e : next;
    next = listen ? config_set(c, "listen", listen, "option", diags) : ERR_OK;
    e = e ? e : next;
    if (e) {
        options_print_diags(diags, e);
        config_free(c);
        c = NULL;
    }
    free(diags);
    return c;
}
