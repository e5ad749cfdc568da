/* SPDX-License-Identifier: Apache-2.0 */
/* How long a limit order by hand is good: ioc, fok and post only, on paper and at a venue that
 * outlives the engine. */
#include <stdlib.h>

#include "tests/support/amounts.h"
#include "tests/support/script_venue.h"
#include "tests/support/story.h"

/* Never enters by itself. */
static const char idle_json[] =
    "{\"name\":\"idle\",\"timeframe\":\"5m\",\"startup_bars\":1,\"stop_loss\":0.1,"
    "\"entry\":{\"condition\":\"close > 100000\"}}";

static const double closes[] = {100, 101, 102, 103, 104, 103, 102, 101, 100, 99, 98, 97};

struct play {
    struct story story;
    char *csv;
};

/* 100 is the newest price, 101 that of the next open.  The cap is a part of volumes of 50. */
static void begin(struct play *p, const char *cap)
{
    p->csv = story_path(closes, COUNT_OF(closes));
    story_begin(&p->story, idle_json, p->csv, cap);
    assert_false(world_run(&p->story.world, 2));
}

static void end(struct play *p)
{
    story_end(&p->story);
    free(p->csv);
}

static void run(struct play *p, uint64_t candles)
{
    assert_false(world_run(&p->story.world, candles));
}

static const struct order *row(const struct play *p, int64_t id)
{
    const struct memory_journal *j = &p->story.journal;

    for (size_t i = 0; i < j->order_count; i++)
        if (j->orders[i].id == id)
            return &j->orders[i];
    fail_msg("no order %lld", (long long)id);
    return NULL;
}

static struct command buy(const char *symbol, enum order_life life, const char *much,
                          const char *limit)
{
    struct command c = {.kind = COMMAND_PLACE_ORDER,
                        .mode = MODE_PAPER,
                        .actor = "tester",
                        .order = {.side = SIDE_BUY,
                                  .type = ORDER_LIMIT,
                                  .life = life,
                                  .size = size(much),
                                  .limit_price = price(limit),
                                  .stop_loss = price("90"),
                                  .expires_us = TIME_NONE}};

    (void)copy_text(c.symbol, sizeof c.symbol, symbol);
    return c;
}

static int64_t place(struct play *p, const struct command *c)
{
    enum err e = world_command(&p->story.world, c, p->story.reply);

    if (e)
        fail_msg("%s: %s", err_code(e), p->story.reply->detail);
    return p->story.reply->order.id;
}

static int64_t place_buy(struct play *p, enum order_life life, const char *limit)
{
    struct command c = buy("BTC/USDT", life, "2", limit);

    return place(p, &c);
}

static void assert_row(const struct play *p, int64_t id, enum order_status status,
                       const char *filled, const char *reason)
{
    assert_int_equal(row(p, id)->status, status);
    assert_true(row(p, id)->filled.e12 == size(filled).e12);
    if (reason)
        assert_string_equal(row(p, id)->reason, reason);
}

/* The newest position holds so much, and its stop is of that size. */
static void assert_open(const struct play *p, const char *much)
{
    const struct position *held = &p->story.journal.positions[p->story.journal.position_count - 1];

    assert_int_equal(held->status, POSITION_OPEN);
    assert_true(held->size.e12 == size(much).e12);
    assert_true(order_left(row(p, held->stop_order_id)).e12 == held->size.e12);
}

static void test_ioc_takes_at_the_next_open(void **state)
{
    struct play p;
    int64_t id;

    (void)state;
    begin(&p, "0");
    id = place_buy(&p, LIFE_IOC, "101");
    assert_int_equal(p.story.reply->order.status, ORDER_ACCEPTED);
    run(&p, 1);
    assert_row(&p, id, ORDER_FILLED, "2", "");
    assert_true(p.story.journal.fills[0].price.e12 == price("101").e12);
    assert_false(p.story.journal.fills[0].is_maker);
    assert_open(&p, "2");
    end(&p);
}

