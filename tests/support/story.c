/* SPDX-License-Identifier: Apache-2.0 */
/* Tells a story: one world, its crashes, faults and commands. */
#include "tests/support/story.h"

#include <stdlib.h>

#include "core/text.h"
#include "tests/support/check.h"

void story_begin(struct story *t, const char *strategy, const char *csv, const char *cap)
{
    struct world_options options = world_options_default();

    options.strategy = strategy;
    options.symbols[0] = "BTC/USDT";
    options.csv[0] = csv;
    options.symbol_count = 1;
    options.volume_cap = cap;
    story_open(t, &options);
}

void story_open(struct story *t, const struct world_options *options)
{
    *t = (struct story){.options = *options};
    t->reply = xcalloc(1, sizeof(*t->reply));
    memory_journal_init(&t->journal);
    world_open(&t->world, &t->options, &t->journal);
}

void story_end(struct story *t)
{
    world_close(&t->world);
    memory_journal_release(&t->journal);
    free(t->reply);
}

void story_crash(struct story *t)
{
    world_close(&t->world);
    t->journal.fault_at = 0;
    world_open(&t->world, &t->options, &t->journal);
}

void story_fault(struct story *t, uint64_t in_commits, uint64_t down_for)
{
    t->journal.fault = JOURNAL_FAULT_BEFORE;
    t->journal.fault_at = t->journal.commit_count + in_commits;
    t->journal.down_for = down_for;
}

enum err story_say(struct story *t, enum command_kind kind, int64_t id)
{
    struct command c = {.kind = kind, .id = id, .mode = MODE_PAPER, .actor = "tester"};

    return world_command(&t->world, &c, t->reply);
}

bool story_waits(struct story *t)
{
    struct snapshot *s = engine_snapshot(t->world.engine);
    bool waiting = s->journal_waiting;

    snapshot_release(s);
    return waiting;
}

enum loop_state story_loop_of(struct story *t)
{
    struct snapshot *s = engine_snapshot(t->world.engine);
    enum loop_state state = s->state;

    snapshot_release(s);
    return state;
}

void story_run_until_back(struct story *t)
{
    do
        (void)world_run(&t->world, 1);
    while (story_waits(t));
    (void)world_run(&t->world, 1);
}

void story_run_until_open(struct story *t)
{
    while (t->journal.position_count == 0)
        assert_false(world_run(&t->world, 1));
}

enum err story_activate(struct story *t, const char *json, enum effective effective)
{
    struct command c = {.kind = COMMAND_ACTIVATE, .effective = effective, .actor = "tester"};
    struct diag_list diags = {0};
    struct strategy *s = NULL;
    enum err e;

    if (strategy_parse(json, strlen(json), true, &diags, &s) != ERR_OK)
        fail_msg("%s: %s", diags.items[0].field, diags.items[0].message);
    c.strategy = s;
    e = world_command(&t->world, &c, t->reply);
    strategy_release(s);
    return e;
}

char *story_path_with_wicks(const double *closes, size_t count, double below, double above)
{
    int64_t ms = INT64_C(1630540800000);
    double open = closes[0];
    struct text csv;
    size_t length;

    text_init(&csv, count * 128 + 128);
    text_string(&csv, "timestamp,open,high,low,close,volume\n");
    for (size_t i = 0; i < count; i++, ms += 300000) {
        double close = closes[i];
        double high = (open > close ? open : close) * (1 + above);
        double low = (open < close ? open : close) * (1 - below);

        text_format(&csv, "%lld,%.2f,%.2f,%.2f,%.2f,50\n", (long long)ms, open, high, low, close);
        open = close;
    }
    return text_take(&csv, &length);
}

char *story_path(const double *closes, size_t count)
{
    return story_path_with_wicks(closes, count, 0, 0);
}
