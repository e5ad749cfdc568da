/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/venue and the venue's metric families. */
#include <stdlib.h>

#include "core/clock.h"
#include "handlers/exposition.h"
#include "handlers/handlers.h"
#include "handlers/routes.h"
#include "handlers/view.h"
#include "http/query.h"
#include "http/respond.h"

/* ---- Metrics ---- */

struct sheet {
    struct text *out;
    bool openmetrics;
    const struct venue_health *health;
};

static void gauge(const struct sheet *s, const char *name, const char *help, double value)
{
    exposition_family(s->out, s->openmetrics, EXPOSITION_GAUGE, name, help);
    exposition_number(s->out, name, value);
}

static void counter(const struct sheet *s, const char *name, const char *help, uint64_t value)
{
    exposition_family(s->out, s->openmetrics, EXPOSITION_COUNTER, name, help);
    text_format(s->out, "%s_total %llu\n", name, (unsigned long long)value);
}

static double seconds(int64_t us)
{
    return (double)us / US_PER_S;
}

static void print_limits(const struct sheet *s)
{
    static const struct {
        const char *name, *help;
    } families[] = {
        {"traderd_venue_limit", "What the venue allows in a window."},
        {"traderd_venue_used", "What is used of it, as counted here: never less than there."},
        {"traderd_venue_used_told", "The venue's own newest count of it."},
    };

    for (size_t f = 0; f < COUNT_OF(families); f++) {
        exposition_family(s->out, s->openmetrics, EXPOSITION_GAUGE, families[f].name,
                          families[f].help);
        for (size_t i = 0; i < s->health->limit_count; i++) {
            const struct venue_limit *l = &s->health->limits[i];
            const int64_t values[] = {l->limit, l->used, l->told};

            if (values[f] >= 0)
                text_format(s->out, "%s{kind=\"%s\",window_s=\"%lld\"} %lld\n", families[f].name,
                            l->kind, (long long)(l->window_us / US_PER_S), (long long)values[f]);
        }
    }
}

static void print_requests(const struct sheet *s)
{
    const struct venue_health *v = s->health;

    counter(s, "traderd_venue_requests", "Requests that were sent to the venue.", v->sent);
    counter(s, "traderd_venue_rate_limited", "Answers 429, 418 and 403 of the venue.",
            v->rate_limited);
    counter(s, "traderd_venue_bans", "Answers 418 of the venue.", v->bans);
    counter(s, "traderd_venue_clock_errors", "Answers that our time was wrong.", v->clock_errors);
    gauge(s, "traderd_venue_blocked_until_timestamp_seconds",
          "Until when the venue takes nothing but cancels and stops; 0: it takes all.",
          v->blocked_until_us == TIME_NONE ? 0 : seconds(v->blocked_until_us));
    gauge(s, "traderd_venue_banned_until_timestamp_seconds",
          "Until when the venue takes nothing at all; 0: no ban.",
          v->banned_until_us == TIME_NONE ? 0 : seconds(v->banned_until_us));
    gauge(s, "traderd_venue_queue_length", "Requests that have not left yet.", (double)v->waiting);
    gauge(s, "traderd_venue_queue_age_seconds", "How long the oldest of them has waited.",
          seconds(v->oldest_us));
    if (!v->knows_time)
        return;
    gauge(s, "traderd_venue_clock_offset_seconds", "The venue's clock less ours.",
          seconds(v->offset_us));
    gauge(s, "traderd_venue_clock_error_seconds", "How far wrong that may be.",
          seconds(v->time_error_us));
}

static void label(const struct sheet *s, const char *name, const struct venue_symbol *y)
{
    text_format(s->out, "%s{symbol=\"", name);
    exposition_label(s->out, y->symbol);
    text_string(s->out, "\"} ");
}

static void print_symbols(const struct sheet *s)
{
    static const char age[] = "traderd_feed_candle_age_seconds";
    static const char silent[] = "traderd_feed_silence_seconds";
    static const char failures[] = "traderd_feed_failures_in_row";
    static const char filled[] = "traderd_feed_candles_filled";
    const struct venue_health *v = s->health;

    exposition_family(s->out, s->openmetrics, EXPOSITION_GAUGE, age,
                      "Since the newest candle has closed.");
    for (size_t i = 0; i < v->symbol_count; i++) {
        if (v->symbols[i].candle_us == TIME_NONE)
            continue;
        label(s, age, &v->symbols[i]);
        exposition_value(s->out, seconds(v->venue_us - v->symbols[i].candle_us));
        text_char(s->out, '\n');
    }
    exposition_family(s->out, s->openmetrics, EXPOSITION_GAUGE, silent,
                      "Since the newest good answer about candles.");
    for (size_t i = 0; i < v->symbol_count; i++) {
        label(s, silent, &v->symbols[i]);
        exposition_value(s->out, seconds(v->symbols[i].silent_us));
        text_char(s->out, '\n');
    }
    exposition_family(s->out, s->openmetrics, EXPOSITION_GAUGE, failures,
                      "Answers about candles in a row that were none.");
    for (size_t i = 0; i < v->symbol_count; i++) {
        label(s, failures, &v->symbols[i]);
        text_format(s->out, "%d\n", v->symbols[i].failures);
    }
    exposition_family(s->out, s->openmetrics, EXPOSITION_COUNTER, filled,
                      "Candles that the venue did not tell.");
    for (size_t i = 0; i < v->symbol_count; i++) {
        text_format(s->out, "%s_total{symbol=\"", filled);
        exposition_label(s->out, v->symbols[i].symbol);
        text_format(s->out, "\"} %lld\n", (long long)v->symbols[i].filled);
    }
}

