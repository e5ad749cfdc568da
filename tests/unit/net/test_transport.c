/* SPDX-License-Identifier: Apache-2.0 */
/* The transport against a scripted server: what is sent once, what is sent twice by libcurl itself,
 * and what each way of failing is called. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <curl/curl.h>

#include "tests/unit/net/test_transport.h"

static void test_an_answer_comes_whole_with_its_headers(void **state)
{
    struct world *w = *state;
    struct transport_answer a;
    char value[32];

    w->body = "a=1&b=2";
    w->headers = "X-MBX-APIKEY: key\nContent-Type: application/x-www-form-urlencoded\n";
    a = call(w, TRANSPORT_POST, "/order");
    assert_int_equal(a.outcome, TRANSPORT_ANSWERED);
    assert_int_equal(a.status, 429);
    assert_string_equal(a.body, "{\"code\":-1003}");
    assert_int_equal(a.length, 14);
    assert_true(transport_answer_header(&a, "retry-after", value, sizeof value));
    assert_string_equal(value, "7");
    assert_false(transport_answer_header(&a, "Retry", value, sizeof value));
    assert_false(transport_answer_header(&a, "Retry-After", value, 1));
    assert_true(a.start_us > 0 && a.end_us >= a.start_us);
    assert_non_null(strstr(w->seen, "POST /order\n"));
    assert_non_null(strstr(w->seen, "X-MBX-APIKEY: key\r\n"));
    assert_non_null(strstr(w->seen, "\r\n\na=1&b=2"));
    assert_null(strstr(w->seen, "Expect"));
    transport_answer_release(&a);

    a = call(w, TRANSPORT_GET, "/interim");
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "late");
    assert_false(transport_answer_header(&a, "X-Early", value, sizeof value));
    assert_true(transport_answer_header(&a, "X-Late", value, sizeof value));
    assert_string_equal(value, "two words");
    transport_answer_release(&a);
}

static void test_methods_and_bodies(void **state)
{
    static const struct {
        enum transport_method method;
        const char *line, *end;
    } rows[] = {
        {TRANSPORT_GET, "GET /x\n", "\r\n\n"},
        {TRANSPORT_POST, "POST /x\n", "\r\n\nq=1"},
        {TRANSPORT_PUT, "PUT /x\n", "\r\n\nq=1"},
        {TRANSPORT_DELETE, "DELETE /x\n", "\r\n\n"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct transport_answer a;

        w->body = "q=1";
        a = call(w, rows[i].method, "/x");
        assert_int_equal(a.outcome, TRANSPORT_ANSWERED);
        assert_true(strncmp(w->seen, rows[i].line, strlen(rows[i].line)) == 0);
        assert_string_equal(w->seen + strlen(w->seen) - strlen(rows[i].end), rows[i].end);
        transport_answer_release(&a);
    }
}

static void test_redirects_are_answers(void **state)
{
    struct world *w = *state;
    struct transport_answer a = call(w, TRANSPORT_GET, "/redirect");

    assert_int_equal(a.outcome, TRANSPORT_ANSWERED);
    assert_int_equal(a.status, 302);
    assert_int_equal(w->gets, 1);
    transport_answer_release(&a);
}

static void test_reads_share_a_connection_and_orders_have_their_own(void **state)
{
    struct world *w = *state;
    int first = 0;

    for (int i = 0; i < 3; i++) {
        struct transport_answer a = call(w, TRANSPORT_GET, "/x");

        transport_answer_release(&a);
        first = i == 0 ? w->last_connection : first;
        assert_int_equal(w->last_connection, first);
    }
    for (int i = 1; i <= 3; i++) {
        struct transport_answer a = call(w, TRANSPORT_POST, "/x");

        transport_answer_release(&a);
        assert_int_equal(w->last_connection, first + i);
        if (i == 2) /* a read neither takes an order's connection nor loses its own */
            a = call(w, TRANSPORT_GET, "/x");
        if (i == 2)
            transport_answer_release(&a);
        if (i == 2)
            assert_int_equal(w->last_connection, first);
    }
}

static size_t swallow(char *data, size_t one, size_t count, void *context)
{
    (void)data;
    (void)context;
    return one * count;
}

/* libcurl as one would use it without care: what it does with a POST on a reused connection that
 * the server drops after having read it. */
static CURLcode plain_post(CURL *h, const char *url)
{
    assert_int_equal(curl_easy_setopt(h, CURLOPT_URL, url), CURLE_OK);
    assert_int_equal(curl_easy_setopt(h, CURLOPT_POSTFIELDS, "quantity=1"), CURLE_OK);
    assert_int_equal(curl_easy_setopt(h, CURLOPT_PROXY, ""), CURLE_OK);
    assert_int_equal(curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, 30000L), CURLE_OK);
    assert_int_equal(curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, swallow), CURLE_OK);
    return curl_easy_perform(h);
}

