/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: JSON bytes, shared bytes, problems (RFC 9457), entity tags.
 *
 * Each sets the request's response and returns ERR_OK, or an error that the pipeline turns into a
 * problem; a second answer replaces the first. */
#ifndef HTTP_RESPOND_H
#define HTTP_RESPOND_H

#include "http/request.h"

#define MEDIA_JSON "application/json"
#define MEDIA_PROBLEM "application/problem+json"
#define MEDIA_TEXT "text/plain; charset=utf-8"

/* Moves the text's bytes into the answer; ERR_LIMIT when the text was too small for them. */
MUST_USE enum err respond_take(struct request *rq, int status, const char *content_type,
                               struct text *body_take);
/* Bytes owned by somebody else; release(argument) is called once they were sent. */
enum err respond_shared(struct request *rq, int status, const char *content_type, const char *body,
                        size_t length, void (*release)(void *), void *argument);
/* The bytes of an open file, from its beginning; the answer owns it from now on, whatever this
 * returns.  For what is larger than memory should be. */
enum err respond_file(struct request *rq, int status, const char *content_type, int fd);
enum err respond_static(struct request *rq, int status, const char *content_type, const char *body);
enum err respond_empty(struct request *rq, int status);

/* Adds a header; the name must be static.  Beyond HTTP_HEADERS_OUT it is dropped (ASSERT). */
void respond_header(struct request *rq, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* True when If-None-Match names this tag (weak comparison) or is "*".  etag has its quotes. */
bool respond_matches(const struct request *rq, const char *etag);

/* The problem document for e with the request's detail and diags; ends what was answered before. */
void respond_problem(struct request *rq, enum err e);

#endif
