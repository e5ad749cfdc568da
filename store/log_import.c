/* SPDX-License-Identifier: Apache-2.0 */
/* Puts back into the database what log.jsonl has and an older backup lacks, byte for byte. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/jnode.h"
#include "engine/log_keys.h"
#include "store/checkpoint_file.h"
#include "store/store_parts.h"

static const int64_t import_us = 3600 * US_PER_S; /* a log of millions of entries */
static const char proof_key[] = ", \"proof\": \"";

enum {
    TAIL = sizeof proof_key - 1 + 2 * DIGEST_BYTES + 2 /* , "proof": "<hex>"} */
};

struct import {
    struct store *store;
    const struct log_signer *signer;
    const char *path;
    struct diag_list *diags;
    struct pg *pg;
    FILE *file;
    struct vkey vkey;
    struct log_keys keys; /* that the lines name */
    bool has_published;
    struct checkpoint published;
    uint64_t before;                 /* entries the database has */
    struct digest root;              /* of those */
    struct merkle_frontier frontier; /* of the lines read so far */
    int64_t at_us;
};

PRINTF_LIKE(2, 3) static enum err refuse(struct import *i, const char *format, ...)
{
    char sentence[2 * LIMIT_REASON];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    (void)diag_add(i->diags, i->path, "log_import", "%s", sentence);
    return ERR_CONFLICT;
}

/* ---- One line ---- */

/* Cuts the proof off a line, so that it is C again; false unless the proof is that of C. */
static bool line_cut(char *line, size_t *length, struct digest *proof)
{
    size_t n = *length;
    struct digest found;

    if (n > 0 && line[n - 1] == '\n')
        n--;
    if (n <= TAIL || memcmp(line + n - TAIL, proof_key, sizeof proof_key - 1) != 0 ||
        memcmp(line + n - 2, "\"}", 2) != 0 ||
        hex_parse(line + n - 2 - DIGEST_BYTES * 2, DIGEST_BYTES * 2, proof->bytes, DIGEST_BYTES))
        return false;
    n -= TAIL;
    line[n++] = '}';
    line[n] = '\0';
    *length = n;
    digest_of(line, n, &found);
    return memcmp(&found, proof, sizeof found) == 0;
}

/* The kind is the member beside mode, strategy and timestamp. */
static bool line_meaning(const char *entry, size_t length, char kind[16], int64_t *at_us)
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct jnode *root = NULL;
    const struct jnode *value;
    const char *key;
    void *it = NULL;
    bool good = false;

    if (!jnode_parse(entry, length, "entry", diags, &root) && jnode_is(root, J_OBJECT)) {
        value = jnode_member(root, "timestamp");
        good = jnode_is(value, J_STRING) && jnode_count(root) == 4 &&
               !time_parse(jnode_text(value), jnode_text_length(value), at_us);
        while (good && jnode_next(root, &it, &key, &value)) {
            if (strcmp(key, "mode") && strcmp(key, "strategy") && strcmp(key, "timestamp"))
                good = copy_text(kind, 16, key);
        }
    }
    jnode_free(root);
    free(diags);
    return good;
}

static enum err insert(struct import *i, const char *entry, size_t length,
                       const struct digest *proof, const struct digest *leaf)
{
    char kind[16] = "";
    struct pg_params p;
    int64_t at_us = 0;

    if (!line_meaning(entry, length, kind, &at_us) || at_us < i->at_us)
        return refuse(i, "line %llu is no entry of a log",
                      (unsigned long long)i->frontier.size + 1);
    i->at_us = at_us;
    params_init(&p);
    params_text(&p, i->store->account);
    params_integer(&p, (int64_t)i->frontier.size);
    params_text(&p, kind);
    params_time(&p, at_us);
    params_bytes(&p, entry, length);
    params_digest(&p, proof);
    params_digest(&p, leaf);
    return pg_exec(i->pg,
                   "INSERT INTO log_entry (account, idx, kind, at, entry, proof, leaf_hash)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                   &p, clock_monotonic_us() + i->store->timeout_us, NULL);
}

/* What the tree must be like when it has so many entries. */
static enum err check_size(struct import *i)
{
    struct digest root;

    merkle_root(&i->frontier, &root);
    if (i->frontier.size == i->before && memcmp(&root, &i->root, sizeof root) != 0)
        return refuse(i, "its first %llu entries are not those of the database",
                      (unsigned long long)i->before);
    if (i->has_published && i->frontier.size == i->published.size &&
        memcmp(&root, &i->published.root, sizeof root) != 0)
        return refuse(i, "its first %llu entries are not those that were published",
                      (unsigned long long)i->published.size);
    return ERR_OK;
}

/* Genesis and key entries name who signs. */
static enum err follow_keys(struct import *i, const char *entry, size_t length)
{
    struct record_fault fault;
    struct record record;

    if (i->frontier.size > 0 && strncmp(entry, "{\"key\": ", 8) != 0)
        return ERR_OK;
    if (record_parse(entry, length, &record, &fault))
        return refuse(i, "line %llu is no entry of a log",
                      (unsigned long long)i->frontier.size + 1);
    if (i->frontier.size == 0)
        log_keys_begin(&i->keys, &record);
    else if (log_keys_add(&i->keys, &record, i->frontier.size))
        return refuse(i, "line %llu names a key that the one before it has not named",
                      (unsigned long long)i->frontier.size + 1);
    return ERR_OK;
}

/* Ours signs it now, or will when the entry that names it is there. */
static bool names_key(const struct import *i)
{
    return log_keys_has(&i->keys, &i->vkey);
}

static enum err take_line(struct import *i, char *line, size_t length)
{
    struct digest proof, leaf;
    enum err e = ERR_OK;

    if (!line_cut(line, &length, &proof) || length > LIMIT_LEAF_BYTES)
        return refuse(i, "line %llu does not fit its proof",
                      (unsigned long long)i->frontier.size + 1);
    e = follow_keys(i, line, length);
    if (e)
        return e;
    merkle_leaf(line, length, &leaf);
    if (i->frontier.size >= i->before)
        e = insert(i, line, length, &proof, &leaf);
    if (e)
        return e;
    merkle_append(&i->frontier, &leaf, NULL);
    return check_size(i);
}

/* ---- All of it ---- */

static enum err read_lines(struct import *i)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t n;
    enum err e = check_size(i);

    while (!e && (n = getline(&line, &capacity, i->file)) > 0) {
        if (line[n - 1] != '\n')
            break; /* torn: it was never published whole */
        e = take_line(i, line, (size_t)n);
    }
    free(line);
    if (e)
        return e;
    if (!names_key(i))
        return refuse(i, "it is the log of another key than log.key");
    if (i->frontier.size < i->before)
        return refuse(i, "it has %llu entries, the database %llu",
                      (unsigned long long)i->frontier.size, (unsigned long long)i->before);
    if (i->has_published && i->frontier.size < i->published.size)
        return refuse(i, "it has %llu entries, %llu were published",
                      (unsigned long long)i->frontier.size, (unsigned long long)i->published.size);
    return ERR_OK;
}

