/* SPDX-License-Identifier: Apache-2.0 */
/* The feed port on a venue's klines as they close, in real time.
 *
 * At each end of a candle the closed candles of all symbols are asked for; when every symbol has
 * its own, closes and opens of that instant are told, in the order of engine/feed.h.  Only closed
 * candles are told: a row is closed when the venue shows a later one, or two seconds after its end.
 * What was missed (a pause, a lost connection) is asked for and told late, in order.  A symbol that
 * the venue does not tell within the patience gets a flat candle (CANDLE_SYNTHETIC: no fills, no
 * entries), up to LIMIT_GAP_FILL in a row; after more its next candle has CANDLE_AFTER_GAP.
 *
 * The engine's cycles have to be much shorter than a candle: it asks at one and is told at the
 * next, and a candle that is a timeframe old decides nothing.
 *
 * Before anything is due `peek` names an instant that lies ahead; it never fails and never ends.
 * Times are the venue's: the shift given to rewind is the account's first instant (first_us is 0),
 * and nothing before it is told but by history.
 *
 * The engine's thread calls all but history and the status, which are any thread's.  Order of
 * ending: transport_free, venue_feed_free, binance_client_free. */
#ifndef EXCHANGE_VENUE_FEED_H
#define EXCHANGE_VENUE_FEED_H

#include "engine/feed.h"
#include "exchange/binance_client.h"

struct venue_feed;

struct venue_feed_options {
    struct binance_client *client;        /* borrowed; keys are not needed */
    const struct instrument *instruments; /* copied; the engine's, in its order */
    size_t instrument_count;
    int64_t timeframe_us;
    int past;            /* candles of each symbol to begin with, for warming up */
    int64_t patience_us; /* how long one symbol is waited for when others have closed */
};
/* Asks for the past and waits for it: ERR_IO with a diag when the venue does not answer. */
MUST_USE enum err venue_feed_new(const struct venue_feed_options *o, struct diag_list *diags,
                                 struct venue_feed **out);
void venue_feed_free(struct venue_feed *f); /* NULL allowed */
struct feed venue_feed_port(struct venue_feed *f);

/* How one symbol is doing. */
struct venue_feed_state {
    int64_t last_open_us; /* of its newest candle; TIME_NONE: none */
    int64_t silent_us;    /* since its newest good answer */
    int64_t filled;       /* candles that were filled in, not told by the venue */
    int failures;         /* answers in a row that were none */
};
void venue_feed_status(struct venue_feed *f, size_t instrument, struct venue_feed_state *out);

#endif
