/* SPDX-License-Identifier: Apache-2.0 */
/* Opens an artifact and the candle files beside it. */
#include "server/past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "server/ext_file.h"
#include "server/market.h"

static enum err open_strategy(const struct past_files *files, struct diag_list *diags,
                              struct past *p)
{
    struct text file;
    enum err e;

    text_init(&file, LIMIT_JSON_BYTES);
    e = text_read_file(&file, files->strategy);
    if (e)
        (void)diag_add(diags, files->strategy, "file", "cannot read the file: %s",
                       e == ERR_LIMIT ? "it is too large" : strerror(errno));
    else
        e = strategy_parse(file.data, file.length, files->stop_loss_required, diags, &p->strategy);
    text_release(&file);
    return e;
}

/* One file; the instrument's steps are those of its prices. */
static enum err read_candles(const char *item, struct diag_list *diags, struct past *p,
                             struct candle_series *series)
{
    struct instrument *i = &p->instruments[p->instrument_count];
    char symbol[LIMIT_SYMBOL];
    const char *path;
    size_t twin;
    enum err e = market_split_item(item, p->strategy, diags, symbol, &path);

    if (e)
        return e;
    if (past_find(p, symbol, &twin)) {
        (void)diag_add(diags, "candles", "symbol_twice", "%s has two candle files", symbol);
        return ERR_INVALID;
    }
    e = candle_file_read(path, diags, series);
    if (e)
        return e;
    e = instrument_init(i, symbol, price_from_scaled(1, series->price_scale),
                        size_from_scaled(1, 5), (struct money){10 * (i128)INT64_C(1000000000000)});
    if (e)
        diag_hint(diag_add(diags, "candles", "symbol_invalid", "'%s' is not a symbol", symbol),
                  "symbols are written BASE/QUOTE, for example BTC/USDT");
    else
        p->instrument_count++;
    return e;
}

static enum err open_candles(const struct past_files *files, struct diag_list *diags,
                             struct past *p)
{
    struct candle_series *series = xcalloc(files->candle_count + 1, sizeof *series);
    enum err e = ERR_OK;

    p->instruments = xcalloc(files->candle_count + 1, sizeof *p->instruments);
    for (size_t i = 0; !e && i < files->candle_count; i++)
        e = read_candles(files->candles[i], diags, p, &series[i]);
    if (!e)
        e = recorded_feed_new_take(series, files->candle_count, p->instruments, diags,
                                   &p->recorded);
    if (e)
        for (size_t i = 0; i < files->candle_count; i++)
            candle_series_release(&series[i]);
    else
        p->feed = recorded_feed_port(p->recorded);
    free(series);
    return e;
}

static enum err check_timeframe(const struct past *p, struct diag_list *diags)
{
    int64_t wanted = strategy_timeframe_us(p->strategy);
    int64_t have = p->feed.timeframe_us(p->feed.self);

    if (wanted == 0 || wanted == have)
        return ERR_OK;
    diag_hint(diag_add(diags, "candles", "timeframe",
                       "the strategy wants candles of %s, the files have %s",
                       timeframe_name(wanted),
                       timeframe_name(have) ? timeframe_name(have) : "other"),
              "give candles of %s", timeframe_name(wanted));
    return ERR_INVALID;
}

enum err past_open(const struct past_files *files, struct diag_list *diags, struct past *out)
{
    struct past p = {0};
    enum err e = open_strategy(files, diags, &p);

    if (!e)
        e = open_candles(files, diags, &p);
    if (!e)
        e = check_timeframe(&p, diags);
    if (!e) {
        p.ext = xcalloc(strategy_ext_count(p.strategy) + 1, sizeof *p.ext);
        p.ext_points = xcalloc(strategy_ext_count(p.strategy) + 1, sizeof *p.ext_points);
    }
    for (size_t i = 0; !e && i < files->ext_count; i++)
        e = ext_file_open(files->ext[i], &p, diags);
    if (e)
        past_close(&p);
    else
        *out = p;
    return e;
}

void past_close(struct past *p)
{
    for (size_t i = 0; p->ext_points && i < strategy_ext_count(p->strategy); i++)
        free(p->ext_points[i]);
    free(p->ext_points);
    free(p->ext);
    recorded_feed_free(p->recorded);
    strategy_release(p->strategy);
    free(p->instruments);
    *p = (struct past){0};
}

bool past_find(const struct past *p, const char *symbol, size_t *index)
{
    for (size_t i = 0; i < p->instrument_count; i++) {
        if (strcmp(p->instruments[i].symbol, symbol) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}
