/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors: they come back as they were made, and never for another list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/page.h"
#include "http/respond.h"

static void cursor_returns_its_id(void **state)
{
    static const int64_t ids[] = {1, 2, 255, 256, 1234567890123, INT64_MAX};
    char text[CURSOR_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        int64_t id = 0;
        cursor_print(ids[i], 77, text);
        assert_int_equal(cursor_parse(text, 77, &id), ERR_OK);
        assert_true(id == ids[i]);
        assert_int_equal(cursor_parse(text, 78, &id), ERR_CURSOR);
    }
}

static void bad_cursors_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "a",
                                      "abc",
                                      "!!!!!!!!!!!!!!!!!!!!!!",
                                      "AAAAAAAAAAAAAAAAAAAAAA",
                                      "AAAAAAAAAAAAAAAAAAAAAA==",
                                      "__________8AAAAAAAAATQ",
                                      "AAAAAAAAAAEAAAAAAAAATR",
                                      "AAAAAAAAAAEAAAAAAAAATQAAAA"};
    int64_t id = 42;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(cursor_parse(bad[i], 77, &id), ERR_CURSOR);
    assert_int_equal(id, 42);
}

static uint64_t filter_of(const char *target)
{
    struct request rq;
    uint64_t filter;

    request_init(&rq, target);
    assert_int_equal(request_parse_target(&rq), ERR_OK);
    filter = page_filter(&rq);
    request_release(&rq);
    return filter;
}

static void filter_knows_path_and_parameters(void **state)
{
    uint64_t plain = filter_of("/v1/trades?symbol=BTC/USDT&side=buy");

    (void)state;
    assert_true(plain == filter_of("/v1/trades?side=buy&symbol=BTC%2FUSDT"));
    assert_true(plain == filter_of("/v1/trades?limit=3&side=buy&symbol=BTC/USDT&cursor=x"));
    assert_true(plain != filter_of("/v1/fills?symbol=BTC/USDT&side=buy"));
    assert_true(plain != filter_of("/v1/trades?symbol=BTC/USDT&side=sell"));
    assert_true(plain != filter_of("/v1/trades?symbol=BTC/USDT"));
}

static void next_page_is_linked(void **state)
{
    struct request rq;
    struct text body;
    struct jwriter w;

    (void)state;
    request_init(&rq, "/v1/trades?side=buy&cursor=old&limit=2");
    assert_int_equal(request_parse_target(&rq), ERR_OK);
    text_init(&body, 4096);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    page_begin(&w);
    page_end(&rq, &w, true, 9);
    jw_object_end(&w);
    assert_true(jwriter_ok(&w));
    assert_non_null(strstr(body.data, "{\"data\":[],\"has_more\":true,\"next_cursor\":\""));
    assert_int_equal(rq.response.header_count, 1);
    assert_string_equal(rq.response.headers[0].name, "Link");
    assert_non_null(strstr(rq.response.headers[0].value, "</v1/trades?side=buy&limit=2&cursor="));
    assert_null(strstr(rq.response.headers[0].value, "old"));
    text_release(&body);
    request_release(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cursor_returns_its_id),
        cmocka_unit_test(bad_cursors_are_refused),
        cmocka_unit_test(filter_knows_path_and_parameters),
        cmocka_unit_test(next_page_is_linked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
