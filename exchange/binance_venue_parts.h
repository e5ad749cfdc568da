/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of exchange/binance_venue.h, shared by its files only. */
#ifndef EXCHANGE_BINANCE_VENUE_PARTS_H
#define EXCHANGE_BINANCE_VENUE_PARTS_H

#include "exchange/binance_parse.h"
#include "exchange/binance_venue.h"
#include "exchange/waker.h"

enum {
    VENUE_JOBS = 1024,      /* questions and requests on their way */
    VENUE_FILLS_TOLD = 2000 /* trade ids remembered of one order */
};

/* An order that is followed, from its submission to its end. */
struct watched {
    struct order order; /* as it was when it was given */
    char symbol[BINANCE_SYMBOL];
    char venue_id[BINANCE_ID];  /* orderId or algoId; "" until told */
    char actual_id[BINANCE_ID]; /* of the order a triggered stop became */
    bool is_algo;
    bool accepted_told, end_told;
    int64_t pair_id;    /* the order that was sent with it as one; 0: none, or not known any more */
    int jobs;           /* on their way about it */
    int64_t poll_at_us; /* monotonic; INT64_MAX: not while its submission is on its way */
    int polls;
    struct size told; /* sum of the fills told */
    char (*fills)[BINANCE_ID];
    size_t fill_count, fill_room;
};

enum job_kind {
    JOB_NONE, /* a free place */
    JOB_SUBMIT,
    JOB_CANCEL,
    JOB_REPLACE,
    JOB_PAIR, /* order_id and with_id as one */
    JOB_CANCEL_PAIR,
    JOB_QUERY,
    JOB_POLL,
    JOB_ACCOUNT,
    JOB_MARKET,
    JOB_SILENT /* nobody waits for its answer */
};
enum job_step {
    STEP_ACT,    /* place, cancel, replace, the timer */
    STEP_LOOK,   /* the order */
    STEP_ACTUAL, /* the order a triggered stop became */
    STEP_TRADES, /* what it executed */
    STEP_OPEN,   /* of the account, from here on */
    STEP_OPEN_ALGO,
    STEP_BALANCES,
    STEP_POSITIONS,
    STEP_INCOME,
    STEP_HISTORY
};

/* What is known of an order at one moment. */
struct sight {
    bool is_there;
    enum binance_status status;
    struct size executed;
    char reason[LIMIT_REASON];
};

struct job {
    enum job_kind kind;
    enum job_step step;
    uint32_t serial; /* so that a late answer is not taken for another's */
    int64_t order_id, with_id;
    struct sight sight;
};

/* The account's picture while it is put together, and the one told last. */
struct gathering {
    struct venue_open_order *orders;
    struct venue_trade *trades;
    struct venue_balance *balances;
    struct venue_position *positions;
    struct venue_income *incomes;
    size_t order_room, trade_room, balance_room, position_room, income_room;
    int64_t income_from_us; /* begin of the page that is asked for: venue time */
    struct venue_account told;
    int64_t since_us, until_us; /* venue time */
    size_t instrument;          /* whose trades are asked for */
    int64_t from_us;            /* begin of the day that is asked for */
    char from_id[BINANCE_ID];   /* behind a full page */
    bool is_busy;
};

/* The filters of now (binance_venue_market.c); times are monotonic. */
struct filter_watch {
    int64_t every_us; /* 0: never */
    int64_t at_us;    /* when to ask next */
    int64_t asked_us; /* 0: never */
    bool is_busy;
    size_t first, next, step, asked; /* of the instruments: what is asked for, so many at once */
    bool *gone;                      /* an instrument: the venue does not list it any more */
    struct venue_event *held;        /* told when the answer is there */
    size_t held_count, held_room;
};

struct binance_venue {
    struct binance_client *client;
    enum binance_market market;
    struct binance_instrument *instruments;
    size_t instrument_count;
    int64_t window_us;
    struct transport_box *box;
    atomic_int answers; /* in the box */
    struct waker waker;
    struct watched **watched;
    size_t watched_count, watched_room;
    struct job jobs[VENUE_JOBS];
    uint32_t serial;
    struct venue_event *events; /* from event_first on */
    size_t event_first, event_count, event_room;
    struct gathering account;
    struct filter_watch filters;
    int64_t failing_since_us; /* monotonic; 0: the newest answer was a good one */
};