void venue_print(const struct handlers *h, bool openmetrics, struct text *out)
{
    struct venue_health health = {0};
    const struct sheet s = {out, openmetrics, &health};

    if (!h->venue.show)
        return;
    h->venue.show(h->venue.self, &health);
    print_limits(&s);
    print_requests(&s);
    print_symbols(&s);
    free(health.symbols);
}

/* ---- /v1/venue ---- */

static void write_limits(struct jwriter *w, const struct venue_health *v)
{
    jw_key(w, "limits");
    jw_array(w);
    for (size_t i = 0; i < v->limit_count; i++) {
        jw_object(w);
        jw_member_text(w, "kind", v->limits[i].kind);
        jw_member_integer(w, "window_s", v->limits[i].window_us / US_PER_S);
        jw_member_integer(w, "limit", v->limits[i].limit);
        jw_member_integer(w, "used", v->limits[i].used);
        if (v->limits[i].told >= 0)
            jw_member_integer(w, "used_told", v->limits[i].told);
        else
            jw_member_null(w, "used_told");
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void seconds_or_null(struct jwriter *w, const char *key, bool known, int64_t us)
{
    if (known)
        jw_member_double(w, key, seconds(us));
    else
        jw_member_null(w, key);
}

static void write_symbols(struct jwriter *w, const struct venue_health *v)
{
    jw_key(w, "symbols");
    jw_array(w);
    for (size_t i = 0; i < v->symbol_count; i++) {
        const struct venue_symbol *s = &v->symbols[i];

        jw_object(w);
        jw_member_text(w, "symbol", s->symbol);
        jw_member_time(w, "candle_closed_at", s->candle_us);
        seconds_or_null(w, "candle_age_s", s->candle_us != TIME_NONE, v->venue_us - s->candle_us);
        jw_member_double(w, "silence_s", seconds(s->silent_us));
        jw_member_integer(w, "failures_in_row", s->failures);
        jw_member_integer(w, "candles_filled", s->filled);
        jw_object_end(w);
    }
    jw_array_end(w);
}

/* How the engine stands with a venue that it trades at. */
static void write_trading(struct jwriter *w, const struct snapshot_venue *v)
{
    jw_key(w, "trading");
    jw_object(w);
    jw_member_bool(w, "is_reconciled", v->is_reconciled);
    jw_member_bool(w, "entries_halted", v->entries_halted);
    jw_member_text(w, "halt_reason", v->halt_reason);
    jw_member_integer(w, "symbols_halted", (int64_t)v->symbols_halted);
    jw_member_integer(w, "strategies_off", (int64_t)v->strategies_off);
    jw_member_integer(w, "orders_unknown", (int64_t)v->unknown_orders);
    jw_member_double(w, "unprotected_s", seconds(v->unprotected_us));
    jw_member_integer(w, "foreign_orders", v->foreign_orders);
    jw_member_integer(w, "foreign_funding", v->foreign_incomes);
    jw_member_integer(w, "late_fills", v->late_fills);
    jw_member_integer(w, "mismatches", v->mismatches);
    jw_member_money(w, "cash_short", v->cash_short, -1);
    jw_object_end(w);
}

/* GET /v1/venue */
enum err venue_get(struct request *rq)
{
    const struct handlers *h = handlers_of(rq);
    struct venue_health health = {0};
    struct snapshot *s;
    struct jwriter w;
    struct text body;
    enum err e = query_parse(rq, NULL, 0);

    if (e)
        return e;
    if (!h->venue.show)
        return request_fail(rq, ERR_NOT_FOUND, "No venue is configured.");
    h->venue.show(h->venue.self, &health);
    s = engine_snapshot(h->engine);
    text_init(&body, VIEW_MAX);
    jwriter_init(&w, JSTYLE_COMPACT, &body);
    jw_object(&w);
    jw_member_text(&w, "url", health.url);
    write_limits(&w, &health);
    jw_member_integer(&w, "requests", (int64_t)health.sent);
    jw_member_integer(&w, "rate_limited", (int64_t)health.rate_limited);
    jw_member_integer(&w, "bans", (int64_t)health.bans);
    jw_member_integer(&w, "clock_errors", (int64_t)health.clock_errors);
    jw_member_time(&w, "blocked_until", health.blocked_until_us);
    jw_member_time(&w, "banned_until", health.banned_until_us);
    jw_member_integer(&w, "queue_length", (int64_t)health.waiting);
    jw_member_double(&w, "queue_age_s", seconds(health.oldest_us));
    seconds_or_null(&w, "clock_offset_s", health.knows_time, health.offset_us);
    seconds_or_null(&w, "clock_error_s", health.knows_time, health.time_error_us);
    write_symbols(&w, &health);
    write_trading(&w, &s->venue);
    jw_object_end(&w);
    snapshot_release(s);
    free(health.symbols);
    return respond_take(rq, 200, MEDIA_JSON, &body);
}
