/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd config` and `traderd migrate`: look at settings and the schema without a daemon. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/text.h"
#include "server/data_dir.h"
#include "server/database.h"
#include "server/market.h"
#include "server/options.h"
#include "server/settings.h"
#include "server/subcommands.h"
#include "server/tls_files.h"

/* All that `traderd serve` would refuse before it touches the data directory. */
static enum err check_config(const struct config *c)
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct listen_address address;
    struct market market = {0};
    struct tls_files tls = {0};
    enum err e = settings_check(c, diags, &address);

    log_configure(LOG_LEVEL_WARN, LOG_FORMAT_AUTO, 2);
    if (!e)
        e = market_open(c, diags, &market);
    if (!e)
        e = tls_files_read(c, diags, &tls);
    tls_files_release(&tls);
    market_close(&market);
    if (e)
        options_print_diags(diags, e);
    free(diags);
    return e;
}

int subcommand_config(int count, char **arguments)
{
    const char *word = NULL, *file = NULL, *data = NULL, *listen = NULL;
    const struct option options[] = {
        {"--config", &file, NULL}, {"--data", &data, NULL}, {"--listen", &listen, NULL}};
    struct config *c = NULL;
    struct text out;
    size_t words;
    bool is_schema, is_show, is_check, good;

    if (!options_parse(count, arguments, options, COUNT_OF(options), &word, 1, &words))
        return EXIT_USAGE;
    is_schema = words == 1 && strcmp(word, "schema") == 0;
    is_show = words == 1 && strcmp(word, "show") == 0;
    is_check = words == 1 && strcmp(word, "check") == 0;
    if (!is_schema && !is_show && !is_check) {
        fprintf(stderr, "usage: traderd config check|show|schema [--config FILE]\n");
        return EXIT_USAGE;
    }
    if (!is_schema) {
        c = options_config(file, data, listen);
        if (!c)
            return EXIT_USAGE;
    }
    text_init(&out, LIMIT_JSON_BYTES);
    if (is_schema)
        config_print_schema(&out);
    if (is_show)
        config_print(c, &out);
    if (is_check && !check_config(c))
        text_string(&out, "ok");
    good = out.length > 0;
    if (good)
        fwrite(out.data, 1, out.length, stdout);
    if (good && out.data[out.length - 1] != '\n')
        putchar('\n');
    text_release(&out);
    if (c)
        config_free(c);
    return good ? EXIT_DONE : EXIT_USAGE;
}

int subcommand_migrate(int count, char **arguments)
{
    const char *file = NULL, *data = NULL;
    bool status = false;
    const struct option options[] = {
        {"--config", &file, NULL}, {"--data", &data, NULL}, {"--status", NULL, &status}};
    char dir[DATA_PATH_MAX], url[2048];
    struct private_pg *cluster = NULL;
    struct diag_list *diags;
    struct config *c;
    struct text report;
    size_t words;
    int lock = -1;
    enum err e = ERR_OK;

    if (!options_parse(count, arguments, options, COUNT_OF(options), NULL, 0, &words))
        return EXIT_USAGE;
    c = options_config(file, data, NULL);
    if (!c)
        return EXIT_USAGE;
    diags = xcalloc(1, sizeof *diags);
    text_init(&report, LIMIT_JSON_BYTES);
    data_dir_choose(c, dir);
    /* A private cluster is ours to start only while no daemon has it. */
    if (!*config_text(c, CONFIG_database_url)) {
        e = data_dir_open(dir, diags);
        if (!e)
            e = data_dir_lock(dir, diags, &lock);
    }
    if (!e)
        e = database_url(c, dir, diags, &cluster, url, sizeof url);
    if (!e)
        e = store_migrate(url, status, &report, diags);
    if (report.length > 0)
        fwrite(report.data, 1, report.length, stdout);
    if (e)
        options_print_diags(diags, e);
    if (cluster)
        private_pg_stop(cluster);
    text_release(&report);
    free(diags);
    config_free(c);
    return e ? EXIT_FAILED : EXIT_DONE;
}
