/* SPDX-License-Identifier: Apache-2.0 */
/* Many candles at once: columns of decisions and features. */
#include <string.h>

#include "engine/strategy_parts.h"

bool strategy_exit_reads_position(const struct strategy *s)
{
    return s->exit.node >= s->graph.first_late;
}

static bool reads_candles(const struct level *l)
{
    return l->kind == LEVEL_ATR || l->kind == LEVEL_RULE;
}

bool strategy_has_confidence(const struct strategy *s)
{
    return s->confidence.node != NODE_NONE;
}

bool strategy_has_levels(const struct strategy *s)
{
    return s->stop.kind != LEVEL_NONE || s->take.kind != LEVEL_NONE;
}

bool strategy_levels_read_candles(const struct strategy *s)
{
    return reads_candles(&s->stop) || reads_candles(&s->take) || reads_candles(&s->trailing) ||
           s->volatility != NODE_NONE;
}

/* Of 0, 1 or NaN, by the bits of its exponent: 000, 3ff, 7ff. */
static inline uint8_t tristate_of(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return (uint8_t)((bits >> 52 & 1) + (bits >> 62 & 1));
}

/* Asks for the candles of the next column while this one's averages are waited for: else whoever
 * looks at them first would wait for memory. */
static void prefetch_column(const struct candle *candles, size_t count)
{
    const size_t most = count < 2 * RULE_COLUMN ? count : 2 * RULE_COLUMN;

    for (size_t k = RULE_COLUMN; k < most; k++)
        __builtin_prefetch(&candles[k]);
}

/* Candles until the next gap, at most a column. */
static size_t length_of(const struct candle *candles, size_t count)
{
    size_t most = count < RULE_COLUMN ? count : RULE_COLUMN;
    size_t k = 1;
    int flags = 0;

    for (size_t i = 1; i < most; i++)
        flags |= candles[i].flags;
    if (!(flags & CANDLE_AFTER_GAP))
        return most;
    while (!(candles[k].flags & CANDLE_AFTER_GAP))
        k++;
    return k;
}

/* from NULL: certain.  cold: how many of the candles come before the warm-up is over. */
static void put_truths(const double *from, size_t cold, size_t count, uint8_t *out)
{
    for (size_t k = 0; k < cold; k++)
        out[k] = TRI_UNKNOWN;
    for (size_t k = cold; k < count; k++)
        out[k] = tristate_of(from[k]);
}

static void put_confidence(const double *from, size_t cold, size_t count, double *out)
{
    for (size_t k = 0; k < cold; k++)
        out[k] = NAN;
    for (size_t k = cold; k < count; k++)
        out[k] = !from ? 1 : from[k] < 0 ? 0 : from[k] > 1 ? 1 : from[k]; /* NaN stays */
}

/* Writes elements at .. at + count - 1 of the caller's columns. */
static void put(const struct strategy_run *r, const struct strategy_block *block, size_t at,
                size_t count, size_t cold)
{
    const struct strategy *s = r->s;

    if (block->entry)
        put_truths(rule_block_column(r->block, s->entry.node), cold, count, block->entry + at);
    if (block->exit && s->exit.node == NODE_NONE)
        memset(block->exit + at, TRI_FALSE, count);
    else if (block->exit)
        put_truths(rule_block_column(r->block, s->exit.node), cold, count, block->exit + at);
    if (block->confidence)
        put_confidence(s->confidence.node == NODE_NONE
                           ? NULL
                           : rule_block_column(r->block, s->confidence.node),
                       cold, count, block->confidence + at);
    for (size_t i = 0; block->features && i < s->feature_count; i++)
        memcpy(block->features + i * block->own.count + at,
               rule_block_column(r->block, s->features[i].node), count * sizeof(double));
}

static int take_queues(const struct strategy_run *r, const struct strategy_block *block,
                       struct rule_queue queues[LIMIT_OTHER_SYMBOLS])
{
    for (size_t i = 0; i < r->s->other_count; i++)
        queues[i] = (struct rule_queue){block->others[i].candles, block->others[i].count,
                                        r->s->other_at[i] + 1};
    return (int)r->s->other_count;
}

void strategy_run_push_block(struct strategy_run *r, struct strategy_block *block)
{
    struct rule_queue queues[LIMIT_OTHER_SYMBOLS];
    int queue_count = take_queues(r, block, queues);
    size_t count = 0;

    ASSERT(!block->exit || !strategy_exit_reads_position(r->s));
    if (!r->block) {
        r->block = xcalloc(1, sizeof *r->block);
        rule_block_init(r->block, &r->rules);
    }
    for (size_t at = 0; at < block->own.count; at += count) {
        const struct candle *candles = block->own.candles + at;
        int64_t cold;

        if (candles->flags & CANDLE_AFTER_GAP) {
            r->pushed = 0;
            rule_run_reset_symbol(&r->rules, 0);
        }
        count = length_of(candles, block->own.count - at);
        prefetch_column(candles, block->own.count - at);
        cold = r->s->warmup - 1 - r->pushed;
        rule_block_push(r->block, candles, count, queues, queue_count);
        put(r, block, at, count, cold < 0 ? 0 : cold < (int64_t)count ? (size_t)cold : count);
        r->pushed += (int64_t)count;
    }
    for (int i = 0; i < queue_count; i++)
        block->others[i] = (struct candle_queue){queues[i].candles, queues[i].count};
    if (count > 0)
        rule_block_settle(r->block, count);
}
