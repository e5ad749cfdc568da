/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of server/anchors.h: who is asked, and one question to one of them. */
#ifndef SERVER_ANCHORS_PARTS_H
#define SERVER_ANCHORS_PARTS_H

#include "net/transport.h"
#include "server/anchors.h"
#include "store/log_read.h"

enum {
    ANCHOR_URL = POLICY_URL + 16 /* with "/add-checkpoint" */
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
    struct engine *engine;
    const char *account;
    int64_t interval_us, gap_us; /* anchor_interval_s; between two questions to one party */
    struct witness_policy policy;
    struct text policy_text, authorities_pem;
    struct party parties[ANCHOR_PARTIES];
    size_t count;
    struct anchor_board board;
    struct transport *transport;
    struct transport_box *box;
    struct outgoing outgoing;
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
/* Both ask, judge, store, and leave the outcome in the party. */
void anchors_ask_witness(struct anchors *a, struct party *p, const struct attestable *c);
void anchors_ask_authority(struct anchors *a, struct party *p, const struct attestable *c);

#endif
