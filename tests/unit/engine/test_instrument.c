/* SPDX-License-Identifier: Apache-2.0 */
/* Symbols: split, refused, and guessed from file names. */
#include "engine/instrument.h"

#include "tests/support/check.h"

static enum err make(const char *symbol, struct instrument *out)
{
    return instrument_init(out, symbol, price_from_scaled(1, 2), size_from_scaled(1, 5),
                           (struct money){price_from_scaled(10, 0).e12});
}

static void test_split(void **state)
{
    struct instrument i;

    (void)state;
    assert_ok(make("BTC/USDT", &i));
    assert_string_equal(i.symbol, "BTC/USDT");
    assert_string_equal(i.base, "BTC");
    assert_string_equal(i.quote, "USDT");
    assert_true(i.is_spot);
    assert_int_equal(i.price_scale, 2);
    assert_int_equal(i.size_scale, 5);
    assert_int_equal(i.money_scale, 8);
    assert_ok(make("1000PEPE/USDT:USDT", &i));
    assert_string_equal(i.base, "1000PEPE");
    assert_false(i.is_spot);
}

static void test_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "BTC",
                                      "BTC/",
                                      "/USDT",
                                      "btc/usdt",
                                      "BTC/USDT:",
                                      "BTC/USDT:A:B",
                                      "BTC/USDT ",
                                      "BTC-USDT",
                                      "BTC//USDT",
                                      "A/B/C",
                                      "ABCDEFGHIJKLMNOP/USDT",
                                      "ABCDEFGHIJKLMNO/ABCDEFGHIJKLMNO:A"};
    struct instrument i = {.symbol = "kept"};

    (void)state;
    for (size_t n = 0; n < COUNT_OF(bad); n++)
        assert_err(make(bad[n], &i), ERR_INVALID);
    assert_err(instrument_init(&i, "BTC/USDT", PRICE_ZERO, size_from_scaled(1, 0), MONEY_ZERO),
               ERR_INVALID);
    assert_err(instrument_init(&i, "BTC/USDT", price_from_scaled(1, 0), SIZE_ZERO, MONEY_ZERO),
               ERR_INVALID);
    assert_err(instrument_init(&i, "BTC/USDT", price_from_scaled(1, 0), size_from_scaled(1, 0),
                               (struct money){-1}),
               ERR_INVALID);
    assert_string_equal(i.symbol, "kept");
}

static void test_file_names(void **state)
{
    static const struct {
        const char *path, *symbol;
    } cases[] = {
        {"BTCUSDT-5m.csv", "BTC/USDT"}, {"data/spot/binance-BTCUSDT-5m-2021", "BTC/USDT"},
        {"BTC_USDT-5m", "BTC/USDT"},    {"x/ETH-BTC-1h.csv.zst", "ETH/BTC"},
        {"ETHBTC.json", "ETH/BTC"},     {"BTCFDUSD-1m.csv", "BTC/FDUSD"},
        {"SOLUSD.csv", "SOL/USD"},      {"1000PEPEUSDT-5m.csv", "1000PEPE/USDT"},
        {"USDCUSDT.csv", "USDC/USDT"},  {"candles.csv", NULL},
        {"BTCUSDT/candles.csv", NULL},  {"USDT.csv", NULL},
        {"2021-5m.csv", NULL},          {"", NULL},
    };
    char symbol[LIMIT_SYMBOL];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(symbol_of_file(cases[i].path, symbol), cases[i].symbol != NULL);
        if (cases[i].symbol)
            assert_string_equal(symbol, cases[i].symbol);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_file_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