static void test_ioc_and_fok_never_rest(void **state)
{
    static const enum order_life lives[] = {LIFE_IOC, LIFE_FOK};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lives); i++) {
        struct command c = {.kind = COMMAND_REPLACE_ORDER, .actor = "tester"};
        struct play p;
        int64_t id;

        begin(&p, "0");
        id = c.id = place_buy(&p, lives[i], "99.5");
        c.order.limit_price = price("101");
        assert_int_equal(world_command(&p.story.world, &c, p.story.reply), ERR_NOT_REPLACEABLE);
        run(&p, 1);
        assert_row(&p, id, ORDER_EXPIRED, "0", order_life_name(lives[i]));
        assert_int_equal(p.story.journal.position_count, 0);
        (void)place_buy(&p, LIFE_GTC, "99.5"); /* nothing is pending any more */
        assert_int_equal(p.story.reply->order.status, ORDER_ACCEPTED);
        end(&p);
    }
}

/* One unit a candle may trade: of two an ioc order gets one and ends, a fok order none. */
static void test_where_there_is_less_than_wanted(void **state)
{
    struct play p;
    int64_t id;

    (void)state;
    begin(&p, "0.02");
    id = place_buy(&p, LIFE_IOC, "101");
    run(&p, 1);
    assert_row(&p, id, ORDER_EXPIRED, "1", "ioc");
    assert_open(&p, "1");
    end(&p);
    begin(&p, "0.02");
    id = place_buy(&p, LIFE_FOK, "101");
    run(&p, 1);
    assert_row(&p, id, ORDER_EXPIRED, "0", "fok");
    end(&p);
    begin(&p, "0.04");
    id = place_buy(&p, LIFE_FOK, "101");
    run(&p, 1);
    assert_row(&p, id, ORDER_FILLED, "2", "");
    end(&p);
}

static void test_ioc_survives_a_crash(void **state)
{
    struct play p;
    int64_t id;

    (void)state;
    begin(&p, "0");
    id = place_buy(&p, LIFE_IOC, "99.5");
    story_crash(&p.story);
    run(&p, 1);
    assert_row(&p, id, ORDER_EXPIRED, "0", "ioc");
    end(&p);
}

static void test_post_only_is_refused_where_it_would_take(void **state)
{
    struct play p;
    int64_t id;

    (void)state;
    begin(&p, "0");
    id = place_buy(&p, LIFE_POST_ONLY, "100");
    assert_row(&p, id, ORDER_REJECTED, "0", "would_take");
    assert_int_equal(row(&p, id)->error, VENUE_ERROR_WOULD_TRIGGER);
    run(&p, 1);
    assert_int_equal(p.story.journal.order_count, 1); /* that was all */
    end(&p);
}

/* It is the maker, at its own price, also where the market opens beyond it. */
static void test_post_only_rests_and_is_replaced(void **state)
{
    struct command c = {.kind = COMMAND_REPLACE_ORDER, .actor = "tester"};
    struct play p;
    int64_t id, by;

    (void)state;
    begin(&p, "0");
    id = c.id = place_buy(&p, LIFE_POST_ONLY, "90.5");
    c.order.limit_price = price("99.5");
    by = c.id = place(&p, &c);
    assert_row(&p, id, ORDER_CANCELED, "0", NULL);
    assert_int_equal(row(&p, by)->life, LIFE_POST_ONLY);
    assert_int_equal(p.story.reply->order.status, ORDER_ACCEPTED);
    c.order.limit_price = price("100.5");
    id = place(&p, &c);
    assert_row(&p, by, ORDER_CANCELED, "0", NULL);
    assert_row(&p, id, ORDER_REJECTED, "0", "would_take");
    id = place_buy(&p, LIFE_POST_ONLY, "99.5");
    run(&p, 9);
    assert_row(&p, id, ORDER_FILLED, "2", "");
    assert_true(p.story.journal.fills[0].price.e12 == price("99.5").e12);
    assert_true(p.story.journal.fills[0].is_maker);
    end(&p);
}

/* ---- At a venue ---- */

static int64_t send(struct script *s, enum order_life life)
{
    struct command c = buy("BTC/USDT:USDT", life, "10", "99");

    script_begin_idle(s);
    script_play(s, 1);
    script_agree(s);
    script_play(s, 62);
    engine_carry_out(s->engine, &c, s->reply);
    if (s->reply->error)
        fail_msg("%s: %s", err_code(s->reply->error), s->reply->detail);
    assert_int_equal(script_newest(s, SCRIPT_SUBMIT)->order.life, life);
    return s->reply->order.id;
}

