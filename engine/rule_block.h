/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a finished graph over several candles at once: node after node, each over a short column.
 *
 * The same kernels take the same inputs in the same order as candle by candle, so the bits are the
 * same.  Columns are short so that they stay in the nearest cache, and so that the processor, which
 * works on several nodes' loops at once, need not wait for one average after the other. */
#ifndef ENGINE_RULE_BLOCK_H
#define ENGINE_RULE_BLOCK_H

#include "engine/rule_run.h"

enum {
    RULE_COLUMN = 32 /* candles */
};

struct rule_column;

typedef void rule_column_fn(const struct rule_column *x, const struct candle *now, size_t count);

/* A node of the own candles with its places looked up: columns and state. */
struct rule_column {
    rule_column_fn *run;
    const double *a, *b, *c;
    double *out;
    void *state;
    int width; /* columns that run makes: this one and those behind it */
    int level;
    rule_column_fn *whole;   /* with parts: the kernel itself */
    struct rule_part *parts; /* OP_PART nodes of this kernel: taken after each candle */
    int part_count;
};

/* Where one OP_PART, or one OP_SAMPLE, comes from and goes to. */
struct rule_part {
    const double *from;
    double *out;
    const struct rule_border *other; /* OP_SAMPLE of another symbol */
};

struct rule_block {
    struct rule_run *run;
    struct rule_column *columns;
    int column_count;
    struct rule_part *parts; /* of kernels, then the samples */
    struct rule_part *samples;
    int sample_count;
    int16_t *levels; /* of the nodes; gone after rule_block_init */
    double *values;  /* RULE_COLUMN a constant and a node of the own candles, in their order */
};

/* Candles of one other symbol that wait to be pushed, in order. */
struct rule_queue {
    const struct candle *candles;
    size_t count;
    int symbol; /* as in struct rule_stream */
};

/* The run is borrowed; both may be used in turns. */
void rule_block_init(struct rule_block *b, struct rule_run *run);
void rule_block_release(struct rule_block *b);
/* Pushes 1 to RULE_COLUMN own candles, and before each one what opens no later of the queues.  No
 * candle but the first may have CANDLE_AFTER_GAP, which is the caller's to handle. */
void rule_block_push(struct rule_block *b, const struct candle *candles, size_t count,
                     struct rule_queue *queues, int queue_count);
/* Takes the newest values over into the run, which is behind until then. */
void rule_block_settle(const struct rule_block *b, size_t count);
/* The values of a constant or a node of the own candles during the last push. */
const double *rule_block_column(const struct rule_block *b, int node);

#endif
