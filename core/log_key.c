/* SPDX-License-Identifier: Apache-2.0 */
/* Loads or makes the Ed25519 key of the trade log and names it as a vkey. */
#include "core/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum {
    KEY_BYTES = 32,
    KEY_FILE_BYTES = 2 * KEY_BYTES + 1, /* hex and a newline */
    KEY_TYPE_ED25519 = 0x01             /* C2SP signed-note signature type */
};

static enum err derive_public(const uint8_t seed[KEY_BYTES], uint8_t public_key[KEY_BYTES])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, KEY_BYTES);
    size_t length = KEY_BYTES;

    if (!key)
        return ERR_INTERNAL;
    ASSERT(EVP_PKEY_get_raw_public_key(key, public_key, &length) == 1);
    ASSERT(length == KEY_BYTES);
    EVP_PKEY_free(key);
    return ERR_OK;
}

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

enum err log_key_load(const char *path, uint8_t public_key[32])
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
        e = derive_public(seed, public_key);
    OPENSSL_cleanse(seed, sizeof(seed));
    return e;
}

void log_key_vkey(const char *name, const uint8_t public_key[32], char *text, size_t capacity)
{
    size_t length = strlen(name);
    uint8_t typed[1 + KEY_BYTES], *named = xmalloc(length + 1 + sizeof(typed));
    struct digest id;
    char hex[9], encoded[4 * 11 + 1]; /* 33 bytes are 11 groups of 3 */
    int n;

    typed[0] = KEY_TYPE_ED25519;
    memcpy(typed + 1, public_key, KEY_BYTES);
    memcpy(named, name, length);
    named[length] = '\n';
    memcpy(named + length + 1, typed, sizeof(typed));
    digest_of(named, length + 1 + sizeof(typed), &id);
    free(named);
    hex_print(id.bytes, 4, hex);
    base64_print(typed, sizeof(typed), encoded);
    n = snprintf(text, capacity, "%s+%s+%s", name, hex, encoded);
    ASSERT(n > 0 && (size_t)n < capacity);
}
