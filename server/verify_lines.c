/* SPDX-License-Identifier: Apache-2.0 */
/* Compares JSONL files with the log's entries: the same bytes, each with its proof, in order. */
#include <stdio.h>
#include <string.h>

#include "server/verify_run.h"

static const char tail_begin[] = ", \"proof\": \"", tail_end[] = "\"}";

enum {
    TAIL_BEGIN = sizeof tail_begin - 1,
    TAIL_END = sizeof tail_end - 1,
    TAIL = TAIL_BEGIN + DIGEST_HEX - 1 + TAIL_END /* in place of an entry's last brace */
};

static void open_file(struct verify_run *run, struct line_file *f, const char *name)
{
    f->is_there =
        !source_is_url(run->source) && !source_get(run->source, name, &f->file, run->reason);
}

void lines_begin(struct verify_run *run)
{
    open_file(run, &run->lines, "log.jsonl");
    open_file(run, &run->trades, "trades.jsonl");
}

/* The next whole line without its newline; false when there is none. */
static bool next_line(struct line_file *f, const char **line, size_t *length)
{
    const char *from = f->file.data + f->at;
    const char *end = memchr(from, '\n', f->file.length - f->at);

    if (!end)
        return false;
    *line = from;
    *length = (size_t)(end - from);
    f->at += *length + 1;
    f->count++;
    return true;
}

enum err lines_entry(struct verify_run *run, char *entry, size_t *length)
{
    struct line_file *f = &run->lines;
    const char *from = f->file.data + f->at;
    const char *end = memchr(from, '\n', f->file.length - f->at);
    size_t n = end ? (size_t)(end - from) : 0;

    if (!end)
        return ERR_END;
    if (n < TAIL || n - TAIL + 1 > TILE_ENTRY_BYTES)
        return ERR_SYNTAX;
    memcpy(entry, from, n - TAIL);
    entry[n - TAIL] = '}';
    *length = n - TAIL + 1;
    return ERR_OK;
}

static bool has_tail(const char *tail, const struct digest *proof)
{
    char hex[DIGEST_HEX];

    hex_print(proof->bytes, DIGEST_BYTES, hex);
    return memcmp(tail, tail_begin, TAIL_BEGIN) == 0 &&
           memcmp(tail + TAIL_BEGIN, hex, DIGEST_HEX - 1) == 0 &&
           memcmp(tail + TAIL - TAIL_END, tail_end, TAIL_END) == 0;
}

/* After the first difference the lines are out of step: one failure is enough. */
static void meet(struct verify_run *run, struct line_file *f, const char *name, const char *entry,
                 size_t length, const struct digest *proof)
{
    const char *line;
    size_t n;

    if (!f->is_there || f->is_broken)
        return;
    if (!next_line(f, &line, &n)) {
        report_fail(&run->report, PROPERTY_LINES, "%s ends behind line %llu; the log has more",
                    name, (unsigned long long)f->count);
        f->is_broken = true;
    } else if (n != length - 1 + TAIL || memcmp(line, entry, length - 1) != 0) {
        report_fail(&run->report, PROPERTY_LINES, "line %llu of %s is not entry %llu",
                    (unsigned long long)f->count, name, (unsigned long long)run->log.tree.size - 1);
        f->is_broken = true;
    } else if (!has_tail(line + length - 1, proof)) {
        report_fail(&run->report, PROPERTY_LINES,
                    "the proof in line %llu of %s is not its record's",
                    (unsigned long long)f->count, name);
    }
}

void lines_meet(struct verify_run *run, const char *entry, size_t length, bool is_trade)
{
    struct digest proof;

    if (!run->lines.is_there && !(run->trades.is_there && is_trade))
        return;
    digest_of(entry, length, &proof);
    meet(run, &run->lines, "log.jsonl", entry, length, &proof);
    if (is_trade)
        meet(run, &run->trades, "trades.jsonl", entry, length, &proof);
}

/* Lines behind the newest checkpoint: the daemon signs a moment after it writes. */
void lines_end(struct verify_run *run)
{
    const char *line;
    size_t n;

    while (run->lines.is_there && !run->lines.is_broken && next_line(&run->lines, &line, &n))
        run->unsigned_entries++;
    if (run->lines.is_there || run->trades.is_there)
        report_pass(&run->report, PROPERTY_LINES);
    if (run->unsigned_entries > 0)
        report_note(&run->report, PROPERTY_LINES, VERDICT_PASS,
                    "%llu more lines follow that no checkpoint covers yet",
                    (unsigned long long)run->unsigned_entries);
    evidence_release(&run->lines.file);
    evidence_release(&run->trades.file);
}
