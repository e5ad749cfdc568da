/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd candles gaps`, `show` and `verify`: what a recording is like. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/jwriter.h"
#include "engine/instrument.h"
#include "exchange/candle_cache.h"
#include "exchange/candle_file.h"
#include "exchange/candle_gaps.h"
#include "server/candles.h"
#include "server/options.h"

enum {
    SHOWN_RANGES = 20, /* of a kind, for people; --json has all */
    SHOWN_CANDLES = 10,
    RANGE_BYTES = 160, /* of JSON, more than one takes */
    REPORT_BYTES = 4096
};

struct survey {
    const char *path;
    struct candle_series series;
    struct candle_gaps gaps;
    struct candle_duplicate *duplicates;
    size_t duplicate_count;
};

/* ---- Gaps ---- */

static double coverage(const struct candle_gaps *g)
{
    return 100.0 * (double)g->count / (double)g->expected;
}

static void print_ranges(const char *title, const struct candle_range *ranges, size_t count)
{
    for (size_t i = 0; i < count && i < SHOWN_RANGES; i++)
        printf("  %s %s to %s: %s\n", title, candles_timed(ranges[i].first_us).text,
               candles_timed(ranges[i].last_us).text, candles_grouped(ranges[i].count).text);
    if (count > SHOWN_RANGES)
        printf("  and %s more; --json has all\n", candles_grouped(count - SHOWN_RANGES).text);
}

static void print_duplicates(const struct survey *s)
{
    size_t differing = 0;

    for (size_t i = 0; i < s->duplicate_count; i++)
        differing += !s->duplicates[i].is_equal;
    printf("duplicates: %s, %s of them with other values\n",
           candles_grouped(s->duplicate_count).text, candles_grouped(differing).text);
    for (size_t i = 0; i < s->duplicate_count && i < SHOWN_RANGES; i++)
        printf("  %s in line %d%s\n", candles_timed(s->duplicates[i].open_us).text,
               s->duplicates[i].line, s->duplicates[i].is_equal ? "" : ", with other values");
    if (s->duplicate_count > SHOWN_RANGES)
        printf("  and %s more; --json has all\n",
               candles_grouped(s->duplicate_count - SHOWN_RANGES).text);
}

static void print_survey(const struct survey *s)
{
    const struct candle_gaps *g = &s->gaps;

    candles_describe(&s->series, stdout);
    printf("\ncoverage: %.4f %% (%s of %s)\n", coverage(g), candles_grouped(g->count).text,
           candles_grouped(g->expected).text);
    printf("missing: %s candles in %s gaps, the longest of %s; %s are filled flat in a replay, "
           "gaps of more than %d reset it\n",
           candles_grouped(g->missing).text, candles_grouped(g->gap_count).text,
           candles_grouped(g->longest_gap).text, candles_grouped(g->filled).text, LIMIT_GAP_FILL);
    print_ranges("missing", g->gaps, g->gap_count);
    print_duplicates(s);
    printf("without volume: %s candles in %s runs, the longest of %s\n",
           candles_grouped(g->quiet_candles).text, candles_grouped(g->quiet_count).text,
           candles_grouped(g->longest_quiet).text);
    print_ranges("quiet", g->quiet, g->quiet_count);
}

static void write_ranges(struct jwriter *w, const char *key, const struct candle_range *ranges,
                         size_t count)
{
    jw_key(w, key);
    jw_array(w);
    for (size_t i = 0; i < count; i++) {
        jw_object(w);
        jw_member_time(w, "first", ranges[i].first_us);
        jw_member_time(w, "last", ranges[i].last_us);
        jw_member_integer(w, "candles", (int64_t)ranges[i].count);
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void write_duplicates(struct jwriter *w, const struct survey *s)
{
    jw_key(w, "duplicates");
    jw_array(w);
    for (size_t i = 0; i < s->duplicate_count; i++) {
        jw_object(w);
        jw_member_time(w, "at", s->duplicates[i].open_us);
        jw_member_integer(w, "line", s->duplicates[i].line);
        jw_member_bool(w, "equal", s->duplicates[i].is_equal);
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void write_survey(struct jwriter *w, const struct survey *s)
{
    const struct candle_gaps *g = &s->gaps;

    jw_object(w);
    jw_member_text(w, "file", s->path);
    jw_member_text(w, "symbol", s->series.symbol[0] ? s->series.symbol : NULL);
    jw_member_text(w, "timeframe", timeframe_name(s->series.timeframe_us));
    jw_member_time(w, "first", g->first_us);
    jw_member_time(w, "last", g->last_us);
    jw_member_integer(w, "candles", (int64_t)g->count);
    jw_member_integer(w, "expected", (int64_t)g->expected);
    jw_member_integer(w, "missing", (int64_t)g->missing);
    jw_member_integer(w, "filled", (int64_t)g->filled);
    jw_member_double(w, "coverage_pct", coverage(g));
    jw_member_digest(w, "digest", &s->series.digest);
    write_ranges(w, "gaps", g->gaps, g->gap_count);
    write_duplicates(w, s);
    write_ranges(w, "zero_volume", g->quiet, g->quiet_count);
    jw_object_end(w);
}

static void print_json(const struct survey *s)
{
    const size_t ranges = s->gaps.gap_count + s->gaps.quiet_count + s->duplicate_count;
    struct jwriter w;
    struct text t;

    text_init(&t, REPORT_BYTES + 2 * LIMIT_PATH * 6 + ranges * RANGE_BYTES);
    jwriter_init(&w, JSTYLE_COMPACT, &t);
    write_survey(&w, s);
    ASSERT(jwriter_ok(&w));
    text_char(&t, '\n');
    (void)fwrite(t.data, 1, t.length, stdout);
    text_release(&t);
}

int candles_gaps(int count, char **arguments)
{
    struct survey s = {0};
    bool is_json = false;
    const struct option options[] = {{"--json", NULL, &is_json}};
    struct diag_list diags = {0};
    size_t words;
    enum err e;

    if (!options_parse(count, arguments, options, COUNT_OF(options), &s.path, 1, &words) ||
        words != 1) {
        fprintf(stderr, "usage: traderd candles gaps FILE [--json]\n");
        return EXIT_USAGE;
    }
    e = candle_file_survey(s.path, &diags, &s.series, &s.duplicates, &s.duplicate_count);
    if (e)
        return candles_refuse(&diags, e);
    if (!s.series.symbol[0] && !symbol_of_file(s.path, s.series.symbol))
        s.series.symbol[0] = '\0';
    candle_gaps_find(&s.series, &s.gaps);
    if (is_json)
        print_json(&s);
    else
        print_survey(&s);
    candle_gaps_release(&s.gaps);
    candle_series_release(&s.series);
    free(s.duplicates);
    return fflush(stdout) ? EXIT_FAILED : EXIT_DONE;
}

/* ---- Show ---- */

static bool read_limit(const char *text, size_t *out)
{
    char *end;
    unsigned long long n;

    *out = SHOWN_CANDLES;
    if (!text)
        return true;
    errno = 0;
    n = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || n < 1 || n > LIMIT_CANDLES) {
        fprintf(stderr, "traderd: --limit is a whole number from 1 to %d, not '%s'\n",
                LIMIT_CANDLES, text);
        return false;
    }
    *out = (size_t)n;
    return true;
}

int candles_show(int count, char **arguments)
{
    const char *path = NULL, *limit_text = NULL;
    bool is_tail = false;
    const struct option options[] = {{"--limit", &limit_text, NULL}, {"--tail", NULL, &is_tail}};
    struct candle_series s = {0};
    struct diag_list diags = {0};
    char digest[DIGEST_HEX];
    size_t words, limit;
    enum err e;

    if (!options_parse(count, arguments, options, COUNT_OF(options), &path, 1, &words) ||
        words != 1) {
        fprintf(stderr, "usage: traderd candles show FILE [--limit N] [--tail]\n");
        return EXIT_USAGE;
    }
    if (!read_limit(limit_text, &limit))
        return EXIT_USAGE;
    e = candles_read(path, &diags, &s);
    if (e)
        return candles_refuse(&diags, e);
    candles_describe(&s, stderr);
    hex_print(s.digest.bytes, sizeof s.digest.bytes, digest);
    fprintf(stderr, "; %d decimals of prices, %d of volumes; digest %s\n", s.price_scale,
            s.size_scale, digest);
    limit = limit < s.count ? limit : s.count;
    e = candles_print(&s, is_tail ? s.count - limit : 0, limit, &diags);
    candle_series_release(&s);
    return e ? candles_refuse(&diags, e) : EXIT_DONE;
}

/* ---- Verify ---- */

static int verify(const char *path)
{
    struct diag_list diags = {0};
    struct candle_cache c = {0};
    char digest[DIGEST_HEX];
    enum err e = candle_cache_open(path, &diags, &c);

    if (!e)
        e = candle_cache_verify(&c, path, true, &diags);
    if (!e) {
        hex_print(c.digest.bytes, sizeof c.digest.bytes, digest);
        printf("ok: %s: %s %s, %s candles, digest %s\n", path, c.symbol,
               timeframe_name(c.timeframe_us), candles_grouped(c.count).text, digest);
    }
    candle_cache_close(&c);
    return e ? candles_refuse(&diags, e) : EXIT_DONE;
}

int candles_verify(int count, char **arguments)
{
    const char **paths = xcalloc(CANDLES_FILES, sizeof *paths);
    size_t words;
    int status = EXIT_DONE;

    if (!options_parse(count, arguments, NULL, 0, paths, CANDLES_FILES, &words) || words == 0) {
        fprintf(stderr, "usage: traderd candles verify FILE.tdc...\n");
        free(paths);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < words; i++) {
        int one = verify(paths[i]);

        status = one ? one : status;
    }
    free(paths);
    return status;
}
