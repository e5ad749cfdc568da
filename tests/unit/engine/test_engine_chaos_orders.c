/* SPDX-License-Identifier: Apache-2.0 */
/* Orders by hand, long and short, beside strategies that trade the same symbols, with crashes and
 * journal faults at random moments: what must hold, holds. */
#include "engine/simulate_book.h"
#include "tests/unit/engine/test_engine_chaos.h"

static const char up_json[] =
    "{\"version\":1,\"name\":\"up\",\"timeframe\":\"5m\",\"startup_bars\":10,"
    "\"entry\":{\"condition\":\"close > close[2]\",\"direction\":\"long\",\"confidence\":0.8},"
    "\"exit\":{\"condition\":\"close < close[4]\",\"max_candles\":12},"
    "\"stop_loss\":{\"type\":\"pct\",\"value\":0.008},"
    "\"take_profit\":{\"type\":\"pct\",\"value\":0.012},"
    "\"scale_in\":{\"condition\":\"position.pnl_pct < -0.002\",\"part\":0.5,\"max_count\":3},"
    "\"scale_out\":{\"condition\":\"position.best_pnl_pct > 0.003\",\"part\":0.5,\"max_count\":2},"
    "\"position_sizing\":{\"type\":\"equity_pct\",\"value\":0.1}}";

static const char down_json[] =
    "{\"version\":1,\"name\":\"down\",\"timeframe\":\"5m\",\"startup_bars\":10,"
    "\"entry\":{\"condition\":\"close < close[3]\",\"direction\":\"short\",\"confidence\":0.8},"
    "\"exit\":{\"condition\":\"close > close[5]\",\"max_candles\":9},\"cooldown\":2,"
    "\"stop_loss\":{\"type\":\"pct\",\"value\":0.01},"
    "\"trailing_stop\":{\"pct\":0.004,\"activate_at\":0.004},"
    "\"position_sizing\":{\"type\":\"equity_pct\",\"value\":0.1}}";

static const char *const spot[SYMBOLS] = {"BTC/USDT", "ETH/USDT", "SOL/USDT"};
static const char *const perpetuals[SYMBOLS] = {"BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT"};

/* A price up to 2.5 % beyond another, above it or below. */
static struct price beyond(struct chaos *c, struct price from, int sign)
{
    const i128 part = (i128)(1 + pick(c, 50)) * (AMOUNT_ONE / 2000);
    struct price p = {from.e12 + sign * (from.e12 / AMOUNT_ONE * part)};

    p.e12 -= p.e12 % INT64_C(10000000000);
    return p;
}

/* Somebody sends orders by hand, some of them nonsense. */
static void chaos_place(struct chaos *c)
{
    struct command command = {.kind = COMMAND_PLACE_ORDER,
                              .actor = "chaos",
                              .order = {.side = pick(c, 2) ? SIDE_BUY : SIDE_SELL,
                                        .type = pick(c, 2) ? ORDER_LIMIT : ORDER_MARKET,
                                        .reduce_only = pick(c, 3) == 0,
                                        .expires_us = TIME_NONE}};
    const size_t i = pick(c, SYMBOLS);
    const struct price now = c->world.simulate->markets[i].price;
    const int away = command.order.side == SIDE_BUY ? -1 : 1; /* what it likes the price to do */

    copy_text(command.symbol, sizeof(command.symbol), c->options.symbols[i]);
    if (now.e12 == 0)
        return;
    if (pick(c, 4))
        command.order.size.e12 = (i128)(1 + pick(c, 90000)) * INT64_C(10000000);
    else if (!command.order.reduce_only)
        command.order.notional.e12 = (i128)(1 + pick(c, 1000)) * AMOUNT_ONE;
    if (command.order.type == ORDER_LIMIT) {
        command.order.limit_price = beyond(c, now, pick(c, 5) ? away : -away);
        command.order.life = (enum order_life)pick(c, LIFE_COUNT_);
        if (pick(c, 3) == 0)
            command.order.expires_us =
                c->journal.account.last_leaf_us + (int64_t)pick(c, 40) * 60 * US_PER_S;
    }
    if (!command.order.reduce_only) {
        command.order.stop_loss = beyond(c, beyond(c, now, away), away);
        if (pick(c, 2))
            command.order.take_profit = beyond(c, now, -away);
    }
    (void)world_command(&c->world, &command, c->reply);
}

/* Another price or size for an order that rests, or a close of a position at a limit or in part. */
static void chaos_change(struct chaos *c)
{
    struct command command = {.actor = "chaos"};
    struct snapshot *s = engine_snapshot(c->world.engine);

    if (pick(c, 2) && s->order_count > 0) {
        const struct order *o = &s->orders[pick(c, s->order_count)];

        command.kind = COMMAND_REPLACE_ORDER;
        command.id = o->id;
        if (pick(c, 2))
            command.order.size.e12 = (i128)(1 + pick(c, 90000)) * INT64_C(10000000);
        if (pick(c, 2) && o->limit_price.e12 > 0)
            command.order.limit_price = beyond(c, o->limit_price, pick(c, 2) ? 1 : -1);
    } else if (s->position_count > 0) {
        const struct position *p = &s->positions[pick(c, s->position_count)];

        command.kind = COMMAND_CLOSE_POSITION;
        command.id = p->id;
        if (pick(c, 2))
            command.percentage.e12 = (i128)(1 + pick(c, 99)) * (AMOUNT_ONE / 100);
        if (pick(c, 2)) {
            command.order.type = ORDER_LIMIT;
            command.order.limit_price = beyond(c, p->stop_loss, (int)p->direction);
        }
    } else {
        command.kind = COMMAND_CANCEL_ALL;
    }
    snapshot_release(s);
    (void)world_command(&c->world, &command, c->reply);
}

