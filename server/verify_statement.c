/* SPDX-License-Identifier: Apache-2.0 */
/* A published statement against the one that the entries make. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/jnode.h"
#include "server/verify_run.h"

enum {
    STATEMENT_NAME = 48
};

/* The size a statement speaks of; 0 when it says none.  Its bytes are judged later, as a whole. */
static uint64_t size_of(const struct evidence *file)
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct jnode *root = NULL;
    const struct jnode *size;
    uint64_t n = 0;

    if (!jnode_parse(file->data, file->length, "statement", diags, &root) &&
        jnode_is(root, J_OBJECT)) {
        size = jnode_member(root, "tree_size");
        if (jnode_is(size, J_INTEGER) && jnode_integer(size) > 0)
            n = (uint64_t)jnode_integer(size);
    }
    jnode_free(root);
    free(diags);
    return n;
}

static const char *statement_name(const struct verify_run *run, char name[STATEMENT_NAME])
{
    if (!source_is_url(run->source))
        return "statement.json";
    (void)snprintf(name, STATEMENT_NAME, "statement?size=%llu",
                   (unsigned long long)run->newest.size);
    return name;
}

void statement_load(struct verify_run *run)
{
    struct statement *s = &run->statement;
    char name[STATEMENT_NAME];
    enum err e;

    text_init(&s->made, TRACK_STATEMENT_BYTES);
    text_init(&run->metrics, TRACK_STATEMENT_BYTES);
    if (run->options->statement_path)
        e = evidence_map(run->options->statement_path, &s->file);
    else
        e = source_get(run->source, statement_name(run, name), &s->file, run->reason);
    s->is_there = !e;
    if (e && run->options->statement_path)
        report_fail(&run->report, PROPERTY_STATEMENT, "cannot read %.200s",
                    run->options->statement_path);
    if (s->is_there)
        s->size = size_of(&s->file);
}

void statement_meet(struct verify_run *run)
{
    struct statement *s = &run->statement;
    struct digest root;

    if (!s->is_there || s->size != run->log.tree.size)
        return;
    merkle_root(&run->log.tree, &root);
    s->is_made = !track_statement(&run->log.track, &root, &s->made);
}

static bool is_same(const struct statement *s)
{
    size_t length = s->file.length;

    if (length > 0 && s->file.data[length - 1] == '\n')
        length--;
    return length == s->made.length && memcmp(s->file.data, s->made.data, length) == 0;
}

void statement_end(struct verify_run *run)
{
    struct statement *s = &run->statement;
    unsigned long long size = (unsigned long long)s->size;

    if (track_statement(&run->log.track, &run->root, &run->metrics))
        text_clear(&run->metrics);
    if (!s->is_there && run->log.rules.statements > 0)
        report_note(&run->report, PROPERTY_STATEMENT, VERDICT_PASS, "%llu in the log itself",
                    (unsigned long long)run->log.rules.statements);
    else if (!s->is_there)
        report_note(&run->report, PROPERTY_STATEMENT, VERDICT_NOT_PROVEN,
                    "no statement was given to compare with");
    else if (s->size > run->newest.size)
        report_note(&run->report, PROPERTY_STATEMENT, VERDICT_NOT_PROVEN,
                    "the statement is of %llu entries; this copy ends at %llu", size,
                    (unsigned long long)run->newest.size);
    else if (!s->is_made)
        report_fail(&run->report, PROPERTY_STATEMENT, "%s",
                    run->log.track.broken ? run->log.track.broken
                                          : "the statement names no number of entries");
    else if (!is_same(s))
        report_fail(&run->report, PROPERTY_STATEMENT,
                    "the %llu entries make another statement than the one given", size);
    else
        report_note(&run->report, PROPERTY_STATEMENT, VERDICT_PASS, "of %llu entries", size);
    evidence_release(&s->file);
}
