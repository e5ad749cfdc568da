/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for PostgreSQL's programs and for a user that may run them. */
#include "store/pg_programs.h"

#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Debian and Ubuntu, Red Hat, from source. */
static const char *const patterns[] = {
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
};

static bool has_programs(const char *folder)
{
    char path[LIMIT_PATH];
    int n;

    n = snprintf(path, sizeof(path), "%s/initdb", folder);
    if (n < 0 || (size_t)n >= sizeof(path) || access(path, X_OK))
        return false;
    n = snprintf(path, sizeof(path), "%s/postgres", folder);
    return n > 0 && (size_t)n < sizeof(path) && access(path, X_OK) == 0;
}

/* The first number in the path: its major version; 0 when it has none. */
static int version_of(const char *folder)
{
    size_t digits = strcspn(folder, "0123456789");

    return (int)strtol(folder + digits, NULL, 10);
}

static bool find_by_glob(int wanted, char folder[LIMIT_PATH])
{
    int best = -1;

    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        glob_t found = {0};

        if (glob(patterns[i], 0, NULL, &found) == 0) {
            for (size_t k = 0; k < found.gl_pathc; k++) {
                int version = version_of(found.gl_pathv[k]);

                if ((wanted && version && version != wanted) || version <= best ||
                    !has_programs(found.gl_pathv[k]) ||
                    !copy_text(folder, LIMIT_PATH, found.gl_pathv[k]))
                    continue;
                best = version;
            }
        }
        globfree(&found);
    }
    return best >= 0;
}

/* A program in PATH may be a link: postgres must be called by the path it lies at. */
static bool find_in_path(char folder[LIMIT_PATH])
{
    const char *path = getenv("PATH"), *end;

    for (; path && *path; path = *end ? end + 1 : end) {
        char entry[LIMIT_PATH], program[LIMIT_PATH + 16], *real, *slash;
        bool found;
        int n;

        end = strchrnul(path, ':');
        n = snprintf(entry, sizeof(entry), "%.*s", (int)(end - path), path);
        if (n <= 0 || (size_t)n >= sizeof(entry) || entry[0] != '/')
            continue;
        (void)snprintf(program, sizeof(program), "%s/postgres", entry);
        real = realpath(program, NULL);
        if (!real)
            continue;
        slash = strrchr(real, '/');
        if (slash)
            *slash = '\0';
        found = has_programs(real) && copy_text(folder, LIMIT_PATH, real);
        free(real);
        if (found)
            return true;
    }
    return false;
}

enum err pg_programs_find(int wanted, struct diag_list *diags, char folder[LIMIT_PATH])
{
    char made[LIMIT_PATH];

    if (find_by_glob(wanted, made) || find_in_path(made)) {
        (void)copy_text(folder, LIMIT_PATH, made);
        return ERR_OK;
    }
    if (wanted)
        diag_hint(diag_add(diags, "postgresql", "not_found",
                           "the cluster was made by PostgreSQL %d, which is not installed", wanted),
                  "apt-get install postgresql-%d, or give database_url", wanted);
    else
        diag_hint(diag_add(diags, "postgresql", "not_found",
                           "PostgreSQL's programs (initdb, postgres) are not installed"),
                  "apt-get install postgresql, or give database_url");
    return ERR_NOT_FOUND;
}

enum err pg_user_choose(struct diag_list *diags, struct pg_user *out)
{
    static const char *const names[] = {"postgres", "traderd", "nobody"};
    struct pg_user made = {.uid = geteuid(), .gid = getegid(), .drop = geteuid() == 0};
    const struct passwd *entry = getpwuid(made.uid);
    size_t i = 0;

    if (!entry || !copy_text(made.caller, sizeof(made.caller), entry->pw_name)) {
        diag_hint(diag_add(diags, "user", "not_found",
                           "user id %u has no entry in /etc/passwd; PostgreSQL needs one",
                           (unsigned)made.uid),
                  "add one, or give database_url");
        return ERR_NOT_FOUND;
    }
    if (!made.drop) {
        (void)copy_text(made.name, sizeof(made.name), made.caller);
        *out = made;
        return ERR_OK;
    }
    do {
        entry = getpwnam(names[i]);
    } while (!entry && ++i < COUNT_OF(names));
    if (!entry || entry->pw_uid == 0) {
        (void)diag_add(diags, "user", "not_found",
                       "root may not run PostgreSQL, and there is no user postgres or nobody");
        return ERR_NOT_FOUND;
    }
    made.uid = entry->pw_uid;
    made.gid = entry->pw_gid;
    (void)copy_text(made.name, sizeof(made.name), entry->pw_name);
    *out = made;
    return ERR_OK;
}
