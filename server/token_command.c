/* SPDX-License-Identifier: Apache-2.0 */
/* `traderd token create|list|revoke`: through the daemon's socket, else through the database. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/jnode.h"
#include "core/jwriter.h"
#include "handlers/tokens.h"
#include "server/client.h"
#include "server/data_dir.h"
#include "server/database.h"
#include "server/options.h"
#include "server/subcommands.h"

struct token_command {
    const char *verb, *id;
    const char *name, *role, *expires_in_s;
    const struct config *config;
    char dir[DATA_PATH_MAX];
    char socket[DATA_PATH_MAX];
};

static void print_row(const char *id, const char *role, const char *state, const char *created,
                      const char *name)
{
    printf("%-14s %-7s %-8s %-28s %s\n", id, role, state, created, name);
}

/* ---- Through the daemon ---- */

static int explain(const struct text *answer)
{
    struct jnode *root = NULL;
    const struct jnode *detail;

    if (jnode_parse(answer->data ? answer->data : "", answer->length, "", NULL, &root)) {
        fprintf(stderr, "traderd: the daemon's answer cannot be read\n");
        return EXIT_FAILED;
    }
    detail = jnode_is(root, J_OBJECT) ? jnode_member(root, "detail") : NULL;
    if (!detail && jnode_is(root, J_OBJECT))
        detail = jnode_member(root, "title");
    fprintf(stderr, "traderd: %s\n", jnode_is(detail, J_STRING) ? jnode_text(detail) : "failed");
    jnode_free(root);
    return EXIT_FAILED;
}

static const char *member_text(const struct jnode *o, const char *key)
{
    const struct jnode *n = jnode_member(o, key);

    return jnode_is(n, J_STRING) ? jnode_text(n) : "";
}

static int print_list(const struct text *answer)
{
    struct jnode *root = NULL;
    const struct jnode *data;

    if (jnode_parse(answer->data, answer->length, "", NULL, &root))
        return explain(answer);
    data = jnode_member(root, "data");
    for (size_t i = 0; i < jnode_count(data); i++) {
        const struct jnode *t = jnode_item(data, i);
        print_row(member_text(t, "id"), member_text(t, "role"),
                  *member_text(t, "revoked_at") ? "revoked" : "valid", member_text(t, "created_at"),
                  member_text(t, "name"));
    }
    jnode_free(root);
    return EXIT_DONE;
}

static int print_created(const struct text *answer)
{
    struct jnode *root = NULL;

    if (jnode_parse(answer->data, answer->length, "", NULL, &root))
        return explain(answer);
    printf("%s\n", member_text(root, "secret"));
    jnode_free(root);
    return EXIT_DONE;
}

static void print_body(const struct token_command *t, struct text *out)
{
    struct jwriter w;

    jwriter_init(&w, JSTYLE_COMPACT, out);
    jw_object(&w);
    jw_member_text(&w, "name", t->name);
    jw_member_text(&w, "role", t->role);
    if (t->expires_in_s)
        jw_member_integer(&w, "expires_in_s", strtoll(t->expires_in_s, NULL, 10));
    jw_object_end(&w);
}

static int run_remote(const struct token_command *t)
{
    bool creates = strcmp(t->verb, "create") == 0, revokes = strcmp(t->verb, "revoke") == 0;
    struct text body, answer;
    char path[64] = "/v1/tokens";
    int status = 0, result = EXIT_FAILED;
    enum err e;

    text_init(&body, 4096);
    text_init(&answer, 4 * 1024 * 1024);
    if (creates)
        print_body(t, &body);
    if (revokes)
        snprintf(path, sizeof path, "/v1/tokens/%s", t->id);
    e = client_request(t->socket,
                       creates   ? "POST"
                       : revokes ? "DELETE"
                                 : "GET",
                       path, creates ? body.data : NULL, &status, &answer);
    if (e)
        fprintf(stderr, "traderd: the daemon at %s did not answer\n", t->socket);
    else if (status >= 400)
        result = explain(&answer);
    else if (creates)
        result = print_created(&answer);
    else if (revokes)
        result = EXIT_DONE;
    else
        result = print_list(&answer);
    text_release(&body);
    text_release(&answer);
    return result;
}

/* ---- Through the database ---- */

static enum err create_local(struct store *store, const struct token_command *t)
{
    struct token token = {.created_us = clock_wall_us(),
                          .expires_us = TIME_NONE,
                          .last_used_us = TIME_NONE,
                          .revoked_us = TIME_NONE,
                          .created_by = "operator"};
    char secret[TOKEN_TEXT_MAX];
    enum err e;