static void test_libcurl_sends_a_post_twice_and_we_do_not(void **state)
{
    struct world *w = *state;
    struct transport_answer a;
    CURL *h = curl_easy_init();
    char url[64];
    CURLcode code;

    assert_non_null(h);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/x", loopback_port(w->server));
    assert_int_equal(plain_post(h, url), CURLE_OK);
    assert_int_equal(w->posts, 1);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/drop", loopback_port(w->server));
    code = plain_post(h, url);
    curl_easy_cleanup(h);
    print_message("libcurl %s alone: a dropped POST arrived %d times, result %d\n",
                  curl_version_info(CURLVERSION_NOW)->version, w->posts - 1, (int)code);
    /* One POST was asked for.  The libcurl of Debian 12 sends it again by itself; should yours not,
     * the half below is what has to hold. */
    assert_true(w->posts - 1 >= 1);
    if (curl_version_info(CURLVERSION_NOW)->version_num == 0x075801)
        assert_int_equal(w->posts - 1, 2);

    for (int i = 0; i < 3; i++) {
        /* A connection that libcurl could reuse is there. */
        a = call(w, TRANSPORT_GET, "/x");
        transport_answer_release(&a);
        w->posts = 0;
        a = call(w, TRANSPORT_POST, i == 2 ? "/reset" : "/drop");
        assert_int_equal(w->posts, 1);
        assert_int_equal(a.outcome, TRANSPORT_AMBIGUOUS);
        assert_int_equal(a.status, 0);
        assert_true(a.reason[0] != '\0');
        transport_answer_release(&a);
    }
    w->posts = 0;
    a = call(w, TRANSPORT_DELETE, "/drop");
    assert_int_equal(w->posts, 1);
    assert_int_equal(a.outcome, TRANSPORT_AMBIGUOUS);
    transport_answer_release(&a);
}

static void test_what_was_never_sent_is_called_so(void **state)
{
    struct world *w = *state;
    struct transport_request r;
    struct transport_answer a;
    const char *urls[4];
    char closed[64], not_tls[64];

    (void)snprintf(closed, sizeof closed, "http://127.0.0.1:%d/", loopback_closed_port());
    /* A server that speaks no TLS: the handshake fails before the request. */
    (void)snprintf(not_tls, sizeof not_tls, "https://127.0.0.1:%d/", loopback_port(w->server));
    urls[0] = closed;
    urls[1] = "http://no-such-host.invalid/";
    urls[2] = "gopher://127.0.0.1/";
    urls[3] = not_tls;
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        r = request(w, TRANSPORT_POST, "");
        r.deadline_us = clock_monotonic_us() + (i == 3 ? 3 : 30) * US_PER_S;
        (void)copy_text(w->url, sizeof w->url, urls[i]);
        assert_ok(transport_call(w->transport, &r, &a));
        if (a.outcome != TRANSPORT_NOT_SENT)
            print_message("%s: %s\n", urls[i], a.reason);
        assert_int_equal(a.outcome, TRANSPORT_NOT_SENT);
        assert_int_equal(a.status, 0);
        assert_true(a.reason[0] != '\0');
        assert_string_equal(a.body, "");
        transport_answer_release(&a);
    }
    assert_int_equal(w->posts, 0);
}

/* Until the server has read so many, whatever became of them here. */
static void await_posts(struct world *w, int count)
{
    while (w->posts < count)
        (void)usleep(1000);
}

static void test_what_may_have_arrived_is_ambiguous(void **state)
{
    static const char *const paths[] = {"/hang", "/cut", "/garbage", "/drop", "/reset", "/large"};
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct transport_request r = request(w, TRANSPORT_POST, paths[i]);
        struct transport_answer a = {.outcome = TRANSPORT_NOT_SENT};

        r.max_bytes = 20;
        /* What hangs has to leave before its deadline, which a busy machine may miss at first. */
        for (int64_t ms = i == 0 ? 500 : 30000; a.outcome == TRANSPORT_NOT_SENT && ms <= 30000;
             ms *= 2) {
            transport_answer_release(&a);
            r.deadline_us = clock_monotonic_us() + ms * US_PER_MS;
            assert_ok(transport_call(w->transport, &r, &a));
        }
        assert_int_equal(a.outcome, TRANSPORT_AMBIGUOUS);
        assert_true(a.reason[0] != '\0');
        if (strcmp(paths[i], "/large") == 0)
            assert_non_null(strstr(a.reason, "20 bytes"));
        transport_answer_release(&a);
        await_posts(w, (int)i + 1);
        assert_int_equal(w->posts, (int)i + 1);
    }
}

