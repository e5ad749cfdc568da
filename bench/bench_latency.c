/* SPDX-License-Identifier: Apache-2.0 */
/* From the closed candle to the order's bytes at the venue, the intent durable in between: engine
 * on its thread, PostgreSQL journal, Binance connector, transport, a venue on loopback.
 *
 *   bench_latency FOLDER STRATEGY.json SYMBOLS ORDERS ROUNDS plain|tls ahead|late
 *
 * Each round closes one candle of every symbol at once; the first ORDERS of them, whose price is
 * 200, are to order, by a strategy that enters above 150.  Prints one line of JSON: medians over
 * the rounds, in microseconds.  tls wants cert.pem and key.pem in FOLDER; late: no
 * connection is opened ahead. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench_venue.h"
#include "bench/bench_world.h"
#include "core/amount_text.h"
#include "core/clock.h"
#include "core/log.h"
#include "engine/log_step.h"
#include "exchange/binance_venue.h"
#include "store/pg.h"
#include "store/private_pg.h"
#include "store/store.h"

enum {
    SYMBOLS_MAX = 1000,
    ROUNDS_MAX = 1000,
    WARM_ROUNDS = 2, /* the first ones fill caches */
    HISTORY = 100,   /* candles before the first round */
    URL_BYTES = 2048
};

#define ROUND_PATIENCE_US (20 * US_PER_S)
#define DATABASE_PATIENCE_US (60 * US_PER_S)

static const char account_id[] = "binance-live-bench";

/* When what happened in the round under way; monotonic.  The engine's thread writes. */
struct moments {
    int64_t closed_us; /* the candles are there and the engine is woken */
    int64_t awake_us;  /* it looks at the feed */
    int64_t committing_us, durable_us;
    int64_t first_submit_us, last_submit_us;
    int64_t submitted;
};

enum figure {
    FIGURE_TOTAL,  /* closed to the median order's bytes written */
    FIGURE_FIRST,  /* to the first order's */
    FIGURE_LAST,   /* to the last one's */
    FIGURE_WAKE,   /* closed to awake */
    FIGURE_DECIDE, /* awake to committing */
    FIGURE_COMMIT,
    FIGURE_SUBMIT, /* durable to the last order given to the connector */
    FIGURE_SENT,   /* the first order given to it, to the median order's bytes */
    FIGURE_REST,   /* all but the commit, to the median order's bytes */
    FIGURE_READ,   /* those bytes to the venue, woken by them, having read the request */
    FIGURE_BARE,   /* one row inserted durably, beside */
    FIGURE_COUNT_
};

static const char *const figure_names[FIGURE_COUNT_] = {
    "total", "first", "last", "wake", "decide", "commit", "submit", "sent", "rest", "read", "bare"};

static struct latency {
    size_t symbols, orders; /* orders: of a round */
    bool opens_ahead;
    int64_t timeframe_us;
    struct bench_venue venue_process;
    struct store *store;
    struct journal journal;
    struct pg bare;
    struct transport *transport;
    struct binance_client *client;
    struct binance_venue *binance;
    struct venue venue, port; /* port: with our notes in between */
    struct feed feed;
    struct engine *engine;
    struct instrument *instruments;
    feed_wake_fn *wake;
    void *wake_context;
    int64_t ready_us; /* atomic: candles up to this end are there */
    int64_t at_us;    /* told next, of this instant */
    size_t next;      /* of 2 * symbols: closes, then opens */
    int64_t first_us;
    struct moments now; /* of the round */
    int64_t values[FIGURE_COUNT_][ROUNDS_MAX];
    size_t rounds;
    uint64_t reused; /* orders on a connection that had carried something */
} l;

/* ---- The feed ---- */

static struct candle flat_candle(size_t instrument, int64_t open_us)
{
    const int64_t price = instrument < l.orders ? 20000 : 10000;

    return (struct candle){.open_us = open_us,
                           .open = price,
                           .high = price + 10,
                           .low = price - 10,
                           .close = price,
                           .volume = 1000000,
                           .price_scale = 2,
                           .size_scale = 5};
}

