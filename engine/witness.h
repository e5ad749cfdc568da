/* SPDX-License-Identifier: Apache-2.0 */
/* What a log says to a witness, and what the answer means: add-checkpoint of C2SP tlog-witness.
 *
 * Texts only; server/anchors.c carries them.  Format: https://c2sp.org/tlog-witness.  Pure. */
#ifndef ENGINE_WITNESS_H
#define ENGINE_WITNESS_H

#include "engine/checkpoint.h"

/* The body: "old N", the consistency proof from there (empty for old = 0 and old = size), an empty
 * line, the signed note. */
void witness_request(uint64_t old, const struct merkle_proof *consistency, const char *note,
                     size_t note_length, struct text *out);

enum witness_answer {
    WITNESS_COSIGNED, /* lines are there and right */
    WITNESS_BEHIND,   /* 409: it knows *size; ask again from there, once */
    WITNESS_LATER,    /* 429, 5xx: not now */
    WITNESS_REFUSED,  /* 400, 403, 404: configured wrongly, here or there */
    WITNESS_ALARM     /* 422, or a 409 that we cannot be behind: it saw another history of this
                       * log; never ask blindly again */
};
const char *witness_answer_name(enum witness_answer a);

/* What was asked. */
struct witness_question {
    const struct vkey *witness;
    uint64_t old, size; /* of the proof; of the checkpoint */
    const char *note;
    size_t note_length;
};

/* Judges the answer.  WITNESS_COSIGNED: *line gets the newest signature line that the witness's key
 * verifies, *at_s its time in seconds since 1970; other lines are passed over, and a 200 without a
 * right one is WITNESS_REFUSED.  WITNESS_BEHIND: *known is its size. */
enum witness_answer witness_judge(const struct witness_question *q, int status, const char *body,
                                  size_t length, struct text *line, int64_t *at_s, uint64_t *known);

#endif
