/* SPDX-License-Identifier: Apache-2.0 */
/* Random commands, crashes and journal faults at random moments: what must hold, holds. */
#include "tests/unit/engine/test_engine_chaos.h"

static const char strategy_json[] =
    "{\"version\":1,\"name\":\"cross\",\"timeframe\":\"5m\",\"startup_bars\":10,"
    "\"features\":{\"fast\":\"ema(close,3)\",\"slow\":\"ema(close,8)\"},"
    "\"entry\":{\"condition\":\"fast > slow\",\"direction\":\"long\",\"confidence\":0.8},"
    "\"exit\":{\"condition\":\"crossed_below(fast, slow)\",\"max_candles\":12},"
    "\"stop_loss\":{\"type\":\"pct\",\"value\":0.008},"
    "\"take_profit\":{\"type\":\"pct\",\"value\":0.012},"
    "\"trailing_stop\":{\"pct\":0.006,\"activate_at\":0.004},"
    "\"position_sizing\":{\"type\":\"equity_pct\",\"value\":0.2}}";

static const char *const spot[SYMBOLS] = {"BTC/USDT", "ETH/USDT", "SOL/USDT"};

/* Versions and neighbours that commands bring and take away. */
static const char *const others_json[] = {
    strategy_json,
    "{\"version\":1,\"name\":\"cross\",\"timeframe\":\"5m\",\"startup_bars\":10,"
    "\"entry\":{\"condition\":\"close > close[2]\"},\"stop_loss\":0.01,"
    "\"exit\":{\"condition\":\"close < close[3]\"},\"cooldown\":2,"
    "\"roi\":{\"0\":0.02,\"20\":0.004},"
    "\"scale_in\":{\"condition\":\"position.pnl_pct < -0.002\",\"part\":0.5,\"max_count\":3},"
    "\"scale_out\":{\"condition\":\"position.best_pnl_pct > 0.003\",\"part\":0.5,\"max_count\":2},"
    "\"position_sizing\":{\"type\":\"equity_pct\",\"value\":0.1}}",
    "{\"version\":1,\"name\":\"neighbour\",\"timeframe\":\"5m\",\"startup_bars\":5,"
    "\"symbols\":[\"ETH/USDT\",\"SOL/USDT\"],\"ext\":{\"mood\":600},"
    "\"entry\":{\"condition\":\"close > close[1] of \\\"ETH/USDT\\\" or ext.mood > 0.5\"},"
    "\"exit\":{\"condition\":\"ema(close, 2) @ 15m < close\",\"max_candles\":7},"
    "\"stop_loss\":{\"type\":\"atr_mult\",\"value\":2,\"period\":3},"
    "\"trailing_stop\":{\"type\":\"atr_mult\",\"value\":1,\"period\":3},"
    "\"position_sizing\":{\"type\":\"vol_target\",\"value\":0.2,\"period\":5}}",
};

/* Between cycles every position is guarded by an order at the venue, and nobody else's rests. */
static void check_guarded(struct chaos *c)
{
    struct snapshot *s = engine_snapshot(c->world.engine);
    size_t i, k;

    for (i = 0; i < s->position_count; i++) {
        const struct position *p = &s->positions[i];

        if (!rests(s, p->stop_order_id) && !rests(s, p->exit_order_id))
            fail_msg("seed %llu: position %lld has neither stop nor exit",
                     (unsigned long long)c->seed, (long long)p->id);
    }
    for (i = 0; i < s->order_count; i++) {
        const struct order *o = &s->orders[i];
        bool named = o->purpose == PURPOSE_ENTRY;

        for (k = 0; k < s->position_count && !named; k++)
            named = s->positions[k].stop_order_id == o->id ||
                    s->positions[k].target_order_id == o->id ||
                    s->positions[k].exit_order_id == o->id;
        if (!named)
            fail_msg("seed %llu: order %lld guards nothing", (unsigned long long)c->seed,
                     (long long)o->id);
    }
    snapshot_release(s);
}

/* ---- What happens ---- */

static void chaos_activate(struct chaos *c, struct command *command)
{
    const char *json = others_json[pick(c, COUNT_OF(others_json))];
    struct strategy *s = NULL;

    assert_ok(strategy_parse(json, strlen(json), true, NULL, &s));
    command->kind = COMMAND_ACTIVATE;
    command->effective = (enum effective)pick(c, EFFECTIVE_WHEN_FLAT + 1);
    command->strategy = s;
    (void)world_command(&c->world, command, c->reply);
    strategy_release(s);
}

/* Strategies that come, change and go, signals and values from outside. */
static void chaos_strategy(struct chaos *c)
{
    static const char *const names[] = {"cross", "neighbour", "radio"};
    static const char *const symbols[SYMBOLS] = {"BTC/USDT", "ETH/USDT", "SOL/USDT"};
    struct command command = {.actor = "chaos", .close_positions = pick(c, 2)};

    copy_text(command.name, sizeof(command.name), names[pick(c, COUNT_OF(names))]);
    copy_text(command.symbol, sizeof(command.symbol), symbols[pick(c, SYMBOLS)]);
    switch (pick(c, 4)) {
    case 0:
        chaos_activate(c, &command);
        return;
    case 1:
        command.kind = COMMAND_DEACTIVATE;
        break;
    case 2:
        command.kind = COMMAND_SIGNAL;
        command.signal =
            (struct outside_signal){.action = (enum signal_action)pick(c, 2),
                                    .direction = DIRECTION_LONG,
                                    .confidence = {AMOUNT_ONE},
                                    .sizing = {SIZING_EQUITY_PCT, {AMOUNT_ONE / 20}, {0}},
                                    .stop_loss_pct = {AMOUNT_ONE / 50}};
        copy_text(command.name, sizeof(command.name), "radio");
        break;
    default:
        command.kind = COMMAND_SET_EXT;
        command.ext = (struct ext_value){.name = "mood", .at_us = TIME_NONE};
        command.ext.value = (double)pick(c, 100) / 100;
        break;
    }
    (void)world_command(&c->world, &command, c->reply);
}

