/* SPDX-License-Identifier: Apache-2.0 */
/* Reads secrets and refuses files that others may read. */
#include "server/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err refuse(struct diag_list *diags, enum err e, const char *key, const char *path,
                       const char *what)
{
    diag_hint(diag_add(diags, key, "secret_file", "%s: %s", path, what),
              "one line, readable by its owner alone (chmod 600)");
    return e;
}

static enum err read_file(const char *path, const char *key, struct diag_list *diags,
                          char text[SECRET_BYTES])
{
    struct stat about;
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return refuse(diags, ERR_IO, key, path, strerror(errno));
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || (about.st_mode & 077) != 0) {
        (void)close(fd);
        return refuse(diags, ERR_INVALID, key, path, "others may read it, or it is no file");
    }
    n = read(fd, text, SECRET_BYTES - 1);
    (void)close(fd);
    if (n < 0)
        return refuse(diags, ERR_IO, key, path, strerror(errno));
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    text[n] = '\0';
    if (n == 0 || strlen(text) != (size_t)n || strchr(text, '\n') || about.st_size >= SECRET_BYTES)
        return refuse(diags, ERR_INVALID, key, path, "it does not hold one line");
    return ERR_OK;
}

enum err secret_read(const char *path, const char *variable, const char *key,
                     struct diag_list *diags, char text[SECRET_BYTES])
{
    const char *value;

    if (path && path[0])
        return read_file(path, key, diags, text);
    value = getenv(variable);
    if (!value || !value[0]) {
        diag_hint(diag_add(diags, key, "secret_missing", "no secret is given"),
                  "give a file (%s) or the variable %s", key, variable);
        return ERR_NOT_FOUND;
    }
    if (!copy_text(text, SECRET_BYTES, value)) {
        (void)diag_add(diags, key, "secret_invalid", "the value of %s is too long", variable);
        return ERR_INVALID;
    }
    (void)unsetenv(variable);
    return ERR_OK;
}
