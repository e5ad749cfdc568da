/* SPDX-License-Identifier: Apache-2.0 */
/* A venue port on a sandbox venue in this process. */
#include "tests/support/venue_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/support/check.h"

enum {
    WINDOW_MS = 5000,
    WAIT_S = 60
};

/* Flat, one step down; where the market moves, up before that. */
static int64_t price_of(const struct venue_world *w, int i)
{
    if (!w->moves)
        return i < VENUE_NOW + 5 ? 4000000 : 3900000;
    return i < VENUE_NOW + 10 ? 4000000 : i < VENUE_NOW + 25 ? 4050000 : 3900000;
}

static void make_candles(struct venue_world *w)
{
    const int64_t step_us = w->moves ? US_PER_S : 60 * US_PER_S, now_us = clock_wall_us();
    /* The sandbox need not move them in time: the candle that is now is now. */
    const int64_t first_us = now_us - now_us % step_us - VENUE_NOW * step_us;

    for (int i = 0; i < VENUE_CANDLES; i++) {
        const int64_t price = price_of(w, i);

        w->candles[i] = (struct candle){.open_us = first_us + i * step_us,
                                        .open = price,
                                        .high = price,
                                        .low = price,
                                        .close = price,
                                        .volume = 1000,
                                        .price_scale = 2};
    }
}

static void start_sandbox(struct venue_world *w)
{
    const struct box_series series = {.symbol = "BTC/USDT",
                                      .candles = w->candles,
                                      .count = VENUE_CANDLES,
                                      .timeframe_us = w->moves ? US_PER_S : 60 * US_PER_S,
                                      .price_scale = 2};
    struct serve_options o = {.box = {.series = &series,
                                      .series_count = 1,
                                      .key = "sandbox",
                                      .secret = "sandbox",
                                      .spot_quote = {INT64_C(100000000000000000)},
                                      .spot_base = {INT64_C(10000000000000)},
                                      .margin = {INT64_C(100000000000000000)},
                                      .spot_fee = {INT64_C(1000000000)},
                                      .maker_fee = {INT64_C(200000000)},
                                      .taker_fee = {INT64_C(500000000)},
                                      .start_us = clock_wall_us(),
                                      .speed_milli = w->moves ? 1000 : 0,
                                      .weight_limit = -1,
                                      .seed = 1}};

    assert_ok(listen_parse("127.0.0.1:0", NULL, &o.address));
    assert_ok(serve_new(&o, NULL, &w->sandbox));
    (void)snprintf(w->url, sizeof w->url, "http://127.0.0.1:%d", serve_port(w->sandbox));
}

static void open_port(struct venue_world *w, int64_t filters_every_us)
{
    struct binance_venue_options o = {.client = w->client,
                                      .window_us = WINDOW_MS * US_PER_MS,
                                      .filters_every_us = filters_every_us};
    struct binance_exchange x;

    assert_ok(binance_client_load(w->client, &w->symbol, 1, NULL, &x));
    assert_int_equal(x.count, 1);
    assert_string_equal(x.items[0].instrument.symbol, w->symbol);
    o.instruments = x.items;
    o.instrument_count = x.count;
    w->own = binance_venue_new(&o);
    w->instrument = x.items[0].instrument;
    binance_exchange_release(&x);
    w->port = binance_venue_port(w->own);
}

void venue_watch_filters(struct venue_world *w, int64_t every_us)
{
    binance_venue_free(w->own);
    open_port(w, every_us);
}

static void connect_all(struct venue_world *w)
{
    const struct binance_settings s = {.market = w->market,
                                       .environment = "testnet",
                                       .url = w->url,
                                       .key = "sandbox",
                                       .secret = "sandbox",
                                       .window_ms = WINDOW_MS};

    assert_ok(transport_new(&(struct transport_settings){0}, &w->transport));
    assert_ok(binance_client_new(&s, w->transport, NULL, &w->client));
    open_port(w, 0);
}

static void disconnect_all(struct venue_world *w)
{
    transport_free(w->transport);
    binance_venue_free(w->own);
    binance_client_free(w->client);
}

void venue_restart(struct venue_world *w)
{
    disconnect_all(w);
    connect_all(w);
}

static int begin(void **state, enum binance_market m, const char *symbol, bool moves)
{
    struct venue_world *w = xcalloc(1, sizeof *w);

    w->market = m;
    w->symbol = symbol;
    w->moves = moves;
    make_candles(w);
    start_sandbox(w);
    connect_all(w);
    *state = w;
    return 0;
}

int venue_world_spot(void **state)
{
    return begin(state, BINANCE_SPOT, "BTC/USDT", false);
}

int venue_world_usdm(void **state)
{
    return begin(state, BINANCE_USDM, "BTC/USDT:USDT", false);
}

int venue_world_moving(void **state)
{
    return begin(state, BINANCE_SPOT, "BTC/USDT", true);
}

int venue_world_end(void **state)
{
    struct venue_world *w = *state;

    disconnect_all(w);
    serve_free(w->sandbox);
    free(w);
    return 0;
}

