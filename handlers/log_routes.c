/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of /v1/log and of another account's log, each to its answer. */
#include <stdlib.h>
#include <string.h>

#include "handlers/log.h"
#include "http/query.h"
#include "http/respond.h"

enum {
    REST_MAX = 160,     /* a path behind the route's own segments */
    LOG_SEGMENT = 3,    /* "v1", "log", "tile" stand before it */
    ACCOUNT_SEGMENT = 4 /* "v1", "accounts", the account, "log" */
};

/* The path's segments from one on, with slashes; ERR_NOT_FOUND when that is longer than any. */
static enum err rest_of(const struct request *rq, size_t from, char rest[REST_MAX])
{
    size_t length = 0;

    for (size_t i = from; i < rq->segment_count; i++) {
        size_t n = strlen(rq->segments[i]);

        if (length + n + 2 > REST_MAX || strchr(rq->segments[i], '/'))
            return ERR_NOT_FOUND;
        if (i > from)
            rest[length++] = '/';
        memcpy(rest + length, rq->segments[i], n);
        length += n;
    }
    rest[length] = '\0';
    return ERR_OK;
}

/* ---- /v1/log ---- */

enum err log_checkpoint(struct request *rq)
{
    return log_answer_checkpoint(rq, handlers_of(rq)->account);
}

enum err log_key(struct request *rq)
{
    return log_answer_key(rq, handlers_of(rq)->account);
}

enum err log_policy(struct request *rq)
{
    return log_answer_policy(rq, handlers_of(rq)->account);
}

/* GET /v1/log/spec: what the bytes mean, as of this build. */
enum err log_spec(struct request *rq)
{
    enum err e = query_parse(rq, NULL, 0);

    if (e)
        return e;
    return respond_shared(rq, 200, "text/markdown; charset=utf-8", handlers_of(rq)->log_spec,
                          handlers_of(rq)->log_spec_length, NULL, NULL);
}

enum err log_tile(struct request *rq)
{
    char path[REST_MAX];
    enum err e = rest_of(rq, LOG_SEGMENT, path);

    return e ? e : log_answer_tile(rq, handlers_of(rq)->account, path);
}

enum err log_proof_file(struct request *rq)
{
    return log_answer_proof_file(rq, handlers_of(rq)->account, rq->arguments[0]);
}

enum err log_entry_proof(struct request *rq)
{
    uint64_t index;

    if (!log_number(rq->arguments[0], strlen(rq->arguments[0]), &index))
        return ERR_NOT_FOUND;
    return log_answer_proof(rq, handlers_of(rq)->account, index);
}

enum err log_find(struct request *rq)
{
    return log_answer_find(rq, handlers_of(rq)->account);
}

enum err log_consistency(struct request *rq)
{
    return log_answer_consistency(rq, handlers_of(rq)->account);
}

enum err log_checkpoints(struct request *rq)
{
    return log_answer_checkpoints(rq, handlers_of(rq)->account);
}

enum err log_anchors(struct request *rq)
{
    return log_answer_anchors(rq, handlers_of(rq)->account, rq->arguments[0]);
}

enum err log_figures(struct request *rq)
{
    return log_answer_statement(rq, handlers_of(rq)->account);
}

enum err log_attested(struct request *rq)
{
    return log_answer_attested(rq, handlers_of(rq)->account);
}

enum err log_timestamps(struct request *rq)
{
    return log_answer_timestamps(rq, handlers_of(rq)->account);
}

enum err log_evidence(struct request *rq)
{
    return log_answer_evidence(rq, handlers_of(rq)->account);
}

/* GET /v1/trades/{id}/proof: of the fill's record. */
enum err trades_proof(struct request *rq)
{
    struct handlers *h = handlers_of(rq);
    struct trade_row row = {0};
    int64_t id = 0;
    enum err e = handlers_id(rq, &id);

    if (!e)
        e = store_trade(h->store, h->account, id, &row);
    free(row.record);
    return e ? e : log_answer_proof(rq, h->account, (uint64_t)row.log_index);
}

/* ---- /v1/accounts/{account}/log ---- */

struct resource {
    const char *name;
    enum err (*answer)(struct request *rq, const char *account);
};
static const struct resource resources[] = {
    {"checkpoint", log_answer_checkpoint},   {"key", log_answer_key},
    {"policy", log_answer_policy},           {"proof", log_answer_find},
    {"consistency", log_answer_consistency}, {"checkpoints", log_answer_checkpoints},
    {"statement", log_answer_statement},     {"evidence.tar", log_answer_evidence},
    {"attested", log_answer_attested},       {"timestamps", log_answer_timestamps},
};

/* What stands behind a prefix of a path; NULL when it begins otherwise. */
static const char *behind(const char *path, const char *prefix)
{
    size_t n = strlen(prefix);

    return strncmp(path, prefix, n) == 0 ? path + n : NULL;
}

/* "17/proof" or "17.tlog-proof" */
static enum err answer_entry(struct request *rq, const char *account, const char *rest)
{
    const char *slash = strchr(rest, '/');
    uint64_t index;

    if (!slash)
        return log_answer_proof_file(rq, account, rest);
    if (strcmp(slash, "/proof") != 0 || !log_number(rest, (size_t)(slash - rest), &index))
        return ERR_NOT_FOUND;
    return log_answer_proof(rq, account, index);
}

enum err accounts_log(struct request *rq)
{
    const char *account = rq->arguments[0], *rest;
    char path[REST_MAX];
    enum err e = rest_of(rq, ACCOUNT_SEGMENT, path);

    if (e)
        return e;
    for (size_t i = 0; i < COUNT_OF(resources); i++) {
        if (strcmp(path, resources[i].name) == 0)
            return resources[i].answer(rq, account);
    }
    if ((rest = behind(path, "tile/")) != NULL)
        return log_answer_tile(rq, account, rest);
    if ((rest = behind(path, "entry/")) != NULL)
        return answer_entry(rq, account, rest);
    if ((rest = behind(path, "anchors/")) != NULL)
        return log_answer_anchors(rq, account, rest);
    return ERR_NOT_FOUND;
}
