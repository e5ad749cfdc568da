/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the evidence holds what anchor entries name: signature lines of stored notes, tokens. */
#include <stdlib.h>
#include <string.h>

#include "server/verify_run.h"

void attested_token(struct verify_run *run, uint64_t size, const uint8_t *der, size_t length)
{
    struct token_list *l = &run->tokens;

    if (l->count == l->capacity) {
        l->capacity = l->capacity ? 2 * l->capacity : 64;
        l->items = xrealloc(l->items, l->capacity * sizeof *l->items);
    }
    l->items[l->count].size = size;
    digest_of(der, length, &l->items[l->count++].digest);
}

void attested_release(struct verify_run *run)
{
    free(run->tokens.items);
}

static enum attested find_token(const struct verify_run *run, uint64_t size,
                                const struct digest *digest)
{
    enum attested found = ATTESTED_ABSENT;
    const struct token_list *l = &run->tokens;
    size_t from = 0, to = l->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (l->items[middle].size < size)
            from = middle + 1;
        else
            to = middle;
    }
    for (; from < l->count && l->items[from].size == size; from++) {
        if (bytes_equal(&l->items[from].digest, digest, sizeof *digest))
            return ATTESTED_HERE;
        found = ATTESTED_OTHERWISE;
    }
    return found;
}

/* "name+id" of a signature line. */
static bool is_source(const struct note_signature *s, const struct value *source)
{
    char id[2 * NOTE_ID_BYTES + 1];

    hex_print(s->id, NOTE_ID_BYTES, id);
    return source->length == s->name_length + 1 + 2 * NOTE_ID_BYTES &&
           memcmp(source->at, s->name, s->name_length) == 0 && source->at[s->name_length] == '+' &&
           memcmp(source->at + s->name_length + 1, id, 2 * NOTE_ID_BYTES) == 0;
}

static enum attested find_line(const struct stored_checkpoint *c, const struct value *source,
                               const struct digest *digest)
{
    enum attested found = ATTESTED_ABSENT;
    const char *at, *end = c->note + c->length;
    struct digest line;
    struct note note;

    if (note_parse(c->note, c->length, &note))
        return ATTESTED_ABSENT;
    at = note.text + note.text_length + 1;
    for (size_t i = 0; i < note.count && at < end; i++) {
        const char *next = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;

        digest_of(at, (size_t)(next - at), &line);
        if (bytes_equal(&line, digest, sizeof line))
            return ATTESTED_HERE;
        if (is_source(&note.signatures[i], source))
            found = ATTESTED_OTHERWISE;
        at = next;
    }
    return found;
}

static enum attested find(void *self, uint64_t size, const struct value *kind,
                          const struct value *source, const struct digest *digest)
{
    const struct verify_run *run = self;
    const struct stored_checkpoint *c = stored_of(run, size);

    if (value_is(kind, "rfc3161"))
        return find_token(run, size, digest);
    return c ? find_line(c, source, digest) : ATTESTED_ABSENT;
}

static int compare(const void *a, const void *b)
{
    const struct token *x = a, *y = b;

    return x->size != y->size ? (x->size < y->size ? -1 : 1) : 0;
}

void attested_begin(struct verify_run *run)
{
    if (run->tokens.count > 0)
        qsort(run->tokens.items, run->tokens.count, sizeof *run->tokens.items, compare);
    run->attestations = (struct attested_source){run, find};
    run->log.rules.attestations = &run->attestations;
}
