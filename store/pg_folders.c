/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the private cluster's folders where its user can reach them. */
#include "store/pg_folders.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/log.h"
#include "core/text.h"

static const char stand_in[] = "/var/lib/traderd";

enum {
    ID_BYTES = 8,
    WALK_DESCRIPTORS = 16
};

bool path_join(char out[LIMIT_PATH], const char *folder, const char *name)
{
    int n = snprintf(out, LIMIT_PATH, "%s/%s", folder, name);

    return n > 0 && n < LIMIT_PATH;
}

/* A link in the place of one of our folders could lead root anywhere. */
static bool is_folder(const char *path)
{
    struct stat s;

    return lstat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

enum err folder_make(const char *path, unsigned mode, bool parents)
{
    char copy[LIMIT_PATH], *slash;

    if (parents) {
        if (!copy_text(copy, sizeof(copy), path))
            return ERR_IO;
        for (slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
            *slash = '\0';
            if (mkdir(copy, 0755) && errno != EEXIST)
                return ERR_IO;
            *slash = '/';
        }
    }
    if (mkdir(path, mode) == 0)
        return ERR_OK;
    /* Parents were asked for: the folder is the user's own, a link to elsewhere is his wish. */
    return errno == EEXIST && (parents || is_folder(path)) ? ERR_OK : ERR_IO;
}

enum err folder_make_for(const char *path, const struct pg_user *user)
{
    if (folder_make(path, 0700, false))
        return ERR_IO;
    if (user->drop && chown(path, user->uid, user->gid))
        return ERR_IO;
    return chmod(path, 0700) ? ERR_IO : ERR_OK;
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at)
{
    (void)s;
    (void)kind;
    (void)at;
    return remove(path);
}

enum err folder_remove(const char *path)
{
    if (nftw(path, remove_one, WALK_DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) &&
        errno != ENOENT)
        return ERR_IO;
    return ERR_OK;
}

void folder_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)fsync(fd);
    (void)close(fd);
}

enum err file_replace(const char *folder, const char *name, const char *content, unsigned mode)
{
    char path[LIMIT_PATH], made[LIMIT_PATH];
    size_t length = strlen(content);
    bool good;
    int fd;

    if (!path_join(path, folder, name) ||
        snprintf(made, sizeof(made), "%s.new", path) >= LIMIT_PATH)
        return ERR_IO;
    (void)unlink(made);
    fd = open(made, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return ERR_IO;
    /* Pages of this length are written whole or not at all; the mode must not obey a umask. */
    good = write(fd, content, length) == (ssize_t)length && fchmod(fd, mode) == 0 && !fsync(fd);
    if (close(fd) || !good)
        return ERR_IO;
    return rename(made, path) ? ERR_IO : ERR_OK;
}

/* The id that ties a data directory to its stand-in: a fresh one gets a fresh cluster. */
static enum err cluster_id(const char *pg_folder, char id[2 * ID_BYTES + 1])
{
    char path[LIMIT_PATH];
    uint8_t bytes[ID_BYTES];
    struct text found;
    enum err e;

    if (!path_join(path, pg_folder, "cluster.id"))
        return ERR_IO;
    text_init(&found, 2 * ID_BYTES);
    e = text_read_file(&found, path);
    if (!e)
        e = found.length == 2 * ID_BYTES ? hex_parse(found.data, found.length, bytes, ID_BYTES)
                                         : ERR_SYNTAX;
    if (e)
        random_bytes(bytes, sizeof(bytes));
    hex_print(bytes, sizeof(bytes), id);
    text_release(&found);
    return e ? file_replace(pg_folder, "cluster.id", id, 0644) : ERR_OK;
}

static enum err choose_stand_in(const char *pg_folder, char base[LIMIT_PATH])
{
    char id[2 * ID_BYTES + 1], name[sizeof(id) + 3];

