/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/log: checkpoint, key, policy, tiles, stored checkpoints, evidence of others. */
#include "handlers/log.h"

#include <stdlib.h>
#include <string.h>

#include "core/jnode.h"
#include "core/jwriter.h"
#include "handlers/anchor_board.h"
#include "handlers/view.h"
#include "http/query.h"
#include "http/respond.h"

#define MEDIA_BYTES "application/octet-stream"
#define FOREVER "max-age=31536000, immutable"

enum {
    NUMBER_DIGITS = 19, /* of 2^63 - 1 */
    CHECKPOINTS_PAGE = 1000
};

bool log_number(const char *text, size_t length, uint64_t *out)
{
    uint64_t n = 0;

    if (length == 0 || length > NUMBER_DIGITS || (length > 1 && text[0] == '0'))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        n = n * 10 + (uint64_t)(text[i] - '0');
    }
    *out = n;
    return n <= MERKLE_SIZE_MAX;
}

enum err log_note_open(const struct log_note *n, struct checkpoint *out)
{
    struct note note;

    if (note_parse(n->note, n->length, &note) ||
        checkpoint_parse(note.text, note.text_length, out) || out->size != n->size)
        return ERR_INTERNAL;
    return ERR_OK;
}

enum err log_respond_forever(struct request *rq, const char *content_type, struct text *body_take)
{
    struct digest digest;
    char etag[24] = "\"";

    if (!body_take->full) {
        digest_of(body_take->data, body_take->length, &digest);
        hex_print(digest.bytes, 10, etag + 1);
        etag[21] = '"';
        respond_header(rq, "ETag", "%s", etag);
        respond_header(rq, "Cache-Control", "%s", FOREVER);
        if (respond_matches(rq, etag)) {
            text_release(body_take);
            return respond_empty(rq, 304);
        }
    }
    return respond_take(rq, 200, content_type, body_take);
}

/* ---- Checkpoint, key, policy ---- */

enum err log_answer_checkpoint(struct request *rq, const char *account)
{
    struct log_note n = {0};
    struct text body;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = store_log_newest(handlers_of(rq)->store, account, &n);
    if (e == ERR_NOT_FOUND)
        return request_fail(rq, e, "Nothing was signed yet: the log is empty.");
    if (e)
        return e;
    text_init(&body, NOTE_BYTES);
    text_append(&body, n.note, n.length);
    free(n.note);
    respond_header(rq, "Cache-Control", "%s", "max-age=1");
    return respond_take(rq, 200, MEDIA_TEXT, &body);
}

/* The genesis says which key signs, or the newest key entry does. */
static enum err read_vkey(struct request *rq, const char *account, char vkey[VKEY_BYTES])
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct log_row row = {0};
    struct jnode *root = NULL;
    const struct jnode *n;
    enum err e = store_log_newest_key(handlers_of(rq)->store, account, &row);

    if (!e)
        e = jnode_parse(row.entry, row.length, "entry", diags, &root) ? ERR_INTERNAL : ERR_OK;
    if (!e) {
        n = jnode_member(root, row.kind);
        n = jnode_is(n, J_OBJECT) ? jnode_member(n, "vkey") : NULL;
        if (!jnode_is(n, J_STRING) || !copy_text(vkey, VKEY_BYTES, jnode_text(n)))
            e = ERR_INTERNAL;
    }
    jnode_free(root);
    free(row.entry);
    free(diags);
    return e == ERR_NOT_FOUND ? request_fail(rq, e, "The log is empty.") : e;
}

enum err log_answer_key(struct request *rq, const char *account)
{
    char vkey[VKEY_BYTES];
    struct text body;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = read_vkey(rq, account, vkey);
    if (e)
        return e;
    text_init(&body, VKEY_BYTES + 1);
    text_format(&body, "%s\n", vkey);
    respond_header(rq, "Cache-Control", "%s", "max-age=60");
    return respond_take(rq, 200, MEDIA_TEXT, &body);
}

enum err log_answer_policy(struct request *rq, const char *account)
{
    const struct anchor_board *board = handlers_of(rq)->anchors;
    char vkey[VKEY_BYTES];
    struct text body;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = read_vkey(rq, account, vkey);
    if (e)
        return e;
    text_init(&body, POLICY_BYTES);
    /* As configured for this account's log; others have none that is known here. */
    if (board && *board->policy && strcmp(account, handlers_of(rq)->account) == 0)
        text_string(&body, board->policy);
    else
        text_format(&body, "log %s\nquorum none\n", vkey);
    respond_header(rq, "Cache-Control", "%s", "max-age=60");
    return respond_take(rq, 200, MEDIA_TEXT, &body);
}

/* ---- Tiles ---- */