struct order venue_order(struct venue_world *w, enum side side, enum order_type type,
                         const char *size, const char *price)
{
    struct order o = {
        .id = ++w->last_id, .side = side, .type = type, .created_us = clock_wall_us()};
    struct price p = PRICE_ZERO;

    (void)copy_text(o.symbol, sizeof o.symbol, w->symbol);
    (void)snprintf(o.client_order_id, sizeof o.client_order_id, "test%028lld", (long long)o.id);
    o.purpose = type == ORDER_STOP_MARKET ? PURPOSE_STOP_LOSS : PURPOSE_ENTRY;
    o.reduce_only = w->market == BINANCE_USDM && type == ORDER_STOP_MARKET;
    o.request_expires_us = o.created_us + WINDOW_MS * US_PER_MS;
    assert_ok(size_parse(size, strlen(size), &o.size));
    if (price)
        assert_ok(price_parse(price, strlen(price), &p));
    *(type == ORDER_STOP_MARKET ? &o.stop_price : &o.limit_price) = p;
    return o;
}

void venue_submit(struct venue_world *w, const struct order *o)
{
    assert_ok(w->port.submit(w->port.self, o, clock_wall_us()));
}

/* Takes in what there is; true when something came. */
static bool collect(struct venue_world *w)
{
    assert_true(w->count < VENUE_EVENTS);
    if (!w->port.next_event(w->port.self, &w->events[w->count]))
        return false;
    w->count++;
    return true;
}

static const struct venue_event *find(const struct venue_world *w, int64_t order_id,
                                      enum venue_event_kind kind)
{
    for (size_t i = 0; i < w->count; i++) {
        if (w->events[i].kind == kind && (order_id == 0 || w->events[i].order_id == order_id))
            return &w->events[i];
    }
    return NULL;
}

const struct venue_event *venue_wait(struct venue_world *w, int64_t order_id,
                                     enum venue_event_kind kind)
{
    const int64_t until_us = clock_monotonic_us() + WAIT_S * US_PER_S;

    while (!find(w, order_id, kind)) {
        if (collect(w))
            continue;
        if (clock_monotonic_us() > until_us)
            fail_msg("no event %d of order %lld came; the last one was %d: %s", (int)kind,
                     (long long)order_id, w->count ? (int)w->events[w->count - 1].kind : -1,
                     w->count ? w->events[w->count - 1].reason : "");
        (void)usleep(1000);
    }
    return find(w, order_id, kind);
}

void venue_rest(struct venue_world *w, int64_t us)
{
    const int64_t until_us = clock_monotonic_us() + us;

    while (clock_monotonic_us() < until_us) {
        if (!collect(w))
            (void)usleep(1000);
    }
}

void venue_wait_count(struct venue_world *w, int64_t order_id, enum venue_event_kind kind,
                      size_t count)
{
    const int64_t until_us = clock_monotonic_us() + WAIT_S * US_PER_S;

    while (venue_count(w, order_id, kind) < count) {
        assert_true(clock_monotonic_us() < until_us);
        if (!collect(w))
            (void)usleep(1000);
    }
    assert_int_equal(venue_count(w, order_id, kind), count);
}

void venue_wait_idle(struct venue_world *w)
{
    const int64_t until_us = clock_monotonic_us() + WAIT_S * US_PER_S;

    while (collect(w) || w->port.due_us(w->port.self) != INT64_MAX) {
        assert_true(clock_monotonic_us() < until_us);
        (void)usleep(1000);
    }
}

size_t venue_count(const struct venue_world *w, int64_t order_id, enum venue_event_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < w->count; i++)
        n += w->events[i].kind == kind && w->events[i].order_id == order_id;
    return n;
}

struct size venue_filled(const struct venue_world *w, int64_t order_id)
{
    struct size sum = SIZE_ZERO;

    for (size_t i = 0; i < w->count; i++) {
        if (w->events[i].kind == VENUE_FILL && w->events[i].order_id == order_id)
            assert_ok(size_add(sum, w->events[i].size, &sum));
    }
    return sum;
}

/* ---- Controls ---- */

struct control {
    const struct venue_world *world;
    const char *path, *body;
};

static enum transport_go prepare(void *context, const struct transport_request *r,
                                 struct transport_draft *out, int64_t *again_us,
                                 char reason[LIMIT_REASON])
{
    const struct control *c = context;

    (void)r;
    (void)again_us;
    (void)reason;
    text_format(&out->url, "%s%s", c->world->url, c->path);
    text_string(&out->headers, "Content-Type: text/plain\n");
    text_string(&out->body, c->body);
    return TRANSPORT_SEND;
}

static char *control(struct venue_world *w, enum transport_method m, const char *path,
                     const char *body)
{
    struct control c = {w, path, body};
    const struct transport_request r = {.method = m,
                                        .is_idempotent = m == TRANSPORT_GET,
                                        .deadline_us = clock_monotonic_us() + WAIT_S * US_PER_S,
                                        .max_bytes = LIMIT_NET_ANSWER,
                                        .context = &c,
                                        .prepare = prepare};
    struct transport_answer a;
    char *text;

    assert_ok(transport_call(w->transport, &r, &a));
    assert_int_equal(a.outcome, TRANSPORT_ANSWERED);
    if (a.status != 200)
        fail_msg("%s: %d %s", path, a.status, a.body);
    text = xstrdup(a.body);
    transport_answer_release(&a);
    return text;
}

void venue_faults(struct venue_world *w, const char *script)
{
    free(control(w, TRANSPORT_POST, "/sandbox/faults", script));
}

void venue_step(struct venue_world *w, int64_t us)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/sandbox/step?ms=%lld", (long long)(us / US_PER_MS));
    free(control(w, TRANSPORT_POST, path, ""));
}

size_t venue_state_count(struct venue_world *w, const char *text)
{
    char *state = control(w, TRANSPORT_GET, "/sandbox/state", "");
    size_t n = 0;

    for (const char *at = strstr(state, text); at; at = strstr(at + 1, text))
        n++;
    free(state);
    return n;
}
