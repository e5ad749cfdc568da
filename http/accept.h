/* SPDX-License-Identifier: Apache-2.0 */
/* Content negotiation by RFC 9110 12.5.1 with the server's own order for ties. */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

#include "core/base.h"

/* One representation on offer, most preferred first. */
struct media {
    const char *type;
    const char *subtype;
    const char *version; /* NULL: has none */
};

/* The index of the best of `offered`, or -1 when the client takes none (406).  Per representation
 * the most specific range counts (with version, type/subtype, type, any); the highest q wins, ties
 * go to the earlier one.  A range's version must be ours; charset, escaping and unknown parameters
 * do not count.  NULL, empty or unparsable: 0. */
int accept_choose(const char *header, const struct media *offered, size_t count);

#endif
