/* SPDX-License-Identifier: Apache-2.0 */
/* Joins the layers: the one place that knows every implementation behind the ports. */
#include "server/app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_info.h"
#include "core/log.h"
#include "core/text.h"
#include "handlers/jobs.h"
#include "server/account_hash.h"
#include "server/admin_token.h"
#include "server/anchors.h"
#include "server/beacon_source.h"
#include "server/config_leaf.h"
#include "server/data_dir.h"
#include "server/database.h"
#include "server/instance.h"
#include "server/log_identity.h"
#include "server/market.h"
#include "server/openapi_embedded.h"
#include "server/pipeline.h"
#include "server/settings.h"
#include "server/settle.h"
#include "server/standby.h"
#include "server/strategy_schema_embedded.h"
#include "server/ticker.h"
#include "server/tls_files.h"
#include "server/trade_log_embedded.h"

/* How long requests under way may take when the daemon ends. */
#define DRAIN_US (10 * US_PER_S)
/* Failed attempts of one address a minute, off loopback. */
enum {
    FAILED_AUTH_PER_MINUTE = 10,
    REQUESTS_PER_MINUTE = 600,
    URL_MAX = 320
};

struct app {
    struct service service;
    const struct config *config;
    char data_dir[DATA_PATH_MAX];
    int lock_fd;
    char admin_token[TOKEN_TEXT_MAX];
    const char *admin_token_fault; /* NULL: it opens the API */
    struct listen_address address;
    struct database database;
    struct market market;
    char account[LIMIT_NAME];
    struct log_identity log;
    char account_hash[DIGEST_HEX];
    struct engine *engine;
    struct anchors *anchors;
    struct beacon_source *beacon;
    struct ticker *ticker;
    struct http_server *http;
    struct tls_files tls;
};

/* ---- Files ---- */

static enum err open_files(struct app *a, struct diag_list *diags)
{
    char path[DATA_PATH_MAX];
    enum err e;

    data_dir_choose(a->config, a->data_dir);
    e = data_dir_open(a->data_dir, diags);
    if (!e)
        e = data_dir_lock(a->data_dir, diags, &a->lock_fd);
    if (e)
        return e;
    data_dir_file(a->data_dir, "admin.token", path);
    e = admin_token_load(path, diags, a->admin_token);
    if (!e)
        e = tls_files_read(a->config, diags, &a->tls);
    return e;
}

/* ---- The engine ---- */

/* Asked before each entry: none while the daemon ends.  On paper the epoch alone fences commits. */
static int64_t lease_left(void *app)
{
    struct app *a = app;
    struct lease *lease = a->database.lease;

    if (atomic_load(&a->service.handlers.is_draining) || lease_is_lost(lease))
        return 0;
    return lease_until_us(lease) - clock_monotonic_us();
}

static const char *log_fault(const void *store)
{
    return store_log_fault(store);
}

static bool app_is_replay(const struct app *a)
{
    return !a->market.live && config_enum(a->config, CONFIG_pace) == 0;
}

static enum err open_name(struct app *a, struct diag_list *diags)
{
    const struct account_name n = {a->data_dir, a->account, &a->log.signer};

    return account_hash(&n, a->database.store, diags, a->account_hash);
}

static enum err open_engine(struct app *a, const struct journal *journal, struct diag_list *diags)
{
    const struct config *c = a->config;
    bool is_live = config_enum(c, CONFIG_mode) == 1, is_replay = app_is_replay(a);
    struct engine_options o = {
        .mode = is_live ? MODE_LIVE : MODE_PAPER,
        .starting_equity = config_money(c, CONFIG_starting_equity),
        .strategy = a->market.strategy,
        .instruments = a->market.instruments,
        .instrument_count = a->market.instrument_count,
        .feed = a->market.recorded || a->market.live ? &a->market.feed : NULL,
        .venue = &a->market.venue,
        .journal = journal,
        .pace = is_replay ? PACE_REPLAY : PACE_REALTIME,
        .replay_speed = config_integer(c, CONFIG_replay_speed),
        .cycle_interval_us = config_integer(c, CONFIG_cycle_interval_s) * US_PER_S,
        .outside_signals =
            config_bool(c, CONFIG_outside_signals) || config_bool(c, CONFIG_manual_orders),
        .autostart = config_bool(c, CONFIG_loop_autostart),
        .resumes_paused = is_live && config_enum(c, CONFIG_live_resumes) == 0,
        .unprotected_limit_us = config_integer(c, CONFIG_unprotected_limit_s) * US_PER_S,
        .reconcile_interval_us = config_integer(c, CONFIG_reconcile_interval_s) * US_PER_S,
        .dead_man_us = is_live ? config_integer(c, CONFIG_dead_man_s) * US_PER_S : 0,
        .lease_left_us = is_live ? lease_left : NULL,
        .lease = a,
        .mismatch = (enum mismatch)config_enum(c, CONFIG_mismatch),
        .limits = market_terms(c).limits,
        .slippage_tolerance = market_bps(config_ratio(c, CONFIG_slippage_tolerance_bps)),
        .genesis = {.origin = a->log.origin,
                    .vkey = a->log.vkey,
                    .build = TRADERD_VERSION "+" TRADERD_REVISION,
                    .account_hash = a->account_hash,
                    .quote = config_text(c, CONFIG_quote_currency),
                    .starting_equity = config_money(c, CONFIG_starting_equity),
                    .cycle_interval_s = config_integer(c, CONFIG_cycle_interval_s),
                    .pace = is_replay ? "replay" : "realtime",
                    .predecessor = a->log.predecessor},
        .config = config_leaf_of(c, &a->market),
        .refusal = store_log_fault(a->database.store),
        .log_fault = log_fault,
        .log = a->database.store,
        .beacon = beacon_source_newer,
        .beacon_source = a->beacon,
    };

