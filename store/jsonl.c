/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps log.jsonl and trades.jsonl level with the log in the database. */
#include "store/jsonl.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/condition.h"
#include "core/log.h"
#include "engine/checkpoint.h"
#include "store/checkpoint_file.h"
#include "store/jsonl_file.h"

enum {
    WRITE_BYTES = 64 * 1024,         /* as much is written without waiting any longer */
    BUFFER_BYTES = 16 * 1024 * 1024, /* beyond this lines are dropped and fetched again */
    FETCH_ENTRIES = 256
};

static const int64_t write_every_us = 200 * US_PER_MS;
static const int64_t retry_us = US_PER_S; /* after a failure: a full disk does not empty at once */

struct jsonl {
    struct jsonl_source source;
    char *folder;
    struct jsonl_file log, trades; /* the thread's, once it runs */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t work;   /* for the thread */
    pthread_cond_t done;   /* for jsonl_flush */
    struct text log_lines, trade_lines;
    int64_t log_count, trade_count; /* lines in them */
    int64_t next;     /* index after the newest line that is on disk, being written or buffered */
    int64_t durable;  /* entries in the database, as far as we were told */
    bool behind;      /* lines were dropped: the files must be filled from the database */
    struct text note; /* newest checkpoint over the buffered lines, or those to be filled in */
    bool stop;
    uint64_t asked, answered; /* jsonl_flush: tickets */
};

/* ---- Filling a file from the database ---- */

static enum err fill_chunk(struct jsonl *j, struct jsonl_file *f, bool trades_only, int64_t *from,
                           int64_t below)
{
    struct jsonl_entry *entries = xcalloc(FETCH_ENTRIES, sizeof(*entries));
    struct text lines;
    size_t count = 0, i;
    int64_t kept = 0;
    enum err e;

    text_init(&lines, (size_t)FETCH_ENTRIES * 2 * LIMIT_LEAF_BYTES);
    e = j->source.read(j->source.self, trades_only, *from, entries, FETCH_ENTRIES, &count);
    for (i = 0; i < count; i++) {
        if (!e && entries[i].index < below) {
            ledger_line(entries[i].bytes, entries[i].length, &entries[i].proof, &lines);
            *from = entries[i].index + 1;
            kept++;
        }
        free(entries[i].bytes);
    }
    if (!e && kept == 0)
        e = ERR_NOT_FOUND;
    if (!e)
        e = jsonl_file_write(f, &lines, kept);
    text_release(&lines);
    free(entries);
    return e;
}

/* Appends what the files lack of the first *size entries of the log. */
static enum err fill_files(struct jsonl *j)
{
    int64_t size, trades, from = j->log.lines;
    enum err e = j->source.size(j->source.self, &size);

    while (!e && j->log.lines < size)
        e = fill_chunk(j, &j->log, false, &from, size);
    if (!e)
        e = j->source.trades(j->source.self, j->log.lines, &trades);
    if (!e && j->trades.lines < trades)
        e = j->source.trade_at(j->source.self, j->trades.lines, &from);
    while (!e && j->trades.lines < trades)
        e = fill_chunk(j, &j->trades, true, &from, j->log.lines);
    return e;
}

/* ---- The thread ---- */

static void drop_buffer(struct jsonl *j)
{
    text_clear(&j->log_lines);
    text_clear(&j->trade_lines);
    j->log_count = 0;
    j->trade_count = 0;
}

/* The checkpoint over what is buffered leaves together with it: one that comes meanwhile is of
 * lines that are not on disk yet. */
static struct text take_note(struct jsonl *j)
{
    struct text note = j->note;

    text_init(&j->note, CHECKPOINT_BYTES);
    return note;
}

/* Fills from the database until the files have all that we were told of.  Mutex held, but not
 * during the work. */
static enum err thread_fill(struct jsonl *j, struct text *note)
{
    enum err e;

    do {
        drop_buffer(j);
        pthread_mutex_unlock(&j->mutex);
        e = fill_files(j);
        pthread_mutex_lock(&j->mutex);
    } while (!e && j->log.lines < j->durable);
    if (!e) {
        j->behind = false;
        j->next = j->log.lines;
        *note = take_note(j);
    }
    return e;
}

