/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a body in a transaction, again when the database asks for it. */
#include "store/tx.h"

#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/digest.h"

enum {
    TX_ATTEMPTS = 5
};

static const char *const tx_begin[] = {
    [TX_READ_COMMITTED] = "BEGIN ISOLATION LEVEL READ COMMITTED",
    [TX_REPEATABLE_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ",
    [TX_SERIALIZABLE] = "BEGIN ISOLATION LEVEL SERIALIZABLE",
};

/* A random part of 2 ms, doubled each time, so that two that collided do not collide again. */
static void tx_pause(int attempt)
{
    uint16_t noise;
    struct timespec t = {0};

    random_bytes(&noise, sizeof(noise));
    t.tv_nsec = (long)noise * 2000000 / 65536 * (1L << attempt);
    (void)nanosleep(&t, NULL);
}

static enum err tx_once(struct pg *pg, enum tx_level level, const struct tx_body *body,
                        int64_t deadline_us)
{
    PGresult *result = NULL;
    enum err e = pg_script(pg, tx_begin[level], deadline_us);

    if (e)
        return e;
    e = body->run(pg, body->context, deadline_us);
    if (!e)
        e = pg_exec(pg, "COMMIT", NULL, deadline_us, &result);
    /* A COMMIT of a transaction that had failed succeeds as a ROLLBACK. */
    if (!e && strcmp(PQcmdStatus(result), "COMMIT") != 0)
        e = ERR_DB_QUERY;
    if (!e)
        e = pg_committed(pg);
    PQclear(result);
    if (e)
        pg_rollback(pg, deadline_us);
    return e;
}

enum err tx_run(struct pg *pg, enum tx_level level, const struct tx_body *body, int64_t deadline_us,
                uint64_t *retries)
{
    enum err e = ERR_DB_RETRY;

    for (int attempt = 0; attempt < TX_ATTEMPTS && e == ERR_DB_RETRY; attempt++) {
        if (attempt > 0) {
            if (clock_monotonic_us() >= deadline_us)
                break;
            tx_pause(attempt);
            if (retries)
                ++*retries;
        }
        e = tx_once(pg, level, body, deadline_us);
    }
    return e == ERR_DB_RETRY ? ERR_DB_BUSY : e;
}
