/* SPDX-License-Identifier: Apache-2.0 */
/* The one JSON writer: compact for API answers, canonical (TLJ-1) for the trade log.
 *
 * Canonical form is what CPython's json.dumps(record, sort_keys=True) gives (proofs.md 1.1):
 * ", " and ": " separators, keys ascending by code point, ASCII only with lower-case \uxxxx.  In
 * this form the writer also enforces the log's profile by ASSERT: keys [a-z0-9_]{1,40} strictly
 * ascending within an object, integers within +-9007199254740991, no floats.  The caller emits
 * members in sorted order; the assertion catches a mistake in the first test that runs it.
 *
 * Errors are sticky: when the text is full, jwriter_ok is false and the bytes must not be used. */
#ifndef CORE_JWRITER_H
#define CORE_JWRITER_H

#include "core/amount.h"
#include "core/base.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/text.h"

enum jstyle {
    JSTYLE_COMPACT,
    JSTYLE_CANONICAL
};

enum {
    JWRITER_DEPTH = 16
};

struct jwriter {
    struct text *out; /* borrowed */
    enum jstyle style;
    int depth;
    bool first[JWRITER_DEPTH];
    bool is_object[JWRITER_DEPTH];
    char last_key[JWRITER_DEPTH][41]; /* canonical: to check the order */
    bool after_key;
};

void jwriter_init(struct jwriter *w, enum jstyle style, struct text *out);
bool jwriter_ok(const struct jwriter *w); /* complete (depth 0) and not full */

void jw_object(struct jwriter *w);
void jw_object_end(struct jwriter *w);
void jw_array(struct jwriter *w);
void jw_array_end(struct jwriter *w);
void jw_key(struct jwriter *w, const char *key);

void jw_null(struct jwriter *w);
void jw_bool(struct jwriter *w, bool value);
void jw_integer(struct jwriter *w, int64_t value);
void jw_double(struct jwriter *w, double value); /* shortest round-trip; NaN and inf become null */
void jw_text(struct jwriter *w, const char *utf8);
void jw_text_n(struct jwriter *w, const char *utf8, size_t length);
void jw_raw(struct jwriter *w, const char *json, size_t length); /* an already valid value */

void jw_price(struct jwriter *w, struct price p, int scale); /* strings; scale < 0: shortest */
void jw_size(struct jwriter *w, struct size s, int scale);
void jw_money(struct jwriter *w, struct money m, int scale);
void jw_ratio(struct jwriter *w, struct ratio r);
void jw_time(struct jwriter *w, int64_t us);
void jw_digest(struct jwriter *w, const struct digest *d);

/* key + value in one call; a NULL text writes null. */
void jw_member_text(struct jwriter *w, const char *key, const char *value);
void jw_member_integer(struct jwriter *w, const char *key, int64_t value);
void jw_member_bool(struct jwriter *w, const char *key, bool value);
void jw_member_double(struct jwriter *w, const char *key, double value);
void jw_member_null(struct jwriter *w, const char *key);
void jw_member_time(struct jwriter *w, const char *key, int64_t us); /* INT64_MIN: null */
void jw_member_price(struct jwriter *w, const char *key, struct price p, int scale);
void jw_member_size(struct jwriter *w, const char *key, struct size s, int scale);
void jw_member_money(struct jwriter *w, const char *key, struct money m, int scale);
void jw_member_ratio(struct jwriter *w, const char *key, struct ratio r);
void jw_member_digest(struct jwriter *w, const char *key, const struct digest *d);

#endif
