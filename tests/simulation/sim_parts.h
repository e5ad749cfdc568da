/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the simulated venue share; its own files include it. */
#ifndef TESTS_SIMULATION_SIM_PARTS_H
#define TESTS_SIMULATION_SIM_PARTS_H

#include "tests/simulation/sim_venue.h"

/* Something that is to happen at the venue, or on the way there. */
enum thing_kind {
    THING_SUBMIT,  /* the request arrives */
    THING_PROCESS, /* and becomes an order */
    THING_CANCEL,
    THING_REPLACE,
    THING_PAIR, /* order and with, as one */
    THING_QUERY,
    THING_ACCOUNT,
    THING_TIMER,  /* after_us of a symbol */
    THING_EXECUTE /* the rest of an order that was executed in part */
};
struct thing {
    enum thing_kind kind;
    int64_t at_us, seq;
    struct order order, with;
    int order_index, symbol;
    int64_t after_us;
    bool is_answer_lost;
    bool is_copy;   /* of a request that is there already */
    int link, life; /* of the connector that asked: an older one's answer goes nowhere */
    int64_t asked_us, engine_us; /* the same by the clock of who asked */
    int64_t since_us;
};

/* An event on its way to the engine. */
struct sim_told {
    int64_t at_us, seq;
    struct venue_event event;
    struct venue_account *account; /* owned, with its lists */
    bool is_unknown;
    struct order order; /* VENUE_UNKNOWN: whose */
};

/* The connector of one instance. */
struct sim_link {
    struct sim_venue *venue;
    int index, life;
    bool is_connected;
    struct sim_told *events;
    size_t event_count, event_capacity;
    struct venue_account *taken; /* of the event that was taken last */
    int64_t gap_until_us;        /* the stream is down until then; then VENUE_GAP; 0: it is up */
};

struct sim_venue {
    struct sim_venue_options o;
    struct check_random random;
    struct sim_order *orders;
    struct sim_trade *trades;
    size_t order_count, trade_count;
    struct check_random funding_random;
    struct sim_payment *payments;
    size_t payment_count;
    struct money cash;
    struct size held[SIM_SYMBOLS], foreign[SIM_SYMBOLS];
    struct thing *things;
    size_t thing_count, thing_capacity;
    struct sim_link links[SIM_LINKS];
    int64_t seq, next_step_us;
    int64_t closed_until_us; /* maintenance */
    int64_t banned_until_us;
    int64_t delisted_until_us[SIM_SYMBOLS], coarse_until_us[SIM_SYMBOLS]; /* its lots are larger */
    struct check_random timer_random;
    int64_t timer_us[SIM_SYMBOLS]; /* TIME_NONE: it does not run */
    int64_t away_us;               /* the newest moment of any of these */
    struct sim_told dropped;       /* where events go that nobody hears */
};

/* The venue. */
struct price sim_price(const struct sim_venue *v, int symbol, int64_t at_us);
void sim_end(struct sim_venue *v, int order, enum venue_order_state state, const char *reason);
void sim_trade(struct sim_venue *v, int order, int symbol, enum side side, struct size size);
void sim_execute_rest(struct sim_venue *v, int order);
/* An ioc or fok order that has just come. */
void sim_execute_at_once(struct sim_venue *v, int order);
void sim_match_all(struct sim_venue *v);
enum venue_error sim_accept(struct sim_venue *v, const struct order *o, int *order);
/* Both or neither. */
enum venue_error sim_accept_pair(struct sim_venue *v, const struct order *stop,
                                 const struct order *target, int orders[2]);
int sim_find_open(const struct sim_venue *v, const char *client_order_id); /* -1: none */
int sim_symbol(const struct sim_venue *v, const char *symbol);

/* ---- sim_mischief.c ---- */

/* With each step of the prices. */
void sim_mischief(struct sim_venue *v);
void sim_end_mischief(struct sim_venue *v);
/* Why it takes no such order of the symbol now. */
enum venue_error sim_refusal(struct sim_venue *v, const struct order *o, int symbol);
void sim_tell_market(struct sim_venue *v, const char *symbol, enum venue_market_state state,
                     const char *reason);

/* ---- sim_funding.c ---- */

/* With each step of the prices. */
void sim_funding(struct sim_venue *v);
void sim_end_funding(struct sim_venue *v);
/* What of it is told at that moment; the list is the picture's. */
void sim_picture_incomes(struct sim_venue *v, struct venue_account *a, int64_t at_us);

/* ---- sim_timer.c ---- */

/* The port's cancel_after. */
enum err sim_cancel_after(void *self, size_t instrument, int64_t after_us, int64_t at_us);
/* The request arrives; what has run out ends what rests. */
void sim_timer_arrive(struct sim_venue *v, const struct thing *t);
void sim_timers(struct sim_venue *v, int64_t now_us);

/* The way to the engines. */
/* A random delay of a millisecond up to so much more. */
int64_t sim_delay(struct sim_venue *v, int64_t most_us);
struct thing *sim_thing(struct sim_link *l, enum thing_kind kind, int64_t at_us);
void sim_later(struct sim_venue *v, enum thing_kind kind, int order, int64_t after_us);
void sim_sometimes(const struct sim_venue *v, const char *what);
/* An event for an engine at that moment; nobody hears it while none is connected. */
struct sim_told *sim_push(struct sim_link *l, const struct venue_event *e, int64_t at_us);
/* For every engine, each after a while of its own. */
void sim_push_all(struct sim_venue *v, const struct venue_event *e, int64_t most_us);
size_t sim_first_event(const struct sim_link *l);
/* Over the streams, with their faults: the order's ids are filled in. */
void sim_stream(struct sim_venue *v, int order, const struct venue_event *e);
void sim_tell_trade(struct sim_venue *v, size_t trade);
const char *sim_fee_currency(const struct sim_venue *v, const struct sim_trade *t);
struct venue_event sim_trade_event(const struct sim_venue *v, size_t trade);
/* An answer to a request, after the way back; NULL account: none. */
void sim_answer(struct sim_venue *v, const struct thing *t, const struct venue_event *e,
                struct venue_account *account);
struct venue_account *sim_picture(struct sim_venue *v, const struct thing *t);
void sim_picture_free(struct venue_account *a);
void sim_process(struct sim_venue *v, const struct thing *t);

#endif
