/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier's judgement of a memory journal's log, for tests: nothing in it may be refuted. */
#ifndef TESTS_SUPPORT_LOG_JUDGE_H
#define TESTS_SUPPORT_LOG_JUDGE_H

#include <stdlib.h>

#include "engine/verify_log.h"
#include "tests/support/check.h"
#include "tests/support/memory_journal.h"

struct log_judge {
    struct verify_log log;
    struct verify_report report;
};

/* All of its entries are pushed; log_judge_end ends it, after more of them. */
static inline struct log_judge *log_judge_begin(const struct memory_journal *j)
{
    struct log_judge *l = xcalloc(1, sizeof(*l));

    verify_log_init(&l->log, &l->report);
    for (size_t i = 0; i < j->leaf_count; i++)
        verify_log_push(&l->log, j->leaves[i].bytes, j->leaves[i].length, NULL);
    return l;
}

/* Fails the test with the first property that does not hold; the judge stays to be looked at. */
static inline void log_judge_end(struct log_judge *l)
{
    verify_log_end(&l->log);
    for (enum property i = 0; i < PROPERTY_COUNT_; i++)
        if (l->report.findings[i].verdict == VERDICT_FAIL)
            fail_msg("%s: %s", property_key(i), l->report.findings[i].detail);
}

static inline void log_judge_free(struct log_judge *l)
{
    verify_log_release(&l->log);
    free(l);
}

#endif
