/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd check`: says of artifacts what they are, or every mistake in them, for people or as
 * JSON. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/jwriter.h"
#include "core/text.h"
#include "engine/strategy_report.h"
#include "server/check_candles.h"
#include "server/options.h"
#include "server/strategy_schema_embedded.h"
#include "server/subcommands.h"

enum {
    CHECK_FILES = 1024,
    EXCERPT_BYTES = 96, /* of an expression, around the mistake */
    EXCERPT_BEFORE = 60,
    EXCERPT_INDENT = 4
};

static bool is_styled(void)
{
    const char *term = getenv("TERM"), *plain = getenv("NO_COLOR");

    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0 && !(plain && *plain);
}

/* The expression, or what stands around the mistake, and a line under it that points there.
 * Columns are bytes; what is no first byte of a character takes no room on a screen. */
static void print_excerpt(const struct diag *d, const char *text)
{
    size_t length = strlen(text), at = (size_t)d->column - 1;
    size_t from = at > EXCERPT_BEFORE ? at - EXCERPT_BEFORE : 0;
    size_t to = from + EXCERPT_BYTES < length ? from + EXCERPT_BYTES : length;
    size_t end = d->length > 1 ? at + (size_t)d->length : at + 1;

    while (from > 0 && ((unsigned char)text[from] & 0xc0) == 0x80)
        from--;
    while (to < length && ((unsigned char)text[to] & 0xc0) == 0x80)
        to++;
    fprintf(stderr, "%*s%s", EXCERPT_INDENT, "", from > 0 ? "..." : "");
    for (size_t i = from; i < to; i++)
        fputc((unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i], stderr);
    fprintf(stderr, "%s\n%*s", to < length ? "..." : "", EXCERPT_INDENT + (from > 0 ? 3 : 0), "");
    for (size_t i = from; i < at && i < to; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            fputc(' ', stderr);
    }
    fputs(is_styled() ? "\x1b[1;31m^" : "^", stderr);
    for (size_t i = at + 1; i < end && i < to; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            fputc('~', stderr);
    }
    fputs(is_styled() ? "\x1b[0m\n" : "\n", stderr);
}

static void print_mistakes(const struct diag_list *diags, enum err e, const struct text *file)
{
    struct text expression;

    for (size_t i = 0; i < diags->count; i++) {
        const struct diag *d = &diags->items[i];

        options_print_diag(d);
        text_init(&expression, LIMIT_JSON_BYTES);
        if (d->column > 0 && d->line == 0 &&
            strategy_field_text(file->data, file->length, d->field, &expression) &&
            (size_t)d->column <= expression.length + 1)
            print_excerpt(d, expression.data);
        text_release(&expression);
    }
    if (diags->dropped > 0)
        fprintf(stderr, "traderd: and %zu more\n", diags->dropped);
    if (diags->count == 0)
        fprintf(stderr, "traderd: %s\n", err_sentence(e));
}

static void print_strategy(const char *path, const struct strategy *s)
{
    const struct diag_list *warnings = strategy_warnings(s);

    for (size_t i = 0; i < warnings->count; i++) {
        const struct diag *d = &warnings->items[i];

        fprintf(stderr, "warning: %s: %s: %s%s%s%s\n", path, d->field, d->message,
                d->hint[0] ? " (" : "", d->hint, d->hint[0] ? ")" : "");
    }
    printf("ok: %s\nid: %s\nfeatures: %zu\nwarm-up: %d candles\n", strategy_name(s), strategy_id(s),
           strategy_feature_count(s), strategy_warmup(s));
}

/* One line a file. */
static void print_json(const char *path, const struct strategy *s, const struct diag_list *diags,
                       const struct text *file)
{
    struct text out;
    struct jwriter w;

    text_init(&out, 8 * LIMIT_JSON_BYTES);
    jwriter_init(&w, JSTYLE_COMPACT, &out);
    jw_object(&w);
    jw_member_text(&w, "file", path);
    strategy_report(&w, s, diags, file->data, file->length);
    jw_object_end(&w);
    ASSERT(jwriter_ok(&w));
    fwrite(out.data, 1, out.length, stdout);
    putchar('\n');
    text_release(&out);
}

static enum err read_artifact(const char *path, struct text *file, struct diag_list *diags)
{
    enum err e = text_read_file(file, strcmp(path, "-") == 0 ? "/dev/stdin" : path);

    if (e)
        diag_add(diags, path, "file", "cannot read the file: %s",
                 e == ERR_LIMIT ? "it is too large" : strerror(errno));
    return e;
}

static bool check_file(const char *path, bool is_json)
{
    struct strategy *s = NULL;
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct text file;
    enum err e;

    text_init(&file, LIMIT_JSON_BYTES);
    e = read_artifact(path, &file, diags);
    if (!e) /* what paper trading asks for: a stop loss */
        e = strategy_parse(file.length > 0 ? file.data : "", file.length, true, diags, &s);
    if (is_json) {
        print_json(path, s, diags, &file);
    } else if (e) {
        print_mistakes(diags, e, &file);
        fprintf(stderr, "traderd: %s: %zu error%s\n", path, diags->count + diags->dropped,
                diags->count + diags->dropped == 1 ? "" : "s");
    } else {
        print_strategy(path, s);
    }
    strategy_release(s);
    text_release(&file);
    free(diags);
    return !e;
}

/* With candles: one artifact, and when it is one, the checks on them. */
static int check_with_candles(const char *path, struct check_candles *checks)
{
    checks->strategy = path;
    if (checks->is_json)
        return check_candles(checks);
    return check_file(path, false) ? check_candles(checks) : EXIT_USAGE;
}

int subcommand_check(int count, char **arguments)
{
    bool is_json = false, is_schema = false, is_good = true;
    struct check_candles checks = {0};
    const struct option options[] = {{"--json", NULL, &is_json},
                                     {"--schema", NULL, &is_schema},
                                     {"--seed", &checks.seed, NULL},
                                     {"--samples", &checks.samples, NULL}};
    const char *paths[CHECK_FILES];
    size_t words;

    if (!options_take_list(&count, arguments, "--candles", checks.candles, COUNT_OF(checks.candles),
                           &checks.candle_count) ||
        !options_take_list(&count, arguments, "--ext", checks.ext, COUNT_OF(checks.ext),
                           &checks.ext_count))
        return EXIT_USAGE;
    if (!options_parse(count, arguments, options, COUNT_OF(options), paths, CHECK_FILES, &words))
        return EXIT_USAGE;
    if ((words == 0) != is_schema || (is_json && is_schema) ||
        (checks.candle_count > 0 && words != 1)) {
        fprintf(stderr, "usage: traderd check [--json] FILE... | --schema     (FILE -: stdin)\n"
                        "       traderd check FILE [--json] --candles [SYMBOL=]FILE... [--seed N]\n"
                        "                     [--samples N] [--ext NAME=FILE.csv...]\n");
        return EXIT_USAGE;
    }
    checks.is_json = is_json;
    if (checks.candle_count > 0)
        return check_with_candles(paths[0], &checks);
    if (is_schema)
        fwrite(embedded_strategy_schema_json, 1, embedded_strategy_schema_json_length, stdout);
    for (size_t i = 0; i < words; i++) {
        if (words > 1 && !is_json)
            printf("file: %s\n", paths[i]);
        is_good = check_file(paths[i], is_json) && is_good;
    }
    return is_good ? EXIT_DONE : EXIT_USAGE;
}
