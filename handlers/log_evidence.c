/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/log/evidence.tar: all that a verifier needs, in one archive that needs no daemon.
 *
 * POSIX ustar of checkpoint, checkpoints (all notes with their cosignatures, one behind the other),
 * statement.json, timestamps (a line "SIZE BASE64" for each RFC 3161 token), tile/... and
 * tile/entries/... as tlog-tiles names them.  It is written to a file that has no name, piece by
 * piece, and sent from there: memory does not grow with the log. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "handlers/log.h"
#include "http/query.h"
#include "http/respond.h"

enum {
    TAR_BLOCK = 512,
    TAR_NAME = 100,
    NOTES_AT_ONCE = 500,
    STAMPS_AT_ONCE = LOG_STAMPS_PAGE,
    STAMPS_BYTES = LOG_STAMPS_BYTES,
    BUNDLE_BYTES = TILE_WIDTH * (TILE_ENTRY_BYTES + 2)
};

/* An archive being written. */
struct archive {
    struct store *store;
    const char *account;
    struct log_note newest;
    FILE *file;
    off_t start; /* of the header of the file that is open */
};

/* ---- tar ---- */

/* POSIX.1-1988 ustar header of a regular file. */
static void tar_header(const char *name, uint64_t length, char block[TAR_BLOCK])
{
    unsigned sum = 0;

    ASSERT(strlen(name) < TAR_NAME);
    memset(block, 0, TAR_BLOCK);
    (void)snprintf(block, TAR_NAME, "%s", name);
    (void)snprintf(block + 100, 8, "%07o", 0644U);
    (void)snprintf(block + 108, 8, "%07o", 0U);
    (void)snprintf(block + 116, 8, "%07o", 0U);
    (void)snprintf(block + 124, 12, "%011llo", (unsigned long long)length);
    (void)snprintf(block + 136, 12, "%011o", 0U); /* the same log gives the same bytes */
    memset(block + 148, ' ', 8);
    block[156] = '0';
    memcpy(block + 257, "ustar\00000", 8);
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += (unsigned char)block[i];
    (void)snprintf(block + 148, 8, "%06o", sum);
}

static enum err put(struct archive *a, const void *data, size_t length)
{
    return fwrite(data, 1, length, a->file) == length ? ERR_OK : ERR_IO;
}

static enum err begin_file(struct archive *a, const char *name, uint64_t length)
{
    char block[TAR_BLOCK];

    tar_header(name, length, block);
    return put(a, block, sizeof block);
}

static enum err end_file(struct archive *a, uint64_t length)
{
    static const char zeros[TAR_BLOCK];

    return put(a, zeros, (TAR_BLOCK - length % TAR_BLOCK) % TAR_BLOCK);
}

static enum err whole_file(struct archive *a, const char *name, const void *data, size_t length)
{
    enum err e = begin_file(a, name, length);

    if (!e)
        e = put(a, data, length);
    return e ? e : end_file(a, length);
}

/* ---- Contents ---- */

/* A file whose length is known when it is written: witnesses go on cosigning meanwhile. */
static enum err open_file(struct archive *a, const char *name)
{
    a->start = ftello(a->file);
    return a->start < 0 ? ERR_IO : begin_file(a, name, 0);
}

static enum err close_file(struct archive *a, const char *name)
{
    off_t end = ftello(a->file), length = end - a->start - TAR_BLOCK;
    enum err e;

    if (end < 0 || fseeko(a->file, a->start, SEEK_SET))
        return ERR_IO;
    e = begin_file(a, name, (uint64_t)length);
    if (!e && fseeko(a->file, end, SEEK_SET))
        e = ERR_IO;
    return e ? e : end_file(a, (uint64_t)length);
}

static enum err write_notes(struct archive *a)
{
    uint64_t from = 0;
    bool more = true;
    enum err e = open_file(a, "checkpoints");

    while (!e && more) {
        struct log_note *notes = NULL;
        size_t count = 0;

        e = store_log_notes(a->store, a->account, from, a->newest.size, NOTES_AT_ONCE, &notes,
                            &count, &more);
        for (size_t i = 0; i < count && !e; i++) {
            e = put(a, notes[i].note, notes[i].length);
            from = notes[i].size + 1;
        }
        log_notes_free(notes, count);
    }
    return e ? e : close_file(a, "checkpoints");
}

/* No file when there are no tokens. */
static enum err write_stamps(struct archive *a)
{
    uint64_t after = 0, last = 0;
    bool is_open = false;
    struct text lines;
    enum err e;