static void feed_listen(void *self, feed_wake_fn *wake, void *context)
{
    (void)self;
    l.wake = wake;
    l.wake_context = context;
}

static enum err feed_peek(void *self, int64_t *at_us, enum feed_kind *kind)
{
    (void)self;
    if (l.next == 2 * l.symbols) {
        l.next = 0;
        l.at_us += l.timeframe_us;
    }
    *kind = l.next < l.symbols ? FEED_CLOSE : FEED_OPEN;
    *at_us = l.at_us;
    if (l.at_us > __atomic_load_n(&l.ready_us, __ATOMIC_ACQUIRE))
        *at_us = clock_wall_us() + 500 * US_PER_MS; /* as a venue's feed: ahead */
    else if (l.now.awake_us == 0)
        l.now.awake_us = clock_monotonic_us();
    return ERR_OK;
}

static enum err feed_next(void *self, struct feed_event *out)
{
    const bool is_open = l.next >= l.symbols;

    (void)self;
    *out = (struct feed_event){.kind = is_open ? FEED_OPEN : FEED_CLOSE,
                               .instrument = is_open ? l.next - l.symbols : l.next,
                               .at_us = l.at_us};
    out->candle = flat_candle(out->instrument, is_open ? l.at_us : l.at_us - l.timeframe_us);
    l.next++;
    return ERR_OK;
}

static void feed_rewind(void *self, int64_t shift_us)
{
    (void)self;
    (void)shift_us;
}

static int64_t feed_timeframe(void *self)
{
    (void)self;
    return l.timeframe_us;
}

static int64_t feed_first(void *self)
{
    (void)self;
    return 0;
}

static enum err feed_history(void *self, int64_t until_us, int64_t shift_us, int64_t most,
                             feed_take_fn *take, void *context)
{
    (void)self;
    (void)shift_us;
    (void)most;
    for (int64_t at_us = l.first_us - HISTORY * l.timeframe_us;
         at_us <= until_us && at_us < l.at_us; at_us += l.timeframe_us)
        for (size_t i = 0; i < l.symbols; i++) {
            struct feed_event e = {.kind = FEED_CLOSE, .instrument = i, .at_us = at_us};

            e.candle = flat_candle(i, at_us - l.timeframe_us);
            take(context, &e);
        }
    return ERR_OK;
}

/* ---- Notes in between ---- */

static enum err note_commit(void *self, const struct journal_batch *b)
{
    enum err e;

    if (l.now.submitted == 0)
        l.now.committing_us = clock_monotonic_us();
    e = l.journal.commit(self, b);
    if (l.now.submitted == 0)
        l.now.durable_us = clock_monotonic_us();
    return e;
}

static enum err note_submit(void *self, const struct order *o, int64_t at_us)
{
    enum err e;

    if (l.now.submitted == 0)
        l.now.first_submit_us = clock_monotonic_us();
    e = l.venue.submit(self, o, at_us);
    l.now.last_submit_us = clock_monotonic_us();
    __atomic_add_fetch(&l.now.submitted, 1, __ATOMIC_RELEASE);
    return e;
}

/* ---- Setting up ---- */

static void must(enum err e, const char *what, const struct diag_list *diags)
{
    if (e)
        bench_die(what, e, diags);
}

static struct ratio ratio_of(const char *text)
{
    struct ratio r;

    must(ratio_parse(text, strlen(text), &r), text, NULL);
    return r;
}

