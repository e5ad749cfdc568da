/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/log: what others attested, as verifiers read it, and how it stands with them. */
#include <stdlib.h>

#include "core/jwriter.h"
#include "handlers/anchor_board.h"
#include "handlers/log.h"
#include "handlers/view.h"
#include "http/query.h"
#include "http/respond.h"

enum {
    NOTES_PAGE = 200 /* of NOTE_BYTES at most */
};

enum err log_answer_attested(struct request *rq, const char *account)
{
    int64_t from = 0;
    const struct field fields[] = {typed_integer("from", &from, 0, INT64_MAX)};
    struct log_note *notes = NULL;
    struct text body;
    size_t count = 0;
    bool more;
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    if (!e)
        e = store_log_attested(handlers_of(rq)->store, account, (uint64_t)from, NOTES_PAGE, &notes,
                               &count, &more);
    if (e)
        return e;
    text_init(&body, (size_t)NOTES_PAGE * NOTE_BYTES);
    for (size_t i = 0; i < count; i++)
        text_append(&body, notes[i].note, notes[i].length);
    log_notes_free(notes, count);
    respond_header(rq, "Cache-Control", "%s", "max-age=1");
    return respond_take(rq, 200, MEDIA_TEXT, &body);
}

enum err log_answer_timestamps(struct request *rq, const char *account)
{
    int64_t from = 0;
    const struct field fields[] = {typed_integer("from", &from, 0, INT64_MAX)};
    struct text body;
    uint64_t last;
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    if (e)
        return e;
    text_init(&body, LOG_STAMPS_BYTES);
    e = store_log_stamps(handlers_of(rq)->store, account, from > 0 ? (uint64_t)from - 1 : 0,
                         MERKLE_SIZE_MAX, LOG_STAMPS_PAGE, &body, &last);
    if (e) {
        text_release(&body);
        return e;
    }
    respond_header(rq, "Cache-Control", "%s", "max-age=1");
    return respond_take(rq, 200, MEDIA_TEXT, &body);
}

/* ---- How it stands ---- */

static void view_mark(struct jwriter *w, const char *key, const struct anchor_mark *m)
{
    jw_key(w, key);
    if (m->size == 0) {
        jw_null(w);
        return;
    }
    jw_object(w);
    jw_member_integer(w, "tree_size", (int64_t)m->size);
    jw_member_time(w, "time", m->at_us);
    jw_object_end(w);
}

static void view_party(struct jwriter *w, const struct anchor_party *p)
{
    jw_object(w);
    jw_member_text(w, "kind", anchor_kind_name(p->kind));
    jw_member_text(w, "source", p->source);
    jw_member_text(w, "state", anchor_state_name(p->state));
    if (p->size > 0)
        jw_member_integer(w, "tree_size", (int64_t)p->size);
    else
        jw_member_null(w, "tree_size");
    jw_member_time(w, "time", p->at_us);
    jw_member_integer(w, "failures", (int64_t)p->failures);
    if (p->reason[0])
        jw_member_text(w, "reason", p->reason);
    else
        jw_member_null(w, "reason");
    jw_object_end(w);
}

/* GET /v1/log/anchors */
enum err log_parties(struct request *rq)
{
    struct anchor_board *board = handlers_of(rq)->anchors;
    struct anchor_status *status;
    struct jwriter w;
    struct text body;
    enum err e = query_parse(rq, NULL, 0);

    if (e)
        return e;
    status = xcalloc(1, sizeof *status);
    if (board)
        anchor_board_read(board, status);
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    view_mark(&w, "cosigned", &status->cosigned);
    view_mark(&w, "stamped", &status->stamped);
    jw_key(&w, "data");
    jw_array(&w);
    for (size_t i = 0; i < status->count; i++)
        view_party(&w, &status->parties[i]);
    jw_array_end(&w);
    jw_object_end(&w);
    free(status);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}
