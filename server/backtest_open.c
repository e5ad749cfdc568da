/* SPDX-License-Identifier: Apache-2.0 */
/* Opens what a backtest needs: configuration, artifacts, candles, terms, range and windows. */
#include "server/backtest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "server/options.h"

/* Lists of the configuration are texts with commas between their items. */
static enum err set_list(struct config *c, const char *key, const char *const *items, size_t count,
                         struct diag_list *diags)
{
    struct text t;
    enum err e = ERR_OK;

    if (count == 0)
        return ERR_OK;
    text_init(&t, LIMIT_JSON_BYTES);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_char(&t, ',');
        text_string(&t, items[i]);
    }
    e = t.full ? ERR_LIMIT : config_set(c, key, t.data, "option", diags);
    text_release(&t);
    return e;
}

static enum err set_all(struct config *c, const struct backtest_words *w, struct diag_list *diags)
{
    const struct {
        const char *key, *value;
    } table[] = {
        {"fee_rate", w->fee},
        {"fee_in", w->fee_in},
        {"slippage_bps", w->slippage},
        {"slippage_tolerance_bps", w->tolerance},
        {"volume_cap", w->volume_cap},
        /* Finer candles are given to be played. */
        {"intrabar", w->intrabar           ? w->intrabar
                     : w->detail_count > 0 ? "detail"
                                           : NULL},
        {"limit_fill", w->limit_fill},
        {"starting_equity", w->starting_equity},
        {"min_confidence", w->min_confidence},
        {"max_drawdown", w->max_drawdown},
        {"max_open_positions", w->max_open_positions},
    };
    enum err e = ERR_OK, next;

    for (size_t i = 0; i < COUNT_OF(table); i++) {
        next =
            table[i].value ? config_set(c, table[i].key, table[i].value, "option", diags) : ERR_OK;
        e = e ? e : next;
    }
    next = set_list(c, "candles", w->candles, w->candle_count, diags);
    e = e ? e : next;
    next = set_list(c, "funding", w->fundings, w->funding_count, diags);
    e = e ? e : next;
    next = set_list(c, "detail", w->details, w->detail_count, diags);
    e = e ? e : next;
    next = set_list(c, "tick_sizes", w->ticks, w->tick_count, diags);
    e = e ? e : next;
    next = set_list(c, "lot_sizes", w->lots, w->lot_count, diags);
    e = e ? e : next;
    next = set_list(c, "min_notionals", w->minima, w->minimum_count, diags);
    return e ? e : next;
}

/* ---- Artifacts ---- */

/* *has_stop: it could trade in paper, where a stop loss is demanded. */
static enum err read_strategy(const char *path, struct diag_list *diags, struct strategy **out,
                              bool *has_stop)
{
    struct text file;
    enum err e;

    text_init(&file, LIMIT_JSON_BYTES);
    e = text_read_file(&file, strcmp(path, "-") == 0 ? "/dev/stdin" : path);
    if (e) {
        (void)diag_add(diags, path, "file", "cannot read the file: %s",
                       e == ERR_LIMIT ? "it is too large" : strerror(errno));
    } else {
        const char *json = file.length > 0 ? file.data : "";

        *has_stop = strategy_parse(json, file.length, true, NULL, out) == ERR_OK;
        if (!*has_stop)
            e = strategy_parse(json, file.length, false, diags, out);
        if (e)
            (void)diag_add(diags, path, "file", "it is not an artifact that can be traded");
    }
    text_release(&file);
    return e;
}

static enum err open_strategies(const struct backtest_words *w, struct diag_list *diags,
                                struct backtest_market *m)
{
    const char *configured = config_text(m->config, CONFIG_strategy);
    const char *const *paths = w->strategy_count > 0 ? w->strategies : &configured;
    size_t count = w->strategy_count > 0 ? w->strategy_count : *configured != 0;
    struct backtest_options *o = &m->options;
    bool has_stop;

    o->terms.limits.stop_loss_required = true;
    for (size_t i = 0; i < count; i++) {
        enum err e = read_strategy(paths[i], diags, &m->strategies[i], &has_stop);

        if (e)
            return e;
        o->terms.limits.stop_loss_required &= has_stop;
        o->strategy_count = i + 1;
    }
    if (count > 0)
        return ERR_OK;
    diag_hint(diag_add(diags, "strategy", "required", "there is nothing to test"),
              "give --strategy FILE, or a --config that names one");
    return ERR_INVALID;
}

/* ---- Candles ---- */

/* The account's currency is that of the candles, unless somebody said another one. */
static enum err choose_quote(struct backtest_market *m, struct diag_list *diags)
{
    char symbol[LIMIT_SYMBOL], quote[LIMIT_SYMBOL];
    const char *path, *slash;