static void open_venue(const char *folder, bool is_tls)
{
    static char url[64], ca[512];
    struct binance_exchange limits = {.limit_count = 2};
    struct binance_instrument *traded = xcalloc(l.symbols, sizeof *traded);
    struct diag_list diags = {0};
    struct transport_settings net = {.ca_file = is_tls ? ca : NULL};
    struct binance_settings s = {.market = BINANCE_SPOT,
                                 .environment = "testnet",
                                 .url = url,
                                 .key = "bench",
                                 .secret = "bench",
                                 .window_ms = 10000};
    struct binance_venue_options o = {
        .instruments = traded, .instrument_count = l.symbols, .window_us = 10 * US_PER_S};

    (void)snprintf(url, sizeof url, "%s://127.0.0.1:%d", is_tls ? "https" : "http",
                   l.venue_process.port);
    (void)snprintf(ca, sizeof ca, "%s/cert.pem", folder);
    for (size_t i = 0; i < l.symbols; i++) {
        char symbol[LIMIT_SYMBOL];

        (void)snprintf(symbol, sizeof symbol, "S%03zu/USDT", i);
        must(instrument_init(&l.instruments[i], symbol, price_from_scaled(1, 2),
                             size_from_scaled(1, 5), (struct money){5 * AMOUNT_ONE}),
             symbol, NULL);
        traded[i].instrument = l.instruments[i];
        traded[i].is_trading = traded[i].has_stop_market = true;
        must(binance_symbol(BINANCE_SPOT, symbol, traded[i].symbol), symbol, NULL);
    }
    must(transport_new(&net, &l.transport), "transport", NULL);
    must(binance_client_new(&s, l.transport, &diags, &l.client), "client", &diags);
    limits.limits[0] = (struct binance_rate_limit){
        .is_weight = true, .window_us = 60 * US_PER_S, .limit = 1 << 30};
    limits.limits[1] = (struct binance_rate_limit){
        .is_orders = true, .window_us = 10 * US_PER_S, .limit = 1 << 30};
    binance_client_limits(l.client, &limits);
    o.client = l.client;
    l.binance = binance_venue_new(&o);
    l.venue = l.port = binance_venue_port(l.binance);
    l.port.submit = note_submit;
    free(traded);
}

static void open_store(const char *folder, const char *url, const struct log_signer *signer)
{
    static struct pg_target target;
    static const struct pg_statement make = {"bare", "INSERT INTO bare (entry) VALUES ($1)"};
    struct diag_list diags = {0};
    const struct store_options o = {.database_url = url,
                                    .connections = 2,
                                    .timeout_us = DATABASE_PATIENCE_US,
                                    .data_dir = folder,
                                    .account_id = account_id,
                                    .signer = signer};
    const int64_t until_us = clock_monotonic_us() + DATABASE_PATIENCE_US;

    must(store_open(&o, &diags, &l.store), "store", &diags);
    l.journal = store_journal(l.store);
    must(pg_target_init(&target, url, 0, &diags), "target", &diags);
    must(pg_connect(&l.bare, &target, until_us, NULL), "connect", NULL);
    must(pg_script(&l.bare, "CREATE TABLE bare (entry bytea NOT NULL)", until_us), "table", NULL);
    must(pg_prepare(&l.bare, &make, until_us), "prepare", NULL);
    pg_target_release(&target);
}

static void open_engine(const char *strategy, const struct log_signer *signer)
{
    static struct journal journal;
    static char vkey_text[VKEY_BYTES];
    struct diag_list diags = {0};
    uint8_t key[ED25519_KEY_BYTES];
    struct vkey vkey;
    struct engine_options o = {.mode = MODE_LIVE,
                               .pace = PACE_REALTIME,
                               .quote = "USDT",
                               .starting_equity = {1000000 * AMOUNT_ONE},
                               .strategy = bench_strategy(strategy, true),
                               .instruments = l.instruments,
                               .instrument_count = l.symbols,
                               .feed = &l.feed,
                               .venue = &l.port,
                               .journal = &journal,
                               .clock = clock_real(),
                               .autostart = true,
                               .cycle_interval_us = 3600 * US_PER_S,
                               .slippage_tolerance = ratio_of("0.01")};

    ed25519_public(signer->key, key);
    must(vkey_make(signer->origin, VKEY_ED25519, key, &vkey), "vkey", NULL);
    vkey_print(&vkey, vkey_text);
    journal = l.journal;
    journal.commit = note_commit;
    (void)copy_text(o.account_id, sizeof o.account_id, account_id);
    o.limits = (struct risk_limits){.min_confidence = ratio_of("0.5"),
                                    .max_position_ratio = ratio_of("1"),
                                    .max_exposure_ratio = ratio_of("1"),
                                    .max_open_positions = SYMBOLS_MAX,
                                    .fee_rate = ratio_of("0.001"),
                                    .cash_reserve = ratio_of("0.0105"),
                                    .stop_loss_required = true};
    o.genesis = (struct genesis){.origin = signer->origin,
                                 .vkey = vkey_text,
                                 .build = "bench",
                                 .account_hash = "00",
                                 .quote = "USDT",
                                 .starting_equity = o.starting_equity,
                                 .cycle_interval_s = 3600,
                                 .pace = "realtime"};
    o.config = (struct config_leaf){.feed_id = "bench",
                                    .fee_rate = o.limits.fee_rate,
                                    .min_confidence = o.limits.min_confidence,
                                    .max_open_positions = SYMBOLS_MAX,
                                    .intrabar = "pessimistic",
                                    .limit_fill = "touch"};
    must(engine_new(&o, &diags, &l.engine), "engine", &diags);
    must(engine_start(l.engine), "engine", NULL);
}

