/* SPDX-License-Identifier: Apache-2.0 */
/* A venue that does what a test says, and the engine at it. */
#include "tests/support/script_venue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "tests/support/check.h"

static const int64_t first_us = INT64_C(1630540800) * US_PER_S;
static int64_t now;      /* one script at a time */
static int64_t ahead_us; /* of the wall clock */

static int64_t monotonic(void)
{
    return now;
}

void script_step_clock(double by_s)
{
    ahead_us += (int64_t)(by_s * 1e6);
}

static int64_t read_clock(const struct clock *self)
{
    (void)self;
    return now + ahead_us;
}

static enum err note(struct script *s, enum script_kind kind, const struct order *o)
{
    assert_true(s->request_count < SCRIPT_REQUESTS);
    s->requests[s->request_count] = (struct script_request){.kind = kind, .at_us = now};
    if (o)
        s->requests[s->request_count].order = *o;
    s->request_count++;
    return ERR_OK;
}

static enum err submit(void *self, const struct order *o, int64_t at_us)
{
    (void)at_us;
    return note(self, SCRIPT_SUBMIT, o);
}

static enum err cancel(void *self, const struct order *o, int64_t at_us)
{
    (void)at_us;
    return note(self, SCRIPT_CANCEL, o);
}

static enum err replace(void *self, const struct order *o, const struct order *with, int64_t at_us)
{
    struct script *s = self;

    (void)at_us;
    (void)note(s, SCRIPT_REPLACE, o);
    s->requests[s->request_count - 1].other = *with;
    return ERR_OK;
}

static enum err submit_pair(void *self, const struct order *stop, const struct order *target,
                            int64_t at_us)
{
    struct script *s = self;

    (void)at_us;
    (void)note(s, SCRIPT_PAIR, stop);
    s->requests[s->request_count - 1].other = *target;
    return ERR_OK;
}

static enum err query(void *self, const struct order *o, int64_t at_us)
{
    (void)at_us;
    return note(self, SCRIPT_QUERY, o);
}

static enum err reconcile(void *self, int64_t since_us, int64_t at_us)
{
    (void)since_us;
    (void)at_us;
    return note(self, SCRIPT_RECONCILE, NULL);
}

static bool next_event(void *self, struct venue_event *out)
{
    struct script *s = self;

    if (s->event_count == 0)
        return false;
    *out = s->events[0];
    memmove(s->events, s->events + 1, --s->event_count * sizeof *s->events);
    return true;
}

static const struct venue_account *account(void *self)
{
    return &((struct script *)self)->account;
}

static int64_t due_us(void *self)
{
    return ((struct script *)self)->event_count > 0 ? 0 : INT64_MAX;
}

static enum err restore(void *self, const struct order *o)
{
    (void)self;
    (void)o;
    return ERR_OK;
}

static char *candles(void)
{
    struct text t;
    size_t length;

    text_init(&t, 64 * 1024);
    text_string(&t, "timestamp,open,high,low,close,volume\n");
    for (int i = 0; i < 40; i++) {
        double open = 100 + 0.1 * i;

        text_format(&t, "%lld,%.2f,%.2f,%.2f,%.2f,50\n",
                    (long long)(first_us / 1000 + i * INT64_C(60000)), open, open + 0.1, open,
                    open + 0.1);
    }
    return text_take(&t, &length);
}

static const char *log_fault(const void *script)
{
    return ((const struct script *)script)->log_fault;
}

static int64_t lease_left(void *script)
{
    return ((const struct script *)script)->lease_left_us;
}

/* A venue's feed: what it has not heard of yet lies ahead. */
static enum err late_peek(void *self, int64_t *at_us, enum feed_kind *kind)
{
    const struct script *s = self;
    enum err e = s->whole_feed.peek(s->whole_feed.self, at_us, kind);

    if (!e && s->feed_knows_us > 0 && *at_us > first_us + s->feed_knows_us) {
        *at_us = now + US_PER_S;
        *kind = FEED_CLOSE;
    }
    return e;
}

static enum err late_next(void *self, struct feed_event *out)
{
    const struct script *s = self;

    return s->whole_feed.next(s->whole_feed.self, out);
}

static void late_rewind(void *self, int64_t shift_us)
{
    const struct script *s = self;

    s->whole_feed.rewind(s->whole_feed.self, shift_us);
}

static int64_t late_timeframe_us(void *self)
{
    const struct script *s = self;

    return s->whole_feed.timeframe_us(s->whole_feed.self);
}

static int64_t late_first_us(void *self)
{
    const struct script *s = self;

    return s->whole_feed.first_us(s->whole_feed.self);
}

static enum err late_history(void *self, int64_t until_us, int64_t shift_us, int64_t most,
                             feed_take_fn *take, void *context)
{
    const struct script *s = self;

    return s->whole_feed.history(s->whole_feed.self, until_us, shift_us, most, take, context);
}

