/* SPDX-License-Identifier: Apache-2.0 */
/* Which witnesses must have cosigned a checkpoint: the C2SP tlog-policy file.
 *
 * Lines "log VKEY [URL]", "witness NAME VKEY [URL]", "group NAME k|any|all NAME...",
 * "quorum NAME|none"; names are defined before they are used, each is a member at most once, so a
 * witness counts in one way only.  Format: https://c2sp.org/tlog-policy.  Pure; any thread. */
#ifndef ENGINE_WITNESS_POLICY_H
#define ENGINE_WITNESS_POLICY_H

#include "engine/checkpoint.h"

enum {
    POLICY_LOGS = 32, /* the format asks for at least 32 of each */
    POLICY_WITNESSES = 32,
    POLICY_GROUPS = 32,
    POLICY_NODES = POLICY_WITNESSES + POLICY_GROUPS,
    POLICY_BYTES = 64 * 1024, /* of the file */
    POLICY_URL = 512          /* with NUL */
};

struct policy_log {
    struct vkey key;
    char url[POLICY_URL]; /* "" when the file has none */
};

/* A witness, or a group of what stands before it. */
struct policy_node {
    char name[NOTE_NAME];
    bool is_group;
    struct vkey key;      /* witnesses */
    char url[POLICY_URL]; /* witnesses: the submission prefix, without a '/' at its end */
    uint64_t members;     /* groups: bits of nodes */
    int needed;           /* groups */
};

struct witness_policy {
    struct policy_log logs[POLICY_LOGS];
    size_t log_count;
    struct policy_node nodes[POLICY_NODES]; /* in the order of the file */
    size_t node_count;
    int quorum; /* index of a node; -1: none is needed */
};

/* ERR_SYNTAX, ERR_LIMIT or ERR_CONFLICT (a key or name twice) with a diag: `file`, line, what would
 * be right. */
MUST_USE enum err witness_policy_parse(const char *bytes, size_t length, const char *file,
                                       struct diag_list *diags, struct witness_policy *out);
/* True when the log is one of the policy's, or it names none. */
bool witness_policy_has_log(const struct witness_policy *p, const struct vkey *log);

/* What the cosignatures of one note say. */
struct witness_verdict {
    uint64_t valid;   /* bits of nodes: witnesses whose cosignature is right */
    bool is_met;      /* the quorum */
    int64_t met_s;    /* by when: the earliest moment at which the valid ones met it; 0 */
    int64_t newest_s; /* of the valid ones; 0: there is none */
    int64_t times_s[POLICY_NODES]; /* of each valid one */
    bool has_bad; /* a known witness's signature that is wrong: it condemns the note */
};
/* Judges the note; a witness that signed twice counts once, at its newest time. */
void witness_policy_judge(const struct witness_policy *p, const struct note *n,
                          struct witness_verdict *out);

#endif
