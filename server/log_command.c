/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd log import FILE` gives a database that was restored from an older backup the entries
 * that were published since; `traderd log rotate-key` makes the key that takes over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/data_dir.h"
#include "server/database.h"
#include "server/log_identity.h"
#include "server/options.h"
#include "server/subcommands.h"

static const char usage[] = "usage: traderd log import FILE [--config FILE] [--data DIR]\n"
                            "       traderd log rotate-key [--config FILE] [--data DIR]\n"
                            "import: FILE is the log.jsonl of then.\n"
                            "rotate-key: another key signs from the next start on.\n"
                            "The daemon must not run.\n";

struct log_command {
    const char *file; /* import */
    const struct config *config;
    char dir[DATA_PATH_MAX];
    char account[LIMIT_NAME];
    struct log_identity log;
    struct database database;
    int lock;
};

/* A key that is made now could not have begun the log. */
static enum err open_identity(struct log_command *c, struct diag_list *diags)
{
    enum err e;

    data_dir_choose(c->config, c->dir);
    database_account(c->config, c->account);
    e = data_dir_open(c->dir, diags);
    if (!e)
        e = data_dir_lock(c->dir, diags, &c->lock);
    return e ? e : log_identity_open_existing(c->dir, c->account, diags, &c->log);
}

static enum err import_run(struct log_command *c, struct diag_list *diags)
{
    uint64_t before = 0, after = 0;
    enum err e = open_identity(c, diags);

    if (!e)
        e = database_open(c->config, c->dir, c->account, diags, &c->database);
    if (!e)
        e = store_log_import(c->database.store, &c->log.signer, c->file, &before, &after, diags);
    if (!e)
        printf("%llu entries were there, %llu were imported\n", (unsigned long long)before,
               (unsigned long long)(after - before));
    return e;
}

static enum err rotate_run(struct log_command *c, struct diag_list *diags)
{
    enum err e = open_identity(c, diags);

    if (!e)
        e = log_identity_rotate(&c->log, diags);
    if (!e)
        printf("this key signs now:        %s\n"
               "this one will beside it:   %s\n"
               "It stands in %s, readable by you alone: keep a copy apart.\n"
               "Tell it to witnesses and readers, then start the daemon.\n",
               c->log.vkey, c->log.next_vkey, c->log.next_file);
    return e;
}

static int run(struct log_command *c, enum err (*body)(struct log_command *, struct diag_list *))
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    enum err e = body(c, diags);

    if (e)
        options_print_diags(diags, e);
    database_close(&c->database);
    log_identity_close(&c->log);
    if (c->lock >= 0)
        close(c->lock);
    free(diags);
    return e ? EXIT_FAILED : EXIT_DONE;
}

int subcommand_log(int count, char **arguments)
{
    const char *file = NULL, *data = NULL, *words[2] = {NULL, NULL};
    const struct option options[] = {{"--config", &file, NULL}, {"--data", &data, NULL}};
    struct log_command c = {.lock = -1};
    struct config *config;
    size_t word_count = 0;
    bool is_import, is_rotation;
    int status;

    if (!options_parse(count, arguments, options, COUNT_OF(options), words, COUNT_OF(words),
                       &word_count))
        return EXIT_USAGE;
    is_import = word_count == 2 && strcmp(words[0], "import") == 0;
    is_rotation = word_count == 1 && strcmp(words[0], "rotate-key") == 0;
    if (!is_import && !is_rotation) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    config = options_config(file, data, NULL);
    if (!config)
        return EXIT_USAGE;
    c.file = words[1];
    c.config = config;
    status = run(&c, is_import ? import_run : rotate_run);
    config_free(config);
    return status;
}
