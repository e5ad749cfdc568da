/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes where a stranger's reach first: Accept, targets, routes, cursors, headers, keys. */
#include <stdlib.h>
#include <string.h>

#include "http/accept.h"
#include "http/hygiene.h"
#include "http/page.h"
#include "http/query.h"
#include "http/respond.h"
#include "server/idempotency.h"
#include "server/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_accept(const char *text)
{
    static const struct media offered[] = {{"application", "json", NULL},
                                           {"application", "openmetrics-text", "1.0.0"},
                                           {"text", "plain", "0.0.4"}};
    int chosen = accept_choose(text, offered, COUNT_OF(offered));

    ASSERT(chosen >= -1 && chosen < (int)COUNT_OF(offered));
}

static void try_cursor(const char *text)
{
    int64_t id = 0;
    char again[CURSOR_TEXT_MAX];

    /* Filter bytes are part of the text, so that a good cursor can be found at all. */
    for (uint64_t filter = 0; filter < 2; filter++) {
        if (cursor_parse(text, filter, &id) == ERR_OK) {
            ASSERT(id > 0);
            cursor_print(id, filter, again);
            ASSERT(strcmp(again, text) == 0);
        }
    }
}

static void try_target(const char *text)
{
    struct request rq;
    struct router_match m = {0};
    int64_t limit = 0, at_us = 0, wait_s = 0;
    const struct field fields[] = {typed_integer("limit", &limit, 1, 500),
                                   typed_time("from", &at_us)};

    request_init(&rq, text);
    rq.headers.if_none_match = text;
    rq.headers.prefer = text;
    (void)respond_matches(&rq, "\"a-1\"");
    if (request_parse_target(&rq) == ERR_OK) {
        for (size_t i = 0; i < rq.segment_count && i < HTTP_SEGMENTS; i++)
            ASSERT(text_is_utf8(rq.segments[i], strlen(rq.segments[i])));
        if (router_find(HTTP_GET, rq.segments, rq.segment_count, &m) == ERR_OK)
            ASSERT(m.route && m.argument_count <= HTTP_ARGUMENTS);
        (void)page_filter(&rq);
        if (query_parse(&rq, fields, COUNT_OF(fields)) == ERR_OK && limit)
            ASSERT(limit >= 1 && limit <= 500);
        if (query_wait(&rq, "", &wait_s) == ERR_OK)
            ASSERT(wait_s >= 0 && wait_s <= 60);
    }
    request_identify(&rq);
    respond_problem(&rq, ERR_REQUEST);
    request_release(&rq);
}

static void try_header(const char *text, size_t length)
{
    struct request rq;
    struct header_check h = {.rq = &rq};
    const char *colon = memchr(text, ':', length);
    char key[LIMIT_IDEMPOTENCY_KEY + 1];

    request_init(&rq, "/");
    if (colon)
        header_take(&h, text, (size_t)(colon - text), colon + 1, strlen(colon + 1));
    if (header_finish(&h) == ERR_OK && rq.headers.content_length)
        ASSERT(header_content_length(&rq) >= 0);
    (void)header_is_json(text);
    (void)header_host_is_loopback(text);
    if (idempotency_parse(text, key) == ERR_OK)
        ASSERT(key[0] && strlen(key) <= LIMIT_IDEMPOTENCY_KEY);
    request_release(&rq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xmalloc(size + 1);

    if (size > 0)
        memcpy(text, data, size);
    text[size] = 0;
    try_accept(text);
    try_cursor(text);
    try_target(text);
    try_header(text, strlen(text));
    free(text);
    return 0;
}
