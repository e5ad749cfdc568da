/* SPDX-License-Identifier: Apache-2.0 */
/* Takes, renews and gives back the lease of an account. */
#include "store/lease.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/condition.h"
#include "core/log.h"
#include "core/text.h"
#include "store/pg.h"

static const int64_t connect_us = 10 * US_PER_S;
static const int64_t give_back_us = US_PER_S;
static const int64_t retry_us = US_PER_S / 2;

struct lease {
    struct pg_target target;
    struct pg pg;
    char account[LIMIT_NAME];
    char owner[LEASE_OWNER_MAX];
    char holder[LEASE_HOLDER_MAX];
    int64_t length_us, timeout_us;
    int64_t epoch; /* 0: not ours */
    _Atomic int64_t until_us;
    atomic_bool lost;
    atomic_bool ending;
    pthread_mutex_t mutex; /* only for the sleep of the thread */
    pthread_cond_t wake;
    pthread_t thread;
    bool has_thread;
};

static int64_t shorter(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A statement must not outlast the lease: a renewal that late is of no use. */
static int64_t statement_deadline(const struct lease *l)
{
    return clock_monotonic_us() + shorter(l->timeout_us, l->length_us / 3);
}

static enum err lease_ready(struct lease *l, int64_t deadline_us)
{
    if (pg_is_alive(&l->pg))
        return ERR_OK;
    return pg_connect(&l->pg, &l->target, deadline_us, &l->ending);
}

enum err lease_open(const struct lease_options *o, struct diag_list *diags, struct lease **out)
{
    struct lease *l = xcalloc(1, sizeof *l);
    enum err e;

    (void)copy_text(l->account, sizeof l->account, o->account);
    (void)copy_text(l->owner, sizeof l->owner, o->owner);
    (void)copy_text(l->holder, sizeof l->holder, o->holder);
    l->length_us = o->length_us;
    l->timeout_us = o->timeout_us;
    l->pg.broken = true;
    atomic_store(&l->until_us, INT64_MIN);
    pthread_mutex_init(&l->mutex, NULL);
    condition_init(&l->wake);
    e = pg_target_init(&l->target, o->database_url, o->timeout_us, diags);
    if (!e) {
        e = lease_ready(l, clock_monotonic_us() + connect_us);
        if (e)
            (void)diag_add(diags, "database_url", err_code(e), "cannot connect: %s", l->pg.message);
    }
    if (e) {
        lease_close(l);
        return e;
    }
    *out = l;
    return ERR_OK;
}

static void put_account_and_owner(struct lease *l, struct pg_params *p)
{
    params_init(p);
    params_text(p, l->account);
    params_text(p, l->owner);
}

/* Counted from before the question, less a tenth. */
static void rely_from(struct lease *l, int64_t asked_us)
{
    atomic_store(&l->until_us, asked_us + l->length_us - l->length_us / 10);
}

static enum err lease_who(struct lease *l, struct lease_holder *other)
{
    struct pg_params p;
    PGresult *r = NULL;
    enum err e;

    *other = (struct lease_holder){.left_us = 0};
    params_init(&p);
    params_text(&p, l->account);
    e = pg_exec(&l->pg,
                "SELECT holder, (extract(epoch FROM expires_at - clock_timestamp())"
                " * 1000000)::bigint FROM account_lease WHERE account = $1",
                &p, statement_deadline(l), &r);
    if (!e && PQntuples(r) == 1) {
        result_text(r, 0, 0, other->holder, sizeof other->holder);
        other->left_us = result_integer(r, 0, 1);
        if (other->left_us < 0)
            other->left_us = 0;
    }
    PQclear(r);
    return e;
}

enum err lease_take(struct lease *l, struct lease_holder *other)
{
    int64_t asked_us;
    struct pg_params p;
    PGresult *r = NULL;
    enum err e = lease_ready(l, statement_deadline(l));

    if (e)
        return e;
    put_account_and_owner(l, &p);
    params_text(&p, l->holder);
    params_integer(&p, l->length_us);
    asked_us = clock_monotonic_us();
    e = pg_exec(&l->pg,
                "INSERT INTO account_lease AS l (account, epoch, owner, holder, acquired_at,"
                " expires_at) VALUES ($1, 1, $2, $3, clock_timestamp(),"
                " clock_timestamp() + $4::bigint * interval '1 microsecond')"
                " ON CONFLICT (account) DO UPDATE SET epoch = l.epoch + 1,"
                " owner = EXCLUDED.owner, holder = EXCLUDED.holder,"
                " acquired_at = EXCLUDED.acquired_at, expires_at = EXCLUDED.expires_at"
                " WHERE l.owner = EXCLUDED.owner OR l.expires_at <= clock_timestamp()"
                " RETURNING epoch",
                &p, statement_deadline(l), &r);
    if (!e)
        e = pg_committed(&l->pg); /* else a failover could take the lease back */
    if (!e && PQntuples(r) == 1) {
        l->epoch = result_integer(r, 0, 0);
        rely_from(l, asked_us);
    } else if (!e) {
        e = lease_who(l, other);
        if (!e)
            e = ERR_AGAIN;
    }
    PQclear(r);
    return e;
}

/* ERR_DB_FENCED: it is somebody else's now. */
static enum err lease_renew(struct lease *l)
{
    int64_t asked_us;
    struct pg_params p;
    PGresult *r = NULL;
    enum err e = lease_ready(l, statement_deadline(l));

    if (e)
        return e;
    put_account_and_owner(l, &p);
    params_integer(&p, l->epoch);
    params_integer(&p, l->length_us);
    asked_us = clock_monotonic_us();
    e = pg_exec(&l->pg,
                "UPDATE account_lease SET expires_at ="
                " clock_timestamp() + $4::bigint * interval '1 microsecond'"
                " WHERE account = $1 AND owner = $2 AND epoch = $3 RETURNING epoch",
                &p, statement_deadline(l), &r);
    if (!e)
        e = pg_committed(&l->pg);
    if (!e && PQntuples(r) == 1)
        rely_from(l, asked_us);
    else if (!e)
        e = ERR_DB_FENCED;
    PQclear(r);
    return e;
}

static void *lease_main(void *argument)
{
    struct lease *l = argument;
    bool was_well = true;

    pthread_mutex_lock(&l->mutex);
    while (!atomic_load(&l->ending)) {
        int64_t pause_us = was_well ? l->length_us / 3 : shorter(retry_us, l->length_us / 3);
        int64_t next_us = clock_monotonic_us() + pause_us;
        enum err e;

        while (!atomic_load(&l->ending) && condition_wait_until(&l->wake, &l->mutex, next_us))
            ;
        if (atomic_load(&l->ending))
            break;
        pthread_mutex_unlock(&l->mutex);
        e = lease_renew(l);
        pthread_mutex_lock(&l->mutex);
        if (e == ERR_DB_FENCED) {
            atomic_store(&l->until_us, INT64_MIN);
            atomic_store(&l->lost, true);
            LOG_ERROR("lease_lost", "account", l->account, NULL);
            break;
        }
        if (e && was_well)
            LOG_WARN("lease_not_renewed", "account", l->account, "error", err_code(e), NULL);
        if (!e && !was_well)
            LOG_INFO("lease_renewed", "account", l->account, NULL);
        was_well = !e;
    }
    pthread_mutex_unlock(&l->mutex);
    return NULL;
}

enum err lease_keep(struct lease *l)
{
    ASSERT(l->epoch > 0 && !l->has_thread);
    if (pthread_create(&l->thread, NULL, lease_main, l) != 0)
        return ERR_IO;
    l->has_thread = true;
    return ERR_OK;
}

bool lease_is_lost(struct lease *l)
{
    return atomic_load(&l->lost);
}

int64_t lease_until_us(struct lease *l)
{
    return atomic_load(&l->until_us);
}

int64_t lease_epoch(const struct lease *l)
{
    return l->epoch;
}

/* Best effort: without it the successor waits until the lease ends. */
static void give_back(struct lease *l)
{
    struct pg_params p;
    int64_t deadline_us = clock_monotonic_us() + give_back_us;

    if (!l->epoch || atomic_load(&l->lost) || !pg_is_alive(&l->pg))
        return;
    put_account_and_owner(l, &p);
    params_integer(&p, l->epoch);
    if (pg_exec(&l->pg,
                "UPDATE account_lease SET expires_at = clock_timestamp()"
                " WHERE account = $1 AND owner = $2 AND epoch = $3",
                &p, deadline_us, NULL))
        LOG_WARN("lease_not_given_back", "account", l->account, NULL);
}

void lease_close(struct lease *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->mutex);
    atomic_store(&l->ending, true);
    pthread_cond_signal(&l->wake);
    pthread_mutex_unlock(&l->mutex);
    if (l->has_thread)
        pthread_join(l->thread, NULL);
    give_back(l);
    pg_close(&l->pg);
    pg_target_release(&l->target);
    pthread_cond_destroy(&l->wake);
    pthread_mutex_destroy(&l->mutex);
    free(l);
}
