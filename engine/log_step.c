/* SPDX-License-Identifier: Apache-2.0 */
/* Folds new leaves into the frontier, keeps the nodes that tiles need, signs the checkpoint. */
#include "engine/log_step.h"

#include <stdlib.h>

enum {
    NODES_FIRST = 8
};

void log_step_init(struct log_step *s)
{
    *s = (struct log_step){0};
    text_init(&s->note, CHECKPOINT_BYTES);
}

void log_step_release(struct log_step *s)
{
    free(s->nodes);
    text_release(&s->note);
    *s = (struct log_step){0};
}

static void keep_node(void *self, unsigned height, uint64_t n, const struct digest *hash)
{
    struct log_step *s = self;

    if (height == 0 || height % TILE_HEIGHT != 0)
        return;
    if (s->node_count == s->node_capacity) {
        s->node_capacity = s->node_capacity ? 2 * s->node_capacity : NODES_FIRST;
        s->nodes = xrealloc(s->nodes, s->node_capacity * sizeof(*s->nodes));
    }
    s->nodes[s->node_count++] =
        (struct log_node){.level = height / TILE_HEIGHT, .n = n, .hash = *hash};
}

/* The entry that names the next key is among the leaves. */
static void see_key(struct log_rotation *next, uint64_t first, const struct leaf *leaves,
                    size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (leaves[i].kind == LEAF_KEY)
            next->from = first + i + 1;
}

static void sign(struct log_step *s, const struct log_signer *signer, const struct checkpoint *c,
                 int64_t newest_us)
{
    const struct log_rotation *next = signer->next;

    if (!next || c->size < next->from)
        checkpoint_sign(c, signer->key, &s->note);
    else if (newest_us > next->old_until_us)
        checkpoint_sign(c, next->key, &s->note);
    else
        checkpoint_sign_both(c, signer->key, next->key, &s->note);
}

void log_step_make(struct log_step *s, const struct log_signer *signer,
                   const struct merkle_frontier *before, const struct leaf *leaves, size_t count)
{
    const struct merkle_sink sink = {.self = s, .node = keep_node};
    struct checkpoint c = {0};

    if (signer->next)
        see_key(signer->next, before->size, leaves, count);
    s->after = *before;
    s->node_count = 0;
    text_clear(&s->note);
    for (size_t i = 0; i < count; i++)
        merkle_append(&s->after, &leaves[i].leaf_hash, &sink);
    merkle_root(&s->after, &s->root);
    ASSERT(copy_text(c.origin, sizeof(c.origin), signer->origin));
    c.size = s->after.size;
    c.root = s->root;
    sign(s, signer, &c, count > 0 ? leaves[count - 1].at_us : 0);
    ASSERT(!s->note.full);
}
