/* SPDX-License-Identifier: Apache-2.0 */
/* One entry and its proof: a C2SP .tlog-proof file, or what the API answers for a trade. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/jnode.h"
#include "server/verify_run.h"

static const char magic[] = "c2sp.org/tlog-proof@v1\n";

enum {
    LINE_TAIL = 78, /* of a JSONL line: , "proof": "<64 hex>"} */
    ENTRY_NAME = 2 * LIMIT_PATH
};

/* The proof and the entry it is of. */
struct single {
    struct tlog_proof proof;
    char *entry; /* owned */
    size_t length;
    char *envelope; /* owned; NULL: within the file */
};

/* A line of a JSONL file stands for its entry. */
static void keep_entry(struct single *s, const char *data, size_t length)
{
    if (length > 0 && data[length - 1] == '\n')
        length--;
    s->entry = xmalloc(length + 1);
    memcpy(s->entry, data, length);
    if (length > LINE_TAIL && memcmp(data + length - LINE_TAIL, ", \"proof\": \"", 12) == 0) {
        length -= LINE_TAIL;
        s->entry[length++] = '}';
    }
    s->length = length;
}

/* Beside FILE.tlog-proof lies FILE, unless --entry names another. */
static enum err read_entry(struct verify_run *run, struct single *s)
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
    keep_entry(s, file.data, file.length);
    evidence_release(&file);
    return ERR_OK;
}

static bool get_number(const struct jnode *object, const char *key, uint64_t *out)
{
    const struct jnode *n = jnode_member(object, key);
    char *end;

    if (!jnode_is(n, J_STRING) || jnode_text(n)[0] < '0' || jnode_text(n)[0] > '9')
        return false;
    *out = strtoull(jnode_text(n), &end, 10);
    return *end == '\0' && *out <= MERKLE_SIZE_MAX;
}

static bool get_hashes(const struct jnode *list, struct merkle_proof *out)
{
    size_t length;

    if (!jnode_is(list, J_ARRAY) || jnode_count(list) > MERKLE_PROOF_MAX)
        return false;
    for (size_t i = 0; i < jnode_count(list); i++) {
        const struct jnode *item = jnode_item(list, i);

        if (!jnode_is(item, J_STRING) ||
            base64_parse(jnode_text(item), jnode_text_length(item), out->hashes[i].bytes,
                         DIGEST_BYTES, &length) ||
            length != DIGEST_BYTES)
            return false;
    }
    out->count = jnode_count(list);
    return true;
}

/* The shape of proofs.md 1.7: a transparency log entry as Sigstore writes it. */
static bool read_json(const struct jnode *root, struct single *s)
{
    const struct jnode *body, *inclusion, *checkpoint, *envelope;
    size_t length;

    if (!jnode_is(root, J_OBJECT))
        return false;
    body = jnode_member(root, "canonicalizedBody");
    inclusion = jnode_member(root, "inclusionProof");
    if (!jnode_is(body, J_STRING) || !jnode_is(inclusion, J_OBJECT))
        return false;
    checkpoint = jnode_member(inclusion, "checkpoint");
    envelope = jnode_is(checkpoint, J_OBJECT) ? jnode_member(checkpoint, "envelope") : NULL;
    if (!jnode_is(envelope, J_STRING) || !get_number(inclusion, "logIndex", &s->proof.index) ||
        !get_hashes(jnode_member(inclusion, "hashes"), &s->proof.inclusion))
        return false;
    s->entry = xmalloc(jnode_text_length(body) + 1);
    if (base64_parse(jnode_text(body), jnode_text_length(body), (uint8_t *)s->entry,
                     jnode_text_length(body), &length))
        return false;
    s->length = length;
    s->envelope = xstrndup(jnode_text(envelope), jnode_text_length(envelope));
    s->proof.checkpoint = s->envelope;
    s->proof.checkpoint_length = jnode_text_length(envelope);
    return true;
}

static bool parse_json(const struct evidence *file, struct single *s)
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct jnode *root = NULL;
    bool good = !jnode_parse(file->data, file->length, "proof", diags, &root) && read_json(root, s);

    jnode_free(root);
    free(diags);
    return good;
}

static void judge(struct verify_run *run, const struct single *s)
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
    struct single s = {.entry = NULL};
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
        if (!parse_json(&file, &s)) {
            (void)snprintf(run->reason, LIMIT_REASON, "it is JSON, but no proof of an entry");
            *e = ERR_SYNTAX;
        }
    }
    if (is_one && !*e)
        judge(run, &s);
    if (is_one && *e && report_failed(&run->report))
        *e = ERR_OK; /* a verdict */
    free(s.entry);
    free(s.envelope);
    evidence_release(&file);
    return is_one;
}
