/* SPDX-License-Identifier: Apache-2.0 */
/* A world that is disturbed at random by its seed, and what must hold in it all the same. */
#ifndef TESTS_UNIT_ENGINE_TEST_ENGINE_CHAOS_H
#define TESTS_UNIT_ENGINE_TEST_ENGINE_CHAOS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/amount_text.h"
#include "core/log.h"
#include "core/text.h"
#include "tests/support/check.h"
#include "tests/support/world.h"

enum {
    SYMBOLS = 3,
    CANDLES = 160,
    SEEDS = 48,
    STEPS_MAX = 4000
};

struct chaos {
    uint64_t seed;
    struct check_random random;
    struct world_options options;
    char *csv[SYMBOLS];
    struct memory_journal journal;
    struct world world;
    struct command_reply *reply;
    bool commands, crashes, faults;
};

static const struct memory_journal *chaos_journal; /* what checked_submit looks into */
static enum err (*chaos_submit)(void *self, const struct order *o, int64_t at_us);

static inline uint64_t pick(struct chaos *c, uint64_t below)
{
    return check_random_next(&c->random) % below;
}

#define CHECK(c, condition)                                                                 \
    do {                                                                                    \
        if (!(condition))                                                                   \
            fail_msg("seed %llu: not true: %s", (unsigned long long)(c)->seed, #condition); \
    } while (0)

/* ---- The world ---- */

/* The random walk with candles missing, now and then 30 in a row, and some without volume. */
static inline char *torn_candles(struct chaos *c, double price)
{
    char *whole = world_candles(pick(c, 1000000), CANDLES, price), *from = whole, *line;
    struct text torn;
    size_t length;
    uint64_t skip = 0, row = 0;

    text_init(&torn, strlen(whole) + 1);
    while ((line = strsep(&from, "\n")) != NULL && line[0]) {
        if (row > 2 && skip == 0 && pick(c, 25) == 0)
            skip = pick(c, 4) ? 1 + pick(c, 5) : 30;
        row++;
        if (skip > 0 && row > 3) {
            skip--;
            continue;
        }
        if (row > 3 && pick(c, 20) == 0)
            strrchr(line, ',')[1] = '\0'; /* the volume */
        text_string(&torn, line);
        text_string(&torn, line[strlen(line) - 1] == ',' ? "0\n" : "\n");
    }
    free(whole);
    return text_take(&torn, &length);
}

/* The venue hears of no order that is not in the log already. */
static inline enum err checked_submit(void *self, const struct order *o, int64_t at_us)
{
    bool row = false, leaf = false;
    size_t i;

    for (i = chaos_journal->order_count; i-- > 0 && !row;)
        row = chaos_journal->orders[i].id == o->id;
    for (i = chaos_journal->leaf_count; i-- > 0 && !leaf;)
        leaf = bytes_equal(&chaos_journal->leaves[i].leaf_hash, &o->leaf_hash, DIGEST_BYTES);
    assert_true(row && leaf);
    return chaos_submit(self, o, at_us);
}

static inline void chaos_open(struct chaos *c)
{
    world_open(&c->world, &c->options, &c->journal);
    chaos_journal = &c->journal;
    chaos_submit = c->world.venue.submit;
    c->world.venue.submit = checked_submit;
}

static inline void chaos_begin(struct chaos *c, uint64_t seed, const char *strategy,
                               const char *const symbols[SYMBOLS])
{
    static const char *const caps[] = {"0", "0.02", "0.005"};
    static const int64_t steps_us[] = {1, 10, 100, 1000, 5000, 50000, 200000};
    size_t i;

    *c = (struct chaos){.seed = seed, .random = {seed * 7919 + 1}};
    c->reply = xcalloc(1, sizeof(*c->reply));
    c->options = world_options_default();
    c->options.strategy = strategy;
    c->options.symbol_count = SYMBOLS;
    c->options.volume_cap = caps[seed % COUNT_OF(caps)];
    c->options.clock_step_us = steps_us[seed % COUNT_OF(steps_us)];
    for (i = 0; i < SYMBOLS; i++) {
        c->csv[i] = torn_candles(c, 1000 * (double)(i + 1));
        c->options.symbols[i] = symbols[i];
        c->options.csv[i] = c->csv[i];
    }
    memory_journal_init(&c->journal);
}

static inline void chaos_end(struct chaos *c)
{
    size_t i;

    memory_journal_release(&c->journal);
    for (i = 0; i < SYMBOLS; i++)
        free(c->csv[i]);
    free(c->reply);
}

/* ---- What must hold ---- */

/* Sums over the durable fills: cash, profit, and each position's size.  What a perpetual's open
 * position cost is no cash that was paid. */
static inline void check_sums(struct chaos *c)
{
    const struct memory_journal *j = &c->journal;
    i128 cash = (i128)10000 * 1000000000000, pnl = 0;
    size_t i, k;

    for (i = 0; i < j->fill_count; i++) {
        const struct fill *f = &j->fills[i];

        cash += (f->side == SIDE_BUY ? -f->notional.e12 : f->notional.e12) - f->fee.e12;
        pnl += f->pnl.e12;
        CHECK(c, f->id == (int64_t)i + 1);
    }
    for (i = 0; i < j->position_count; i++) {
        const struct position *p = &j->positions[i];
        i128 size = 0;

        for (k = 0; k < j->fill_count; k++)
            if (j->fills[k].position_id == p->id)
                size += (int)j->fills[k].side * j->fills[k].size.e12;
        CHECK(c, size == (int)p->direction * p->size.e12);
        CHECK(c, (p->status == POSITION_CLOSED) == (size == 0));
        if (size != 0 && strchr(p->symbol, ':'))
            cash += (int)p->direction * p->cost_left.e12;
    }
    CHECK(c, cash == j->account.cash.e12);
    CHECK(c, pnl == j->account.performance.realized_pnl.e12);
}

/* Each order has a leaf, fills no larger than itself, and one end or none. */
static inline void check_orders(struct chaos *c)
{
    const struct memory_journal *j = &c->journal;
    size_t i, k, orders = 0, closes = 0, live = 0;

    for (i = 0; i < j->leaf_count; i++) {
        orders += j->leaves[i].kind == LEAF_ORDER;
        closes += j->leaves[i].kind == LEAF_CLOSE;
        CHECK(c, i == 0 || j->leaves[i].at_us >= j->leaves[i - 1].at_us);
    }
    for (i = 0; i < j->order_count; i++) {
        const struct order *o = &j->orders[i];
        i128 filled = 0;

        for (k = 0; k < j->fill_count; k++)
            if (j->fills[k].order_id == o->id)
                filled += j->fills[k].size.e12;
        CHECK(c, filled == o->filled.e12);
        CHECK(c, filled <= o->size.e12);
        CHECK(c, (o->status == ORDER_FILLED) == (filled == o->size.e12));
        live += !order_is_final(o->status);
    }
    CHECK(c, orders == j->order_count);
    CHECK(c, orders == closes + live);
    CHECK(c, (int64_t)j->leaf_count == j->account.log_size);
}

static inline bool rests(const struct snapshot *s, int64_t id)
{
    size_t i;

    for (i = 0; i < s->order_count; i++)
        if (s->orders[i].id == id)
            return s->orders[i].status != ORDER_NEW;
    return false;
}

/* The venue holds what the positions come to. */
static inline void check_holdings(struct chaos *c)
{
    struct snapshot *s = engine_snapshot(c->world.engine);
    size_t i, k;

    for (i = 0; i < SYMBOLS; i++) {
        i128 size = 0;

        for (k = 0; k < s->position_count; k++)
            if (strcmp(s->positions[k].symbol, c->options.symbols[i]) == 0)
                size += (int)s->positions[k].direction * s->positions[k].size.e12;
        if (size != simulate_holding(c->world.simulate, i).e12)
            fail_msg("seed %llu: the venue holds another size of %s", (unsigned long long)c->seed,
                     c->options.symbols[i]);
    }
    snapshot_release(s);
}

/* ---- Steps ---- */

static inline enum loop_state loop_of(struct chaos *c)
{
    struct snapshot *s = engine_snapshot(c->world.engine);
    enum loop_state state = s->state;

    snapshot_release(s);
    return state;
}

/* Until nothing waits for the journal any more. */
static inline void chaos_settle(struct chaos *c)
{
    bool waits = true;

    while (waits) {
        struct snapshot *s;

        (void)engine_step(c->world.engine);
        s = engine_snapshot(c->world.engine);
        waits = s->journal_waiting;
        snapshot_release(s);
    }
}

/* A fault of the journal that is to come, a crash: now and then, where the seed has such. */
static inline void chaos_trouble(struct chaos *c)
{
    if (c->faults && pick(c, 60) == 0) {
        c->journal.fault_at = c->journal.commit_count + 1 + pick(c, 3);
        c->journal.fault = pick(c, 2) ? JOURNAL_FAULT_BEFORE : JOURNAL_FAULT_AFTER;
        c->journal.down_for = pick(c, 3);
    }
    if (c->crashes && pick(c, 12) == 0) {
        world_close(&c->world);
        c->journal.fault_at = 0;
        chaos_open(c);
        check_sums(c);
        check_orders(c);
    }
}

/* Starts the loop if it stands, and ends a pause; what the start said. */
static inline enum err chaos_go_on(struct chaos *c)
{
    struct command command = {.kind = COMMAND_START, .mode = MODE_PAPER, .actor = "chaos"};
    enum err e = world_command(&c->world, &command, c->reply);

    command.kind = COMMAND_RESUME;
    (void)world_command(&c->world, &command, c->reply);
    return e;
}

#endif
