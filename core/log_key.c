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
    KEY_FILE_BYTES = 2 * KEY_BYTES + 1, /* hex and a newline */
    NAME_BYTES = 512                    /* of the second line, where there is one */
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

/* The second line, which is the file's last; name NULL: there must be none. */
static enum err read_name(const char *text, size_t length, char *name, size_t capacity)
{
    if (!name)
        return length == 0 ? ERR_OK : ERR_SYNTAX;
    if (length < 2 || length > capacity || text[length - 1] != '\n' ||
        memchr(text, '\n', length) != text + length - 1 || memchr(text, '\0', length))
        return ERR_SYNTAX;
    memcpy(name, text, length - 1);
    name[length - 1] = '\0';
    return ERR_OK;
}

static enum err read_seed(int fd, uint8_t seed[KEY_BYTES], char *name, size_t capacity)
{
    char text[KEY_FILE_BYTES + NAME_BYTES];
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
    if (!e && (length < KEY_FILE_BYTES || text[KEY_FILE_BYTES - 1] != '\n'))
        e = ERR_SYNTAX;
    if (!e)
        e = read_name(text + KEY_FILE_BYTES, length - KEY_FILE_BYTES, name, capacity);
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

/* name: NULL, or the second line. */
static enum err write_seed(int fd, const char *path, const uint8_t seed[KEY_BYTES],
                           const char *name)
{
    char text[KEY_FILE_BYTES + 1];
    enum err e;

    hex_print(seed, KEY_BYTES, text);
    text[KEY_FILE_BYTES - 1] = '\n';
    e = write_all(fd, text, KEY_FILE_BYTES);
    OPENSSL_cleanse(text, sizeof(text));
    if (!e && name)
        e = write_all(fd, name, strlen(name));
    if (!e && name)
        e = write_all(fd, "\n", 1);
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
        e = write_seed(fd, path, seed, NULL);
    } else {
        e = read_seed(fd, seed, NULL, 0);
    }
    close(fd);
    if (made && e)
        unlink(path);
    if (!e)
        *out = ed25519_key_new(seed);
    OPENSSL_cleanse(seed, sizeof(seed));
    return e;
}

enum err log_key_read(const char *path, char *name, size_t capacity, struct ed25519_key **out)
{
    uint8_t seed[KEY_BYTES];
    enum err e;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    e = read_seed(fd, seed, name, capacity);
    close(fd);
    if (!e)
        *out = ed25519_key_new(seed);
    OPENSSL_cleanse(seed, sizeof(seed));
    return e;
}

enum err log_key_move(const char *from, const char *to)
{
    return rename(from, to) == 0 ? sync_folder_of(to) : ERR_IO;
}

enum err log_key_make(const char *path, const char *name, struct ed25519_key **out)
{
    uint8_t seed[KEY_BYTES];
    size_t size = strlen(path) + sizeof ".part";
    char *part = xmalloc(size);
    enum err e = ERR_IO;
    int fd;

    (void)snprintf(part, size, "%s.part", path);
    (void)unlink(part); /* of a run that was killed */
    fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    random_bytes(seed, sizeof(seed));
    if (fd >= 0) {
        e = write_seed(fd, part, seed, name);
        close(fd);
        if (!e)
            e = log_key_move(part, path);
        if (e)
            unlink(part);
    }
    if (!e)
        *out = ed25519_key_new(seed);
    OPENSSL_cleanse(seed, sizeof(seed));
    free(part);
    return e;
}
