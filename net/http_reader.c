/* SPDX-License-Identifier: Apache-2.0 */
/* Lines are gathered until their end; bodies are copied as they come. */
#include "net/http_reader.h"

#include <string.h>
#include <strings.h>

enum {
    SIZE_DIGITS = 15, /* of a length or a chunk's size: no overflow */
    SWITCHING_STATUS = 101,
    FINAL_STATUS = 200
};

void http_reader_init(struct http_reader *r, size_t max_bytes, struct text *headers,
                      struct text *body)
{
    *r = (struct http_reader){.max_bytes = max_bytes, .headers = headers, .body = body};
    text_init(&r->line, LIMIT_NET_HEADERS);
}

void http_reader_release(struct http_reader *r)
{
    text_release(&r->line);
}

bool http_reader_is_over(const struct http_reader *r)
{
    return r->step >= HTTP_READER_DONE;
}

static bool digit_of(char c, int base, uint64_t *digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

    if (!at || at - digits >= base)
        return false;
    *digit = (uint64_t)(at - digits);
    return true;
}

/* A whole number at the text's beginning; *end is what follows it. */
static bool read_number(const char *text, int base, uint64_t *out, const char **end)
{
    uint64_t digit;
    int count = 0;

    for (*out = 0; digit_of(*text, base, &digit); text++) {
        if (++count > SIZE_DIGITS)
            return false;
        *out = *out * (uint64_t)base + digit;
    }
    *end = text;
    return count > 0;
}

static bool begin_body(struct http_reader *r, uint64_t length)
{
    if (length > r->max_bytes - r->body->length) {
        r->step = HTTP_READER_TOO_LARGE;
        return false;
    }
    r->left = length;
    return true;
}

/* ---- Lines ---- */

/* "HTTP/1.1 200 OK" */
static void take_status(struct http_reader *r, const char *line)
{
    uint64_t status = 0;
    const char *end = line;

    if (strncmp(line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1') || line[8] != ' ' ||
        !read_number(line + 9, 10, &status, &end) || end != line + 12 || status < 100 ||
        (*end != ' ' && *end != '\0')) {
        r->step = HTTP_READER_BROKEN;
        return;
    }
    r->status = (int)status;
    r->has_length = r->is_chunked = false;
    r->left = 0;
    text_clear(r->headers);
}

/* The value of a header by this name; NULL: it is another. */
static const char *value_of(const char *line, const char *name)
{
    const size_t length = strlen(name);

    if (strncasecmp(line, name, length) != 0 || line[length] != ':')
        return NULL;
    line += length + 1;
    return line + strspn(line, " \t");
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t")] == '\0';
}

static void take_header(struct http_reader *r, const char *line)
{
    const char *length = value_of(line, "Content-Length");
    const char *coding = value_of(line, "Transfer-Encoding");
    const char *end;
    uint64_t told;

    if (length) {
        if (!read_number(length, 10, &told, &end) || !is_blank(end) ||
            (r->has_length && told != r->left)) {
            r->step = HTTP_READER_BROKEN;
            return;
        }
        r->has_length = true;
        r->left = told;
    }
    if (coding) {
        /* Nothing else was asked for. */
        if (strncasecmp(coding, "chunked", 7) != 0 || !is_blank(coding + 7))
            r->step = HTTP_READER_BROKEN;
        r->is_chunked = true;
    }
}

static void end_head(struct http_reader *r)
{
    if (r->status == SWITCHING_STATUS) {
        r->step = HTTP_READER_BROKEN; /* nobody asked for it */
    } else if (r->status < FINAL_STATUS) {
        r->status = 0;
    } else if (r->status == 204 || r->status == 304) {
        r->step = HTTP_READER_DONE;
    } else if (r->is_chunked) {
        r->step = HTTP_READER_CHUNK_SIZE;
    } else if (!r->has_length) {
        r->step = HTTP_READER_UNTIL_END;
    } else if (begin_body(r, r->left)) {
        r->step = r->left > 0 ? HTTP_READER_LENGTH : HTTP_READER_DONE;
    }
}

static void take_head(struct http_reader *r, const char *line)
{
    if (r->status == 0)
        take_status(r, line);
    else if (*line)
        take_header(r, line);
    if (http_reader_is_over(r))
        return;
    text_string(r->headers, line);
    text_string(r->headers, "\r\n");
    if (r->headers->full)
        r->step = HTTP_READER_TOO_LARGE;
    else if (!*line)
        end_head(r);
}

static void take_chunk_size(struct http_reader *r, const char *line)
{
    uint64_t size = 0;
    const char *end = line;

    /* Extensions after ';' mean nothing to us. */
    if (!read_number(line, 16, &size, &end) || (*end != ';' && !is_blank(end)))
        r->step = HTTP_READER_BROKEN;
    else if (size == 0)
        r->step = HTTP_READER_TRAILER;
    else if (begin_body(r, size))
        r->step = HTTP_READER_CHUNK;
}

static void take_line(struct http_reader *r)
{
    char *line = r->line.length > 0 ? r->line.data : NULL;

    if (line && line[r->line.length - 1] == '\r')
        line[--r->line.length] = '\0';
    if (line && memchr(line, '\0', r->line.length)) {
        r->step = HTTP_READER_BROKEN;
        return;
    }
    if (r->step == HTTP_READER_HEAD)
        take_head(r, line ? line : "");
    else if (r->step == HTTP_READER_CHUNK_SIZE)
        take_chunk_size(r, line ? line : "");
    else if (r->step == HTTP_READER_CHUNK_END)
        r->step = line && *line ? HTTP_READER_BROKEN : HTTP_READER_CHUNK_SIZE;
    else if (!line || !*line)
        r->step = HTTP_READER_DONE;
    text_clear(&r->line);
}

/* ---- Bytes ---- */

static size_t take_until_line_end(struct http_reader *r, const char *data, size_t length)
{
    const char *end = memchr(data, '\n', length);
    const size_t part = end ? (size_t)(end - data) : length;

    text_append(&r->line, data, part);
    if (r->line.full)
        r->step = HTTP_READER_TOO_LARGE;
    else if (end)
        take_line(r);
    return end ? part + 1 : part;
}

static size_t take_body(struct http_reader *r, const char *data, size_t length)
{
    if (r->step == HTTP_READER_UNTIL_END) {
        if (!begin_body(r, length))
            return length;
    } else if (length > r->left) {
        length = (size_t)r->left;
    }
    text_append(r->body, data, length);
    if (r->body->full)
        r->step = HTTP_READER_TOO_LARGE;
    r->left -= length;
    if (r->left == 0 && r->step == HTTP_READER_LENGTH)
        r->step = HTTP_READER_DONE;
    else if (r->left == 0 && r->step == HTTP_READER_CHUNK)
        r->step = HTTP_READER_CHUNK_END;
    return length;
}

void http_reader_take(struct http_reader *r, const char *data, size_t length)
{
    while (length > 0 && !http_reader_is_over(r)) {
        const bool is_body = r->step == HTTP_READER_LENGTH || r->step == HTTP_READER_CHUNK ||
                             r->step == HTTP_READER_UNTIL_END;
        const size_t taken =
            is_body ? take_body(r, data, length) : take_until_line_end(r, data, length);

        data += taken;
        length -= taken;
    }
}

void http_reader_end(struct http_reader *r)
{
    if (!http_reader_is_over(r))
        r->step = r->step == HTTP_READER_UNTIL_END ? HTTP_READER_DONE : HTTP_READER_BROKEN;
}
