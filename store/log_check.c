/* SPDX-License-Identifier: Apache-2.0 */
/* The start-up checks of a log, each a sentence when it fails. */
#include "store/log_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/jnode.h"
#include "core/log.h"
#include "store/checkpoint_file.h"
#include "store/log_chain.h"

static const int64_t statement_us = 30 * US_PER_S;

#define NEW_LABEL "or give another account_label"

struct state {
    const struct log_check *check;
    struct pg *pg;
    bool exists, has_tree;
    uint64_t size;
    struct merkle_frontier frontier;
    struct digest root;
    int64_t last_us;      /* time stamp of the newest entry */
    struct vkey vkey;     /* ours */
    struct log_keys keys; /* those that the log names */
    struct log_finding *finding;
};

PRINTF_LIKE(2, 3) static void find(struct state *s, const char *format, ...)
{
    va_list arguments;

    if (s->finding->sentence[0])
        return;
    va_start(arguments, format);
    (void)vsnprintf(s->finding->sentence, sizeof(s->finding->sentence), format, arguments);
    va_end(arguments);
}

static enum err query(struct state *s, const char *sql, int64_t number, PGresult **r)
{
    struct pg_params p;

    params_init(&p);
    params_text(&p, s->check->account);
    params_integer(&p, number);
    return pg_exec(s->pg, sql, &p, clock_monotonic_us() + statement_us, r);
}

static enum err read_state(struct state *s)
{
    PGresult *r = NULL;
    enum err e = query(s,
                       "SELECT size, frontier IS NOT NULL, last_at FROM log_state"
                       " WHERE account = $1"
                       " AND size >= $2",
                       0, &r);

    if (e)
        return e;
    s->exists = PQntuples(r) == 1;
    s->size = s->exists ? (uint64_t)result_integer(r, 0, 0) : 0;
    s->has_tree = s->exists && result_bool(r, 0, 1);
    s->last_us = s->size > 0 ? result_time(r, 0, 2) : INT64_MIN;
    PQclear(r);
    return ERR_OK;
}

/* ---- The key ---- */

static bool genesis_says(const char *bytes, size_t length, const char *member, const char *value)
{
    struct diag_list *diags = xcalloc(1, sizeof(*diags));
    struct jnode *root = NULL;
    const struct jnode *named;
    bool same = false;

    if (jnode_parse(bytes, length, "genesis", diags, &root) == ERR_OK) {
        named = jnode_member(root, "genesis");
        named = jnode_is(named, J_OBJECT) ? jnode_member(named, member) : NULL;
        same = jnode_is(named, J_STRING) && strcmp(jnode_text(named), value) == 0;
    }
    jnode_free(root);
    free(diags);
    return same;
}

/* An account that is behind its log makes its past again, which only a replay can. */
static enum err check_behind(struct state *s)
{
    PGresult *r = NULL;
    enum err e =
        query(s, "SELECT 1 FROM account WHERE id = $1 AND log_size >= $2", (int64_t)s->size, &r);

    if (!e && PQntuples(r) == 0)
        find(s, "the log was imported and is whole, but trading in real time cannot go on from "
                "an older database: give another account_label");
    PQclear(r);
    return e;
}

static struct vkey vkey_of(const char *origin, const struct ed25519_key *key)
{
    uint8_t public_key[ED25519_KEY_BYTES];
    struct vkey vkey;

    ed25519_public(key, public_key);
    ASSERT(vkey_make(origin, VKEY_ED25519, public_key, &vkey) == ERR_OK);
    return vkey;
}

static bool is_key(const struct log_keys *keys, size_t from_last, const struct vkey *key)
{
    return from_last < keys->count &&
           bytes_equal(keys->keys[keys->count - 1 - from_last].vkey.key, key->key, sizeof key->key);
}

/* Ours must be the newest key; or the one before it, while that one takes over. */
static void judge_keys(struct state *s)
{
    struct log_rotation *next = s->check->signer->next;
    struct vkey next_vkey;

    if (is_key(&s->keys, 0, &s->vkey)) {
        if (next)
            next_vkey = vkey_of(s->check->signer->origin, next->key);
        if (next && log_keys_has(&s->keys, &next_vkey))
            find(s, "the key that is to take over has signed this log before: make another one");
        return;
    }
    if (next)
        next_vkey = vkey_of(s->check->signer->origin, next->key);
    if (!next || !is_key(&s->keys, 0, &next_vkey) || !is_key(&s->keys, 1, &s->vkey)) {
        find(s, s->keys.count > 1
                    ? "this account's log goes on with another key: put the files log-ACCOUNT.key "
                      "and next-ACCOUNT.key of whoever wrote it there, " NEW_LABEL
                    : "this account's log was begun with another log.key: put that file "
                      "back, " NEW_LABEL);
        return;
    }
    next->from = s->keys.keys[s->keys.count - 1].from;
    next->old_until_us = s->keys.keys[s->keys.count - 1].before_until;
    next->is_over = s->last_us > next->old_until_us;
}

static enum err check_key(struct state *s)
{
    size_t length = 0;
    PGresult *r = NULL;
    char *bytes;
    enum err e =
        log_chain_load(s->pg, s->check->account, clock_monotonic_us() + statement_us, &s->keys);

