/* SPDX-License-Identifier: Apache-2.0 */
/* References to snapshots, and the documents rendered from them.
 *
 * A document slot goes from empty to filled once and stays so until the last reference is gone, so
 * a reader needs no lock: it looks, renders when the slot is empty, and offers its result. */
#include "engine/snapshot.h"

#include <stdlib.h>

#include "core/text.h"

enum {
    /* All open orders and positions, about 1 KiB each, several times over. */
    DOCUMENT_BYTES_MAX = 64 * 1024 * 1024
};

struct snapshot_document {
    char *bytes;
    size_t length;
};

const int64_t snapshot_bucket_us[15] = {10,   25,    50,    100,   250,    500,    1000,   2500,
                                        5000, 10000, 25000, 50000, 100000, 500000, 1000000};

const char *loop_state_name(enum loop_state s)
{
    static const char *const names[LOOP_STATE_COUNT_] = {
        [LOOP_STOPPED] = "stopped",   [LOOP_STARTING] = "starting", [LOOP_RUNNING] = "running",
        [LOOP_PAUSING] = "pausing",   [LOOP_PAUSED] = "paused",     [LOOP_STOPPING] = "stopping",
        [LOOP_FINISHED] = "finished", [LOOP_HALTED] = "halted",     [LOOP_FAILED] = "failed",
    };

    ASSERT(s < LOOP_STATE_COUNT_);
    return names[s];
}

struct snapshot *snapshot_new(void)
{
    struct snapshot *s = xcalloc(1, sizeof *s);

    s->references = 1;
    return s;
}

struct snapshot *snapshot_acquire(struct snapshot *s)
{
    /* Relaxed: who acquires holds a reference already, or the lock that guards one. */
    int before = __atomic_fetch_add(&s->references, 1, __ATOMIC_RELAXED);

    ASSERT(before > 0);
    return s;
}

static void document_free(struct snapshot_document *d)
{
    if (!d)
        return;
    free(d->bytes);
    free(d);
}

void snapshot_release(struct snapshot *s)
{
    int before;

    if (!s)
        return;
    /* Release what this thread did with it; acquire what the others did before freeing. */
    before = __atomic_fetch_sub(&s->references, 1, __ATOMIC_ACQ_REL);
    ASSERT(before > 0);
    if (before > 1)
        return;
    for (size_t i = 0; i < SNAPSHOT_DOCUMENTS; i++)
        document_free(s->documents[i]);
    free(s->positions);
    free(s->position_instruments);
    free(s->position_marks);
    free(s->orders);
    free(s->strategies);
    free(s->ext_values);
    free(s->order_instruments);
    free(s);
}

static struct snapshot_document *document_new(const struct snapshot *s, snapshot_render_fn *render)
{
    struct snapshot_document *d = xcalloc(1, sizeof *d);
    struct text out;

    text_init(&out, DOCUMENT_BYTES_MAX);
    render(s, &out);
    ASSERT(!out.full);
    d->bytes = text_take(&out, &d->length);
    return d;
}

const char *snapshot_render(struct snapshot *s, int slot, snapshot_render_fn *render,
                            size_t *length)
{
    struct snapshot_document *kept, *made;

    ASSERT(slot >= 0 && slot < SNAPSHOT_DOCUMENTS);
    kept = __atomic_load_n(&s->documents[slot], __ATOMIC_ACQUIRE);
    if (!kept) {
        made = document_new(s, render);
        if (__atomic_compare_exchange_n(&s->documents[slot], &kept, made, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            kept = made;
        else
            document_free(made); /* another thread was first; kept is its document */
    }
    *length = kept->length;
    return kept->bytes;
}
