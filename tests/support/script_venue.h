/* SPDX-License-Identifier: Apache-2.0 */
/* A venue that outlives the engine and does what a test says: requests are noted, events come from
 * the test alone.  Time stands where the test puts it. */
#ifndef TESTS_SUPPORT_SCRIPT_VENUE_H
#define TESTS_SUPPORT_SCRIPT_VENUE_H

#include "engine/engine.h"
#include "exchange/recorded_feed.h"
#include "tests/support/memory_journal.h"

enum {
    SCRIPT_REQUESTS = 256,
    SCRIPT_EVENTS = 64
};
enum script_kind {
    SCRIPT_SUBMIT,
    SCRIPT_CANCEL,
    SCRIPT_REPLACE, /* order goes, other takes its place */
    SCRIPT_PAIR,    /* order is the stop, other the target */
    SCRIPT_QUERY,
    SCRIPT_RECONCILE,
    SCRIPT_TIMER /* after_us tells */
};
struct script_request {
    enum script_kind kind;
    struct order order, other;
    int64_t at_us, after_us;
};

struct script {
    struct venue_traits traits;
    struct script_request requests[SCRIPT_REQUESTS];
    size_t request_count;
    struct venue_event events[SCRIPT_EVENTS];
    size_t event_count;
    struct venue_account account; /* the picture of the next VENUE_ACCOUNT */
    struct venue port;
    struct instrument instrument;
    enum mismatch mismatch;
    int64_t dead_man_us;
    bool has_lease; /* read at each start */
    int64_t lease_left_us;
    struct strategy *strategy;
    struct recorded_feed *recorded;
    struct feed feed, whole_feed;
    int64_t feed_knows_us; /* after the beginning: what ends later is told later; 0: all is known */
    struct memory_journal journal;
    struct journal journal_port;
    struct engine *engine;
    struct command_reply *reply;
    const char *log_fault; /* what others say of the log */
};

/* BTC/USDT:USDT, candles of a minute that rise by 0.1 %; the strategy enters on each and leaves
 * never, its stop 1 % below.  The loop runs; nothing has happened yet. */
void script_begin(struct script *s);
/* As script_begin; what follows when books differ. */
void script_begin_mismatch(struct script *s, enum mismatch mismatch);
/* As script_begin, with a target 3 % above that rests beside the stop. */
void script_begin_target(struct script *s);
/* As script_begin on spot, BTC/USDT: what rests locks what it sells, a stop alone moves by one
 * request, stop and target go as one (unless `pairs` is false); the stop trails by 0.5 % and the
 * target lies 3 % above. */
void script_begin_spot(struct script *s, bool pairs);
/* As script_begin, but the strategy never enters; the port has replace, which the test may switch
 * on. */
void script_begin_idle(struct script *s);
/* As script_begin_idle; the venue has a timer, and it is to be used: 30 s. */
void script_begin_timer(struct script *s);
void script_end(struct script *s);
/* As kill -9 and a new start; requests are kept. */
void script_restart(struct script *s);
/* Plays until the engine has nothing to do before `at_us` after the beginning, and stands there. */
void script_play(struct script *s, double at_s);
/* Somebody sets the wall clock; the monotonic one goes on. */
void script_step_clock(double by_s);
/* The newest request of the kind, NULL: none. */
const struct script_request *script_newest(const struct script *s, enum script_kind kind);
size_t script_count(const struct script *s, enum script_kind kind);
/* Tells an event of an order; the test fills in the rest before the next play. */
struct venue_event *script_tell(struct script *s, enum venue_event_kind kind, int64_t order_id);
/* Answers the question about the account: everything is as it should be. */
void script_agree(struct script *s);
/* One fill of the order, of so much. */
void script_fill(struct script *s, int64_t order_id, const char *id, struct size size);
const struct order *script_row(const struct script *s, int64_t order_id); /* in the journal */

/* Until the first entry has been sent: at 60 s, with the first candle.  Its id. */
int64_t script_enter(struct script *s);
/* And a position with its stop accepted; the stop's id. */
int64_t script_hold(struct script *s);
/* Carries the operator's command out, which must succeed. */
void script_say(struct script *s, enum command_kind kind);

#endif
