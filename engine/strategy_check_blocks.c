/* SPDX-License-Identifier: Apache-2.0 */
/* Truncation, second half: the same rows computed in blocks, with the candles behind at hand.
 *
 * Candle by candle nobody can look ahead, however wrong he is; a block could.  What blocks say at
 * the drawn moments must be what one candle after the other says. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/strategy_check_parts.h"

enum {
    BLOCK_CANDLES = 4096
};

/* Candles of one instrument. */
struct series {
    struct candle *candles;
    size_t count, capacity;
};

/* The instrument's own candles, and those of the symbols its rules read. */
struct block_material {
    const struct check_material *m;
    size_t instrument;
    struct series own;
    struct series others[LIMIT_OTHER_SYMBOLS];
};

static void append(struct series *s, const struct candle *c)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 1024;
        s->candles = xrealloc(s->candles, s->capacity * sizeof *s->candles);
    }
    s->candles[s->count++] = *c;
}

static void take_close(void *context, const struct feed_event *e)
{
    struct block_material *b = context;
    const struct strategy *s = b->m->options.strategy;

    if (e->candle.open_us < b->m->from_us)
        return;
    if (e->instrument == b->instrument)
        append(&b->own, &e->candle);
    for (size_t i = 0; i < strategy_other_count(s); i++)
        if (strcmp(b->m->instruments[e->instrument].symbol, strategy_other_symbol(s, i)) == 0)
            append(&b->others[i], &e->candle);
}

/* The columns of one block. */
struct columns {
    uint8_t entry[BLOCK_CANDLES], exit[BLOCK_CANDLES];
    double confidence[BLOCK_CANDLES];
    double *features;
};

static double truth_value(uint8_t t)
{
    return t == TRI_UNKNOWN ? NAN : t == TRI_TRUE;
}

/* A row of the block; what blocks do not tell is taken over from the other row. */
static void block_row(const struct strategy *s, const struct strategy_block *block, size_t k,
                      const double *other, double *out)
{
    size_t features = strategy_feature_count(s);

    memcpy(out, other, row_columns(s) * sizeof *out);
    for (size_t i = 0; i < features; i++)
        out[i] = block->features[i * block->own.count + k];
    out[features + ROW_ENTRY] = truth_value(block->entry[k]);
    out[features + ROW_CONFIDENCE] = block->confidence[k];
    if (block->exit)
        out[features + ROW_EXIT] = truth_value(block->exit[k]);
}

/* Pushes everything in blocks, and compares at the moments. */
static void compare_blocks(struct block_material *b, const struct check_candles *c,
                           const struct check_source *source, const double *rows,
                           struct check_truncation *out)
{
    const struct strategy *s = b->m->options.strategy;
    struct candle_queue others[LIMIT_OTHER_SYMBOLS + 1] = {0};
    struct strategy_run *run = strategy_run_new(s);
    struct columns *columns = xcalloc(1, sizeof *columns);
    size_t moment = 0;

    columns->features =
        xcalloc(BLOCK_CANDLES * (strategy_feature_count(s) + 1), sizeof *columns->features);
    for (size_t i = 0; i < strategy_other_count(s); i++)
        others[i] = (struct candle_queue){b->others[i].candles, b->others[i].count};
    for (size_t at = 0; at < b->own.count; at += BLOCK_CANDLES) {
        size_t left = b->own.count - at;
        struct strategy_block block = {
            .own = {b->own.candles + at, left < BLOCK_CANDLES ? left : BLOCK_CANDLES},
            .others = others,
            .entry = columns->entry,
            .exit = strategy_exit_reads_position(s) ? NULL : columns->exit,
            .confidence = columns->confidence,
            .features = columns->features,
        };
        size_t count = block.own.count;

        strategy_run_push_block(run, &block);
        block.own.count = count; /* the queue is empty now; columns are by its length */
        for (; moment < c->moment_count && c->moments[moment] < at + count; moment++) {
            double row[ROW_COLUMNS_MAX];
            const double *wanted = rows + moment * source->columns;

            block_row(s, &block, c->moments[moment] - at, wanted, row);
            check_compare_rows(source, c, moment, row, wanted, out);
            out->compared -= ROW_RULE_COUNT_ - 2 - (block.exit != NULL); /* taken over */
        }
    }
    free(columns->features);
    free(columns);
    strategy_run_free(run);
}

enum err check_blocks_add(const struct check_material *m, const struct check_source *source,
                          const struct check_candles *c, struct check_truncation *out)
{
    struct block_material b = {.m = m, .instrument = c->instrument};
    double *rows = NULL;
    enum err e = ERR_OK;

    if (strategy_ext_count(m->options.strategy) > 0)
        return ERR_OK; /* a block has one value from outside for all its candles */
    e = m->feed.history(m->feed.self, INT64_MAX, 0, 0, take_close, &b);
    if (!e)
        e = check_whole_rows(source, c, &rows);
    if (!e) {
        ASSERT(b.own.count == c->count);
        compare_blocks(&b, c, source, rows, out);
        out->verdict = out->differences > 0 ? CHECK_FAIL : CHECK_PASS;
    }
    free(rows);
    free(b.own.candles);
    for (size_t i = 0; i < LIMIT_OTHER_SYMBOLS; i++)
        free(b.others[i].candles);
    return e;
}
