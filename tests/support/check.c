/* SPDX-License-Identifier: Apache-2.0 */
/* Helps unit tests with files, random numbers and assertions. */
#include "tests/support/check.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/text.h"

enum {
    FILE_MAX = 64 * 1024 * 1024,
    TREE_DEPTH = 16
};

char *check_data(const char *name, size_t *length)
{
    char *path = check_path(TEST_DATA, name);
    struct text text;

    text_init(&text, FILE_MAX);
    if (text_read_file(&text, path))
        fail_msg("%s cannot be read", path);
    free(path);
    return text_take(&text, length);
}

char *check_line(char **cursor)
{
    char *line = *cursor, *end = strchr(line, '\n');

    if (!*line)
        return NULL;
    if (end) {
        *end = '\0';
        *cursor = end + 1;
    } else {
        *cursor = line + strlen(line);
    }
    return line;
}

uint64_t check_random_next(struct check_random *r)
{
    uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

char *check_folder_new(void)
{
    const char *base = getenv("TMPDIR");
    char *folder = check_path(base && *base ? base : "/tmp", "traderd-test-XXXXXX");

    if (!mkdtemp(folder))
        fail_msg("%s cannot be made", folder);
    return folder;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

void check_folder_free(char *folder)
{
    nftw(folder, remove_entry, TREE_DEPTH, FTW_DEPTH | FTW_PHYS);
    free(folder);
}

char *check_path(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = xmalloc(size);

    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

void check_write_file(const char *path, const void *data, size_t length)
{
    FILE *file = fopen(path, "wb");

    if (!file || fwrite(data, 1, length, file) != length || fclose(file) != 0)
        fail_msg("%s cannot be written", path);
}

bool check_aborts(void (*act)(void *context), void *context)
{
    const struct rlimit no_core = {0, 0};
    int status = 0, quiet;
    pid_t child = fork();

    if (child < 0)
        fail_msg("fork failed");
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(quiet, STDERR_FILENO);
        act(context);
        _exit(0);
    }
    if (waitpid(child, &status, 0) != child)
        fail_msg("waitpid failed");
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
