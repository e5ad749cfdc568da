/* SPDX-License-Identifier: Apache-2.0 */
/* Routes: every row is found by its own path, odd spellings find nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/router.h"

static struct request rq;

static enum err find(enum http_method method, const char *target, struct router_match *m)
{
    enum err e;

    request_release(&rq);
    request_init(&rq, target);
    e = request_parse_target(&rq);
    *m = (struct router_match){0};
    return e ? e : router_find(method, rq.segments, rq.segment_count, m);
}

static void every_row_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROUTE_COUNT_; i++) {
        char target[128];
        struct router_match m;
        const char *brace = strstr(routes[i].path, "{id}");

        copy_text(target, sizeof target, routes[i].path);
        if (brace) {
            size_t at = (size_t)(brace - routes[i].path);
            memcpy(target + at, "7", 2);
            strncat(target, brace + 4, sizeof target - strlen(target) - 1);
        }
        assert_int_equal(find(routes[i].method, target, &m), ERR_OK);
        assert_ptr_equal(m.route, &routes[i]);
        if (brace)
            assert_string_equal(m.arguments[0], "7");
    }
}

static void a_last_parameter_may_take_the_rest(void **state)
{
    struct router_match m;

    (void)state;
    assert_int_equal(find(HTTP_GET, "/v1/log/tile/0/x001/x234/067.p/9", &m), ERR_OK);
    assert_ptr_equal(m.route, &routes[ROUTE_ID_log_tile]);
    assert_string_equal(m.arguments[0], "0");
    assert_int_equal(find(HTTP_GET, "/v1/log/tile/", &m), ERR_ROUTE_UNKNOWN);
    assert_int_equal(find(HTTP_GET, "/v1/log/tile", &m), ERR_ROUTE_UNKNOWN);
    assert_int_equal(find(HTTP_GET, "/v1/accounts/a/log/tile/0/000", &m), ERR_OK);
    assert_ptr_equal(m.route, &routes[ROUTE_ID_accounts_log]);
    assert_string_equal(m.arguments[0], "a");
    assert_int_equal(find(HTTP_GET, "/v1/trades/7/proof", &m), ERR_OK);
    assert_ptr_equal(m.route, &routes[ROUTE_ID_trades_proof]);
}

static void literals_go_before_parameters(void **state)
{
    struct router_match m;
    char allow[ROUTER_ALLOW_MAX];

    (void)state;
    assert_int_equal(find(HTTP_POST, "/v1/positions/close_all", &m), ERR_OK);
    assert_ptr_equal(m.route, &routes[ROUTE_ID_positions_close_all]);
    assert_int_equal(find(HTTP_GET, "/v1/positions/close_all", &m), ERR_METHOD);
    router_allow_text(m.allow, allow);
    assert_string_equal(allow, "POST, OPTIONS");
    assert_int_equal(find(HTTP_GET, "/v1/positions/a%2Fb", &m), ERR_OK);
    assert_string_equal(m.arguments[0], "a/b");
}

static void methods_are_told(void **state)
{
    struct router_match m;
    char allow[ROUTER_ALLOW_MAX];

    (void)state;
    assert_int_equal(find(HTTP_PUT, "/v1/tokens", &m), ERR_METHOD);
    router_allow_text(m.allow, allow);
    assert_string_equal(allow, "GET, HEAD, POST, OPTIONS");
    assert_int_equal(find(HTTP_OTHER, "/v1/loop", &m), ERR_METHOD);
    assert_int_equal(find(HTTP_HEAD, "/v1/loop", &m), ERR_OK);
    assert_ptr_equal(m.route, &routes[ROUTE_ID_loop_get]);
    assert_int_equal(find(HTTP_OPTIONS, "/v1/loop", &m), ERR_OK);
    assert_null(m.route);
    assert_int_equal(find(HTTP_HEAD, "/v1/loop/start", &m), ERR_METHOD);
}

static void odd_paths_find_nothing(void **state)
{
    static const char *const odd[] = {"/",
                                      "/v1",
                                      "/v1/",
                                      "/v1/loop/",
                                      "//v1/loop",
                                      "/v1//loop",
                                      "/v1/./loop",
                                      "/v1/x/../loop",
                                      "/V1/loop",
                                      "/v1/loop%2Fstart",
                                      "/v1/positions/",
                                      "/v1/positions//close",
                                      "/v1/positions/1/close/2",
                                      "/a/b/c/d/e/f/g/h/i/j"};
    struct router_match m;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(odd); i++)
        assert_int_equal(find(HTTP_GET, odd[i], &m), ERR_ROUTE_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_found),
        cmocka_unit_test(a_last_parameter_may_take_the_rest),
        cmocka_unit_test(literals_go_before_parameters),
        cmocka_unit_test(methods_are_told),
        cmocka_unit_test(odd_paths_find_nothing),
    };
    int failed;

    request_init(&rq, "/");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    request_release(&rq);
    return failed;
}