static void chaos_activate(struct chaos *c, const char *json)
{
    struct command command = {.kind = COMMAND_ACTIVATE, .actor = "chaos"};
    struct strategy *s = NULL;

    assert_ok(strategy_parse(json, strlen(json), true, NULL, &s));
    command.strategy = s;
    (void)world_command(&c->world, &command, c->reply);
    strategy_release(s);
}

static void chaos_command(struct chaos *c)
{
    static const enum command_kind kinds[] = {COMMAND_PAUSE,        COMMAND_STOP,
                                              COMMAND_CLOSE_ALL,    COMMAND_CANCEL_ALL,
                                              COMMAND_CANCEL_ORDER, COMMAND_DEADMAN};
    struct command command = {.kind = kinds[pick(c, COUNT_OF(kinds))],
                              .mode = MODE_PAPER,
                              .close_positions = pick(c, 2),
                              .cancel_orders = pick(c, 2),
                              .actor = "chaos"};
    struct snapshot *s = engine_snapshot(c->world.engine);

    if (s->order_count > 0)
        command.id = s->orders[pick(c, s->order_count)].id;
    snapshot_release(s);
    command.deadman.timeout_us = (int64_t)pick(c, 3) * US_PER_S;
    command.deadman.action = (enum deadman_action)pick(c, 2);
    (void)world_command(&c->world, &command, c->reply);
}

/* ---- The run ---- */

static void chaos_disturb(struct chaos *c)
{
    chaos_trouble(c);
    if (pick(c, 3) == 0)
        chaos_place(c);
    if (pick(c, 4) == 0)
        chaos_change(c);
    if (pick(c, 20) == 0)
        chaos_command(c);
    if (pick(c, 40) == 0)
        chaos_activate(c, pick(c, 2) ? up_json : down_json);
    if (loop_of(c) != LOOP_RUNNING && pick(c, 2))
        (void)chaos_go_on(c);
}

/* Every position has its stop, or leaves at the market. */
static void check_protected(struct chaos *c)
{
    struct snapshot *s = engine_snapshot(c->world.engine);

    for (size_t i = 0; i < s->position_count; i++) {
        const struct position *p = &s->positions[i];

        if (!rests(s, p->stop_order_id) && !rests(s, p->exit_order_id))
            fail_msg("seed %llu: position %lld has neither stop nor exit",
                     (unsigned long long)c->seed, (long long)p->id);
    }
    snapshot_release(s);
}

/* What is open when the candles have ended, or the steps, can be closed. */
static void chaos_end_flat(struct chaos *c)
{
    struct command command = {.kind = COMMAND_PAUSE, .cancel_orders = true, .actor = "chaos"};

    c->journal.fault_at = 0;
    (void)world_command(&c->world, &command, c->reply); /* refused when nothing runs */
    chaos_settle(c);
    command.kind = COMMAND_CLOSE_ALL;
    (void)world_command(&c->world, &command, c->reply);
    chaos_settle(c);
    check_sums(c);
    check_orders(c);
    check_holdings(c);
    for (size_t i = 0; i < c->journal.position_count; i++)
        CHECK(c, c->journal.positions[i].status == POSITION_CLOSED);
    for (size_t i = 0; i < c->journal.order_count; i++)
        CHECK(c, order_is_final(c->journal.orders[i].status));
}

static void run_seed(uint64_t seed)
{
    struct chaos c;
    int steps;

    chaos_begin(&c, seed, up_json, seed % 4 ? perpetuals : spot);
    c.crashes = seed / 4 % 2;
    c.faults = seed / 8 % 2;
    chaos_open(&c);
    for (steps = 0; steps < STEPS_MAX && loop_of(&c) != LOOP_FINISHED; steps++) {
        if (engine_step(c.world.engine) == ERR_OK) {
            check_protected(&c);
            check_holdings(&c);
        }
        chaos_disturb(&c);
    }
    chaos_end_flat(&c);
    world_close(&c.world);
    chaos_end(&c);
}

static void test_orders_by_hand_crashes_and_faults(void **state)
{
    const char *only = getenv("CHAOS_SEED");

    (void)state;
    if (only) {
        run_seed(strtoull(only, NULL, 10));
        return;
    }
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        run_seed(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders_by_hand_crashes_and_faults),
    };

    log_configure(LOG_LEVEL_WARN, LOG_FORMAT_AUTO, 2); /* not a line a trade */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