/* Writes what is buffered.  Mutex held, but not during the work. */
static enum err thread_write(struct jsonl *j, struct text *note)
{
    struct text log = j->log_lines, trades = j->trade_lines;
    int64_t log_count = j->log_count, trade_count = j->trade_count;
    enum err e;

    text_init(&j->log_lines, BUFFER_BYTES);
    text_init(&j->trade_lines, BUFFER_BYTES);
    drop_buffer(j);
    *note = take_note(j);
    pthread_mutex_unlock(&j->mutex);
    e = jsonl_file_write(&j->log, &log, log_count);
    if (!e)
        e = jsonl_file_write(&j->trades, &trades, trade_count);
    text_release(&log);
    text_release(&trades);
    pthread_mutex_lock(&j->mutex);
    if (e)
        j->behind = true;
    return e;
}

/* Its lines are on disk, unless they failed.  Mutex held, but not during the work. */
static void thread_note(struct jsonl *j, enum err lines, struct text *note)
{
    enum err e = lines;

    if (!e && note->length > 0) {
        pthread_mutex_unlock(&j->mutex);
        e = checkpoint_file_write(j->folder, note);
        if (e)
            LOG_ERROR("checkpoint_write_failed", "folder", j->folder, "message", strerror(errno),
                      NULL);
        pthread_mutex_lock(&j->mutex);
    }
    /* To be written once its lines are, or with the next ones. */
    if (e && j->note.length == 0)
        text_append(&j->note, note->data, note->length);
    text_release(note);
}

static bool has_work(const struct jsonl *j)
{
    return j->behind || j->log_count > 0 || j->asked != j->answered;
}

static void *jsonl_thread(void *context)
{
    struct jsonl *j = context;
    int64_t due_us = 0;
    enum err e = ERR_OK;

    pthread_mutex_lock(&j->mutex);
    while (!j->stop || has_work(j)) {
        uint64_t ticket = j->asked;
        struct text note;

        if (!has_work(j)) {
            pthread_cond_wait(&j->work, &j->mutex);
            continue;
        }
        if (ticket == j->answered && !j->stop && (e || j->log_lines.length < WRITE_BYTES) &&
            clock_monotonic_us() < due_us) {
            (void)condition_wait_until(&j->work, &j->mutex, due_us);
            continue;
        }
        text_init(&note, CHECKPOINT_BYTES);
        e = j->behind ? thread_fill(j, &note) : thread_write(j, &note);
        thread_note(j, e, &note);
        due_us = clock_monotonic_us() + (e ? retry_us : write_every_us);
        j->answered = ticket;
        pthread_cond_broadcast(&j->done);
        if (e && j->stop)
            break; /* the next start repairs the files */
    }
    pthread_mutex_unlock(&j->mutex);
    return NULL;
}

/* ---- Opening ---- */

/* ERR_CONFLICT when the file's last line is not what the database has in its place. */
static enum err check_last(struct jsonl *j, const struct jsonl_file *f, bool is_trades,
                           struct diag_list *diags)
{
    struct jsonl_entry entry = {0};
    struct text line;
    int64_t index = f->lines - 1;
    size_t count = 0;
    bool same;
    enum err e = ERR_OK;

    if (f->lines == 0)
        return ERR_OK;
    if (is_trades)
        e = j->source.trade_at(j->source.self, f->lines - 1, &index);
    if (!e)
        e = j->source.read(j->source.self, is_trades, index, &entry, 1, &count);
    if (e == ERR_NOT_FOUND || (!e && (count == 0 || entry.index != index))) {
        diag_hint(
            diag_add(diags, f->path, "log_longer_than_database",
                     "%s has %lld lines, the database's log is shorter", f->path,
                     (long long)f->lines),
            "an old backup was restored, or the folder is another account's: each needs its own");
        free(entry.bytes);
        return ERR_CONFLICT;
    }
    if (e)
        return e;
    text_init(&line, 2 * LIMIT_LEAF_BYTES);
    ledger_line(entry.bytes, entry.length, &entry.proof, &line);
    free(entry.bytes);
    same =
        line.length == f->last.length + 1 && memcmp(line.data, f->last.data, f->last.length) == 0;
    text_release(&line);
    if (same)
        return ERR_OK;
    diag_hint(diag_add(diags, f->path, "log_differs_from_database",
                       "line %lld of %s is not what the database has", (long long)f->lines,
                       f->path),
              "the file belongs to another database, or was edited");
    return ERR_CONFLICT;
}

