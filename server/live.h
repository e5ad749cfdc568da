/* SPDX-License-Identifier: Apache-2.0 */
/* The configured venue: its instruments and, in live mode, the port that orders go through. */
#ifndef SERVER_LIVE_H
#define SERVER_LIVE_H

#include "core/config.h"
#include "engine/strategy.h"
#include "engine/venue.h"
#include "handlers/venue_source.h"

struct live;

/* Connects, asks for the instruments, the past candles and, in live mode, the account.  Diags name
 * the key and what would be right.  strategy: whose timeframe is the candles' when none is
 * configured; NULL: none. */
MUST_USE enum err live_open(const struct config *c, const struct strategy *strategy,
                            struct diag_list *diags, struct live **out);
/* After the engine has ended.  NULL is allowed. */
void live_close(struct live *l);

/* In the order of the feed; owned by the live. */
const struct instrument *live_instruments(const struct live *l, size_t *count);
struct feed live_feed(struct live *l);
/* How it is doing, for handlers; l NULL: nothing to show. */
struct venue_source live_source(const struct live *l);
/* Live mode only. */
struct venue live_venue(struct live *l);

#endif
