/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.0 over AF_UNIX: one request, an answer up to the end of the connection. */
#include "server/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    TIMEOUT_S = 15
};

static int open_socket(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct timeval timeout = {.tv_sec = TIMEOUT_S};
    int fd;

    if (!copy_text(a.sun_path, sizeof a.sun_path, path))
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    if (connect(fd, (const struct sockaddr *)&a, sizeof a) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

bool client_can_reach(const char *socket_path)
{
    int fd = open_socket(socket_path);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool send_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, data, length, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        data += n;
        length -= (size_t)n;
    }
    return true;
}

static bool receive_all(int fd, struct text *out)
{
    char buffer[16 * 1024];
    ssize_t n;

    while ((n = recv(fd, buffer, sizeof buffer, 0)) > 0)
        text_append(out, buffer, (size_t)n);
    return n == 0 && !out->full;
}

/* "HTTP/1.x NNN", headers, an empty line, the body. */
static enum err split(const struct text *raw, int *status, struct text *answer)
{
    const char *body = raw->length > 12 ? strstr(raw->data, "\r\n\r\n") : NULL;
    long code;

    if (!body || strncmp(raw->data, "HTTP/1.", 7) != 0)
        return ERR_IO;
    code = strtol(raw->data + 9, NULL, 10);
    body += 4;
    text_append(answer, body, raw->length - (size_t)(body - raw->data));
    *status = (int)code;
    return ERR_OK;
}

enum err client_request(const char *socket_path, const char *method, const char *path,
                        const char *body, int *status, struct text *answer)
{
    struct text request, raw;
    int fd = open_socket(socket_path);
    enum err e = ERR_IO;

    if (fd < 0)
        return ERR_IO;
    text_init(&request, 64 * 1024);
    text_init(&raw, 4 * 1024 * 1024);
    text_format(&request, "%s %s HTTP/1.0\r\nHost: localhost\r\n", method, path);
    if (body)
        text_format(&request, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                    strlen(body));
    text_string(&request, "\r\n");
    if (body)
        text_string(&request, body);
    if (!request.full && send_all(fd, request.data, request.length) && receive_all(fd, &raw))
        e = split(&raw, status, answer);
    close(fd);
    text_release(&request);
    text_release(&raw);
    return e;
}
