/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the known word nearest to a mistyped one. */
#ifndef ENGINE_RULE_NAMES_H
#define ENGINE_RULE_NAMES_H

#include "core/error.h"

struct nearest {
    const char *word; /* what was typed, at most 63 characters of it count */
    char best[128];
    size_t distance;
};

void nearest_init(struct nearest *n, const char *word);
void nearest_offer(struct nearest *n, const char *candidate);
/* Sets the hint to "did you mean 'best'?", or to fallback when nothing is near (NULL: none). */
void nearest_hint(const struct nearest *n, struct diag *d, const char *fallback);

#endif
