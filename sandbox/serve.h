/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox venue over HTTP: sockets, waits, dropped answers, and the file of what happened.
 *
 * Beside Binance's paths it serves, on a loopback address only, /sandbox/state (GET),
 * /sandbox/faults (POST a script, DELETE) and /sandbox/step?ms=N (POST). */
#ifndef SANDBOX_SERVE_H
#define SANDBOX_SERVE_H

#include "http/listen.h"
#include "sandbox/box.h"

struct serve_options {
    struct box_options box; /* start_us is taken from the file when there is one */
    struct listen_address address;
    const char *state_path;  /* NULL: nothing is kept */
    const char *faults_path; /* NULL: none */
};

struct serve;

/* Listens when it returns.  Diags name what is wrong: the series, a line of the faults, the state
 * file (of other candles, or damaged in another place than its end), the address. */
MUST_USE enum err serve_new(const struct serve_options *options, struct diag_list *diags,
                            struct serve **out);
int serve_port(const struct serve *s);
void serve_free(struct serve *s); /* NULL allowed */

#endif
