/* SPDX-License-Identifier: Apache-2.0 */
/* A venue whose filters change, or whose symbols stop trading, and the engine at it. */
#include <string.h>

#include "tests/support/amounts.h"
#include "tests/support/check.h"
#include "tests/support/script_venue.h"

static struct instrument rules; /* what the venue trades by now */

static void begin(struct script *s)
{
    script_begin(s);
    rules = s->instrument;
    script_play(s, 1);
    script_agree(s);
    script_play(s, 65);
}

static const struct order *newest(const struct script *s)
{
    return &script_newest(s, SCRIPT_SUBMIT)->order;
}

static void tell_market(struct script *s, enum venue_market_state state)
{
    struct venue_event *e = script_tell(s, VENUE_MARKET, 0);

    e->market = state;
    e->rules = &rules;
    (void)copy_text(e->symbol, sizeof e->symbol, s->instrument.symbol);
    (void)copy_text(e->reason, sizeof e->reason, "told");
}

static void refuse(struct script *s)
{
    struct venue_event *e = script_tell(s, VENUE_REJECTED, newest(s)->id);

    e->error = VENUE_ERROR_FILTER;
    (void)copy_text(e->reason, sizeof e->reason, "the order breaks a filter");
}

static size_t leaves(const struct script *s, enum leaf_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < s->journal.leaf_count; i++)
        n += s->journal.leaves[i].kind == kind;
    return n;
}

static void test_a_refused_entry_is_made_anew_by_the_filters_of_now(void **state)
{
    struct script s;
    int64_t first;
    size_t configs;

    (void)state;
    begin(&s);
    first = newest(&s)->id;
    assert_true(size_cmp(newest(&s)->size, size("9.99")) == 0);
    configs = leaves(&s, LEAF_CONFIG);
    rules.lot = size("0.1");
    rules.size_scale = 1;
    tell_market(&s, VENUE_MARKET_TRADING);
    refuse(&s);
    script_play(&s, 67);
    assert_true(newest(&s)->id > first);
    assert_int_equal(newest(&s)->attempt, 2);
    assert_true(size_cmp(newest(&s)->size, size("9.9")) == 0);
    assert_int_equal(leaves(&s, LEAF_CONFIG), configs + 1); /* the log says by which steps */
    /* By no other filters it is refused again: its strategy enters the symbol no more. */
    refuse(&s);
    script_play(&s, 400);
    assert_int_equal(newest(&s)->attempt, 2);
    script_end(&s);
}

/* It was right by what is known: nothing to be made anew; the next signal is another chance. */
static void test_the_second_refusal_ends_entries_until_a_new_start(void **state)
{
    const struct command again = {.kind = COMMAND_START, .mode = MODE_PAPER};
    const struct command stop = {.kind = COMMAND_STOP};
    struct script s;
    const struct signal *last;

    (void)state;
    begin(&s);
    refuse(&s);
    script_play(&s, 119);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    script_play(&s, 125);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 2);
    assert_int_equal(newest(&s)->attempt, 1);
    refuse(&s);
    script_play(&s, 185);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 2);
    last = &s.journal.signals[s.journal.signal_count - 1];
    assert_int_equal(last->decision, SIGNAL_DENIED);
    assert_int_equal(last->denials, DENIED_SYMBOL_HALTED);
    engine_carry_out(s.engine, &stop, s.reply);
    engine_carry_out(s.engine, &again, s.reply);
    script_play(&s, 190);
    script_agree(&s);
    script_play(&s, 245);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 3);
    script_end(&s);
}

static void test_an_accepted_entry_counts_anew(void **state)
{
    struct script s;

    (void)state;
    begin(&s);
    refuse(&s);
    script_play(&s, 125);
    (void)script_tell(&s, VENUE_ACCEPTED, newest(&s)->id);
    script_play(&s, 126);
    script_tell(&s, VENUE_CANCELED, newest(&s)->id)->executed_is_known = true;
    script_play(&s, 185);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 3);
    refuse(&s);
    script_play(&s, 245);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 4); /* one refusal in a row */
    script_end(&s);
}

static void test_a_symbol_that_stands_takes_no_entries_until_it_trades(void **state)
{
    struct script s;
    size_t asked;

    (void)state;
    begin(&s);
    refuse(&s);
    tell_market(&s, VENUE_MARKET_HALTED);
    script_play(&s, 125);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 1);
    assert_int_equal(s.journal.signals[1].denials, DENIED_SYMBOL_HALTED);
    tell_market(&s, VENUE_MARKET_TRADING);
    asked = script_count(&s, SCRIPT_RECONCILE);
    script_play(&s, 130);
    assert_int_equal(script_count(&s, SCRIPT_RECONCILE), asked + 1); /* what rested may be gone */
    script_agree(&s);
    script_play(&s, 185);
    assert_int_equal(script_count(&s, SCRIPT_SUBMIT), 2);
    script_end(&s);
}

/* The stop of an open position comes onto the new tick, and moves at the venue. */
static void test_another_tick_moves_levels_to_the_safe_side(void **state)
{
    struct script s;
    struct price stop;
    int64_t entry;

    (void)state;
    begin(&s);
    entry = newest(&s)->id;
    (void)script_tell(&s, VENUE_ACCEPTED, entry);
    script_fill(&s, entry, "t1", newest(&s)->size);
    script_play(&s, 66);
    (void)script_tell(&s, VENUE_ACCEPTED, newest(&s)->id);
    script_play(&s, 67);
    stop = newest(&s)->stop_price;
    assert_true(price_cmp(stop, price("99.99")) == 0);
    rules.tick = price("0.5");
    rules.price_scale = 1;
    tell_market(&s, VENUE_MARKET_TRADING);
    script_play(&s, 68);
    assert_int_equal(newest(&s)->purpose, PURPOSE_STOP_LOSS);
    assert_true(price_cmp(newest(&s)->stop_price, price("100")) == 0);
    assert_true(price_cmp(s.journal.positions[0].stop_loss, price("100")) == 0);
    script_end(&s);
}

/* The same events make the same log, to the byte. */
static void test_the_same_events_make_the_same_log(void **state)
{
    struct script s;
    struct digest digests[2];

    (void)state;
    for (size_t run = 0; run < 2; run++) {
        begin(&s);
        rules.lot = size("0.1");
        rules.size_scale = 1;
        rules.market_max = size("5");
        tell_market(&s, VENUE_MARKET_TRADING);
        refuse(&s);
        script_play(&s, 67);
        assert_true(size_cmp(newest(&s)->size, size("5")) == 0);
        script_fill(&s, newest(&s)->id, "t1", newest(&s)->size);
        script_play(&s, 130);
        digests[run] = s.journal.leaves[s.journal.leaf_count - 1].leaf_hash;
        for (size_t i = 0; i + 1 < s.journal.leaf_count; i++)
            for (size_t k = 0; k < DIGEST_BYTES; k++)
                digests[run].bytes[k] = (unsigned char)(digests[run].bytes[k] * 31U +
                                                        s.journal.leaves[i].leaf_hash.bytes[k]);
        script_end(&s);
    }
    assert_memory_equal(digests[0].bytes, digests[1].bytes, DIGEST_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_refused_entry_is_made_anew_by_the_filters_of_now),
        cmocka_unit_test(test_the_second_refusal_ends_entries_until_a_new_start),
        cmocka_unit_test(test_an_accepted_entry_counts_anew),
        cmocka_unit_test(test_a_symbol_that_stands_takes_no_entries_until_it_trades),
        cmocka_unit_test(test_another_tick_moves_levels_to_the_safe_side),
        cmocka_unit_test(test_the_same_events_make_the_same_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
