/* SPDX-License-Identifier: Apache-2.0 */
/* Opens strategy and candle files, or a venue, and joins them to a feed and a port for orders. */
#include "server/market.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/text.h"
#include "exchange/candle_cache.h"

struct ratio market_bps(struct ratio bps)
{
    return (struct ratio){bps.e12 / 10000};
}

static struct risk_limits risk_limits(const struct config *c)
{
    struct ratio reserve = market_bps(config_ratio(c, CONFIG_slippage_bps));
    struct ratio tolerance = market_bps(config_ratio(c, CONFIG_slippage_tolerance_bps));

    if (ratio_add(reserve, tolerance, &reserve))
        reserve = tolerance;
    return (struct risk_limits){
        .min_confidence = config_ratio(c, CONFIG_min_confidence),
        .max_position_ratio = config_ratio(c, CONFIG_max_position_ratio),
        .max_exposure_ratio = config_ratio(c, CONFIG_max_exposure_ratio),
        .max_drawdown = config_ratio(c, CONFIG_max_drawdown),
        .max_order_notional = config_money(c, CONFIG_max_order_notional),
        .max_open_positions = config_integer(c, CONFIG_max_open_positions),
        .fee_rate = config_ratio(c, CONFIG_fee_rate),
        .cash_reserve = reserve,
        .stop_loss_required = true,
    };
}

struct trial_terms market_terms(const struct config *c)
{
    return (struct trial_terms){
        .starting_equity = config_money(c, CONFIG_starting_equity),
        .fee_rate = config_ratio(c, CONFIG_fee_rate),
        .fee_in = (enum fee_in)config_enum(c, CONFIG_fee_in),
        .slippage = market_bps(config_ratio(c, CONFIG_slippage_bps)),
        .slippage_tolerance = market_bps(config_ratio(c, CONFIG_slippage_tolerance_bps)),
        .volume_cap = config_ratio(c, CONFIG_volume_cap),
        .intrabar = (enum intrabar)config_enum(c, CONFIG_intrabar),
        .limit_fill = (enum limit_fill)config_enum(c, CONFIG_limit_fill),
        .limits = risk_limits(c),
    };
}

static enum err read_strategy(const char *path, struct diag_list *diags, struct strategy **out)
{
    struct text file;
    enum err e;

    text_init(&file, LIMIT_JSON_BYTES);
    e = text_read_file(&file, path);
    if (e)
        diag_add(diags, "strategy", "file", "cannot read '%s': %s", path,
                 e == ERR_LIMIT ? "the file is too large" : strerror(errno));
    else
        e = strategy_parse(file.data, file.length, true, diags, out);
    if (e && file.length > 0)
        diag_add(diags, "strategy", "file", "'%s' is not an artifact that can be traded", path);
    text_release(&file);
    return e;
}

enum err market_split_item(const char *item, const struct strategy *strategy,
                           struct diag_list *diags, char symbol[LIMIT_SYMBOL], const char **path)
{
    const char *equals = strchr(item, '=');
    const char *slash = strchr(item, '/');
    struct diag *d;

    /* A '=' belongs to the symbol unless only the file's path has one: "BTC/USDT=f" or "/a=b". */
    if (equals && (item[0] != '/' && item[0] != '.') &&
        (!slash || slash > equals || strchr(slash + 1, '/') == NULL ||
         strchr(slash + 1, '/') > equals)) {
        size_t length = (size_t)(equals - item);
        if (length < LIMIT_SYMBOL) {
            memcpy(symbol, item, length);
            symbol[length] = 0;
            *path = equals + 1;
            return ERR_OK;
        }
    }
    *path = item;
    if (candle_cache_symbol(item, symbol) || symbol_of_file(item, symbol))
        return ERR_OK;
    if (strategy && strategy_symbol_count(strategy) == 1) {
        copy_text(symbol, LIMIT_SYMBOL, strategy_symbol(strategy, 0));
        return ERR_OK;
    }
    d = diag_add(diags, "candles", "symbol_unknown", "the name of '%s' does not tell its symbol",
                 item);
    diag_hint(d, "write SYMBOL=FILE, for example BTC/USDT=file.csv");
    return ERR_INVALID;
}

