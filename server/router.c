/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the route table: thirty rows are faster to read than a tree is to explain. */
#include "server/router.h"

#include <string.h>

/* How many literal segments match, plus one; 0 when the template does not fit. */
static int fit(const char *template, const char *const *segments, size_t count,
               struct router_match *m)
{
    const char *p = template + 1;
    size_t n = 0;
    int literals = 1;

    m->argument_count = 0;
    for (;;) {
        size_t length = strcspn(p, "/");
        if (n == count)
            return 0;
        if (*p == '{') {
            /* An empty segment names nothing. */
            if (!segments[n][0] || m->argument_count == HTTP_ARGUMENTS)
                return 0;
            m->arguments[m->argument_count++] = segments[n];
            /* "{name...}" ends a template and takes all that follows. */
            if (length > 4 && memcmp(p + length - 4, "...}", 4) == 0)
                return literals;
        } else {
            if (strlen(segments[n]) != length || memcmp(segments[n], p, length) != 0)
                return 0;
            literals++;
        }
        n++;
        if (!p[length])
            return n == count ? literals : 0;
        p += length + 1;
    }
}

static unsigned methods_of(const char *path)
{
    unsigned allow = 1U << HTTP_OPTIONS;

    for (size_t i = 0; i < ROUTE_COUNT_; i++) {
        if (strcmp(routes[i].path, path) != 0)
            continue;
        allow |= 1U << routes[i].method;
        if (routes[i].method == HTTP_GET)
            allow |= 1U << HTTP_HEAD;
    }
    return allow;
}

enum err router_find(enum http_method method, const char *const *segments, size_t count,
                     struct router_match *out)
{
    struct router_match best = {0};
    const char *path = NULL;
    int best_fit = 0;

    if (method == HTTP_HEAD)
        method = HTTP_GET;
    for (size_t i = 0; i < ROUTE_COUNT_ && count <= HTTP_SEGMENTS; i++) {
        struct router_match m = {0};
        int f = fit(routes[i].path, segments, count, &m);

        if (f > best_fit) {
            best = m;
            best_fit = f;
            path = routes[i].path;
        }
        if (f > 0 && f == best_fit && routes[i].method == method)
            best.route = &routes[i];
    }
    if (!path)
        return ERR_ROUTE_UNKNOWN;
    best.allow = methods_of(path);
    *out = best;
    return best.route || method == HTTP_OPTIONS ? ERR_OK : ERR_METHOD;
}

void router_allow_text(unsigned allow, char text[ROUTER_ALLOW_MAX])
{
    size_t n = 0;

    text[0] = 0;
    for (int m = 0; m < HTTP_OTHER; m++) {
        const char *name = http_method_name((enum http_method)m);
        if (!(allow & 1U << m))
            continue;
        if (n > 0) {
            text[n++] = ',';
            text[n++] = ' ';
        }
        memcpy(text + n, name, strlen(name) + 1);
        n += strlen(name);
    }
}
