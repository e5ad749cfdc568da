/* SPDX-License-Identifier: Apache-2.0 */
/* A venue for measuring: a process on loopback that notes when each order's bytes arrived.
 *
 * It speaks as much of Binance's spot protocol as the connector asks for, with and without TLS, and
 * answers every order as expired without a fill, so that the next candle may order again.  It is
 * another process, as a venue is. */
#ifndef BENCH_BENCH_VENUE_H
#define BENCH_BENCH_VENUE_H

#include "core/base.h"

enum {
    BENCH_ORDERS_MAX = 1 << 18
};

struct bench_arrival {
    int64_t written_us;  /* its last byte lay in the venue's socket, by the kernel's stamp */
    int64_t arrived_us;  /* the venue, which had to wake up, had read it whole; both monotonic */
    int64_t used_before; /* requests that came on the same connection before: must be 0 */
};

/* Shared by the two processes. */
struct bench_arrivals {
    uint64_t count; /* atomic */
    struct bench_arrival items[BENCH_ORDERS_MAX];
};

struct bench_venue {
    int process;
    int port;
    struct bench_arrivals *arrivals;
};

/* Starts it; before any thread.  folder: has cert.pem and key.pem; NULL: no TLS. */
void bench_venue_start(struct bench_venue *v, const char *folder);
void bench_venue_stop(struct bench_venue *v);
uint64_t bench_venue_count(const struct bench_venue *v);

#endif
