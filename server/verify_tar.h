/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an uncompressed tar archive that lies in memory: names and places of its regular files.
 *
 * POSIX ustar with GNU's binary sizes, as the daemon, GNU tar and Python write it.  Folders and the
 * times and owners of pax are passed over; links, devices, a name that stands twice and extended
 * headers that give another name or size are refused, for two readers could see different files. */
#ifndef SERVER_VERIFY_TAR_H
#define SERVER_VERIFY_TAR_H

#include "core/base.h"
#include "core/error.h"

enum {
    TAR_NAME = 257,                  /* prefix, slash and name, with NUL */
    TAR_FILES_MAX = 64 * 1000 * 1000 /* tiles and bundles of 8 thousand million entries */
};

struct tar_file {
    char *name; /* without a leading "./" */
    const char *data;
    size_t length;
};

struct tar_index {
    struct tar_file *files; /* sorted by name */
    size_t count, capacity;
};

/* ERR_SYNTAX: no archive, a wrong checksum, or cut short; ERR_CONFLICT: it holds what is refused;
 * *at: the byte of the header.  ERR_LIMIT: more files than TAR_FILES_MAX. */
MUST_USE enum err tar_read(const char *data, size_t length, struct tar_index *out, size_t *at);
void tar_release(struct tar_index *t);
const struct tar_file *tar_find(const struct tar_index *t, const char *name); /* NULL: none */

#endif
