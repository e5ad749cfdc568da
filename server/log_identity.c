/* SPDX-License-Identifier: Apache-2.0 */
/* Names a log after its first key and account, and has another key take over. */
#include "server/log_identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "engine/log_keys.h"

static enum err refuse(struct diag_list *diags, const char *path, enum err e)
{
    diag_add(diags, path, "log_key", "cannot read or make the log's key: %s",
             e == ERR_IO ? strerror(errno) : err_sentence(e));
    return e;
}

static void name_file(const char *data_dir, const char *prefix, const char *account,
                      char path[DATA_PATH_MAX])
{
    char name[LIMIT_NAME + 16];

    (void)snprintf(name, sizeof name, "%s-%s.key", prefix, account);
    data_dir_file(data_dir, name, path);
}

/* The account's own key, else the folder's, after which new logs are named. */
static enum err open_key(struct log_identity *l, const char *data_dir, const char *account,
                         struct diag_list *diags)
{
    uint8_t public_key[ED25519_KEY_BYTES];
    char path[DATA_PATH_MAX], hex[9];
    enum err e = log_key_read(l->key_file, l->origin, sizeof l->origin, &l->signer.key);

    if (e != ERR_NOT_FOUND)
        return e ? refuse(diags, l->key_file, e) : ERR_OK;
    data_dir_file(data_dir, "log.key", path);
    e = log_key_load(path, &l->signer.key);
    if (e)
        return refuse(diags, path, e);
    ed25519_public(l->signer.key, public_key);
    hex_print(public_key, 4, hex);
    (void)snprintf(l->origin, sizeof l->origin, "traderd.local/%s/%s", hex, account);
    return ERR_OK;
}

static enum err print_vkey(const struct log_identity *l, const struct ed25519_key *key,
                           struct diag_list *diags, char text[VKEY_BYTES])
{
    uint8_t public_key[ED25519_KEY_BYTES];
    struct vkey vkey;
    enum err e;

    ed25519_public(key, public_key);
    e = vkey_make(l->origin, VKEY_ED25519, public_key, &vkey);
    if (e)
        diag_add(diags, "account_label", err_code(e), "a log cannot be named after this label");
    else
        vkey_print(&vkey, text);
    return e;
}

static enum err take_next(struct log_identity *l, struct diag_list *diags)
{
    enum err e = print_vkey(l, l->rotation.key, diags, l->next_vkey);

    if (!e && strcmp(l->next_vkey, l->vkey) == 0) {
        diag_add(diags, l->next_file, "log_key", "this is the key that signs already");
        e = ERR_CONFLICT;
    }
    l->rotation.from = LOG_ROTATION_AHEAD;
    l->rotation.old_until_us = INT64_MAX;
    if (!e)
        l->signer.next = &l->rotation;
    return e;
}

static enum err open_next(struct log_identity *l, struct diag_list *diags)
{
    char name[NOTE_NAME];
    enum err e = log_key_read(l->next_file, name, sizeof name, &l->rotation.key);

    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e)
        return refuse(diags, l->next_file, e);
    if (strcmp(name, l->origin) != 0) {
        diag_add(diags, l->next_file, "log_key", "this key is of another log, %.200s", name);
        return ERR_CONFLICT;
    }
    return take_next(l, diags);
}

enum err log_identity_open(const char *data_dir, const char *account, struct diag_list *diags,
                           struct log_identity *out)
{
    enum err e;

    name_file(data_dir, "log", account, out->key_file);
    name_file(data_dir, "next", account, out->next_file);
    e = open_key(out, data_dir, account, diags);
    if (e)
        return e;
    out->signer.origin = out->origin;
    e = print_vkey(out, out->signer.key, diags, out->vkey);
    return e ? e : open_next(out, diags);
}

enum err log_identity_open_existing(const char *data_dir, const char *account,
                                    struct diag_list *diags, struct log_identity *out)
{
    char path[DATA_PATH_MAX];

