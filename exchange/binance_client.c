/* SPDX-License-Identifier: Apache-2.0 */
/* Puts budget, clock, expiry and signature between a request and the transport. */
#include "exchange/binance_client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "exchange/binance_parse.h"
#include "net/server_clock.h"

enum {
    SYNC_QUESTIONS = 3,     /* one after the other, on a connection that is open already */
    SYNC_BOX = 4,           /* one is on its way at most; room for its successor */
    WINDOW_LEAST_MS = 200,  /* less time left than this is too late (execution.md 4.3) */
    WINDOW_MOST_MS = 60000, /* the venue allows no more */
    FORBIDDEN_IN_ROW = 3,   /* 403 in a row count as a ban */
    ORDERS_EACH = 4 /* of a symbol: a cancel and an exit, or an entry, a stop and a target */
};

#define SYNC_EVERY_US (10 * 60 * US_PER_S)
#define SYNC_TIMEOUT_US (10 * US_PER_S)
#define SYNC_ROUND_TRIP_US (5 * US_PER_S)
#define SYNC_AGAIN_US (1 * US_PER_S)          /* after a question that failed */
#define CLOCK_WAIT_US (20 * US_PER_MS)        /* a request asks again whether the time is known */
#define CLOCK_ERROR_MOST_US (900 * US_PER_MS) /* the venue takes no stamp a second ahead */
#define FORBIDDEN_PAUSE_US (5 * 60 * US_PER_S)
#define RETRY_UNKNOWN_US (60 * US_PER_S) /* 429 or 418 that does not tell how long */

struct binance_client {
    enum binance_market market;
    char base[BINANCE_URL];
    char *key, *secret;
    int64_t window_ms;
    struct transport *transport;
    struct transport_box *sync_box;
    pthread_mutex_t mutex; /* all below */
    struct rate_budget budget;
    struct server_clock clock;
    bool is_syncing;
    int questions_left;
    int64_t sync_at_us; /* not before */
    int forbidden;      /* 403 in a row */
    uint64_t sent, rate_limited, bans, clock_errors;
    struct sending *first, *last; /* that have not left yet, oldest first */
};

/* One request on its way; freed when its answer was heard. */
struct sending {
    struct binance_client *client;
    struct binance_request request;
    int64_t expires_us;
    bool is_sync, was_taken;
    int64_t since_us; /* when it was given */
    struct sending *before, *after;
    bool is_waiting;
};

static void lock(struct binance_client *c)
{
    ASSERT(pthread_mutex_lock(&c->mutex) == 0);
}

static void unlock(struct binance_client *c)
{
    ASSERT(pthread_mutex_unlock(&c->mutex) == 0);
}

/* ---- What waits; with the mutex held ---- */

static void wait_begin(struct binance_client *c, struct sending *s)
{
    s->since_us = clock_monotonic_us();
    s->is_waiting = true;
    s->before = c->last;
    *(c->last ? &c->last->after : &c->first) = s;
    c->last = s;
}

static void wait_end(struct binance_client *c, struct sending *s)
{
    if (!s->is_waiting)
        return;
    s->is_waiting = false;
    *(s->before ? &s->before->after : &c->first) = s->after;
    *(s->after ? &s->after->before : &c->last) = s->before;
}

/* ---- The clock ---- */

static void ask_time(struct binance_client *c);

/* With the mutex held: true when a question should be asked now; it then counts as asked. */
static bool wants_sync(struct binance_client *c, int64_t now_us)
{
    if (c->is_syncing || now_us < c->sync_at_us)
        return false;
    c->is_syncing = true;
    c->questions_left = SYNC_QUESTIONS;
    return true;
}

/* Takes in the answer to a question for the time, and asks the next of the round. */
static void hear_time(struct binance_client *c, const struct transport_answer *a)
{
    int64_t server_us;
    bool goes_on, good = a->outcome == TRANSPORT_ANSWERED && a->status == 200 &&
                         binance_parse_time(a->body, a->length, NULL, &server_us) == ERR_OK;

    lock(c);
    good = good && server_clock_add(&c->clock, a->start_us, a->end_us, server_us,
                                    SYNC_ROUND_TRIP_US) == ERR_OK;
    c->questions_left = good ? c->questions_left - 1 : 0;
    goes_on = c->questions_left > 0;
    c->is_syncing = goes_on;
    if (!goes_on)
        c->sync_at_us = a->end_us + (good ? SYNC_EVERY_US : SYNC_AGAIN_US);
    unlock(c);
    if (goes_on)
        ask_time(c);
}

