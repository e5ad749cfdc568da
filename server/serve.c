/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd serve`: runs the daemon until a signal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build_info.h"
#include "core/clock.h"
#include "core/log.h"
#include "server/app.h"
#include "server/lifecycle.h"
#include "server/options.h"
#include "server/subcommands.h"

static void configure_log(const struct config *c)
{
    static const enum log_format formats[] = {LOG_FORMAT_AUTO, LOG_FORMAT_JSON, LOG_FORMAT_TEXT};

    log_configure((enum log_level)config_enum(c, CONFIG_log_level),
                  formats[config_enum(c, CONFIG_log_format)], 2);
}

/* What the user can mend by changing the input is status 2, everything else 1. */
static int status_of(enum err e)
{
    return err_status(e) == 422 || err_status(e) == 400 ? EXIT_USAGE : EXIT_FAILED;
}

/* Until a signal (true), or until another daemon has taken the account over. */
static bool run(struct app *a)
{
    int number = 0;

    while (!number) {
        number = lifecycle_wait(US_PER_S);
        if (!number && !app_tend(a)) {
            LOG_ERROR("stopping", "reason", "another daemon has taken the account over", NULL);
            return false;
        }
    }
    LOG_INFO("stopping", "signal", LOG_NUMBER(number), NULL);
    lifecycle_arm_second();
    return true;
}

/* Serves; whoever loses the account stands by from then on. */
static enum err serve(const struct config *c, struct diag_list *diags)
{
    bool ended = false;
    enum err e = ERR_OK;

    while (!e && !ended) {
        struct app *a = NULL;

        e = app_open(c, diags, &a);
        if (e)
            break;
        app_greet(a);
        ended = run(a);
        app_close(a);
    }
    return e == ERR_SHUTTING_DOWN ? ERR_OK : e;
}

int subcommand_serve(int count, char **arguments)
{
    const char *file = NULL, *data = NULL, *listen = NULL;
    const struct option options[] = {
        {"--config", &file, NULL}, {"--data", &data, NULL}, {"--listen", &listen, NULL}};
    struct diag_list *diags;
    struct config *c;
    size_t words;
    enum err e;

    if (!options_parse(count, arguments, options, COUNT_OF(options), NULL, 0, &words))
        return EXIT_USAGE;
    c = options_config(file, data, listen);
    if (!c)
        return EXIT_USAGE;
    configure_log(c);
    lifecycle_init();
    LOG_INFO("starting", "version", TRADERD_VERSION, "revision", TRADERD_REVISION, NULL);
    diags = xcalloc(1, sizeof *diags);
    e = serve(c, diags);
    if (e) {
        LOG_ERROR("start_failed", "error", err_code(e), NULL);
        options_print_diags(diags, e);
    } else {
        LOG_INFO("stopped", NULL);
    }
    free(diags);
    config_free(c);
    return e ? status_of(e) : EXIT_DONE;
}
