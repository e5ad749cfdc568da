/* SPDX-License-Identifier: Apache-2.0 */
/* The table of open connections and the reaper of slow ones.
 *
 * libmicrohttpd's own time limit is one of inactivity: a client that sends a byte a second lives
 * for ever.  The reaper shuts a socket down when a phase takes too long in all. */
#ifndef HTTP_CONNECTIONS_H
#define HTTP_CONNECTIONS_H

#include <stdatomic.h>

#include "core/error.h"
#include "http/request.h"

enum connection_phase {
    CONNECTION_NEW,     /* connected, no request line yet */
    CONNECTION_READING, /* request line seen, headers and body still coming */
    CONNECTION_WORKING, /* ours */
    CONNECTION_WRITING, /* answer queued */
    CONNECTION_IDLE     /* kept alive between requests */
};

struct connections;

struct connection {
    int fd;
    struct peer peer;
    _Atomic int phase;
    _Atomic int64_t since_us;
    struct connections *table;
    struct connection *previous, *next;
};

/* Starts the reaper's thread. */
MUST_USE enum err connections_new(struct connections **out);
void connections_free(struct connections *t); /* NULL allowed; all connections are gone */

struct connection *connections_add(struct connections *t, int fd);
void connections_remove(struct connection *c); /* before its descriptor is closed */
void connection_enter(struct connection *c, enum connection_phase phase);

size_t connections_count(struct connections *t);
/* Ends those that wait for a request: used while draining. */
void connections_end_idle(struct connections *t);

#endif
