/* SPDX-License-Identifier: Apache-2.0 */
/* One verification: what is asked, what is known while entries go by, and its parts' functions.
 *
 * Shared by the server/verify_*.c files.  What of all this is pure is in engine/verify_log.h. */
#ifndef SERVER_VERIFY_RUN_H
#define SERVER_VERIFY_RUN_H

#include <stdio.h>

#include "engine/beacon.h"
#include "engine/checkpoint.h"
#include "engine/tile.h"
#include "engine/verify_log.h"
#include "engine/witness_policy.h"
#include "server/verify_pages.h"
#include "server/verify_source.h"

struct verify_options {
    const char *path, *key;
    const char *state_path;       /* where the newest checkpoint seen is kept; NULL: nowhere */
    const char *statement_path;   /* NULL: the source's own, where it has one */
    const char *entry_path;       /* the entry of a .tlog-proof file */
    const char *token_path;       /* a bearer token for a URL; NULL: none */
    const char *policy_path;      /* witnesses to believe; NULL: none */
    const char *authorities_path; /* PEM of timestamp authorities to believe; NULL: none */
    int64_t fresh_s;              /* how old the newest quorum may be */
    int64_t late_s;               /* how long after its own time an entry may have been attested */
    const char *beacon_path;      /* rounds of a beacon to believe; NULL: none */
    const char *windows_path;     /* where each trade's window is written; NULL: nowhere */
    bool is_json;
};

/* A checkpoint that is to be met on the way. */
struct stored_checkpoint {
    uint64_t size;
    struct digest root;
    const char *note; /* borrowed from the evidence */
    size_t length;
    enum err signature; /* what checkpoint_open said; ERR_NOT_FOUND: another key's may be there */
    bool is_by_another; /* it is: of a key that the log names */
};

struct stored_list {
    struct evidence file;
    struct stored_checkpoint *items; /* by size */
    size_t count, next;
};

/* Nodes of the tree that a consistency proof from the remembered size will need. */
enum {
    WANTED_NODES = 2 * MERKLE_PROOF_MAX
};
struct wanted_nodes {
    size_t count;
    struct {
        unsigned height;
        uint64_t n;
        bool is_known;
        struct digest hash;
    } nodes[WANTED_NODES];
};

struct remembered {
    bool is_known;
    struct checkpoint checkpoint;
    struct text note;
    struct digest root_then; /* of the entries given, at the remembered size */
    bool is_met;
    struct wanted_nodes wanted;
};

struct tile_check {
    bool has_tiles;
    struct digest hashes[TILE_LEVELS][TILE_WIDTH];
};

/* A JSONL file whose lines are met one by one. */
struct line_file {
    bool is_there, is_broken;
    struct evidence file;
    size_t at;
    uint64_t count;
};

struct statement {
    bool is_there, is_made;
    struct evidence file;
    uint64_t size;
    struct text made;
};

/* By when all entries below a size existed, as others attested. */
struct anchor_point {
    uint64_t size;
    int64_t at_us;
};

struct anchor_check {
    struct witness_policy *policy; /* NULL: none was given */
    struct text authorities;       /* PEM; empty: none was given */
    struct evidence stamps;
    struct anchor_point *points; /* by size; at_us the earliest of any as large or larger */
    size_t count, capacity, next;
    int64_t seen_s[POLICY_NODES]; /* of each witness, newest up to some size */
    uint64_t quorum_size;         /* the largest that the quorum cosigned; 0: none */
    int64_t quorum_s;             /* the newest time it did so */
    size_t cosigned, stamped;     /* notes with more than one signature, tokens that are there */
    uint64_t uncovered;           /* entries that no point covers */
    struct {
        bool is_known;
        int64_t delay_us;
        uint64_t index;
    } worst, worst_trade;
};

/* The tokens that are there. */
struct token {
    uint64_t size;
    struct digest digest; /* SHA-256 of its DER */
};
struct token_list {
    struct token *items; /* by size, from attested_begin on */
    size_t count, capacity;
};

/* When trades were made, and how long before them their orders were attested. */
struct window_check {
    struct beacon_chain chain; /* the rounds that the reader trusts */
    bool has_chain;
    FILE *table;           /* of all windows; NULL: nobody asked */
    int64_t not_before_us; /* of the entry at hand; TIME_NONE */
    uint64_t beacons, confirmed, trades, bounded, in_time;
    int64_t widest_us;
    uint64_t widest;  /* its entry */
    int64_t *margins; /* of each fill whose order was attested */
    size_t margin_count, margin_capacity;
};