static void jsonl_free(struct jsonl *j)
{
    jsonl_file_close(&j->log);
    jsonl_file_close(&j->trades);
    text_release(&j->log_lines);
    text_release(&j->trade_lines);
    text_release(&j->note);
    free(j->folder);
    free(j);
}

static void start_thread(struct jsonl *j)
{
    ASSERT(pthread_mutex_init(&j->mutex, NULL) == 0);
    condition_init(&j->work);
    condition_init(&j->done);
    ASSERT(pthread_create(&j->thread, NULL, jsonl_thread, j) == 0);
}

enum err jsonl_open(const char *folder, const struct jsonl_source *source, struct diag_list *diags,
                    struct jsonl **out)
{
    struct jsonl *j = xcalloc(1, sizeof(*j));
    int64_t lines, trade_lines;
    enum err e;

    j->source = *source;
    j->folder = xstrdup(folder);
    text_init(&j->note, CHECKPOINT_BYTES);
    j->log.fd = -1;
    j->trades.fd = -1;
    text_init(&j->log_lines, BUFFER_BYTES);
    text_init(&j->trade_lines, BUFFER_BYTES);
    e = jsonl_file_open(&j->log, folder, "log.jsonl", diags);
    if (!e)
        e = jsonl_file_open(&j->trades, folder, "trades.jsonl", diags);
    if (!e)
        e = check_last(j, &j->log, false, diags);
    if (!e)
        e = check_last(j, &j->trades, true, diags);
    lines = j->log.lines;
    trade_lines = j->trades.lines;
    if (!e)
        e = fill_files(j);
    if (e) {
        if (!diags || diags->count == 0)
            (void)diag_add(diags, "log.jsonl", err_code(e), "the log files cannot be repaired");
        jsonl_free(j);
        return e;
    }
    if (j->log.lines > lines || j->trades.lines > trade_lines)
        LOG_INFO("jsonl_repaired", "log_lines", LOG_NUMBER(j->log.lines - lines), "trade_lines",
                 LOG_NUMBER(j->trades.lines - trade_lines), NULL);
    j->next = j->log.lines;
    j->durable = j->next;
    start_thread(j);
    *out = j;
    return ERR_OK;
}

void jsonl_close(struct jsonl *j)
{
    if (!j)
        return;
    pthread_mutex_lock(&j->mutex);
    j->stop = true;
    pthread_cond_signal(&j->work);
    pthread_mutex_unlock(&j->mutex);
    pthread_join(j->thread, NULL);
    pthread_cond_destroy(&j->work);
    pthread_cond_destroy(&j->done);
    pthread_mutex_destroy(&j->mutex);
    jsonl_free(j);
}

/* ---- For the journal ---- */

void jsonl_append(struct jsonl *j, int64_t first, const struct leaf *leaves, size_t count,
                  const struct text *note)
{
    size_t i;
    bool idle;

    if (count == 0)
        return;
    pthread_mutex_lock(&j->mutex);
    idle = !has_work(j);
    if (first + (int64_t)count > j->durable)
        j->durable = first + (int64_t)count;
    if (first > j->next)
        j->behind = true;
    if (note) {
        text_clear(&j->note);
        text_append(&j->note, note->data, note->length);
    }
    for (i = 0; i < count && !j->behind; i++) {
        const struct leaf *l = &leaves[i];

        if (first + (int64_t)i < j->next)
            continue;
        ledger_line(l->bytes, l->length, &l->proof, &j->log_lines);
        j->log_count++;
        j->next++;
        if (l->kind == LEAF_TRADE) {
            ledger_line(l->bytes, l->length, &l->proof, &j->trade_lines);
            j->trade_count++;
        }
        j->behind = j->log_lines.full || j->trade_lines.full;
    }
    /* Else the thread has its time to wake up at already. */
    if (idle || j->log_lines.length >= WRITE_BYTES)
        pthread_cond_signal(&j->work);
    pthread_mutex_unlock(&j->mutex);
}

void jsonl_flush(struct jsonl *j)
{
    uint64_t ticket;

    pthread_mutex_lock(&j->mutex);
    ticket = ++j->asked;
    pthread_cond_signal(&j->work);
    while (j->answered < ticket)
        pthread_cond_wait(&j->done, &j->mutex);
    pthread_mutex_unlock(&j->mutex);
}