static void open_engine(struct script *s)
{
    struct candle_series series = {0};
    struct diag_list diags = {0};
    struct engine_options e = {.mode = MODE_PAPER,
                               .pace = PACE_REALTIME,
                               .clock = {.now_us = read_clock},
                               .monotonic_us = monotonic,
                               .starting_equity = {(i128)10000 * 1000000000000},
                               .strategy = s->strategy,
                               .instruments = &s->instrument,
                               .instrument_count = 1,
                               .feed = &s->feed,
                               .venue = &s->port,
                               .journal = &s->journal_port,
                               .log_fault = log_fault,
                               .log = s,
                               .autostart = true,
                               .cycle_interval_us = 60 * US_PER_S,
                               .unprotected_limit_us = 20 * US_PER_S,
                               .mismatch = s->mismatch,
                               .dead_man_us = s->dead_man_us,
                               .lease_left_us = s->has_lease ? lease_left : NULL,
                               .lease = s,
                               .limits = {.min_confidence = {500000000000},
                                          .max_position_ratio = {1000000000000},
                                          .max_exposure_ratio = {1000000000000},
                                          .max_open_positions = 10,
                                          .stop_loss_required = true},
                               .genesis = {.origin = "traderd.local/script",
                                           .vkey = "key",
                                           .build = "test",
                                           .account_hash = "00",
                                           .quote = "USDT",
                                           .starting_equity = {(i128)10000 * 1000000000000},
                                           .cycle_interval_s = 60,
                                           .pace = "realtime"}};
    char *csv = candles();

    assert_ok(candle_parse(csv, strlen(csv), "candles", &diags, &series));
    free(csv);
    assert_ok(recorded_feed_new_take(&series, 1, &s->instrument, &diags, &s->recorded));
    s->whole_feed = recorded_feed_port(s->recorded);
    s->feed = (struct feed){.self = s,
                            .peek = late_peek,
                            .next = late_next,
                            .rewind = late_rewind,
                            .timeframe_us = late_timeframe_us,
                            .first_us = late_first_us,
                            .history = late_history};
    e.config = (struct config_leaf){.feed_id = recorded_feed_id(s->recorded),
                                    .max_open_positions = 10,
                                    .intrabar = "pessimistic",
                                    .limit_fill = "touch"};
    (void)copy_text(e.account_id, sizeof e.account_id, "script");
    (void)copy_text(e.quote, sizeof e.quote, "USDT");
    assert_ok(engine_new(&e, &diags, &s->engine));
}

static void begin(struct script *s, const char *symbol, const char *entry, const char *protection)
{
    struct diag_list diags = {0};
    char json[512];

    (void)snprintf(json, sizeof json,
                   "{\"version\":1,\"name\":\"up\",\"timeframe\":\"1m\",\"startup_bars\":1,"
                   "\"entry\":{\"condition\":\"%s\"},\"stop_loss\":0.01,%s"
                   "\"position_sizing\":{\"type\":\"equity_pct\",\"value\":0.1}}",
                   entry, protection);
    *s = (struct script){.traits = {.outlives_us = true,
                                    .has_reduce_only = true,
                                    .has_expiry = true,
                                    .request_window_us = 5 * US_PER_S,
                                    .processing_us = 5 * US_PER_S,
                                    .clock_error_us = US_PER_S,
                                    .query_lag_us = 2 * US_PER_S}};
    now = first_us;
    ahead_us = 0;
    s->port = (struct venue){.self = s,
                             .traits = s->traits,
                             .submit = submit,
                             .cancel = cancel,
                             .replace = replace,
                             .query = query,
                             .reconcile = reconcile,
                             .next_event = next_event,
                             .account = account,
                             .due_us = due_us,
                             .restore = restore};
    assert_ok(instrument_init(&s->instrument, symbol, (struct price){INT64_C(10000000000)},
                              (struct size){1000000000}, (struct money){INT64_C(10000000000000)}));
    assert_ok(strategy_parse(json, strlen(json), true, &diags, &s->strategy));
    memory_journal_init(&s->journal);
    s->journal_port = memory_journal_port(&s->journal);
    s->reply = xcalloc(1, sizeof *s->reply);
}

static const char rising[] = "close > open";

void script_begin(struct script *s)
{
    begin(s, "BTC/USDT:USDT", rising, "");
    open_engine(s);
}

void script_begin_mismatch(struct script *s, enum mismatch mismatch)
{
    begin(s, "BTC/USDT:USDT", rising, "");
    s->mismatch = mismatch;
    open_engine(s);
}

void script_begin_target(struct script *s)
{
    begin(s, "BTC/USDT:USDT", rising, "\"take_profit\":0.03,");
    open_engine(s);
}

void script_begin_spot(struct script *s, bool pairs)
{
    begin(s, "BTC/USDT", rising,
          "\"take_profit\":0.03,\"trailing_stop\":{\"pct\":0.005,\"activate_at\":0.0005},");
    s->traits.has_reduce_only = false;
    s->traits.has_replace = true;
    s->traits.rest_locks_size = true;
    s->traits.has_oco = pairs;
    s->port.traits = s->traits;
    s->port.replace = replace;
    s->port.submit_pair = pairs ? submit_pair : NULL;
    open_engine(s);
}

void script_begin_idle(struct script *s)
{
    begin(s, "BTC/USDT:USDT", "close > 100000", "");
    s->port.replace = replace;
    open_engine(s);
}

