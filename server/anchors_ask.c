/* SPDX-License-Identifier: Apache-2.0 */
/* One question to a witness or a timestamp authority, and what its answer means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/timestamp.h"
#include "engine/witness.h"
#include "server/anchors_parts.h"

#define ASK_TIMEOUT_US (10 * US_PER_S)
#define ENDING_CHECK_US (200 * US_PER_MS) /* how long the daemon's end may go unseen */

/* ---- HTTP ---- */

static enum transport_go prepare(void *context, const struct transport_request *r,
                                 struct transport_draft *out, int64_t *again_us,
                                 char reason[LIMIT_REASON])
{
    const struct outgoing *o = context;

    (void)r;
    (void)again_us;
    (void)reason;
    text_string(&out->url, o->url);
    text_format(&out->headers, "Content-Type: %s\n", o->media);
    text_append(&out->body, o->body.data, o->body.length);
    return TRANSPORT_SEND;
}

struct transport_request anchors_request(struct outgoing *outgoing, const struct party *p,
                                         const char *media, int64_t timeout_us)
{
    outgoing->url = p->url;
    outgoing->media = media;
    return (struct transport_request){
        .method = TRANSPORT_POST,
        .is_idempotent = true, /* asked twice, both attest twice */
        .deadline_us = clock_monotonic_us() + timeout_us,
        .max_bytes = p->shown.kind == ANCHOR_WITNESS ? NOTE_BYTES : TIMESTAMP_ANSWER_BYTES,
        .context = outgoing,
        .prepare = prepare,
    };
}

/* Posts what stands in outgoing.  ERR_AGAIN: the daemon ends; the transport still has it. */
static enum err post(struct anchors *a, const struct party *p, const char *media,
                     struct transport_answer *out)
{
    const struct transport_request request =
        anchors_request(&a->outgoing, p, media, ASK_TIMEOUT_US);
    enum err e;

    e = transport_submit(a->transport, a->box, &request);
    while (!e && (e = transport_box_take(a->box, ENDING_CHECK_US, out)) == ERR_AGAIN)
        e = anchors_is_ending(a) ? ERR_AGAIN : ERR_OK;
    return e;
}

/* ---- Outcomes ---- */

static void good(struct anchors *a, struct party *p, uint64_t size, int64_t at_us)
{
    if (p->shown.state != ANCHOR_GOOD)
        LOG_INFO("anchor_good", "source", p->shown.source, NULL);
    p->shown.state = ANCHOR_GOOD;
    p->shown.size = size;
    p->shown.at_us = at_us;
    p->shown.reason[0] = '\0';
    p->pause_us = 0;
    p->good_us = clock_monotonic_us();
    p->next_us = p->good_us + a->gap_us;
}

/* reason: a sentence; told once as long as the state stays. */
static void bad(struct anchors *a, struct party *p, enum anchor_state state, const char *reason)
{
    bool is_news = p->shown.state != state;

    p->shown.state = state;
    p->shown.failures++;
    (void)snprintf(p->shown.reason, sizeof p->shown.reason, "%s", reason);
    p->pause_us = p->pause_us ? 2 * p->pause_us : a->gap_us;
    if (p->pause_us > a->interval_us || state == ANCHOR_REFUSED)
        p->pause_us = a->interval_us;
    p->next_us = clock_monotonic_us() + p->pause_us;
    if (state == ANCHOR_ALARM)
        LOG_ERROR("log_fork_seen", "source", p->shown.source, "reason", reason, "remedy",
                  "docs/anchors.md: the witness saw another history of this log", NULL);
    else if (is_news)
        LOG_WARN("anchor_failed", "source", p->shown.source, "state", anchor_state_name(state),
                 "reason", reason, NULL);
}

static void bad_answer(struct anchors *a, struct party *p, enum anchor_state state,
                       const struct transport_answer *answer)
{
    char reason[LIMIT_REASON];

    if (answer->outcome == TRANSPORT_ANSWERED)
        (void)snprintf(reason, sizeof reason, "It answered with HTTP status %d.", answer->status);
    else
        (void)snprintf(reason, sizeof reason, "%s", answer->reason);
    bad(a, p, state, reason);
}

static void keep(struct anchors *a, struct party *p, uint64_t size, const struct log_evidence *row)
{
    enum err e = store_log_attest(a->store, a->account, size, row);

    if (e)
        bad(a, p, ANCHOR_LATER, "What it attested could not be stored.");
    else
        good(a, p, size, row->at_us);
}

/* ---- Witnesses ---- */

static enum err prove(struct anchors *a, uint64_t old, uint64_t size, struct merkle_proof *out)
{
    struct log_pool_tiles tiles = {.store = a->store, .account = a->account};
    const struct tile_reader reader = store_log_tiles(&tiles);
    struct tile_nodes *nodes;
    struct merkle_source source;
    enum err e;

    out->count = 0;
    if (old == 0 || old == size)
        return ERR_OK;
    nodes = xmalloc(sizeof *nodes);
    tile_nodes_init(nodes, &reader, size);
    source = tile_nodes_source(nodes);
    e = merkle_consistency(&source, old, size, out);
    free(nodes);
    return e;
}

static void keep_cosignature(struct anchors *a, struct party *p, uint64_t size, struct text *line,
                             int64_t at_s)
{
    struct log_evidence row = {.kind = LOG_COSIGNATURE,
                               .at_us = at_s * US_PER_S,
                               .blob = line->data,
                               .length = line->length};

    p->known = size;
    (void)copy_text(row.source, sizeof row.source, p->shown.source);
    keep(a, p, size, &row);
}

