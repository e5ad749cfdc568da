/* SPDX-License-Identifier: Apache-2.0 */
/* One value of a canonical record, as its bytes, and what its text means.
 *
 * Text values are the characters between the quotes as they stand there: the canonical form is the
 * only one, so comparing it compares the text.  Nothing is allocated. */
#ifndef ENGINE_VERIFY_VALUE_H
#define ENGINE_VERIFY_VALUE_H

#include "core/amount.h"
#include "core/digest.h"

enum value_kind {
    VALUE_ABSENT,
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INTEGER,
    VALUE_TEXT,
    VALUE_OBJECT,
    VALUE_ARRAY
};

struct value {
    enum value_kind kind;
    const char *at; /* text: behind the quote; containers: at their bracket */
    size_t length;  /* text: without quotes; containers: brackets included */
    int64_t integer;
};

bool value_is(const struct value *v, const char *text);
bool value_same(const struct value *a, const struct value *b); /* both text, and equal */
/* A text value as what it means; false when it is not one.  decimals: behind the point. */
bool value_amount(const struct value *v, i128 *e12, int *decimals);
bool value_id(const struct value *v, int64_t *id); /* decimal digits, > 0, no leading zero */
bool value_digest(const struct value *v, struct digest *out); /* 64 lower-case hex digits */
bool value_time(const struct value *v, int64_t *at_us);       /* exactly 27 characters */

#endif
