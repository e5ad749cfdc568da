/* SPDX-License-Identifier: Apache-2.0 */
/* Reads pages of checkpoints and lines of time stamps. */
#include "server/verify_pages.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/jnode.h"
#include "engine/merkle.h"

static const char dash[] = "\xE2\x80\x94 "; /* how a signature line begins */

enum {
    DASH = sizeof dash - 1,
    PAGE_BYTES = 32 * 1024 * 1024, /* a thousand notes of the greatest length are half of it */
    SIZE_DIGITS = 19
};

static enum err take_notes(const struct jnode *data, struct text *notes)
{
    for (size_t i = 0; i < jnode_count(data); i++) {
        const struct jnode *item = jnode_item(data, i);
        const struct jnode *note = jnode_is(item, J_OBJECT) ? jnode_member(item, "envelope") : NULL;

        if (!jnode_is(note, J_STRING))
            return ERR_SYNTAX;
        text_append(notes, jnode_text(note), jnode_text_length(note));
    }
    return notes->full ? ERR_LIMIT : ERR_OK;
}

enum err pages_notes(const char *page, size_t length, struct text *notes, uint64_t *next_from)
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct jnode *root = NULL;
    const struct jnode *data = NULL, *next = NULL;
    enum err e = jnode_parse_large(page, length, PAGE_BYTES, "checkpoints", diags, &root);

    *next_from = 0;
    if (!e && jnode_is(root, J_OBJECT)) {
        data = jnode_member(root, "data");
        next = jnode_member(root, "next_from");
    }
    if (e || !jnode_is(data, J_ARRAY))
        e = ERR_SYNTAX;
    else if (jnode_is(next, J_INTEGER) && jnode_integer(next) > 0)
        *next_from = (uint64_t)jnode_integer(next);
    else if (!jnode_is(next, J_NULL))
        e = ERR_SYNTAX;
    if (!e)
        e = take_notes(data, notes);
    jnode_free(root);
    free(diags);
    return e;
}

const char *pages_note_end(const char *from, const char *end)
{
    const char *blank = memmem(from, (size_t)(end - from), "\n\n", 2);
    const char *at = blank ? blank + 2 : end;

    while (at < end && (size_t)(end - at) >= DASH && memcmp(at, dash, DASH) == 0) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        at = newline ? newline + 1 : end;
    }
    return at;
}

bool pages_number(const char *at, const char *end, char behind, uint64_t *out)
{
    const char *digit = at;
    uint64_t n = 0;

    for (; digit < end && *digit >= '0' && *digit <= '9' && digit - at < SIZE_DIGITS; digit++)
        n = 10 * n + (uint64_t)(*digit - '0');
    *out = n;
    return digit > at && *at != '0' && digit < end && *digit == behind && n <= MERKLE_SIZE_MAX;
}

bool pages_stamp(const char *line, size_t length, uint64_t *size, uint8_t *der, size_t capacity,
                 size_t *der_length)
{
    const char *blank = memchr(line, ' ', length);

    return blank && pages_number(line, line + length, ' ', size) &&
           !base64_parse(blank + 1, (size_t)(line + length - blank) - 1, der, capacity,
                         der_length) &&
           *der_length > 0;
}