static enum err cancel_after(void *self, size_t instrument, int64_t after_us, int64_t at_us)
{
    struct script *s = self;
    enum err e = note(s, SCRIPT_TIMER, &(struct order){.id = 0});

    (void)instrument;
    (void)at_us;
    s->requests[s->request_count - 1].after_us = after_us;
    return e;
}

void script_begin_timer(struct script *s)
{
    begin(s, "BTC/USDT:USDT", "close > 100000", "");
    s->port.cancel_after = cancel_after;
    s->dead_man_us = 30 * US_PER_S;
    open_engine(s);
}

static void close_engine(struct script *s)
{
    engine_free(s->engine);
    recorded_feed_free(s->recorded);
}

void script_restart(struct script *s)
{
    close_engine(s);
    s->event_count = 0;
    open_engine(s);
}

void script_end(struct script *s)
{
    close_engine(s);
    strategy_release(s->strategy);
    memory_journal_release(&s->journal);
    free(s->reply);
}

void script_play(struct script *s, double at_s)
{
    int64_t until_us = first_us + (int64_t)(at_s * 1e6);

    for (int steps = 0;; steps++) {
        int64_t wait_us = 0;
        enum err e = engine_step_wait(s->engine, &wait_us);

        assert_true(steps < 5000); /* it would spin */
        if (e == ERR_OK || wait_us == 0)
            continue;
        if (now + wait_us > until_us)
            break;
        now += wait_us;
    }
    now = until_us;
}

const struct script_request *script_newest(const struct script *s, enum script_kind kind)
{
    for (size_t i = s->request_count; i-- > 0;)
        if (s->requests[i].kind == kind)
            return &s->requests[i];
    return NULL;
}

size_t script_count(const struct script *s, enum script_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < s->request_count; i++)
        n += s->requests[i].kind == kind;
    return n;
}

struct venue_event *script_tell(struct script *s, enum venue_event_kind kind, int64_t order_id)
{
    struct venue_event *e = &s->events[s->event_count++];

    assert_true(s->event_count <= SCRIPT_EVENTS);
    *e = (struct venue_event){.kind = kind, .order_id = order_id, .at_us = now};
    return e;
}

void script_agree(struct script *s)
{
    static struct venue_position position;
    static struct venue_balance balance;

    position = (struct venue_position){0};
    balance = (struct venue_balance){0};
    (void)copy_text(position.symbol, sizeof position.symbol, s->instrument.symbol);
    (void)copy_text(balance.asset, sizeof balance.asset, s->instrument.base);
    for (size_t i = 0; i < s->journal.position_count; i++)
        if (s->journal.positions[i].status == POSITION_OPEN)
            position.size.e12 +=
                (int)s->journal.positions[i].direction * s->journal.positions[i].size.e12;
    balance.free = position.size;
    s->account = (struct venue_account){.asked_us = script_newest(s, SCRIPT_RECONCILE)->at_us,
                                        .positions = &position,
                                        .position_count = 1,
                                        .balances = &balance,
                                        .balance_count = s->instrument.is_spot};
    (void)script_tell(s, VENUE_ACCOUNT, 0);
}

void script_fill(struct script *s, int64_t order_id, const char *id, struct size size)
{
    struct venue_event *e = script_tell(s, VENUE_FILL, order_id);

    e->price = (struct price){INT64_C(101000000000000)};
    e->size = size;
    (void)copy_text(e->fee_currency, sizeof e->fee_currency, "USDT");
    (void)copy_text(e->venue_fill_id, sizeof e->venue_fill_id, id);
}

const struct order *script_row(const struct script *s, int64_t order_id)
{
    for (size_t i = 0; i < s->journal.order_count; i++)
        if (s->journal.orders[i].id == order_id)
            return &s->journal.orders[i];
    fail_msg("order %lld has no row", (long long)order_id);
    return NULL;
}

int64_t script_enter(struct script *s)
{
    script_play(s, 1);
    script_agree(s);
    script_play(s, 65);
    assert_int_equal(script_count(s, SCRIPT_SUBMIT), 1);
    assert_int_equal(script_newest(s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_ENTRY);
    return script_newest(s, SCRIPT_SUBMIT)->order.id;
}

int64_t script_hold(struct script *s)
{
    int64_t entry = script_enter(s), stop;

    (void)script_tell(s, VENUE_ACCEPTED, entry);
    script_fill(s, entry, "t1", script_newest(s, SCRIPT_SUBMIT)->order.size);
    script_play(s, 66);
    stop = script_newest(s, SCRIPT_SUBMIT)->order.id;
    assert_int_equal(script_newest(s, SCRIPT_SUBMIT)->order.purpose, PURPOSE_STOP_LOSS);
    (void)script_tell(s, VENUE_ACCEPTED, stop);
    script_play(s, 67);
    return stop;
}

void script_say(struct script *s, enum command_kind kind)
{
    struct command c = {.kind = kind, .mode = MODE_PAPER};

    engine_carry_out(s->engine, &c, s->reply);
    assert_ok(s->reply->error);
}
