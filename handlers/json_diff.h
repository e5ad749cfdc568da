/* SPDX-License-Identifier: Apache-2.0 */
/* What turns one JSON document into another, as operations of RFC 6902. */
#ifndef HANDLERS_JSON_DIFF_H
#define HANDLERS_JSON_DIFF_H

#include "core/jnode.h"
#include "core/jwriter.h"

/* Writes the list; empty when the documents are equal.  Only add, remove and replace are used. */
void json_diff(struct jwriter *w, const struct jnode *from, const struct jnode *to);

#endif
