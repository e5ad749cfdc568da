/* SPDX-License-Identifier: Apache-2.0 */
/* What this verifier saw of the log at its last check: kept, compared, and never given up for a
 * history that excludes it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/jwriter.h"
#include "server/verify_run.h"

/* Remembers which nodes a proof asks for, and later gives what the entries made of them. */
static enum err want_node(void *self, unsigned height, uint64_t n, struct digest *out)
{
    struct wanted_nodes *w = self;

    *out = (struct digest){{0}};
    for (size_t i = 0; i < w->count; i++) {
        if (w->nodes[i].height == height && w->nodes[i].n == n) {
            *out = w->nodes[i].hash;
            return ERR_OK;
        }
    }
    if (w->count == WANTED_NODES)
        return ERR_LIMIT;
    w->nodes[w->count].height = height;
    w->nodes[w->count].n = n;
    w->count++;
    return ERR_OK;
}

static enum err prove(struct verify_run *run, struct merkle_proof *out)
{
    const struct merkle_source source = {.self = &run->seen.wanted, .node = want_node};

    return merkle_consistency(&source, run->seen.checkpoint.size, run->newest.size, out);
}

void seen_load(struct verify_run *run)
{
    struct remembered *m = &run->seen;
    struct merkle_proof ignored;
    enum err e;

    text_init(&m->note, NOTE_BYTES);
    if (!run->options->state_path) {
        report_note(&run->report, PROPERTY_HISTORY, VERDICT_NOT_PROVEN,
                    "earlier checks are not remembered");
        return;
    }
    e = text_read_file(&m->note, run->options->state_path);
    if (e == ERR_IO && errno == ENOENT)
        return;
    if (!e)
        e = checkpoint_open(m->note.data, m->note.length, &run->key, &m->checkpoint);
    /* Our own file: what stands there was verified then, by a later key perhaps. */
    if (e == ERR_NOT_FOUND)
        e = keys_read(run, m->note.data, m->note.length, &m->checkpoint);
    if (e) {
        report_note(&run->report, PROPERTY_HISTORY, VERDICT_NOT_PROVEN,
                    "%.200s holds no checkpoint of this key", run->options->state_path);
        return;
    }
    m->is_known = true;
    if (m->checkpoint.size > 0 && m->checkpoint.size < run->newest.size)
        (void)!prove(run, &ignored);
}

void seen_node(struct verify_run *run, unsigned height, uint64_t n, const struct digest *hash)
{
    struct wanted_nodes *w = &run->seen.wanted;

    for (size_t i = 0; i < w->count; i++)
        if (w->nodes[i].height == height && w->nodes[i].n == n)
            w->nodes[i].hash = *hash;
}

void seen_meet(struct verify_run *run)
{
    struct remembered *m = &run->seen;

    if (!m->is_known || m->checkpoint.size != run->log.tree.size)
        return;
    merkle_root(&run->log.tree, &m->root_then);
    m->is_met = true;
}

/* Folders above the file are made as far as they are missing. */
static bool make_folders(const char *path)
{
    char *copy = xstrdup(path), *slash = copy;
    bool good = true;

    while (good && (slash = strchr(slash + 1, '/')) != NULL) {
        *slash = '\0';
        good = mkdir(copy, S_IRWXU) == 0 || errno == EEXIST;
        *slash = '/';
    }
    free(copy);
    return good;
}

static bool write_whole(const char *path, const char *data, size_t length)
{
    int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
    bool good = fd >= 0 && write(fd, data, length) == (ssize_t)length && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return good;
}

/* Never half a file: what was seen before must not be lost for want of space. */
static bool replace_file(const char *path, const char *data, size_t length)
{
    struct text temporary;
    bool good;

    text_init(&temporary, 2 * LIMIT_PATH);
    text_format(&temporary, "%s.new", path);
    good = !temporary.full && make_folders(path) && write_whole(temporary.data, data, length) &&
           rename(temporary.data, path) == 0;
    text_release(&temporary);
    return good;
}

