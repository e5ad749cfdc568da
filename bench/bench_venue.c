/* SPDX-License-Identifier: Apache-2.0 */
/* A thread a connection; what it costs is the venue's, not ours. */
#include "bench/bench_venue.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench_world.h"
#include "core/clock.h"

enum {
    REQUEST_BYTES = 16 * 1024,
    WORD_BYTES = 64,
    STACK_BYTES = 128 * 1024,
    BACKLOG = 4096
};

struct peer {
    int socket;
    SSL *tls; /* NULL: plain */
    struct bench_arrivals *arrivals;
    int64_t written_us; /* of the newest bytes */
    char request[REQUEST_BYTES + 1];
    size_t length;
};

/* Waits for bytes and notes when the newest of them came; leaves them where they are. */
static void note_bytes(struct peer *p)
{
    char bytes[REQUEST_BYTES];
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(struct timespec))];
    } control;
    struct iovec io = {bytes, sizeof bytes};
    struct msghdr m = {
        .msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};

    p->written_us = 0;
    if (recvmsg(p->socket, &m, MSG_PEEK) <= 0)
        return;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        struct timespec at;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        memcpy(&at, CMSG_DATA(c), sizeof at);
        p->written_us =
            at.tv_sec * US_PER_S + at.tv_nsec / 1000 + clock_monotonic_us() - clock_wall_us();
    }
}

static ssize_t receive(struct peer *p, char *to, size_t room)
{
    note_bytes(p);
    return p->tls ? SSL_read(p->tls, to, (int)room) : recv(p->socket, to, room, 0);
}

static void answer(struct peer *p, int status, const char *body)
{
    char text[1024];
    const int length = snprintf(text, sizeof text,
                                "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"
                                "Content-Length: %zu\r\n\r\n%s",
                                status, strlen(body), body);
    ssize_t sent = p->tls ? SSL_write(p->tls, text, length)
                          : send(p->socket, text, (size_t)length, MSG_NOSIGNAL);

    (void)sent;
}

/* A parameter of the form; "" when there is none. */
static void parameter(const char *form, const char *name, char value[WORD_BYTES])
{
    const char *at = strstr(form, name);
    size_t n = 0;

    if (at)
        for (at += strlen(name); *at && *at != '&' && n + 1 < WORD_BYTES; at++)
            value[n++] = *at;
    value[n] = '\0';
}

static void answer_order(struct peer *p, const char *form)
{
    char symbol[WORD_BYTES], id[WORD_BYTES], size[WORD_BYTES], body[512];
    static int64_t number;

    parameter(form, "symbol=", symbol);
    parameter(form, "newClientOrderId=", id);
    parameter(form, "quantity=", size);
    (void)snprintf(
        body, sizeof body,
        "{\"symbol\":\"%s\",\"orderId\":%lld,\"orderListId\":-1,\"clientOrderId\":\"%s\","
        "\"transactTime\":%lld,\"price\":\"0\",\"origQty\":\"%s\",\"executedQty\":\"0\","
        "\"cummulativeQuoteQty\":\"0\",\"status\":\"EXPIRED\",\"timeInForce\":\"GTC\","
        "\"type\":\"MARKET\",\"side\":\"BUY\",\"fills\":[]}",
        symbol, (long long)__atomic_add_fetch(&number, 1, __ATOMIC_RELAXED), id,
        (long long)(clock_wall_us() / US_PER_MS), size);
    answer(p, 200, body);
}

static void answer_read(struct peer *p)
{
    char body[WORD_BYTES * 4];

    if (strstr(p->request, "/time ")) {
        (void)snprintf(body, sizeof body, "{\"serverTime\":%lld}",
                       (long long)(clock_wall_us() / US_PER_MS));
        answer(p, 200, body);
    } else if (strstr(p->request, "/account")) {
        answer(p, 200,
               "{\"canTrade\":true,\"balances\":[{\"asset\":\"USDT\",\"free\":\"100000000\","
               "\"locked\":\"0\"}]}");
    } else {
        answer(p, 200, "[]");
    }
}

