/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves of the trade log: bytes, proofs and hashes against CPython's json and hashlib. */
#include "tests/support/amounts.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/jwriter.h"
#include "core/text.h"
#include "engine/ledger_about.h"

#define AT_US INT64_C(1705314600000000) /* 2024-01-15T10:30:00Z */
#define ID "5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f"
#define HEX_11 "1111111111111111111111111111111111111111111111111111111111111111"
#define HEX_22 "2222222222222222222222222222222222222222222222222222222222222222"
#define CLIENT_ID "abababababababababababababababab"

enum {
    MANY = 51,
    POSITIONS_MAX = 1024
};

static const struct leaf_context of_strategy = {MODE_PAPER, "adaptive_momentum_v3", AT_US};
static const struct leaf_context of_none = {MODE_PAPER, "", AT_US};

static struct instrument instrument_of(const char *symbol)
{
    struct instrument i;

    assert_ok(instrument_init(&i, symbol, price("0.01"), size("0.00001"), money("5")));
    return i;
}

static struct digest digest_of_byte(int byte)
{
    struct digest d;

    memset(d.bytes, byte, sizeof d.bytes);
    return d;
}

/* Compares with the line of that name in the vectors; the leaf is released. */
static void check_leaf(const char *name, struct leaf *leaf)
{
    char *bytes = check_data("ledger/leaves.txt", NULL), *cursor = bytes, *line = NULL;
    char *parts[4] = {0}, *saved = NULL, proof[DIGEST_HEX], hash[DIGEST_HEX];
    bool found = false;

    while (!found && (line = check_line(&cursor))) {
        for (int i = 0; i < 4; i++)
            parts[i] = strtok_r(i ? NULL : line, "\t", &saved);
        found = parts[3] && strcmp(parts[0], name) == 0;
    }
    assert_true(found);
    assert_string_equal(leaf->bytes, parts[1]);
    assert_int_equal(leaf->length, strlen(parts[1]));
    hex_print(leaf->proof.bytes, DIGEST_BYTES, proof);
    hex_print(leaf->leaf_hash.bytes, DIGEST_BYTES, hash);
    assert_string_equal(proof, parts[2]);
    assert_string_equal(hash, parts[3]);
    assert_int_equal(leaf->at_us, AT_US);
    leaf_release(leaf);
    assert_null(leaf->bytes);
    free(bytes);
}

static void test_genesis(void **state)
{
    struct genesis g = {
        .origin = "trader.example/sim-paper-main",
        .vkey = "trader.example/sim-paper-main+0a1b2c3d+AfakeKey=",
        .build = "1.0.0+abcdef0",
        .account_hash = HEX_11,
        .quote = "USDT",
        .starting_equity = money("10000"),
        .cycle_interval_s = 300,
        .pace = "replay",
    };
    struct leaf leaf;

    (void)state;
    assert_ok(ledger_genesis(&of_none, &g, &leaf));
    assert_int_equal(leaf.kind, LEAF_GENESIS);
    check_leaf("genesis", &leaf);
    g.predecessor = "trader.example/log1\n3\nAAAA\n\n\xE2\x80\x94 trader.example/log1 AAAA\n";
    assert_ok(ledger_genesis(&of_none, &g, &leaf));
    check_leaf("genesis_second", &leaf);
}

static void test_config(void **state)
{
    struct instrument few[2] = {instrument_of("BTC/USDT"), instrument_of("ETH/USDT")};
    struct instrument many[MANY];
    struct declared_strategy strategies[] = {{ID, "adaptive_momentum_v3", ""},
                                             {HEX_22, "slow", ID}};
    struct config_leaf c = {
        .strategies = strategies,
        .strategy_count = 2,
        .feed_id = HEX_22,
        .fee_rate = ratio("0.001"),
        .slippage_bps = ratio("5"),
        .slippage_tolerance_bps = ratio("100"),
        .min_confidence = ratio("0.5"),
        .max_position_ratio = ratio("1"),
        .max_exposure_ratio = ratio("1"),
        .max_drawdown = ratio("0.25"),
        .max_open_positions = 10,
        .intrabar = "pessimistic",
        .limit_fill = "touch",
        .instruments = few,
        .instrument_count = 2,
    };
    struct leaf leaf;

    (void)state;
    assert_ok(ledger_config(&of_none, &c, &leaf));
    check_leaf("config", &leaf);
    for (int i = 0; i < MANY; i++) {
        char symbol[LIMIT_SYMBOL];

        (void)snprintf(symbol, sizeof symbol, "A%d/USDT", i);
        many[i] = instrument_of(symbol);
    }
    c.instruments = many;
    c.instrument_count = MANY;
    assert_ok(ledger_config(&of_none, &c, &leaf));
    check_leaf("config_many", &leaf);
}