    if (strcmp(config_source(m->config, CONFIG_quote_currency), "default") != 0 ||
        config_list_count(m->config, CONFIG_candles) == 0 ||
        market_split_item(config_list_item(m->config, CONFIG_candles, 0), m->strategies[0], NULL,
                          symbol, &path))
        return ERR_OK; /* what is wrong is told when the candles are read */
    slash = strchr(symbol, '/');
    if (!slash)
        return ERR_OK;
    copy_text(quote, sizeof quote, slash + 1);
    quote[strcspn(quote, ":")] = '\0';
    return config_set(m->config, "quote_currency", quote, "candles", diags);
}

static enum err open_candles(struct backtest_market *m, struct diag_list *diags)
{
    struct backtest_options *o = &m->options;
    enum err e = choose_quote(m, diags);

    if (e)
        return e;
    m->market.strategy = strategy_acquire(m->strategies[0]);
    e = market_open_feed(m->config, diags, &m->market);
    if (!e && !m->market.recorded) {
        diag_hint(diag_add(diags, "candles", "required", "there are no candles to test on"),
                  "give --candles [SYMBOL=]FILE, or a --config that names some");
        e = ERR_INVALID;
    }
    if (e)
        return e;
    o->feed = &m->market.feed;
    o->instruments = m->market.instruments;
    o->instrument_count = m->market.instrument_count;
    o->beside = m->market.beside;
    return ERR_OK;
}

/* ---- Range and windows ---- */

/* A day, RFC 3339, or Unix milliseconds. */
static enum err read_time(const char *option, const char *text, struct diag_list *diags,
                          int64_t *out)
{
    char day[16 + 12];
    int64_t us;

    if (!text)
        return ERR_OK;
    if (strlen(text) == 10 && text[4] == '-') {
        copy_text(day, sizeof day, text);
        memcpy(day + 10, "T00:00:00Z", sizeof "T00:00:00Z");
        text = day;
    }
    if (time_parse(text, strlen(text), &us) || us <= 0) {
        diag_hint(diag_add(diags, option, "invalid", "'%s' is not a time", text),
                  "write 2021-10-01, 2021-10-01T12:00:00Z, or Unix milliseconds");
        return ERR_INVALID;
    }
    *out = us;
    return ERR_OK;
}

static enum err read_windows(const struct backtest_words *w, struct diag_list *diags,
                             struct backtest_options *o)
{
    char *end = NULL;

    if (w->windows) {
        unsigned long n = strtoul(w->windows, &end, 10);

        if (w->windows[0] < '1' || w->windows[0] > '9' || *end || n > BACKTEST_WINDOWS) {
            (void)diag_add(diags, "--windows", "invalid", "'%s' is not a number from 1 to %d",
                           w->windows, BACKTEST_WINDOWS);
            return ERR_INVALID;
        }
        o->windows = n;
    }
    if (!w->train)
        return ERR_OK;
    if (ratio_parse(w->train, strlen(w->train), &o->split) || ratio_sign(o->split) <= 0 ||
        o->split.e12 >= INT64_C(1000000000000) || w->windows) {
        diag_hint(diag_add(diags, "--train", "invalid", "'%s' is not a part of the time", w->train),
                  "write 0.7 for 70 %% training, without --windows");
        return ERR_INVALID;
    }
    return ERR_OK;
}

enum err backtest_open(const struct backtest_words *w, struct diag_list *diags,
                       struct backtest_market *m)
{
    struct backtest_options *o = &m->options;
    bool stop_loss_required;
    enum err e;

    *m = (struct backtest_market){0};
    m->config = options_config(w->config, NULL, NULL);
    if (!m->config)
        return ERR_INVALID;
    e = set_all(m->config, w, diags);
    if (!e)
        e = open_strategies(w, diags, m);
    if (!e)
        e = open_candles(m, diags);
    if (!e)
        e = read_time("--from", w->from, diags, &o->from_us);
    if (!e)
        e = read_time("--to", w->to, diags, &o->to_us);
    if (!e)
        e = read_windows(w, diags, o);
    if (e)
        return e;
    stop_loss_required = o->terms.limits.stop_loss_required;
    o->terms = market_terms(m->config);
    o->terms.limits.stop_loss_required = stop_loss_required;
    o->strategies = (const struct strategy *const *)m->strategies;
    return ERR_OK;
}

void backtest_close(struct backtest_market *m)
{
    for (size_t i = 0; i < m->options.strategy_count; i++)
        strategy_release(m->strategies[i]);
    market_close(&m->market);
    if (m->config)
        config_free(m->config);
    *m = (struct backtest_market){0};
}
