/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a longer timeframe's candle is seen only once it has closed, and then as it closed.
 *
 * An artifact of our own reads the close of longer candles; what it says is compared with the close
 * of the instrument's candle that ended last on the longer timeframe's grid. */
#include <math.h>
#include <string.h>

#include "engine/strategy_check_parts.h"

static const char *const candidates[] = {"3m", "5m", "15m", "30m", "1h", "2h",
                                         "4h", "6h", "8h",  "12h", "1d"};

struct audit {
    struct check_times *times;
    struct ending { /* of the newest candle of a longer timeframe */
        int64_t at_us;
        double close;
    } newest[CHECK_TIMEFRAMES_MAX];
};

static void take_row(void *context, const struct row *row)
{
    struct audit *a = context;
    double close = candle_double(row->candle->close, row->candle->price_scale);

    for (size_t i = 0; i < a->times->longer_count; i++) {
        struct check_timeframe *t = &a->times->longer[i];
        struct ending *e = &a->newest[i];
        double seen = strategy_run_feature(row->run, i);

        if (row->candle->flags & CANDLE_AFTER_GAP)
            e->at_us = TIME_NONE;
        if (row->at_us % t->timeframe_us == 0)
            *e = (struct ending){row->at_us, close};
        if (isnan(seen))
            continue;
        t->compared++;
        /* Known before any ended, or another close than the last one's. */
        t->differences += e->at_us == TIME_NONE || seen != e->close;
    }
}

/* The shortest longer timeframes, and the day. */
static void choose_timeframes(int64_t timeframe_us, struct check_times *out)
{
    out->longer_count = 0;
    for (size_t i = 0; i < COUNT_OF(candidates); i++) {
        int64_t us;

        if (timeframe_parse(candidates[i], &us) || us <= timeframe_us || us % timeframe_us != 0)
            continue;
        if (out->longer_count + 1 < CHECK_TIMEFRAMES_MAX || us == US_PER_DAY)
            out->longer[out->longer_count++] = (struct check_timeframe){.timeframe_us = us};
    }
}

static enum err make_artifact(const struct check_times *t, int64_t timeframe_us,
                              struct strategy **out)
{
    struct text json;
    enum err e;

    text_init(&json, 4096);
    text_format(&json, "{\"name\":\"audit\",\"timeframe\":\"%s\",\"features\":{",
                timeframe_name(timeframe_us));
    for (size_t i = 0; i < t->longer_count; i++)
        text_format(&json, "%s\"f%zu\":\"close @ %s\"", i > 0 ? "," : "", i,
                    timeframe_name(t->longer[i].timeframe_us));
    text_string(&json, "},\"entry\":{\"condition\":\"close > 0\"}}");
    e = strategy_parse(json.data, json.length, false, NULL, out);
    text_release(&json);
    return e;
}

enum err check_times_longer(const struct check_material *m, size_t instrument,
                            struct check_times *out)
{
    const struct check_options *o = &m->options;
    const struct feed *f = &m->feed;
    const int64_t timeframe_us = m->timeframe_us;
    struct audit audit = {.times = out};
    struct strategy *strategy = NULL;
    struct rows_options ro = {
        .instruments = o->instruments,
        .instrument_count = o->instrument_count,
        .only_symbol = o->instruments[instrument].symbol,
        .from_us = m->from_us,
        .take = take_row,
        .context = &audit,
    };
    struct rows *rows;
    enum err e;

    if (!timeframe_name(timeframe_us))
        return ERR_OK; /* a length that no artifact can name: nothing to look at */
    choose_timeframes(timeframe_us, out);
    if (out->longer_count == 0)
        return ERR_OK;
    for (size_t i = 0; i < COUNT_OF(audit.newest); i++)
        audit.newest[i].at_us = TIME_NONE;
    e = make_artifact(out, timeframe_us, &strategy);
    if (e)
        return e;
    ro.strategy = strategy;
    rows = rows_new(&ro);
    e = f->history(f->self, INT64_MAX, 0, 0, rows_push, rows);
    rows_end(rows);
    rows_free(rows);
    strategy_release(strategy);
    return e;
}
