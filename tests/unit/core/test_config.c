/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration's sources, bounds, messages and printed forms. */
#include "core/config.h"

#include <stdlib.h>

#include "core/config_entry.h"
#include "core/jnode.h"
#include "core/text.h"
#include "tests/support/check.h"

static enum err read_json(struct config *c, const char *json, struct diag_list *diags)
{
    *diags = (struct diag_list){0};
    return config_read_json(c, json, strlen(json), "traderd.json", "/etc/traderd", diags);
}

static void same_diag(const struct diag_list *diags, size_t i, const char *field,
                      const char *message, const char *hint)
{
    assert_true(i < diags->count);
    assert_string_equal(diags->items[i].field, field);
    if (!strstr(diags->items[i].message, message))
        fail_msg("\"%s\" lacks \"%s\"", diags->items[i].message, message);
    assert_string_equal(diags->items[i].hint, hint);
}

static void test_defaults(void **state)
{
    struct config *c = config_new();

    (void)state;
    assert_string_equal(config_text(c, CONFIG_listen), "127.0.0.1:8080");
    assert_false(config_bool(c, CONFIG_insecure_bind));
    assert_int_equal(config_integer(c, CONFIG_http_threads), 2);
    assert_true(config_money(c, CONFIG_starting_equity).e12 == INT64_C(10000000000000000));
    assert_true(config_ratio(c, CONFIG_fee_rate).e12 == INT64_C(1000000000));
    assert_int_equal(config_enum(c, CONFIG_mode), 0);
    assert_string_equal(config_text(c, CONFIG_mode), "paper");
    assert_int_equal(config_list_count(c, CONFIG_candles), 0);
    assert_string_equal(config_source(c, CONFIG_mode), "default");
    config_free(c);
    config_free(NULL);
}

static void test_json(void **state)
{
    struct config *c = config_new();
    struct diag_list diags;
    const char *value = NULL;

    (void)state;
    assert_ok(read_json(c,
                        "{\"$schema\": \"x\", \"x-note\": {\"a\": 1}, \"http_threads\": 4,"
                        " \"insecure_bind\": true, \"fee_rate\": 0.0005,"
                        " \"starting_equity\": \"2500.50\", \"mode\": \"live\","
                        " \"strategy\": \"s/a.json\", \"tls_key\": \"/abs/key\","
                        " \"data_dir\": \"here\","
                        " \"candles\": [\"BTC/USDT=b.csv\", \"c,d.csv\", \"X=/abs.csv\"],"
                        " \"tick_sizes\": [\"BTC/USDT=0.01\"], \"max_exposure_ratio\": 2}",
                        &diags));
    assert_int_equal(diags.count, 0);
    assert_int_equal(config_integer(c, CONFIG_http_threads), 4);
    assert_true(config_bool(c, CONFIG_insecure_bind));
    assert_true(config_ratio(c, CONFIG_fee_rate).e12 == INT64_C(500000000));
    assert_true(config_money(c, CONFIG_starting_equity).e12 == INT64_C(2500500000000000));
    assert_int_equal(config_enum(c, CONFIG_mode), 1);
    assert_string_equal(config_text(c, CONFIG_strategy), "/etc/traderd/s/a.json");
    assert_string_equal(config_text(c, CONFIG_tls_key), "/abs/key");
    assert_string_equal(config_text(c, CONFIG_data_dir), "here");
    assert_int_equal(config_list_count(c, CONFIG_candles), 3);
    assert_string_equal(config_list_item(c, CONFIG_candles, 0), "BTC/USDT=/etc/traderd/b.csv");
    assert_string_equal(config_list_item(c, CONFIG_candles, 1), "/etc/traderd/c,d.csv");
    assert_string_equal(config_list_item(c, CONFIG_candles, 2), "X=/abs.csv");
    assert_true(config_list_lookup(c, CONFIG_tick_sizes, "BTC/USDT", &value));
    assert_string_equal(value, "0.01");
    assert_false(config_list_lookup(c, CONFIG_tick_sizes, "BTC", &value));
    assert_string_equal(config_source(c, CONFIG_mode), "traderd.json");
    config_free(c);
}

