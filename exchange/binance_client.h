/* SPDX-License-Identifier: Apache-2.0 */
/* One account at Binance, spot or USD-M: sends requests within the venue's limits, at its time.
 *
 * What every request passes, on the transport's thread, just before it leaves: the rate budget (it
 * waits in line when there is no room, by class), the venue's clock (it waits until that is known),
 * its own expiry (it is refused here when it would arrive too late), the signature.  From every
 * answer are read: the venue's counts of requests and orders, 429 and 418 with their Retry-After,
 * and -1021, which makes the client ask for the time anew.  Three 403 in a row count as a ban of
 * five minutes: the firewall in front of the venue blocks those who go on.
 *
 * The client never sends a request twice.  All who use one venue from this process share one
 * client, because limits are counted by address and account.
 *
 * Order of ending: transport_free, boxes, binance_client_free. */
#ifndef EXCHANGE_BINANCE_CLIENT_H
#define EXCHANGE_BINANCE_CLIENT_H

#include "core/clock.h"
#include "exchange/binance_error.h"
#include "exchange/binance_place.h"
#include "exchange/binance_request.h"

/* What start-up and tools give a request: longer than a minute's limit that others, or this very
 * daemon before it was killed, have used up. */
#define BINANCE_PATIENCE_US (90 * US_PER_S)

struct binance_settings {
    enum binance_market market;
    const char *environment;  /* testnet, demo, production */
    const char *url;          /* in place of the environment's; NULL or "": that */
    const char *key, *secret; /* NULL: market data only */
    int64_t window_ms;        /* recvWindow of requests without an expiry; 1 to 60000 */
};

struct binance_client;
/* Copies the settings; the transport is borrowed.  ERR_INVALID and ERR_LIVE_CLOSED with a diag. */
MUST_USE enum err binance_client_new(const struct binance_settings *s, struct transport *t,
                                     struct diag_list *diags, struct binance_client **out);
void binance_client_free(struct binance_client *c); /* NULL allowed; the secret is wiped */

enum binance_market binance_client_market(const struct binance_client *c);
const char *binance_client_url(const struct binance_client *c);

/* Any thread.  The answer with this tag comes into the box.  expires_us (monotonic clock;
 * INT64_MAX: none): the venue is to refuse it when it comes later.  timeout_us: how long the answer
 * may take in all, waiting for the budget included.  ERR_LIMIT when too much waits already,
 * ERR_INVALID when the request does not fit or is signed and there are no keys. */
MUST_USE enum err binance_client_send(struct binance_client *c, const struct binance_request *r,
                                      int64_t expires_us, int64_t timeout_us,
                                      struct transport_box *box, uint64_t tag);

/* Any thread.  Orders for so many symbols may come at this instant (monotonic clock): connections
 * for some of them are opened shortly before (net/transport.h, transport_expect). */
void binance_client_expect(struct binance_client *c, int64_t at_us, size_t symbols);

/* Sends and waits, for tools and start-up; a request that reads is asked again once when the venue
 * says that our time is wrong.  The answer is the caller's to release. */
MUST_USE enum err binance_client_call(struct binance_client *c, const struct binance_request *r,
                                      int64_t timeout_us, struct transport_answer *a,
                                      struct binance_verdict *v);

/* Asks for the instruments of these symbols (unified; all of them when count is 0) and keeps the
 * venue's limits.  Waits; the result is the caller's to release. */
MUST_USE enum err binance_client_load(struct binance_client *c, const char *const *symbols,
                                      size_t count, struct diag_list *diags,
                                      struct binance_exchange *out);

/* Replaces the limits that were assumed (the venue's documented ones). */
void binance_client_limits(struct binance_client *c, const struct binance_exchange *x);

/* The venue's time at a monotonic instant, and how far wrong it may be; ERR_AGAIN before the first
 * answer (asking begins with the first signed request). */
MUST_USE enum err binance_client_time(struct binance_client *c, int64_t now_us, int64_t *venue_us,
                                      int64_t *error_us);

struct binance_usage {
    int fullness;           /* thousandths of the fullest limit */
    int64_t blocked_for_us; /* 429; 0: not */
    int64_t banned_for_us;  /* 418; 0: not */
    uint64_t sent, rate_limited, clock_errors;
    uint64_t bans; /* of rate_limited: 418 */
    struct rate_state limits[RATE_LIMITS];
    int limit_count;
    size_t waiting;        /* requests that have not left yet */
    int64_t oldest_us;     /* how long the oldest of them has waited; 0: none waits */
    bool knows_time;       /* of the venue's clock: */
    int64_t offset_us;     /* against our wall clock: positive when it is ahead */
    int64_t time_error_us; /* how far wrong that may be */
};
void binance_client_usage(struct binance_client *c, struct binance_usage *out);

#endif
