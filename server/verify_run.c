/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the evidence from its first entry to its last and has everything judged on the way. */
#include "server/verify_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROGRESS_EVERY = 1 << 14 /* entries */
};

static const char *signature_fault(enum err e)
{
    switch (e) {
    case ERR_CONFLICT:
        return "the key's signature does not fit the text";
    case ERR_INVALID:
        return "it is of another log";
    default:
        return "it is not a signed checkpoint";
    }
}

/* What a server did not give, now: nobody's fault that can be told, and no reason to judge. */
static bool is_away(const struct verify_run *run, enum err e)
{
    return e && e != ERR_NOT_FOUND && source_is_url(run->source);
}

/* Without a signed checkpoint the entries are still read: what they say is told, not proven. */
static enum err open_note(struct verify_run *run)
{
    struct note note;
    enum err e = source_get(run->source, "checkpoint", &run->note, run->reason);

    if (is_away(run, e))
        return e;
    if (e) {
        report_fail(&run->report, PROPERTY_SIGNATURE, "there is no checkpoint%s%s",
                    e == ERR_NOT_FOUND ? "" : ": ", e == ERR_NOT_FOUND ? "" : run->reason);
        return ERR_OK;
    }
    e = checkpoint_open(run->note.data, run->note.length, &run->key, &run->newest);
    run->is_signed = !e;
    run->is_by_another = e == ERR_NOT_FOUND;
    if (!e ||
        (run->is_by_another && !keys_read(run, run->note.data, run->note.length, &run->newest)))
        return ERR_OK; /* what the log says of its keys is known at the end: keys_judge */
    run->is_by_another = false;
    report_fail(&run->report, PROPERTY_SIGNATURE, "%s", signature_fault(e));
    if (note_parse(run->note.data, run->note.length, &note) ||
        checkpoint_parse(note.text, note.text_length, &run->newest))
        run->newest = (struct checkpoint){.size = 0};
    return ERR_OK;
}

static void on_node(void *self, unsigned height, uint64_t n, const struct digest *hash)
{
    struct verify_run *run = self;

    tiles_node(run, height, n, hash);
    seen_node(run, height, n, hash);
}

/* Whatever is signed or said of the tree's size now. */
static void meet_size(struct verify_run *run)
{
    stored_meet(run);
    seen_meet(run);
    statement_meet(run);
}

static void push(struct verify_run *run, const char *entry, size_t length)
{
    const struct merkle_sink sink = {.self = run, .node = on_node};
    uint64_t failures = run->report.findings[PROPERTY_ENTRIES].failures;
    bool is_record;

    verify_log_push(&run->log, entry, length, &sink);
    is_record = run->report.findings[PROPERTY_ENTRIES].failures == failures;
    if (is_record) {
        anchors_meet(run, run->log.last_us, run->log.record.kind == LEAF_TRADE);
        windows_meet(run, &run->log.record);
    }
    lines_meet(run, entry, length, is_record && run->log.record.kind == LEAF_TRADE);
    meet_size(run);
    if (run->log.tree.size % PROGRESS_EVERY == 0)
        verify_progress(run->log.tree.size, run->newest.size);
}

static void bundle_name(uint64_t n, unsigned width, char name[TILE_PATH_BYTES + 8])
{
    const struct tile_address address = {.is_entries = true, .n = n, .width = width};
    char path[TILE_PATH_BYTES];

    tile_path_print(&address, path);
    (void)snprintf(name, TILE_PATH_BYTES + 8, "tile/%s", path);
}

/* All entries of one bundle; false when it is not whole. */
static bool push_bundle(struct verify_run *run, const char *name, const struct evidence *file,
                        unsigned width)
{
    struct bundle_reader reader = {file->data, file->data + file->length};
    const char *entry;
    size_t length;
    unsigned count = 0;
    enum err e;

    while (!(e = bundle_next(&reader, &entry, &length)) && count < width) {
        push(run, entry, length);
        count++;
    }
    if (e == ERR_END && count == width)
        return true;
    report_fail(&run->report, PROPERTY_TREE, "%s does not hold exactly %u entries", name, width);
    return false;
}

static enum err push_bundles(struct verify_run *run)
{
    uint64_t n;
    unsigned width;
    enum err e;

    for (n = 0; (width = tile_width(run->newest.size, 0, n)) > 0; n++) {
        char name[TILE_PATH_BYTES + 8];
        struct evidence file;
        bool whole;

        bundle_name(n, width, name);
        e = source_get(run->source, name, &file, run->reason);
        if (is_away(run, e))
            return e;
        if (e) {
            report_fail(&run->report, PROPERTY_TREE, "%s is missing", name);
            return ERR_OK;
        }
        whole = push_bundle(run, name, &file, width);
        evidence_release(&file);
        if (!whole)
            return ERR_OK;
    }
    return ERR_OK;
}

