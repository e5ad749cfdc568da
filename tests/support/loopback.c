/* SPDX-License-Identifier: Apache-2.0 */
/* A scripted HTTP server for tests: poll over a few connections, one thread. */
#include "tests/support/loopback.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS = 128,
    REQUEST_BYTES = 256 * 1024
};

struct connection {
    int fd, number, served;
    struct text in;
};

struct loopback {
    pthread_t thread;
    int listener, stop[2], port;
    atomic_int accepted;
    loopback_fn *serve;
    void *context;
    struct connection connections[CONNECTIONS];
    int count;
};

static int bind_somewhere(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    ASSERT(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

int loopback_closed_port(void)
{
    int port;

    (void)bind_somewhere(&port); /* until the program ends, so that nobody else gets it */
    return port;
}

static void drop(struct loopback *l, int i)
{
    close(l->connections[i].fd);
    text_release(&l->connections[i].in);
    l->connections[i] = l->connections[--l->count];
}

static void send_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        data += n;
        length -= (size_t)n;
    }
}

/* The length of the first whole request in the buffer; 0: not yet. */
static size_t whole_request(const struct text *in, size_t *head)
{
    const char *end = in->length > 0 ? strstr(in->data, "\r\n\r\n") : NULL;
    const char *length;

    if (!end)
        return 0;
    *head = (size_t)(end - in->data) + 4;
    length = strcasestr(in->data, "\r\nContent-Length:");
    if (length && length < end) {
        const size_t body = strtoul(length + 17, NULL, 10);

        return in->length >= *head + body ? *head + body : 0;
    }
    return *head;
}

/* Serves one whole request; false when the connection is over. */
static bool serve_one(struct loopback *l, struct connection *c, size_t head, size_t length)
{
    char *bytes = xstrndup(c->in.data, length), *space = strchr(bytes, ' '), *line, *end;
    struct loopback_request r = {.connection = c->number, .number = ++c->served};
    const struct linger hard = {.l_onoff = 1};
    struct text answer;
    enum loopback_end how;

    ASSERT(space);
    *space = '\0';
    (void)copy_text(r.method, sizeof r.method, bytes);
    end = strchr(space + 1, ' ');
    line = strstr(bytes + (space - bytes) + 1, "\r\n");
    ASSERT(end && line);
    *end = '\0';
    r.target = space + 1;
    r.headers = line + 2;
    r.body = bytes + head;
    bytes[head - 2] = '\0';
    text_init(&answer, (size_t)1 << 26);
    how = l->serve(l->context, &r, &answer);
    if (how != LOOPBACK_HANG && answer.length > 0)
        send_all(c->fd, answer.data, answer.length);
    if (how == LOOPBACK_RESET)
        ASSERT(setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard) == 0);
    text_release(&answer);
    free(bytes);
    return how == LOOPBACK_KEEP || how == LOOPBACK_HANG;
}

/* Reads what came; false when the connection is over. */
static bool read_some(struct loopback *l, struct connection *c)
{
    char buffer[16 * 1024];
    ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
    size_t length, head;

    if (n <= 0)
        return false;
    text_append(&c->in, buffer, (size_t)n);
    while ((length = whole_request(&c->in, &head)) > 0) {
        char *rest = xstrndup(c->in.data + length, c->in.length - length);

        if (!serve_one(l, c, head, length)) {
            free(rest);
            return false;
        }
        text_clear(&c->in);
        text_string(&c->in, rest);
        free(rest);
    }
    return true;
}

static void *run(void *self)
{
    struct loopback *l = self;

    for (;;) {
        struct pollfd fds[CONNECTIONS + 2] = {{l->listener, POLLIN, 0}, {l->stop[0], POLLIN, 0}};

        for (int i = 0; i < l->count; i++)
            fds[i + 2] = (struct pollfd){l->connections[i].fd, POLLIN, 0};
        (void)poll(fds, (nfds_t)l->count + 2, -1);
        if (fds[1].revents)
            return NULL;
        for (int i = l->count - 1; i >= 0; i--) {
            if (fds[i + 2].revents && !read_some(l, &l->connections[i]))
                drop(l, i);
        }
        if (fds[0].revents && l->count < CONNECTIONS) {
            struct connection *c = &l->connections[l->count++];

            *c = (struct connection){.number = ++l->accepted};
            c->fd = accept4(l->listener, NULL, NULL, SOCK_CLOEXEC);
            ASSERT(c->fd >= 0);
            text_init(&c->in, REQUEST_BYTES);
        }
    }
}

struct loopback *loopback_new(loopback_fn *serve, void *context)
{
    struct loopback *l = xcalloc(1, sizeof *l);

    l->serve = serve;
    l->context = context;
    l->listener = bind_somewhere(&l->port);
    ASSERT(listen(l->listener, CONNECTIONS) == 0 && pipe(l->stop) == 0);
    ASSERT(pthread_create(&l->thread, NULL, run, l) == 0);
    return l;
}

void loopback_free(struct loopback *l)
{
    ASSERT(write(l->stop[1], "x", 1) == 1);
    ASSERT(pthread_join(l->thread, NULL) == 0);
    while (l->count > 0)
        drop(l, 0);
    close(l->listener);
    close(l->stop[0]);
    close(l->stop[1]);
    free(l);
}

int loopback_accepted(const struct loopback *l)
{
    return l->accepted;
}

int loopback_port(const struct loopback *l)
{
    return l->port;
}

void loopback_answer(struct text *answer, int status, const char *headers, const char *body)
{
    text_format(answer, "HTTP/1.1 %d X\r\n%sContent-Length: %zu\r\n\r\n", status, headers,
                strlen(body));
    text_string(answer, body);
}

bool loopback_header(const struct loopback_request *r, const char *name, char *value,
                     size_t capacity)
{
    const size_t length = strlen(name);
    const char *line = r->headers;

    while (*line && *line != '\r') {
        const char *end = strstr(line, "\r\n");

        if (strncasecmp(line, name, length) == 0 && line[length] == ':' &&
            line[length + 1] == ' ') {
            const size_t size = (size_t)(end - line) - length - 2;

            ASSERT(size < capacity);
            memcpy(value, line + length + 2, size);
            value[size] = '\0';
            return true;
        }
        line = end + 2;
    }
    return false;
}
