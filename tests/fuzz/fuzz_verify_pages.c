/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a page of checkpoints, as notes one behind the other, as a line of time stamps, as a
 * line of a JSONL file, as an entry with its proof in JSON. */
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "server/verify_entry_proof.h"
#include "server/verify_pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    DER_BYTES = 4096
};

/* Notes are no longer than the page that held them: JSON only adds. */
static void try_page(const char *bytes, size_t size)
{
    struct text notes;
    uint64_t next;

    text_init(&notes, size + 1);
    if (!pages_notes(bytes, size, &notes, &next))
        ASSERT(notes.length <= size && next <= INT64_MAX);
    text_release(&notes);
}

static void try_notes(const char *bytes, size_t size)
{
    const char *at = bytes, *end = bytes + size;

    while (at < end) {
        const char *next = pages_note_end(at, end);

        ASSERT(next > at && next <= end);
        at = next;
    }
}

/* The one text of what was read. */
static void try_stamp(const char *bytes, size_t size)
{
    uint8_t der[DER_BYTES];
    size_t length;
    uint64_t of;
    struct text again;
    char *base64;

    if (!pages_stamp(bytes, size, &of, der, sizeof der, &length))
        return;
    ASSERT(length <= sizeof der && of > 0);
    base64 = xmalloc(4 * (length / 3 + 1) + 1);
    text_init(&again, size + 32);
    text_format(&again, "%llu ", (unsigned long long)of);
    text_append(&again, base64, base64_print(der, length, base64));
    ASSERT(again.length == size && memcmp(again.data, bytes, size) == 0);
    text_release(&again);
    free(base64);
}

static void try_proof(const char *bytes, size_t size)
{
    struct entry_proof p = {.entry = NULL};

    if (entry_proof_read(bytes, size, &p))
        ASSERT(p.envelope && p.length < size && p.proof.inclusion.count <= MERKLE_PROOF_MAX);
    entry_proof_release(&p);
    entry_proof_keep(&p, bytes, size);
    ASSERT(p.length <= size);
    entry_proof_release(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = size ? (const char *)data : "";

    try_page(bytes, size);
    try_notes(bytes, size);
    try_stamp(bytes, size);
    try_proof(bytes, size);
    return 0;
}
