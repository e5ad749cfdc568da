/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a scripted venue: its time, its limits, expiry, and what is never sent twice;
 * and where it may trade at all. */
#include "exchange/binance_client.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "net/form.h"
#include "tests/support/binance_calls.h"
#include "tests/support/check.h"
#include "tests/support/loopback.h"

#define KEY "sandboxkey"
#define SECRET "sandboxsecret"
#define HOUR_US (3600 * US_PER_S)

struct world {
    struct loopback *server;
    struct transport *transport;
    struct binance_client *client;
    atomic_int times, posts, gets, deletes;
    atomic_int clock_errors; /* how many more requests get -1021 */
    atomic_int status;       /* of every signed answer; 0: 200 */
    int64_t ahead_us;        /* of the venue's clock */
    char headers[128];       /* of every signed answer */
    char form[4096];         /* the newest signed request's parameters */
    int64_t heard_us;        /* the venue's time then */
    bool key_was_there;
};

static void check_signature(struct world *w, const char *form)
{
    const char *cut = strstr(form, "&signature=");
    char hex[DIGEST_HEX];

    assert_non_null(cut);
    form_signature(SECRET, form, (size_t)(cut - form), hex);
    assert_string_equal(cut + strlen("&signature="), hex);
    (void)copy_text(w->form, sizeof w->form, form);
}

static enum loopback_end serve(void *context, const struct loopback_request *r, struct text *answer)
{
    struct world *w = context;
    const char *query = strchr(r->target, '?');
    char text[128];

    if (strcmp(r->target, "/api/v3/time") == 0) {
        w->times++;
        (void)snprintf(text, sizeof text, "{\"serverTime\":%lld}",
                       (long long)((clock_wall_us() + w->ahead_us) / US_PER_MS));
        loopback_answer(answer, 200, "", text);
        return LOOPBACK_KEEP;
    }
    if (strncmp(r->target, "/api/v3/exchangeInfo", 20) == 0) {
        char *info = check_data("binance/exchange_spot.json", &(size_t){0});

        loopback_answer(answer, 200, "", info);
        free(info);
        return LOOPBACK_KEEP;
    }
    *(r->method[0] == 'G' ? &w->gets : r->method[0] == 'P' ? &w->posts : &w->deletes) += 1;
    w->heard_us = clock_wall_us() + w->ahead_us;
    w->key_was_there =
        loopback_header(r, "X-MBX-APIKEY", text, sizeof text) && strcmp(text, KEY) == 0;
    check_signature(w, r->method[0] == 'P' ? r->body : query + 1);
    if (w->clock_errors > 0) {
        w->clock_errors--;
        loopback_answer(answer, 400, "",
                        "{\"code\":-1021,\"msg\":\"Timestamp for this request is outside of the "
                        "recvWindow.\"}");
        return LOOPBACK_KEEP;
    }
    loopback_answer(answer, w->status ? w->status : 200, w->headers, "{}");
    return LOOPBACK_KEEP;
}

static int setup(void **state)
{
    struct world *w = xcalloc(1, sizeof *w);
    char url[64];
    struct binance_settings s = {.market = BINANCE_SPOT,
                                 .environment = "testnet",
                                 .url = url,
                                 .key = KEY,
                                 .secret = SECRET,
                                 .window_ms = 5000};

    w->server = loopback_new(serve, w);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", loopback_port(w->server));
    assert_ok(transport_new(&(struct transport_settings){0}, &w->transport));
    assert_ok(binance_client_new(&s, w->transport, NULL, &w->client));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    transport_free(w->transport);
    binance_client_free(w->client);
    loopback_free(w->server);
    free(w);
    return 0;
}

static struct binance_request order(void)
{
    const struct binance_wish wish = {.symbol = "BTCUSDT",
                                      .client_id = "c1",
                                      .side = SIDE_BUY,
                                      .type = BINANCE_MARKET_ORDER,
                                      .size = {INT64_C(10000000000)},
                                      .rate_class = RATE_ENTRY};
    struct binance_request r;

    binance_place(BINANCE_SPOT, &wish, &r);
    return r;
}

/* Sends, waits, and gives the verdict. */
static struct binance_verdict send_one(struct world *w, const struct binance_request *r,
                                       int64_t expires_us, int64_t timeout_us)
{
    struct transport_box *box = transport_box_new(1, NULL, NULL);
    struct transport_answer a;
    struct binance_verdict v;

    assert_ok(binance_client_send(w->client, r, expires_us, timeout_us, box, 5));
    assert_ok(transport_box_take(box, -1, &a));
    assert_int_equal(a.tag, 5);
    binance_judge(BINANCE_SPOT, &a, clock_wall_us(), &v);
    transport_answer_release(&a);
    transport_box_free(box);
    return v;
}

