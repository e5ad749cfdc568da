/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the postmaster of the private cluster as a child of the daemon. */
#include "store/private_pg.h"

#include <errno.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"
#include "store/pg.h"
#include "store/pg_cluster.h"
#include "store/pg_folders.h"

static const int64_t start_us = 30 * US_PER_S;
static const int64_t recovery_us = 600 * US_PER_S; /* of a server that says "starting up" */
static const int64_t ping_us = 5 * US_PER_MS;
static const int64_t stop_us = 10 * US_PER_S;
static const int64_t immediate_us = 5 * US_PER_S;
static const int64_t backoff_first_us = 250 * US_PER_MS;
static const int64_t backoff_most_us = 10 * US_PER_S;

enum {
    URL_BYTES = 2 * LIMIT_PATH
};

struct private_pg {
    struct pg_cluster cluster;
    pid_t pid; /* 0: not running */
    int64_t restart_at_us, backoff_us;
};

/* ---- Starting ---- */

/* Small, durable, reachable by its socket only. */
static const char *const settings[] = {
    "listen_addresses=",
    "port=5432",
    "max_connections=40",
    "shared_buffers=16MB",
    "huge_pages=off",
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "autovacuum=on",
    "jit=off",
    "max_parallel_workers_per_gather=0",
    "max_wal_size=256MB",
    "logging_collector=off",
    "log_destination=stderr",
    "log_checkpoints=off",
    "log_timezone=UTC",
    "timezone=UTC",
    "unix_socket_permissions=0700",
};

enum {
    SETTINGS_EXTRA = 3
};

/* unix_socket_directories is a list: a comma or a blank in the path must be quoted. */
static bool quote_folder(const char *folder, char *out, size_t capacity)
{
    struct text t;
    bool fits;

    text_init(&t, capacity - 1);
    text_string(&t, "unix_socket_directories=\"");
    for (; *folder; folder++)
        text_string(&t, *folder == '"' ? "\"\"" : (char[]){*folder, '\0'});
    text_char(&t, '"');
    fits = !t.full && copy_text(out, capacity, t.data);
    text_release(&t);
    return fits;
}

static enum err server_spawn(struct private_pg *p)
{
    char program[LIMIT_PATH], data[LIMIT_PATH], socket[URL_BYTES], hba[LIMIT_PATH + 32],
        ident[LIMIT_PATH + 32];
    const char *argv[4 + 2 * (COUNT_OF(settings) + SETTINGS_EXTRA)] = {program, "-D", data};
    struct pg_process process = {.argv = argv,
                                 .user = &p->cluster.user,
                                 .log_fd = p->cluster.log_fd,
                                 .keep_fd = p->cluster.server_fd,
                                 .death_signal = SIGINT};
    size_t n = 3, i;
    enum err e;

    if (!path_join(program, p->cluster.programs, "postgres") ||
        !path_join(data, p->cluster.base, "data") ||
        !quote_folder(p->cluster.socket, socket, sizeof(socket)))
        return ERR_IO;
    (void)snprintf(hba, sizeof(hba), "hba_file=%s/hba.conf", p->cluster.base);
    (void)snprintf(ident, sizeof(ident), "ident_file=%s/ident.conf", p->cluster.base);
    for (i = 0; i < COUNT_OF(settings); i++) {
        argv[n++] = "-c";
        argv[n++] = settings[i];
    }
    for (i = 0; i < SETTINGS_EXTRA; i++) {
        argv[n++] = "-c";
        argv[n++] = (const char *const[]){socket, hba, ident}[i];
    }
    e = pg_process_start(&process, &p->pid);
    /* From here on only the server holds its lock. */
    pg_cluster_unlock_server(&p->cluster);
    return e;
}

/* key='value' with what libpq wants escaped. */
static void url_add(struct text *t, const char *key, const char *value)
{
    text_format(t, "%s%s='", t->length ? " " : "", key);
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            text_char(t, '\\');
        text_char(t, *value);
    }
    text_char(t, '\'');
}

static enum err server_url(const struct private_pg *p, const char *database, char *url,
                           size_t capacity)
{
    struct text t;
    bool fits;

    text_init(&t, URL_BYTES);
    url_add(&t, "host", p->cluster.socket);
    url_add(&t, "port", "5432");
    url_add(&t, "user", "trader");
    url_add(&t, "dbname", database);
    /* Nobody else may answer in the server's place. */
    url_add(&t, "requirepeer", p->cluster.user.name);
    fits = !t.full && copy_text(url, capacity, t.data);
    text_release(&t);
    return fits ? ERR_OK : ERR_LIMIT;
}

static enum err server_died(struct private_pg *p, struct diag_list *diags)
{
    char tail[160];

    p->pid = 0;
    pg_cluster_log_tail(&p->cluster, tail, sizeof(tail));
    diag_hint(diag_add(diags, p->cluster.base, "postgres_failed", "postgres ended: %s", tail),
              "see pg.log there");
    return ERR_DB_UNAVAILABLE;
}

