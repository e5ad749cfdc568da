/* SPDX-License-Identifier: Apache-2.0 */
/* Brings what others attested into the log itself, as an entry that names the evidence. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "engine/ledger_about.h"
#include "server/anchors_parts.h"

#define CALL_TIMEOUT_US (5 * US_PER_S)

enum {
    ITEMS_MAX = 32 /* that surely go into an entry */
};

bool anchors_grew(const struct anchors *a, uint64_t from, uint64_t to)
{
    return from != to && (from < a->quiet_from || to > a->quiet_to);
}

static bool is_first_of_source(const struct log_evidence *rows, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(rows[i].kind, rows[at].kind) == 0 &&
            strcmp(rows[i].source, rows[at].source) == 0)
            return false;
    return true;
}

/* The first cosignature of each witness, as lists of notes have it, and every token. */
static size_t choose(const struct log_evidence *rows, size_t count, struct anchor_item *items)
{
    size_t chosen = 0;

    for (size_t i = 0; i < count && chosen < ITEMS_MAX; i++) {
        if (strcmp(rows[i].kind, LOG_COSIGNATURE) == 0 && !is_first_of_source(rows, i))
            continue;
        items[chosen].kind = rows[i].kind;
        items[chosen].source = rows[i].source;
        digest_of(rows[i].blob, rows[i].length, &items[chosen++].digest);
    }
    return chosen;
}

static void remember(struct anchors *a, uint64_t size, uint64_t index)
{
    a->chained = size;
    a->chained_us = clock_monotonic_us();
    if (a->quiet_to != index)
        a->quiet_from = index;
    a->quiet_to = index + 1;
}

static enum err append(struct anchors *a, const struct anchor_leaf *anchor)
{
    struct command c = {.kind = COMMAND_ENTRY};
    struct command_reply *reply = xcalloc(1, sizeof *reply);
    struct text object;
    enum err e;

    text_init(&object, LIMIT_LEAF_BYTES);
    about_anchor(anchor, &object);
    c.entry.kind = LEAF_ANCHOR;
    c.entry.object = object.data;
    c.entry.length = object.length;
    c.entry.at = -1;
    e = engine_call(a->engine, &c, CALL_TIMEOUT_US, reply);
    if (!e)
        remember(a, anchor->size, (uint64_t)reply->entry_index);
    text_release(&object);
    free(reply);
    return e;
}

void anchors_chain(struct anchors *a, const struct attestable *c)
{
    struct anchor_item items[ITEMS_MAX];
    struct anchor_leaf anchor = {.size = c->size, .items = items};
    struct log_evidence *rows = NULL;
    size_t count = 0;
    enum err e = store_log_evidence(a->store, a->account, c->size, &rows, &count);

    digest_of(c->note.data, c->text_length, &anchor.checkpoint);
    if (!e)
        anchor.count = choose(rows, count, items);
    if (!e && anchor.count > 0)
        e = append(a, &anchor);
    /* The evidence is stored all the same, and the next one is chained. */
    if (e)
        LOG_WARN("anchor_not_chained", "error", err_code(e), NULL);
    log_evidence_free(rows, count);
}
