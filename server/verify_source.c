/* SPDX-License-Identifier: Apache-2.0 */
/* Maps the files of a folder or an archive, and fetches those of a URL. */
#include "server/verify_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/text.h"
#include "net/transport.h"
#include "server/verify_tar.h"

enum {
    FETCH_TIMEOUT_S = 60,
    TOKEN_BYTES = 4096,
    PAGES_BYTES = 1024 * 1024 * 1024, /* of all pages: two million cosigned notes */
    FETCH_BYTES = 32 * 1024 * 1024    /* a bundle of 256 entries of 65,535 bytes is half of it */
};

struct verify_source {
    char *base; /* the folder's path or the URL, without a slash at its end; NULL: an archive */
    bool is_url;
    char *token; /* NULL: none */
    struct transport *transport;
    struct evidence archive;
    struct tar_index index;
    char prefix[TAR_NAME]; /* of an archive's names: "evidence/" when all lie in one folder */
};

void evidence_release(struct evidence *e)
{
    if (e->map)
        munmap(e->map, e->length);
    free(e->owned);
    *e = (struct evidence){.data = ""};
}

enum err evidence_map(const char *path, struct evidence *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe nobody writes into */
    struct stat status;
    enum err e = ERR_OK;

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
    *out = (struct evidence){.data = ""};
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        errno = EINVAL;
        e = ERR_IO;
    } else if (status.st_size > 0) {
        out->length = (size_t)status.st_size;
        out->map = mmap(NULL, out->length, PROT_READ, MAP_PRIVATE, fd, 0);
        if (out->map == MAP_FAILED) {
            out->map = NULL;
            out->length = 0;
            e = ERR_IO;
        } else {
            (void)madvise(out->map, out->length, MADV_SEQUENTIAL);
            out->data = out->map;
        }
    }
    close(fd);
    return e;
}

/* The folder in which an archive has its checkpoint: the root, or the one below it that has. */
static enum err find_prefix(struct verify_source *s)
{
    static const char name[] = "/checkpoint";
    size_t found = 0;

    for (size_t i = 0; i < s->index.count; i++) {
        const char *slash = strchr(s->index.files[i].name, '/');

        if (slash && strcmp(slash, name) == 0) {
            size_t length = (size_t)(slash - s->index.files[i].name) + 1;

            memcpy(s->prefix, s->index.files[i].name, length);
            s->prefix[length] = '\0';
            found++;
        }
    }
    if (tar_find(&s->index, name + 1))
        s->prefix[0] = '\0';
    return found > 1 && s->prefix[0] ? ERR_CONFLICT : ERR_OK;
}

static void tell_archive(enum err e, size_t at, size_t length, char reason[LIMIT_REASON])
{
    if (e == ERR_CONFLICT)
        (void)snprintf(reason, LIMIT_REASON,
                       "the archive holds a link, a device, a name twice, or a header that gives a "
                       "file another name or size (byte %zu of %zu): readers would not agree on it",
                       at, length);
    else
        (void)snprintf(reason, LIMIT_REASON,
                       "it is no tar archive, or a damaged one (byte %zu of %zu)", at, length);
}

static enum err open_archive(struct verify_source *s, const char *path, char reason[LIMIT_REASON])
{
    size_t at;
    enum err e = evidence_map(path, &s->archive);

    if (e) {
        (void)snprintf(reason, LIMIT_REASON, "cannot read it: %s", strerror(errno));
        return ERR_IO;
    }
    e = tar_read(s->archive.data, s->archive.length, &s->index, &at);
    if (e) {
        tell_archive(e, at, s->archive.length, reason);
        return e;
    }
    e = find_prefix(s);
    if (e)
        (void)snprintf(reason, LIMIT_REASON, "two folders of the archive have a checkpoint");
    return e;
}

/* Where a token may go: nobody on the way can read it. */
static bool is_private(const char *url)
{
    static const char *const hosts[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};

    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        size_t length = strlen(hosts[i]);

        if (strncmp(url, hosts[i], length) == 0 && strchr(":/", url[length]))
            return true;
    }
    return strncmp(url, "https://", 8) == 0;
}

static enum err read_token(struct verify_source *s, const char *path, char reason[LIMIT_REASON])
{
    struct text file;
    enum err e;

    if (!is_private(s->base)) {
        (void)snprintf(reason, LIMIT_REASON, "a token is sent over https or to this machine only");
        return ERR_INVALID;
    }
    text_init(&file, TOKEN_BYTES);
    e = text_read_file(&file, path);
    if (e || file.length == 0)
        (void)snprintf(reason, LIMIT_REASON, "cannot read the token in %.100s", path);
    else
        s->token = xstrndup(file.data, strcspn(file.data, "\r\n"));
    text_release(&file);
    return s->token ? ERR_OK : ERR_IO;
}

static enum err open_url(struct verify_source *s, const char *token_path, char reason[LIMIT_REASON])
{
    const struct transport_settings settings = {0};
    enum err e = token_path ? read_token(s, token_path, reason) : ERR_OK;

    s->is_url = true;
    if (e)
        return e;
    e = transport_new(&settings, &s->transport);
    if (e)
        (void)snprintf(reason, LIMIT_REASON, "%s", err_sentence(e));
    return e;
}

static char *without_slash(const char *path)
{
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/')
        length--;
    return xstrndup(path, length);
}