    copy_text(token.name, sizeof token.name, t->name);
    if (!role_of_name(t->role, &token.role) || token.role == ROLE_NONE)
        return ERR_INVALID;
    if (t->expires_in_s)
        token.expires_us = token.created_us + strtoll(t->expires_in_s, NULL, 10) * US_PER_S;
    token_make(&token, secret);
    e = store_token_insert(store, &token);
    if (!e)
        printf("%s\n", secret);
    explicit_bzero(secret, sizeof secret);
    return e;
}

static enum err revoke_local(struct store *store, const struct token_command *t,
                             struct diag_list *diags)
{
    enum err e = store_token_revoke(store, t->id, clock_wall_us());

    if (e == ERR_NOT_FOUND)
        diag_add(diags, t->id, "not_found", "there is no token with this id");
    return e;
}

static enum err list_local(struct store *store)
{
    struct token *rows = NULL;
    size_t count = 0;
    enum err e = store_tokens(store, &rows, &count);

    for (size_t i = 0; !e && i < count; i++) {
        char created[TIME_TEXT_MAX];
        time_print(rows[i].created_us, created);
        print_row(rows[i].id, role_name(rows[i].role),
                  rows[i].revoked_us == TIME_NONE ? "valid" : "revoked", created, rows[i].name);
    }
    free(rows);
    return e;
}

static int run_local(struct token_command *t)
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct database d = {0};
    char account[LIMIT_NAME];
    int lock = -1;
    enum err e = data_dir_open(t->dir, diags);

    /* The store repairs the account's files when it opens, so it must be the right account. */
    database_account(t->config, account);
    if (!e)
        e = data_dir_lock(t->dir, diags, &lock);
    if (!e)
        e = database_open(t->config, t->dir, account, diags, &d);
    if (!e && strcmp(t->verb, "create") == 0)
        e = create_local(d.store, t);
    else if (!e && strcmp(t->verb, "revoke") == 0)
        e = revoke_local(d.store, t, diags);
    else if (!e)
        e = list_local(d.store);
    if (e)
        options_print_diags(diags, e);
    database_close(&d);
    free(diags);
    return e ? EXIT_FAILED : EXIT_DONE;
}

static bool is_complete(const struct token_command *t)
{
    enum role role;

    if (!t->verb)
        return false;
    if (strcmp(t->verb, "list") == 0)
        return !t->id;
    if (strcmp(t->verb, "revoke") == 0)
        return t->id != NULL;
    return strcmp(t->verb, "create") == 0 && !t->id && t->name && *t->name && t->role &&
           role_of_name(t->role, &role) && role != ROLE_NONE &&
           (!t->expires_in_s || (*t->expires_in_s && strlen(t->expires_in_s) < 10 &&
                                 strspn(t->expires_in_s, "0123456789") == strlen(t->expires_in_s)));
}

/* An id goes into a path as it is; a whole token, pasted by mistake, is not repeated. */
static bool is_token_id(const char *id)
{
    size_t length = strlen(id);

    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)id[i]))
            return false;
    return length > 0 && length < sizeof((struct token *)0)->id;
}

int subcommand_token(int count, char **arguments)
{
    struct token_command t = {0};
    const char *words[2] = {NULL, NULL}, *file = NULL, *data = NULL;
    const struct option options[] = {{"--config", &file, NULL},
                                     {"--data", &data, NULL},
                                     {"--name", &t.name, NULL},
                                     {"--role", &t.role, NULL},
                                     {"--expires-in", &t.expires_in_s, NULL}};
    struct config *c;
    size_t word_count;
    int status;

    if (!options_parse(count, arguments, options, COUNT_OF(options), words, 2, &word_count))
        return EXIT_USAGE;
    t.verb = words[0];
    t.id = words[1];
    if (!is_complete(&t)) {
        fprintf(stderr, "usage: traderd token create --name NAME --role viewer|trader|admin "
                        "[--expires-in SECONDS]\n"
                        "       traderd token list\n"
                        "       traderd token revoke ID\n"
                        "       each with [--data DIR] [--config FILE]\n");
        return EXIT_USAGE;
    }
    if (t.id && !is_token_id(t.id)) {
        fprintf(stderr,
                "traderd: this is not a token's id: an id is %d hexadecimal digits, the part "
                "between the underscores of the token; see `traderd token list`\n",
                TOKEN_ID_LENGTH);
        return EXIT_USAGE;
    }
    c = options_config(file, data, NULL);
    if (!c)
        return EXIT_USAGE;
    t.config = c;
    data_dir_choose(c, t.dir);
    data_dir_file(t.dir, "traderd.sock", t.socket);
    status = client_can_reach(t.socket) ? run_remote(&t) : run_local(&t);
    config_free(c);
    return status;
}