    copy_text(o.account_id, sizeof o.account_id, a->account);
    copy_text(o.quote, sizeof o.quote, config_text(c, CONFIG_quote_currency));
    return engine_new(&o, diags, &a->engine);
}

static enum err open_anchors(struct app *a, struct diag_list *diags)
{
    const struct anchors_options o = {.config = a->config,
                                      .store = a->database.store,
                                      .account = a->account,
                                      .vkey = a->log.vkey,
                                      .next_vkey = a->log.next_vkey,
                                      .signer = &a->log.signer,
                                      .chains = !app_is_replay(a)};

    return anchors_new(&o, diags, &a->anchors);
}

/* ---- HTTP ---- */

static void tokens_changed(void *self)
{
    struct service *s = self;

    /* The change is durable; a cache that missed it is mended by the ticker. */
    if (auth_refresh(s->auth))
        LOG_WARN("tokens_not_refreshed", NULL);
}

/* Embedded bytes are named by the beginning of their digest. */
static void embedded_etag(const char *bytes, size_t length, char etag[24])
{
    struct digest digest;

    digest_of(bytes, length, &digest);
    etag[0] = '"';
    hex_print(digest.bytes, 10, etag + 1);
    etag[21] = '"';
    etag[22] = '\0';
}

static void fill_service(struct app *a)
{
    struct service *s = &a->service;
    struct handlers *h = &s->handlers;
    int64_t limit = config_integer(a->config, CONFIG_rate_limit);
    uint8_t boot[4];

    h->engine = a->engine;
    h->store = a->database.store;
    h->lease = a->database.lease;
    h->feed = a->market.recorded ? &a->market.feed : NULL; /* what has an end can be played again */
    h->instruments = a->market.instruments;
    h->instrument_count = a->market.instrument_count;
    h->account = a->account;
    random_bytes(boot, sizeof boot);
    hex_print(boot, sizeof boot, h->boot);
    h->version = TRADERD_VERSION;
    h->revision = TRADERD_REVISION;
    h->built_at = TRADERD_BUILT_AT;
    h->openapi = embedded_openapi_json;
    h->openapi_length = embedded_openapi_json_length;
    embedded_etag(h->openapi, h->openapi_length, h->openapi_etag);
    h->schema = embedded_strategy_schema_json;
    h->schema_length = embedded_strategy_schema_json_length;
    embedded_etag(h->schema, h->schema_length, h->schema_etag);
    h->log_spec = embedded_trade_log_md;
    h->log_spec_length = embedded_trade_log_md_length;
    h->data_dir = a->data_dir;
    h->anchors = anchors_board(a->anchors);
    h->terms = market_terms(a->config);
    h->rate_limit = limit == 0 && !a->address.is_loopback ? REQUESTS_PER_MINUTE : limit;
    h->venue = live_source(a->market.live);
    h->mode = config_enum(a->config, CONFIG_mode) == 1 ? MODE_LIVE : MODE_PAPER;
    h->manual_orders = config_bool(a->config, CONFIG_manual_orders);
    h->tokens_changed = tokens_changed;
    h->self = s;
    s->log_public = config_bool(a->config, CONFIG_log_public);
    s->metrics_open = a->address.is_loopback && config_enum(a->config, CONFIG_metrics_auth) == 0;
    s->throttle = throttle_new(limit);
    s->failed_throttle = throttle_new(a->address.is_loopback ? 0 : FAILED_AUTH_PER_MINUTE);
}

