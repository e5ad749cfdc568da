/* SPDX-License-Identifier: Apache-2.0 */
/* Reads of the newest snapshot: entity tags, waiting for a change, documents rendered once. */
#ifndef HANDLERS_STATE_H
#define HANDLERS_STATE_H

#include "engine/snapshot.h"
#include "http/request.h"

/* Which document of a snapshot: see snapshot_render. */
enum state_slot {
    STATE_LOOP,
    STATE_POSITIONS,
    STATE_ORDERS,
    STATE_ACCOUNT,
    STATE_METRICS
};

/* Takes the newest snapshot, sets the ETag and judges If-None-Match and the wait:
 * ERR_OK with *out NULL: answered with 304.  ERR_AGAIN: return it, the pipeline waits and calls the
 * handler again.  Otherwise *out is the caller's to release. */
MUST_USE enum err state_open(struct request *rq, int64_t wait_s, struct snapshot **out);

/* Answers with the slot's document of a snapshot, whose reference moves into the answer. */
enum err state_answer_take(struct request *rq, int status, struct snapshot *s_take,
                           enum state_slot slot);

/* The whole of a state read whose only parameter is `wait`. */
enum err state_read(struct request *rq, enum state_slot slot);

/* The bytes of a slot's document; they live as long as the snapshot. */
const char *state_document(struct snapshot *s, enum state_slot slot, size_t *length);

#endif
