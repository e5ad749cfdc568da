/* SPDX-License-Identifier: Apache-2.0 */
/* Command line options, and the configuration they begin with. */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include "core/config.h"

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2
};

struct option {
    const char *name;   /* "--config" */
    const char **value; /* NULL: a flag */
    bool *flag;
};

/* "--name value" and "--name=value"; other words go to `words` (at most `capacity`).  False with a
 * message on stderr for an unknown option, a missing value or too many words. */
bool options_parse(int count, char **arguments, const struct option *options, size_t option_count,
                   const char **words, size_t capacity, size_t *word_count) MUST_USE;

/* Takes an option that may have many values, "--name a b --name=c", out of the words: each use goes
 * on to the next word that begins with "--".  Values are appended to `values`; false with a message
 * when there is none behind the name, or more than capacity. */
bool options_take_list(int *count, char **arguments, const char *name, const char **values,
                       size_t capacity, size_t *value_count) MUST_USE;

/* File (option, else TRADERD_CONFIG), environment, then --data and --listen (NULL: not given).
 * NULL with messages on stderr when anything in it is wrong. */
struct config *options_config(const char *file, const char *data, const char *listen) MUST_USE;

/* One as a line "traderd: field:line:column: message (hint)" on stderr, and all of a list. */
void options_print_diag(const struct diag *d);
void options_print_diags(const struct diag_list *diags, enum err e);

#endif