    text_init(&lines, STAMPS_BYTES);
    while (!(e = store_log_stamps(a->store, a->account, after, a->newest.size, STAMPS_AT_ONCE,
                                  &lines, &last)) &&
           last > after) {
        if (!is_open)
            e = open_file(a, "timestamps");
        is_open = true;
        if (!e)
            e = put(a, lines.data, lines.length);
        if (e)
            break;
        text_clear(&lines);
        after = last;
    }
    text_release(&lines);
    return e || !is_open ? e : close_file(a, "timestamps");
}

static enum err write_tile(struct archive *a, const struct tile_address *address,
                           struct text *bundle)
{
    struct log_pool_tiles tiles = {.store = a->store, .account = a->account};
    const struct tile_reader reader = store_log_tiles(&tiles);
    struct digest hashes[TILE_WIDTH];
    char path[TILE_PATH_BYTES], name[TILE_PATH_BYTES + 8];
    enum err e;

    tile_path_print(address, path);
    (void)snprintf(name, sizeof name, "tile/%s", path);
    if (!address->is_entries) {
        e = reader.read(reader.self, address->level, address->n, address->width, hashes);
        return e ? e : whole_file(a, name, hashes, address->width * sizeof hashes[0]);
    }
    text_clear(bundle);
    e = store_log_bundle(a->store, a->account, address->n, address->width, bundle);
    return e ? e : whole_file(a, name, bundle->data, bundle->length);
}

static enum err write_tiles(struct archive *a)
{
    struct tile_address address = {0};
    struct text bundle;
    enum err e = ERR_OK;

    text_init(&bundle, BUNDLE_BYTES);
    for (unsigned level = 0; level < TILE_LEVELS && !e; level++) {
        for (uint64_t n = 0; !e; n++) {
            address = (struct tile_address){.level = level, .n = n};
            address.width = tile_width(a->newest.size, level, n);
            if (address.width == 0)
                break;
            e = write_tile(a, &address, &bundle);
            address.is_entries = level == 0;
            if (!e && address.is_entries)
                e = write_tile(a, &address, &bundle);
        }
    }
    text_release(&bundle);
    return e;
}

/* A log that has no figures is evidence all the same. */
static enum err write_statement(struct archive *a)
{
    struct checkpoint c;
    struct text body;
    const char *why;
    enum err e = log_note_open(&a->newest, &c);

    text_init(&body, LIMIT_JSON_BYTES);
    if (!e)
        e = log_statement(a->store, a->account, &c, &body, &why);
    if (!e)
        e = whole_file(a, "statement.json", body.data, body.length);
    text_release(&body);
    return e == ERR_INVALID ? ERR_OK : e;
}

static enum err write_archive(struct archive *a)
{
    static const char zeros[2 * TAR_BLOCK];
    enum err e = whole_file(a, "checkpoint", a->newest.note, a->newest.length);

    if (!e)
        e = write_notes(a);
    if (!e)
        e = write_stamps(a);
    if (!e)
        e = write_statement(a);
    if (!e)
        e = write_tiles(a);
    if (!e)
        e = put(a, zeros, sizeof zeros);
    if (!e && fflush(a->file))
        e = ERR_IO;
    return e;
}

/* ---- The answer ---- */

static enum err open_nameless(const char *folder, FILE **out)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0)
        return ERR_IO;
    *out = fdopen(fd, "w+");
    if (*out)
        return ERR_OK;
    close(fd);
    return ERR_IO;
}

enum err log_answer_evidence(struct request *rq, const char *account)
{
    struct archive a = {.store = handlers_of(rq)->store, .account = account};
    enum err e = query_parse(rq, NULL, 0);
    int fd = -1;

    if (!e)
        e = store_log_newest(a.store, account, &a.newest);
    if (e == ERR_NOT_FOUND)
        return request_fail(rq, e, "Nothing was signed yet: the log is empty.");
    if (!e)
        e = open_nameless(handlers_of(rq)->data_dir, &a.file);
    if (!e)
        e = write_archive(&a);
    if (e == ERR_IO)
        LOG_ERROR("evidence_not_written", "message", strerror(errno), NULL);
    if (!e) {
        fd = dup(fileno(a.file));
        e = fd < 0 ? ERR_IO : ERR_OK;
    }
    if (a.file)
        (void)fclose(a.file);
    if (!e) {
        respond_header(rq, "Content-Disposition", "attachment; filename=\"evidence-%llu.tar\"",
                       (unsigned long long)a.newest.size);
        respond_header(rq, "Cache-Control", "%s", "no-store");
        e = respond_file(rq, 200, "application/x-tar", fd);
    }
    free(a.newest.note);
    return e;
}
