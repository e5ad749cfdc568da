# SPDX-License-Identifier: Apache-2.0
"""One recording as backtest, as paper replay, as paper on a venue's candles, and live at the sandbox
venue, spot and USD-M: the same signals, orders, fills, round trips and metrics, to the byte.

Venue and daemons share a clock that is moved on from candle to candle: to shortly before the end,
until what the market touched has been heard of; then over the end, until the orders that follow from
the candle are done.  *_APART say what cannot be the same, and why."""
import datetime
import json

import conftest
import pytest
import world
from daemon import wait_until
from moved_clock import MovedClock
from sandbox import Sandbox
from test_n_memory import is_sanitized
from test_x_parity import (FILLS, METRICS, POSITIONS, SIGNALS, Paper, as_bytes, assert_parity, play)
from test_z_live import SYMBOLS, secret

FIRST_S = 1699920000  # 2023-11-14, 00:00 UTC: the run lies within one day
CANDLE_S = 60
PAST = 500            # candles that the venue tells of before the market begins
PLAYED = 240          # after them
BEGINS = 504          # the first candle that is decided on; the loops run before it ends
HELD_S = CANDLE_S / 8  # the sandbox's price stands at the open, and before the end at the close
BEFORE_END_S = 4
AFTER_OPEN_S = 0.2    # klines are asked for 0.1 s after a candle's end

# Not the same: when things were heard of, which must lie within the hold of the same open.
SIGNALS_APART = ("at",)
# The venue's clock; an order more (below) has taken a number.
FILLS_APART = ("timestamp", "order_id")
# As fills; the simulator tells of stops and targets at the end of the candle that touched them.
POSITIONS_APART = ("opened_at", "closed_at")
# Their share of the time that was played: a replay begins with the recording, live with the loop.
METRICS_APART = ("exposure_ratio",)
# A stop is raised above the price that the next candle opens at.  The simulator fills it at the open;
# a venue refuses it, and the position leaves at the market, at the same price: one order more, and
# slippage against the last price instead of the stop's.
REFUSED_APART = ("slippage",)

MARKETS = tuple(SYMBOLS)
TERMS = {"binance": {"fee_rate": "0.001", "fee_in": "received"},
         "binance_usdm": {"fee_rate": "0.0005", "fee_in": "quote"}}
STEPS = {"binance": ("0.01", "0.00001", "5"), "binance_usdm": ("0.01", "0.001", "5")}

pytestmark = [pytest.mark.skipif(is_sanitized(), reason="nothing can be preloaded before a sanitizer"),
              pytest.mark.timeout(400)]


