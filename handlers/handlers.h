/* SPDX-License-Identifier: Apache-2.0 */
/* What every handler may use: the engine, the store and facts of this process. */
#ifndef HANDLERS_HANDLERS_H
#define HANDLERS_HANDLERS_H

#include <stdatomic.h>

#include "engine/engine.h"
#include "engine/trial.h"
#include "handlers/http_stats.h"
#include "handlers/venue_source.h"
#include "http/request.h"
#include "store/lease.h"
#include "store/store.h"

/* How long a command may take before the answer is 202: nothing is lost, it is still carried
 * out. */
#define COMMAND_TIMEOUT_US (5 * US_PER_S)
/* An engine thread that has not shown life for so long is stuck. */
#define HEARTBEAT_MAX_US (10 * US_PER_S)

struct handlers {
    struct engine *engine;
    struct store *store;
    struct lease *lease;     /* of the account; NULL: none is kept */
    const struct feed *feed; /* NULL: none */
    const struct instrument *instruments;
    size_t instrument_count;
    struct trial_terms terms; /* what trading costs and may do, as configured */
    struct jobs *jobs;        /* backtests under way and done */
    const char *account;
    char boot[9]; /* names this run in entity tags */
    int64_t started_wall_us, started_monotonic_us;
    const char *version, *revision, *built_at;
    const char *openapi;
    size_t openapi_length;
    char openapi_etag[24];
    const char *schema; /* of artifacts */
    size_t schema_length;
    char schema_etag[24];
    const char *log_spec; /* docs/trade-log.md */
    size_t log_spec_length;
    const char *data_dir;         /* for files without a name */
    struct venue_source venue;    /* no `show`: none is configured */
    struct anchor_board *anchors; /* of witnesses and timestamp authorities; NULL: none is asked */
    int64_t rate_limit;           /* requests a minute of a token; 0: unlimited */
    enum trading_mode mode;       /* the account's */
    bool manual_orders;           /* orders by hand are taken */
    struct http_stats stats;
    /* Refreshed each second by a thread of the server, so that probes never wait. */
    _Atomic int database_error; /* enum err of the newest ping */
    _Atomic int64_t database_checked_us;
    _Atomic bool is_draining;
    /* A token was made or revoked. */
    void (*tokens_changed)(void *self);
    void *self;
};

static inline struct handlers *handlers_of(const struct request *rq)
{
    return rq->context;
}

static inline enum trading_mode handlers_mode(const struct request *rq)
{
    return handlers_of(rq)->mode;
}

/* True while the account's lease can be relied on. */
bool handlers_leads(const struct handlers *h);

/* "{id}" of the route as a positive number; ERR_NOT_FOUND otherwise, for there is no such thing. */
MUST_USE enum err handlers_id(struct request *rq, int64_t *id);

/* A symbol of the body: one that the feed has, or ERR_FIELD with what was perhaps meant. */
MUST_USE enum err handlers_check_symbol(struct request *rq, const char *symbol);

/* Writes what does not bear on trading into the audit trail.  The action itself is done: a line
 * that is lost does not turn it into an error. */
void handlers_audit(struct request *rq, const char *action, const char *target,
                    const char *outcome);

#endif
