/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/log/statement: the figures of the log at a signed size, by tl-metrics-1.
 *
 * The sums of the newest size are kept, so that the next statement reads only what came since.  A
 * statement of an earlier size, or of another account, reads its entries from the first. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine/track.h"
#include "handlers/log.h"
#include "http/query.h"
#include "http/respond.h"

enum {
    BUNDLE_BYTES = TILE_WIDTH * (TILE_ENTRY_BYTES + 2)
};

/* One at a time: it takes a processor and a connection for seconds when the log is long. */
static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static struct kept {
    bool is_begun;
    char account[LIMIT_NAME];
    struct track track;
} kept;

static void begin(struct kept *k, const char *account)
{
    track_init(&k->track);
    k->is_begun = copy_text(k->account, sizeof k->account, account);
}

static void end(struct kept *k)
{
    track_release(&k->track);
    k->is_begun = false;
}

/* The entries of one bundle behind those that were pushed. */
static enum err push_bundle(struct track *t, const struct text *bundle)
{
    struct bundle_reader reader = {bundle->data, bundle->data + bundle->length};
    uint64_t skip = t->size % TILE_WIDTH;
    struct record_fault fault;
    const char *entry;
    struct record *r = xmalloc(sizeof *r);
    size_t length;
    enum err e;

    while (!(e = bundle_next(&reader, &entry, &length))) {
        if (skip > 0)
            skip--;
        else if (record_parse(entry, length, r, &fault))
            track_skip(t);
        else
            track_push(t, r);
    }
    free(r);
    return e == ERR_END ? ERR_OK : ERR_INTERNAL;
}

static enum err push_to(struct store *s, const char *account, struct track *t, uint64_t size)
{
    struct text bundle;
    enum err e = ERR_OK;

    text_init(&bundle, BUNDLE_BYTES);
    while (!e && t->size < size) {
        uint64_t n = t->size / TILE_WIDTH;

        text_clear(&bundle);
        e = store_log_bundle(s, account, n, tile_width(size, 0, n), &bundle);
        if (!e)
            e = push_bundle(t, &bundle);
    }
    text_release(&bundle);
    return e;
}

enum err log_statement(struct store *s, const char *account, const struct checkpoint *c,
                       struct text *out, const char **why)
{
    struct kept fresh = {.is_begun = false}, *k = &kept;
    enum err e;

    pthread_mutex_lock(&one);
    if (kept.is_begun && strcmp(kept.account, account) == 0 && kept.track.size > c->size)
        begin(k = &fresh, account);
    else if (!kept.is_begun || strcmp(kept.account, account) != 0) {
        if (kept.is_begun)
            end(&kept);
        begin(&kept, account);
    }
    e = push_to(s, account, &k->track, c->size);
    *why = k->track.broken;
    if (!e)
        e = track_statement(&k->track, &c->root, out);
    /* Half a bundle may have been pushed: begin anew next time. */
    if ((e && e != ERR_INVALID) || k == &fresh)
        end(k);
    pthread_mutex_unlock(&one);
    return e;
}

enum err log_answer_statement(struct request *rq, const char *account)
{
    int64_t size = 0;
    const struct field fields[] = {typed_integer("size", &size, 1, INT64_MAX)};
    struct log_note note = {0};
    struct checkpoint c;
    struct text body;
    const char *why = NULL;
    enum err e = query_parse(rq, fields, COUNT_OF(fields));

    if (!e)
        e = log_choose_note(rq, account, size, &note);
    if (e)
        return e;
    text_init(&body, TRACK_STATEMENT_BYTES);
    e = log_note_open(&note, &c);
    free(note.note);
    if (!e)
        e = log_statement(handlers_of(rq)->store, account, &c, &body, &why);
    if (e == ERR_INVALID)
        e = request_fail(rq, ERR_CONFLICT, "No statement can be made of this log: %s.", why);
    if (e) {
        text_release(&body);
        return e;
    }
    if (size > 0)
        return log_respond_forever(rq, MEDIA_JSON, &body);
    respond_header(rq, "Cache-Control", "%s", "max-age=1");
    return respond_take(rq, 200, MEDIA_JSON, &body);
}