static int64_t sent_integer(struct world *w, const char *name)
{
    char value[32];

    assert_true(binance_call_value(w->form, name, value, sizeof value));
    return strtoll(value, NULL, 10);
}

static void test_the_stamp_is_the_venues_time(void **state)
{
    struct world *w = *state;
    struct binance_request r = order();
    int64_t venue_us, error_us, before_us;
    struct binance_verdict v;

    w->ahead_us = HOUR_US; /* our clock is an hour late */
    assert_err(binance_client_time(w->client, clock_monotonic_us(), &venue_us, &error_us),
               ERR_AGAIN);
    v = send_one(w, &r, INT64_MAX, 30 * US_PER_S);
    assert_int_equal(v.error, VENUE_ERROR_NONE);
    assert_true(w->key_was_there);
    assert_true(w->times >= 3);
    before_us = clock_wall_us();
    assert_ok(binance_client_time(w->client, clock_monotonic_us(), &venue_us, &error_us));
    assert_true(error_us > 0 && error_us < 30 * US_PER_S);
    assert_in_range(venue_us - HOUR_US, before_us - error_us - 50 * US_PER_MS,
                    clock_wall_us() + error_us + 50 * US_PER_MS);
    assert_true(llabs(w->heard_us - sent_integer(w, "timestamp") * US_PER_MS) < 60 * US_PER_S);
    assert_int_equal(sent_integer(w, "recvWindow"), 5000);
}

static void test_a_request_is_not_good_for_longer_than_its_expiry(void **state)
{
    struct world *w = *state;
    struct binance_request r = order();
    struct binance_verdict v;

    v = send_one(w, &r, clock_monotonic_us() + 20 * US_PER_S, 30 * US_PER_S);
    assert_int_equal(v.error, VENUE_ERROR_NONE);
    assert_true(sent_integer(w, "recvWindow") < 20000);
    assert_true(sent_integer(w, "recvWindow") > 5000);
    v = send_one(w, &r, clock_monotonic_us() + 300 * US_PER_S, 30 * US_PER_S);
    assert_int_equal(sent_integer(w, "recvWindow"), 60000);
    assert_int_equal(w->posts, 2);

    v = send_one(w, &r, clock_monotonic_us() + 100 * US_PER_MS, 30 * US_PER_S);
    assert_int_equal(v.error, VENUE_ERROR_NOT_SENT);
    assert_true(v.is_certain);
    assert_non_null(strstr(v.reason, "over before"));
    assert_int_equal(w->posts, 2);
}

static void test_a_wrong_clock_is_set_anew_and_an_order_is_not_repeated(void **state)
{
    struct world *w = *state;
    struct binance_request r = order(), read;
    struct transport_answer a;
    struct binance_verdict v;
    int before;

    v = send_one(w, &r, INT64_MAX, 30 * US_PER_S);
    before = w->times;
    w->ahead_us = HOUR_US; /* the venue's clock jumps */
    w->clock_errors = 1;
    v = send_one(w, &r, INT64_MAX, 30 * US_PER_S);
    assert_int_equal(v.error, VENUE_ERROR_CLOCK);
    assert_true(v.is_certain);
    assert_int_equal(w->posts, 2);
    v = send_one(w, &r, INT64_MAX, 30 * US_PER_S);
    assert_int_equal(v.error, VENUE_ERROR_NONE);
    assert_true(w->times >= before + 3);
    assert_true(llabs(w->heard_us - sent_integer(w, "timestamp") * US_PER_MS) < 60 * US_PER_S);

    /* A read may be asked again, once. */
    w->clock_errors = 1;
    binance_ask_account(BINANCE_SPOT, &read);
    assert_ok(binance_client_call(w->client, &read, 30 * US_PER_S, &a, &v));
    transport_answer_release(&a);
    assert_int_equal(v.error, VENUE_ERROR_NONE);
    assert_int_equal(w->gets, 2);
    w->clock_errors = 5;
    assert_ok(binance_client_call(w->client, &read, 30 * US_PER_S, &a, &v));
    transport_answer_release(&a);
    assert_int_equal(v.error, VENUE_ERROR_CLOCK);
    assert_int_equal(w->gets, 4);
    assert_ok(binance_client_call(w->client, &r, 30 * US_PER_S, &a, &v));
    transport_answer_release(&a);
    assert_int_equal(v.error, VENUE_ERROR_CLOCK);
    assert_int_equal(w->posts, 4); /* an order is not */
}

