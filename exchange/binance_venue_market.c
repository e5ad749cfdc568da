/* SPDX-License-Identifier: Apache-2.0 */
/* What the venue trades and by which filters: asked for every hour, and when it refuses an order
 * for them; what has changed is told.
 *
 * A refused entry is told only after the answer, so that whoever makes it anew has the filters of
 * now; that takes seconds at most.  Whatever makes things safer is told at once. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "exchange/binance_venue_parts.h"

#define AGAIN_US (60 * US_PER_S)  /* while a symbol is not traded, and after a failure */
#define SPACING_US (5 * US_PER_S) /* between two that refusals ask for */
#define TIMEOUT_US (15 * US_PER_S)
#define HURRY_TIMEOUT_US (5 * US_PER_S) /* somebody waits for it */

static const char not_traded[] = "the venue does not trade it now";
static const char not_listed[] = "the venue does not list it any more";

static void tell(struct binance_venue *v, size_t k, const char *reason)
{
    struct binance_instrument *i = &v->instruments[k];
    struct venue_event *e = venue_push(v, VENUE_MARKET);

    e->market = i->is_trading ? VENUE_MARKET_TRADING : VENUE_MARKET_HALTED;
    e->rules = &i->instrument;
    (void)copy_text(e->symbol, sizeof e->symbol, i->instrument.symbol);
    (void)copy_text(e->reason, sizeof e->reason, i->is_trading ? "" : reason);
}

static bool is_traded_whole(const struct binance_venue *v)
{
    for (size_t k = 0; k < v->instrument_count; k++) {
        if (!v->instruments[k].is_trading && !v->filters.gone[k])
            return false;
    }
    return true;
}

void venue_market_begin(struct binance_venue *v, int64_t every_us)
{
    v->filters = (struct filter_watch){.every_us = every_us,
                                       .at_us = INT64_MAX,
                                       .gone = xcalloc(v->instrument_count + 1, sizeof(bool))};
    if (every_us == 0)
        return;
    for (size_t k = 0; k < v->instrument_count; k++) {
        if (!v->instruments[k].is_trading)
            tell(v, k, not_traded);
    }
    v->filters.at_us = clock_monotonic_us() + (is_traded_whole(v) ? every_us : AGAIN_US);
}

void venue_market_release(struct binance_venue *v)
{
    free(v->filters.gone);
    free(v->filters.held);
}

void venue_market_hurry(struct binance_venue *v)
{
    struct filter_watch *f = &v->filters;
    const int64_t now_us = clock_monotonic_us();
    const int64_t spacing_us = f->every_us < SPACING_US ? f->every_us : SPACING_US;
    int64_t at_us = f->asked_us ? f->asked_us + spacing_us : now_us;

    if (f->every_us == 0 || f->is_busy)
        return;
    at_us = at_us > now_us ? at_us : now_us;
    f->at_us = at_us < f->at_us ? at_us : f->at_us;
}

bool venue_market_hold(struct binance_venue *v, const struct venue_event *e)
{
    struct filter_watch *f = &v->filters;

    if (f->every_us == 0)
        return false;
    venue_market_hurry(v);
    if (f->held_count == f->held_room) {
        f->held_room = f->held_room ? 2 * f->held_room : 4;
        f->held = xrealloc(f->held, f->held_room * sizeof *f->held);
    }
    f->held[f->held_count++] = *e;
    return true;
}

/* It is over: what was held back follows what was learned. */
static void end(struct binance_venue *v, struct job *j, bool is_good)
{
    struct filter_watch *f = &v->filters;
    const bool is_calm = is_good && is_traded_whole(v);

    venue_job_end(v, j);
    f->is_busy = false;
    f->at_us = clock_monotonic_us() + (is_calm || f->every_us < AGAIN_US ? f->every_us : AGAIN_US);
    for (size_t i = 0; i < f->held_count; i++) {
        struct venue_event *e = venue_push(v, f->held[i].kind);
        const int64_t now_us = e->at_us;

        *e = f->held[i];
        e->at_us = now_us;
    }
    f->held_count = 0;
}

