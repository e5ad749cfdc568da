/* SPDX-License-Identifier: Apache-2.0 */
/* The checkpoints that were signed before the newest: all by one key, all of one history. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/verify_run.h"

enum {
    THREADS_MAX = 16,
    PAGE_NAME = 80,
    NOTES_BYTES = 1024 * 1024 * 1024 /* of all of a server's: three million of a commit each */
};

static void add(struct stored_list *l, size_t *capacity, const char *note, size_t length)
{
    if (l->count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : 64;
        l->items = xrealloc(l->items, *capacity * sizeof *l->items);
    }
    l->items[l->count++] = (struct stored_checkpoint){.note = note, .length = length};
}

/* A part of the list for one thread: signatures take most of the time. */
struct share {
    struct stored_checkpoint *items;
    size_t count;
    const struct verify_run *run;
};

static void *open_share(void *argument)
{
    struct share *s = argument;
    struct checkpoint c;

    for (size_t i = 0; i < s->count; i++) {
        struct stored_checkpoint *item = &s->items[i];

        item->signature = checkpoint_open(item->note, item->length, &s->run->key, &c);
        /* By another key, perhaps: that is told when the tree has reached its size. */
        if (item->signature == ERR_NOT_FOUND && keys_read(s->run, item->note, item->length, &c))
            item->signature = ERR_SYNTAX;
        if (item->signature && item->signature != ERR_NOT_FOUND)
            continue;
        s->items[i].size = c.size;
        s->items[i].root = c.root;
    }
    return NULL;
}

static void open_all(struct stored_list *l, const struct verify_run *run)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t threads = cores > 1 ? (size_t)cores : 1, each;
    struct share shares[THREADS_MAX];
    pthread_t ids[THREADS_MAX];
    bool started[THREADS_MAX] = {false};

    threads = threads > THREADS_MAX ? THREADS_MAX : threads;
    each = l->count / threads + 1;
    for (size_t i = 0; i < threads; i++) {
        size_t from = i * each < l->count ? i * each : l->count;
        size_t count = l->count - from < each ? l->count - from : each;

        shares[i] = (struct share){l->items + from, count, run};
        started[i] =
            i > 0 && count > 0 && pthread_create(&ids[i], NULL, open_share, &shares[i]) == 0;
    }
    for (size_t i = 0; i < threads; i++) {
        if (started[i])
            pthread_join(ids[i], NULL);
        else
            open_share(&shares[i]);
    }
}

static int compare(const void *a, const void *b)
{
    const struct stored_checkpoint *x = a, *y = b;

    return x->size != y->size ? (x->size < y->size ? -1 : 1) : 0;
}

/* Those whose signature is wrong are told and left out. */
static void keep_signed(struct verify_run *run)
{
    struct stored_list *l = &run->stored;
    size_t kept = 0;

    for (size_t i = 0; i < l->count; i++) {
        if (l->items[i].signature && l->items[i].signature != ERR_NOT_FOUND)
            report_fail(&run->report, PROPERTY_CHECKPOINTS,
                        "checkpoint %zu of the file is not signed by the key, or malformed", i);
        else
            l->items[kept++] = l->items[i];
    }
    l->count = kept;
}

/* A server's, page by page; of sizes up to the newest, so that a log that grows comes to an end. */
static enum err fetch(struct verify_run *run, struct text *notes)
{
    uint64_t from = 1, next = 0;
    enum err e = ERR_OK;

    for (; !e && from > 0 && from <= run->newest.size; from = next) {
        struct evidence page;
        char name[PAGE_NAME];

        (void)snprintf(name, sizeof name, "checkpoints?from=%llu&to=%llu", (unsigned long long)from,
                       (unsigned long long)run->newest.size);
        e = source_get(run->source, name, &page, run->reason);
        if (e == ERR_NOT_FOUND && from > 1)
            e = ERR_SYNTAX; /* it named the page */
        if (e)
            break;
        e = pages_notes(page.data, page.length, notes, &next);
        if (!e && next > 0 && next <= from)
            e = ERR_SYNTAX; /* it would never end */
        evidence_release(&page);
    }
    return e;
}

static enum err load_file(struct verify_run *run)
{
    struct text notes;
    size_t length;
    char *owned;
    enum err e;