    name_file(data_dir, "log", account, out->key_file);
    data_dir_file(data_dir, "log.key", path);
    if (access(out->key_file, F_OK) != 0 && access(path, F_OK) != 0) {
        diag_add(diags, path, "not_found", "there is no key in the data directory");
        return ERR_NOT_FOUND;
    }
    return log_identity_open(data_dir, account, diags, out);
}

void log_identity_close(struct log_identity *l)
{
    ed25519_key_free(l->signer.key);
    ed25519_key_free(l->rotation.key);
    l->signer.key = l->rotation.key = NULL;
    free(l->predecessor);
    l->predecessor = NULL;
}

static enum err judge_predecessor(const struct log_identity *l, const struct text *note,
                                  struct checkpoint *c)
{
    struct note parsed;
    enum err e = note_parse(note->data ? note->data : "", note->length, &parsed);

    if (!e)
        e = checkpoint_parse(parsed.text, parsed.text_length, c);
    return e ? e : strcmp(c->origin, l->origin) == 0 ? ERR_CONFLICT : ERR_OK;
}

enum err log_identity_cite(struct log_identity *l, const char *path, struct diag_list *diags)
{
    struct checkpoint c;
    struct text note;
    enum err e;

    if (!*path)
        return ERR_OK;
    text_init(&note, NOTE_BYTES);
    e = text_read_file(&note, path);
    if (e)
        diag_add(diags, "log_predecessor", err_code(e), "cannot read %s: %s", path,
                 e == ERR_IO ? strerror(errno) : err_sentence(e));
    else if ((e = judge_predecessor(l, &note, &c)) != ERR_OK)
        diag_add(diags, "log_predecessor", err_code(e),
                 e == ERR_CONFLICT ? "%s is a checkpoint of this very log"
                                   : "%s is no signed checkpoint",
                 path);
    else
        l->predecessor = xstrndup(note.data, note.length);
    text_release(&note);
    return e;
}

enum err log_identity_rotate(struct log_identity *l, struct diag_list *diags)
{
    enum err e;

    if (l->rotation.key) {
        diag_hint(
            diag_add(diags, l->next_file, "log_key", "a key takes over already: %s", l->next_vkey),
            "start the daemon, which goes on from there");
        return ERR_CONFLICT;
    }
    e = log_key_make(l->next_file, l->origin, &l->rotation.key);
    return e ? refuse(diags, l->next_file, e) : take_next(l, diags);
}

/* The old key signs what comes before the entry, both what comes after it. */
static void name_next(struct log_identity *l, struct engine *engine, int64_t old_until_us)
{
    struct command c = {.kind = COMMAND_ENTRY, .entry = {.kind = LEAF_KEY, .at = -1}};
    struct command_reply *reply = xcalloc(1, sizeof *reply);
    struct text object;
    enum err e;

    text_init(&object, LIMIT_LEAF_BYTES);
    l->rotation.old_until_us = old_until_us;
    log_keys_entry(l->origin, l->signer.key, l->rotation.key, old_until_us, &object);
    c.entry.object = object.data;
    c.entry.length = object.length;
    engine_carry_out(engine, &c, reply);
    e = reply->error;
    if (e)
        LOG_WARN("key_not_named", "error", err_code(e), "remedy", "it is tried at the next start",
                 NULL);
    else
        LOG_INFO("key_named", "vkey", l->next_vkey, NULL);
    text_release(&object);
    free(reply);
}

void log_identity_proceed(struct log_identity *l, struct engine *engine, bool is_replay,
                          const struct config *c)
{
    int64_t now_us = is_replay ? engine_account(engine)->last_leaf_us : clock_wall_us();

    if (!l->rotation.key)
        return;
    if (l->rotation.from == LOG_ROTATION_AHEAD) {
        name_next(l, engine, now_us + config_integer(c, CONFIG_key_overlap_s) * US_PER_S);
    } else if (l->rotation.is_over) {
        if (log_key_move(l->next_file, l->key_file))
            LOG_WARN("key_file_not_moved", "file", l->next_file, "reason", strerror(errno), NULL);
        else
            LOG_INFO("key_took_over", "vkey", l->next_vkey, NULL);
    }
}
