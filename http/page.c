/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors and the frame of lists; see http/page.h. */
#include "http/page.h"

#include <string.h>

#include "core/digest.h"
#include "http/respond.h"

enum {
    CURSOR_BYTES = 16
};

static void put_u64(uint8_t *out, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (56 - 8 * i));
}

static uint64_t get_u64(const uint8_t *in)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++)
        value = value << 8 | in[i];
    return value;
}

void cursor_print(int64_t id, uint64_t filter, char text[CURSOR_TEXT_MAX])
{
    uint8_t bytes[CURSOR_BYTES];

    put_u64(bytes, (uint64_t)id);
    put_u64(bytes + 8, filter);
    base64url_print(bytes, sizeof bytes, text);
}

enum err cursor_parse(const char *text, uint64_t filter, int64_t *id)
{
    uint8_t bytes[CURSOR_BYTES];
    char again[CURSOR_TEXT_MAX];
    size_t length = 0;
    uint64_t value;

    if (strlen(text) >= CURSOR_TEXT_MAX ||
        base64url_parse(text, strlen(text), bytes, sizeof bytes, &length) ||
        length != CURSOR_BYTES || get_u64(bytes + 8) != filter)
        return ERR_CURSOR;
    value = get_u64(bytes);
    if (value == 0 || value > INT64_MAX)
        return ERR_CURSOR;
    /* One cursor has one spelling: unused bits of the last character must be zero. */
    cursor_print((int64_t)value, filter, again);
    if (strcmp(again, text) != 0)
        return ERR_CURSOR;
    *id = (int64_t)value;
    return ERR_OK;
}

static bool is_paging(const char *name)
{
    return strcmp(name, "limit") == 0 || strcmp(name, "cursor") == 0 || strcmp(name, "wait") == 0;
}

static uint64_t hash_text(uint8_t kind, const char *a, const char *b)
{
    struct digest d;
    struct text t;

    text_init(&t, 64 * 1024);
    text_string(&t, a);
    text_char(&t, 0);
    text_string(&t, b);
    digest_prefixed(kind, t.data, t.length, &d);
    text_release(&t);
    return get_u64(d.bytes);
}

uint64_t page_filter(const struct request *rq)
{
    uint64_t sum = hash_text(0, rq->path, "");

    /* A sum does not depend on the order the parameters come in. */
    for (size_t i = 0; i < rq->parameter_count; i++)
        if (!is_paging(rq->parameters[i].name))
            sum += hash_text(1, rq->parameters[i].name, rq->parameters[i].value);
    return sum;
}

enum err page_after(struct request *rq, const char *cursor, int64_t *after_id)
{
    if (!*cursor) {
        *after_id = 0;
        return ERR_OK;
    }
    if (cursor_parse(cursor, page_filter(rq), after_id))
        return request_fail(rq, ERR_CURSOR,
                            "Use next_cursor as it came, with the same path and filters.");
    return ERR_OK;
}

void page_begin(struct jwriter *w)
{
    jw_object(w);
    jw_key(w, "data");
    jw_array(w);
}

/* The raw query without its cursor, so that whatever the client wrote comes back as it was. */
static void append_query(const struct request *rq, struct text *out)
{
    const char *p = strchr(rq->target, '?');

    p = p ? p + 1 : "";
    while (*p) {
        size_t length = strcspn(p, "&");
        if (length > 0 && strncmp(p, "cursor=", 7) != 0) {
            text_append(out, p, length);
            text_char(out, '&');
        }
        p += length + (p[length] == '&');
    }
}

static void set_link(struct request *rq, const char *cursor)
{
    struct text link;

    text_init(&link, 2000);
    text_format(&link, "<%s?", rq->path);
    append_query(rq, &link);
    text_format(&link, "cursor=%s>; rel=\"next\"", cursor);
    if (!link.full)
        respond_header(rq, "Link", "%s", link.data);
    text_release(&link);
}

void page_end(struct request *rq, struct jwriter *w, bool more, int64_t last_id)
{
    char cursor[CURSOR_TEXT_MAX] = "";

    jw_array_end(w);
    jw_member_bool(w, "has_more", more);
    if (more) {
        cursor_print(last_id, page_filter(rq), cursor);
        set_link(rq, cursor);
    }
    jw_member_text(w, "next_cursor", more ? cursor : NULL);
}