/* Reads one whole request; false when the peer has gone. */
static bool take_request(struct peer *p, const char **body)
{
    p->length = 0;
    for (;;) {
        const ssize_t got = receive(p, p->request + p->length, REQUEST_BYTES - p->length);
        const char *end, *size;

        if (got <= 0)
            return false;
        p->length += (size_t)got;
        p->request[p->length] = '\0';
        end = strstr(p->request, "\r\n\r\n");
        size = strstr(p->request, "Content-Length: ");
        if (!end)
            continue;
        *body = end + 4;
        if (!size || size > end || strlen(end + 4) >= strtoul(size + 16, NULL, 10))
            return true;
    }
}

static void *serve_peer(void *self)
{
    struct peer *p = self;
    const char *body = "";
    int64_t used = 0;

    if (!p->tls || SSL_accept(p->tls) == 1) {
        for (; take_request(p, &body); used++) {
            struct bench_arrival *a;
            uint64_t place;

            if (strncmp(p->request, "POST", 4) != 0) {
                answer_read(p);
                continue;
            }
            place = __atomic_load_n(&p->arrivals->count, __ATOMIC_RELAXED);
            while (!__atomic_compare_exchange_n(&p->arrivals->count, &place, place + 1, false,
                                                __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
                ;
            a = &p->arrivals->items[place % BENCH_ORDERS_MAX];
            *a = (struct bench_arrival){p->written_us, clock_monotonic_us(), used};
            answer_order(p, body);
        }
    }
    SSL_free(p->tls);
    close(p->socket);
    free(p);
    return NULL;
}

static NO_RETURN void serve(int listener, SSL_CTX *tls, struct bench_arrivals *arrivals)
{
    pthread_attr_t small;
    pthread_t thread;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK_BYTES);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    for (;;) {
        const int one = 1, socket = accept(listener, NULL, NULL);
        struct peer *p;

        if (socket < 0)
            continue;
        p = xcalloc(1, sizeof *p);
        p->socket = socket;
        p->arrivals = arrivals;
        (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        (void)setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
        p->tls = tls ? SSL_new(tls) : NULL;
        if (p->tls)
            SSL_set_fd(p->tls, socket);
        if (pthread_create(&thread, &small, serve_peer, p) != 0)
            _exit(1);
    }
}

static SSL_CTX *make_tls(const char *folder)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    char path[512];

    (void)snprintf(path, sizeof path, "%s/cert.pem", folder);
    if (!tls || SSL_CTX_use_certificate_file(tls, path, SSL_FILETYPE_PEM) != 1)
        bench_die(path, ERR_IO, NULL);
    (void)snprintf(path, sizeof path, "%s/key.pem", folder);
    if (SSL_CTX_use_PrivateKey_file(tls, path, SSL_FILETYPE_PEM) != 1)
        bench_die(path, ERR_IO, NULL);
    return tls;
}

void bench_venue_start(struct bench_venue *v, const char *folder)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof at;
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    SSL_CTX *tls = folder ? make_tls(folder) : NULL;

    v->arrivals =
        mmap(NULL, sizeof *v->arrivals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (v->arrivals == MAP_FAILED || listener < 0 ||
        bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, BACKLOG) != 0 ||
        getsockname(listener, (struct sockaddr *)&at, &length) != 0)
        bench_die("venue", ERR_IO, NULL);
    v->port = ntohs(at.sin_port);
    v->process = fork();
    if (v->process < 0)
        bench_die("fork", ERR_IO, NULL);
    if (v->process == 0)
        serve(listener, tls, v->arrivals);
    close(listener);
    SSL_CTX_free(tls);
}

void bench_venue_stop(struct bench_venue *v)
{
    kill(v->process, SIGKILL);
    waitpid(v->process, NULL, 0);
    munmap(v->arrivals, sizeof *v->arrivals);
}

uint64_t bench_venue_count(const struct bench_venue *v)
{
    return __atomic_load_n(&v->arrivals->count, __ATOMIC_ACQUIRE);
}
