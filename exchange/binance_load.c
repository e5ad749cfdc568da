/* SPDX-License-Identifier: Apache-2.0 */
/* Asks a venue for its instruments, in as many parts as it takes. */
#include <string.h>

#include "core/clock.h"
#include "exchange/binance_client.h"
#include "exchange/binance_parse.h"

/* Asks for one part of the symbols. */
static enum err load_part(struct binance_client *c, const char *const *symbols, size_t count,
                          struct diag_list *diags, struct binance_exchange *out)
{
    struct transport_answer a;
    struct binance_request r;
    struct binance_verdict v;
    enum err e;

    binance_ask_instruments(binance_client_market(c), symbols, count, &r);
    e = binance_client_call(c, &r, BINANCE_PATIENCE_US, &a, &v);
    if (e) {
        (void)diag_add(diags, binance_client_url(c), "venue_busy",
                       "too many requests wait for the venue");
        return e;
    }
    if (v.error != VENUE_ERROR_NONE) {
        (void)diag_add(diags, binance_client_url(c), venue_error_name(v.error), "%s", v.reason);
        e = v.error == VENUE_ERROR_MARKET ? ERR_NOT_FOUND : ERR_IO;
    } else {
        e = binance_parse_exchange(binance_client_market(c), a.body, a.length, diags, out);
    }
    transport_answer_release(&a);
    return e;
}

static void append(struct binance_exchange *all, struct binance_exchange *part)
{
    all->items = xrealloc(all->items, (all->count + part->count + 1) * sizeof *all->items);
    if (part->count > 0)
        memcpy(all->items + all->count, part->items, part->count * sizeof *part->items);
    all->count += part->count;
    all->skipped += part->skipped;
    binance_exchange_release(part);
}

enum err binance_client_load(struct binance_client *c, const char *const *symbols, size_t count,
                             struct diag_list *diags, struct binance_exchange *out)
{
    /* USD-M answers with all symbols whatever is asked. */
    const size_t step =
        binance_client_market(c) == BINANCE_SPOT ? BINANCE_INFO_SYMBOLS : LIMIT_SYMBOLS;
    struct binance_exchange all = {0};
    size_t at = 0;
    enum err e = ERR_OK;

    do {
        char names[BINANCE_INFO_SYMBOLS][BINANCE_SYMBOL];
        const char *list[BINANCE_INFO_SYMBOLS];
        struct binance_exchange part;
        size_t n = 0;

        for (; !e && binance_client_market(c) == BINANCE_SPOT && at + n < count && n < step; n++) {
            e = binance_symbol(binance_client_market(c), symbols[at + n], names[n]);
            list[n] = names[n];
        }
        if (e) {
            (void)diag_add(diags, "symbol", "symbol_invalid", "'%s' is no symbol of this market",
                           symbols[at + n - 1]);
            break;
        }
        e = load_part(c, list, n, diags, &part);
        if (e)
            break;
        if (at == 0) {
            binance_client_limits(c, &part);
            all = part;
        } else {
            append(&all, &part);
        }
        at += step;
    } while (at < count);
    if (e)
        binance_exchange_release(&all);
    else
        *out = all;
    return e;
}