static void remember(struct verify_run *run)
{
    const struct finding *findings = run->report.findings;

    if (!run->options->state_path || !run->is_rebuilt || !run->is_signed ||
        findings[PROPERTY_HISTORY].verdict == VERDICT_FAIL ||
        findings[PROPERTY_CHECKPOINTS].verdict == VERDICT_FAIL ||
        (run->seen.is_known && run->seen.checkpoint.size >= run->newest.size))
        return;
    if (!replace_file(run->options->state_path, run->note.data, run->note.length))
        report_note(&run->report, PROPERTY_HISTORY, VERDICT_NOT_PROVEN,
                    "cannot remember this check in %.200s: %s", run->options->state_path,
                    strerror(errno));
}

static void write_note(struct jwriter *w, const char *key, const char *note, size_t length)
{
    jw_key(w, key);
    jw_object(w);
    jw_key(w, "envelope");
    jw_text_n(w, note, length);
    jw_object_end(w);
}

static void write_proof(struct jwriter *w, const struct digest *root_then,
                        const struct merkle_proof *p)
{
    char text[48];

    jw_member_text(w, "rootOfNewAtOldSize",
                   (base64_print(root_then->bytes, DIGEST_BYTES, text), text));
    jw_key(w, "consistency");
    jw_array(w);
    for (size_t i = 0; i < p->count; i++)
        jw_text_n(w, text, base64_print(p->hashes[i].bytes, DIGEST_BYTES, text));
    jw_array_end(w);
}

void verify_equivocation(struct verify_run *run, const char *note, size_t length,
                         const struct digest *root_then, const struct merkle_proof *consistency)
{
    struct text out;
    struct jwriter w;

    text_init(&out, 16 * NOTE_BYTES);
    jwriter_init(&w, JSTYLE_COMPACT, &out);
    jw_object(&w);
    jw_member_text(&w, "explanation",
                   "Both checkpoints are signed by the key, and no one log has both: the tree of "
                   "the new one has another root at the old one's size, as the consistency proof "
                   "from that root to the new one shows, or both are of one size.");
    jw_member_text(&w, "vkey", run->key_text);
    write_note(&w, "oldCheckpoint", note, length);
    write_note(&w, "newCheckpoint", run->note.data, run->note.length);
    if (consistency)
        write_proof(&w, root_then, consistency);
    jw_object_end(&w);
    text_char(&out, '\n');
    if (!write_whole("equivocation.json", out.data, out.length))
        fprintf(stderr, "traderd: cannot write equivocation.json: %s\n", strerror(errno));
    else
        fprintf(stderr, "traderd: two histories are signed by one key; the evidence is in "
                        "equivocation.json\n");
    text_release(&out);
}

static void judge_fork(struct verify_run *run)
{
    struct remembered *m = &run->seen;
    struct merkle_proof proof = {0};

    report_fail(&run->report, PROPERTY_HISTORY,
                "the first %llu entries are not those that were signed and seen before",
                (unsigned long long)m->checkpoint.size);
    if (m->checkpoint.size == 0 || m->checkpoint.size == run->newest.size || prove(run, &proof))
        proof.count = 0;
    verify_equivocation(run, m->note.data, m->note.length, &m->root_then, &proof);
}

void seen_end(struct verify_run *run)
{
    struct remembered *m = &run->seen;
    unsigned long long then = (unsigned long long)m->checkpoint.size;

    if (!m->is_known)
        report_note(&run->report, PROPERTY_HISTORY, VERDICT_NOT_PROVEN,
                    "this log was not seen before; the next check will know");
    else if (!run->is_signed || !run->is_rebuilt)
        report_note(&run->report, PROPERTY_HISTORY, VERDICT_NOT_PROVEN,
                    "the entries are not what is signed now");
    else if (m->checkpoint.size > run->newest.size)
        report_note(&run->report, PROPERTY_HISTORY, VERDICT_STALE,
                    "%llu entries were seen before; this copy ends at %llu", then,
                    (unsigned long long)run->newest.size);
    else if (!m->is_met || !bytes_equal(&m->root_then, &m->checkpoint.root, sizeof m->root_then))
        judge_fork(run);
    else
        report_note(&run->report, PROPERTY_HISTORY, VERDICT_PASS, "%llu entries were seen before",
                    then);
    remember(run);
}

void seen_release(struct verify_run *run)
{
    text_release(&run->seen.note);
}
