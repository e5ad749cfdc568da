/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a request target apart: path segments decoded one by one, query decoded pair by pair.
 *
 * Nothing is normalised: "..", "//" and a trailing slash stay segments of their own and simply
 * match no route, so that no two spellings can mean one resource. */
#include "http/request.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/limits.h"

static const char *const method_names[HTTP_METHOD_COUNT_] = {"GET",   "HEAD",   "POST",    "PUT",
                                                             "PATCH", "DELETE", "OPTIONS", "OTHER"};

const char *http_method_name(enum http_method m)
{
    ASSERT(m < HTTP_METHOD_COUNT_);
    return method_names[m];
}

enum http_method http_method_of_name(const char *name)
{
    for (int m = 0; m < HTTP_OTHER; m++)
        if (strcmp(name, method_names[m]) == 0)
            return (enum http_method)m;
    return HTTP_OTHER;
}

void request_init(struct request *rq, const char *target)
{
    *rq = (struct request){0};
    arena_init(&rq->arena, HTTP_ARENA_MAX);
    rq->target = arena_strndup(&rq->arena, target, strlen(target));
    rq->started_us = clock_monotonic_us();
    rq->body = "";
}

void request_release(struct request *rq)
{
    if (rq->response.release)
        rq->response.release(rq->response.release_argument);
    if (rq->response.file)
        close(rq->response.file);
    arena_release(&rq->arena);
    *rq = (struct request){0};
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Percent-decodes into the arena; NULL for a bad escape, control characters or invalid UTF-8. */
static const char *decode(struct request *rq, const char *text, size_t length, bool plus_is_space)
{
    char *out = arena_alloc(&rq->arena, length + 1);
    size_t n = 0;

    if (!out)
        return NULL;
    for (size_t i = 0; i < length; i++) {
        int c = (unsigned char)text[i];
        if (c == '%') {
            if (length - i < 3 || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0)
                return NULL;
            c = hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c < 0x20 || c == 0x7f)
            return NULL;
        out[n++] = (char)c;
    }
    out[n] = 0;
    return text_is_utf8(out, n) ? out : NULL;
}

static enum err parse_path(struct request *rq)
{
    const char *p = rq->path + 1;

    for (;;) {
        size_t length = strcspn(p, "/");
        const char *segment;

        /* One more than fits stands for "too many": no route is that deep. */
        if (rq->segment_count == HTTP_SEGMENTS) {
            rq->segment_count = HTTP_SEGMENTS + 1;
            return ERR_OK;
        }
        segment = decode(rq, p, length, false);
        if (!segment)
            return request_fail(rq, ERR_REQUEST, "The path has a malformed escape or character.");
        rq->segments[rq->segment_count++] = segment;
        if (!p[length])
            return ERR_OK;
        p += length + 1;
    }
}

static enum err parse_query(struct request *rq, const char *query)
{
    while (*query) {
        size_t length = strcspn(query, "&");
        const char *equals = memchr(query, '=', length);
        size_t name_length = equals ? (size_t)(equals - query) : length;
        struct parameter p = {NULL, ""};

        if (length > 0) {
            if (rq->parameter_count == HTTP_PARAMETERS)
                return request_fail(rq, ERR_PARAMETER, "There are more than %d query parameters.",
                                    HTTP_PARAMETERS);
            p.name = decode(rq, query, name_length, true);
            if (equals)
                p.value = decode(rq, equals + 1, length - name_length - 1, true);
            if (!p.name || !p.value)
                return request_fail(rq, ERR_PARAMETER,
                                    "The query has a malformed escape or character.");
            rq->parameters[rq->parameter_count++] = p;
        }
        query += length;
        if (*query == '&')
            query++;
    }
    return ERR_OK;
}

enum err request_parse_target(struct request *rq)
{
    size_t length = strlen(rq->target);
    size_t path_length = strcspn(rq->target, "?");
    enum err e;

    rq->path = "/";
    if (length > LIMIT_URI_BYTES)
        return request_fail(rq, ERR_URI_TOO_LONG, "The target has more than %d bytes.",
                            LIMIT_URI_BYTES);
    if (rq->target[0] != '/')
        return request_fail(rq, ERR_REQUEST, "The target must be a path that begins with '/'.");
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)rq->target[i];
        if (c <= 0x20 || c >= 0x7f || c == '#')
            return request_fail(rq, ERR_REQUEST, "The target has a character that needs escaping.");
    }
    rq->path = arena_strndup(&rq->arena, rq->target, path_length);
    e = parse_path(rq);
    if (e || !rq->target[path_length])
        return e;
    return parse_query(rq, rq->target + path_length + 1);
}

static pthread_once_t id_once = PTHREAD_ONCE_INIT;
static uint64_t id_prefix;
static _Atomic uint64_t id_counter;

static void id_start(void)
{
    random_bytes(&id_prefix, sizeof id_prefix);
}

static bool is_request_id(const char *text)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strlen(text);

    return length > 0 && length < HTTP_ID_MAX && strspn(text, allowed) == length;
}

void request_identify(struct request *rq)
{
    const char *given = rq->headers.request_id;

    if (given && is_request_id(given)) {
        copy_text(rq->id, sizeof rq->id, given);
        return;
    }
    pthread_once(&id_once, id_start);
    snprintf(rq->id, sizeof rq->id, "%010llx-%08llx",
             (unsigned long long)(id_prefix & 0xffffffffffULL),
             (unsigned long long)atomic_fetch_add(&id_counter, 1));
}

static const char *format_arena(struct request *rq, const char *format, va_list arguments)
{
    char buffer[1024];
    int length = vsnprintf(buffer, sizeof buffer, format, arguments);

    if (length < 0)
        return NULL;
    return arena_strndup(&rq->arena, buffer, strlen(buffer));
}

enum err request_fail(struct request *rq, enum err e, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    rq->detail = format_arena(rq, format, arguments);
    va_end(arguments);
    return e;
}

const char *request_format(struct request *rq, const char *format, ...)
{
    va_list arguments;
    const char *text;

    va_start(arguments, format);
    text = format_arena(rq, format, arguments);
    va_end(arguments);
    return text;
}

struct diag_list *request_diags(struct request *rq)
{
    if (!rq->diags)
        rq->diags = arena_alloc(&rq->arena, sizeof *rq->diags);
    return rq->diags;
}

bool request_defer(struct request *rq)
{
    if (rq->on_worker)
        return false;
    rq->next = REQUEST_NEXT_WORKER;
    return true;
}

const char *request_parameter(const struct request *rq, const char *name)
{
    for (size_t i = 0; i < rq->parameter_count; i++)
        if (strcmp(rq->parameters[i].name, name) == 0)
            return rq->parameters[i].value;
    return NULL;
}