static void test_cycle(void **state)
{
    struct digest inputs = digest_of_byte(0x33);
    struct leaf leaf;

    (void)state;
    assert_ok(ledger_cycle(&of_none, 42, money("10000.12"), &inputs, NULL, &leaf));
    check_leaf("cycle", &leaf);
}

static void test_signals(void **state)
{
    struct instrument i = instrument_of("BTC/USDT");
    struct signal s = {
        .id = 7,
        .at_us = AT_US,
        .candle_us = AT_US - 300 * US_PER_S,
        .symbol = "BTC/USDT",
        .strategy_id = ID,
        .action = SIGNAL_ENTRY,
        .side = SIDE_BUY,
        .decision = SIGNAL_ACCEPTED,
        .confidence = ratio("0.75"),
        .price = price("42150.5"),
        .size = size("0.01"),
        .size_asked = size("0.02372"),
        .trigger = "rsi_14 28.40 < 30",
    };
    struct leaf leaf;

    (void)state;
    assert_ok(ledger_signal(&of_strategy, &s, &i, &leaf));
    check_leaf("signal", &leaf);
    s.decision = SIGNAL_DENIED;
    s.denials = DENIED_MIN_NOTIONAL | DENIED_CONFIDENCE;
    s.size = SIZE_ZERO;
    assert_ok(ledger_signal(&of_strategy, &s, &i, &leaf));
    check_leaf("signal_denied", &leaf);
}

static struct order order_of(void)
{
    return (struct order){
        .id = 12,
        .intent_id = 9,
        .attempt = 1,
        .symbol = "BTC/USDT",
        .strategy_id = ID,
        .side = SIDE_BUY,
        .type = ORDER_MARKET,
        .purpose = PURPOSE_ENTRY,
        .size = size("0.01"),
        .decision_price = price("42150.5"),
        .slippage_tolerance = ratio("0.01"),
    };
}

static void check_client_id(const struct order *o, const struct leaf *leaf)
{
    char hash[DIGEST_HEX];

    assert_memory_equal(o->leaf_hash.bytes, leaf->leaf_hash.bytes, DIGEST_BYTES);
    hex_print(o->leaf_hash.bytes, DIGEST_BYTES, hash);
    assert_int_equal(strlen(o->client_order_id), 32);
    assert_memory_equal(o->client_order_id, hash, 32);
}

static void test_orders(void **state)
{
    struct instrument i = instrument_of("BTC/USDT");
    struct digest signal_leaf = digest_of_byte(0x0c);
    struct order o = order_of();
    struct leaf leaf;

    (void)state;
    assert_ok(ledger_order(&of_strategy, &o, &signal_leaf, &i, 0, &leaf));
    check_client_id(&o, &leaf);
    check_leaf("order", &leaf);
    o = order_of();
    o.type = ORDER_STOP_MARKET;
    o.purpose = PURPOSE_STOP_LOSS;
    o.exit_reason = EXIT_TRAILING_STOP;
    o.side = SIDE_SELL;
    o.reduce_only = true;
    o.oco_group = 3;
    o.position_id = 4;
    o.stop_price = price("41000");
    o.slippage_tolerance = ratio("0");
    assert_ok(ledger_order(&of_strategy, &o, NULL, &i, 0, &leaf));
    check_client_id(&o, &leaf);
    check_leaf("order_stop", &leaf);
    o.type = ORDER_LIMIT;
    o.purpose = PURPOSE_TAKE_PROFIT;
    o.exit_reason = EXIT_TAKE_PROFIT;
    o.limit_price = price("43000");
    assert_ok(ledger_order(&of_strategy, &o, NULL, &i, 7, &leaf));
    check_leaf("order_limit_in_epoch", &leaf);
}

static void test_trade(void **state)
{
    struct instrument i = instrument_of("BTC/USDT");
    struct fill f = {
        .id = 12345,
        .order_id = 12,
        .position_id = 4,
        .venue_fill_id = "12-1",
        .symbol = "BTC/USDT",
        .strategy_id = ID,
        .side = SIDE_SELL,
        .price = price("42150.5"),
        .size = size("0.01"),
        .fee = money("0.421505"),
        .fee_currency = "USDT",
        .pnl = money("-3.07"),
        .slippage = money("0.0021"),
        .at_us = AT_US,
        .order_leaf_hash = digest_of_byte(0xab),
        .client_order_id = CLIENT_ID,
    };
    struct leaf leaf;

    (void)state;
    assert_ok(ledger_trade(&of_strategy, &f, &i, &leaf));
    check_leaf("trade", &leaf);
}

