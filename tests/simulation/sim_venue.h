/* SPDX-License-Identifier: Apache-2.0 */
/* A venue with faults, in memory: a small model of its own of what a venue does, and the connector.
 *
 * The venue: orders and trades that nothing is ever taken away from, prices that move along the
 * candles, a book of balances or positions, answers that lag.  The connector: requests and answers
 * that take time, are lost, late or twice, events of a stream that are lost, late, twice and out of
 * order.  What the venue did is told to the judge by its records, not by what it answered.
 *
 * Each instance of the engine has a connector (a link), which dies with it (sim_venue_disconnect);
 * the venue and what is on its way to it go on. */
#ifndef TESTS_SIMULATION_SIM_VENUE_H
#define TESTS_SIMULATION_SIM_VENUE_H

#include "engine/venue.h"
#include "tests/simulation/sim_clock.h"

enum {
    SIM_SYMBOLS = 2,
    SIM_LINKS = 2, /* connectors: one an instance of the engine */
    SIM_ORDERS_MAX = 4096,
    SIM_TRADES_MAX = 8192,
    SIM_PAYMENTS_MAX = 512,
    SIM_SOMETIMES_NAME = 64
};

/* Chances in 1000 of each request, order, event or step. */
struct sim_faults {
    int lost_request, lost_answer, slow_request, not_sent, executed_5xx, refused, silent_ban;
    int stream_lost, stream_twice, stream_slow, query_failed, query_lags, account_failed;
    int own_cancel, ends_unsaid, parts, cancel_race, maintenance;
    int twice_request, key_refused, delist, filter_change;
    int foreign_trade, foreign_order, liquidate;
};

/* Likewise, with a random stream of their own. */
struct sim_funding {
    int paid; /* of each symbol and step */
    int late, twice;
};

struct sim_order {
    char client_order_id[33];
    char venue_order_id[24];
    int symbol;
    enum side side;
    enum order_type type;
    enum order_life life;
    bool reduce_only;
    bool is_disowned; /* as if another owner's: see sim_venue_disown */
    struct size size, executed;
    struct price level;
    int pair;                     /* ends with order `pair - 1`; 0: with none, or it has ended */
    int64_t created_us, ended_us; /* TIME_NONE: open */
    enum venue_order_state state;
};
struct sim_trade {
    int order; /* -1: foreign */
    int symbol;
    enum side side;
    struct price price;
    struct size size;
    struct money fee;
    enum fee_kind fee_kind;
    int64_t at_us;
};

/* Funding: of what was held when so many trades had been. */
struct sim_payment {
    int symbol;
    struct money amount; /* negative: paid by who holds */
    int64_t at_us, tell_us;
    size_t trade_count;
    bool is_twice, is_told;
    uint64_t lives; /* of all connectors so far */
};

/* What the judge is asked at the moments it cannot see later. */
struct sim_watch {
    void *self;
    bool (*is_dead)(void *self, int link);                          /* no request leaves any more */
    void (*submitted)(void *self, int link, const struct order *o); /* before a byte leaves */
    void (*canceled)(void *self, int link, const struct order *o);  /* likewise, its cancel */
    void (*leaves)(void *self, int link); /* then: it may be long until it does */
    void (*arrived)(void *self, int link, const struct order *o); /* in time, and not refused */
    void (*told_unknown)(void *self, int link, const struct order *o); /* the event is taken */
    void (*told)(void *self, int link, const struct venue_event *e);   /* likewise, every event */
    void (*timed_out)(void *self, const char *client_order_id);        /* the timer ends an order */
    void (*sometimes)(void *self, const char *what);
};

struct sim_venue;

struct sim_venue_options {
    uint64_t seed;
    const struct instrument *instruments; /* SIM_SYMBOLS of them */
    const int64_t (*path)[SIM_SYMBOLS];   /* prices in ticks, one row each step_us from start_us */
    size_t path_length;
    int64_t start_us, step_us;
    uint64_t timer_seed;
    struct money cash;
    enum fee_kind fees; /* of our trades; in base: of what buys receive, sells pay in quote */
    struct venue_traits traits;
    struct sim_faults faults;
    struct sim_funding funding;
    uint64_t funding_seed;
    bool adopts; /* what others do to our positions is taken over: they give nothing back */
    struct sim_watch watch;
};

struct sim_venue *sim_venue_new(const struct sim_venue_options *o);
void sim_venue_free(struct sim_venue *v);
struct venue sim_venue_port(struct sim_venue *v, int link);

/* Does what is due until now; the next moment at which something is due. */
void sim_venue_advance(struct sim_venue *v, int64_t now_us);
int64_t sim_venue_due_us(const struct sim_venue *v);
/* An engine is there to hear; at first none is. */
void sim_venue_connect(struct sim_venue *v, int link);
/* Events that could be taken now, and requests of this life that have no answer yet. */
size_t sim_venue_untaken(const struct sim_venue *v, int link);
size_t sim_venue_asked(const struct sim_venue *v, int link);
/* The engine has died: events not taken are lost, answers go nowhere. */
void sim_venue_disconnect(struct sim_venue *v, int link);
/* From now on nothing goes wrong. */
void sim_venue_heal(struct sim_venue *v);
/* Whoever trades beside us cancels what rests and, unless we adopt, gives back what was ours. */
void sim_venue_tidy(struct sim_venue *v);
/* The order is in no record of ours: it and its trades count as another owner's. */
void sim_venue_disown(struct sim_venue *v, int order);
/* Refuses requests, or had to be left alone, at some moment since. */
bool sim_venue_was_away(const struct sim_venue *v, int64_t since_us);

/* The records. */
const struct sim_order *sim_venue_orders(const struct sim_venue *v, size_t *count);
const struct sim_trade *sim_venue_trades(const struct sim_venue *v, size_t *count);
void sim_trade_id(size_t trade, char id[24]);
const struct sim_payment *sim_venue_payments(const struct sim_venue *v, size_t *count);
void sim_payment_id(size_t payment, char id[24]);
/* When the timer of a symbol ends its orders; TIME_NONE: it does not run. */
int64_t sim_venue_timer_us(const struct sim_venue *v, int symbol);
/* What the trade made of what is held, its fee included: signed. */
struct size sim_trade_moved(const struct sim_trade *t);
/* What trades of ours made of it; of perpetuals once nothing is held. */
struct money sim_venue_cash(const struct sim_venue *v);
struct size sim_venue_foreign(const struct sim_venue *v, int symbol); /* signed */

#endif