static void test_429_stops_all_but_cancels_and_418_stops_all(void **state)
{
    struct world *w = *state;
    const struct binance_name name = {.symbol = "BTCUSDT", .client_id = "c1"};
    struct binance_request r = order(), cancel;
    struct binance_usage usage;
    struct binance_verdict v;

    binance_cancel(BINANCE_SPOT, &name, &cancel);
    w->status = 429;
    (void)copy_text(w->headers, sizeof w->headers, "Retry-After: 600\r\n");
    v = send_one(w, &r, INT64_MAX, 30 * US_PER_S);
    assert_int_equal(v.error, VENUE_ERROR_RATE_LIMIT);
    assert_int_equal(v.retry_after_us, 600 * US_PER_S);
    binance_client_usage(w->client, &usage);
    assert_true(usage.blocked_for_us > 500 * US_PER_S && usage.banned_for_us == 0);
    assert_int_equal(usage.rate_limited, 1);
    v = send_one(w, &r, INT64_MAX, 300 * US_PER_MS);
    assert_int_equal(v.error, VENUE_ERROR_NOT_SENT);
    assert_int_equal(w->posts, 1);
    w->status = 0;
    v = send_one(w, &cancel, INT64_MAX, 30 * US_PER_S);
    assert_int_equal(v.error, VENUE_ERROR_NONE);
    assert_int_equal(w->deletes, 1);

    w->status = 418;
    v = send_one(w, &cancel, INT64_MAX, 30 * US_PER_S);
    assert_int_equal(v.error, VENUE_ERROR_BANNED);
    v = send_one(w, &cancel, INT64_MAX, 300 * US_PER_MS);
    assert_int_equal(v.error, VENUE_ERROR_NOT_SENT);
    assert_int_equal(w->deletes, 2);
    binance_client_usage(w->client, &usage);
    assert_true(usage.banned_for_us > 500 * US_PER_S);
    assert_int_equal(usage.bans, 1);
    assert_int_equal(usage.rate_limited, 2);
    assert_true(usage.knows_time && usage.time_error_us > 0);
}

/* What cannot leave is seen in the line, with its age; what was given up has left it. */
static void test_the_line_of_requests_is_seen(void **state)
{
    struct world *w = *state;
    struct transport_box *box = transport_box_new(4, NULL, NULL);
    struct binance_request r = order();
    struct binance_usage usage;
    struct transport_answer a;

    w->status = 429;
    (void)copy_text(w->headers, sizeof w->headers, "Retry-After: 600\r\n");
    (void)send_one(w, &r, INT64_MAX, 30 * US_PER_S);
    assert_ok(binance_client_send(w->client, &r, INT64_MAX, 300 * US_PER_S, box, 1));
    assert_ok(binance_client_send(w->client, &r, INT64_MAX, 400 * US_PER_MS, box, 2));
    assert_ok(transport_box_take(box, -1, &a));
    assert_int_equal(a.tag, 2);
    transport_answer_release(&a);
    binance_client_usage(w->client, &usage);
    assert_int_equal(usage.waiting, 1);
    assert_true(usage.oldest_us >= 400 * US_PER_MS && usage.oldest_us < 60 * US_PER_S);
    transport_free(w->transport); /* gives up what stands in the line */
    w->transport = NULL;
    assert_ok(transport_box_take(box, 0, &a));
    assert_int_equal(a.tag, 1);
    transport_answer_release(&a);
    binance_client_usage(w->client, &usage);
    assert_true(usage.waiting == 0 && usage.oldest_us == 0);
    transport_box_free(box);
}

static void test_403_again_and_again_is_a_ban(void **state)
{
    struct world *w = *state;
    struct binance_request read;
    struct binance_usage usage;

    binance_ask_account(BINANCE_SPOT, &read);
    w->status = 403;
    for (int i = 0; i < 3; i++) {
        binance_client_usage(w->client, &usage);
        assert_int_equal(usage.banned_for_us, 0);
        (void)send_one(w, &read, INT64_MAX, 30 * US_PER_S);
    }
    binance_client_usage(w->client, &usage);
    assert_true(usage.banned_for_us > 200 * US_PER_S);
}

static void test_the_venues_own_counts_and_limits(void **state)
{
    static const char *const symbols[] = {"BTC/USDT", "LTC/USDT"};
    struct world *w = *state;
    struct binance_request r = order();
    struct binance_exchange x;
    struct binance_usage usage;

    (void)copy_text(w->headers, sizeof w->headers, "X-MBX-USED-WEIGHT-1M: 3000\r\n");
    (void)send_one(w, &r, INT64_MAX, 30 * US_PER_S);
    binance_client_usage(w->client, &usage);
    assert_int_equal(usage.fullness, 500); /* of the 6000 that are assumed */
    assert_ok(binance_client_load(w->client, symbols, 2, NULL, &x));
    assert_int_equal(x.count, 3);
    binance_exchange_release(&x);
    /* The limits are the venue's now: 1200 a minute, and 3000 are counted. */
    binance_client_usage(w->client, &usage);
    assert_true(usage.fullness > 2400);
    assert_err(binance_client_load(w->client, (const char *[]){"nonsense"}, 1, NULL, &x),
               ERR_INVALID);
}