/* ---- Rounds ---- */

static int64_t bare_commit_us(void)
{
    static const struct pg_statement insert = {"bare", "INSERT INTO bare (entry) VALUES ($1)"};
    static const uint8_t entry[344];
    const int64_t begun_us = clock_monotonic_us();
    struct pg_params p;
    PGresult *r = NULL;

    params_init(&p);
    params_bytes(&p, entry, sizeof entry);
    must(pg_exec_prepared(&l.bare, &insert, &p, begun_us + DATABASE_PATIENCE_US, &r), "insert",
         NULL);
    PQclear(r);
    return clock_monotonic_us() - begun_us;
}

static void note_round(uint64_t before)
{
    static int64_t written[SYMBOLS_MAX], arrived[SYMBOLS_MAX];
    const struct moments m = l.now;
    int64_t *values[FIGURE_COUNT_];
    int64_t written_us, arrived_us;

    for (size_t i = 0; i < l.orders; i++) {
        const struct bench_arrival *a =
            &l.venue_process.arrivals->items[(before + i) % BENCH_ORDERS_MAX];

        written[i] = a->written_us;
        arrived[i] = a->arrived_us;
        l.reused += a->used_before > 0;
    }
    for (int f = 0; f < FIGURE_COUNT_; f++)
        values[f] = &l.values[f][l.rounds];
    written_us = bench_quantile(written, l.orders, 0.5);
    arrived_us = bench_quantile(arrived, l.orders, 0.5);
    *values[FIGURE_TOTAL] = written_us - m.closed_us;
    *values[FIGURE_FIRST] = written[0] - m.closed_us;
    *values[FIGURE_LAST] = written[l.orders - 1] - m.closed_us;
    *values[FIGURE_WAKE] = m.awake_us - m.closed_us;
    *values[FIGURE_DECIDE] = m.committing_us - m.awake_us;
    *values[FIGURE_COMMIT] = m.durable_us - m.committing_us;
    *values[FIGURE_SUBMIT] = m.last_submit_us - m.durable_us;
    *values[FIGURE_SENT] = written_us - m.first_submit_us;
    *values[FIGURE_READ] = arrived_us - written_us;
    *values[FIGURE_REST] = *values[FIGURE_TOTAL] - *values[FIGURE_COMMIT];
    *values[FIGURE_BARE] = bare_commit_us();
    l.rounds++;
}

static bool is_quiet(void)
{
    struct snapshot *s = engine_snapshot(l.engine);
    const bool quiet = s->order_count == 0;

    snapshot_release(s);
    return quiet;
}

/* Sleeps until the wall clock shows at_us, and a little more. */
static void sleep_until(int64_t at_us)
{
    while (clock_wall_us() < at_us + 2 * US_PER_MS)
        usleep(500);
}

