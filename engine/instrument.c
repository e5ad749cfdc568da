/* SPDX-License-Identifier: Apache-2.0 */
/* Unified symbols: splitting them, and guessing one from a recording's file name; bounds. */
#include "engine/instrument.h"

#include <stdio.h>
#include <string.h>

enum {
    TOKENS = 16
};

struct token {
    const char *text;
    size_t length;
};

static bool is_asset_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Reads one [A-Z0-9]{1,15} part; returns where it ends, NULL when it is none. */
static const char *read_asset(const char *text, char out[LIMIT_ASSET])
{
    size_t n = 0;

    while (is_asset_char(text[n])) {
        if (n + 1 >= LIMIT_ASSET)
            return NULL;
        out[n] = text[n];
        n++;
    }
    out[n] = '\0';
    return n > 0 ? text + n : NULL;
}

enum err instrument_init(struct instrument *out, const char *symbol, struct price tick,
                         struct size lot, struct money min_notional)
{
    struct instrument made = {.tick = tick, .lot = lot, .min_notional = min_notional};
    char settlement[LIMIT_ASSET];
    const char *at;

    if (price_sign(tick) <= 0 || size_sign(lot) <= 0 || money_sign(min_notional) < 0)
        return ERR_INVALID;
    at = read_asset(symbol, made.base);
    if (!at || *at != '/')
        return ERR_INVALID;
    at = read_asset(at + 1, made.quote);
    if (!at)
        return ERR_INVALID;
    made.is_spot = *at == '\0';
    if (!made.is_spot) {
        if (*at != ':')
            return ERR_INVALID;
        at = read_asset(at + 1, settlement);
        if (!at || *at != '\0')
            return ERR_INVALID;
    }
    if (!copy_text(made.symbol, sizeof made.symbol, symbol))
        return ERR_INVALID;
    made.price_scale = price_scale_of(tick);
    made.size_scale = size_scale_of(lot);
    made.money_scale = 8;
    *out = made;
    return ERR_OK;
}

/* The length of the quote currency that ends the token, 0 for none.  Longer names stand before
 * the shorter ones they end with. */
static size_t quote_length(const char *text, size_t length)
{
    static const char *const quotes[] = {"FDUSD", "USDT", "USDC", "BUSD", "USD",
                                         "EUR",   "BTC",  "ETH",  "BNB"};

    for (size_t i = 0; i < COUNT_OF(quotes); i++) {
        size_t n = strlen(quotes[i]);

        if (length >= n && memcmp(text + length - n, quotes[i], n) == 0)
            return n;
    }
    return 0;
}

/* Upper-case words between '-', '_', '.' and blanks. */
static size_t split_tokens(const char *name, struct token tokens[TOKENS])
{
    size_t count = 0;

    while (*name && count < TOKENS) {
        size_t n = strcspn(name, "-_. ");

        tokens[count++] = (struct token){name, n};
        name += n;
        if (*name)
            name++;
    }
    return count;
}

static bool is_upper_token(const struct token *t)
{
    bool has_letter = false;

    for (size_t i = 0; i < t->length; i++) {
        if (!is_asset_char(t->text[i]))
            return false;
        if (t->text[i] >= 'A')
            has_letter = true;
    }
    return has_letter;
}

static bool join_symbol(const char *base, size_t base_length, const char *quote, size_t quote_size,
                        char symbol[LIMIT_SYMBOL])
{
    if (base_length == 0 || base_length >= LIMIT_ASSET)
        return false;
    (void)snprintf(symbol, LIMIT_SYMBOL, "%.*s/%.*s", (int)base_length, base, (int)quote_size,
                   quote);
    return true;
}

bool symbol_of_file(const char *path, char symbol[LIMIT_SYMBOL])
{
    struct token tokens[TOKENS];
    const char *slash = strrchr(path, '/');
    size_t count = split_tokens(slash ? slash + 1 : path, tokens);

    for (size_t i = 0; i < count; i++) {
        const struct token *t = &tokens[i];
        const struct token *next = i + 1 < count ? &tokens[i + 1] : NULL;
        size_t n;

        if (!is_upper_token(t))
            continue;
        /* "BTC_USDT": a word and then a quote that is a word of its own. */
        if (next && next->length > 0 && quote_length(next->text, next->length) == next->length &&
            join_symbol(t->text, t->length, next->text, next->length, symbol))
            return true;
        n = quote_length(t->text, t->length);
        if (n > 0 && join_symbol(t->text, t->length - n, t->text + t->length - n, n, symbol))
            return true;
    }
    return false;
}

bool instrument_has_rules_of(const struct instrument *i, const struct instrument *other)
{
    return price_cmp(i->tick, other->tick) == 0 && size_cmp(i->lot, other->lot) == 0 &&
           money_cmp(i->min_notional, other->min_notional) == 0 &&
           size_cmp(i->size_min, other->size_min) == 0 &&
           size_cmp(i->market_max, other->market_max) == 0 &&
           size_cmp(i->limit_max, other->limit_max) == 0 && i->orders_max == other->orders_max &&
           i->stops_max == other->stops_max && ratio_cmp(i->buy_up, other->buy_up) == 0 &&
           ratio_cmp(i->buy_down, other->buy_down) == 0 &&
           ratio_cmp(i->sell_up, other->sell_up) == 0 &&
           ratio_cmp(i->sell_down, other->sell_down) == 0;
}

void instrument_take_rules(struct instrument *i, const struct instrument *other)
{
    struct instrument was = *i;

    *i = *other;
    memcpy(i->symbol, was.symbol, sizeof i->symbol);
    if (i->price_scale < was.price_scale)
        i->price_scale = was.price_scale;
    if (i->size_scale < was.size_scale)
        i->size_scale = was.size_scale;
}

struct size instrument_least(const struct instrument *i)
{
    return size_max(i->size_min, i->lot);
}

struct size instrument_most(const struct instrument *i, bool is_limit, struct size size)
{
    const struct size most = is_limit ? i->limit_max : i->market_max;
    struct size whole;

    if (size_sign(most) <= 0 || size_cmp(size, most) <= 0)
        return size;
    return size_to_step(most, i->lot, ROUND_DOWN, &whole) ? most : whole;
}

bool instrument_takes_size(const struct instrument *i, bool is_limit, struct size size)
{
    return size.e12 % i->lot.e12 == 0 && size_cmp(instrument_most(i, is_limit, size), size) == 0;
}

/* limit <= market * bound, or >= it; a bound of 0 is none. */
static bool is_within(struct price limit, struct price market, struct ratio bound, bool is_upper)
{
    struct price edge;

    if (ratio_sign(bound) <= 0)
        return true;
    if (price_times(market, bound, is_upper ? ROUND_DOWN : ROUND_UP, &edge))
        return is_upper; /* no price comes near it */
    return is_upper ? price_cmp(limit, edge) <= 0 : price_cmp(limit, edge) >= 0;
}

bool instrument_takes_price(const struct instrument *i, bool is_buy, struct price limit,
                            struct price market)
{
    return is_within(limit, market, is_buy ? i->buy_up : i->sell_up, true) &&
           is_within(limit, market, is_buy ? i->buy_down : i->sell_down, false);
}

enum fee_kind instrument_fee_kind(const struct instrument *i, const char *currency)
{
    if (!currency[0] || strcmp(currency, i->quote) == 0)
        return FEE_QUOTE;
    return i->is_spot && strcmp(currency, i->base) == 0 ? FEE_BASE : FEE_OTHER;
}