static void test_where_it_may_trade(void **state)
{
    static const struct {
        enum binance_market market;
        const char *environment, *url;
        bool signs;
        enum err error;
        const char *base;
    } rows[] = {
        {BINANCE_SPOT, "testnet", "", true, ERR_OK, "https://testnet.binance.vision"},
        {BINANCE_USDM, "testnet", "", true, ERR_OK, "https://demo-fapi.binance.com"},
        {BINANCE_SPOT, "demo", NULL, true, ERR_OK, "https://demo-api.binance.com"},
        {BINANCE_USDM, "demo", "", true, ERR_OK, "https://demo-fapi.binance.com"},
        {BINANCE_SPOT, "production", "", true, ERR_LIVE_CLOSED, NULL},
        {BINANCE_USDM, "production", "", true, ERR_LIVE_CLOSED, NULL},
        {BINANCE_SPOT, "production", "", false, ERR_OK, "https://api.binance.com"},
        {BINANCE_SPOT, "real", "", false, ERR_INVALID, NULL},
        {BINANCE_SPOT, "", "https://api.binance.com", true, ERR_LIVE_CLOSED, NULL},
        {BINANCE_SPOT, "", "https://API4.binance.com.", true, ERR_LIVE_CLOSED, NULL},
        {BINANCE_SPOT, "", "https://example.com", true, ERR_LIVE_CLOSED, NULL},
        {BINANCE_SPOT, "", "https://127.0.0.1.example.com", true, ERR_LIVE_CLOSED, NULL},
        {BINANCE_SPOT, "", "http://api.binance.com", false, ERR_INVALID, NULL},
        {BINANCE_SPOT, "", "http://127.0.0.1:9000/", true, ERR_OK, "http://127.0.0.1:9000"},
        {BINANCE_SPOT, "", "http://[::1]:9000", true, ERR_OK, "http://[::1]:9000"},
        {BINANCE_SPOT, "", "http://localhost", true, ERR_OK, "http://localhost"},
        {BINANCE_SPOT, "", "http://127.0.0.1@api.binance.com", true, ERR_INVALID, NULL},
        {BINANCE_SPOT, "", "https://127.0.0.1:80@api.binance.com", true, ERR_INVALID, NULL},
        {BINANCE_SPOT, "", "https://localhost#api.binance.com", true, ERR_INVALID, NULL},
        {BINANCE_SPOT, "", "https://localhost/x", true, ERR_INVALID, NULL},
        {BINANCE_SPOT, "", "ftp://localhost", true, ERR_INVALID, NULL},
        {BINANCE_SPOT, "", "https://", true, ERR_INVALID, NULL},
        {BINANCE_SPOT, "", "http://127.0.0.1:", true, ERR_INVALID, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct diag_list diags = {0};
        char base[BINANCE_URL];
        const enum err e = binance_place_url(rows[i].market, rows[i].environment, rows[i].url,
                                             rows[i].signs, &diags, base);

        if (e != rows[i].error)
            fail_msg("row %zu: %s", i, err_code(e));
        if (!e)
            assert_string_equal(base, rows[i].base);
        assert_int_equal(diags.count, e != ERR_OK);
        if (e == ERR_LIVE_CLOSED)
            assert_string_equal(diags.items[0].message,
                                "production venues stay closed until the risk issue is done");
    }
}

static void test_keys(void **state)
{
    struct world *w = *state;
    struct binance_settings s = {
        .market = BINANCE_SPOT, .environment = "testnet", .window_ms = 5000};
    struct binance_request r = order();
    struct transport_box *box = transport_box_new(1, NULL, NULL);
    struct binance_client *c;

    assert_ok(binance_client_new(&s, w->transport, NULL, &c));
    assert_err(binance_client_send(c, &r, INT64_MAX, 1, box, 0), ERR_INVALID);
    binance_client_free(c);
    transport_box_free(box);
    s.key = "half";
    assert_err(binance_client_new(&s, w->transport, NULL, &c), ERR_INVALID);
    s.secret = "with a blank";
    assert_err(binance_client_new(&s, w->transport, NULL, &c), ERR_INVALID);
    s.secret = "line\nX-Evil: 1";
    assert_err(binance_client_new(&s, w->transport, NULL, &c), ERR_INVALID);
    s.secret = "";
    assert_err(binance_client_new(&s, w->transport, NULL, &c), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(test_the_stamp_is_the_venues_time),
        T(test_a_request_is_not_good_for_longer_than_its_expiry),
        T(test_a_wrong_clock_is_set_anew_and_an_order_is_not_repeated),
        T(test_429_stops_all_but_cancels_and_418_stops_all),
        T(test_the_line_of_requests_is_seen),
        T(test_403_again_and_again_is_a_ban),
        T(test_the_venues_own_counts_and_limits),
        T(test_where_it_may_trade),
        T(test_keys),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
