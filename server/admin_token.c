/* SPDX-License-Identifier: Apache-2.0 */
/* Makes and reads admin.token; its text is never logged or printed. */
#include "server/admin_token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/jwriter.h"
#include "core/log.h"
#include "core/text.h"

static enum err write_file(const char *path, const char *text)
{
    char temporary[LIMIT_PATH];
    ssize_t length = (ssize_t)strlen(text);
    bool good;
    int fd;

    snprintf(temporary, sizeof temporary, "%s.new", path);
    unlink(temporary);
    fd = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return ERR_IO;
    good = write(fd, text, (size_t)length) == length && write(fd, "\n", 1) == 1 && fsync(fd) == 0;
    close(fd);
    if (!good || rename(temporary, path) != 0) {
        unlink(temporary);
        return ERR_IO;
    }
    return ERR_OK;
}

/* A token others can read is not a secret; it may have been read already. */
static bool close_file(const char *path)
{
    LOG_WARN("admin_token_readable", "file", path, "remedy",
             "the mode is 0600 now; revoke the token if others may have read it", NULL);
    return chmod(path, 0600) == 0;
}

enum err admin_token_load(const char *path, struct diag_list *diags, char text[TOKEN_TEXT_MAX])
{
    struct token token = {0};
    struct digest digest;
    struct text file;
    struct stat st;
    char id[24];
    bool good = false;
    enum err e;

    text_init(&file, 256);
    e = text_read_file(&file, path);
    if (!e && stat(path, &st) == 0) {
        size_t length = strcspn(file.data, "\r\n");
        if (length < TOKEN_TEXT_MAX) {
            memcpy(text, file.data, length);
            text[length] = 0;
            good = token_of_text(text, id, &digest);
        }
        if (!good)
            diag_add(diags, path, "token_file",
                     "the file does not hold a token; remove it and a "
                     "new one is made");
        if (good && (st.st_mode & 077))
            good = close_file(path);
        e = good ? ERR_OK : ERR_INVALID;
    } else if (e == ERR_IO && errno == ENOENT) {
        token_make(&token, text);
        e = write_file(path, text);
    }
    if (e && diags && diags->count == 0)
        diag_add(diags, path, "token_file", "cannot read or make the file: %s", strerror(errno));
    text_release(&file);
    return e;
}

static const char *fault_of(const struct token *known, const struct token *ours)
{
    if (known->revoked_us != TIME_NONE)
        return "it was revoked";
    if (!bytes_equal(known->secret.bytes, ours->secret.bytes, DIGEST_BYTES))
        return "its secret is not the one that was made with this id";
    if (known->expires_us != TIME_NONE && known->expires_us <= ours->created_us)
        return "it has expired";
    return known->role < ROLE_ADMIN ? "its role is not admin" : NULL;
}

enum err admin_token_store(struct store *store, const char *text, const char **fault)
{
    struct token t = {.name = "admin",
                      .role = ROLE_ADMIN,
                      .created_us = clock_wall_us(),
                      .expires_us = TIME_NONE,
                      .last_used_us = TIME_NONE,
                      .revoked_us = TIME_NONE,
                      .created_by = "traderd"};
    struct token *rows = NULL;
    size_t count = 0;
    bool known = false;
    enum err e;

    *fault = NULL;
    if (!token_of_text(text, t.id, &t.secret))
        return ERR_INVALID;
    e = store_tokens(store, &rows, &count);
    if (e)
        return e;
    for (size_t i = 0; i < count && !known; i++) {
        known = strcmp(rows[i].id, t.id) == 0;
        if (known)
            *fault = fault_of(&rows[i], &t);
    }
    free(rows);
    return known ? ERR_OK : store_token_insert(store, &t);
}