static void drain_sync(void *context)
{
    struct binance_client *c = context;
    struct transport_answer a;

    /* What they say was heard already. */
    while (transport_box_take(c->sync_box, 0, &a) == ERR_OK)
        transport_answer_release(&a);
}

/* With the mutex held: the venue's time, when it is known well enough to sign by. */
static bool know_time(struct binance_client *c, int64_t now_us, int64_t *venue_us,
                      int64_t *error_us)
{
    return server_clock_is_ready(&c->clock) &&
           server_clock_now(&c->clock, now_us, venue_us, error_us) == ERR_OK &&
           *error_us <= CLOCK_ERROR_MOST_US;
}

/* ---- On the transport's thread ---- */

/* How long a signed request is good: until its expiry, by the venue's clock. */
static bool find_window(const struct binance_client *c, const struct sending *s, int64_t now_us,
                        int64_t error_us, int64_t *window_ms)
{
    int64_t left_ms;

    *window_ms = c->window_ms;
    if (s->expires_us == INT64_MAX)
        return true;
    left_ms = (s->expires_us - now_us - error_us) / US_PER_MS;
    *window_ms = left_ms < WINDOW_MOST_MS ? left_ms : WINDOW_MOST_MS;
    return left_ms >= WINDOW_LEAST_MS;
}

static enum transport_go prepare(void *context, const struct transport_request *t,
                                 struct transport_draft *out, int64_t *again_us,
                                 char reason[LIMIT_REASON])
{
    struct sending *s = context;
    struct binance_client *c = s->client;
    const struct binance_keys keys = {c->key, c->secret};
    const int64_t now_us = clock_monotonic_us();
    int64_t venue_us = 0, error_us = 0, window_ms = 0;
    enum transport_go go = TRANSPORT_WAIT;
    bool sync = false, known = true;

    (void)t;
    lock(c);
    if (s->request.is_signed) {
        sync = wants_sync(c, now_us);
        known = know_time(c, now_us, &venue_us, &error_us);
    }
    if (!find_window(c, s, now_us, error_us, &window_ms)) {
        (void)copy_text(reason, LIMIT_REASON, "its time was over before it could be sent");
        go = TRANSPORT_REFUSE;
    } else if (!known) {
        *again_us = now_us + CLOCK_WAIT_US;
    } else if (rate_budget_take(&c->budget, s->request.rate_class, s->request.cost, now_us,
                                again_us)) {
        s->was_taken = true;
        c->sent++;
        wait_end(c, s);
        go = TRANSPORT_SEND;
    }
    unlock(c);
    if (sync)
        ask_time(c);
    if (go == TRANSPORT_SEND)
        binance_request_sign(&s->request, c->base, &keys, venue_us, window_ms, out);
    return go;
}

/* With the mutex held: the venue's own counts, in headers named by kind and window. */
static void read_counts(struct binance_client *c, const struct transport_answer *a)
{
    for (int i = 0; i < c->budget.count; i++) {
        const struct rate_limit *l = &c->budget.limits[i];
        const int64_t s = l->window_us / US_PER_S;
        const int64_t unit_s = s % 86400 == 0 ? 86400 : s % 3600 == 0 ? 3600 : s % 60 == 0 ? 60 : 1;
        const char letter = unit_s == 86400 ? 'D' : unit_s == 3600 ? 'H' : unit_s == 60 ? 'M' : 'S';
        char name[64], value[24], *end;
        long long used;

        if (l->kind == RATE_REQUESTS)
            continue;
        (void)snprintf(name, sizeof name, "X-MBX-%s-%lld%c",
                       l->kind == RATE_WEIGHT ? "USED-WEIGHT" : "ORDER-COUNT",
                       (long long)(s / unit_s), letter);
        if (!transport_answer_header(a, name, value, sizeof value))
            continue;
        used = strtoll(value, &end, 10);
        if (end != value && *end == '\0' && used >= 0 && used <= INT32_MAX)
            rate_budget_used(&c->budget, l->kind, l->window_us, used, a->end_us);
    }
}

/* With the mutex held: what the venue thinks of our requests. */
static void read_blame(struct binance_client *c, const struct transport_answer *a,
                       const struct binance_verdict *v)
{
    const int64_t pause_us = v->retry_after_us > 0 ? v->retry_after_us : RETRY_UNKNOWN_US;

    c->forbidden = a->status == 403 ? c->forbidden + 1 : a->status ? 0 : c->forbidden;
    if (c->forbidden >= FORBIDDEN_IN_ROW)
        rate_budget_banned(&c->budget, a->end_us + FORBIDDEN_PAUSE_US);
    if (v->error == VENUE_ERROR_BANNED)
        rate_budget_banned(&c->budget, a->end_us + pause_us);
    else if (v->error == VENUE_ERROR_RATE_LIMIT && a->status != 403)
        rate_budget_blocked(&c->budget, a->end_us, a->end_us + pause_us);
    c->bans += v->error == VENUE_ERROR_BANNED;
    c->rate_limited += v->error == VENUE_ERROR_BANNED || v->error == VENUE_ERROR_RATE_LIMIT;
    if (v->error == VENUE_ERROR_CLOCK) {
        c->clock_errors++;
        server_clock_reset(&c->clock);
        c->sync_at_us = 0;
    }
}