static void test_all_errors_at_once(void **state)
{
    struct config *c = config_new();
    struct diag_list diags;

    (void)state;
    assert_err(read_json(c,
                         "{\"http_thread\": 4, \"http_threads\": 17, \"mode\": \"papre\","
                         " \"fee_rate\": \"1e-3\", \"listen\": 5, \"candles\": \"a.csv\","
                         " \"tick_sizes\": [1], \"max_drawdown\": 1e300, \"rate_limit\": 1.5,"
                         " \"loop_autostart\": \"yes\", \"qqqqqqqqqqqq\": 1,"
                         " \"min_confidence\": \"0.0000000000001\", \"lot_sizes\": [\"\"]}",
                         &diags),
               ERR_INVALID);
    assert_int_equal(diags.count, 13);
    same_diag(&diags, 0, "http_thread", "(traderd.json)", "did you mean http_threads?");
    same_diag(&diags, 1, "http_threads", "\"17\" (traderd.json) is not within bounds.",
              "from 1 to 16");
    same_diag(&diags, 2, "mode", "\"papre\"", "one of paper|live");
    same_diag(&diags, 3, "fee_rate", "\"1e-3\"", "from 0 to 0.1");
    same_diag(&diags, 4, "listen", "type integer", "a string");
    same_diag(&diags, 5, "candles", "type string", "an array of strings");
    same_diag(&diags, 6, "tick_sizes", "type integer", "an array of strings");
    same_diag(&diags, 7, "max_drawdown", "out of range", "from 0 to 1");
    same_diag(&diags, 8, "rate_limit", "type number", "a whole number");
    same_diag(&diags, 9, "loop_autostart", "type string", "true or false");
    same_diag(&diags, 10, "qqqqqqqqqqqq", "no such setting", "");
    same_diag(&diags, 11, "min_confidence", "12 decimals", "from 0 to 1");
    same_diag(&diags, 12, "lot_sizes", "Item 1", "SYMBOL=SIZE");
    assert_int_equal(config_integer(c, CONFIG_http_threads), 2);
    assert_string_equal(config_source(c, CONFIG_http_threads), "default");
    assert_err(read_json(c, "[]", &diags), ERR_INVALID);
    assert_err(read_json(c, "{\"mode\": \"paper\", \"mode\": \"live\"}", &diags), ERR_SYNTAX);
    assert_int_equal(diags.items[0].line, 1);
    config_free(c);
}

static void test_environment(void **state)
{
    char *environment[] = {
        (char[]){"PATH=/bin"},
        (char[]){"TRADERD_DATABASE_URL=postgres://full"},
        (char[]){"DATABASE_URL=postgres://alias"},
        (char[]){"TRADERD_DATA=/data"},
        (char[]){"TRADERD_CONFIG=/x.json"},
        (char[]){"TRADERD_CANDLES=A=a.csv, b.csv ,C=c.csv"},
        (char[]){"TRADERD_MAX_DRAWDOWN=0.25"},
        NULL,
    };
    char *wrong[] = {
        (char[]){"TRADERD_HTTP_THREAD=3"},
        (char[]){"TRADERD_http_threads=3"},
        (char[]){"TRADERD_RATE_LIMIT= 5"},
        (char[]){"TRADERD_CANDLES=a,,b"},
        (char[]){"TRADERD_LOT_SIZES=a=1,"},
        (char[]){"TRADERD_"},
        (char[]){"TRADERD_=1"},
        NULL,
    };
    struct config *c = config_new();
    struct diag_list diags = {0};

    (void)state;
    assert_ok(config_read_environment(c, environment, &diags));
    assert_int_equal(diags.count, 0);
    assert_string_equal(config_text(c, CONFIG_database_url), "postgres://full");
    assert_string_equal(config_text(c, CONFIG_data_dir), "/data");
    assert_int_equal(config_list_count(c, CONFIG_candles), 3);
    assert_string_equal(config_list_item(c, CONFIG_candles, 1), "b.csv");
    assert_string_equal(config_list_item(c, CONFIG_candles, 2), "C=c.csv");
    assert_string_equal(config_source(c, CONFIG_candles), "environment");
    assert_err(config_read_environment(c, wrong, &diags), ERR_INVALID);
    assert_int_equal(diags.count, 6);
    same_diag(&diags, 0, "TRADERD_HTTP_THREAD", "environment",
              "did you mean TRADERD_HTTP_THREADS?");
    same_diag(&diags, 1, "TRADERD_http_threads", "environment",
              "did you mean TRADERD_HTTP_THREADS?");
    same_diag(&diags, 2, "rate_limit", "\" 5\"", "from 0 to 1000000");
    same_diag(&diags, 3, "candles", "Item 2", "SYMBOL=FILE");
    same_diag(&diags, 4, "lot_sizes", "Item 2", "SYMBOL=SIZE");
    config_free(c);
}

static void test_options(void **state)
{
    struct config *c = config_new();
    struct diag_list diags = {0};

    (void)state;
    assert_ok(config_set(c, "listen", "127.0.0.1:0", "option", &diags));
    assert_string_equal(config_text(c, CONFIG_listen), "127.0.0.1:0");
    assert_string_equal(config_source(c, CONFIG_listen), "option");
    assert_ok(config_set(c, "strategy", "a.json", "option", &diags));
    assert_string_equal(config_text(c, CONFIG_strategy), "a.json");
    assert_ok(config_set(c, "max_order_notional", "12345678901234567890", "option", &diags));
    assert_err(config_set(c, "max_order_notional", "-1", "option", &diags), ERR_INVALID);
    same_diag(&diags, 0, "max_order_notional", "\"-1\" (option)", "0 or more");
    assert_err(config_set(c, "lisen", "x", "option", NULL), ERR_INVALID);
    assert_ok(config_set(c, "candles", "", "option", &diags));
    assert_int_equal(config_list_count(c, CONFIG_candles), 0);
    config_free(c);
}

