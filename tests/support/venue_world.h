/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the venue port share: a sandbox venue in this process, a market that falls, and
 * events collected until something has happened. */
#ifndef TESTS_SUPPORT_VENUE_WORLD_H
#define TESTS_SUPPORT_VENUE_WORLD_H

#include "engine/venue.h"
#include "exchange/binance_venue.h"
#include "sandbox/serve.h"

enum {
    VENUE_EVENTS = 256,
    VENUE_CANDLES = 1200,
    VENUE_NOW = 500 /* the candle that is now: so many are past */
};

struct venue_world {
    struct candle candles[VENUE_CANDLES];
    struct serve *sandbox;
    struct transport *transport;
    struct binance_client *client;
    struct binance_venue *own;
    struct venue port;
    enum binance_market market;
    const char *symbol; /* unified */
    struct instrument instrument;
    bool moves;
    char url[64];
    struct venue_event events[VENUE_EVENTS];
    size_t count;
    int64_t last_id;
};

/* 40000 until five minutes from now, then 39000; one-minute candles. */
int venue_world_spot(void **state);
int venue_world_usdm(void **state);
/* Spot in real time, candles of a second: 40000, after ten seconds 40500, after 25 39000. */
int venue_world_moving(void **state);
int venue_world_end(void **state);
/* As a restart: what was on its way is given up, and nothing is followed. */
void venue_restart(struct venue_world *w);

/* A port in place of this one that asks for the filters every so often; nothing is followed. */
void venue_watch_filters(struct venue_world *w, int64_t every_us);

/* Of 0.01 unless size says otherwise, with the next id and a name of its own. */
struct order venue_order(struct venue_world *w, enum side side, enum order_type type,
                         const char *size, const char *price);
void venue_submit(struct venue_world *w, const struct order *o);

/* Collects events until one of this kind about this order (0: any) has come; fails after a
 * minute.  The event is the collection's. */
const struct venue_event *venue_wait(struct venue_world *w, int64_t order_id,
                                     enum venue_event_kind kind);
/* Goes on for so long, whatever comes. */
void venue_rest(struct venue_world *w, int64_t us);
/* Collects events until there are so many of this kind about this order; fails after a minute. */
void venue_wait_count(struct venue_world *w, int64_t order_id, enum venue_event_kind kind,
                      size_t count);
/* Collects events until the port follows nothing any more; fails after a minute. */
void venue_wait_idle(struct venue_world *w);
size_t venue_count(const struct venue_world *w, int64_t order_id, enum venue_event_kind kind);
/* What the fills of an order add up to. */
struct size venue_filled(const struct venue_world *w, int64_t order_id);

/* The sandbox's controls. */
void venue_faults(struct venue_world *w, const char *script);
void venue_step(struct venue_world *w, int64_t us);
/* How often a text stands in the sandbox's whole state. */
size_t venue_state_count(struct venue_world *w, const char *text);

#endif
