/* SPDX-License-Identifier: Apache-2.0 */
/* A world of one story: a strategy on a hand-made price path, crashed and commanded at will. */
#ifndef TESTS_SUPPORT_STORY_H
#define TESTS_SUPPORT_STORY_H

#include "tests/support/world.h"

struct story {
    struct world_options options;
    struct memory_journal journal;
    struct world world;
    struct command_reply *reply;
};

/* BTC/USDT alone; candles as CSV text, the volume cap as a ratio's text.  The loop runs. */
void story_begin(struct story *t, const char *strategy, const char *csv, const char *cap);
/* Any world: options are filled in by the caller. */
void story_open(struct story *t, const struct world_options *options);
void story_end(struct story *t);
/* As kill -9 and a new start. */
void story_crash(struct story *t);
/* The journal refuses the commit after `in_commits` and `down_for` more. */
void story_fault(struct story *t, uint64_t in_commits, uint64_t down_for);
enum err story_say(struct story *t, enum command_kind kind, int64_t id);
bool story_waits(struct story *t);
enum loop_state story_loop_of(struct story *t);
void story_run_until_back(struct story *t);
void story_run_until_open(struct story *t);
/* Parses an artifact and activates it; the reply is the story's. */
enum err story_activate(struct story *t, const char *json, enum effective effective);

/* Five-minute candles from 2021-09-02T00:00Z through these closes, each opening where the one
 * before closed, volume 50; the caller frees the CSV. */
char *story_path(const double *closes, size_t count);
/* The same with a wick: low and high reach so far beyond the body (fractions). */
char *story_path_with_wicks(const double *closes, size_t count, double below, double above);

#endif
