/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of server/anchors.h: who is asked, and one question to one of them. */
#ifndef SERVER_ANCHORS_PARTS_H
#define SERVER_ANCHORS_PARTS_H

#include "engine/witness.h"
#include "net/transport.h"
#include "server/anchors.h"
#include "store/log_read.h"

#define ANCHOR_WITNESS_MEDIA "text/plain; charset=utf-8"

enum {
    ANCHOR_REQUEST_BYTES = 2 * NOTE_BYTES, /* "old", 64 hashes, the note */
    ANCHOR_URL = POLICY_URL + 16           /* with "/add-checkpoint" */
};

struct party {
    struct anchor_party shown; /* what the board gets */
    struct vkey key;           /* of a witness */
    char url[ANCHOR_URL];
    uint64_t known;    /* the size a witness knows, as far as we know */
    int64_t good_us;   /* of the newest good answer; monotonic, as next_us */
    int64_t next_us;   /* not to be asked before */
    int64_t pause_us;  /* after the newest failure; 0: none */
    int64_t stamp_day; /* of the wall clock, when an authority stamped last */
};

/* The request that is on its way: read by the transport's thread. */
struct outgoing {
    const char *url, *media;
    struct text body;
};

struct anchors {
    struct store *store;
    struct engine *engine; /* NULL until anchors_start */
    const char *account;
    const struct log_signer *signer;
    int64_t interval_us, gap_us; /* anchor_interval_s; between two questions to one party */
    struct witness_policy policy;
    struct text policy_text, authorities_pem;
    struct party parties[ANCHOR_PARTIES];
    size_t count;
    struct anchor_board board;
    struct transport *transport;
    struct transport_box *box;
    struct outgoing outgoing;
    bool chains;                   /* what was attested becomes an entry */
    uint64_t chained;              /* the size that the newest of these is of; 0: none yet */
    int64_t chained_us;            /* when; monotonic */
    uint64_t quiet_from, quiet_to; /* entries [from, to) are nothing but these */
    pthread_mutex_t mutex;
    pthread_cond_t ending;
    pthread_t thread;
    bool is_started;
    bool end; /* under the mutex */
};

/* A checkpoint to be attested: the note with the log's signature only. */
struct attestable {
    uint64_t size;
    struct text note;
    size_t text_length; /* of what is signed */
};

bool anchors_is_ending(struct anchors *a);
/* The newest checkpoint that is committed, without what others added to it.  ERR_NOT_FOUND: nothing
 * is signed yet. */
MUST_USE enum err anchors_newest(struct anchors *a, struct attestable *out);
/* One question to each witness, all at the same time: see anchors_new. */
MUST_USE enum err anchors_check_start(struct anchors *a);

/* Whether entries came between two sizes that say something new: anchors themselves do not, or each
 * would be a reason for the next. */
bool anchors_grew(const struct anchors *a, uint64_t from, uint64_t to);
/* Names in the log what is stored of this checkpoint, if anything. */
void anchors_chain(struct anchors *a, const struct attestable *c);
/* Both ask, judge, store, and leave the outcome in the party. */
void anchors_ask_witness(struct anchors *a, struct party *p, const struct attestable *c);
void anchors_ask_authority(struct anchors *a, struct party *p, const struct attestable *c);

/* A question to a witness in its two halves: the request's body, from what the witness knows as far
 * as we know, and the outcome of the answer.  WITNESS_BEHIND: ask again, p->known is its size. */
MUST_USE enum err anchors_form(struct anchors *a, const struct party *p, const struct attestable *c,
                               struct text *body);
enum witness_answer anchors_hear(struct anchors *a, struct party *p, const struct attestable *c,
                                 const struct transport_answer *answer);
/* Fills in what every request to a party has; `outgoing` is read while it is on its way. */
struct transport_request anchors_request(struct outgoing *outgoing, const struct party *p,
                                         const char *media, int64_t timeout_us);

#endif
