/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP answers, whole and a byte at a time: what they say, and what is none. */
#include "net/http_reader.h"
#include "tests/support/check.h"

enum {
    BODY_MOST = 20
};

static const struct row {
    const char *bytes;
    enum http_reader_step step; /* after the connection has ended */
    int status;
    const char *body;
} rows[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", HTTP_READER_DONE, 200, "{}"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}more", HTTP_READER_DONE, 200, "{}"},
    {"HTTP/1.1 200 OK\ncontent-length:0\n\n", HTTP_READER_DONE, 200, ""},
    {"HTTP/1.1 418\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", HTTP_READER_DONE, 418, "x"},
    {"HTTP/1.0 502 Bad Gateway\r\n\r\n<html>", HTTP_READER_DONE, 502, "<html>"},
    {"HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\n", HTTP_READER_DONE, 204, ""},
    {"HTTP/1.1 100 Go\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx", HTTP_READER_DONE, 200,
     "x"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n"
     "2\r\nab\r\nA;n=v\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n",
     HTTP_READER_DONE, 200, "ab0123456789"},
    /* Cut off, each in another place. */
    {"", HTTP_READER_BROKEN, 0, ""},
    {"HTTP/1.1 200 OK\r\nContent-Le", HTTP_READER_BROKEN, 200, ""},
    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", HTTP_READER_BROKEN, 200, "{}"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", HTTP_READER_BROKEN, 200,
     "ab"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", HTTP_READER_BROKEN, 200, ""},
    /* No HTTP/1.1. */
    {"\001\002\003\r\n\r\n", HTTP_READER_BROKEN, 0, ""},
    {"HTTP/2 200\r\n\r\n", HTTP_READER_BROKEN, 0, ""},
    {"HTTP/1.1 20 OK\r\n\r\n", HTTP_READER_BROKEN, 0, ""},
    {"HTTP/1.1 2000 OK\r\n\r\n", HTTP_READER_BROKEN, 0, ""},
    {"HTTP/1.1 101 Switching\r\n\r\n", HTTP_READER_BROKEN, 101, ""},
    {"HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\n{}", HTTP_READER_BROKEN, 200, ""},
    {"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}", HTTP_READER_BROKEN, 200, ""},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", HTTP_READER_BROKEN, 200,
     ""},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", HTTP_READER_BROKEN,
     200, ""},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", HTTP_READER_BROKEN, 200, ""},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", HTTP_READER_BROKEN, 200,
     "a"},
    /* Too much. */
    {"HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n", HTTP_READER_TOO_LARGE, 200, ""},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n01234567890123456789\r\n1\r\n",
     HTTP_READER_TOO_LARGE, 200, "01234567890123456789"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n",
     HTTP_READER_TOO_LARGE, 200, ""},
};

static void read_row(const struct row *row, size_t piece)
{
    const size_t length = strlen(row->bytes);
    struct text headers, body;
    struct http_reader r;

    text_init(&headers, LIMIT_NET_HEADERS);
    text_init(&body, BODY_MOST + 1);
    http_reader_init(&r, BODY_MOST, &headers, &body);
    for (size_t at = 0; at < length; at += piece)
        http_reader_take(&r, row->bytes + at, length - at < piece ? length - at : piece);
    http_reader_end(&r);
    if (r.step != row->step)
        print_message("%s\n", row->bytes);
    assert_int_equal(r.step, row->step);
    assert_int_equal(r.status, row->status);
    assert_string_equal(body.length > 0 ? body.data : "", row->body);
    http_reader_release(&r);
    text_release(&headers);
    text_release(&body);
}

static void test_answers_whole_and_in_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        read_row(&rows[i], 1);
        read_row(&rows[i], 7);
        read_row(&rows[i], 1000);
    }
}

static void test_a_body_to_the_end_has_a_limit_and_headers_too(void **state)
{
    struct text headers, body;
    struct http_reader r;

    (void)state;
    text_init(&headers, LIMIT_NET_HEADERS);
    text_init(&body, BODY_MOST + 1);
    http_reader_init(&r, BODY_MOST, &headers, &body);
    http_reader_take(&r, "HTTP/1.1 200 OK\r\n\r\n", 19);
    http_reader_take(&r, "0123456789012345678901", 22);
    assert_int_equal(r.step, HTTP_READER_TOO_LARGE);
    http_reader_release(&r);
    text_clear(&headers);
    text_clear(&body);
    http_reader_init(&r, BODY_MOST, &headers, &body);
    http_reader_take(&r, "HTTP/1.1 200 OK\r\n", 17);
    for (int i = 0; i < LIMIT_NET_HEADERS && !http_reader_is_over(&r); i++)
        http_reader_take(&r, "X: y\r\n", 6);
    assert_int_equal(r.step, HTTP_READER_TOO_LARGE);
    http_reader_release(&r);
    text_release(&headers);
    text_release(&body);
}

static void test_headers_are_the_last_answer_s(void **state)
{
    static const char bytes[] =
        "HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-Late: 2\r\n\r\n";
    struct text headers, body;
    struct http_reader r;

    (void)state;
    text_init(&headers, LIMIT_NET_HEADERS);
    text_init(&body, BODY_MOST + 1);
    http_reader_init(&r, BODY_MOST, &headers, &body);
    http_reader_take(&r, bytes, sizeof bytes - 1);
    assert_string_equal(headers.data, "HTTP/1.1 200 OK\r\nX-Late: 2\r\n\r\n");
    http_reader_release(&r);
    text_release(&headers);
    text_release(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_whole_and_in_pieces),
        cmocka_unit_test(test_a_body_to_the_end_has_a_limit_and_headers_too),
        cmocka_unit_test(test_headers_are_the_last_answer_s),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