static enum err tile_bytes(struct request *rq, const char *account, const struct tile_address *a,
                           struct text *body)
{
    struct log_pool_tiles tiles = {.store = handlers_of(rq)->store, .account = account};
    const struct tile_reader reader = store_log_tiles(&tiles);
    struct digest hashes[TILE_WIDTH];
    enum err e;

    if (a->is_entries)
        return store_log_bundle(tiles.store, account, a->n, a->width, body);
    e = reader.read(reader.self, a->level, a->n, a->width, hashes);
    if (!e)
        text_append(body, (const char *)hashes, a->width * sizeof hashes[0]);
    return e;
}

enum err log_answer_tile(struct request *rq, const char *account, const char *path)
{
    struct tile_address a = {0};
    struct log_note newest = {0};
    struct text body;
    enum err e = query_parse(rq, NULL, 0);

    if (!e)
        e = tile_path_parse(path, strlen(path), &a);
    if (!e)
        e = store_log_newest(handlers_of(rq)->store, account, &newest);
    free(newest.note);
    /* Any width up to the signed one: a partial tile is the beginning of the whole. */
    if (!e && a.width > tile_width(newest.size, a.level, a.n))
        e = ERR_NOT_FOUND;
    if (e)
        return e;
    text_init(&body, (size_t)TILE_WIDTH * (TILE_ENTRY_BYTES + 2));
    e = tile_bytes(rq, account, &a, &body);
    if (e) {
        text_release(&body);
        return e;
    }
    return log_respond_forever(rq, MEDIA_BYTES, &body);
}

/* ---- Stored checkpoints ---- */

static void view_note(struct jwriter *w, const struct log_note *n, const struct checkpoint *c)
{
    char root[64];

    base64_print(c->root.bytes, DIGEST_BYTES, root);
    jw_object(w);
    jw_member_integer(w, "tree_size", (int64_t)n->size);
    jw_member_text(w, "root_hash", root);
    jw_key(w, "envelope");
    jw_text_n(w, n->note, n->length);
    jw_object_end(w);
}

enum err log_answer_checkpoints(struct request *rq, const char *account)
{
    int64_t from = 1, to = INT64_MAX, limit = CHECKPOINTS_PAGE;
    const struct field fields[] = {typed_integer("from", &from, 0, INT64_MAX),
                                   typed_integer("to", &to, 0, INT64_MAX),
                                   typed_integer("limit", &limit, 1, CHECKPOINTS_PAGE)};
    struct log_note *notes = NULL;
    struct checkpoint c;
    struct jwriter w;
    struct text body;
    size_t count = 0;
    bool more = false;
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    if (!e)
        e = store_log_notes(handlers_of(rq)->store, account, (uint64_t)from, (uint64_t)to,
                            (size_t)limit, &notes, &count, &more);
    if (e)
        return e;
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_key(&w, "data");
    jw_array(&w);
    for (size_t i = 0; i < count && !e; i++) {
        e = log_note_open(&notes[i], &c);
        if (!e)
            view_note(&w, &notes[i], &c);
    }
    jw_array_end(&w);
    if (more && !e)
        jw_member_integer(&w, "next_from", (int64_t)notes[count - 1].size + 1);
    else
        jw_member_null(&w, "next_from");
    jw_object_end(&w);
    log_notes_free(notes, count);
    if (e) {
        text_release(&body);
        return e;
    }
    return respond_take(rq, 200, MEDIA_JSON, &body);
}

enum err log_answer_anchors(struct request *rq, const char *account, const char *size)
{
    struct log_evidence *rows = NULL;
    struct log_note note = {0};
    struct jwriter w;
    struct text body;
    size_t count = 0;
    uint64_t n = 0;
    enum err e = query_parse(rq, NULL, 0);

    if (!e && !log_number(size, strlen(size), &n))
        e = ERR_NOT_FOUND;
    if (!e)
        e = store_log_note(handlers_of(rq)->store, account, n, &note);
    free(note.note);
    if (!e)
        e = store_log_evidence(handlers_of(rq)->store, account, n, &rows, &count);
    if (e)
        return e;
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_array(&w);
    for (size_t i = 0; i < count; i++) {
        char *encoded = xmalloc(rows[i].length / 3 * 4 + 5);

        base64_print((const uint8_t *)rows[i].blob, rows[i].length, encoded);
        jw_object(&w);
        jw_member_text(&w, "kind", rows[i].kind);
        jw_member_text(&w, "source", rows[i].source);
        jw_member_time(&w, "time", rows[i].at_us);
        jw_member_text(&w, "blob", encoded);
        jw_object_end(&w);
        free(encoded);
    }
    jw_array_end(&w);
    log_evidence_free(rows, count);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}
