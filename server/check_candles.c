/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the checks on candle files and prints their report. */
#include "server/check_candles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "engine/strategy_check.h"
#include "server/options.h"
#include "server/past.h"

enum {
    REPORT_BYTES = 8 * 1024 * 1024
};

/* A whole number of an option; false with a message. */
static bool read_number(const char *name, const char *text, uint64_t most, uint64_t *out)
{
    char *end;

    if (!text)
        return true;
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || *out > most) {
        fprintf(stderr, "traderd: %s is a whole number up to %llu, not '%s'\n", name,
                (unsigned long long)most, text);
        return false;
    }
    return true;
}

static void print_report(const struct check_report *r, bool is_json)
{
    struct jwriter w;
    struct text t;

    text_init(&t, REPORT_BYTES);
    if (is_json) {
        jwriter_init(&w, JSTYLE_COMPACT, &t);
        check_report_write(&w, r);
        text_char(&t, '\n');
    } else {
        check_report_print(&t, r);
    }
    ASSERT(!t.full);
    fwrite(t.data, 1, t.length, stdout);
    text_release(&t);
}

static enum err run(const struct past *p, uint64_t seed, uint64_t samples, struct diag_list *diags,
                    struct check_report *r)
{
    const struct check_options options = {
        .strategy = p->strategy,
        .feed = &p->feed,
        /* A candle that ends in the future has not closed, whatever the file says. */
        .until_us = clock_wall_us(),
        .instruments = p->instruments,
        .instrument_count = p->instrument_count,
        .ext = p->ext,
        .samples = (int64_t)samples,
        .seed = seed,
        .terms = trial_terms_default(),
    };

    return strategy_check_run(&options, diags, r);
}

int check_candles(const struct check_candles *c)
{
    const struct past_files files = {.strategy = c->strategy,
                                     .stop_loss_required = true,
                                     .candles = c->candles,
                                     .candle_count = c->candle_count,
                                     .ext = c->ext,
                                     .ext_count = c->ext_count};
    uint64_t seed = 1, samples = CHECK_SAMPLES_DEFAULT;
    struct diag_list *diags;
    struct check_report *r;
    struct past past = {0};
    int status = EXIT_USAGE;
    enum err e;

    if (!read_number("--seed", c->seed, INT64_MAX, &seed) ||
        !read_number("--samples", c->samples, CHECK_SAMPLES_MAX, &samples))
        return EXIT_USAGE;
    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_AUTO, 2);
    diags = xcalloc(1, sizeof *diags);
    r = xcalloc(1, sizeof *r);
    e = past_open(&files, diags, &past);
    if (!e)
        e = run(&past, seed, samples, diags, r);
    if (e) {
        options_print_diags(diags, e);
    } else {
        print_report(r, c->is_json);
        status = r->verdict == CHECK_FAIL ? EXIT_FAILED : EXIT_DONE;
    }
    check_report_release(r);
    past_close(&past);
    free(r);
    free(diags);
    return status;
}