static void test_close(void **state)
{
    struct instrument i = instrument_of("BTC/USDT");
    struct order o = order_of();
    struct leaf leaf;

    (void)state;
    o.leaf_hash = digest_of_byte(0xab);
    copy_text(o.client_order_id, sizeof o.client_order_id, CLIENT_ID);
    copy_text(o.reason, sizeof o.reason,
              "slippage_tolerance \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \"q\" \\ \x01\x7F \xE2");
    o.status = ORDER_EXPIRED;
    o.filled = size("0.004");
    o.fee = money("0.168602");
    assert_ok(ledger_close(&of_strategy, &o, &i, &leaf));
    check_leaf("close", &leaf);
}

static void make_positions(struct position *list, const struct instrument **beside,
                           const struct instrument *i, int count)
{
    for (int n = 0; n < count; n++) {
        list[n] = (struct position){
            .id = n + 1,
            .symbol = "BTC/USDT",
            .direction = (n + 1) % 2 ? DIRECTION_SHORT : DIRECTION_LONG,
            .size = size("0.015"),
            .mark = price("42000"),
            .entry_size = size("0.03"),
            .entry_notional = money("1263.01"), /* 42100.333... each */
        };
        beside[n] = i;
    }
}

static void test_equity(void **state)
{
    static struct position list[POSITIONS_MAX];
    static const struct instrument *beside[POSITIONS_MAX];
    struct instrument i = instrument_of("BTC/USDT");
    struct equity_point point = {
        .at_us = AT_US,
        .cash = money("9368.35"),
        .equity = money("9998.35"),
        .unrealized = money("-1.505"),
        .day = 19737, /* 2024-01-15 */
    };
    struct leaf leaf;

    (void)state;
    make_positions(list, beside, &i, POSITIONS_MAX);
    assert_ok(ledger_equity(&of_none, &point, list, 2, beside, &leaf));
    check_leaf("equity", &leaf);
    assert_ok(ledger_equity(&of_none, &point, list, MANY - 1, beside, &leaf));
    check_leaf("equity_50", &leaf);
    assert_ok(ledger_equity(&of_none, &point, list, MANY, beside, &leaf));
    check_leaf("equity_51", &leaf);
    assert_ok(ledger_equity(&of_none, &point, list, POSITIONS_MAX, beside, &leaf));
    assert_true(leaf.length < 1024);
    leaf_release(&leaf);
}

/* The longest texts and amounts there can be still fit when listed. */
static void test_fifty_of_the_largest_positions_fit(void **state)
{
    static struct position list[MANY - 1];
    static const struct instrument *beside[MANY - 1];
    struct instrument i = instrument_of("BTC/USDT");
    struct equity_point point = {.at_us = AT_US};
    struct leaf leaf;

    (void)state;
    i.price_scale = i.size_scale = 12;
    make_positions(list, beside, &i, MANY - 1);
    for (int n = 0; n < MANY - 1; n++) {
        memset(list[n].symbol, 'A', LIMIT_SYMBOL - 1);
        list[n].id = INT64_C(9007199254740991);
        list[n].size = size("99999999999999999999999999.999999999999");
        list[n].mark = price("99999999999999999999999999.999999999999");
        list[n].entry_size = size("1");
        list[n].entry_notional = money("99999999999999999999999999.999999999999");
    }
    assert_ok(ledger_equity(&of_none, &point, list, MANY - 1, beside, &leaf));
    assert_true(leaf.length <= LIMIT_LEAF_BYTES);
    leaf_release(&leaf);
}

static void test_control(void **state)
{
    struct control c = {.action = "close_position",
                        .actor = "operator",
                        .reason = "news at \xFF\x80 and \xC3\xBC",
                        .target = 4};
    struct leaf leaf;

    (void)state;
    assert_ok(ledger_control(&of_none, &c, &leaf));
    check_leaf("control", &leaf);
    c = (struct control){.action = "pause", .actor = "ci", .reason = ""};
    assert_ok(ledger_control(&of_none, &c, &leaf));
    check_leaf("control_all", &leaf);
}

