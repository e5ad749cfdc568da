/* SPDX-License-Identifier: Apache-2.0 */
/* From configuration to what is traded: strategy, instruments, feed and venue, recorded and
 * simulated or real. */
#ifndef SERVER_MARKET_H
#define SERVER_MARKET_H

#include "core/config.h"
#include "engine/trial.h"
#include "exchange/funding_file.h"
#include "exchange/recorded_feed.h"
#include "server/live.h"

struct market {
    struct strategy *strategy; /* NULL: none configured */
    struct instrument *instruments;
    size_t instrument_count;
    struct recorded_feed *recorded; /* NULL: no candles configured */
    struct live *live;              /* a venue gives the candles; NULL: none does */
    struct feed_beside *beside;     /* funding and finer candles, one an instrument */
    struct funding_series *funding; /* likewise; what beside names is owned here */
    struct candle **details;
    struct feed_join *join;   /* NULL: the feed is what was recorded */
    char feed_id[DIGEST_HEX]; /* of the recording, what is played beside it included; "": none */
    struct feed feed;
    struct simulate *simulate; /* NULL: orders go to the venue */
    struct venue venue;
};

/* Diags name the key, file, line and what would be right. */
MUST_USE enum err market_open(const struct config *c, struct diag_list *diags, struct market *out);
void market_close(struct market *m);
/* The candles alone, and what the configuration has beside them: fills in instruments, recorded,
 * beside, feed_id and feed (as recorded, without what is beside) of a market whose strategy (or
 * NULL) may tell a file's symbol.  market_close ends it, on error too. */
MUST_USE enum err market_open_feed(const struct config *c, struct diag_list *diags,
                                   struct market *m);

/* Reads `funding` and `detail` of the configuration for the market's instruments and feed.  Funding
 * of what is no perpetual, or of what has no candles, and finer candles that are those of something
 * else are refused (server/market_beside.c). */
MUST_USE enum err market_open_beside(const struct config *c, struct diag_list *diags,
                                     struct market *m);
void market_close_beside(struct market *m);

/* What fills cost and what risk allows, by the configuration; paper's, so a stop is demanded. */
struct trial_terms market_terms(const struct config *c);

/* Symbol and path of a candle file: "SYMBOL=FILE", else its name tells, else it is the strategy's
 * only symbol (strategy may be NULL).  The path is a part of the item. */
MUST_USE enum err market_split_item(const char *item, const struct strategy *strategy,
                                    struct diag_list *diags, char symbol[LIMIT_SYMBOL],
                                    const char **path);

/* bps as a fraction. */
struct ratio market_bps(struct ratio bps);

#endif
