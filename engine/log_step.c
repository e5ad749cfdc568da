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

void log_step_make(struct log_step *s, const struct log_signer *signer,
                   const struct merkle_frontier *before, const struct leaf *leaves, size_t count)
{
    const struct merkle_sink sink = {.self = s, .node = keep_node};
    struct checkpoint c = {0};

    s->after = *before;
    s->node_count = 0;
    text_clear(&s->note);
    for (size_t i = 0; i < count; i++)
        merkle_append(&s->after, &leaves[i].leaf_hash, &sink);
    merkle_root(&s->after, &s->root);
    ASSERT(copy_text(c.origin, sizeof(c.origin), signer->origin));
    c.size = s->after.size;
    c.root = s->root;
    checkpoint_sign(&c, signer->key, &s->note);
    ASSERT(!s->note.full);
}
