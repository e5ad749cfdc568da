/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an HTTP answer: within its limits, and the same however they come in pieces. */
#include <stdint.h>
#include <string.h>

#include "net/http_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    BODY_MOST = 1000
};

struct reading {
    struct text headers, body;
    struct http_reader reader;
};

static void read_in_pieces(struct reading *g, const char *bytes, size_t size, size_t piece)
{
    text_init(&g->headers, LIMIT_NET_HEADERS);
    text_init(&g->body, BODY_MOST + 1);
    http_reader_init(&g->reader, BODY_MOST, &g->headers, &g->body);
    for (size_t at = 0; at < size; at += piece)
        http_reader_take(&g->reader, bytes + at, size - at < piece ? size - at : piece);
    http_reader_end(&g->reader);
    ASSERT(http_reader_is_over(&g->reader));
    ASSERT(g->body.length <= BODY_MOST && !g->body.full);
    ASSERT(g->reader.step != HTTP_READER_DONE || g->reader.status >= 200);
}

static void release(struct reading *g)
{
    http_reader_release(&g->reader);
    text_release(&g->headers);
    text_release(&g->body);
}

static bool are_equal(const struct text *a, const struct text *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reading whole, pieces;

    if (size < 1)
        return 0;
    read_in_pieces(&whole, (const char *)data + 1, size - 1, size);
    read_in_pieces(&pieces, (const char *)data + 1, size - 1, data[0] % 16 + 1);
    ASSERT(whole.reader.step == pieces.reader.step);
    if (whole.reader.step == HTTP_READER_DONE) {
        ASSERT(whole.reader.status == pieces.reader.status);
        ASSERT(are_equal(&whole.headers, &pieces.headers));
        ASSERT(are_equal(&whole.body, &pieces.body));
    }
    release(&whole);
    release(&pieces);
    return 0;
}
