/* SPDX-License-Identifier: Apache-2.0 */
/* The newest round of a public beacon, fetched beside everything else: one thread that asks an
 * address, or reads a file, and keeps what is newer and sound (engine/beacon.h).
 *
 * A beacon that is away costs nothing but the lower bound of the entries made meanwhile; it is told
 * once.  Nothing ever waits for it. */
#ifndef SERVER_BEACON_SOURCE_H
#define SERVER_BEACON_SOURCE_H

#include "core/config.h"
#include "engine/beacon.h"

struct beacon_source;

/* *out is NULL when no beacon is configured. */
MUST_USE enum err beacon_source_new(const struct config *c, struct diag_list *diags,
                                    struct beacon_source **out);
void beacon_source_free(struct beacon_source *s); /* joins the thread; NULL allowed */
/* Any thread.  False when there is none newer than round `after`; source NULL: there is none. */
bool beacon_source_newer(void *source, uint64_t after, struct beacon *out);

#endif
