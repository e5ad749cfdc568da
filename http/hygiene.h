/* SPDX-License-Identifier: Apache-2.0 */
/* Checks request headers that libmicrohttpd 0.9.75 lets pass, and keeps those that mean something.
 *
 * Two Content-Length headers, Content-Length beside Transfer-Encoding, a coding other than chunked
 * or a name with a blank make two servers see two different requests (smuggling): all are
 * refused. */
#ifndef HTTP_HYGIENE_H
#define HTTP_HYGIENE_H

#include "http/request.h"

struct header_check {
    struct request *rq;
    size_t count;
    enum err error;
};

/* One header as received; value is ended by NUL and lives as long as the request. */
void header_take(struct header_check *h, const char *name, size_t name_length, const char *value,
                 size_t value_length);
/* ERR_REQUEST, ERR_HEADERS_TOO_LARGE, or OK. */
MUST_USE enum err header_finish(struct header_check *h);

/* The declared body length, or -1 without one. */
int64_t header_content_length(const struct request *rq);

/* "application/json", with charset utf-8 or none. */
bool header_is_json(const char *content_type);

/* True when Host names this machine's loopback, whatever the port: a page of another site that had
 * its name resolved to 127.0.0.1 is refused. */
bool header_host_is_loopback(const char *host);

#endif