static enum err open_jobs(struct app *a)
{
    struct handlers *h = &a->service.handlers;
    const struct jobs_options o = {.feed = h->feed,
                                   .instruments = h->instruments,
                                   .instrument_count = h->instrument_count,
                                   .beside = a->market.beside,
                                   .prefix = h->boot};

    return jobs_new(&o, &h->jobs);
}

static struct http_options http_options(const struct app *a, char unix_path[DATA_PATH_MAX])
{
    const struct config *c = a->config;
    bool is_tls = *config_text(c, CONFIG_tls_cert) != 0;

    data_dir_file(a->data_dir, "traderd.sock", unix_path);
    return (struct http_options){
        .address = a->address,
        .unix_path = unix_path,
        .threads = (int)config_integer(c, CONFIG_http_threads),
        .workers = (int)config_integer(c, CONFIG_http_workers),
        .connections = (int)config_integer(c, CONFIG_http_connections),
        .tls_certificate = is_tls ? a->tls.certificate.data : NULL,
        .tls_key = is_tls ? a->tls.key.data : NULL,
    };
}

static enum err open_http(struct app *a, struct diag_list *diags)
{
    char unix_path[DATA_PATH_MAX];
    struct http_options o = http_options(a, unix_path);
    enum err e;

    o.callbacks = pipeline_callbacks;
    o.context = &a->service;
    fill_service(a);
    a->service.auth = auth_new(a->database.store);
    e = auth_refresh(a->service.auth);
    if (!e)
        e = open_jobs(a);
    if (!e)
        e = waiters_new(a->engine, http_resume, &a->service.waiters);
    if (!e)
        e = http_server_new(&o, diags, &a->http);
    if (!e)
        e = ticker_new(&a->service, &a->ticker);
    return e;
}

/* ---- Standing by ---- */

static void url_print(const struct app *a, int port, char url[URL_MAX])
{
    const char *scheme = a->tls.certificate.length > 0 ? "https" : "http";
    const char *host = a->address.host;
    bool is_v6 = strchr(host, ':') != NULL;

    if (strcmp(host, "0.0.0.0") == 0)
        host = "127.0.0.1";
    if (strcmp(host, "::") == 0)
        host = "::1";
    snprintf(url, URL_MAX, "%s://%s%s%s:%d", scheme, is_v6 ? "[" : "", host, is_v6 ? "]" : "",
             port);
}

static void greet_standing_by(void *context, int port, const struct lease_holder *holder)
{
    const struct app *a = context;
    char url[URL_MAX];

    url_print(a, port, url);
    printf("traderd %s stands by: %s\n%s trades account %s; this one takes over when that ends\n",
           TRADERD_VERSION, url, holder->holder, a->account);
    fflush(stdout);
}

static enum err stand_by(void *context, struct lease *lease, const struct lease_holder *holder,
                         struct diag_list *diags)
{
    struct app *a = context;
    char unix_path[DATA_PATH_MAX];
    struct standby_options o = {
        .http = http_options(a, unix_path),
        .greet = greet_standing_by,
        .context = a,
        .lease = lease,
        .holder = *holder,
        .account = a->account,
        .version = TRADERD_VERSION,
        .started_us = a->service.handlers.started_monotonic_us,
    };
    int port = 0;
    enum err e;

    if (!config_bool(a->config, CONFIG_standby)) {
        diag_hint(diag_add(diags, "account", err_code(ERR_DB_FENCED),
                           "another traderd (%s) trades this account (%s)", holder->holder,
                           a->account),
                  "stop it first, give this one another account_label, or let it stand by");
        return ERR_DB_FENCED;
    }
    e = standby_wait(&o, diags, &port);
    if (!e)
        snprintf(a->address.port, sizeof a->address.port, "%d", port);
    return e;
}

static enum err open_database(struct app *a, struct diag_list *diags)
{
    char owner[LEASE_OWNER_MAX], holder[LEASE_HOLDER_MAX];
    const struct database_owner o = {.account = a->account,
                                     .signer = &a->log.signer,
                                     .owner = owner,
                                     .holder = holder,
                                     .stand_by = stand_by,
                                     .context = a};
    enum err e = instance_name(a->data_dir, a->lock_fd, diags, owner, holder);

    return e ? e : database_open_leased(a->config, a->data_dir, &o, diags, &a->database);
}

/* ---- Open, tend, close ---- */

