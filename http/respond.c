/* SPDX-License-Identifier: Apache-2.0 */
/* Fills in a request's answer; http/daemon.c hands it to libmicrohttpd. */
#include "http/respond.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/jwriter.h"

enum {
    PROBLEM_MAX = 256 * 1024
};

static void answer(struct request *rq, int status, const char *content_type)
{
    if (rq->response.release)
        rq->response.release(rq->response.release_argument);
    rq->response.release = NULL;
    if (rq->response.file)
        close(rq->response.file);
    rq->response.file = 0;
    rq->response.body = NULL;
    rq->response.length = 0;
    rq->response.status = status;
    rq->response.content_type = content_type;
}

enum err respond_take(struct request *rq, int status, const char *content_type,
                      struct text *body_take)
{
    size_t length;
    char *bytes;

    if (body_take->full)
        return request_fail(rq, ERR_LIMIT, "The answer would be too large; ask for less.");
    bytes = text_take(body_take, &length);
    answer(rq, status, content_type);
    rq->response.body = bytes;
    rq->response.length = length;
    rq->response.release = free;
    rq->response.release_argument = bytes;
    return ERR_OK;
}

enum err respond_shared(struct request *rq, int status, const char *content_type, const char *body,
                        size_t length, void (*release)(void *), void *argument)
{
    answer(rq, status, content_type);
    rq->response.body = body;
    rq->response.length = length;
    rq->response.release = release;
    rq->response.release_argument = argument;
    return ERR_OK;
}

enum err respond_file(struct request *rq, int status, const char *content_type, int fd)
{
    struct stat about;

    ASSERT(fd > 0); /* standard input is none of ours */
    if (fstat(fd, &about)) {
        close(fd);
        return ERR_IO;
    }
    answer(rq, status, content_type);
    rq->response.file = fd;
    rq->response.length = (size_t)about.st_size;
    return ERR_OK;
}

enum err respond_static(struct request *rq, int status, const char *content_type, const char *body)
{
    return respond_shared(rq, status, content_type, body, strlen(body), NULL, NULL);
}

enum err respond_empty(struct request *rq, int status)
{
    answer(rq, status, NULL);
    return ERR_OK;
}

void respond_header(struct request *rq, const char *name, const char *format, ...)
{
    struct response *r = &rq->response;
    char buffer[2048];
    va_list arguments;
    const char *value;

    va_start(arguments, format);
    vsnprintf(buffer, sizeof buffer, format, arguments);
    va_end(arguments);
    value = arena_strndup(&rq->arena, buffer, strlen(buffer));
    if (!value)
        return;
    for (size_t i = 0; i < r->header_count; i++) {
        if (strcmp(r->headers[i].name, name) == 0) {
            r->headers[i].value = value;
            return;
        }
    }
    ASSERT(r->header_count < HTTP_HEADERS_OUT);
    r->headers[r->header_count++] = (struct parameter){name, value};
}

bool respond_matches(const struct request *rq, const char *etag)
{
    const char *p = rq->headers.if_none_match;
    size_t wanted = strlen(etag);

    if (!p)
        return false;
    p += strspn(p, " \t");
    if (strcmp(p, "*") == 0)
        return true;
    while (*p) {
        size_t length;

        p += strspn(p, " \t,");
        if (strncmp(p, "W/", 2) == 0)
            p += 2;
        if (*p != '"')
            return false;
        length = strcspn(p + 1, "\"") + 2;
        if (length == wanted && strncmp(p, etag, length) == 0)
            return true;
        if (strlen(p) < length)
            return false;
        p += length;
    }
    return false;
}

static void print_diag(struct jwriter *w, const struct diag *d)
{
    jw_object(w);
    /* What is not a JSON pointer names a query parameter. */
    jw_member_text(w, d->field[0] == '/' || !d->field[0] ? "pointer" : "parameter", d->field);
    jw_member_text(w, "code", d->code);
    jw_member_text(w, "detail", d->message);
    if (d->hint[0])
        jw_member_text(w, "hint", d->hint);
    if (d->line > 0)
        jw_member_integer(w, "line", d->line);
    if (d->column > 0)
        jw_member_integer(w, "column", d->column);
    jw_object_end(w);
}

static void print_problem(const struct request *rq, enum err e, struct text *out)
{
    struct jwriter w;
    char type[64];

    snprintf(type, sizeof type, "/problems/%s", err_code(e));
    jwriter_init(&w, JSTYLE_COMPACT, out);
    jw_object(&w);
    jw_member_text(&w, "type", type);
    jw_member_text(&w, "title", err_sentence(e));
    jw_member_integer(&w, "status", err_status(e));
    if (rq->detail)
        jw_member_text(&w, "detail", rq->detail);
    jw_member_text(&w, "instance", rq->path ? rq->path : "/");
    jw_member_text(&w, "code", err_code(e));
    jw_member_text(&w, "request_id", rq->id);
    if (rq->retry_after_s > 0)
        jw_member_integer(&w, "retry_after_s", rq->retry_after_s);
    if (rq->errors) {
        jw_key(&w, "errors");
        jw_raw(&w, rq->errors, strlen(rq->errors));
    } else if (rq->diags && rq->diags->count > 0) {
        jw_key(&w, "errors");
        jw_array(&w);
        for (size_t i = 0; i < rq->diags->count; i++)
            print_diag(&w, &rq->diags->items[i]);
        jw_array_end(&w);
    }
    jw_object_end(&w);
}

void respond_problem(struct request *rq, enum err e)
{
    struct text body;
    size_t length;
    char *bytes;

    ASSERT(e != ERR_OK);
    if (err_status(e) == 503 && rq->retry_after_s == 0)
        rq->retry_after_s = 1;
    text_init(&body, PROBLEM_MAX);
    print_problem(rq, e, &body);
    bytes = text_take(&body, &length);
    answer(rq, err_status(e), MEDIA_PROBLEM);
    rq->response.body = bytes;
    rq->response.length = length;
    rq->response.release = free;
    rq->response.release_argument = bytes;
    if (rq->retry_after_s > 0)
        respond_header(rq, "Retry-After", "%lld", (long long)rq->retry_after_s);
}