/* The row that is locked, made when the database has no log yet. */
static enum err lock_state(struct import *i, struct merkle_frontier *f)
{
    int64_t deadline_us = clock_monotonic_us() + i->store->timeout_us;
    struct pg_params p;
    enum err e;

    params_init(&p);
    params_text(&p, i->store->account);
    e = pg_exec(i->pg,
                "INSERT INTO log_state (account, size, epoch, root, frontier)"
                " VALUES ($1, 0, 1, sha256(''), '') ON CONFLICT (account)"
                " DO UPDATE SET epoch = log_state.epoch + 1",
                &p, deadline_us, NULL);
    if (!e)
        e = log_tree_load(i->pg, i->store->account, i->signer, f);
    i->before = f->size;
    merkle_root(f, &i->root);
    return e;
}

/* The key that takes over signs what holds its entry. */
static void note_rotation(struct import *i)
{
    struct log_rotation *next = i->signer->next;
    uint8_t key[ED25519_KEY_BYTES];

    if (!next || i->keys.count == 0)
        return;
    ed25519_public(next->key, key);
    if (bytes_equal(i->keys.keys[i->keys.count - 1].vkey.key, key, sizeof key)) {
        next->from = i->keys.keys[i->keys.count - 1].from;
        next->old_until_us = i->keys.keys[i->keys.count - 1].before_until;
    }
}

static enum err import_body(struct pg *pg, void *context, int64_t deadline_us)
{
    struct import *i = context;
    struct merkle_frontier f = {0};
    enum err e;

    (void)deadline_us;
    i->pg = pg;
    i->frontier = (struct merkle_frontier){0};
    i->at_us = INT64_MIN;
    rewind(i->file);
    e = lock_state(i, &f);
    if (!e)
        e = read_lines(i);
    if (!e)
        note_rotation(i);
    if (!e)
        e = log_tree_extend(pg, i->store->account, i->signer, i->frontier.size, &f);
    if (!e && !merkle_frontier_equal(&f, &i->frontier))
        e = ERR_INTERNAL;
    return e;
}

static enum err read_published(struct import *i)
{
    uint8_t key[ED25519_KEY_BYTES];
    struct vkey next = {.name = ""};
    struct text note;
    enum err e;

    ed25519_public(i->signer->key, key);
    e = vkey_make(i->signer->origin, VKEY_ED25519, key, &i->vkey);
    if (!e && i->signer->next) {
        ed25519_public(i->signer->next->key, key);
        e = vkey_make(i->signer->origin, VKEY_ED25519, key, &next);
    }
    if (e)
        return e;
    text_init(&note, NOTE_BYTES);
    e = checkpoint_file_read(i->store->data_dir, &note);
    if (!e)
        e = checkpoint_open(note.data ? note.data : "", note.length, &i->vkey, &i->published);
    if (e == ERR_NOT_FOUND && note.length > 0 && i->signer->next)
        e = checkpoint_open(note.data, note.length, &next, &i->published);
    i->has_published = !e;
    text_release(&note);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    return e ? refuse(i, "the file checkpoint beside it is not signed by this log's key") : e;
}

enum err store_log_import(struct store *s, const struct log_signer *signer, const char *path,
                          uint64_t *before, uint64_t *after, struct diag_list *diags)
{
    struct import i = {.store = s, .signer = signer, .path = path, .diags = diags};
    const struct tx_body body = {.run = import_body, .context = &i};
    struct pg *pg = NULL;
    enum err e;

    i.file = fopen(path, "re");
    if (!i.file) {
        (void)diag_add(diags, path, "io", "cannot be opened: %s", strerror(errno));
        return ERR_IO;
    }
    e = read_published(&i);
    if (!e)
        e = pool_take(s->pool, clock_monotonic_us() + s->timeout_us, &pg);
    if (!e) {
        e = tx_run(pg, TX_READ_COMMITTED, &body, clock_monotonic_us() + import_us, NULL);
        pool_give(s->pool, pg);
    }
    (void)fclose(i.file);
    if (e && diags->count == 0)
        (void)diag_add(diags, path, err_code(e), "cannot be imported: %s", err_sentence(e));
    *before = i.before;
    *after = i.frontier.size;
    return e;
}
