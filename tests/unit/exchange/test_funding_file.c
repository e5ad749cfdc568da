/* SPDX-License-Identifier: Apache-2.0 */
/* Tests funding files: what is read, and that what is wrong is told with its line. */
#include "exchange/funding_file.h"

#include "tests/support/amounts.h"
#include "tests/support/check.h"

static void reads(const char *text, struct funding_series *out)
{
    struct diag_list diags = {0};
    char told[256];

    if (funding_parse(text, strlen(text), "f.csv", &diags, out) == ERR_OK)
        return;
    diag_describe(&diags, ERR_INVALID, told, sizeof told);
    fail_msg("%s", told);
}

static void test_names_and_orders_of_columns(void **state)
{
    struct funding_series plain, api;

    (void)state;
    reads("timestamp,funding_rate\n1637193600017,0.0001\n1637222400007,-0.00012345\n", &plain);
    assert_int_equal(plain.count, 2);
    assert_int_equal(plain.items[0].at_us, INT64_C(1637193600017000));
    assert_true(plain.items[1].rate.e12 == ratio("-0.00012345").e12);
    assert_true(plain.items[1].mark.e12 == 0);
    reads("\xef\xbb\xbfmarkPrice, x ,fundingRate,FundingTime\r\n,a,1e-04,1637193600017\r\n"
          "59000.12345678,b,-1.2345e-4, 1637222400007",
          &api);
    assert_int_equal(api.count, 2);
    assert_true(api.items[0].rate.e12 == plain.items[0].rate.e12);
    assert_true(api.items[1].rate.e12 == plain.items[1].rate.e12);
    assert_true(api.items[1].mark.e12 == price("59000.12345678").e12);
    assert_memory_not_equal(&api.digest, &plain.digest, sizeof api.digest);
    funding_series_release(&api);
    reads("calc_time,funding_interval_hours,last_funding_rate\n1637193600017,8,0.00010\n"
          "1637222400007,8,-0.000123450\n",
          &api);
    assert_memory_equal(&api.digest, &plain.digest, sizeof api.digest);
    funding_series_release(&api);
    funding_series_release(&plain);
}

static void test_what_is_wrong_is_told_with_its_line(void **state)
{
    static const struct {
        const char *text, *field, *code;
    } rows[] = {
        {"", "f.csv:1", "missing_column"},
        {"timestamp,rate\n", "f.csv:1", "missing_column"},
        {"timestamp,funding_rate,fundingRate\n", "f.csv:1", "duplicate_column"},
        {"timestamp,funding_rate\n", "f.csv:1", "empty"},
        {"timestamp,funding_rate\n1,0.1\n\n2,0.1\n", "f.csv:3", "columns"},
        {"timestamp,funding_rate\n1,0.1,\n", "f.csv:2", "columns"},
        {"timestamp,funding_rate\n1,0.1\n1,0.1\n", "f.csv:3", "order"},
        {"timestamp,funding_rate\n2021-01-01,0.1\n", "f.csv:2", "timestamp"},
        {"timestamp,funding_rate\n1.5,0.1\n", "f.csv:2", "timestamp"},
        {"timestamp,funding_rate\n0,0.1\n", "f.csv:2", "timestamp"},
        {"timestamp,funding_rate\n1,1\n", "f.csv:2", "funding_rate"},
        {"timestamp,funding_rate\n1,-1\n", "f.csv:2", "funding_rate"},
        {"timestamp,funding_rate\n1,nan\n", "f.csv:2", "funding_rate"},
        {"timestamp,funding_rate\n1,0.01%\n", "f.csv:2", "funding_rate"},
        {"timestamp,funding_rate\n1,0.0000000000001\n", "f.csv:2", "funding_rate"},
        {"timestamp,funding_rate,mark_price\n1,0.1,0\n", "f.csv:2", "mark_price"},
        {"timestamp,funding_rate,mark_price\n1,0.1,-5\n", "f.csv:2", "mark_price"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct diag_list diags = {0};
        struct funding_series s;

        assert_err(funding_parse(rows[i].text, strlen(rows[i].text), "f.csv", &diags, &s),
                   ERR_INVALID);
        assert_string_equal(diags.items[0].field, rows[i].field);
        assert_string_equal(diags.items[0].code, rows[i].code);
    }
}

static void test_recorded_files(void **state)
{
    struct diag_list diags = {0};
    struct funding_series s;

    (void)state;
    assert_ok(funding_file_read("tests/data/funding/XRPUSDT-perp-funding.csv", &diags, &s));
    assert_int_equal(s.count, 91);
    assert_true(s.items[90].mark.e12 > 0);
    funding_series_release(&s);
    assert_ok(funding_file_read("tests/data/funding/XBTUSD-funding.csv", &diags, &s));
    assert_int_equal(s.count, 200);
    funding_series_release(&s);
    assert_err(funding_file_read("tests/data/funding/nowhere.csv", &diags, &s), ERR_IO);
    assert_int_equal(diags.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_orders_of_columns),
        cmocka_unit_test(test_what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(test_recorded_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