/* Asks for the next symbols that are left; false when there are none. */
static bool ask(struct binance_venue *v, struct job *j, enum err *error)
{
    struct filter_watch *f = &v->filters;
    const char *names[BINANCE_INFO_SYMBOLS];
    struct binance_request r;
    size_t n = 0;

    *error = ERR_OK;
    for (f->next = f->first; f->next < v->instrument_count && n < f->step; f->next++) {
        if (!f->gone[f->next])
            names[n++] = v->instruments[f->next].symbol;
    }
    if (n == 0)
        return false;
    f->asked = n;
    binance_ask_instruments(v->market, names, v->market == BINANCE_SPOT ? n : 0, &r);
    *error = venue_job_send(v, j, &r, INT64_MAX, f->held_count ? HURRY_TIMEOUT_US : TIMEOUT_US);
    return true;
}

static void go_on(struct binance_venue *v, struct job *j)
{
    enum err e;

    if (!ask(v, j, &e) || e)
        end(v, j, e == ERR_OK);
}

void venue_market_poll(struct binance_venue *v, int64_t now_us)
{
    struct filter_watch *f = &v->filters;
    struct job *j;

    if (f->is_busy || f->at_us > now_us)
        return;
    if (venue_job_new(v, JOB_MARKET, STEP_ACT, 0, &j) != ERR_OK) {
        f->at_us = now_us + SPACING_US;
        return;
    }
    f->is_busy = true;
    f->asked_us = now_us;
    f->first = 0;
    f->step = v->market == BINANCE_SPOT ? BINANCE_INFO_SYMBOLS : v->instrument_count;
    f->step = f->step < BINANCE_INFO_SYMBOLS ? f->step : BINANCE_INFO_SYMBOLS;
    go_on(v, j);
}

static void lose(struct binance_venue *v, size_t k)
{
    v->filters.gone[k] = true;
    LOG_ERROR("symbol_gone", "symbol", v->instruments[k].instrument.symbol, NULL);
    v->instruments[k].is_trading = false;
    tell(v, k, not_listed);
}

static void compare(struct binance_venue *v, size_t k, const struct binance_exchange *x)
{
    struct binance_instrument *mine = &v->instruments[k];
    const struct binance_instrument *fresh = NULL;
    bool is_other;

    for (size_t i = 0; i < x->count && !fresh; i++)
        fresh = strcmp(x->items[i].symbol, mine->symbol) == 0 ? &x->items[i] : NULL;
    if (!fresh) {
        lose(v, k);
        return;
    }
    is_other = fresh->is_trading != mine->is_trading ||
               !instrument_has_rules_of(&mine->instrument, &fresh->instrument);
    *mine = *fresh;
    if (is_other)
        tell(v, k, not_traded);
}

void venue_market_answer(struct binance_venue *v, struct job *j, const struct transport_answer *a,
                         const struct binance_verdict *verdict)
{
    struct filter_watch *f = &v->filters;
    struct binance_exchange x;

    /* One of the symbols is not known any more: which, one by one tells. */
    if (verdict->error == VENUE_ERROR_MARKET && v->market == BINANCE_SPOT) {
        if (f->asked > 1) {
            f->step = 1;
        } else {
            for (size_t k = f->first; k < f->next; k++) {
                if (!f->gone[k])
                    lose(v, k);
            }
            f->first = f->next;
        }
        go_on(v, j);
        return;
    }
    if (verdict->error != VENUE_ERROR_NONE ||
        binance_parse_exchange(v->market, a->body, a->length, NULL, &x) != ERR_OK) {
        LOG_WARN("filters_not_read", "reason", verdict->reason, NULL);
        end(v, j, false);
        return;
    }
    binance_client_limits(v->client, &x);
    /* USD-M tells of all symbols at once. */
    if (v->market != BINANCE_SPOT)
        f->next = v->instrument_count;
    for (size_t k = f->first; k < f->next; k++) {
        if (!f->gone[k])
            compare(v, k, &x);
    }
    binance_exchange_release(&x);
    f->first = f->next;
    go_on(v, j);
}
