/* SPDX-License-Identifier: Apache-2.0 */
/* A leaf while it is being written; only engine/ledger*.c include this. */
#ifndef ENGINE_LEDGER_BUILD_H
#define ENGINE_LEDGER_BUILD_H

#include "core/jwriter.h"
#include "core/text.h"
#include "engine/ledger.h"

enum {
    LEDGER_MONEY_SCALE = 8 /* of amounts that belong to no instrument */
};

/* A leaf being written. */
struct leaf_build {
    struct text text;
    struct jwriter w;
    const struct leaf_context *context;
    enum leaf_kind kind;
};

/* The envelope up to the kind's members, which the caller writes in the order of their names. */
struct jwriter *ledger_begin(struct leaf_build *b, enum leaf_kind kind,
                             const struct leaf_context *context);
/* The rest of the envelope, and the hashes.  ERR_LIMIT: it would pass LIMIT_LEAF_BYTES. */
MUST_USE enum err ledger_finish(struct leaf_build *b, struct leaf *out);

/* Text from outside (operators, venues): whatever is no UTF-8 becomes '?', so that every reader
 * sees the same characters; the writer escapes the rest. */
void ledger_clean(struct jwriter *w, const char *key, const char *text);
/* Ids that other tools read as text: a JSON number of this size would not survive all of them. */
void ledger_id_text(struct jwriter *w, const char *key, int64_t id);
void ledger_id_or_null(struct jwriter *w, const char *key, int64_t id);
/* A size at the lot's decimals; what fees in the base asset left may have more. */
void ledger_held(struct jwriter *w, const char *key, struct size size, const struct instrument *i);

#endif