/* To revoke the first token is good practice, so a dead one in the file stops nothing; but nobody
 * should be sent to it. */
static enum err store_admin_token(struct app *a)
{
    enum err e = admin_token_store(a->database.store, a->admin_token, &a->admin_token_fault);

    if (!e && a->admin_token_fault)
        LOG_WARN("admin_token_refused", "reason", a->admin_token_fault, "remedy",
                 "use another token, or remove admin.token and start again to have one made", NULL);
    return e;
}

static enum err open_all(struct app *a, struct diag_list *diags)
{
    enum err e = settings_check(a->config, diags, &a->address);

    if (!e) {
        database_account(a->config, a->account);
        e = market_open(a->config, diags, &a->market);
    }
    if (!e)
        e = open_files(a, diags);
    if (!e)
        e = log_identity_open(a->data_dir, a->account, diags, &a->log);
    if (!e)
        e = log_identity_cite(&a->log, config_text(a->config, CONFIG_log_predecessor), diags);
    if (!e)
        e = open_database(a, diags);
    if (!e)
        e = store_admin_token(a);
    /* What the witnesses say comes before anything that could be appended. */
    if (!e)
        e = open_anchors(a, diags);
    if (!e)
        e = beacon_source_new(a->config, diags, &a->beacon);
    if (!e)
        e = open_name(a, diags);
    if (!e)
        e = open_engine(a, &a->database.journal, diags);
    if (!e)
        e = anchors_start(a->anchors, a->engine);
    if (!e)
        e = open_http(a, diags);
    if (!e)
        log_identity_proceed(&a->log, a->engine, app_is_replay(a), a->config);
    /* Last, so that nothing trades when the address turns out to be taken. */
    if (!e)
        e = engine_start(a->engine);
    return e;
}

enum err app_open(const struct config *config, struct diag_list *diags, struct app **out)
{
    struct app *a = xcalloc(1, sizeof *a);
    enum err e;

    a->config = config;
    a->lock_fd = -1;
    a->service.handlers.started_wall_us = clock_wall_us();
    a->service.handlers.started_monotonic_us = clock_monotonic_us();
    e = open_all(a, diags);
    if (e) {
        app_close(a);
        return e;
    }
    *out = a;
    return ERR_OK;
}

void app_greet(const struct app *a)
{
    char url[URL_MAX];

    url_print(a, http_server_port(a->http), url);
    printf("traderd %s is ready: %s\nadmin token: %s/admin.token", TRADERD_VERSION, url,
           a->data_dir);
    if (a->admin_token_fault) {
        printf(" (of no use: %s)\n", a->admin_token_fault);
        fflush(stdout);
        return;
    }
    printf("\n\n"
           "  curl %s/healthz\n"
           "  curl -H \"Authorization: Bearer $(cat %s/admin.token)\" %s/v1/loop\n"
           "  curl -H \"Authorization: Bearer $(cat %s/admin.token)\" '%s/v1/trades?limit=5'\n",
           url, a->data_dir, url, a->data_dir, url);
    fflush(stdout);
}

bool app_tend(struct app *a)
{
    database_tend(&a->database);
    return !lease_is_lost(a->database.lease);
}

void app_close(struct app *a)
{
    char path[DATA_PATH_MAX];

    atomic_store(&a->service.handlers.is_draining, true);
    if (a->http && a->database.lease && !lease_is_lost(a->database.lease) &&
        config_enum(a->config, CONFIG_mode) == 1)
        settle_at_venue(a->engine, DRAIN_US);
    jobs_stop(a->service.handlers.jobs);
    if (a->engine)
        engine_stop(a->engine);
    if (a->service.waiters)
        waiters_stop(a->service.waiters);
    if (a->http) {
        http_server_free(a->http, DRAIN_US);
        data_dir_file(a->data_dir, "traderd.sock", path);
        unlink(path);
    }
    ticker_free(a->ticker);
    jobs_free(a->service.handlers.jobs);
    waiters_free(a->service.waiters);
    if (a->service.auth && a->database.store)
        auth_flush_used(a->service.auth);
    auth_free(a->service.auth);
    throttle_free(a->service.throttle);
    throttle_free(a->service.failed_throttle);
    anchors_free(a->anchors);
    market_close(&a->market); /* its threads wake the engine until then */
    engine_free(a->engine);
    beacon_source_free(a->beacon);
    database_close(&a->database);
    log_identity_close(&a->log);
    tls_files_release(&a->tls);
    if (a->lock_fd >= 0)
        close(a->lock_fd);
    explicit_bzero(a->admin_token, sizeof a->admin_token);
    free(a);
}
