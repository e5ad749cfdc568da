/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd log import FILE`: gives a database that was restored from an older backup the entries
 * that were published since. */
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
                            "FILE: the log.jsonl of then; the daemon must not run\n";

struct import {
    const char *file;
    const struct config *config;
    char dir[DATA_PATH_MAX];
    char account[LIMIT_NAME];
    struct log_identity log;
    struct database database;
    int lock;
};

/* A key that is made now could not have begun the log. */
static enum err open_identity(struct import *i, struct diag_list *diags)
{
    char path[DATA_PATH_MAX];

    data_dir_file(i->dir, "log.key", path);
    if (access(path, F_OK) != 0) {
        diag_add(diags, path, "not_found", "there is no key in the data directory");
        return ERR_NOT_FOUND;
    }
    return log_identity_open(i->dir, i->account, diags, &i->log);
}

static enum err import_run(struct import *i, struct diag_list *diags)
{
    uint64_t before = 0, after = 0;
    enum err e;

    data_dir_choose(i->config, i->dir);
    database_account(i->config, i->account);
    e = data_dir_open(i->dir, diags);
    if (!e)
        e = data_dir_lock(i->dir, diags, &i->lock);
    if (!e)
        e = open_identity(i, diags);
    if (!e)
        e = database_open(i->config, i->dir, i->account, diags, &i->database);
    if (!e)
        e = store_log_import(i->database.store, &i->log.signer, i->file, &before, &after, diags);
    if (!e)
        printf("%llu entries were there, %llu were imported\n", (unsigned long long)before,
               (unsigned long long)(after - before));
    return e;
}

int subcommand_log(int count, char **arguments)
{
    const char *file = NULL, *data = NULL, *words[2] = {NULL, NULL};
    const struct option options[] = {{"--config", &file, NULL}, {"--data", &data, NULL}};
    struct import i = {.lock = -1};
    struct diag_list *diags;
    struct config *c;
    size_t word_count = 0;
    enum err e;

    if (!options_parse(count, arguments, options, COUNT_OF(options), words, COUNT_OF(words),
                       &word_count))
        return EXIT_USAGE;
    if (word_count != 2 || strcmp(words[0], "import") != 0) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    c = options_config(file, data, NULL);
    if (!c)
        return EXIT_USAGE;
    diags = xcalloc(1, sizeof *diags);
    i.file = words[1];
    i.config = c;
    e = import_run(&i, diags);
    if (e)
        options_print_diags(diags, e);
    database_close(&i.database);
    log_identity_close(&i.log);
    if (i.lock >= 0)
        close(i.lock);
    free(diags);
    config_free(c);
    return e ? EXIT_FAILED : EXIT_DONE;
}