static void play_round(int64_t at_us, bool counts)
{
    const uint64_t before = bench_venue_count(&l.venue_process);
    const int64_t end_us = clock_monotonic_us() + ROUND_PATIENCE_US;

    /* As exchange/venue_feed.c does with the end of each candle. */
    if (l.opens_ahead)
        binance_client_expect(l.client, clock_monotonic_us() + at_us - clock_wall_us(), l.symbols);
    sleep_until(at_us);
    l.now = (struct moments){.closed_us = clock_monotonic_us()};
    __atomic_store_n(&l.ready_us, at_us, __ATOMIC_RELEASE);
    l.wake(l.wake_context);
    while (bench_venue_count(&l.venue_process) - before < l.orders && clock_monotonic_us() < end_us)
        usleep(1000);
    if (bench_venue_count(&l.venue_process) - before == l.orders && counts)
        note_round(before);
    while (!is_quiet() && clock_monotonic_us() < end_us)
        usleep(1000);
}

static void print(void)
{
    struct snapshot *s = engine_snapshot(l.engine);
    const struct fill_quality *q = &s->quality;

    printf("{\"symbols\": %zu, \"orders\": %zu, \"rounds\": %zu, \"reused\": %llu", l.symbols,
           l.orders, l.rounds, (unsigned long long)l.reused);
    printf(", \"told_us\": %lld", (long long)(q->time_total_us[QUALITY_DECIDED_SENT] /
                                              (int64_t)q->time_count[QUALITY_DECIDED_SENT]));
    snapshot_release(s);
    for (int f = 0; f < FIGURE_COUNT_; f++)
        printf(", \"%s_us\": %lld", figure_names[f],
               (long long)bench_quantile(l.values[f], l.rounds, 0.5));
    printf("}\n");
}

int main(int count, char **arguments)
{
    static const uint8_t seed[ED25519_SEED_BYTES] = {9};
    struct log_signer signer = {.origin = "traderd.bench/latency"};
    struct private_pg *server = NULL;
    struct diag_list diags = {0};
    char url[URL_BYTES];
    size_t rounds;
    bool is_tls;

    if (count != 8) {
        fprintf(
            stderr,
            "usage: bench_latency FOLDER STRATEGY SYMBOLS ORDERS ROUNDS plain|tls ahead|late\n");
        return 2;
    }
    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, 2);
    l.symbols = bench_number(arguments[3], SYMBOLS_MAX);
    l.orders = bench_number(arguments[4], l.symbols);
    rounds = bench_number(arguments[5], ROUNDS_MAX - WARM_ROUNDS);
    is_tls = strcmp(arguments[6], "tls") == 0;
    l.opens_ahead = strcmp(arguments[7], "ahead") == 0;
    l.instruments = xcalloc(l.symbols, sizeof *l.instruments);
    l.timeframe_us = (l.symbols < 100 ? 1 : 5) * US_PER_S;
    bench_venue_start(&l.venue_process, is_tls ? arguments[1] : NULL);
    l.feed = (struct feed){.is_live = true,
                           .listen = feed_listen,
                           .peek = feed_peek,
                           .next = feed_next,
                           .rewind = feed_rewind,
                           .timeframe_us = feed_timeframe,
                           .first_us = feed_first,
                           .history = feed_history};
    signer.key = ed25519_key_new(seed);
    must(private_pg_start(arguments[1], &diags, &server, url, sizeof url), "cluster", &diags);
    open_store(arguments[1], url, &signer);
    open_venue(arguments[1], is_tls);
    l.first_us = l.at_us = (clock_wall_us() / l.timeframe_us + 2) * l.timeframe_us;
    open_engine(arguments[2], &signer);
    for (size_t i = 0; i < rounds + WARM_ROUNDS; i++)
        play_round(l.first_us + (int64_t)i * l.timeframe_us, i >= WARM_ROUNDS);
    print();
    engine_stop(l.engine);
    engine_free(l.engine);
    transport_free(l.transport);
    binance_venue_free(l.binance);
    binance_client_free(l.client);
    pg_close(&l.bare);
    store_close(l.store);
    private_pg_stop(server);
    ed25519_key_free(signer.key);
    bench_venue_stop(&l.venue_process);
    free(l.instruments);
    return 0;
}
