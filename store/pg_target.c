/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the database URL and adds what every session of ours needs. */
#include "store/pg.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/limits.h"

struct default_option {
    const char *keyword, *value;
};

/* Added where the user's URL does not say otherwise. */
static const struct default_option defaults[] = {
    {"application_name", "traderd"}, {"client_encoding", "UTF8"},
    {"connect_timeout", "5"},        {"keepalives_idle", "30"},
    {"tcp_user_timeout", "10000"},   {"target_session_attrs", "read-write"},
};

static void target_set(struct pg_target *t, int *count, const char *keyword, const char *value)
{
    ASSERT(*count < PG_TARGET_MAX - 1);
    t->keywords[*count] = keyword;
    t->values[*count] = value;
    (*count)++;
}

static bool target_has(const struct pg_target *t, int count, const char *keyword)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(t->keywords[i], keyword) == 0)
            return true;
    }
    return false;
}

/* The server gives up shortly before we do, so that we hear of it instead of losing the
 * connection.  Ours come last and win over the user's. */
static char *target_options(const char *theirs, int64_t timeout_us)
{
    struct text t;
    long long ms = (long long)(timeout_us / US_PER_MS);

    text_init(&t, LIMIT_URI_BYTES);
    text_string(&t, theirs ? theirs : "");
    text_format(&t,
                " -c statement_timeout=%lld -c lock_timeout=%lld"
                " -c idle_in_transaction_session_timeout=%d -c synchronous_commit=on"
                " -c TimeZone=UTC -c DateStyle=ISO -c client_min_messages=warning",
                ms - ms / 10, ms / 2, timeout_us ? 5000 : 0);
    return text_take(&t, NULL);
}

/* libpq quotes what it stumbled over, and that may be the password or all of the URL: everything
 * between the first quote that is not around a single sign and the last one is hidden. */
static enum err refuse_url(struct diag_list *diags, char *message)
{
    static const char hint[] = "postgresql://user@host/database";
    char *first = message ? strchr(message, '"') : NULL, *last;
    struct diag *d;

    while (first && first[1] && first[2] == '"')
        first = strchr(first + 3, '"');
    last = first ? strrchr(first + 1, '"') : NULL;
    if (message)
        message[strcspn(message, "\n")] = 0;
    if (last)
        d = diag_add(diags, "database_url", "invalid", "%.*s\"***%s", (int)(first - message),
                     message, last);
    else
        d = diag_add(diags, "database_url", "invalid", "%s",
                     first || !message ? "not a PostgreSQL URL" : message);
    diag_hint(d, "%s", hint);
    return ERR_INVALID;
}

enum err pg_target_init(struct pg_target *t, const char *url, int64_t timeout_us,
                        struct diag_list *diags)
{
    struct pg_target made = {0};
    const PQconninfoOption *o;
    const char *theirs = NULL;
    char *message = NULL;
    int count = 0;

    made.parsed = PQconninfoParse(url, &message);
    if (!made.parsed) {
        enum err e = refuse_url(diags, message);
        PQfreemem(message);
        return e;
    }
    for (o = made.parsed; o->keyword; o++) {
        if (!o->val)
            continue;
        if (strcmp(o->keyword, "options") == 0)
            theirs = o->val;
        else
            target_set(&made, &count, o->keyword, o->val);
    }
    for (size_t i = 0; i < COUNT_OF(defaults); i++) {
        if (!target_has(&made, count, defaults[i].keyword))
            target_set(&made, &count, defaults[i].keyword, defaults[i].value);
    }
    made.options = target_options(theirs, timeout_us);
    target_set(&made, &count, "options", made.options);
    *t = made;
    return ERR_OK;
}

void pg_target_release(struct pg_target *t)
{
    PQconninfoFree(t->parsed);
    free(t->options);
    *t = (struct pg_target){0};
}
