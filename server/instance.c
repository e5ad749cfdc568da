/* SPDX-License-Identifier: Apache-2.0 */
/* Names this daemon for the lease of its account. */
#include "server/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/text.h"
#include "server/data_dir.h"

enum {
    SECRET_HEX = 32,
    OWNER_BYTES = 16
};

static enum err fail(struct diag_list *diags, const char *path, const char *what)
{
    diag_hint(diag_add(diags, path, err_code(ERR_IO), "cannot %s: %s", what, strerror(errno)),
              "it names this daemon to others that stand by; remove it and it is made again");
    return ERR_IO;
}

/* A crash amid the write leaves a short file: it is made again, at the price of one wait. */
static enum err make_secret(const char *path, struct diag_list *diags, char hex[SECRET_HEX + 1])
{
    uint8_t bytes[SECRET_HEX / 2];
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    bool written;

    if (fd < 0)
        return fail(diags, path, "make the file");
    random_bytes(bytes, sizeof bytes);
    hex_print(bytes, sizeof bytes, hex);
    written = write(fd, hex, SECRET_HEX) == SECRET_HEX && fsync(fd) == 0;
    close(fd);
    return written ? ERR_OK : fail(diags, path, "write the file");
}

static enum err load_secret(const char *path, struct diag_list *diags, char hex[SECRET_HEX + 1])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0 && errno != ENOENT)
        return fail(diags, path, "open the file");
    if (fd < 0)
        return make_secret(path, diags, hex);
    n = read(fd, hex, SECRET_HEX);
    close(fd);
    hex[SECRET_HEX] = '\0';
    return n == SECRET_HEX ? ERR_OK : make_secret(path, diags, hex);
}

enum err instance_name(const char *data_dir, int lock_fd, struct diag_list *diags,
                       char owner[LEASE_OWNER_MAX], char holder[LEASE_HOLDER_MAX])
{
    char path[DATA_PATH_MAX], secret[SECRET_HEX + 1], host[96] = "";
    struct digest digest;
    struct stat st;
    struct text t;
    enum err e;

    data_dir_file(data_dir, "instance", path);
    e = load_secret(path, diags, secret);
    if (e)
        return e;
    if (fstat(lock_fd, &st) != 0)
        return fail(diags, path, "look at the lock file");
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    text_init(&t, 2 * DATA_PATH_MAX);
    text_format(&t, "%s\n%s\n%s\n%llu %llu", secret, host, data_dir, (unsigned long long)st.st_dev,
                (unsigned long long)st.st_ino);
    digest_of(t.data, t.length, &digest);
    text_release(&t);
    hex_print(digest.bytes, OWNER_BYTES, owner);
    snprintf(holder, LEASE_HOLDER_MAX, "%s:%d", host, (int)getpid());
    return ERR_OK;
}
