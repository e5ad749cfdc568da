/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that are open before there is a request: each carries one, with the bytes that
 * libcurl would send, and one that has ended meanwhile carries none. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tests/unit/net/test_transport.h"

static void test_an_order_takes_a_connection_that_waits(void **state)
{
    struct world *w = *state;
    int used[LIMIT_NET_SPARES + 1] = {0};

    for (int i = 0; i < LIMIT_NET_SPARES; i++) {
        struct transport_answer a = call(w, TRANSPORT_POST, "/x");

        assert_int_equal(a.outcome, TRANSPORT_ANSWERED);
        assert_int_equal(a.status, 429);
        assert_true(a.start_us > 0 && a.end_us >= a.start_us);
        transport_answer_release(&a);
        /* Each once, and nothing was sent there before. */
        assert_in_range(w->last_connection, 1, LIMIT_NET_SPARES);
        assert_int_equal(used[w->last_connection]++, 0);
        assert_int_equal(w->last_number, 1);
        /* A read takes none of them. */
        a = call(w, TRANSPORT_GET, "/x");
        assert_int_equal(w->last_connection, LIMIT_NET_SPARES + 1);
        transport_answer_release(&a);
    }
    for (int i = 2; i < 4; i++) { /* beyond them each order opens its own */
        struct transport_answer a = call(w, TRANSPORT_POST, "/x");

        assert_int_equal(w->last_connection, LIMIT_NET_SPARES + i);
        transport_answer_release(&a);
    }
    assert_int_equal(w->posts, LIMIT_NET_SPARES + 2);
}

static void test_the_bytes_are_those_that_libcurl_sends(void **state)
{
    static const struct {
        enum transport_method method;
        const char *path, *headers, *body;
    } asked[] = {
        {TRANSPORT_POST, "/order", "X-MBX-APIKEY: k\nContent-Type: text/plain\n", "a=1"},
        {TRANSPORT_POST, "/order?q=%20", "", ""},
        {TRANSPORT_PUT, "", "X: y", "b"},
        {TRANSPORT_DELETE, "/order?symbol=BTCUSDT&timestamp=1", "X-MBX-APIKEY: k\n", ""},
    };
    struct world *w = *state;
    char seen[COUNT_OF(asked)][sizeof w->seen];

    for (int round = 0; round < 4; round++) /* the first two on spare connections */
        for (size_t i = 0; i < COUNT_OF(asked); i++) {
            struct transport_answer a;

            w->headers = asked[i].headers;
            w->body = asked[i].body;
            a = call(w, asked[i].method, asked[i].path);
            assert_int_equal(a.outcome, TRANSPORT_ANSWERED);
            transport_answer_release(&a);
            if (round == 0)
                (void)copy_text(seen[i], sizeof seen[i], w->seen);
            assert_string_equal(w->seen, seen[i]);
        }
    assert_true(w->last_connection > LIMIT_NET_SPARES);
}

/* A server that takes connections and says nothing. */
static int silent_server(int *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &length), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

/* Closes a connection; the other end has been told when this returns, or has reset it already. */
static void hang_up(int peer)
{
    struct tcp_info info = {.tcpi_state = TCP_FIN_WAIT1};
    socklen_t length = sizeof info;

    while (shutdown(peer, SHUT_WR) == 0 && info.tcpi_state == TCP_FIN_WAIT1) {
        (void)usleep(1000);
        assert_int_equal(getsockopt(peer, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
    }
    assert_int_equal(close(peer), 0);
}

static void test_a_connection_that_was_closed_meanwhile_is_not_used(void **state)
{
    static const char said[] = "HTTP/1.1 408 Too late\r\n\r\n", good[] = "HTTP/1.1 200 OK\r\n\r\n";
    struct world *w = *state;
    struct transport_box *box = transport_box_new(1, NULL, NULL);
    struct transport_request r = request(w, TRANSPORT_POST, "/x");
    struct transport_answer a;
    int port, server = silent_server(&port), peer;
    char bytes[1000];

    (void)snprintf(w->url, sizeof w->url, "http://127.0.0.1:%d", port);
    transport_expect(w->transport, w->url, clock_monotonic_us(), 2);
    peer = accept(server, NULL, NULL); /* one is closed */
    hang_up(peer);
    peer = accept(server, NULL, NULL); /* one is told that it waits for too long */
    assert_true(send(peer, said, sizeof said - 1, 0) > 0);
    hang_up(peer);
    assert_ok(transport_submit(w->transport, box, &r));
    peer = accept(server, NULL, NULL);
    assert_true(recv(peer, bytes, sizeof bytes, 0) > 0);
    assert_true(send(peer, good, sizeof good - 1, 0) > 0);
    assert_int_equal(close(peer), 0);
    assert_ok(transport_box_take(box, 30 * US_PER_S, &a));
    assert_int_equal(a.outcome, TRANSPORT_ANSWERED);
    assert_int_equal(a.status, 200);
    transport_answer_release(&a);
    transport_box_free(box);
    close(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_order_takes_a_connection_that_waits, setup_spares,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_the_bytes_are_those_that_libcurl_sends, setup_spares,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_connection_that_was_closed_meanwhile_is_not_used,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
