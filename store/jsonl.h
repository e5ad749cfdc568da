/* SPDX-License-Identifier: Apache-2.0 */
/* log.jsonl and trades.jsonl: the trade log as files, line i of log.jsonl being leaf i.
 *
 * The database is the truth; the files follow it.  Lines are buffered and written by a thread of
 * their own, one write a file, then fdatasync: 200 ms after the last time or as soon as 64 KiB are
 * waiting.  So the files may lag, never lead; what they lack is appended from the database when
 * the store is opened, and whenever a write failed. */
#ifndef STORE_JSONL_H
#define STORE_JSONL_H

#include "core/text.h"
#include "engine/ledger.h"

struct jsonl;

/* What is read back from the database. */
struct jsonl_entry {
    int64_t index;
    char *bytes; /* canonical, owned by the receiver */
    size_t length;
    struct digest proof;
};

/* Where the files' content comes from. */
struct jsonl_source {
    void *self;
    /* Entries in the log. */
    enum err (*size)(void *self, int64_t *entries);
    /* Trade entries among the first `below` of them. */
    enum err (*trades)(void *self, int64_t below, int64_t *trades);
    /* The index of the n-th trade entry, counted from 0; ERR_NOT_FOUND. */
    enum err (*trade_at)(void *self, int64_t n, int64_t *index);
    /* Entries (trades only, if so asked) from index `from` on, capacity of them at most. */
    enum err (*read)(void *self, bool trades_only, int64_t from, struct jsonl_entry *out,
                     size_t capacity, size_t *count);
};

/* Opens or makes both files in folder and repairs them: a torn last line is cut off, the last line
 * is compared with the database's, missing lines are appended.  A file that is longer than the
 * database's log, or whose last line differs, is ERR_CONFLICT with a diag: the database was
 * restored from a backup, or is another one. */
MUST_USE enum err jsonl_open(const char *folder, const struct jsonl_source *source,
                             struct diag_list *diags, struct jsonl **out);
/* Writes what is buffered and ends the thread. */
void jsonl_close(struct jsonl *j);
/* Lines of entries that are durable; the first has index `first`.  Entries the files have already
 * are passed over; entries that are not there yet are fetched from the source.  note: the
 * checkpoint over all of them, written as the high-water file (store/checkpoint_file.h) once their
 * lines are on disk and never before, or NULL. */
void jsonl_append(struct jsonl *j, int64_t first, const struct leaf *leaves, size_t count,
                  const struct text *note);
/* Returns when all that was appended is on disk, or could not be written. */
void jsonl_flush(struct jsonl *j);

#endif
