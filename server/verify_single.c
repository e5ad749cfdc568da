/* SPDX-License-Identifier: Apache-2.0 */
/* One entry and its proof: a C2SP .tlog-proof file, or what the API answers for a trade. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/verify_entry_proof.h"
#include "server/verify_run.h"

static const char magic[] = "c2sp.org/tlog-proof@v1\n";

enum {
    ENTRY_NAME = 2 * LIMIT_PATH
};

/* Beside FILE.tlog-proof lies FILE, unless --entry names another. */
static enum err read_entry(struct verify_run *run, struct entry_proof *s)
{
    static const char suffix[] = ".tlog-proof";
    char name[ENTRY_NAME];
    const char *path = run->options->entry_path;
    size_t length = strlen(run->options->path);
    struct evidence file;
    enum err e;

    if (!path && length > sizeof suffix && length < sizeof name &&
        strcmp(run->options->path + length - (sizeof suffix - 1), suffix) == 0) {
        (void)snprintf(name, sizeof name, "%.*s", (int)(length - (sizeof suffix - 1)),
                       run->options->path);
        path = name;
    }
    if (!path) {
        (void)snprintf(run->reason, LIMIT_REASON, "name the entry with --entry FILE");
        return ERR_INVALID;
    }
    e = evidence_map(path, &file);
    if (e) {
        (void)snprintf(run->reason, LIMIT_REASON, "cannot read the entry %.100s", path);
        return e;
    }
    entry_proof_keep(s, file.data, file.length);
    evidence_release(&file);
    return ERR_OK;
}

static void judge(struct verify_run *run, const struct entry_proof *s)
{
    struct verify_report *r = &run->report;
    struct record_fault fault;
    struct digest leaf;
    enum err e;

    merkle_leaf(s->entry, s->length, &leaf);
    e = checkpoint_open(s->proof.checkpoint, s->proof.checkpoint_length, &run->key, &run->newest);
    if (e) {
        report_fail(r, PROPERTY_SIGNATURE, "the proof's checkpoint is not signed by the key");
    } else {
        report_note(r, PROPERTY_SIGNATURE, VERDICT_PASS, "of %llu entries",
                    (unsigned long long)run->newest.size);
        e = tlog_proof_verify(&s->proof, &run->key, &leaf, NULL);
        if (e)
            report_fail(r, PROPERTY_TREE, "the entry is not number %llu of the signed log",
                        (unsigned long long)s->proof.index);
        else
            report_note(r, PROPERTY_TREE, VERDICT_PASS, "the entry is number %llu of them",
                        (unsigned long long)s->proof.index);
    }
    if (record_parse(s->entry, s->length, &run->log.record, &fault))
        report_fail(r, PROPERTY_ENTRIES, "byte %zu: %s", fault.offset, fault.why);
    else
        report_pass(r, PROPERTY_ENTRIES);
    report_note(r, PROPERTY_VENUE, VERDICT_NOT_PROVEN, "one entry alone shows no track record");
    run->log.tree.size = run->newest.size;
    if (!e)
        anchors_single(run, s->proof.checkpoint, s->proof.checkpoint_length);
}

bool verify_single(struct verify_run *run, enum err *e)
{
    struct entry_proof s = {.entry = NULL};
    struct evidence file;
    bool is_one = false;

    if (evidence_map(run->options->path, &file))
        return false;
    *e = ERR_OK;
    if (file.length >= sizeof magic - 1 && memcmp(file.data, magic, sizeof magic - 1) == 0) {
        is_one = true;
        *e = tlog_proof_parse(file.data, file.length, &s.proof);
        if (*e)
            report_fail(&run->report, PROPERTY_TREE, "the proof file is malformed");
        else
            *e = read_entry(run, &s);
    } else if (file.length > 0 && file.data[0] == '{') {
        is_one = true;
        if (!entry_proof_read(file.data, file.length, &s)) {
            (void)snprintf(run->reason, LIMIT_REASON, "it is JSON, but no proof of an entry");
            *e = ERR_SYNTAX;
        }
    }
    if (is_one && !*e)
        judge(run, &s);
    if (is_one && *e && report_failed(&run->report))
        *e = ERR_OK; /* a verdict */
    entry_proof_release(&s);
    evidence_release(&file);
    return is_one;
}
