/* SPDX-License-Identifier: Apache-2.0 */
/* Asks all witnesses at the daemon's start whether our log is the one that they have signed. */
#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"
#include "server/anchors_parts.h"

/* A start may be as much later when a witness does not answer: it is asked again afterwards. */
#define START_WAIT_US (3 * US_PER_S)

struct question {
    struct party *party;
    struct outgoing outgoing;
    bool is_second; /* from the size that the witness named */
};

/* The empty log's checkpoint, which no log contradicts: who has signed more knows our log, and the
 * database has lost it. */
static void sign_empty(const struct anchors *a, struct attestable *out)
{
    const struct merkle_frontier empty = {.size = 0};
    struct checkpoint c = {.size = 0};

    ASSERT(copy_text(c.origin, sizeof c.origin, a->signer->origin));
    merkle_root(&empty, &c.root);
    checkpoint_sign(&c, a->signer->key, &out->note);
    ASSERT(!out->note.full);
}

static bool submit(struct anchors *a, struct question *q, size_t tag, const struct attestable *c,
                   int64_t left_us)
{
    struct transport_request r;

    if (left_us <= 0 || anchors_form(a, q->party, c, &q->outgoing.body))
        return false;
    r = anchors_request(&q->outgoing, q->party, ANCHOR_WITNESS_MEDIA, left_us);
    r.tag = tag;
    return !transport_submit(a->transport, a->box, &r);
}

/* True when the witness is to be asked once more. */
static bool hear(struct anchors *a, struct question *q, const struct attestable *c,
                 const struct transport_answer *answer)
{
    enum witness_answer verdict = anchors_hear(a, q->party, c, answer);
    bool again = verdict == WITNESS_BEHIND && !q->is_second;

    q->is_second = true;
    return again;
}

static void ask_all(struct anchors *a, const struct attestable *c, struct question *questions)
{
    int64_t until_us = clock_monotonic_us() + START_WAIT_US;
    size_t waiting = 0;

    for (size_t i = 0; i < a->count; i++) {
        questions[i].party = &a->parties[i];
        text_init(&questions[i].outgoing.body, ANCHOR_REQUEST_BYTES);
        waiting += a->parties[i].shown.kind == ANCHOR_WITNESS &&
                   submit(a, &questions[i], i, c, START_WAIT_US);
    }
    /* Each gets its answer at its deadline at the latest. */
    while (waiting > 0) {
        struct transport_answer answer;
        struct question *q;

        if (transport_box_take(a->box, START_WAIT_US, &answer))
            continue;
        q = &questions[answer.tag];
        if (!hear(a, q, c, &answer) ||
            !submit(a, q, answer.tag, c, until_us - clock_monotonic_us()))
            waiting--;
        transport_answer_release(&answer);
    }
}

enum err anchors_check_start(struct anchors *a)
{
    struct question *questions;
    struct attestable c = {0};
    enum err e;

    if (a->count == 0)
        return ERR_OK;
    text_init(&c.note, NOTE_BYTES);
    e = anchors_newest(a, &c);
    if (e == ERR_NOT_FOUND) {
        sign_empty(a, &c);
        e = ERR_OK;
    }
    if (!e) {
        questions = xcalloc(a->count, sizeof *questions);
        ask_all(a, &c, questions);
        for (size_t i = 0; i < a->count; i++)
            text_release(&questions[i].outgoing.body);
        free(questions);
    }
    text_release(&c.note);
    return e;
}