    if (!source_is_url(run->source))
        return source_get(run->source, "checkpoints", &run->stored.file, run->reason);
    text_init(&notes, NOTES_BYTES);
    run->reason[0] = '\0';
    e = fetch(run, &notes);
    if (e == ERR_SYNTAX)
        report_fail(&run->report, PROPERTY_CHECKPOINTS,
                    "the server's list of checkpoints is no list of pages of notes");
    else if (e && e != ERR_NOT_FOUND)
        report_note(&run->report, PROPERTY_CHECKPOINTS, VERDICT_NOT_PROVEN,
                    "not all checkpoints could be read: %s",
                    run->reason[0] ? run->reason : err_sentence(e));
    if (e == ERR_NOT_FOUND || notes.length == 0) {
        text_release(&notes);
        return ERR_NOT_FOUND;
    }
    /* What came before an error is judged all the same. */
    owned = text_take(&notes, &length);
    run->stored.file = (struct evidence){.data = owned, .length = length, .owned = owned};
    return ERR_OK;
}

void stored_load(struct verify_run *run)
{
    struct stored_list *l = &run->stored;
    const char *at, *end;
    size_t capacity = 0;

    if (load_file(run))
        return;
    at = l->file.data;
    end = at + l->file.length;
    while (at < end) {
        const char *next = pages_note_end(at, end);

        add(l, &capacity, at, (size_t)(next - at));
        at = next;
    }
    open_all(l, run);
    keep_signed(run);
    if (l->count > 0)
        qsort(l->items, l->count, sizeof *l->items, compare);
    if (l->file.length > 0)
        report_pass(&run->report, PROPERTY_CHECKPOINTS);
}

void stored_meet(struct verify_run *run)
{
    struct stored_list *l = &run->stored;
    struct digest root;

    if (l->next == l->count || l->items[l->next].size != run->log.tree.size)
        return;
    merkle_root(&run->log.tree, &root);
    for (; l->next < l->count && l->items[l->next].size == run->log.tree.size; l->next++) {
        struct stored_checkpoint *c = &l->items[l->next];
        struct checkpoint opened;

        if (c->signature == ERR_NOT_FOUND)
            c->is_by_another =
                !log_keys_open(&run->log.rules.keys, c->note, c->length, run->log.last_us, &opened);
        if (bytes_equal(&c->root, &root, sizeof root))
            continue;
        report_fail(&run->report, PROPERTY_CHECKPOINTS,
                    "the checkpoint of %llu entries has another root than those entries",
                    (unsigned long long)c->size);
        if (run->report.findings[PROPERTY_CHECKPOINTS].failures == 1 &&
            (!c->signature || c->is_by_another))
            run->excluded = c;
    }
}

const struct stored_checkpoint *stored_of(const struct verify_run *run, uint64_t size)
{
    size_t from = 0, to = run->stored.count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (run->stored.items[middle].size < size)
            from = middle + 1;
        else
            to = middle;
    }
    return from < run->stored.count && run->stored.items[from].size == size
               ? &run->stored.items[from]
               : NULL;
}

void stored_end(struct verify_run *run)
{
    struct stored_list *l = &run->stored;

    if (l->next < l->count)
        report_fail(&run->report, PROPERTY_CHECKPOINTS,
                    "a checkpoint of %llu entries is stored; the newest has %llu",
                    (unsigned long long)l->items[l->count - 1].size,
                    (unsigned long long)run->newest.size);
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i].signature &&
            !(l->items[i].is_by_another && log_keys_has(&run->log.rules.keys, &run->key)))
            report_fail(&run->report, PROPERTY_CHECKPOINTS,
                        "the checkpoint of %llu entries is not signed by the key, nor by one that "
                        "the log leads to from it",
                        (unsigned long long)l->items[i].size);
    if (run->is_rebuilt && run->excluded) {
        struct digest none = {{0}};

        verify_equivocation(run, run->excluded->note, run->excluded->length, &none, NULL);
    }
    if (l->file.length > 0)
        report_note(&run->report, PROPERTY_CHECKPOINTS, VERDICT_PASS, "%zu checkpoints", l->count);
}

void stored_release(struct verify_run *run)
{
    free(run->stored.items);
    evidence_release(&run->stored.file);
}
