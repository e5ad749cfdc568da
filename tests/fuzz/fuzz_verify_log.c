/* SPDX-License-Identifier: Apache-2.0 */
/* Any lines as the entries of a log: the rules and the figures of tl-metrics-1 end well, and a
 * statement that is made is canonical JSON. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/jnode.h"
#include "core/text.h"
#include "engine/verify_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    ENTRIES_MAX = 2000
};

static void check_statement(const struct verify_log *v)
{
    static struct diag_list diags;
    struct jnode *root = NULL;
    struct digest digest;
    struct text t;

    merkle_root(&v->tree, &digest);
    text_init(&t, TRACK_STATEMENT_BYTES);
    if (track_statement(&v->track, &digest, &t) == ERR_OK) {
        diags.count = diags.dropped = 0;
        /* A NUL in a name is the one thing jansson does not take. */
        ASSERT(strstr(t.data, "\\u0000") ||
               jnode_parse(t.data, t.length, "statement", &diags, &root) == ERR_OK);
        jnode_free(root);
    }
    text_release(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct verify_log *v = xcalloc(1, sizeof *v);
    struct verify_report report = {0};
    const char *at = (const char *)data, *end = at + size;
    int count = 0;

    verify_log_init(v, &report);
    while (at < end && count++ < ENTRIES_MAX) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);

        verify_log_push(v, at, length, NULL);
        at += length + 1;
    }
    verify_log_end(v);
    ASSERT(v->track.size == v->tree.size && v->rules.index == v->tree.size);
    for (enum property p = 0; p < PROPERTY_COUNT_; p++)
        ASSERT(report.findings[p].failures == 0 || report.findings[p].verdict == VERDICT_FAIL);
    check_statement(v);
    verify_log_release(v);
    free(v);
    return 0;
}
