/* SPDX-License-Identifier: Apache-2.0 */
/* A set of digests, kept by their first 16 bytes: 32 bytes of memory each at most.
 *
 * What goes in is always the output of SHA-256, so that no input can be chosen to collide. */
#ifndef ENGINE_VERIFY_SET_H
#define ENGINE_VERIFY_SET_H

#include "core/digest.h"

struct verify_set {
    uint64_t (*slots)[2]; /* {0, 0}: free */
    size_t capacity, count;
};

void set_init(struct verify_set *s);
void set_release(struct verify_set *s);
bool set_add(struct verify_set *s, const struct digest *d); /* false: it was in */
bool set_has(const struct verify_set *s, const struct digest *d);

#endif
