/* SPDX-License-Identifier: Apache-2.0 */
/* The fault schedule: rules, when they fire, what they do.
 *
 * Only sandbox/ includes it.  A rule is a line: TRIGGER [on SCOPE] : ACTION[(arguments)]
 * [for DURATION].  Triggers and durations are of market time, waits of wall time. */
#ifndef SANDBOX_FAULTS_H
#define SANDBOX_FAULTS_H

#include "sandbox/call.h"

enum fault_trigger {
    FAULT_ALWAYS,
    FAULT_AT,     /* at 10s */
    FAULT_EVERY,  /* every 60s */
    FAULT_CHANCE, /* p=0.03: of each request in scope */
    FAULT_NEXT    /* next 2: of them */
};

enum fault_scope {
    FAULT_ANY,
    FAULT_ORDER,  /* what may make an order */
    FAULT_CANCEL, /* what ends one */
    FAULT_QUERY,  /* signed reading */
    FAULT_MARKET, /* public reading */
    FAULT_PATH    /* METHOD /path */
};

enum fault_action {
    /* of a request */
    FAULT_DROP_REQUEST,
    FAULT_DROP_ANSWER,
    FAULT_DELAY_REQUEST,
    FAULT_DELAY_ANSWER,
    FAULT_TWICE,
    FAULT_HTTP,
    FAULT_EXECUTE_HTTP,
    FAULT_PARTIAL,
    FAULT_MAINTENANCE,
    /* while they last */
    FAULT_LAG,
    FAULT_CLOCK,
    FAULT_DUPLICATE_TRADES,
    FAULT_REVERSE_TRADES,
    FAULT_HALT,
    /* of the venue itself */
    FAULT_CANCEL_ORDERS,
    FAULT_EXPIRE_ORDERS,
    FAULT_LIQUIDATE,
    FAULT_MANUAL,
    FAULT_FUNDING,
    FAULT_LOT,      /* the pair's filters change */
    FAULT_MAX_SIZE, /* likewise */
    FAULT_RESUME,   /* the end of a halt, in records */
    FAULT_ACTION_COUNT_
};

enum {
    FAULT_TEXT = 320
};

struct fault_deed {
    enum fault_action action;
    int64_t duration_us; /* DELAY, LAG, CLOCK: how much */
    int status;
    char answer[256];
    struct ratio rate;         /* PARTIAL, FUNDING */
    char symbol[LIMIT_SYMBOL]; /* unified, or "*" */
    enum box_side side;
    struct size size;      /* MANUAL, LOT, MAX_SIZE */
    char text[FAULT_TEXT]; /* as it was written */
};

struct fault_rule {
    enum fault_trigger trigger;
    int64_t at_us, every_us; /* market time */
    struct ratio chance;
    int64_t left; /* NEXT */
    enum fault_scope scope;
    char method[8], path[64];
    struct fault_deed deed;
    int64_t lasts_us; /* for: 0: once, or until it is cleared */
    int64_t end_us;   /* of the window under way; INT64_MIN: none */
    bool is_done;
    int64_t fired;
};

struct box_faults {
    uint64_t seed;
    struct fault_rule *rules;
    size_t count;
};

struct box_faults *faults_new(uint64_t seed);
void faults_free(struct box_faults *f);

/* One line into a rule that counts from now_us; ERR_SYNTAX with a diag. `seed N` sets *seed. */
MUST_USE enum err fault_parse_line(const char *line, int64_t now_us, struct diag_list *diags,
                                   struct fault_rule *out, uint64_t *seed, bool *is_rule);
/* An action alone, as records have it. */
MUST_USE enum err fault_parse_deed(const char *text, struct diag_list *diags,
                                   struct fault_deed *out);

/* True for what happens to a request rather than at the venue. */
bool fault_is_of_request(enum fault_action a);
/* True for a state that lasts. */
bool fault_is_state(enum fault_action a);

/* When the venue acts on its own next: INT64_MAX for never. */
int64_t faults_next_us(const struct box *b);
/* What is due at b->now_us; adds to the record. */
void faults_fire(struct box *b, struct box_answer *a);
MUST_USE enum err faults_replay(struct box *b, const char *deed);
/* Takes the states that last into the box. */
void faults_apply_states(struct box *b);

/* The venue's own deeds that a request brings about by chance or by number. */
void faults_on_request(struct box *b, const struct box_request *rq, struct box_answer *a);

#endif
