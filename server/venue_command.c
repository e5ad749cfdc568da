/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd venue check`: is the venue reachable, is the key right, what does it trade. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "exchange/binance_parse.h"
#include "server/options.h"
#include "server/subcommands.h"
#include "server/venue_open.h"

#define ANSWER_US (30 * US_PER_S)

static enum err ask(struct venue_link *l, const struct binance_request *r, struct diag_list *diags,
                    struct transport_answer *a)
{
    struct binance_verdict v;
    enum err e = binance_client_call(l->client, r, ANSWER_US, a, &v);

    if (e || v.error == VENUE_ERROR_NONE)
        return e;
    (void)diag_add(diags, binance_client_url(l->client), venue_error_name(v.error), "%s", v.reason);
    transport_answer_release(a);
    return ERR_IO;
}

static void print_instruments(const struct venue_link *l)
{
    for (size_t i = 0; i < l->exchange.count; i++) {
        const struct binance_instrument *b = &l->exchange.items[i];
        char tick[AMOUNT_TEXT_MAX], lot[AMOUNT_TEXT_MAX], least[AMOUNT_TEXT_MAX];

        (void)price_print(b->instrument.tick, tick);
        (void)size_print(b->instrument.lot, lot);
        (void)money_print(b->instrument.min_notional, least);
        printf("%-9s %s: tick %s, lot %s, smallest value %s, %s\n", i ? "" : "symbols",
               b->instrument.symbol, tick, lot, least,
               b->is_trading ? "trading" : "not trading now");
    }
}

/* Also asks for the time: it is what the account's question was stamped with. */
static enum err print_account(struct venue_link *l, struct diag_list *diags)
{
    int64_t venue_us = 0, error_us = 0, now_us = clock_monotonic_us();
    struct binance_account account;
    struct transport_answer a;
    struct binance_request r;
    enum err e;

    binance_ask_account(binance_client_market(l->client), &r);
    e = ask(l, &r, diags, &a);
    if (e)
        return e;
    e = binance_parse_account(binance_client_market(l->client), a.body, a.length, diags, &account);
    transport_answer_release(&a);
    if (e)
        return e;
    now_us = clock_monotonic_us();
    if (binance_client_time(l->client, now_us, &venue_us, &error_us) == ERR_OK)
        printf("time      the venue's clock is %lld ms ahead of ours, known within %lld ms\n",
               (long long)((venue_us - clock_wall_us()) / US_PER_MS),
               (long long)(error_us / US_PER_MS + 1));
    printf("account   %s\n", account.can_trade ? "may trade" : "may NOT trade");
    for (size_t i = 0; i < account.count; i++) {
        char free_text[AMOUNT_TEXT_MAX], locked[AMOUNT_TEXT_MAX];

        (void)size_print(account.balances[i].free, free_text);
        (void)size_print(account.balances[i].locked, locked);
        printf("%-9s %s: %s free, %s locked\n", i ? "" : "balances", account.balances[i].asset,
               free_text, locked);
    }
    free(account.balances);
    return ERR_OK;
}

static enum err print_orders(struct venue_link *l, struct diag_list *diags)
{
    const enum binance_market m = binance_client_market(l->client);
    size_t count = 0;

    for (int algo = 0; algo <= (m == BINANCE_USDM); algo++) {
        struct binance_orders orders;
        struct transport_answer a;
        struct binance_request r;
        enum err e;

        binance_ask_open_orders(m, NULL, algo, &r);
        e = ask(l, &r, diags, &a);
        if (e)
            return e;
        e = binance_parse_orders(a.body, a.length, diags, &orders);
        transport_answer_release(&a);
        if (e)
            return e;
        count += orders.count;
        binance_orders_release(&orders);
    }
    printf("orders    %zu open\n", count);
    return ERR_OK;
}

static int check(const struct config *c)
{
    struct diag_list diags = {0};
    struct venue_link l = {0};
    enum err e;

    if (!venue_is_configured(c)) {
        fputs("traderd: no venue is configured (write \"venue\": \"binance\")\n", stderr);
        return EXIT_USAGE;
    }
    e = venue_link_open(c, &diags, &l);
    if (!e) {
        printf("venue     %s at %s\n", config_text(c, CONFIG_venue), binance_client_url(l.client));
        print_instruments(&l);
        e = print_account(&l, &diags);
    }
    if (!e)
        e = print_orders(&l, &diags);
    venue_link_close(&l);
    if (!e)
        return EXIT_DONE;
    (void)fflush(stdout);
    options_print_diags(&diags, e);
    return e == ERR_IO ? EXIT_FAILED : EXIT_USAGE;
}

int subcommand_venue(int count, char **arguments)
{
    const char *word = NULL, *file = NULL;
    const struct option options[] = {{"--config", &file, NULL}};
    struct config *c;
    size_t words;
    int status;

    if (!options_parse(count, arguments, options, COUNT_OF(options), &word, 1, &words))
        return EXIT_USAGE;
    if (words != 1 || strcmp(word, "check") != 0) {
        fputs("usage: traderd venue check [--config FILE]\n", stderr);
        return EXIT_USAGE;
    }
    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_AUTO, 2);
    c = options_config(file, NULL, NULL);
    if (!c)
        return EXIT_USAGE;
    status = check(c);
    config_free(c);
    return status;
}
