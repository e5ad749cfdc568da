/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an entry with its proof out of JSON, and an entry out of its line. */
#include "server/verify_entry_proof.h"

#include <stdlib.h>
#include <string.h>

#include "core/jnode.h"

enum {
    LINE_TAIL = 78 /* of a JSONL line: , "proof": "<64 hex>"} */
};

void entry_proof_release(struct entry_proof *s)
{
    free(s->entry);
    free(s->envelope);
    *s = (struct entry_proof){.entry = NULL};
}

void entry_proof_keep(struct entry_proof *s, const char *data, size_t length)
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
static bool read_json(const struct jnode *root, struct entry_proof *s)
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

bool entry_proof_read(const char *data, size_t length, struct entry_proof *s)
{
    struct diag_list *diags = xcalloc(1, sizeof *diags);
    struct jnode *root = NULL;
    bool good = !jnode_parse(data, length, "proof", diags, &root) && read_json(root, s);

    jnode_free(root);
    free(diags);
    return good;
}
