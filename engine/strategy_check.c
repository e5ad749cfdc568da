/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the candles there are, and runs one check after the other over them. */
#include "engine/strategy_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/strategy_check_parts.h"

const char *check_verdict_name(enum check_verdict v)
{
    static const char *const names[] = {"pass", "skipped", "warn", "fail"};

    ASSERT((size_t)v < COUNT_OF(names));
    return names[v];
}

/* Names of what the rules read and nobody tells here. */
static void note_unknown(const struct check_options *o, char out[LIMIT_REASON])
{
    const struct strategy *s = o->strategy;
    struct text t;

    text_init(&t, LIMIT_REASON - 1);
    for (size_t i = 0; i < strategy_other_count(s); i++) {
        size_t k = 0;

        while (k < o->instrument_count &&
               strcmp(o->instruments[k].symbol, strategy_other_symbol(s, i)) != 0)
            k++;
        if (k == o->instrument_count)
            text_format(&t, "%s%s", t.length > 0 ? ", " : "", strategy_other_symbol(s, i));
    }
    for (size_t i = 0; i < strategy_ext_count(s); i++)
        if (!o->ext || o->ext[i].count == 0)
            text_format(&t, "%sext.%s", t.length > 0 ? ", " : "", strategy_ext_name(s, i));
    (void)copy_text(out, LIMIT_REASON, t.length > 0 ? t.data : "");
    text_release(&t);
}

/* As many moments as the budget pays: each costs the candles until it, so half of all, beside seven
 * whole runs. */
static size_t samples_within(const struct check_options *o, const struct check_material *m)
{
    int64_t samples = o->samples > 0 ? o->samples : CHECK_SAMPLES_DEFAULT;
    int64_t candles = m->times->candles;
    int64_t most = INT64_MAX;

    if (o->budget > 0 && candles > 0)
        most = 2 * (o->budget / candles - 7);
    if (samples > most)
        samples = most;
    return samples < 1 ? 1 : (size_t)samples;
}

/* Truncation and warm-up of every symbol, up to the limit. */
static enum err check_rows(struct check_material *m, struct check_report *out)
{
    const struct check_options *o = &m->options;
    struct check_source source = check_strategy_source(m);
    int64_t warmup = strategy_warmup(o->strategy);
    size_t samples = samples_within(o, m), longest = 0;
    enum err e = ERR_OK;

    for (size_t i = 0; i < o->instrument_count; i++)
        if (m->candles[i].count > longest)
            longest = m->candles[i].count;
    check_warmup_begin(&source, warmup, longest, &out->warmup);
    for (size_t i = 0; !e && i < o->instrument_count && out->symbol_count < CHECK_SYMBOLS_MAX;
         i++) {
        struct check_candles *c = &m->candles[i];

        if (c->count == 0)
            continue;
        (void)copy_text(out->symbols[out->symbol_count++], LIMIT_SYMBOL, c->symbol);
        check_draw(c, samples, warmup, o->seed + i);
        e = check_truncation_add(&source, c, &out->truncation);
        if (!e)
            e = check_blocks_add(m, &source, c, &out->truncation);
        if (!e)
            e = check_warmup_add(&source, c, &out->warmup);
        if (!e && out->symbol_count == 1)
            e = check_times_longer(m, i, &out->times);
    }
    check_warmup_end(&out->warmup);
    return e;
}

static enum err check_timeframe(const struct check_options *o, int64_t have_us,
                                struct diag_list *diags)
{
    int64_t wanted_us = strategy_timeframe_us(o->strategy);
    const char *have = timeframe_name(have_us);

    if (wanted_us == 0 || wanted_us == have_us)
        return ERR_OK;
    diag_hint(diag_add(diags, "timeframe", "timeframe",
                       "the strategy wants candles of %s, these have %s", timeframe_name(wanted_us),
                       have ? have : "another length"),
              "give candles of the artifact's timeframe");
    return ERR_INVALID;
}

static enum err no_candles(const struct check_options *o, struct diag_list *diags)
{
    const struct strategy *s = o->strategy;

    diag_hint(diag_add(diags, "symbol", "no_candles",
                       "there are no candles of a symbol that %s trades", strategy_name(s)),
              "%s%s", strategy_symbol_count(s) > 0 ? "give candles of " : "give some candles",
              strategy_symbol_count(s) > 0 ? strategy_symbol(s, 0) : "");
    return ERR_NOT_FOUND;
}

static void judge_times(struct check_times *t)
{
    int64_t wrong = t->early + t->off_grid + t->unordered + t->future;

    for (size_t i = 0; i < t->longer_count; i++)
        wrong += t->longer[i].differences;
    t->verdict = wrong > 0 ? CHECK_FAIL : CHECK_PASS;
}

static void judge(struct check_report *r)
{
    const enum check_verdict all[] = {r->truncation.verdict, r->warmup.verdict, r->delay.verdict,
                                      r->times.verdict};

    r->verdict = CHECK_PASS;
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (all[i] > r->verdict && all[i] != CHECK_SKIPPED)
            r->verdict = all[i];
}

enum err strategy_check_run(const struct check_options *options, struct diag_list *diags,
                            struct check_report *out)
{
    struct check_report *r = xcalloc(1, sizeof *r);
    struct check_material m = {0};
    enum err e;

    r->seed = options->seed;
    r->timeframe_us = options->feed->timeframe_us(options->feed->self);
    (void)copy_text(r->name, sizeof r->name, strategy_name(options->strategy));
    (void)copy_text(r->id, sizeof r->id, strategy_id(options->strategy));
    note_unknown(options, r->unknown);
    e = check_timeframe(options, r->timeframe_us, diags);
    if (!e)
        e = check_material_open(options, &r->times, &m);
    if (!e)
        e = check_rows(&m, r);
    if (e == ERR_END || (!e && r->symbol_count == 0))
        e = no_candles(options, diags);
    if (!e) {
        judge_times(&r->times);
        check_delay_run(&m, r);
        judge(r);
    }
    check_material_close(&m);
    if (e)
        check_report_release(r);
    else
        *out = *r;
    free(r);
    return e;
}

void check_report_release(struct check_report *r)
{
    free(r->warmup.rows);
    free(r->claims);
    trial_result_release(&r->trial);
    *r = (struct check_report){0};
}
