/* SPDX-License-Identifier: Apache-2.0 */
/* Loads or makes the Ed25519 key of the trade log. */
#include "core/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "core/ed25519.h"

enum {
    KEY_BYTES = ED25519_SEED_BYTES,
    KEY_FILE_BYTES = 2 * KEY_BYTES + 1 /* hex and a newline */
};

/* Reads until the buffer is full or the file ends. */
static enum err read_up_to(int fd, char *buffer, size_t capacity, size_t *length)
{
    size_t at = 0;
    ssize_t n;

    while (at < capacity) {
        n = read(fd, buffer + at, capacity - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        if (n == 0)
            break;
        at += (size_t)n;
    }
    *length = at;
    return ERR_OK;
}

static enum err read_seed(int fd, uint8_t seed[KEY_BYTES])
{
    char text[KEY_FILE_BYTES + 1]; /* one more, to see a file that is too long */
    struct stat status;
    size_t length = 0;
    enum err e;

    if (fstat(fd, &status) != 0)
        return ERR_IO;
    if (!S_ISREG(status.st_mode) || (status.st_mode & (S_IRWXG | S_IRWXO))) {
        errno = EPERM; /* a key that others may read is no secret any more */
        return ERR_IO;
    }
    e = read_up_to(fd, text, sizeof(text), &length);
    if (!e && (length != KEY_FILE_BYTES || text[KEY_FILE_BYTES - 1] != '\n'))
        e = ERR_SYNTAX;
    if (!e)
        e = hex_parse(text, (size_t)2 * KEY_BYTES, seed, KEY_BYTES);
    OPENSSL_cleanse(text, sizeof(text));
    return e;
}

static enum err write_all(int fd, const char *data, size_t length)
{
    ssize_t n;

    while (length > 0) {
        n = write(fd, data, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        data += n;
        length -= (size_t)n;
    }
    return ERR_OK;
}

/* The folder's entry must be durable too, or a power cut could take the key with it. */
static enum err sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash == path ? 1 : (size_t)(slash ? slash - path : 0);
    char *folder = slash ? xstrndup(path, length) : xstrdup(".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err e = ERR_OK;

    if (fd < 0 || fsync(fd) != 0)
        e = ERR_IO;
    if (fd >= 0)
        close(fd);
    free(folder);
    return e;
}

static enum err write_seed(int fd, const char *path, const uint8_t seed[KEY_BYTES])
{
    char text[KEY_FILE_BYTES + 1];
    enum err e;

    hex_print(seed, KEY_BYTES, text);
    text[KEY_FILE_BYTES - 1] = '\n';
    e = write_all(fd, text, KEY_FILE_BYTES);
    OPENSSL_cleanse(text, sizeof(text));
    if (!e && fsync(fd) != 0)
        e = ERR_IO;
    if (!e)
        e = sync_folder_of(path);
    return e;
}

enum err log_key_load(const char *path, struct ed25519_key **out)
{
    uint8_t seed[KEY_BYTES];
    bool made = false;
    enum err e;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT) {
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
        made = fd >= 0;
    }
    if (fd < 0)
        return ERR_IO;
    if (made) {
        random_bytes(seed, sizeof(seed));
        e = write_seed(fd, path, seed);
    } else {
        e = read_seed(fd, seed);
    }
    close(fd);
    if (made && e)
        unlink(path);
    if (!e)
        *out = ed25519_key_new(seed);
    OPENSSL_cleanse(seed, sizeof(seed));
    return e;
}