static void test_correct(void **state)
{
    const struct instrument i = instrument_of("BTC/USDT");
    struct correction c = {.reason = "the venue holds less",
                           .position_id = 4,
                           .symbol = "BTC/USDT",
                           .strategy_id = ID,
                           .side = SIDE_SELL,
                           .size = size("0.003"),
                           .price = price("42100.5"),
                           .pnl = money("-1.5")};
    struct leaf leaf;

    (void)state;
    assert_ok(ledger_correct(&of_strategy, &c, &i, &leaf));
    check_leaf("correct_adopt", &leaf);
    c = (struct correction){.reason = "",
                            .position_id = 5,
                            .symbol = "BTC/USDT",
                            .strategy_id = ID,
                            .side = SIDE_BUY,
                            .size = size("0.0000012"),
                            .price = price("42100.505")};
    assert_ok(ledger_correct(&of_strategy, &c, &i, &leaf));
    check_leaf("correct_finer", &leaf);
}

static void check_entry(const char *name, enum leaf_kind kind, struct text *object)
{
    struct leaf leaf;

    assert_ok(ledger_entry(&of_none, kind, object->data, object->length, &leaf));
    check_leaf(name, &leaf);
    text_clear(object);
}

static void test_entries_about_the_log(void **state)
{
    const struct correction_note n = {.index = 17,
                                      .leaf_hash = digest_of_byte(0xAB),
                                      .actor = "ci",
                                      .reason = "the venue corrected it",
                                      .replacement = "a price of 42100.00"};
    const struct anchor_item items[] = {
        {"cosignature", "ann.example/w1+a1b2c3d4", digest_of_byte(0x11)},
        {"rfc3161", "tsa.example/tsr", digest_of_byte(0x22)}};
    const struct anchor_leaf a = {
        .size = 4711, .checkpoint = digest_of_byte(0xAB), .items = items, .count = 2};
    struct text t;

    (void)state;
    text_init(&t, LIMIT_LEAF_BYTES);
    about_note(&n, &t);
    check_entry("correct_note", LEAF_CORRECT, &t);
    about_anchor(&a, &t);
    check_entry("anchor", LEAF_ANCHOR, &t);
    text_release(&t);
}

static void test_an_object_that_is_not_canonical_is_no_entry(void **state)
{
    static const char *const wrong[] = {"",
                                        "{",
                                        "[]",
                                        "{\"b\": 1.5}",
                                        "{} {}",
                                        "{\"a\":1}",
                                        "{\"b\": 1, \"a\": 1}",
                                        "{}, \"key\": {}"};
    struct leaf leaf = {.length = 7};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_err(ledger_entry(&of_none, LEAF_STATEMENT, wrong[i], strlen(wrong[i]), &leaf),
                   ERR_INVALID);
    assert_int_equal(leaf.length, 7);
    assert_ok(ledger_entry(&of_none, LEAF_STATEMENT, "{\"a\": null}", 11, &leaf));
    leaf_release(&leaf);
}

static void test_too_large_is_refused(void **state)
{
    static char reason[LIMIT_LEAF_BYTES];
    struct control c = {.action = "pause", .actor = "ci", .reason = reason};
    struct leaf leaf = {.length = 7};

    (void)state;
    memset(reason, 'x', sizeof reason - 1);
    assert_err(ledger_control(&of_none, &c, &leaf), ERR_LIMIT);
    assert_int_equal(leaf.length, 7);
}

static void test_kinds_have_names(void **state)
{
    (void)state;
    assert_string_equal(leaf_kind_name(LEAF_GENESIS), "genesis");
    assert_string_equal(leaf_kind_name(LEAF_TRADE), "trade");
    assert_string_equal(leaf_kind_name(LEAF_CONTROL), "control");
}

static void test_the_line_of_a_leaf(void **state)
{
    static const char canonical[] = "{\"mode\": \"live\"}";
    struct digest proof;
    struct text line;

    (void)state;
    digest_of(canonical, sizeof canonical - 1, &proof);
    text_init(&line, 1000);
    ledger_line(canonical, sizeof canonical - 1, &proof, &line);
    assert_int_equal(line.length, sizeof canonical - 1 + 77 + 1);
    assert_string_equal(line.data,
                        "{\"mode\": \"live\", \"proof\": "
                        "\"da0ce34bb1aa339623a9c39d2a95210d49eacb680a67b486f2f9526ada0f01e1\"}\n");
    text_release(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_genesis),
        cmocka_unit_test(test_config),
        cmocka_unit_test(test_cycle),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_trade),
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_equity),
        cmocka_unit_test(test_fifty_of_the_largest_positions_fit),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_correct),
        cmocka_unit_test(test_entries_about_the_log),
        cmocka_unit_test(test_an_object_that_is_not_canonical_is_no_entry),
        cmocka_unit_test(test_too_large_is_refused),
        cmocka_unit_test(test_kinds_have_names),
        cmocka_unit_test(test_the_line_of_a_leaf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
