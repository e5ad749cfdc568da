/* SPDX-License-Identifier: Apache-2.0 */
/* How long a limit order is good, as Binance is told it and tells its end: the parameters of its
 * documentation (spot and USD-M new order, 2026-07), then the port against the sandbox venue. */
#include <string.h>

#include "core/clock.h"
#include "tests/support/amounts.h"
#include "tests/support/check.h"
#include "tests/support/venue_world.h"

static void test_the_parameters(void **state)
{
    static const struct {
        enum binance_market market;
        enum binance_type type;
        enum order_life life;
        const char *ends;
    } rows[] = {
        {BINANCE_SPOT, BINANCE_LIMIT, LIFE_GTC,
         "&type=LIMIT&quantity=0.01&price=39000&timeInForce=GTC"},
        {BINANCE_SPOT, BINANCE_LIMIT, LIFE_IOC,
         "&type=LIMIT&quantity=0.01&price=39000&timeInForce=IOC"},
        {BINANCE_SPOT, BINANCE_LIMIT, LIFE_FOK,
         "&type=LIMIT&quantity=0.01&price=39000&timeInForce=FOK"},
        {BINANCE_SPOT, BINANCE_LIMIT_MAKER, LIFE_POST_ONLY,
         "&type=LIMIT_MAKER&quantity=0.01&price=39000"},
        {BINANCE_USDM, BINANCE_LIMIT, LIFE_IOC,
         "&type=LIMIT&quantity=0.01&price=39000&timeInForce=IOC"},
        {BINANCE_USDM, BINANCE_LIMIT, LIFE_FOK,
         "&type=LIMIT&quantity=0.01&price=39000&timeInForce=FOK"},
        {BINANCE_USDM, BINANCE_LIMIT_MAKER, LIFE_POST_ONLY,
         "&type=LIMIT&quantity=0.01&price=39000&timeInForce=GTX"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct binance_wish w = {.symbol = "BTCUSDT",
                                       .client_id = "l1",
                                       .side = SIDE_BUY,
                                       .type = rows[i].type,
                                       .life = rows[i].life,
                                       .size = size("0.01"),
                                       .price = price("39000")};
        struct binance_request r;
        const char *found;

        binance_place(rows[i].market, &w, &r);
        found = strstr(r.parameters, rows[i].ends);
        assert_true(found && strcmp(found, rows[i].ends) == 0);
    }
}

/* What takes its place rests too, or is refused. */
static void test_a_replacement_is_post_only(void **state)
{
    const struct binance_wish w = {.symbol = "BTCUSDT",
                                   .client_id = "l2",
                                   .side = SIDE_BUY,
                                   .type = BINANCE_LIMIT_MAKER,
                                   .life = LIFE_POST_ONLY,
                                   .size = size("0.01"),
                                   .price = price("39000")};
    struct binance_request r;

    (void)state;
    binance_replace(&w, "l1", &r);
    assert_string_equal(r.parameters,
                        "symbol=BTCUSDT&side=BUY&type=LIMIT_MAKER&newClientOrderId=l2"
                        "&newOrderRespType=FULL&quantity=0.01&price=39000"
                        "&cancelReplaceMode=STOP_ON_FAILURE&cancelOrigClientOrderId=l1"
                        "&cancelRestrictions=ONLY_NEW");
}

/* ---- The market of the sandbox stands at 40000 ---- */

static int64_t submit(struct venue_world *w, enum order_life life, const char *limit)
{
    struct order o = venue_order(w, SIDE_BUY, ORDER_LIMIT, "0.01", limit);

    o.life = life;
    venue_submit(w, &o);
    return o.id;
}

static void test_post_only_rests_or_is_refused(void **state)
{
    struct venue_world *w = *state;
    const struct venue_event *e;
    int64_t id = submit(w, LIFE_POST_ONLY, "41000");

    e = venue_wait(w, id, VENUE_REJECTED);
    assert_int_equal(e->error, VENUE_ERROR_WOULD_TRIGGER);
    assert_int_equal(venue_count(w, id, VENUE_ACCEPTED), 0);
    id = submit(w, LIFE_POST_ONLY, "39000");
    (void)venue_wait(w, id, VENUE_ACCEPTED);
    venue_rest(w, 1500 * US_PER_MS);
    assert_int_equal(venue_count(w, id, VENUE_EXPIRED) + venue_count(w, id, VENUE_FILL), 0);
}

static void test_ioc_takes_what_there_is(void **state)
{
    struct venue_world *w = *state;
    const struct venue_event *e;
    int64_t id = submit(w, LIFE_IOC, "39000");

    e = venue_wait(w, id, VENUE_EXPIRED);
    assert_true(e->executed_is_known && size_sign(e->executed) == 0);
    assert_string_equal(e->reason, "ioc: no more of it could be filled at once");
    id = submit(w, LIFE_IOC, "41000");
    (void)venue_wait(w, id, VENUE_FILL);
    assert_true(venue_filled(w, id).e12 == size("0.01").e12);
    venue_faults(w, "next 1 on order : partial(0.4)\n");
    id = submit(w, LIFE_IOC, "41000");
    e = venue_wait(w, id, VENUE_EXPIRED);
    assert_true(e->executed.e12 == size("0.004").e12);
    assert_true(venue_filled(w, id).e12 == size("0.004").e12);
    assert_int_equal(venue_count(w, id, VENUE_EXPIRED), 1);
}

/* USD-M refuses what it cannot fill; spot takes it and lets it expire. */
static void test_fok_is_whole_or_nothing(void **state)
{
    struct venue_world *w = *state;
    int64_t id = submit(w, LIFE_FOK, "41000");

    (void)venue_wait(w, id, VENUE_FILL);
    assert_true(venue_filled(w, id).e12 == size("0.01").e12);
    id = submit(w, LIFE_FOK, "39000");
    if (w->market == BINANCE_USDM)
        assert_int_equal(venue_wait(w, id, VENUE_REJECTED)->error, VENUE_ERROR_OTHER);
    else
        assert_string_equal(venue_wait(w, id, VENUE_EXPIRED)->reason,
                            "fok: it could not be filled at once and whole");
    venue_faults(w, "next 1 on order : partial(0.4)\n");
    id = submit(w, LIFE_FOK, "41000");
    (void)venue_wait(w, id, VENUE_EXPIRED);
    assert_int_equal(venue_count(w, id, VENUE_FILL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SPOT(name) {#name " (spot)", name, venue_world_spot, venue_world_end, NULL}
#define USDM(name)                                                      \
    {                                                                   \
#name " (USD-M)", name, venue_world_usdm, venue_world_end, NULL \
    }
        cmocka_unit_test(test_the_parameters),    cmocka_unit_test(test_a_replacement_is_post_only),
        SPOT(test_post_only_rests_or_is_refused), USDM(test_post_only_rests_or_is_refused),
        SPOT(test_ioc_takes_what_there_is),       USDM(test_ioc_takes_what_there_is),
        SPOT(test_fok_is_whole_or_nothing),       USDM(test_fok_is_whole_or_nothing),
#undef SPOT
#undef USDM
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
