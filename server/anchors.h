/* SPDX-License-Identifier: Apache-2.0 */
/* Has others attest the log: one thread that asks witnesses to cosign checkpoints, and authorities
 * to time stamp them, and stores what holds.
 *
 * Protocols: https://c2sp.org/tlog-witness, RFC 3161.  Witnesses are asked when the log has grown,
 * once a minute at most, and once an interval when it has not; authorities once an interval and at
 * the end of a day (UTC), when it has grown.  Who does not answer is asked again with growing
 * pauses; who saw another history is not asked any more until the next start, and the log is not
 * appended to any more (docs/anchors.md).  Trading never waits for any of it. */
#ifndef SERVER_ANCHORS_H
#define SERVER_ANCHORS_H

#include "core/config.h"
#include "core/error.h"
#include "engine/engine.h"
#include "engine/log_step.h"
#include "handlers/anchor_board.h"
#include "store/store.h"

struct anchors;

struct anchors_options {
    const struct config *config;
    struct store *store;
    const char *account;
    const char *vkey;                /* of its log */
    const char *next_vkey;           /* of the key that takes over; "" */
    const struct log_signer *signer; /* likewise */
    /* What was attested is named by an entry of the log: each round of time stamps, and once an
     * interval what the quorum signed.  Not in a replay, whose log follows from its candles. */
    bool chains;
};

/* Reads policy and certificates, and asks the witnesses once, all at the same time, for a few
 * seconds at most: is the database's log the one that they have signed?  When one of them is ahead
 * of it or saw another history, store_log_fault says so afterwards.  Who does not answer in time
 * keeps nobody from starting; the thread asks again, and then the same fault halts the engine.
 *
 * *out is NULL when neither witnesses nor authorities are configured.  A diag says what is wrong
 * with a file or URL.  All of the options outlive it. */
MUST_USE enum err anchors_new(const struct anchors_options *o, struct diag_list *diags,
                              struct anchors **out);
/* Starts the thread; NULL allowed. */
MUST_USE enum err anchors_start(struct anchors *a, struct engine *engine);
/* Gives up what is on its way and joins the thread; NULL allowed. */
void anchors_free(struct anchors *a);
struct anchor_board *anchors_board(struct anchors *a); /* NULL gives NULL */

#endif