static void push_lines(struct verify_run *run)
{
    char *entry = xmalloc(TILE_ENTRY_BYTES);
    size_t length;
    enum err e = ERR_OK;

    while (run->log.tree.size < run->newest.size) {
        e = lines_entry(run, entry, &length);
        if (e)
            break;
        push(run, entry, length);
    }
    free(entry);
    if (e == ERR_END)
        report_fail(&run->report, PROPERTY_TREE, "log.jsonl has %llu entries; %llu were signed",
                    (unsigned long long)run->log.tree.size, (unsigned long long)run->newest.size);
    else if (e)
        report_fail(&run->report, PROPERTY_TREE, "line %llu of log.jsonl is no entry",
                    (unsigned long long)run->log.tree.size + 1);
}

static bool has_bundles(struct verify_run *run)
{
    char name[TILE_PATH_BYTES + 8];
    struct evidence file;

    if (source_is_url(run->source) || run->newest.size == 0)
        return true;
    bundle_name(0, tile_width(run->newest.size, 0, 0), name);
    if (source_get(run->source, name, &file, run->reason))
        return false;
    evidence_release(&file);
    return true;
}

static void judge_tree(struct verify_run *run)
{
    merkle_root(&run->log.tree, &run->root);
    run->is_rebuilt = run->log.tree.size == run->newest.size &&
                      bytes_equal(&run->root, &run->newest.root, sizeof run->root);
    if (run->newest.size == 0 && !run->is_signed)
        report_fail(&run->report, PROPERTY_TREE,
                    "no signed checkpoint says which entries there are");
    else if (!run->is_rebuilt)
        report_fail(&run->report, PROPERTY_TREE,
                    "the root of the %llu entries is not the one that was signed",
                    (unsigned long long)run->log.tree.size);
    else if (run->is_signed)
        report_pass(&run->report, PROPERTY_TREE);
    else
        report_note(&run->report, PROPERTY_TREE, VERDICT_NOT_PROVEN,
                    "the checkpoint is not signed by the key");
}

/* The log's own first entry says whose it is: another's entries signed anew are not this one's. */
static void judge_name(struct verify_run *run)
{
    const struct log_keys *keys = &run->log.rules.keys;
    const char *origin = run->log.track.origin;

    if (origin[0] && strcmp(origin, run->key.name) != 0)
        report_fail(&run->report, PROPERTY_SIGNATURE,
                    "the entries are of another log: their genesis names %.200s", origin);
    else if (keys->count > 0 && !log_keys_has(keys, &run->key))
        report_fail(&run->report, PROPERTY_SIGNATURE,
                    "the genesis names another key, and the log does not lead from it to this one");
}

/* What no evidence of this kind can show is told every time. */
static void tell_unproven(struct verify_run *run)
{
    struct verify_report *r = &run->report;

    report_note(r, PROPERTY_VENUE, VERDICT_NOT_PROVEN,
                value_is(&(struct value){.kind = VALUE_TEXT,
                                         .at = run->log.track.mode,
                                         .length = strlen(run->log.track.mode)},
                         "live")
                    ? "compare client order ids with a statement of the exchange"
                    : "these are simulated trades");
    report_note(r, PROPERTY_ELSEWHERE, VERDICT_NOT_PROVEN, "a log can only speak for itself");
}

static enum err read_all(struct verify_run *run)
{
    bool bundles = has_bundles(run);
    enum err e = ERR_OK;

    stored_load(run);
    anchors_load(run);
    attested_begin(run);
    seen_load(run);
    statement_load(run);
    tiles_begin(run);
    lines_begin(run);
    meet_size(run);
    if (bundles)
        e = push_bundles(run);
    else if (run->lines.is_there)
        push_lines(run);
    else
        report_fail(&run->report, PROPERTY_TREE, "there are neither entry bundles nor log.jsonl");
    verify_progress(0, 0);
    return e;
}

enum err verify_run(struct verify_run *run)
{
    enum err e =
        source_open(run->options->path, run->options->token_path, &run->source, run->reason);

    if (e)
        return e;
    verify_log_init(&run->log, &run->report);
    e = open_note(run);
    if (!e)
        e = read_all(run);
    if (e)
        return e;
    keys_judge(run);
    judge_name(run);
    judge_tree(run);
    tiles_end(run);
    lines_end(run);
    verify_log_end(&run->log);
    stored_end(run);
    seen_end(run);
    statement_end(run);
    anchors_end(run);
    windows_end(run);
    tell_unproven(run);
    return ERR_OK;
}

void verify_run_release(struct verify_run *run)
{
    anchors_release(run);
    windows_release(run);
    attested_release(run);
    if (!run->source)
        return;
    verify_log_release(&run->log);
    stored_release(run);
    seen_release(run);
    text_release(&run->statement.made);
    text_release(&run->metrics);
    evidence_release(&run->note);
    source_close(run->source);
}
