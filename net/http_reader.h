/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one HTTP/1.1 answer as its bytes come: head, and a body by length, in chunks, or until the
 * connection ends (RFC 9112).  Interim answers (1xx) are skipped, with their headers.  Pure. */
#ifndef NET_HTTP_READER_H
#define NET_HTTP_READER_H

#include "core/limits.h"
#include "core/text.h"

enum http_reader_step {
    HTTP_READER_HEAD,
    HTTP_READER_LENGTH,     /* a body of a length that was told */
    HTTP_READER_CHUNK_SIZE, /* the line before a chunk */
    HTTP_READER_CHUNK,
    HTTP_READER_CHUNK_END, /* the line end after one */
    HTTP_READER_TRAILER,
    HTTP_READER_UNTIL_END, /* a body that ends with the connection */
    HTTP_READER_DONE,
    HTTP_READER_TOO_LARGE, /* headers or body beyond what is allowed */
    HTTP_READER_BROKEN     /* not HTTP/1.1, or cut off */
};

struct http_reader {
    enum http_reader_step step;
    int status; /* of the newest status line; 0: none yet */
    bool has_length, is_chunked;
    uint64_t left; /* of the body or chunk */
    size_t max_bytes;
    struct text line;            /* that has begun */
    struct text *headers, *body; /* borrowed: lines as they came, the status line first */
};

/* max_bytes: of the body.  The texts must be empty and have room for what is allowed. */
void http_reader_init(struct http_reader *r, size_t max_bytes, struct text *headers,
                      struct text *body);
void http_reader_release(struct http_reader *r);
/* Takes what has come; what comes after the answer's end is ignored. */
void http_reader_take(struct http_reader *r, const char *data, size_t length);
/* The connection has ended: DONE when the body ends so, else BROKEN. */
void http_reader_end(struct http_reader *r);
/* DONE, TOO_LARGE or BROKEN. */
bool http_reader_is_over(const struct http_reader *r);

#endif
