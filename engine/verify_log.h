/* SPDX-License-Identifier: Apache-2.0 */
/* A whole log as a stream: entries in order, their tree, their metrics, their rules.
 *
 * Pure: whoever reads the entries (a file, a bundle, a URL) pushes them; what was found is in the
 * report.  Memory does not grow with the log but for the sets of engine/verify_rules.h. */
#ifndef ENGINE_VERIFY_LOG_H
#define ENGINE_VERIFY_LOG_H

#include "engine/merkle.h"
#include "engine/track.h"
#include "engine/verify_rules.h"

struct verify_log {
    struct verify_report *report; /* borrowed */
    struct merkle_frontier tree;
    struct track track;
    struct verify_rules rules;
    int64_t last_us;
    struct record record; /* of the newest entry; kept here for its size */
};

void verify_log_init(struct verify_log *v, struct verify_report *report);
void verify_log_release(struct verify_log *v);
/* The next entry's canonical bytes.  sink: told of the tree's nodes, NULL when nobody asks. */
void verify_log_push(struct verify_log *v, const char *entry, size_t length,
                     const struct merkle_sink *sink);
/* Behind the last entry. */
void verify_log_end(struct verify_log *v);

#endif