static void heard(void *context, const struct transport_request *t,
                  const struct transport_answer *a)
{
    struct sending *s = context;
    struct binance_client *c = s->client;
    struct binance_verdict v;

    (void)t;
    binance_judge(c->market, a, clock_wall_us(), &v);
    lock(c);
    wait_end(c, s);
    if (s->was_taken)
        rate_budget_done(&c->budget, s->request.cost, a->outcome != TRANSPORT_NOT_SENT, a->end_us);
    read_counts(c, a);
    read_blame(c, a, &v);
    unlock(c);
    if (v.error == VENUE_ERROR_BANNED || v.error == VENUE_ERROR_RATE_LIMIT)
        LOG_WARN("venue_rate_limit", "venue", c->base, "reason", v.reason, "retry_after_s",
                 LOG_NUMBER(v.retry_after_us / US_PER_S), NULL);
    if (s->is_sync)
        hear_time(c, a);
    free(s);
}

/* ---- Sending ---- */

static enum err submit(struct binance_client *c, const struct binance_request *r,
                       int64_t expires_us, int64_t deadline_us, bool is_sync,
                       struct transport_box *box, uint64_t tag)
{
    struct sending *s;
    struct transport_request t = {
        .tag = tag,
        .method = r->method,
        .priority = is_sync ? -1 : (int)r->rate_class,
        .is_idempotent = r->method == TRANSPORT_GET,
        .deadline_us = deadline_us,
        .max_bytes = r->max_bytes,
        .prepare = prepare,
        .heard = heard,
    };
    enum err e;

    if (r->is_full || (r->is_signed && !c->secret))
        return ERR_INVALID;
    s = xcalloc(1, sizeof *s);
    s->client = c;
    s->request = *r;
    s->expires_us = expires_us;
    s->is_sync = is_sync;
    t.context = s;
    lock(c);
    wait_begin(c, s);
    unlock(c);
    e = transport_submit(c->transport, box, &t);
    if (!e)
        return ERR_OK;
    lock(c);
    wait_end(c, s);
    unlock(c);
    free(s);
    return e;
}

static void ask_time(struct binance_client *c)
{
    const int64_t now_us = clock_monotonic_us();
    struct binance_request r;

    binance_ask_time(c->market, &r);
    /* Nothing signed goes out without it. */
    r.rate_class = RATE_SAFE;
    if (submit(c, &r, INT64_MAX, now_us + SYNC_TIMEOUT_US, true, c->sync_box, 0) == ERR_OK)
        return;
    lock(c);
    c->is_syncing = false;
    c->sync_at_us = now_us + SYNC_AGAIN_US;
    unlock(c);
}

enum err binance_client_send(struct binance_client *c, const struct binance_request *r,
                             int64_t expires_us, int64_t timeout_us, struct transport_box *box,
                             uint64_t tag)
{
    return submit(c, r, expires_us, clock_monotonic_us() + timeout_us, false, box, tag);
}

void binance_client_expect(struct binance_client *c, int64_t at_us, size_t symbols)
{
    if (c->secret)
        transport_expect(c->transport, c->base, at_us, ORDERS_EACH * symbols);
}

enum err binance_client_call(struct binance_client *c, const struct binance_request *r,
                             int64_t timeout_us, struct transport_answer *a,
                             struct binance_verdict *v)
{
    struct transport_box *box = transport_box_new(1, NULL, NULL);
    enum err e = ERR_OK;

    for (int attempt = 0; attempt < 2; attempt++) {
        e = binance_client_send(c, r, INT64_MAX, timeout_us, box, 0);
        if (!e)
            e = transport_box_take(box, -1, a);
        if (e)
            break;
        binance_judge(c->market, a, clock_wall_us(), v);
        if (attempt > 0 || v->error != VENUE_ERROR_CLOCK || r->method != TRANSPORT_GET)
            break;
        transport_answer_release(a);
    }
    transport_box_free(box);
    return e;
}

/* ---- Instruments, limits, state ---- */