static void test_file(void **state)
{
    char *folder = check_folder_new(), *path = check_path(folder, "t.json");
    char *wanted = check_path(folder, "a.json");
    struct config *c = config_new();
    struct diag_list diags = {0};

    (void)state;
    check_write_file(path, "{\"strategy\": \"a.json\"}", 22);
    assert_ok(config_read_file(c, path, &diags));
    assert_string_equal(config_text(c, CONFIG_strategy), wanted);
    assert_string_equal(config_source(c, CONFIG_strategy), path);
    assert_err(config_read_file(c, "/nonexistent.json", &diags), ERR_IO);
    same_diag(&diags, 0, "/nonexistent.json", "No such file", "");
    check_write_file(path, "", 0);
    assert_err(config_read_file(c, path, &diags), ERR_SYNTAX);
    config_free(c);
    free(wanted);
    free(path);
    check_folder_free(folder);
}

static void test_passwords_are_hidden(void **state)
{
    static const char *const pairs[][2] = {
        {"postgres://u:secret@h/db", "postgres://u:***@h/db"},
        {"postgres://u:se@cret@h:5432/db", "postgres://u:***@h:5432/db"},
        {"postgres://u:sec/ret@h/db", "postgres://u:***@h/db"},
        {"postgres://u@h:5432/db", "postgres://u@h:5432/db"},
        {"postgres://h/db?user=u&password=secret&x=1", "postgres://h/db?user=u&password=***&x=1"},
        {"host=h password=secret user=u", "host=h password=*** user=u"},
        {"host=h password = 'a \\' secret' user=u", "host=h password = *** user=u"},
        {"host=h PassWord='secret", "host=h PassWord=***"},
        {"passwordless", "passwordless"},
        {"", ""},
    };
    struct config *c = config_new();
    struct jnode *root;
    struct text t;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT_OF(pairs); i++) {
        assert_ok(config_set(c, "database_url", pairs[i][0], "option", NULL));
        text_init(&t, 1 << 20);
        config_print(c, &t);
        /* Nowhere but in the name of a key. */
        for (const char *at = t.data; (at = strstr(at, "cret")) != NULL; at++)
            assert_true(strncmp(at, "cret_file", 9) == 0);
        assert_ok(jnode_parse(t.data, t.length, "config", NULL, &root));
        assert_string_equal(jnode_text(jnode_member(root, "database_url")), pairs[i][1]);
        assert_int_equal(jnode_count(root), CONFIG_COUNT_);
        jnode_free(root);
        text_release(&t);
    }
    config_free(c);
}

/* What is printed must be readable again, with the same result. */
static void test_print_reads_back(void **state)
{
    struct config *c = config_new(), *again = config_new();
    struct text first, second;
    struct diag_list diags;

    (void)state;
    assert_ok(config_set(c, "candles", "A=/a.csv,/b.csv", "option", NULL));
    assert_ok(config_set(c, "fee_rate", "0.00075", "option", NULL));
    text_init(&first, 1 << 20);
    text_init(&second, 1 << 20);
    config_print(c, &first);
    assert_ok(read_json(again, first.data, &diags));
    config_print(again, &second);
    assert_string_equal(first.data, second.data);
    text_release(&first);
    text_release(&second);
    config_free(c);
    config_free(again);
}

static void test_schema(void **state)
{
    const struct jnode *properties, *fee, *mode;
    struct jnode *root = NULL;
    struct text t;
    int key;

    (void)state;
    text_init(&t, 1 << 20);
    config_print_schema(&t);
    assert_false(t.full);
    assert_ok(jnode_parse(t.data, t.length, "schema", NULL, &root));
    properties = jnode_member(root, "properties");
    for (key = 0; key < CONFIG_COUNT_; key++) {
        const struct jnode *property = jnode_member(properties, config_entries[key].name);

        assert_non_null(property);
        assert_non_null(jnode_member(property, "type"));
        assert_non_null(jnode_member(property, "default"));
        assert_true(jnode_text_length(jnode_member(property, "description")) > 5);
    }
    fee = jnode_member(properties, "fee_rate");
    assert_true(jnode_number(jnode_member(fee, "maximum")) == 0.1);
    assert_string_equal(jnode_text(jnode_member(fee, "default")), "0.001");
    mode = jnode_member(jnode_member(properties, "mode"), "enum");
    assert_int_equal(jnode_count(mode), 2);
    assert_string_equal(jnode_text(jnode_item(mode, 1)), "live");
    jnode_free(root);
    text_release(&t);
}

static void wrong_kind(void *context)
{
    (void)config_integer(context, CONFIG_listen);
}

static void test_kind_is_asserted(void **state)
{
    struct config *c = config_new();

    (void)state;
    assert_true(check_aborts(wrong_kind, c));
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_all_errors_at_once),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_passwords_are_hidden),
        cmocka_unit_test(test_print_reads_back),
        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_kind_is_asserted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
