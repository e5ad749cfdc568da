/* SPDX-License-Identifier: Apache-2.0 */
/* Request targets: decoded segment by segment, nothing normalised, nothing malformed let in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "http/hygiene.h"
#include "http/respond.h"

static enum err parse(struct request *rq, const char *target)
{
    request_init(rq, target);
    return request_parse_target(rq);
}

static void segments_are_decoded_apart(void **state)
{
    struct request rq;

    (void)state;
    assert_int_equal(parse(&rq, "/v1/markets/BTC%2FUSDT/x%20y?a=1&b=c%26d+e&flag"), ERR_OK);
    assert_int_equal(rq.segment_count, 4);
    assert_string_equal(rq.segments[2], "BTC/USDT");
    assert_string_equal(rq.segments[3], "x y");
    assert_string_equal(rq.path, "/v1/markets/BTC%2FUSDT/x%20y");
    assert_string_equal(request_parameter(&rq, "a"), "1");
    assert_string_equal(request_parameter(&rq, "b"), "c&d e");
    assert_string_equal(request_parameter(&rq, "flag"), "");
    assert_null(request_parameter(&rq, "c"));
    request_release(&rq);
}

static void nothing_is_normalised(void **state)
{
    struct request rq;

    (void)state;
    assert_int_equal(parse(&rq, "/v1//../loop/"), ERR_OK);
    assert_int_equal(rq.segment_count, 5);
    assert_string_equal(rq.segments[1], "");
    assert_string_equal(rq.segments[2], "..");
    assert_string_equal(rq.segments[4], "");
    request_release(&rq);
    assert_int_equal(parse(&rq, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"), ERR_OK);
    assert_true(rq.segment_count > HTTP_SEGMENTS);
    request_release(&rq);
}

static void malformed_targets_are_refused(void **state)
{
    static const struct {
        const char *target;
        enum err wanted;
    } bad[] = {
        {"*", ERR_REQUEST},          {"http://h/p", ERR_REQUEST},
        {"/a%", ERR_REQUEST},        {"/a%2", ERR_REQUEST},
        {"/a%zz", ERR_REQUEST},      {"/a%00b", ERR_REQUEST},
        {"/a%0ab", ERR_REQUEST},     {"/a%7f", ERR_REQUEST},
        {"/a\x01", ERR_REQUEST},     {"/caf\xc3\xa9", ERR_REQUEST},
        {"/%ff", ERR_REQUEST},       {"/a#b", ERR_REQUEST},
        {"/a?b=%", ERR_PARAMETER},   {"/a?%00", ERR_PARAMETER},
        {"/a?b=%fe", ERR_PARAMETER},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct request rq;
        assert_int_equal(parse(&rq, bad[i].target), bad[i].wanted);
        request_release(&rq);
    }
}

static void long_targets_are_refused(void **state)
{
    char target[LIMIT_URI_BYTES + 10];
    struct request rq;

    (void)state;
    memset(target, 'a', sizeof target);
    target[0] = '/';
    target[sizeof target - 1] = 0;
    assert_int_equal(parse(&rq, target), ERR_URI_TOO_LONG);
    request_release(&rq);
}

static enum err check(const char *const pairs[][2], size_t count)
{
    struct request rq;
    struct header_check h = {.rq = &rq};
    enum err e;

    request_init(&rq, "/");
    for (size_t i = 0; i < count; i++)
        header_take(&h, pairs[i][0], strlen(pairs[i][0]), pairs[i][1], strlen(pairs[i][1]));
    e = header_finish(&h);
    request_release(&rq);
    return e;
}

static void smuggling_is_refused(void **state)
{
    static const char *const lengths[][2] = {{"Content-Length", "5"}, {"content-length", "5"}};
    static const char *const both[][2] = {{"Content-Length", "5"},
                                          {"Transfer-Encoding", "chunked"}};
    static const char *const coding[][2] = {{"Transfer-Encoding", "gzip, chunked"}};
    static const char *const blank[][2] = {{"Content-Length ", "5"}};
    static const char *const hosts[][2] = {{"Host", "a"}, {"Host", "b"}};
    static const char *const sign[][2] = {{"Content-Length", "+5"}};
    static const char *const control[][2] = {{"X-A", "a\x01"}};
    static const char *const good[][2] = {
        {"Host", "localhost"}, {"Accept", "a/b"}, {"Accept", "c/d"}, {"Content-Length", "0"}};

    (void)state;
    assert_int_equal(check(lengths, 2), ERR_REQUEST);
    assert_int_equal(check(both, 2), ERR_REQUEST);
    assert_int_equal(check(coding, 1), ERR_REQUEST);
    assert_int_equal(check(blank, 1), ERR_REQUEST);
    assert_int_equal(check(hosts, 2), ERR_REQUEST);
    assert_int_equal(check(sign, 1), ERR_REQUEST);
    assert_int_equal(check(control, 1), ERR_REQUEST);
    assert_int_equal(check(good, 4), ERR_OK);
}

static void a_proxy_gives_itself_away(void **state)
{
    static const char *const names[] = {"Forwarded",        "via",       "X-Forwarded-For",
                                        "x-forwarded-host", "X-Real-IP", "X-Forwarded-Proto"};
    struct request rq;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct header_check h = {.rq = &rq};
        request_init(&rq, "/");
        header_take(&h, "Host", 4, "localhost", 9);
        assert_int_equal(header_finish(&h), ERR_OK);
        assert_null(rq.headers.forwarded);
        header_take(&h, names[i], strlen(names[i]), "", 0);
        header_take(&h, names[i], strlen(names[i]), "b", 1);
        assert_int_equal(header_finish(&h), ERR_OK);
        assert_non_null(rq.headers.forwarded);
        request_release(&rq);
    }
}

static void too_many_headers_are_refused(void **state)
{
    struct request rq;
    struct header_check h = {.rq = &rq};

    (void)state;
    request_init(&rq, "/");
    for (int i = 0; i <= LIMIT_HEADERS; i++)
        header_take(&h, "X-A", 3, "b", 1);
    assert_int_equal(header_finish(&h), ERR_HEADERS_TOO_LARGE);
    request_release(&rq);
}

static void hosts_of_loopback_are_known(void **state)
{
    static const char *const good[] = {"localhost",      "LOCALHOST:80", "127.0.0.1",
                                       "127.0.0.2:8080", "[::1]",        "[::1]:1"};
    static const char *const bad[] = {"",
                                      "evil.com",
                                      "localhost.evil.com",
                                      "127.evil.com",
                                      "127.0.0.1.evil.com",
                                      "localhost:80x",
                                      "10.0.0.1",
                                      "[::1]x"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(header_host_is_loopback(good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(header_host_is_loopback(bad[i]));
}

static void json_types_are_known(void **state)
{
    (void)state;
    assert_true(header_is_json("application/json"));
    assert_true(header_is_json("Application/JSON; charset=UTF-8"));
    assert_true(header_is_json("application/json;charset=\"utf-8\""));
    assert_false(header_is_json(NULL));
    assert_false(header_is_json("application/jsonp"));
    assert_false(header_is_json("application/json; charset=latin1"));
    assert_false(header_is_json("text/plain"));
}

static void request_ids_are_taken_over(void **state)
{
    struct request rq;

    (void)state;
    request_init(&rq, "/");
    rq.headers.request_id = "abc-1.2_X";
    request_identify(&rq);
    assert_string_equal(rq.id, "abc-1.2_X");
    rq.headers.request_id = "bad id\"";
    request_identify(&rq);
    assert_string_not_equal(rq.id, "bad id\"");
    assert_true(strlen(rq.id) > 10);
    request_release(&rq);
}

static void entity_tags_match_weakly(void **state)
{
    struct request rq;

    (void)state;
    request_init(&rq, "/");
    assert_false(respond_matches(&rq, "\"a-1\""));
    rq.headers.if_none_match = "\"x\", W/\"a-1\"";
    assert_true(respond_matches(&rq, "\"a-1\""));
    assert_false(respond_matches(&rq, "\"a-2\""));
    rq.headers.if_none_match = "*";
    assert_true(respond_matches(&rq, "\"a-2\""));
    rq.headers.if_none_match = "a-2";
    assert_false(respond_matches(&rq, "\"a-2\""));
    rq.headers.if_none_match = "\"unclosed";
    assert_false(respond_matches(&rq, "\"a-2\""));
    request_release(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_are_decoded_apart),
        cmocka_unit_test(nothing_is_normalised),
        cmocka_unit_test(malformed_targets_are_refused),
        cmocka_unit_test(long_targets_are_refused),
        cmocka_unit_test(smuggling_is_refused),
        cmocka_unit_test(a_proxy_gives_itself_away),
        cmocka_unit_test(too_many_headers_are_refused),
        cmocka_unit_test(hosts_of_loopback_are_known),
        cmocka_unit_test(json_types_are_known),
        cmocka_unit_test(request_ids_are_taken_over),
        cmocka_unit_test(entity_tags_match_weakly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
