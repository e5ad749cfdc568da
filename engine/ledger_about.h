/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of entries about the log itself: notes on entries that were wrong, what others
 * attested.
 *
 * Made by who knows (handlers, server) and put into the log by the engine, who alone appends:
 * command.h, COMMAND_ENTRY.  A statement's object is what track_statement prints.  Pure; any
 * thread. */
#ifndef ENGINE_LEDGER_ABOUT_H
#define ENGINE_LEDGER_ABOUT_H

#include "core/text.h"
#include "engine/ledger.h"

/* Says in words that an entry was wrong: a correct entry of the kind "note".  No figure changes. */
struct correction_note {
    int64_t index; /* of the wrong entry */
    struct digest leaf_hash;
    const char *actor, *reason;
    const char *replacement; /* what would have been right */
};
void about_note(const struct correction_note *n, struct text *out);

/* What others attested of an earlier checkpoint: the evidence itself is kept beside the log. */
struct anchor_item {
    const char *kind;     /* "cosignature", "rfc3161" */
    const char *source;   /* a witness's "name+id", an authority's address */
    struct digest digest; /* SHA-256 of the signature line with its newline; of the DER token */
};
struct anchor_leaf {
    uint64_t size;            /* of the checkpoint */
    struct digest checkpoint; /* SHA-256 of its three lines */
    const struct anchor_item *items;
    size_t count;
};
void about_anchor(const struct anchor_leaf *a, struct text *out);

#endif
