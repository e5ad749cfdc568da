/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/log: that an entry is in the log, and that one checkpoint continues another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/jwriter.h"
#include "handlers/log.h"
#include "handlers/view.h"
#include "http/query.h"
#include "http/respond.h"

#define PROOF_ENDING ".tlog-proof"

enum {
    PROOF_FILE_BYTES = NOTE_BYTES + 4096 /* 64 hashes of 45 bytes, header, note */
};

/* An account's tree of one signed size, as a source of nodes. */
struct tree {
    struct log_pool_tiles tiles;
    struct tile_nodes nodes;
    struct merkle_source source;
};

static struct tree *tree_new(struct request *rq, const char *account, uint64_t size)
{
    struct tree *t = xmalloc(sizeof *t);
    struct tile_reader reader;

    t->tiles = (struct log_pool_tiles){.store = handlers_of(rq)->store, .account = account};
    reader = store_log_tiles(&t->tiles);
    tile_nodes_init(&t->nodes, &reader, size);
    t->source = tile_nodes_source(&t->nodes);
    return t;
}

/* ---- One entry ---- */

/* An entry, the checkpoint it is proven against, and the proof. */
struct proven {
    struct log_row row;
    struct log_note note;
    struct checkpoint checkpoint;
    struct merkle_proof proof;
};

static void proven_release(struct proven *p)
{
    free(p->row.entry);
    free(p->note.note);
}

enum err log_choose_note(struct request *rq, const char *account, int64_t size,
                         struct log_note *out)
{
    struct store *s = handlers_of(rq)->store;
    enum err e;

    if (size == 0)
        return store_log_newest(s, account, out);
    e = store_log_note(s, account, (uint64_t)size, out);
    if (e == ERR_NOT_FOUND)
        return request_fail(rq, e,
                            "No checkpoint of %lld entries was signed; "
                            "/v1/log/checkpoints has those that were.",
                            (long long)size);
    return e;
}

/* size 0: the newest checkpoint. */
static enum err prove(struct request *rq, const char *account, uint64_t index, int64_t size,
                      struct proven *out)
{
    struct tree *t;
    enum err e;

    *out = (struct proven){0};
    e = log_choose_note(rq, account, size, &out->note);
    if (!e)
        e = log_note_open(&out->note, &out->checkpoint);
    if (!e && index >= out->checkpoint.size)
        e = request_fail(rq, ERR_NOT_FOUND, "The checkpoint covers the entries 0 to %llu.",
                         (unsigned long long)(out->checkpoint.size - 1));
    if (!e)
        e = store_log_entry(handlers_of(rq)->store, account, index, &out->row);
    if (!e) {
        t = tree_new(rq, account, out->checkpoint.size);
        e = merkle_inclusion(&t->source, index, out->checkpoint.size, &out->proof);
        free(t);
    }
    if (e)
        proven_release(out);
    return e;
}

static void member_number(struct jwriter *w, const char *key, uint64_t n)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)n);
    jw_member_text(w, key, text);
}

static void member_base64(struct jwriter *w, const char *key, const void *bytes, size_t length)
{
    char *text = xmalloc(length / 3 * 4 + 5);

    base64_print(bytes, length, text);
    jw_member_text(w, key, text);
    free(text);
}

static void member_hashes(struct jwriter *w, const struct merkle_proof *p)
{
    char text[64];

    jw_key(w, "hashes");
    jw_array(w);
    for (size_t i = 0; i < p->count; i++) {
        base64_print(p->hashes[i].bytes, DIGEST_BYTES, text);
        jw_text(w, text);
    }
    jw_array_end(w);
}

static void member_envelope(struct jwriter *w, const char *key, const struct log_note *n)
{
    jw_key(w, key);
    jw_object(w);
    jw_key(w, "envelope");
    jw_text_n(w, n->note, n->length);
    jw_object_end(w);
}

static enum err respond_proven(struct request *rq, const struct proven *p)
{
    struct jwriter w;
    struct text body;

    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    member_number(&w, "logIndex", p->row.index);
    jw_key(&w, "kindVersion");
    jw_object(&w);
    jw_member_text(&w, "kind", p->row.kind);
    jw_member_text(&w, "version", "1");
    jw_object_end(&w);
    jw_member_digest(&w, "proof", &p->row.proof);
    member_base64(&w, "canonicalizedBody", p->row.entry, p->row.length);
    jw_key(&w, "inclusionProof");
    jw_object(&w);
    member_number(&w, "logIndex", p->row.index);
    member_number(&w, "treeSize", p->checkpoint.size);
    member_base64(&w, "rootHash", p->checkpoint.root.bytes, DIGEST_BYTES);
    member_hashes(&w, &p->proof);
    member_envelope(&w, "checkpoint", &p->note);
    jw_object_end(&w);
    jw_object_end(&w);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}

