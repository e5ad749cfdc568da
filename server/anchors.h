/* SPDX-License-Identifier: Apache-2.0 */
/* Has others attest the log: one thread that asks witnesses to cosign checkpoints, and authorities
 * to time stamp them, and stores what holds.
 *
 * Protocols: https://c2sp.org/tlog-witness, RFC 3161.  Witnesses are asked when the log has grown,
 * once a minute at most, and once an interval when it has not; authorities once an interval and at
 * the end of a day (UTC), when it has grown.  Who does not answer is asked again with growing
 * pauses; who saw another history is not asked any more until the next start.  Trading never waits
 * for any of it. */
#ifndef SERVER_ANCHORS_H
#define SERVER_ANCHORS_H

#include "core/config.h"
#include "core/error.h"
#include "engine/engine.h"
#include "handlers/anchor_board.h"
#include "store/store.h"

struct anchors;

struct anchors_options {
    const struct config *config;
    struct store *store;
    struct engine *engine;
    const char *account;
    const char *vkey; /* of its log */
};

/* Reads policy and certificates and starts the thread; *out is NULL when neither witnesses nor
 * authorities are configured.  A diag says what is wrong with a file or URL.  All of the options
 * outlive it. */
MUST_USE enum err anchors_new(const struct anchors_options *o, struct diag_list *diags,
                              struct anchors **out);
/* Gives up what is on its way and joins the thread; NULL allowed. */
void anchors_free(struct anchors *a);
struct anchor_board *anchors_board(struct anchors *a); /* NULL gives NULL */

#endif