void binance_client_limits(struct binance_client *c, const struct binance_exchange *x)
{
    lock(c);
    for (size_t i = 0; i < x->limit_count; i++) {
        const struct binance_rate_limit *l = &x->limits[i];

        (void)rate_budget_limit(&c->budget,
                                l->is_weight   ? RATE_WEIGHT
                                : l->is_orders ? RATE_ORDERS
                                               : RATE_REQUESTS,
                                l->window_us, l->limit);
    }
    unlock(c);
}

enum err binance_client_time(struct binance_client *c, int64_t now_us, int64_t *venue_us,
                             int64_t *error_us)
{
    enum err e;

    lock(c);
    e = server_clock_now(&c->clock, now_us, venue_us, error_us);
    unlock(c);
    return e;
}

void binance_client_usage(struct binance_client *c, struct binance_usage *out)
{
    const int64_t now_us = clock_monotonic_us();
    int64_t venue_us;

    lock(c);
    *out = (struct binance_usage){.fullness = rate_budget_fullness(&c->budget, now_us),
                                  .sent = c->sent,
                                  .rate_limited = c->rate_limited,
                                  .bans = c->bans,
                                  .clock_errors = c->clock_errors};
    out->limit_count = rate_budget_states(&c->budget, now_us, out->limits);
    for (const struct sending *s = c->first; s; s = s->after)
        out->waiting++;
    if (c->first)
        out->oldest_us = now_us - c->first->since_us;
    out->knows_time = server_clock_now(&c->clock, now_us, &venue_us, &out->time_error_us) == ERR_OK;
    if (out->knows_time)
        out->offset_us = venue_us - clock_wall_us();
    if (c->budget.blocked_until_us > now_us)
        out->blocked_for_us = c->budget.blocked_until_us - now_us;
    if (c->budget.banned_until_us > now_us)
        out->banned_for_us = c->budget.banned_until_us - now_us;
    unlock(c);
}

/* What the venue documents, until it has told its limits itself. */
static void assume_limits(struct binance_client *c)
{
    const bool is_spot = c->market == BINANCE_SPOT;
    bool good = rate_budget_limit(&c->budget, RATE_WEIGHT, 60 * US_PER_S, is_spot ? 6000 : 2400);

    good &= rate_budget_limit(&c->budget, RATE_ORDERS, 10 * US_PER_S, is_spot ? 100 : 300);
    good &= rate_budget_limit(&c->budget, RATE_ORDERS, is_spot ? US_PER_DAY : 60 * US_PER_S,
                              is_spot ? 200000 : 1200);
    ASSERT(good);
}

/* A key goes into a header line, a secret into a signature: printable, without blanks. */
static bool is_key(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (*at <= ' ' || *at > '~')
            return false;
    }
    return text[0] != '\0' && strlen(text) <= 256;
}

enum err binance_client_new(const struct binance_settings *s, struct transport *t,
                            struct diag_list *diags, struct binance_client **out)
{
    const bool signs = s->key && s->secret;
    struct binance_client *c;
    char base[BINANCE_URL];
    enum err e;

    ASSERT(s->window_ms >= 1 && s->window_ms <= WINDOW_MOST_MS);
    if (!s->key != !s->secret || (signs && (!is_key(s->key) || !is_key(s->secret)))) {
        (void)diag_add(diags, "venue_key", "key_invalid",
                       "the venue's key and its secret must both be there, without blanks");
        return ERR_INVALID;
    }
    e = binance_place_url(s->market, s->environment, s->url, signs, diags, base);
    if (e)
        return e;
    c = xcalloc(1, sizeof *c);
    c->market = s->market;
    memcpy(c->base, base, sizeof base);
    c->key = signs ? xstrdup(s->key) : NULL;
    c->secret = signs ? xstrdup(s->secret) : NULL;
    c->window_ms = s->window_ms;
    c->transport = t;
    c->sync_box = transport_box_new(SYNC_BOX, drain_sync, c);
    ASSERT(pthread_mutex_init(&c->mutex, NULL) == 0);
    rate_budget_init(&c->budget);
    assume_limits(c);
    *out = c;
    return ERR_OK;
}

void binance_client_free(struct binance_client *c)
{
    if (!c)
        return;
    drain_sync(c);
    transport_box_free(c->sync_box);
    pthread_mutex_destroy(&c->mutex);
    if (c->secret)
        explicit_bzero(c->secret, strlen(c->secret));
    free(c->secret);
    free(c->key);
    free(c);
}

enum binance_market binance_client_market(const struct binance_client *c)
{
    return c->market;
}

const char *binance_client_url(const struct binance_client *c)
{
    return c->base;
}
