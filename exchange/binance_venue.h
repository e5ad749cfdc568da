/* SPDX-License-Identifier: Apache-2.0 */
/* The venue port on Binance, spot or USD-M, by REST alone.
 *
 * Orders are followed by asking for them: soon after they were sent, then about once a second while
 * few are alive, slower the more there are.  What executed comes from the order's own trades, each
 * told once by this object under the venue's trade id.  A restart may tell them again: the engine
 * books an id once.  Stops of USD-M go to its algo service; when one has triggered, the order it
 * became is followed in its place.  A stop on spot is a market order at the stop price where the
 * symbol has such orders, else a limit order 5 % beyond it.
 *
 * Which symbols are traded, and by which filters, is asked for every so often, and at once when an
 * order was refused for them; VENUE_MARKET tells what has changed.
 *
 * All functions of the port are the engine thread's; only the wake-up comes from the transport's.
 * Order of ending: transport_free, binance_venue_free, binance_client_free. */
#ifndef EXCHANGE_BINANCE_VENUE_H
#define EXCHANGE_BINANCE_VENUE_H

#include "engine/venue.h"
#include "exchange/binance_client.h"

struct binance_venue;

struct binance_venue_options {
    struct binance_client *client; /* borrowed, with keys */
    /* Those that are traded, as binance_client_load gave them; copied. */
    const struct binance_instrument *instruments;
    size_t instrument_count;
    int64_t window_us; /* how long after it was made an order's request is good */
    int64_t
        filters_every_us; /* how often what is traded, and its filters, are asked for; 0: never */
};
struct binance_venue *binance_venue_new(const struct binance_venue_options *o);
void binance_venue_free(struct binance_venue *v); /* NULL allowed */
struct venue binance_venue_port(struct binance_venue *v);

#endif