static void test_a_refusal_is_the_end(void **state)
{
    struct script s;
    int64_t id;

    (void)state;
    id = send(&s, LIFE_POST_ONLY);
    script_tell(&s, VENUE_REJECTED, id)->error = VENUE_ERROR_WOULD_TRIGGER;
    script_play(&s, 90);
    assert_int_equal(script_row(&s, id)->status, ORDER_REJECTED);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    script_end(&s);
}

static void test_now_has_one_attempt(void **state)
{
    static const enum order_life lives[] = {LIFE_GTC, LIFE_IOC, LIFE_FOK, LIFE_POST_ONLY};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lives); i++) {
        bool is_now = lives[i] == LIFE_IOC || lives[i] == LIFE_FOK;
        struct script s;
        int64_t id = send(&s, lives[i]);

        script_tell(&s, VENUE_NOT_SENT, id)->error = VENUE_ERROR_NOT_SENT;
        script_play(&s, 70);
        assert_int_equal(script_row(&s, id)->status, ORDER_CANCELED);
        assert_int_equal(script_count(&s, SCRIPT_SUBMIT), is_now ? 1 : 2);
        assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.life, lives[i]);
        script_end(&s);
    }
}

static void test_what_ioc_got_is_protected(void **state)
{
    struct venue_event *e;
    struct script s;
    int64_t id;

    (void)state;
    id = send(&s, LIFE_IOC);
    script_fill(&s, id, "t1", size("4"));
    e = script_tell(&s, VENUE_EXPIRED, id);
    e->executed_is_known = true;
    e->executed = size("4");
    script_play(&s, 63);
    assert_int_equal(script_row(&s, id)->status, ORDER_EXPIRED);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_STOP_LOSS);
    assert_true(script_newest(&s, SCRIPT_SUBMIT)->order.size.e12 == size("4").e12);
    script_end(&s);
}

/* It cannot rest, so a venue that says no more of it is asked. */
static void test_silence_about_a_fok_order_is_asked_about(void **state)
{
    struct script s;
    int64_t id;

    (void)state;
    id = send(&s, LIFE_FOK);
    (void)script_tell(&s, VENUE_ACCEPTED, id);
    script_play(&s, 66);
    assert_int_equal(script_count(&s, SCRIPT_QUERY), 0);
    script_play(&s, 69);
    assert_int_equal(script_newest(&s, SCRIPT_QUERY)->order.id, id);
    script_end(&s);
}

static void test_a_replacement_stays_post_only(void **state)
{
    struct command c = {.kind = COMMAND_REPLACE_ORDER, .mode = MODE_PAPER, .actor = "tester"};
    struct script s;

    (void)state;
    c.id = send(&s, LIFE_POST_ONLY);
    (void)script_tell(&s, VENUE_ACCEPTED, c.id);
    script_play(&s, 63);
    c.order.limit_price = price("98");
    engine_carry_out(s.engine, &c, s.reply);
    assert_int_equal(s.reply->error, ERR_OK);
    script_tell(&s, VENUE_CANCELED, c.id)->executed_is_known = true;
    script_play(&s, 64);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.replaces_id, c.id);
    assert_int_equal(script_newest(&s, SCRIPT_SUBMIT)->order.life, LIFE_POST_ONLY);
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ioc_takes_at_the_next_open),
        cmocka_unit_test(test_ioc_and_fok_never_rest),
        cmocka_unit_test(test_where_there_is_less_than_wanted),
        cmocka_unit_test(test_ioc_survives_a_crash),
        cmocka_unit_test(test_post_only_is_refused_where_it_would_take),
        cmocka_unit_test(test_post_only_rests_and_is_replaced),
        cmocka_unit_test(test_a_refusal_is_the_end),
        cmocka_unit_test(test_now_has_one_attempt),
        cmocka_unit_test(test_what_ioc_got_is_protected),
        cmocka_unit_test(test_silence_about_a_fok_order_is_asked_about),
        cmocka_unit_test(test_a_replacement_stays_post_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
