/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the configured venue. */
#include "server/venue_open.h"

#include <stdlib.h>
#include <string.h>

#include "server/secret_file.h"

/* Words of the key `venue`, in the table's order. */
enum {
    VENUE_NONE,
    VENUE_BINANCE,
    VENUE_BINANCE_USDM
};

bool venue_is_configured(const struct config *c)
{
    return config_enum(c, CONFIG_venue) != VENUE_NONE;
}

static const char *or_none(const char *text)
{
    return text[0] ? text : NULL;
}

static enum err open_client(const struct config *c, struct diag_list *diags, struct venue_link *l)
{
    char key[SECRET_BYTES], secret[SECRET_BYTES];
    struct binance_settings s = {
        .market = config_enum(c, CONFIG_venue) == VENUE_BINANCE ? BINANCE_SPOT : BINANCE_USDM,
        .environment = config_text(c, CONFIG_venue_environment),
        .url = config_text(c, CONFIG_venue_url),
        .key = key,
        .secret = secret,
        .window_ms = config_integer(c, CONFIG_venue_window_ms),
    };
    enum err e = secret_read(config_text(c, CONFIG_venue_key_file), "BINANCE_API_KEY",
                             "venue_key_file", diags, key);

    if (!e)
        e = secret_read(config_text(c, CONFIG_venue_secret_file), "BINANCE_API_SECRET",
                        "venue_secret_file", diags, secret);
    if (!e)
        e = binance_client_new(&s, l->transport, diags, &l->client);
    explicit_bzero(key, sizeof key);
    explicit_bzero(secret, sizeof secret);
    return e;
}

/* Each symbol that was asked for must have come. */
static enum err check_symbols(const struct config *c, const struct venue_link *l,
                              struct diag_list *diags)
{
    for (size_t i = 0; i < config_list_count(c, CONFIG_venue_symbols); i++) {
        const char *symbol = config_list_item(c, CONFIG_venue_symbols, i);
        bool is_there = false;

        for (size_t k = 0; k < l->exchange.count; k++)
            is_there |= strcmp(l->exchange.items[k].instrument.symbol, symbol) == 0;
        if (is_there)
            continue;
        diag_hint(diag_add(diags, "venue_symbols", "symbol_unknown", "the venue has no symbol '%s'",
                           symbol),
                  "spot is written BTC/USDT, a perpetual BTC/USDT:USDT");
        return ERR_NOT_FOUND;
    }
    return ERR_OK;
}

static enum err load(const struct config *c, struct diag_list *diags, struct venue_link *l)
{
    const size_t count = config_list_count(c, CONFIG_venue_symbols);
    const char **symbols = xcalloc(count + 1, sizeof *symbols);
    enum err e;

    if (count == 0) {
        diag_hint(diag_add(diags, "venue_symbols", "symbols_missing", "no symbol is configured"),
                  "\"venue_symbols\": [\"BTC/USDT\"]");
        free(symbols);
        return ERR_INVALID;
    }
    for (size_t i = 0; i < count; i++)
        symbols[i] = config_list_item(c, CONFIG_venue_symbols, i);
    e = binance_client_load(l->client, symbols, count, diags, &l->exchange);
    free(symbols);
    return e ? e : check_symbols(c, l, diags);
}

enum err venue_link_open(const struct config *c, struct diag_list *diags, struct venue_link *out)
{
    const struct transport_settings net = {
        .proxy = or_none(config_text(c, CONFIG_venue_proxy)),
        .ca_file = or_none(config_text(c, CONFIG_venue_ca_file)),
    };
    struct venue_link l = {0};
    enum err e;

    ASSERT(venue_is_configured(c));
    e = transport_new(&net, &l.transport);
    e = e ? e : open_client(c, diags, &l);
    e = e ? e : load(c, diags, &l);
    if (e)
        venue_link_close(&l);
    else
        *out = l;
    return e;
}

void venue_link_close(struct venue_link *l)
{
    transport_free(l->transport);
    binance_client_free(l->client);
    binance_exchange_release(&l->exchange);
    *l = (struct venue_link){0};
}