struct verify_run {
    const struct verify_options *options;
    struct vkey key;
    char key_text[VKEY_BYTES];
    struct verify_source *source;
    struct verify_report report;
    struct verify_log log;
    struct evidence note;
    struct checkpoint newest;
    bool is_signed;     /* newest is what the key signed, or one that the log leads to from it */
    bool is_by_another; /* the key signed nothing of newest; another may have */
    struct digest root; /* of the entries, at the newest size */
    bool is_rebuilt;    /* root and newest.root are one */
    struct stored_list stored;
    const struct stored_checkpoint *excluded; /* the first that is of another history; NULL */
    struct remembered seen;
    struct tile_check tiles;
    struct line_file lines, trades;
    struct anchor_check anchors;
    struct window_check windows;
    struct token_list tokens;
    struct attested_source attestations;
    struct statement statement;
    struct text metrics;       /* the statement of the newest size; empty when there is none */
    uint64_t unsigned_entries; /* lines behind the newest checkpoint */
    char reason[LIMIT_REASON];
};

/* Judges everything; ERR_* with run->reason when the evidence cannot be read at all. */
MUST_USE enum err verify_run(struct verify_run *run);
void verify_run_release(struct verify_run *run);

/* A .tlog-proof file or a proof as the API gives it, and its entry.  True when the path is one and
 * was judged. */
bool verify_single(struct verify_run *run, enum err *e);

/* ---- Parts ---- */

/* A signed note of the tree as it stands now, opened by whichever of the log's keys signs it. */
MUST_USE enum err keys_open(const struct verify_run *run, const char *note, size_t length,
                            struct checkpoint *out);
/* The text of a note that the key has not signed, when it is one of its log. */
MUST_USE enum err keys_read(const struct verify_run *run, const char *note, size_t length,
                            struct checkpoint *out);
/* Behind the last entry: whether the newest checkpoint is signed. */
void keys_judge(struct verify_run *run);

void stored_load(struct verify_run *run);
/* The tree has reached a size: whatever is signed of that size must be its root. */
void stored_meet(struct verify_run *run);
void stored_end(struct verify_run *run);
/* The one of this size; NULL when there is none. */
const struct stored_checkpoint *stored_of(const struct verify_run *run, uint64_t size);
void stored_release(struct verify_run *run);

void tiles_begin(struct verify_run *run);
void tiles_node(struct verify_run *run, unsigned height, uint64_t n, const struct digest *hash);
void tiles_end(struct verify_run *run);

void lines_begin(struct verify_run *run);
/* The next line of log.jsonl as an entry, when there are no bundles; ERR_END behind the last. */
MUST_USE enum err lines_entry(struct verify_run *run, char *entry, size_t *length);
void lines_meet(struct verify_run *run, const char *entry, size_t length, bool is_trade);
void lines_end(struct verify_run *run);

void seen_load(struct verify_run *run);
void seen_node(struct verify_run *run, unsigned height, uint64_t n, const struct digest *hash);
void seen_meet(struct verify_run *run);
/* Judges, and remembers the newest checkpoint when nothing speaks against it. */
void seen_end(struct verify_run *run);
void seen_release(struct verify_run *run);
/* Writes equivocation.json into the working folder: two signed notes that exclude each other. */
void verify_equivocation(struct verify_run *run, const char *note, size_t length,
                         const struct digest *root_then, const struct merkle_proof *consistency);

void statement_load(struct verify_run *run);
void statement_meet(struct verify_run *run);
void statement_end(struct verify_run *run);

/* Reads what --policy and --tsa-ca name; false with a message. */
bool anchors_open(struct verify_run *run) MUST_USE;
/* Judges all cosignatures and tokens; behind stored_load. */
void anchors_load(struct verify_run *run);
/* The newest entry, and the time it states. */
void anchors_meet(struct verify_run *run, int64_t at_us, bool is_trade);
void anchors_end(struct verify_run *run);
/* The cosignatures of one note alone. */
void anchors_single(struct verify_run *run, const char *note, size_t length);
void anchors_release(struct verify_run *run);

/* Reads what --beacon names, begins the file of --windows; false with a message. */
bool windows_open(struct verify_run *run) MUST_USE;
/* The newest entry, behind anchors_meet. */
void windows_meet(struct verify_run *run, const struct record *r);
void windows_end(struct verify_run *run);
void windows_release(struct verify_run *run);

/* One token of the evidence. */
void attested_token(struct verify_run *run, uint64_t size, const uint8_t *der, size_t length);
/* Has the rules ask what is here; behind anchors_load. */
void attested_begin(struct verify_run *run);
void attested_release(struct verify_run *run);

void verify_print_text(const struct verify_run *run);
void verify_print_json(const struct verify_run *run);
void verify_progress(uint64_t done, uint64_t all);

#endif