static void test_prepare_may_wait_and_refuse(void **state)
{
    struct world *w = *state;
    struct transport_answer a;
    struct transport_request r;

    w->waits = 3;
    a = call(w, TRANSPORT_GET, "/x");
    assert_int_equal(a.outcome, TRANSPORT_ANSWERED);
    assert_int_equal(w->waits, 0);
    transport_answer_release(&a);

    w->waits = INT32_MAX / 2; /* its turn never comes */
    r = request(w, TRANSPORT_POST, "/x");
    r.deadline_us = clock_monotonic_us() + 100 * US_PER_MS;
    assert_ok(transport_call(w->transport, &r, &a));
    assert_int_equal(a.outcome, TRANSPORT_NOT_SENT);
    assert_string_equal(a.reason, "its time was over before its turn came");
    transport_answer_release(&a);

    w->waits = 0;
    w->refuses = true;
    a = call(w, TRANSPORT_POST, "/x");
    assert_int_equal(a.outcome, TRANSPORT_NOT_SENT);
    assert_string_equal(a.reason, "not today");
    assert_int_equal(w->posts, 0);
    transport_answer_release(&a);
}

static void test_the_most_urgent_goes_first(void **state)
{
    struct world *w = *state;
    struct transport_box *box = transport_box_new(4, NULL, NULL);
    static const int priorities[] = {3, 2, 0, 2, 1};
    struct transport_answer a;

    w->is_held = true;
    for (int i = 0; i < 5; i++) {
        struct transport_request r = request(w, TRANSPORT_POST, "/x");

        r.tag = (uint64_t)i + 1;
        r.priority = priorities[i];
        /* The fifth finds the box full: nothing is ever answered into nowhere. */
        assert_err(transport_submit(w->transport, box, &r), i < 4 ? ERR_OK : ERR_LIMIT);
        assert_err(transport_box_take(box, 0, &a), ERR_AGAIN);
    }
    while (w->asked != 0x1e) /* all four stand in the line */
        (void)usleep(1000);
    w->may_go = true;
    for (int i = 0; i < 4; i++) {
        assert_ok(transport_box_take(box, 30 * US_PER_S, &a));
        transport_answer_release(&a);
    }
    assert_string_equal(w->order, "3241");
    transport_box_free(box);
}

static void count_wakes(void *context)
{
    atomic_fetch_add((atomic_int *)context, 1);
}

static void test_many_at_once_and_an_end_in_the_middle(void **state)
{
    enum {
        MANY = 80,
        HANGING = MANY / 4
    };
    struct world *w = *state;
    atomic_int wakes = 0;
    struct transport_box *box = transport_box_new(MANY, count_wakes, &wakes);
    struct transport_answer a;
    int answered = 0, ambiguous = 0;

    w->by_tag = true;
    for (uint64_t i = 0; i < MANY; i++) {
        struct transport_request r = request(w, i % 2 ? TRANSPORT_POST : TRANSPORT_GET, "/");

        r.tag = i;
        assert_ok(transport_submit(w->transport, box, &r));
    }
    while (answered < MANY - HANGING) {
        assert_ok(transport_box_take(box, 30 * US_PER_S, &a));
        assert_int_equal(a.outcome, TRANSPORT_ANSWERED);
        assert_true(a.tag % 4 != 3);
        transport_answer_release(&a);
        answered++;
    }
    await_posts(w, MANY / 2);
    transport_free(w->transport);
    w->transport = NULL;
    while (transport_box_take(box, 0, &a) == ERR_OK) {
        assert_int_equal(a.outcome, TRANSPORT_AMBIGUOUS);
        transport_answer_release(&a);
        ambiguous++;
    }
    assert_int_equal(ambiguous, HANGING);
    assert_int_equal(wakes, MANY);
    transport_box_free(box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define SPARE(name) {#name " on spare connections", name, setup_spares, teardown, NULL}
        T(test_an_answer_comes_whole_with_its_headers),
        T(test_methods_and_bodies),
        T(test_redirects_are_answers),
        T(test_reads_share_a_connection_and_orders_have_their_own),
        T(test_libcurl_sends_a_post_twice_and_we_do_not),
        T(test_what_was_never_sent_is_called_so),
        T(test_what_may_have_arrived_is_ambiguous),
        T(test_prepare_may_wait_and_refuse),
        T(test_the_most_urgent_goes_first),
        T(test_many_at_once_and_an_end_in_the_middle),
        SPARE(test_an_answer_comes_whole_with_its_headers),
        SPARE(test_methods_and_bodies),
        SPARE(test_libcurl_sends_a_post_twice_and_we_do_not),
        SPARE(test_what_may_have_arrived_is_ambiguous),
        SPARE(test_prepare_may_wait_and_refuse),
        SPARE(test_many_at_once_and_an_end_in_the_middle),
#undef SPARE
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