enum err anchors_form(struct anchors *a, const struct party *p, const struct attestable *c,
                      struct text *body)
{
    struct merkle_proof proof;
    enum err e = prove(a, p->known, c->size, &proof);

    text_clear(body);
    if (!e)
        witness_request(p->known, &proof, c->note.data, c->note.length, body);
    return e;
}

/* Nothing may be appended to a log that is not the one that was signed. */
static void alarm(struct anchors *a, struct party *p, uint64_t size, uint64_t known,
                  const struct transport_answer *answer)
{
    bad_answer(a, p, ANCHOR_ALARM, answer);
    if (known > size)
        store_log_blame(a->store,
                        "witness %.20s has signed %llu entries, the database has %llu: import "
                        "log.jsonl (traderd log import FILE) or give another account_label",
                        p->key.name, (unsigned long long)known, (unsigned long long)size);
    else
        store_log_blame(a->store,
                        "witness %.20s has signed another history of this log: restore the "
                        "database that has it, or give another account_label",
                        p->key.name);
}

enum witness_answer anchors_hear(struct anchors *a, struct party *p, const struct attestable *c,
                                 const struct transport_answer *answer)
{
    const struct witness_question q = {.witness = &p->key,
                                       .old = p->known,
                                       .size = c->size,
                                       .note = c->note.data,
                                       .note_length = c->note.length};
    enum witness_answer verdict = WITNESS_LATER;
    struct text line;
    uint64_t known = 0;
    int64_t at_s = 0;

    text_init(&line, NOTE_BYTES);
    if (answer->outcome == TRANSPORT_ANSWERED)
        verdict =
            witness_judge(&q, answer->status, answer->body, answer->length, &line, &at_s, &known);
    if (verdict == WITNESS_BEHIND)
        p->known = known;
    else if (verdict == WITNESS_ALARM)
        alarm(a, p, q.size, known, answer);
    else if (q.size == 0)
        ; /* of the empty log there is nothing to keep, and nobody need know it yet */
    else if (verdict == WITNESS_COSIGNED)
        keep_cosignature(a, p, q.size, &line, at_s);
    else
        bad_answer(a, p, verdict == WITNESS_LATER ? ANCHOR_LATER : ANCHOR_REFUSED, answer);
    text_release(&line);
    return verdict;
}

static enum err ask_from(struct anchors *a, struct party *p, const struct attestable *c,
                         enum witness_answer *verdict)
{
    struct transport_answer answer = {0};
    enum err e = anchors_form(a, p, c, &a->outgoing.body);

    if (!e)
        e = post(a, p, ANCHOR_WITNESS_MEDIA, &answer);
    if (e)
        return e;
    *verdict = anchors_hear(a, p, c, &answer);
    transport_answer_release(&answer);
    return ERR_OK;
}

void anchors_ask_witness(struct anchors *a, struct party *p, const struct attestable *c)
{
    enum witness_answer verdict = WITNESS_BEHIND;
    enum err e = ask_from(a, p, c, &verdict);

    if (!e && verdict == WITNESS_BEHIND) /* once: a loop would hide that it cannot be satisfied */
        e = ask_from(a, p, c, &verdict);
    if (e == ERR_AGAIN)
        return;
    if (e)
        bad(a, p, ANCHOR_LATER, "The proof for it could not be made or sent.");
    else if (verdict == WITNESS_BEHIND)
        bad(a, p, ANCHOR_LATER, "It named two sizes, one after the other.");
}

/* ---- Authorities ---- */

static void judge_token(struct anchors *a, struct party *p, const struct attestable *c,
                        const struct digest *imprint, const uint8_t *nonce,
                        const struct transport_answer *answer)
{
    struct log_evidence row = {
        .kind = LOG_TIMESTAMP, .blob = answer->body, .length = answer->length};
    struct timestamp stamp;
    char reason[LIMIT_REASON];

    if (timestamp_verify(answer->body, answer->length, imprint, nonce, a->authorities_pem.data,
                         &stamp, reason, sizeof reason)) {
        bad(a, p, ANCHOR_REFUSED, reason);
        return;
    }
    row.at_us = stamp.at_us;
    (void)copy_text(row.source, sizeof row.source, p->shown.source);
    p->stamp_day = clock_wall_us() / US_PER_DAY;
    keep(a, p, c->size, &row);
}

void anchors_ask_authority(struct anchors *a, struct party *p, const struct attestable *c)
{
    uint8_t nonce[TIMESTAMP_NONCE_BYTES];
    struct transport_answer answer = {0};
    struct digest imprint;
    enum err e;

    if (c->size == p->shown.size) { /* after a restart: it has stamped this one */
        good(a, p, p->shown.size, p->shown.at_us);
        return;
    }
    digest_of(c->note.data, c->text_length, &imprint);
    random_bytes(nonce, sizeof nonce);
    text_clear(&a->outgoing.body);
    timestamp_request(&imprint, nonce, &a->outgoing.body);
    e = post(a, p, "application/timestamp-query", &answer);
    if (e == ERR_AGAIN)
        return;
    if (e)
        bad(a, p, ANCHOR_LATER, "The request could not be sent.");
    else if (answer.outcome == TRANSPORT_ANSWERED && answer.status == 200)
        judge_token(a, p, c, &imprint, nonce, &answer);
    else if (answer.outcome == TRANSPORT_ANSWERED && answer.status >= 400 && answer.status < 500 &&
             answer.status != 429)
        bad_answer(a, p, ANCHOR_REFUSED, &answer);
    else
        bad_answer(a, p, ANCHOR_LATER, &answer);
    transport_answer_release(&answer);
}