static enum err answer_proof(struct request *rq, const char *account, uint64_t index, int64_t size)
{
    struct proven p;
    enum err e = prove(rq, account, index, size, &p);

    if (e)
        return e;
    e = respond_proven(rq, &p);
    proven_release(&p);
    return e;
}

enum err log_answer_proof(struct request *rq, const char *account, uint64_t index)
{
    int64_t size = 0;
    const struct field fields[] = {typed_integer("size", &size, 1, INT64_MAX)};
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    return e ? e : answer_proof(rq, account, index, size);
}

enum err log_answer_find(struct request *rq, const char *account)
{
    char hash[DIGEST_HEX] = "";
    int64_t size = 0;
    const struct field fields[] = {field_required(typed_text("hash", hash, sizeof hash)),
                                   typed_integer("size", &size, 1, INT64_MAX)};
    struct digest digest;
    uint64_t index = 0;
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    if (!e && hex_parse(hash, strlen(hash), digest.bytes, DIGEST_BYTES))
        e = request_fail(rq, ERR_PARAMETER, "hash must be 64 hex digits: a proof or a leaf hash.");
    if (!e)
        e = store_log_find(handlers_of(rq)->store, account, &digest, &index);
    return e ? e : answer_proof(rq, account, index, size);
}

enum err log_answer_proof_file(struct request *rq, const char *account, const char *name)
{
    size_t length = strlen(name), ending = sizeof PROOF_ENDING - 1;
    struct tlog_proof file;
    struct proven p;
    struct text body;
    uint64_t index = 0;
    enum err e = query_parse(rq, NULL, 0);

    if (!e && (length <= ending || strcmp(name + length - ending, PROOF_ENDING) != 0 ||
               !log_number(name, length - ending, &index)))
        e = ERR_NOT_FOUND;
    if (!e)
        e = prove(rq, account, index, 0, &p);
    if (e)
        return e;
    file = (struct tlog_proof){.index = index,
                               .inclusion = p.proof,
                               .checkpoint = p.note.note,
                               .checkpoint_length = p.note.length};
    text_init(&body, PROOF_FILE_BYTES);
    tlog_proof_print(&file, &body);
    proven_release(&p);
    return respond_take(rq, 200, MEDIA_TEXT, &body);
}

/* ---- Two checkpoints ---- */

static void write_consistency(struct jwriter *w, const struct log_note notes[2],
                              const struct checkpoint both[2], const struct merkle_proof *p)
{
    jw_object(w);
    member_number(w, "oldSize", both[0].size);
    member_number(w, "newSize", both[1].size);
    member_base64(w, "oldRoot", both[0].root.bytes, DIGEST_BYTES);
    member_base64(w, "newRoot", both[1].root.bytes, DIGEST_BYTES);
    member_hashes(w, p);
    member_envelope(w, "oldCheckpoint", &notes[0]);
    member_envelope(w, "newCheckpoint", &notes[1]);
    jw_object_end(w);
}

/* Reads both notes and proves that the second continues the first. */
static enum err prove_both(struct request *rq, const char *account, int64_t old, int64_t newer,
                           struct text *body)
{
    struct log_note notes[2] = {{0}, {0}};
    struct checkpoint both[2];
    struct merkle_proof p;
    struct jwriter w;
    struct tree *t;
    enum err e = log_choose_note(rq, account, old, &notes[0]);

    if (!e)
        e = log_choose_note(rq, account, newer, &notes[1]);
    if (!e)
        e = log_note_open(&notes[0], &both[0]);
    if (!e)
        e = log_note_open(&notes[1], &both[1]);
    if (!e && both[0].size > both[1].size)
        e = request_fail(rq, ERR_PARAMETER, "old must not be above new.");
    if (!e) {
        t = tree_new(rq, account, both[1].size);
        e = merkle_consistency(&t->source, both[0].size, both[1].size, &p);
        free(t);
    }
    if (!e) {
        jwriter_init(&w, JSTYLE_COMPACT, body);
        write_consistency(&w, notes, both, &p);
    }
    free(notes[0].note);
    free(notes[1].note);
    return e;
}

enum err log_answer_consistency(struct request *rq, const char *account)
{
    int64_t old = 0, newer = 0;
    const struct field fields[] = {field_required(typed_integer("old", &old, 0, INT64_MAX)),
                                   typed_integer("new", &newer, 1, INT64_MAX)};
    struct text body;
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    if (!e && old == 0)
        e = request_fail(rq, ERR_PARAMETER,
                         "Consistency from size 0 is not served: it would prove "
                         "nothing.");
    if (e)
        return e;
    text_init(&body, VIEW_MAX);
    e = prove_both(rq, account, old, newer, &body);
    if (e) {
        text_release(&body);
        return e;
    }
    return respond_take(rq, 200, MEDIA_JSON, &body);
}
