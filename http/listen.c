/* SPDX-License-Identifier: Apache-2.0 */
/* Opens listening sockets itself, so that errors can be told in words and port 0 works. */
#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 512,
    /* Inherited by connections: a reader that stalls is noticed after 64 KiB, not megabytes. */
    SEND_BUFFER = 64 * 1024
};

static bool is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, a, sizeof in);
        return ntohl(in.sin_addr.s_addr) >> 24 == 127;
    }
    if (a->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, a, sizeof in6);
        return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
    }
    return false;
}

static int resolve(const struct listen_address *a, struct addrinfo **out)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};

    return getaddrinfo(a->host, a->port, &hints, out);
}

static enum err refuse(const char *text, struct diag_list *diags, const char *why)
{
    struct diag *d = diag_add(diags, "listen", "listen_invalid", "'%s' %s.", text, why);

    diag_hint(d, "write HOST:PORT, for example 127.0.0.1:8080");
    return ERR_INVALID;
}

enum err listen_parse(const char *text, struct diag_list *diags, struct listen_address *out)
{
    struct listen_address a = {0};
    const char *host = text, *colon = strrchr(text, ':');
    struct addrinfo *list = NULL;
    size_t length;

    if (!colon)
        return refuse(text, diags, "has no port");
    length = (size_t)(colon - text);
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        host++;
        length -= 2;
    } else if (memchr(text, ':', length)) {
        return refuse(text, diags, "needs brackets around its IPv6 address");
    }
    if (length == 0 || length >= sizeof a.host)
        return refuse(text, diags, "has no host");
    memcpy(a.host, host, length);
    if (strspn(colon + 1, "0123456789") != strlen(colon + 1) || !colon[1] ||
        strlen(colon + 1) > 5 || strtol(colon + 1, NULL, 10) > 65535)
        return refuse(text, diags, "has no port between 0 and 65535");
    copy_text(a.port, sizeof a.port, colon + 1);
    if (resolve(&a, &list) != 0)
        return refuse(text, diags, "names a host that is not known");
    a.is_loopback = true;
    for (const struct addrinfo *i = list; i; i = i->ai_next)
        a.is_loopback = a.is_loopback && is_loopback(i->ai_addr);
    freeaddrinfo(list);
    *out = a;
    return ERR_OK;
}

static int real_port(int fd)
{
    struct sockaddr_storage s;
    socklen_t length = sizeof s;

    if (getsockname(fd, (struct sockaddr *)&s, &length) != 0)
        return 0;
    if (s.ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, &s, sizeof in6);
        return ntohs(in6.sin6_port);
    }
    struct sockaddr_in in;
    memcpy(&in, &s, sizeof in);
    return ntohs(in.sin_port);
}

enum err listen_tcp(const struct listen_address *a, struct diag_list *diags, int *fd, int *port)
{
    struct addrinfo *list = NULL;
    int s, one = 1, size = SEND_BUFFER, problem;
    struct diag *d;

    if (resolve(a, &list) != 0)
        return ERR_IO;
    s = socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s >= 0) {
        setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        setsockopt(s, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
    if (s < 0 || bind(s, list->ai_addr, list->ai_addrlen) != 0 || listen(s, BACKLOG) != 0) {
        problem = errno;
        d = diag_add(diags, "listen", "listen_failed", "cannot listen on %s port %s: %s", a->host,
                     a->port, strerror(problem));
        if (problem == EADDRINUSE)
            diag_hint(d, "another program uses this port; choose another with --listen");
        if (s >= 0)
            close(s);
        freeaddrinfo(list);
        return ERR_IO;
    }
    freeaddrinfo(list);
    *fd = s;
    *port = real_port(s);
    return ERR_OK;
}

enum err listen_unix(const char *path, struct diag_list *diags, int *fd)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int s, size = SEND_BUFFER;

    if (!copy_text(a.sun_path, sizeof a.sun_path, path)) {
        struct diag *d = diag_add(diags, path, "path_too_long",
                                  "the path of the unix socket has more than %zu characters",
                                  sizeof a.sun_path - 1);
        diag_hint(d, "choose a shorter data directory with --data");
        return ERR_LIMIT;
    }
    s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s >= 0)
        setsockopt(s, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    /* The data directory's lock is held, so a socket that is there was left behind. */
    unlink(path);
    if (s < 0 || bind(s, (const struct sockaddr *)&a, sizeof a) != 0 || chmod(path, 0660) != 0 ||
        listen(s, BACKLOG) != 0) {
        diag_add(diags, path, "listen_failed", "cannot listen on the unix socket: %s",
                 strerror(errno));
        if (s >= 0)
            close(s);
        return ERR_IO;
    }
    *fd = s;
    return ERR_OK;
}
