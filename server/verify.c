/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd verify`: checks a track record from its evidence alone, without a database. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "server/options.h"
#include "server/subcommands.h"
#include "server/verify_run.h"

static const char usage[] =
    "usage: traderd verify PATH|URL --key VKEY [--json] [--statement FILE]\n"
    "                      [--state FILE | --no-state] [--token FILE]\n"
    "                      [--policy FILE] [--fresh SECONDS] [--tsa-ca FILE] [--late SECONDS]\n"
    "                      [--beacon FILE] [--windows FILE]\n"
    "       traderd verify FILE.tlog-proof --key VKEY [--entry FILE] [--json]\n"
    "PATH: a data directory, an evidence archive (.tar) or folder, a trade's proof (JSON)\n"
    "VKEY: the log's key from a source of your own, or a file that holds it\n";

enum {
    FRESH_S = 7200, /* two intervals of anchor_interval_s */
    LATE_S = 86400
};

/* True when none is given. */
static bool read_seconds(const char *word, int64_t *out)
{
    uint64_t n;

    if (!word)
        return true;
    if (!pages_number(word, word + strlen(word) + 1, '\0', &n))
        return false;
    *out = (int64_t)n;
    return true;
}

/* The key itself, or a file of it. */
static bool read_key(struct verify_run *run)
{
    const char *word = run->options->key;
    struct text file;
    bool good;

    text_init(&file, VKEY_BYTES + 1);
    if (!strchr(word, '+') && !text_read_file(&file, word) && file.length > 0) {
        while (file.length > 0 && file.data[file.length - 1] == '\n')
            file.data[--file.length] = '\0';
        word = file.data;
    }
    good = !vkey_parse(word, strlen(word), &run->key) && run->key.type == VKEY_ED25519;
    if (good)
        vkey_print(&run->key, run->key_text);
    else
        fprintf(stderr,
                "traderd: '%s' is neither a verifier key (name+hash+base64) nor a file "
                "that holds one\n",
                run->options->key);
    text_release(&file);
    return good;
}

/* Below the user's state folder, named by the key: one file a log. */
static char *default_state(const struct verify_run *run)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char hex[2 * 16 + 1];
    struct digest digest;
    struct text path;

    if ((!state || state[0] != '/') && (!home || home[0] != '/'))
        return NULL;
    digest_of(run->key_text, strlen(run->key_text), &digest);
    hex_print(digest.bytes, (sizeof hex - 1) / 2, hex);
    text_init(&path, 2 * LIMIT_PATH);
    if (state && state[0] == '/')
        text_format(&path, "%s/traderd/seen/%s.checkpoint", state, hex);
    else
        text_format(&path, "%s/.local/state/traderd/seen/%s.checkpoint", home, hex);
    if (path.full) {
        text_release(&path);
        return NULL;
    }
    return text_take(&path, &(size_t){0});
}

static int judge(struct verify_run *run)
{
    enum err e;

    if (!verify_single(run, &e))
        e = verify_run(run);
    if (e) {
        fprintf(stderr, "traderd: %s: %s\n", run->options->path,
                run->reason[0] ? run->reason : err_sentence(e));
        return EXIT_USAGE;
    }
    if (run->options->is_json)
        verify_print_json(run);
    else
        verify_print_text(run);
    return report_failed(&run->report) ? EXIT_FAILED : EXIT_DONE;
}

int subcommand_verify(int count, char **arguments)
{
    struct verify_options o = {.fresh_s = FRESH_S, .late_s = LATE_S};
    const char *fresh = NULL, *late = NULL;
    bool no_state = false;
    const struct option options[] = {
        {"--key", &o.key, NULL},
        {"--state", &o.state_path, NULL},
        {"--entry", &o.entry_path, NULL},
        {"--statement", &o.statement_path, NULL},
        {"--policy", &o.policy_path, NULL},
        {"--tsa-ca", &o.authorities_path, NULL},
        {"--beacon", &o.beacon_path, NULL},
        {"--windows", &o.windows_path, NULL},
        {"--fresh", &fresh, NULL},
        {"--late", &late, NULL},
        {"--token", &o.token_path, NULL},
        {"--json", NULL, &o.is_json},
        {"--no-state", NULL, &no_state},
    };
    struct verify_run *run = xcalloc(1, sizeof *run);
    char *state = NULL;
    int status = EXIT_USAGE;
    size_t words;

    if (!options_parse(count, arguments, options, COUNT_OF(options), &o.path, 1, &words))
        goto out;
    if (words != 1 || !o.key || !read_seconds(fresh, &o.fresh_s) ||
        !read_seconds(late, &o.late_s) || (no_state && o.state_path)) {
        fputs(usage, stderr);
        goto out;
    }
    run->options = &o;
    if (!read_key(run) || !anchors_open(run) || !windows_open(run))
        goto out;
    if (!o.state_path && !no_state)
        o.state_path = state = default_state(run);
    status = judge(run);
out:
    verify_run_release(run);
    free(run);
    free(state);
    return status;
}