/* Until it answers; recovery after a crash may take its time as long as it says so. */
static enum err server_await(struct private_pg *p, const char *url, struct diag_list *diags)
{
    const struct timespec pause = {.tv_nsec = ping_us * 1000};
    int64_t begin_us = clock_monotonic_us();

    for (;;) {
        int64_t waited_us = clock_monotonic_us() - begin_us;
        PGPing answer;
        int status;

        if (pg_process_wait(p->pid, 0, &status))
            return server_died(p, diags);
        answer = PQping(url);
        if (answer == PQPING_OK)
            return ERR_OK;
        if (waited_us > (answer == PQPING_REJECT ? recovery_us : start_us)) {
            (void)diag_add(diags, p->cluster.base, "postgres_failed",
                           "postgres does not answer; see pg.log there");
            return ERR_DB_UNAVAILABLE;
        }
        (void)nanosleep(&pause, NULL);
    }
}

static enum err make_database(const struct private_pg *p, struct diag_list *diags)
{
    char url[URL_BYTES];
    struct pg_target target;
    struct pg pg = {0};
    PGresult *r = NULL;
    int64_t deadline_us = clock_monotonic_us() + start_us;
    bool exists = false;
    enum err e = server_url(p, "postgres", url, sizeof(url));

    if (!e)
        e = pg_target_init(&target, url, 0, diags);
    if (e)
        return e;
    e = pg_connect(&pg, &target, deadline_us, NULL);
    if (!e)
        e = pg_exec(&pg, "SELECT count(*) > 0 FROM pg_database WHERE datname = 'traderd'", NULL,
                    deadline_us, &r);
    if (!e)
        exists = result_bool(r, 0, 0);
    PQclear(r);
    if (!e && !exists)
        e = pg_exec(&pg, "CREATE DATABASE traderd", NULL, deadline_us, NULL);
    if (e)
        (void)diag_add(diags, "traderd", err_code(e), "cannot make the database: %s", pg.message);
    pg_close(&pg);
    pg_target_release(&target);
    return e;
}

enum err private_pg_start(const char *data_dir, struct diag_list *diags, struct private_pg **out,
                          char *url, size_t capacity)
{
    struct private_pg *p = xcalloc(1, sizeof(*p));
    char made[URL_BYTES];
    enum err e;

    p->backoff_us = backoff_first_us;
    e = pg_cluster_prepare(data_dir, diags, &p->cluster);
    if (e) {
        free(p);
        return e;
    }
    e = server_url(p, "traderd", made, sizeof(made));
    if (!e && strlen(made) >= capacity)
        e = ERR_LIMIT;
    if (!e)
        e = server_spawn(p);
    if (!e)
        e = server_await(p, made, diags);
    if (!e)
        e = make_database(p, diags);
    if (e) {
        if (!diags || diags->count == 0)
            (void)diag_add(diags, data_dir, err_code(e), "the private database cannot start");
        private_pg_stop(p);
        return e;
    }
    (void)copy_text(url, capacity, made);
    *out = p;
    return ERR_OK;
}

/* ---- Running ---- */

bool private_pg_tend(struct private_pg *p)
{
    int64_t now = clock_monotonic_us();
    int status = 0;
    enum err e;

    pg_cluster_bound_log(&p->cluster);
    if (p->pid && !pg_process_wait(p->pid, 0, &status)) {
        if (p->restart_at_us && now > p->restart_at_us)
            p->backoff_us = backoff_first_us;
        return true;
    }
    if (p->pid) {
        LOG_ERROR("private_pg_died", "status", LOG_NUMBER(status), NULL);
        p->pid = 0;
        if (now > p->restart_at_us)
            p->restart_at_us = now;
    }
    if (now < p->restart_at_us)
        return false;
    /* Its children, which hold the lock, see the postmaster's death and end; until then, later. */
    e = pg_cluster_lock_server(&p->cluster, 0);
    if (!e)
        e = server_spawn(p);
    p->restart_at_us = now + p->backoff_us;
    p->backoff_us = p->backoff_us * 2 > backoff_most_us ? backoff_most_us : p->backoff_us * 2;
    if (e)
        LOG_ERROR("private_pg_restart_failed", "error", err_code(e), NULL);
    else
        LOG_INFO("private_pg_restarted", NULL);
    return e == ERR_OK;
}

void private_pg_stop(struct private_pg *p)
{
    int status;

    if (!p)
        return;
    if (p->pid) {
        (void)kill(p->pid, SIGINT);
        if (!pg_process_wait(p->pid, clock_monotonic_us() + stop_us, &status)) {
            (void)kill(p->pid, SIGQUIT);
            if (!pg_process_wait(p->pid, clock_monotonic_us() + immediate_us, &status)) {
                (void)kill(p->pid, SIGKILL);
                (void)waitpid(p->pid, &status, 0);
            }
        }
    }
    pg_cluster_release(&p->cluster);
    free(p);
}