    if (e == ERR_INVALID) {
        find(s, "the keys that the log names do not follow one another: restore a sound "
                "backup, " NEW_LABEL);
        return ERR_OK;
    }
    if (!e)
        e = query(s, "SELECT entry FROM log_entry WHERE account = $1 AND idx = $2", 0, &r);
    if (e)
        return e;
    judge_keys(s);
    bytes = PQntuples(r) == 1 ? result_copy(r, 0, 0, &length) : NULL;
    PQclear(r);
    if (bytes && !s->finding->sentence[0] && genesis_says(bytes, length, "pace", "realtime"))
        e = check_behind(s);
    free(bytes);
    return e;
}

/* Signed by any of the log's keys; by ours while it has none. */
static enum err open_note(const struct state *s, const char *note, size_t length,
                          struct checkpoint *c)
{
    return s->keys.count > 0 ? log_keys_open(&s->keys, note, length, INT64_MIN, c)
                             : checkpoint_open(note, length, &s->vkey, c);
}

/* ---- The tree ---- */

static enum err root_at(struct state *s, uint64_t size, struct digest *out)
{
    struct log_tiles tiles = {
        .pg = s->pg, .account = s->check->account, .timeout_us = statement_us};
    const struct tile_reader reader = log_tiles_reader(&tiles);
    struct tile_nodes *nodes = xmalloc(sizeof(*nodes));
    struct merkle_source source;
    enum err e;

    tile_nodes_init(nodes, &reader, size);
    source = tile_nodes_source(nodes);
    e = merkle_source_root(&source, size, out);
    free(nodes);
    return e;
}

static enum err check_tree(struct state *s)
{
    struct digest root;
    enum err e = log_tree_load(s->pg, s->check->account, NULL, &s->frontier);
    enum err found = e;

    if (!e) {
        merkle_root(&s->frontier, &s->root);
        e = found = root_at(s, s->size, &root);
    }
    if (found == ERR_DB_QUERY || (!e && memcmp(&root, &s->root, sizeof(root)) != 0)) {
        find(s, "the tree in the database does not give the root it states: restore a sound "
                "backup, " NEW_LABEL);
        return ERR_OK;
    }
    if (!e && s->size <= LOG_CHECK_WHOLE && !s->finding->sentence[0]) {
        e = log_tree_recompute(s->pg, s->check->account, s->size, s->finding);
        if (e == ERR_DB_QUERY)
            e = ERR_OK;
    }
    return e;
}

static enum err check_newest(struct state *s)
{
    struct checkpoint c;
    size_t length = 0;
    PGresult *r = NULL;
    char *note;
    enum err e = query(s, "SELECT note FROM log_checkpoint WHERE account = $1 AND size = $2",
                       (int64_t)s->size, &r);

    if (e)
        return e;
    note = PQntuples(r) == 1 ? result_copy(r, 0, 0, &length) : NULL;
    if (!note || open_note(s, note, length, &c) || c.size != s->size ||
        memcmp(&c.root, &s->root, sizeof(c.root)) != 0)
        find(s, "the newest checkpoint in the database does not verify: restore a sound "
                "backup, " NEW_LABEL);
    free(note);
    PQclear(r);
    return ERR_OK;
}

/* ---- The high-water file ---- */

static enum err compare_published(struct state *s, const struct checkpoint *c)
{
    struct digest root;
    enum err e;

    if (c->size > s->size) {
        find(s,
             "the database's log has %llu entries, %llu were published: import log.jsonl "
             "(traderd log import FILE), " NEW_LABEL,
             (unsigned long long)s->size, (unsigned long long)c->size);
        return ERR_OK;
    }
    if (!s->has_tree)
        return ERR_OK;
    e = root_at(s, c->size, &root);
    if (!e && memcmp(&root, &c->root, sizeof(root)) != 0)
        find(s,
             "the database's log is another one than was published at size %llu: restore "
             "that one, " NEW_LABEL,
             (unsigned long long)c->size);
    return e;
}

static enum err check_published(struct state *s)
{
    struct checkpoint c;
    struct text note;
    enum err e;

    text_init(&note, NOTE_BYTES);
    e = checkpoint_file_read(s->check->data_dir, &note);
    if (e == ERR_NOT_FOUND) {
        e = ERR_OK;
    } else if (e == ERR_IO) {
        find(s, "the file checkpoint in the data directory cannot be read");
        e = ERR_OK;
    } else if (e || open_note(s, note.data ? note.data : "", note.length, &c)) {
        find(s, "the file checkpoint in the data directory is not signed by this log's key: "
                "is the directory another account's?");
        e = ERR_OK;
    } else {
        e = compare_published(s, &c);
    }
    text_release(&note);
    return e;
}

enum err log_check(struct pg *pg, const struct log_check *c, struct log_finding *out)
{
    struct state s = {.check = c, .pg = pg, .finding = out};
    enum err e;

    out->sentence[0] = '\0';
    s.vkey = vkey_of(c->signer->origin, c->signer->key);
    e = read_state(&s);
    /* What follows a finding would only stumble over the same. */
    if (!e && s.size > 0)
        e = check_key(&s);
    if (!e && s.size > 0 && s.has_tree && !out->sentence[0])
        e = check_tree(&s);
    if (!e && s.size > 0 && s.has_tree && !out->sentence[0])
        e = check_newest(&s);
    if (!e && !out->sentence[0])
        e = check_published(&s);
    if (!e && out->sentence[0])
        LOG_ERROR("log_refused", "account", c->account, "reason", out->sentence, NULL);
    return e;
}