    if (cluster_id(pg_folder, id) || folder_make(stand_in, 0755, true))
        return ERR_IO;
    (void)snprintf(name, sizeof(name), "pg-%s", id);
    if (!path_join(base, stand_in, name) || folder_make(base, 0711, false) || chmod(base, 0711))
        return ERR_IO;
    return ERR_OK;
}

/* True when the user can reach the folder, tried with a folder of its own inside. */
static bool can_reach(const char *base, const struct pg_user *user)
{
    char probe[LIMIT_PATH];

    return path_join(probe, base, "socket") && folder_make_for(probe, user) == ERR_OK &&
           pg_user_can_use(user, probe);
}

enum err folder_choose_base(const char *data_dir, const struct pg_user *user,
                            struct diag_list *diags, char base[LIMIT_PATH])
{
    char *real = NULL, id_file[LIMIT_PATH];
    struct stat s;
    enum err e = ERR_OK;

    if (!folder_make(data_dir, 0755, true))
        real = realpath(data_dir, NULL);
    if (!real || !path_join(base, real, "pg") || folder_make(base, 0711, false) ||
        chmod(base, 0711) || !path_join(id_file, base, "cluster.id"))
        e = ERR_IO;
    if (!e && access(id_file, F_OK) != 0 && !can_reach(base, user) && stat(real, &s) == 0 &&
        s.st_uid == geteuid()) {
        /* The data directory is ours: letting others pass through it shows them nothing. */
        (void)chmod(real, (s.st_mode & 07777) | S_IXOTH);
        if (!can_reach(base, user))
            (void)chmod(real, s.st_mode & 07777);
    }
    if (!e && (access(id_file, F_OK) == 0 || !can_reach(base, user))) {
        char inside[LIMIT_PATH];

        (void)copy_text(inside, sizeof(inside), base);
        e = choose_stand_in(inside, base);
        if (!e && !can_reach(base, user))
            e = ERR_IO;
        if (!e)
            LOG_INFO("private_pg_elsewhere", "folder", base, "user", user->name, "reason",
                     "the data directory cannot be entered by this user", NULL);
    }
    if (e)
        diag_hint(diag_add(diags, data_dir, "io", "cannot make the database's folder: %s",
                           strerror(errno)),
                  "give a data directory that can be written");
    free(real);
    return e;
}

/* A predictable name in /tmp: only a folder that is the user's own will do. */
static enum err choose_short_socket(const char *base, const struct pg_user *user,
                                    char folder[LIMIT_PATH])
{
    struct digest d;
    struct stat s;
    char hex[DIGEST_HEX];

    digest_of(base, strlen(base), &d);
    hex_print(d.bytes, sizeof(d.bytes), hex);
    (void)snprintf(folder, LIMIT_PATH, "/tmp/traderd-%.16s", hex);
    if (mkdir(folder, 0700) == 0) {
        if (user->drop && chown(folder, user->uid, user->gid))
            return ERR_IO;
    } else if (errno != EEXIST) {
        return ERR_IO;
    }
    if (lstat(folder, &s) || !S_ISDIR(s.st_mode) || s.st_uid != user->uid ||
        (s.st_mode & 077) != 0) {
        errno = EPERM;
        return ERR_IO;
    }
    return ERR_OK;
}

enum err folder_choose_socket(const char *base, const struct pg_user *user, struct diag_list *diags,
                              char folder[LIMIT_PATH])
{
    static const char file[] = "/.s.PGSQL.5432.lock";
    const size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - sizeof(file);
    enum err e;

    if (!path_join(folder, base, "socket"))
        return ERR_IO;
    /* libpq takes a comma for the end of a host name. */
    if (strlen(folder) <= most && !strchr(folder, ','))
        e = folder_make_for(folder, user);
    else
        e = choose_short_socket(base, user, folder);
    if (e)
        (void)diag_add(diags, folder, "io", "cannot use the socket folder: %s", strerror(errno));
    return e;
}
