/* SPDX-License-Identifier: Apache-2.0 */
/* From configuration to a connected venue: transport, client, instruments. */
#ifndef SERVER_VENUE_OPEN_H
#define SERVER_VENUE_OPEN_H

#include "core/config.h"
#include "exchange/binance_client.h"

struct venue_link {
    struct transport *transport;
    struct binance_client *client;
    struct binance_exchange exchange; /* the instruments asked for */
};

/* True when the configuration names a venue. */
bool venue_is_configured(const struct config *c);

/* Connects and loads the instruments of `venue_symbols`; every one must be there.  Diags name the
 * key and what would be right.  Waits for the venue. */
MUST_USE enum err venue_link_open(const struct config *c, struct diag_list *diags,
                                  struct venue_link *out);
void venue_link_close(struct venue_link *l);

#endif
