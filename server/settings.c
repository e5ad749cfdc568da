/* SPDX-License-Identifier: Apache-2.0 */
/* The same checks for `traderd serve` and `traderd config check`, so that one means the other. */
#include "server/settings.h"

#include <string.h>

#include "core/limits.h"

static enum err check_address(const struct config *c, struct diag_list *diags,
                              struct listen_address *address)
{
    const char *certificate = config_text(c, CONFIG_tls_cert);
    const char *key = config_text(c, CONFIG_tls_key);
    struct diag *d;
    enum err e = listen_parse(config_text(c, CONFIG_listen), diags, address);

    if (e)
        return e;
    if (!*certificate != !*key) {
        diag_add(diags, *certificate ? "tls_key" : "tls_cert", "required",
                 "tls_cert and tls_key must be given together");
        return ERR_INVALID;
    }
    if (!address->is_loopback && !*certificate && !config_bool(c, CONFIG_insecure_bind)) {
        d = diag_add(diags, "listen", "insecure_bind",
                     "'%s' is reachable from other machines and there is no TLS",
                     config_text(c, CONFIG_listen));
        diag_hint(d, "set tls_cert and tls_key, or insecure_bind behind a proxy, or listen on "
                     "127.0.0.1");
        return ERR_INVALID;
    }
    return ERR_OK;
}

/* Real orders: nothing about where they go may be left to chance. */
static enum err check_mode(const struct config *c, struct diag_list *diags)
{
    bool has_venue = config_enum(c, CONFIG_venue) != 0;
    struct diag *d;

    if (has_venue && config_list_count(c, CONFIG_candles) > 0) {
        d = diag_add(diags, "candles", "invalid", "venue '%s' gives the candles; files do not",
                     config_text(c, CONFIG_venue));
        diag_hint(d, "leave candles away, or set venue to none");
        return ERR_INVALID;
    }
    if (has_venue && config_enum(c, CONFIG_pace) == 0 &&
        strcmp(config_source(c, CONFIG_pace), "default") != 0) {
        d = diag_add(diags, "pace", "invalid", "a venue cannot be replayed");
        diag_hint(d, "set pace to realtime, or leave it away");
        return ERR_INVALID;
    }
    if (config_enum(c, CONFIG_mode) == 0)
        return ERR_OK;
    if (has_venue)
        return ERR_OK;
    d = diag_add(diags, "venue", "required", "mode 'live' (from %s) needs a venue",
                 config_source(c, CONFIG_mode));
    diag_hint(d, "set venue to binance or binance_usdm, or mode to paper");
    return ERR_INVALID;
}

static enum err check_account(const struct config *c, struct diag_list *diags)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const char *label = config_text(c, CONFIG_account_label);
    size_t length = strlen(label);

    if (length == 0 || length > LIMIT_NAME - 12 || strspn(label, allowed) != length) {
        diag_add(diags, "account_label", "invalid",
                 "'%s' is not 1 to %d letters, digits, dots, dashes and underscores", label,
                 LIMIT_NAME - 12);
        return ERR_INVALID;
    }
    return ERR_OK;
}

/* An item without a sign would be looked up by nobody, and so silently change nothing. */
static enum err check_steps(const struct config *c, enum config_key key, const char *name,
                            struct diag_list *diags)
{
    for (size_t i = 0; i < config_list_count(c, key); i++) {
        const char *item = config_list_item(c, key, i), *equals = strchr(item, '=');
        struct diag *d;

        if (equals && equals > item && equals[1])
            continue;
        d = diag_add(diags, name, "invalid", "'%s' does not give a symbol its value", item);
        diag_hint(d, "write SYMBOL=NUMBER, for example BTC/USDT=0.01");
        return ERR_INVALID;
    }
    return ERR_OK;
}

enum err settings_check(const struct config *c, struct diag_list *diags,
                        struct listen_address *address)
{
    enum err first = check_mode(c, diags), next;

    next = check_address(c, diags, address);
    first = first ? first : next;
    next = check_account(c, diags);
    first = first ? first : next;
    next = check_steps(c, CONFIG_tick_sizes, "tick_sizes", diags);
    first = first ? first : next;
    next = check_steps(c, CONFIG_lot_sizes, "lot_sizes", diags);
    first = first ? first : next;
    next = check_steps(c, CONFIG_min_notionals, "min_notionals", diags);
    return first ? first : next;
}