static void chaos_command(struct chaos *c)
{
    struct command command = {
        .kind = (enum command_kind)pick(c, COMMAND_CANCEL_ALL + 1),
        .mode = MODE_PAPER,
        .close_positions = pick(c, 2),
        .cancel_orders = pick(c, 2),
        .actor = "chaos",
    };
    struct snapshot *s = engine_snapshot(c->world.engine);

    if (command.kind == COMMAND_CLOSE_POSITION && s->position_count > 0) {
        command.id = s->positions[pick(c, s->position_count)].id;
        if (pick(c, 2))
            command.percentage.e12 = (i128)(1 + pick(c, 99)) * 10000000000;
    }
    if (command.kind == COMMAND_CANCEL_ORDER && s->order_count > 0)
        command.id = s->orders[pick(c, s->order_count)].id;
    snapshot_release(s);
    (void)world_command(&c->world, &command, c->reply);
}

static void chaos_disturb(struct chaos *c)
{
    chaos_trouble(c);
    if (c->commands && pick(c, 8) == 0)
        chaos_command(c);
    if (c->commands && pick(c, 10) == 0)
        chaos_strategy(c);
    if (c->commands && loop_of(c) != LOOP_RUNNING && pick(c, 3) == 0)
        (void)chaos_go_on(c);
}

static void chaos_run(struct chaos *c)
{
    int steps;

    chaos_open(c);
    for (steps = 0; steps < STEPS_MAX && loop_of(c) != LOOP_FINISHED; steps++) {
        if (engine_step(c->world.engine) == ERR_OK) {
            check_guarded(c);
            check_holdings(c);
        }
        chaos_disturb(c);
    }
    c->commands = c->crashes = c->faults = false;
    while (loop_of(c) != LOOP_FINISHED) {
        if (chaos_go_on(c) == ERR_NO_STRATEGY)
            chaos_activate(c, &(struct command){.actor = "chaos"});
        /* Not for ever: a start is refused while the journal is away. */
        (void)world_run(&c->world, STEPS_MAX);
    }
    check_sums(c);
    check_orders(c);
}

/* Whatever is open at the end can be closed, even when the journal is away at that moment. */
static void chaos_close_all(struct chaos *c)
{
    struct command command = {.kind = COMMAND_CLOSE_ALL, .cancel_orders = true, .actor = "chaos"};
    size_t i;

    c->journal.fault_at = c->journal.commit_count + 1 + pick(c, 2);
    c->journal.fault = pick(c, 2) ? JOURNAL_FAULT_BEFORE : JOURNAL_FAULT_AFTER;
    c->journal.down_for = pick(c, 2);
    (void)world_command(&c->world, &command, c->reply);
    chaos_settle(c);
    check_sums(c);
    check_orders(c);
    for (i = 0; i < c->journal.position_count; i++)
        CHECK(c, c->journal.positions[i].status == POSITION_CLOSED);
    for (i = 0; i < c->journal.order_count; i++)
        CHECK(c, order_is_final(c->journal.orders[i].status));
}

static void run_seed(uint64_t seed)
{
    struct chaos c;

    chaos_begin(&c, seed, strategy_json, spot);
    c.commands = true;
    c.crashes = seed % 2;
    c.faults = seed % 4 > 1;
    chaos_run(&c);
    chaos_close_all(&c);
    world_close(&c.world);
    chaos_end(&c);
}

static void test_commands_crashes_and_faults(void **state)
{
    const char *only = getenv("CHAOS_SEED");
    uint64_t seed;

    (void)state;
    if (only) {
        run_seed(strtoull(only, NULL, 10));
        return;
    }
    for (seed = 0; seed < SEEDS; seed++)
        run_seed(seed);
}

/* Crashes and faults alone change nothing: the log is that of an undisturbed run. */
static void test_disturbed_log_is_the_same(void **state)
{
    uint64_t seed;
    size_t i;

    (void)state;
    for (seed = 0; seed < SEEDS / 2; seed += 3) { /* multiples of 3: no volume cap */
        struct chaos calm, wild;

        chaos_begin(&calm, seed, strategy_json, spot);
        chaos_run(&calm);
        chaos_begin(&wild, seed, strategy_json, spot);
        wild.crashes = true;
        wild.faults = seed % 2;
        chaos_run(&wild);
        for (i = 0; i < calm.journal.leaf_count && i < wild.journal.leaf_count; i++)
            if (!bytes_equal(&calm.journal.leaves[i].proof, &wild.journal.leaves[i].proof,
                             DIGEST_BYTES))
                fail_msg("seed %llu: leaf %zu differs:\n%s\n%s", (unsigned long long)seed, i,
                         calm.journal.leaves[i].bytes, wild.journal.leaves[i].bytes);
        CHECK(&wild, calm.journal.leaf_count == wild.journal.leaf_count);
        world_close(&calm.world);
        world_close(&wild.world);
        chaos_end(&calm);
        chaos_end(&wild);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands_crashes_and_faults),
        cmocka_unit_test(test_disturbed_log_is_the_same),
    };

    log_configure(LOG_LEVEL_WARN, LOG_FORMAT_AUTO, 2); /* not a line a trade */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