enum err source_open(const char *path, const char *token_path, struct verify_source **out,
                     char reason[LIMIT_REASON])
{
    struct verify_source *s = xcalloc(1, sizeof *s);
    struct stat status;
    enum err e = ERR_OK;

    s->archive.data = "";
    if (strncmp(path, "http://", 7) == 0 || strncmp(path, "https://", 8) == 0) {
        s->base = without_slash(path);
        e = open_url(s, token_path, reason);
    } else if (stat(path, &status) != 0) {
        (void)snprintf(reason, LIMIT_REASON, "%s", strerror(errno));
        e = ERR_NOT_FOUND;
    } else if (S_ISDIR(status.st_mode)) {
        s->base = without_slash(path);
    } else {
        e = open_archive(s, path, reason);
    }
    if (e)
        source_close(s);
    else
        *out = s;
    return e;
}

void source_close(struct verify_source *s)
{
    transport_free(s->transport);
    tar_release(&s->index);
    evidence_release(&s->archive);
    free(s->base);
    free(s->token);
    free(s);
}

bool source_is_url(const struct verify_source *s)
{
    return s->is_url;
}

/* What one request is made of. */
struct ask {
    char url[2 * LIMIT_PATH];
    const char *token;
};

static enum transport_go prepare(void *context, const struct transport_request *r,
                                 struct transport_draft *out, int64_t *again_us,
                                 char reason[LIMIT_REASON])
{
    const struct ask *ask = context;

    (void)r;
    (void)again_us;
    (void)reason;
    text_string(&out->url, ask->url);
    if (ask->token)
        text_format(&out->headers, "Authorization: Bearer %s\n", ask->token);
    return TRANSPORT_SEND;
}

/* *again: nothing has come, or the server asks for patience. */
static enum err fetch_once(struct verify_source *s, const char *name, struct evidence *out,
                           char reason[LIMIT_REASON], bool *again)
{
    struct ask ask = {.token = s->token};
    struct transport_request request = {
        .method = TRANSPORT_GET,
        .is_idempotent = true,
        .deadline_us = clock_monotonic_us() + FETCH_TIMEOUT_S * US_PER_S,
        .max_bytes = FETCH_BYTES,
        .context = &ask,
        .prepare = prepare,
    };
    struct transport_answer answer;
    enum err e;

    if (snprintf(ask.url, sizeof ask.url, "%s/%s", s->base, name) >= (int)sizeof ask.url)
        return ERR_LIMIT;
    e = transport_call(s->transport, &request, &answer);
    if (e)
        return e;
    if (answer.outcome != TRANSPORT_ANSWERED) {
        (void)snprintf(reason, LIMIT_REASON, "%.60s: %.80s", name, answer.reason);
        e = ERR_IO;
        *again = true;
    } else if (answer.status == 404) {
        e = ERR_NOT_FOUND;
    } else if (answer.status != 200) {
        (void)snprintf(reason, LIMIT_REASON, "%.60s: HTTP status %d", name, answer.status);
        e = ERR_IO;
        *again = answer.status == 429 || answer.status == 503;
    } else {
        *out =
            (struct evidence){.data = answer.body, .length = answer.length, .owned = answer.body};
        answer.body = NULL;
    }
    transport_answer_release(&answer);
    return e;
}

/* A long log is thousands of requests: one that fails is made again before all is given up. */
static enum err fetch(struct verify_source *s, const char *name, struct evidence *out,
                      char reason[LIMIT_REASON])
{
    static const struct timespec pauses[] = {{0, 250 * 1000 * 1000}, {1, 0}};
    bool again = false;
    enum err e = fetch_once(s, name, out, reason, &again);

    for (size_t i = 0; i < COUNT_OF(pauses) && again; i++) {
        again = false;
        (void)nanosleep(&pauses[i], NULL);
        e = fetch_once(s, name, out, reason, &again);
    }
    return e;
}

static enum err get_packed(const struct verify_source *s, const char *name, struct evidence *out)
{
    char full[TAR_NAME + LIMIT_PATH];
    const struct tar_file *file;

    (void)snprintf(full, sizeof full, "%s%s", s->prefix, name);
    file = tar_find(&s->index, full);
    if (!file)
        return ERR_NOT_FOUND;
    *out = (struct evidence){.data = file->data, .length = file->length};
    return ERR_OK;
}

enum err source_get(struct verify_source *s, const char *name, struct evidence *out,
                    char reason[LIMIT_REASON])
{
    char path[2 * LIMIT_PATH];
    enum err e;

    if (s->is_url)
        return fetch(s, name, out, reason);
    if (!s->base)
        return get_packed(s, name, out);
    if (snprintf(path, sizeof path, "%s/%s", s->base, name) >= (int)sizeof path)
        return ERR_LIMIT;
    e = evidence_map(path, out);
    if (e == ERR_IO)
        (void)snprintf(reason, LIMIT_REASON, "%.100s: %s", name, strerror(errno));
    return e;
}

enum err source_get_pages(struct verify_source *s, const char *name,
                          bool (*last_size)(const char *page, size_t length, uint64_t *size),
                          struct evidence *out, char reason[LIMIT_REASON])
{
    uint64_t from = 0, last = 0;
    struct text all;
    enum err e = s->is_url ? ERR_OK : ERR_NOT_FOUND;

    text_init(&all, PAGES_BYTES);
    while (!e) {
        struct evidence page;
        char path[64];

        (void)snprintf(path, sizeof path, "%s?from=%llu", name, (unsigned long long)from);
        e = fetch(s, path, &page, reason);
        if (e)
            break;
        text_append(&all, page.data, page.length);
        if (page.length > 0 && (!last_size(page.data, page.length, &last) || last < from))
            e = ERR_SYNTAX;
        from = last + 1;
        last = page.length;
        evidence_release(&page);
        if (all.full)
            e = ERR_LIMIT;
        if (last == 0)
            break;
    }
    if (!e && all.length == 0)
        e = ERR_NOT_FOUND;
    if (!e) {
        size_t length;
        char *owned = text_take(&all, &length);

        *out = (struct evidence){.data = owned, .length = length, .owned = owned};
    }
    text_release(&all);
    return e;
}