static struct price decimals_step(int scale)
{
    return price_from_scaled(1, scale);
}

static enum err bad_step(struct diag_list *diags, const char *key, const char *symbol,
                         const char *value)
{
    diag_add(diags, key, "invalid", "'%s' of %s is not a positive decimal", value, symbol);
    return ERR_INVALID;
}

static enum err make_instrument(const struct config *c, const char *symbol,
                                const struct candle_series *series, struct diag_list *diags,
                                struct instrument *out)
{
    struct price tick = decimals_step(series->price_scale);
    struct size lot = size_from_scaled(1, 5);
    struct money minimum = {(i128)10 * INT64_C(1000000000000)};
    const char *value;
    enum err e;

    if (config_list_lookup(c, CONFIG_tick_sizes, symbol, &value) &&
        (price_parse(value, strlen(value), &tick) || tick.e12 <= 0))
        return bad_step(diags, "tick_sizes", symbol, value);
    if (config_list_lookup(c, CONFIG_lot_sizes, symbol, &value) &&
        (size_parse(value, strlen(value), &lot) || lot.e12 <= 0))
        return bad_step(diags, "lot_sizes", symbol, value);
    if (config_list_lookup(c, CONFIG_min_notionals, symbol, &value) &&
        (money_parse(value, strlen(value), &minimum) || minimum.e12 < 0))
        return bad_step(diags, "min_notionals", symbol, value);
    e = instrument_init(out, symbol, tick, lot, minimum);
    if (e) {
        struct diag *d =
            diag_add(diags, "candles", "symbol_invalid", "'%s' is not a symbol", symbol);
        diag_hint(d, "symbols are written BASE/QUOTE, for example BTC/USDT");
        return e;
    }
    if (strcmp(out->quote, config_text(c, CONFIG_quote_currency)) != 0) {
        struct diag *d = diag_add(diags, "candles", "quote_currency",
                                  "%s is not quoted in the account's currency %s", symbol,
                                  config_text(c, CONFIG_quote_currency));
        diag_hint(d, "set quote_currency to %s", out->quote);
        return ERR_INVALID;
    }
    return ERR_OK;
}

static enum err read_candles(const struct config *c, struct diag_list *diags, struct market *m,
                             struct candle_series *series, size_t *read)
{
    size_t count = config_list_count(c, CONFIG_candles);

    for (size_t i = 0; i < count; i++) {
        char symbol[LIMIT_SYMBOL];
        const char *path;
        enum err e = market_split_item(config_list_item(c, CONFIG_candles, i), m->strategy, diags,
                                       symbol, &path);

        if (e)
            return e;
        e = candle_file_read(path, diags, &series[i]);
        if (e)
            return e;
        *read = i + 1;
        e = make_instrument(c, symbol, &series[i], diags, &m->instruments[i]);
        if (e)
            return e;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(m->instruments[k].symbol, symbol) == 0) {
                diag_add(diags, "candles", "symbol_twice", "%s has two candle files", symbol);
                return ERR_INVALID;
            }
        }
        m->instrument_count = i + 1;
        LOG_INFO("candles_read", "symbol", symbol, "file", path, "count",
                 LOG_NUMBER(series[i].count), NULL);
    }
    return ERR_OK;
}

enum err market_open_feed(const struct config *c, struct diag_list *diags, struct market *m)
{
    size_t count = config_list_count(c, CONFIG_candles), read = 0;
    struct candle_series *series;
    enum err e;