def minute_candles(path, count):
    """The recorded prices as candles of a minute."""
    rows = world.recorded_lines()[1:count + 1]
    lines = [world.HEADER]
    lines += [f"{1000 * (FIRST_S + CANDLE_S * i)},{row.split(',', 1)[1]}" for i, row in enumerate(rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def artifact_of(folder, market):
    entry = dict(world.BUSY["entry"])
    entry["condition"] = f"({entry['condition']}) and hour * 60 + minute >= {BEGINS}"
    return world.write_json(folder / f"{market}.json", {
        **world.BUSY, "symbol": SYMBOLS[market], "timeframe": "1m", "entry": entry})


def terms_of(market):
    """The simulator's, as the sandbox has them."""
    return {**TERMS[market], "slippage_bps": "5", "intrabar": "adaptive"}


def instant(text):
    return datetime.datetime.fromisoformat(text).timestamp()


class Stepped:
    """A sandbox and daemons that trade on it, on one clock."""

    def __init__(self, folder, cluster, make_daemon):
        self.folder, self.cluster, self.make_daemon = folder, cluster, make_daemon
        self.clock = MovedClock(folder, FIRST_S + CANDLE_S * PAST + AFTER_OPEN_S)
        self.candle = PAST
        self.venue = Sandbox("--maker-fee", "0.0005", "--taker-fee", "0.0005", "--funding-rate", "0",
                             candles=minute_candles(folder / "venue.csv", 2 * PAST),
                             env=self.clock.environment)
        # A connection that idles over a jump has idled for long.
        self.venue.session.headers["Connection"] = "close"
        self.daemons = {}

    def trade(self, market, mode):
        daemon = self.make_daemon({
            "mode": mode, "venue": market, "venue_url": self.venue.url,
            "venue_symbols": [SYMBOLS[market]], "venue_key_file": secret(self.folder, "key"),
            "venue_secret_file": secret(self.folder, "secret"),
            "strategy": str(artifact_of(self.folder, market)),
            "database_url": self.cluster.database(), "lease_s": 300, "reconcile_interval_s": 0,
            "log_format": "json", **terms_of(market)}, env=self.clock.environment).start()
        assert daemon.api.post("/v1/loop/start", {"mode": mode}).status in (200, 202)
        self.daemons[market, mode] = daemon

    def is_quiet(self, market, mode):
        """The cycle of the newest candle is over, and what followed from it: each position has its
        stop and target at the venue, and nothing else is open there or here."""
        daemon = self.daemons[market, mode]
        loop = daemon.loop()
        if not loop["last_cycle_at"] or instant(loop["last_cycle_at"]) < FIRST_S + CANDLE_S * self.candle:
            return False
        if mode == "paper":
            return True
        positions = daemon.api.get("/v1/positions", status="open").json["data"]
        orders = daemon.api.get("/v1/orders").json["data"]
        at_venue = [order for order in self.venue.state()["orders"] if order["status"] == "NEW"
                    and order["market"] == ("spot" if market == "binance" else "usdm")]
        return (loop["open_orders"] == len(positions) * 2 == len(at_venue)
                and not any(order["status"] in ("new", "submitted", "unknown") for order in orders)
                and not any(position["unprotected_since"] for position in positions))

    def go_to(self, at_s):
        self.clock.jump_to(at_s)
        for market, mode in self.daemons:
            wait_until(lambda: self.is_quiet(market, mode), 30, f"{market} {mode}, candle {self.candle}")

    def step(self):
        ends_s = FIRST_S + CANDLE_S * (self.candle + 1)
        self.go_to(ends_s - BEFORE_END_S)
        self.candle += 1
        self.go_to(ends_s + AFTER_OPEN_S)
        assert self.clock.now() < ends_s + HELD_S, "too slow a machine: the open holds no longer"

    def end(self):
        for daemon in self.daemons.values():
            daemon.kill()
        self.venue.kill()


class Traded(Paper):
    """What a daemon left, and the orders of its log."""

    def __init__(self, daemon):
        super().__init__(daemon)
        size = daemon.api.get("/v1/account").json["log_size"]
        wait_until(lambda: len(daemon.lines("log.jsonl")) >= size, 60, "the lines of all entries")
        self.orders = [line["order"] for line in map(json.loads, daemon.lines("log.jsonl"))
                       if isinstance(line.get("order"), dict)]


@pytest.fixture(name="stepped", scope="module")
def fixture_stepped(session_folder, cluster):
    """What three daemons left, by market and mode."""
    daemons = []

    def make(config, env):
        daemons.append(conftest.build(config, env=env))
        return daemons[-1]

    folder = session_folder / "stepped"
    folder.mkdir()
    made = Stepped(folder, cluster, make)
    try:
        made.venue.start()
        for market, mode in (("binance", "live"), ("binance_usdm", "live"), ("binance", "paper")):
            made.trade(market, mode)
        for _ in range(PLAYED):
            made.step()
        yield {key: Traded(daemon) for key, daemon in made.daemons.items()}
    finally:
        made.end()
        for daemon in daemons:
            conftest.end(daemon)


@pytest.fixture(name="replays", scope="module")
def fixture_replays(session_folder, cluster):
    """The same candles as a paper replay of each market, equal to its backtest."""
    folder = session_folder / "replays"
    folder.mkdir()
    candles = minute_candles(folder / "played.csv", PAST + PLAYED)
    made = {}
    for market, symbol in SYMBOLS.items():
        tick, lot, least = STEPS[market]
        config = world.base_config(
            strategy=str(artifact_of(folder, market)), candles=[f"{symbol}={candles}"],
            tick_sizes=[f"{symbol}={tick}"], lot_sizes=[f"{symbol}={lot}"],
            min_notionals=[f"{symbol}={least}"], **terms_of(market))
        path = world.write_json(folder / f"{market}-config.json", config)
        daemon = conftest.build({**config, "database_url": cluster.database()})
        try:
            play(daemon)
            made[market] = Traded(daemon)
        finally:
            conftest.end(daemon)
        assert_parity(folder, made[market], "--config", path, least=60)
    return made


def apart(names, *left_out):
    return [name for name in names if name not in left_out]


def is_of_a_refused_stop(order):
    return order["purpose"] == "exit" and order["exit_reason"] in ("stop_loss", "trailing_stop")


def without_repeated(orders):
    """But for stops and targets that are wished anew at the same level: on spot the two are one order
    list, so that neither moves alone, and both are wished again when one of them has left the venue."""
    newest = {}
    for order in orders:
        key = order["position_id"], order["purpose"]
        level = order["stop_price"], order["limit_price"]
        if order["purpose"] not in ("stop_loss", "take_profit") or newest.get(key) != level:
            yield order
        newest[key] = level


def assert_orders_agree(market, live, replay):
    """The same wishes in the same order, but for the market exits that follow refused stops."""
    names = apart(replay.orders[0], "id", "intent_id", "signal", "strategy_id")
    wished = [order for order in live.orders if not is_of_a_refused_stop(order)]
    assert len(live.orders) - len(wished) <= 2
    if market == "binance":
        wished = list(without_repeated(wished))
    assert as_bytes(wished, names) == as_bytes(replay.orders, names)


def assert_fills_agree(live, replay):
    names = apart(FILLS, *FILLS_APART)
    refused = {str(order["id"]) for order in live.orders if is_of_a_refused_stop(order)}
    of_refused = [i for i, fill in enumerate(live.fills) if fill["order_id"] in refused]
    assert len(of_refused) == len(refused)
    for i in of_refused:
        assert live.fills[i]["slippage"] != replay.fills[i]["slippage"]
        for name in REFUSED_APART:
            live.fills[i][name] = replay.fills[i][name]
    assert as_bytes(live.fills, names) == as_bytes(replay.fills, names)
    assert live.statuses == replay.statuses


def assert_times_agree(live, replay):
    """Heard of while the same open held; a stop or target within the candle that touched it."""
    for ours, theirs in zip(live.signals, replay.signals):
        assert 0 <= instant(ours["at"]) - instant(theirs["at"]) < HELD_S
    for ours, theirs in zip(live.fills, replay.fills):
        late_s = instant(ours["at"]) - instant(theirs["at"])
        assert (0 if theirs["opens"] else -CANDLE_S) <= late_s < HELD_S


@pytest.mark.parametrize("market, mode", [("binance", "live"), ("binance_usdm", "live"), ("binance", "paper")])
def test_it_trades_as_the_backtest_does(stepped, replays, market, mode):
    live, replay = stepped[market, mode], replays[market]
    assert len(replay.positions) > 35
    assert {"stop_loss", "trailing_stop", "take_profit", "signal_exit", "time_exit"} <= {
        position["exit_reason"] for position in replay.positions}
    names = apart(SIGNALS, *SIGNALS_APART)
    assert as_bytes(live.signals, names) == as_bytes(replay.signals, names)
    assert_orders_agree(market, live, replay)
    assert_times_agree(live, replay)
    assert_fills_agree(live, replay)
    names = apart(POSITIONS, *POSITIONS_APART)
    assert as_bytes(live.positions, names) == as_bytes(replay.positions, names)
    for name in apart(METRICS, *METRICS_APART):
        assert live.metrics[name] == replay.metrics[name], name
    assert mode == "live" or not [order for order in live.orders if is_of_a_refused_stop(order)]
