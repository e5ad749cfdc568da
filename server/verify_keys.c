/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of keys that the log itself names: from the one that was given to those before and
 * after it. */
#include <string.h>

#include "server/verify_run.h"

/* Why the newest checkpoint counts as not signed. */
static const char *fault_of(enum err e)
{
    switch (e) {
    case ERR_NOT_FOUND:
        return "it has no signature by this key, nor by one that the log leads to from it";
    case ERR_CONFLICT:
        return "the key's signature does not fit the text";
    case ERR_INVALID:
        return "it is of another log";
    default:
        return "it is not a signed checkpoint";
    }
}

enum err keys_read(const struct verify_run *run, const char *note, size_t length,
                   struct checkpoint *out)
{
    struct checkpoint c;
    struct note parsed;
    enum err e = note_parse(note, length, &parsed);

    if (!e)
        e = checkpoint_parse(parsed.text, parsed.text_length, &c);
    if (!e && strcmp(c.origin, run->key.name) != 0)
        e = ERR_INVALID;
    if (!e)
        *out = c;
    return e;
}

enum err keys_open(const struct verify_run *run, const char *note, size_t length,
                   struct checkpoint *out)
{
    const struct log_keys *keys = &run->log.rules.keys;

    if (!log_keys_has(keys, &run->key))
        return ERR_NOT_FOUND;
    return log_keys_open(keys, note, length, run->log.last_us, out);
}

/* The key that was given has ended before the newest entry, or never began. */
static bool has_ended(const struct verify_run *run)
{
    const struct log_keys *keys = &run->log.rules.keys;

    for (size_t i = 0; i < keys->count; i++)
        if (memcmp(keys->keys[i].vkey.key, run->key.key, sizeof run->key.key) == 0)
            return !log_keys_signs(keys, i, run->newest.size, run->log.last_us);
    return false;
}

void keys_judge(struct verify_run *run)
{
    bool is_alone = run->is_signed && !has_ended(run);
    struct checkpoint c;
    enum err e;

    if (is_alone) {
        report_note(&run->report, PROPERTY_SIGNATURE, VERDICT_PASS, "of %llu entries",
                    (unsigned long long)run->newest.size);
        return;
    }
    if (!run->is_signed && !run->is_by_another)
        return; /* told already */
    e = keys_open(run, run->note.data, run->note.length, &c);
    run->is_signed = !e;
    if (e)
        report_fail(&run->report, PROPERTY_SIGNATURE, "%s",
                    run->is_by_another ? fault_of(e)
                                       : "the key had ended, and no later one has signed it");
    else
        report_note(&run->report, PROPERTY_SIGNATURE, VERDICT_PASS,
                    "of %llu entries, by a key that the log leads to",
                    (unsigned long long)run->newest.size);
}