    if (count == 0)
        return ERR_OK;
    if (count > LIMIT_SYMBOLS) {
        diag_add(diags, "candles", "limit_exceeded", "more than %d files", LIMIT_SYMBOLS);
        return ERR_LIMIT;
    }
    series = xcalloc(count, sizeof *series);
    m->instruments = xcalloc(count, sizeof *m->instruments);
    e = read_candles(c, diags, m, series, &read);
    if (!e)
        e = recorded_feed_new_take(series, count, m->instruments, diags, &m->recorded);
    if (e)
        for (size_t i = 0; i < read; i++)
            candle_series_release(&series[i]);
    free(series);
    if (e)
        return e;
    m->feed = recorded_feed_port(m->recorded);
    return market_open_beside(c, diags, m);
}

/* The loop's feed has what is beside the candles in it; a backtest joins them itself. */
static void join_feed(struct market *m, enum intrabar intrabar)
{
    const struct feed_join_options o = {.feed = &m->feed,
                                        .beside = m->beside,
                                        .count = m->instrument_count,
                                        .with_detail = intrabar == INTRABAR_DETAIL};

    if (!m->recorded)
        return;
    m->join = feed_join_new(&o);
    m->feed = feed_join_port(m->join);
}

static enum err check_timeframe(const struct market *m, struct diag_list *diags)
{
    int64_t wanted, have;

    if (!m->strategy || !m->recorded)
        return ERR_OK;
    wanted = strategy_timeframe_us(m->strategy);
    have = m->feed.timeframe_us(m->feed.self);
    if (wanted == 0 || wanted == have)
        return ERR_OK;
    diag_add(diags, "candles", "timeframe", "the strategy wants candles of %s, the files have %s",
             timeframe_name(wanted), timeframe_name(have) ? timeframe_name(have) : "another");
    return ERR_INVALID;
}

/* Candles of the venue, and its port where it trades. */
static enum err open_live(const struct config *c, struct diag_list *diags, struct market *m)
{
    const struct instrument *instruments;
    enum err e = live_open(c, m->strategy, diags, &m->live);

    if (e)
        return e;
    instruments = live_instruments(m->live, &m->instrument_count);
    m->instruments = xcalloc(m->instrument_count, sizeof *m->instruments);
    memcpy(m->instruments, instruments, m->instrument_count * sizeof *instruments);
    m->feed = live_feed(m->live);
    return ERR_OK;
}

static void simulate_here(const struct config *c, struct market *m)
{
    const struct simulate_options options = {
        .instruments = m->instruments,
        .instrument_count = m->instrument_count,
        .fee_rate = config_ratio(c, CONFIG_fee_rate),
        .fee_in = (enum fee_in)config_enum(c, CONFIG_fee_in),
        .slippage = market_bps(config_ratio(c, CONFIG_slippage_bps)),
        .volume_cap = config_ratio(c, CONFIG_volume_cap),
        .intrabar = (enum intrabar)config_enum(c, CONFIG_intrabar),
        .limit_fill = (enum limit_fill)config_enum(c, CONFIG_limit_fill),
    };

    join_feed(m, options.intrabar);
    m->simulate = simulate_new(&options);
    m->venue = simulate_venue(m->simulate);
}

enum err market_open(const struct config *c, struct diag_list *diags, struct market *out)
{
    struct market m = {0};
    enum err e = ERR_OK;

    if (*config_text(c, CONFIG_strategy))
        e = read_strategy(config_text(c, CONFIG_strategy), diags, &m.strategy);
    if (!e && config_enum(c, CONFIG_venue) != 0)
        e = open_live(c, diags, &m);
    else if (!e)
        e = market_open_feed(c, diags, &m);
    if (!e)
        e = check_timeframe(&m, diags);
    if (e) {
        market_close(&m);
        return e;
    }
    if (config_enum(c, CONFIG_mode) == 1)
        m.venue = live_venue(m.live);
    else
        simulate_here(c, &m);
    *out = m;
    return ERR_OK;
}

void market_close(struct market *m)
{
    if (m->simulate)
        simulate_free(m->simulate);
    feed_join_free(m->join);
    market_close_beside(m);
    if (m->recorded)
        recorded_feed_free(m->recorded);
    live_close(m->live);
    if (m->strategy)
        strategy_release(m->strategy);
    free(m->instruments);
    *m = (struct market){0};
}