/* Events. */
struct venue_event *venue_push(struct binance_venue *v, enum venue_event_kind kind);
struct venue_event *venue_push_of(struct binance_venue *v, enum venue_event_kind kind,
                                  const struct watched *w);
void venue_push_error(struct venue_event *e, const struct binance_verdict *verdict);

/* Orders. */
struct watched *venue_watched(struct binance_venue *v, int64_t order_id); /* NULL: not followed */
MUST_USE enum err venue_watch(struct binance_venue *v, const struct order *o, struct watched **out);
void venue_unwatch(struct binance_venue *v, int64_t order_id);
const struct binance_instrument *venue_instrument(const struct binance_venue *v,
                                                  const char *symbol);
/* The unified name of the venue's symbol, or NULL. */
const char *venue_symbol(const struct binance_venue *v, const char *symbol);
/* An instant of the venue's clock on the engine's. */
int64_t venue_engine_time(const struct binance_venue *v, int64_t venue_us);
/* When to look at it next. */
void venue_plan_poll(struct binance_venue *v, struct watched *w, int64_t now_us);
/* What an order is at the venue. */
void venue_wish(const struct binance_venue *v, const struct watched *w, struct binance_wish *out);

/* Jobs. */
MUST_USE enum err venue_job_new(struct binance_venue *v, enum job_kind kind, enum job_step step,
                                int64_t order_id, struct job **out);
void venue_job_end(struct binance_venue *v, struct job *j);
MUST_USE enum err venue_job_send(struct binance_venue *v, struct job *j,
                                 const struct binance_request *r, int64_t expires_us,
                                 int64_t timeout_us);
/* Asks for the order of a job; its answer goes on by itself. */
MUST_USE enum err venue_job_look(struct binance_venue *v, struct job *j);
/* Takes one answer in (binance_venue_job.c). */
void venue_job_answer(struct binance_venue *v, struct job *j, const struct transport_answer *a);

/* For the answers of binance_venue_pair.c.  An order's answer into what is known of it; true: a
 * triggered stop, whose order is to be asked for. */
bool venue_job_see(struct binance_venue *v, struct watched *w, const struct binance_order *o,
                   struct sight *s);
/* What executed beyond what was told is asked for; then the job is over. */
void venue_job_settle(struct binance_venue *v, struct job *j);
/* The question itself failed: nothing was learned, and the job is over. */
void venue_job_fail(struct binance_venue *v, struct job *j, const struct binance_verdict *verdict);
/* An order of which somebody else's answer told: as if it had been submitted alone. */
void venue_job_placed(struct binance_venue *v, struct watched *w, const struct binance_order *o);
void venue_job_refused(struct binance_venue *v, struct watched *w,
                       const struct binance_verdict *verdict);
void venue_job_unreadable(struct binance_verdict *out, const struct diag_list *diags);

/* Stop and target as one (binance_venue_pair.c). */
MUST_USE enum err venue_pair_submit(struct binance_venue *v, const struct order *stop,
                                    const struct order *target, int64_t expires_us,
                                    int64_t timeout_us);
/* Sends the cancel of both; ERR_NOT_FOUND: it is not known to be half of a pair. */
MUST_USE enum err venue_pair_cancel(struct binance_venue *v, struct watched *w, int64_t timeout_us);
void venue_pair_answer(struct binance_venue *v, struct job *j, const struct transport_answer *a,
                       struct binance_verdict *verdict);

/* The market (binance_venue_market.c). */
void venue_market_begin(struct binance_venue *v, int64_t every_us);
void venue_market_release(struct binance_venue *v);
/* Asks when it is time. */
void venue_market_poll(struct binance_venue *v, int64_t now_us);
/* The venue refused something for what it trades or for its filters: asks soon. */
void venue_market_hurry(struct binance_venue *v);
/* Asks soon and tells the event afterwards; false: it is the caller's to tell. */
bool venue_market_hold(struct binance_venue *v, const struct venue_event *e);
void venue_market_answer(struct binance_venue *v, struct job *j, const struct transport_answer *a,
                         const struct binance_verdict *verdict);

/* The account (binance_venue_account.c). */
MUST_USE enum err venue_account_begin(struct binance_venue *v, int64_t since_us, int64_t at_us);
void venue_account_answer(struct binance_venue *v, struct job *j, const struct transport_answer *a,
                          const struct binance_verdict *verdict);
void venue_account_release(struct gathering *g);

#endif
