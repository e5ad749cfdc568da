# SPDX-License-Identifier: Apache-2.0
"""Perpetuals pay and get funding, recomputed here from the file and the positions; finer candles
decide what a candle meets first, walked here in plain Python."""
import csv
import json
import time
import uuid
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

import pytest

import evidence
import ledger
import world
from contract import ROOT
from daemon import run, wait_until

DATA = ROOT / "tests/data/funding"
PERP = "XRP/USDT:USDT"
CANDLES = f"{PERP}={DATA / 'XRPUSDT-perp-5m.csv'}"
FUNDING = f"{PERP}={DATA / 'XRPUSDT-perp-funding.csv'}"
CENT = Decimal("0.00000001")
# Closed by what happened within a candle, so before the instant at which it ends.
WITHIN = ("stop_loss", "take_profit", "trailing_stop", "roi")

LONG = {
    "version": 1, "name": "perp", "symbol": PERP, "timeframe": "5m",
    "features": {"fast": "ema(close, 3)", "slow": "ema(close, 8)"},
    "entry": {"condition": "fast > slow", "direction": "long", "confidence": 0.9},
    "exit": {"max_candles": 60},
    "stop_loss": {"type": "pct", "value": 0.02},
    "take_profit": {"type": "pct", "value": 0.02},
    "trailing_stop": {"pct": 0.01, "activate_at": 0.005},
    "position_sizing": {"type": "equity_pct", "value": 0.5},
}
SHORT = {**LONG, "name": "short", "entry": {**LONG["entry"], "direction": "short"}}


def backtest(*words):
    done = run("backtest", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refused(*words):
    done = run("backtest", *words)
    assert done.returncode == 2 and not done.stdout
    return done.stderr


def artifact(folder, strategy):
    return world.write_json(folder / f"{strategy['name']}.json", strategy)


def stamps_of(path):
    """(text of the time as results write it, rate, mark or None)"""
    for row in csv.DictReader(path.read_text().splitlines()):
        yield int(row["timestamp"]), Decimal(row["funding_rate"]), row.get("mark_price")


def ms(text):
    """Milliseconds of a time as results write it; it has microseconds, and none below."""
    whole, micro = text.rstrip("Z").split(".")
    assert micro.endswith("000")
    seconds = datetime.fromisoformat(whole + "+00:00").timestamp()
    return int(seconds) * 1000 + int(micro[:3])


def held(position, at):
    opened, closed = ms(position["opened_at"]), position["closed_at"]
    if opened >= at:
        return False
    return closed is None or ms(closed) > at or (
        ms(closed) == at and position["exit_reason"] not in WITHIN)


def expected(positions, closes, path, first, last):
    """Every charge: position, time, mark, rate and amount, from the file and the positions."""
    made = []
    for at, rate, mark in stamps_of(path):
        if not first <= at <= last:
            continue
        for p in positions:
            if not held(p, at):
                continue
            price = Decimal(mark) if mark else closes[at // 300_000 * 300_000 - 300_000]
            sign = -1 if p["side"] == "long" else 1
            amount = (sign * Decimal(p["entry_size"]) * price * rate).quantize(
                CENT, ROUND_HALF_EVEN)
            if amount:
                made.append((p["id"], at, price, rate, amount))
    return made


def closes_of(path):
    return {int(row["timestamp"]): Decimal(row["close"])
            for row in csv.DictReader(path.read_text().splitlines())}


def told(result):
    return [(f["position_id"], ms(f["timestamp"]), Decimal(f["mark"]), Decimal(f["rate"]),
             Decimal(f["amount"])) for f in result["funding"]]


def assert_funded(result, path, least):
    """All that a result says of funding is what the file and the positions give."""
    metrics, positions = result["metrics"], result["positions"]
    closes = closes_of(DATA / "XRPUSDT-perp-5m.csv")
    mine = expected(positions, closes, path, ms(metrics["from"]), ms(metrics["to"]))
    assert len(mine) >= least
    assert told(result) == mine
    for p in positions:
        assert Decimal(p["funding"]) == sum(m[4] for m in mine if m[0] == p["id"])
    paid = -sum(m[4] for m in mine)
    assert Decimal(metrics["funding_paid"]) == paid
    # Realised + unrealised + funding = what equity changed by; all is closed at the end.
    net = sum(Decimal(p["realized_pnl"]) + Decimal(p["funding"]) for p in positions)
    assert Decimal(metrics["end_of_data"]["equity"]) == Decimal(metrics["starting_equity"]) + net
    wins = sum(Decimal(p["realized_pnl"]) + Decimal(p["funding"]) > 0 for p in positions
               if p["exit_reason"] != "end_of_data")
    assert metrics["wins"] == wins


@pytest.mark.parametrize("strategy", [LONG, SHORT], ids=["long", "short"])
def test_every_charge_follows_from_the_file_and_the_positions(folder, strategy):
    path = artifact(folder, strategy)
    result = backtest("--strategy", path, "--candles", CANDLES, "--funding", FUNDING)
    assert_funded(result, DATA / "XRPUSDT-perp-funding.csv", 8)
    assert Decimal(result["metrics"]["funding_paid"]) * (1 if strategy is LONG else -1) > 0
    (kept,) = result["config"]["funding"]
    assert kept["symbol"] == PERP and kept["stamps"] == kept["marks"] == 91
    assert "each stamp" in result["method"]["funding"]
    assert any("2021-11-18" in w for w in result["warnings"])


def test_without_a_mark_the_newest_close_stands_in(folder):
    path = artifact(folder, LONG)
    rates = folder / "rates.csv"
    rows = [f"{at},{rate * 7}" for at, rate, _ in stamps_of(DATA / "XRPUSDT-perp-funding.csv")]
    rates.write_text("\n".join(["timestamp,funding_rate", *rows]) + "\n")
    result = backtest("--strategy", path, "--candles", CANDLES, "--funding", rates)
    assert_funded(result, rates, 8)
    assert result["config"]["funding"][0]["marks"] == 0


def test_a_rate_of_zero_changes_nothing_and_no_file_is_warned_of(folder):
    path = artifact(folder, LONG)
    zero = folder / "zero.csv"
    zero.write_text("timestamp,funding_rate\n" + "".join(
        f"{at},0\n" for at in range(1_636_934_400_000, 1_637_600_000_000, 28_800_000)))
    with_zero = backtest("--strategy", path, "--candles", CANDLES, "--funding", zero)
    without = backtest("--strategy", path, "--candles", CANDLES)
    assert without["warnings"] == [f"{PERP} is a perpetual without a funding file: funding is not "
                                   "charged"]
    assert with_zero["warnings"] == [] and with_zero["funding"] == without["funding"] == []
    for name in without:
        if name not in ("warnings", "config"):
            assert with_zero[name] == without[name], name
    shown = run("backtest", "--strategy", path, "--candles", CANDLES).stdout
    assert "Warning: " + without["warnings"][0] in shown
    spot = run("backtest", "--config", ROOT / "artifacts/replay.json", "--json").stdout
    assert json.loads(spot)["warnings"] == []


def assert_verifies(daemon, folder):
    """The verifier finds nothing wrong with the log of a daemon that has stopped."""
    (folder / "key").mkdir()
    made = evidence.Evidence.of_data(daemon.data, folder / "key")
    path = made.write_lines(folder / "evidence")
    done = run("verify", path, "--key", made.key.vkey, "--no-state")
    assert done.returncode == 0, done.stdout


def perp_config(folder, **more):
    return world.base_config(
        strategy=str(artifact(folder, LONG)), candles=[CANDLES], funding=[FUNDING],
        tick_sizes=[f"{PERP}=0.0001"], lot_sizes=[f"{PERP}=0.1"], **more)


def test_a_replay_on_paper_is_charged_the_same(make_daemon, folder):
    config = perp_config(folder)
    daemon = make_daemon(config).start()
    daemon.start_loop()
    daemon.wait_loop("finished")
    metrics = daemon.api.get("/v1/metrics").json
    account = daemon.api.get("/v1/account").json
    positions = [p for status in ("open", "closed")
                 for p in daemon.api.pages("/v1/positions", status=status, limit=500)]
    reply = daemon.api.post("/v1/backtests", {"document": LONG},
                            headers={"Idempotency-Key": str(uuid.uuid4())})
    assert reply.status == 202, reply
    asked = daemon.api.post("/v1/backtests", {"document": LONG, "intrabar": "detail"},
                            headers={"Idempotency-Key": str(uuid.uuid4())})
    assert asked.status == 422 and "finer candles" in asked.text
    name = reply.json["id"]
    wait_until(lambda: daemon.api.get(f"/v1/backtests/{name}").json["state"] == "succeeded", 120,
               "the backtest")
    report = daemon.api.get(f"/v1/backtests/{name}/report").json
    text = daemon.api.get("/metrics", headers={"Accept": "text/plain"}).text
    assert daemon.stop() == 0
    assert_verifies(daemon, folder)
    path = world.write_json(folder / "same.json",
                            {k: v for k, v in config.items() if k != "listen"})
    mine = backtest("--config", path)
    assert report == mine
    assert len(mine["funding"]) >= 8
    leaves = [ledger.check_line(line)[0] for line in daemon.lines("log.jsonl")]
    cash = [leaf for leaf in leaves if ledger.kind_of(leaf) == "cash"]
    assert [(c["timestamp"], c["cash"]["position_id"], Decimal(c["cash"]["amount"]),
             c["cash"]["kind"], c["strategy"]) for c in cash] == \
        [(f["timestamp"], f["position_id"], Decimal(f["amount"]), "funding", "perp")
         for f in mine["funding"]]
    for name in ("funding_paid", "current_pnl", "equity", "total_trades", "win_rate",
                 "profit_factor", "sharpe_ratio", "max_drawdown"):
        assert metrics[name] == mine["metrics"][name], name
    assert account["funding_paid"] == metrics["funding_paid"]
    (sample,) = [line for line in text.splitlines()
                 if line.startswith("traderd_funding_paid_quote ")]
    assert float(sample.split()[1]) == float(metrics["funding_paid"])
    by_id = {p["id"]: p for p in positions}
    for p in mine["positions"]:
        if p["exit_reason"] != "end_of_data":
            assert by_id[p["id"]]["funding"] == p["funding"], p


@pytest.mark.crash
def test_killed_at_any_moment_it_is_charged_once(make_daemon, folder):
    config = perp_config(folder, replay_speed=300_000)
    whole = make_daemon(perp_config(folder)).start()
    whole.start_loop()
    whole.wait_loop("finished")
    assert whole.stop() == 0
    killed = make_daemon(config).start()
    killed.start_loop()
    for _ in range(3):
        time.sleep(0.4)
        killed.kill()
        killed.start()
    killed.wait_loop("finished")
    assert killed.stop() == 0
    ledger.assert_same_trading(
        killed, {name: whole.lines(name) for name in ("trades.jsonl", "log.jsonl")})
    cash = [line for line in killed.lines("log.jsonl") if b'"cash": {' in line[:12]]
    assert cash == [line for line in whole.lines("log.jsonl") if b'"cash": {' in line[:12]]
    assert len(cash) >= 8


def test_what_is_wrong_with_funding_is_told(folder):
    path = artifact(folder, LONG)
    bad = folder / "bad.csv"
    bad.write_text("timestamp,funding_rate\n1637193600000,0.0001\n1637193600000,0.0001\n")
    words = ("--strategy", path, "--candles", CANDLES)
    assert f"{bad}:3" in refused(*words, "--funding", f"{PERP}={bad}")
    assert "no candles of a perpetual BTC/USDT:USDT" in refused(
        *words, "--funding", f"BTC/USDT:USDT={bad}")
    assert "two funding files" in refused(*words, "--funding", FUNDING, FUNDING)
    assert "cannot read" in refused(*words, "--funding", folder / "nowhere.csv")
    spot = ("--config", ROOT / "artifacts/replay.json")
    assert "no candles of a perpetual BTC/USDT" in refused(
        *spot, "--funding", f"BTC/USDT={bad}")


# ---- Finer candles -------------------------------------------------------------------------------

MINUTES = 12  # candles of 5m in one of an hour
TRAILING = {
    "version": 1, "name": "fine", "symbol": "BTC/USDT", "timeframe": "1h",
    "features": {"mean": "sma(close, 2)"},
    "entry": {"condition": "mean > 0", "direction": "long", "confidence": 0.9},
    "exit": {"max_candles": 7},
    "stop_loss": {"type": "pct", "value": 0.008},
    "take_profit": {"type": "pct", "value": 0.012},
    "trailing_stop": {"pct": 0.004, "activate_at": 0.003},
    "position_sizing": {"type": "equity_pct", "value": 0.3},
}
FIXED = {key: value for key, value in TRAILING.items() if key != "trailing_stop"}
TICK, SLIPPAGE = Decimal("0.01"), Decimal("0.0005")


def fine_rows(count):
    return [line.split(",") for line in world.recorded_lines()[1:count + 1]]


@pytest.fixture(scope="module")
def hours(tmp_path_factory):
    """5m candles, and the candles of an hour that they make up."""
    folder = tmp_path_factory.mktemp("detail")
    rows = fine_rows(MINUTES * 400)
    start = next(i for i, row in enumerate(rows) if int(row[0]) % 3_600_000 == 0)
    rows = rows[start:start + (len(rows) - start) // MINUTES * MINUTES]
    fine, whole = folder / "BTCUSDT-5m.csv", folder / "BTCUSDT-1h.csv"
    lines = [world.HEADER]
    for i in range(0, len(rows), MINUTES):
        part = rows[i:i + MINUTES]
        assert int(part[-1][0]) - int(part[0][0]) == (MINUTES - 1) * world.CANDLE_MS
        volume = sum(Decimal(row[5]) for row in part)
        lines.append(",".join([part[0][0], part[0][1], max((row[2] for row in part), key=Decimal),
                               min((row[3] for row in part), key=Decimal), part[-1][4],
                               str(volume)]))
    fine.write_text("\n".join([world.HEADER, *(",".join(row) for row in rows)]) + "\n")
    whole.write_text("\n".join(lines) + "\n")
    return folder, whole, fine


def to_tick(value, rounding):
    return (value / TICK).to_integral_value(rounding) * TICK


def walk(position, rows, trails):
    """How a long position ends within candles: (time, price, reason), or None."""
    entry = Decimal(position["avg_entry_price"])
    stop, target = Decimal(position["stop_loss"]), Decimal(position["take_profit"])
    reason, best = "stop_loss", entry
    for row in rows:
        at = int(row[0])
        if at < ms(position["opened_at"]):
            continue
        if position["closed_at"] and at >= ms(position["closed_at"]):
            return None
        first, high, low, close = (Decimal(x) for x in row[1:5])
        if low <= stop or high >= target:
            stop_first = low <= stop and not (first >= target and first > stop)
            price = to_tick(min(first, stop) * (1 - SLIPPAGE), ROUND_FLOOR) if stop_first \
                else max(first, target)
            return at + world.CANDLE_MS, price, reason if stop_first else "take_profit"
        best = max(best, high)
        begin = entry * Decimal("1.003")
        if not trails or best < begin:
            continue
        beside = to_tick(close, ROUND_FLOOR)
        beside -= TICK if beside == close else 0
        level = min(to_tick(best * Decimal("0.996"), ROUND_CEILING), beside)
        if level > stop:
            stop, reason = level, "trailing_stop"
    return None


@pytest.mark.parametrize("strategy", [FIXED, TRAILING], ids=["fixed", "trailing"])
def test_the_finer_candles_decide_what_is_met_first(hours, strategy):
    folder, whole, fine = hours
    words = ("--strategy", artifact(folder, strategy), "--candles", f"BTC/USDT={whole}",
             "--tick", "BTC/USDT=0.01")
    result = backtest(*words, "--detail", f"BTC/USDT={fine}")
    assert result["config"]["intrabar"] == "detail" and result["warnings"] == []
    (counted,) = result["config"]["detail"]
    assert counted == {"symbol": "BTC/USDT", "timeframe": "5m",
                       "candles": result["metrics"]["candles"], "candles_without": 0}
    rows = [line.split(",") for line in fine.read_text().splitlines()[1:]]
    reasons, within = set(), 0
    for p in result["positions"]:
        end = walk(p, rows, strategy is TRAILING)
        if end is None:
            assert p["exit_reason"] in ("time_exit", "end_of_data"), p
            continue
        assert (ms(p["closed_at"]), Decimal(p["avg_exit_price"]), p["exit_reason"]) == end, p
        reasons.add(p["exit_reason"])
        within += ms(p["closed_at"]) % 3_600_000 != 0
    assert len(result["positions"]) > 80 and within > 40
    assert reasons >= {"stop_loss", "take_profit"}
    assert ("trailing_stop" in reasons) == (strategy is TRAILING)
    others = [backtest(*words, "--intrabar", rule) for rule in ("pessimistic", "adaptive")]
    assert len({json.dumps(r["metrics"]) for r in (result, *others)}) == 3


@pytest.mark.parametrize("more", [(), ("--limit-fill", "through", "--slippage", "20"),
                                  ("--volume-cap", "0.0002")], ids=["plain", "costs", "capped"])
def test_the_candles_as_their_own_detail_are_the_pessimistic_result(hours, more):
    folder, whole, _ = hours
    words = ("--strategy", artifact(folder, TRAILING), "--candles", f"BTC/USDT={whole}", *more)
    pessimistic = backtest(*words)
    detail = backtest(*words, "--detail", whole)
    for name in pessimistic:
        if name != "config":
            assert detail[name] == pessimistic[name], name


def test_missing_finer_candles_are_counted_and_contradictions_refused(hours):
    folder, whole, fine = hours
    words = ("--strategy", artifact(folder, FIXED), "--candles", f"BTC/USDT={whole}")
    lines = fine.read_text().splitlines()
    some = folder / "some.csv"
    # The first hour's opening candle is missing, and all of the last ten hours.
    some.write_text("\n".join([lines[0], *lines[2:-10 * MINUTES]]) + "\n")
    result = backtest(*words, "--detail", f"BTC/USDT={some}")
    assert result["config"]["detail"][0]["candles_without"] in (10, 11)
    assert "have no finer candles" in result["warnings"][0]
    wrong = folder / "wrong.csv"
    row = lines[30].split(",")
    row[2] = str(Decimal(row[2]) * 2)
    wrong.write_text("\n".join([*lines[:30], ",".join(row), *lines[31:]]) + "\n")
    told_wrong = refused(*words, "--detail", f"BTC/USDT={wrong}")
    assert f"{wrong}:31" in told_wrong and "high" in told_wrong
    swapped = refused("--strategy", artifact(folder, FIXED), "--candles", f"BTC/USDT={fine}",
                      "--detail", f"BTC/USDT={whole}")
    assert "do not divide" in swapped
    assert "finer candles" in refused(*words, "--intrabar", "detail")
    assert "no candles of the symbol ETH/USDT" in refused(*words, "--detail", f"ETH/USDT={fine}")


def test_a_replay_on_paper_walks_the_finer_candles_too(make_daemon, hours, folder):
    _, whole, fine = hours
    config = world.base_config(strategy=str(artifact(folder, TRAILING)), intrabar="detail",
                               candles=[f"BTC/USDT={whole}"], detail=[f"BTC/USDT={fine}"])
    daemon = make_daemon(config).start()
    daemon.start_loop()
    daemon.wait_loop("finished")
    assert daemon.stop() == 0
    assert_verifies(daemon, folder)
    path = world.write_json(folder / "same.json",
                            {k: v for k, v in config.items() if k != "listen"})
    paper = [json.loads(line) for line in daemon.lines("trades.jsonl")]
    mine = backtest("--config", path)["trades"]
    assert len(paper) == len(mine) > 160
    for a, b in zip(mine, paper):
        assert (a["timestamp"], a["side"], Decimal(a["price"]), Decimal(a["size"])) == \
            (b["timestamp"], b["trade"]["side"], Decimal(b["trade"]["price"]),
             Decimal(b["trade"]["size"]))


def test_a_sweep_plays_funding_and_finer_candles(hours, folder):
    _, whole, fine = hours
    swept = {**TRAILING, "name": "swept", "params": {"p": 2},
             "features": {"mean": "sma(close, p)"}}
    path = artifact(folder, swept)
    words = ("--strategy", path, "--candles", f"BTC/USDT={whole}")
    done = run("sweep", *words, "--set", "p=2,3", "--detail", f"BTC/USDT={fine}", "--json",
               "--min-trades", "1")
    assert done.returncode == 0, done.stderr
    one = backtest(*words, "--detail", f"BTC/USDT={fine}")["metrics"]
    rows = json.loads(done.stdout)["rows"]
    assert any(row["whole"]["total_return"] == one["total_return"] for row in rows), rows
    perp = run("sweep", "--strategy", artifact(folder, {**LONG, "params": {"n": 3},
               "features": {"fast": "ema(close, n)", "slow": "ema(close, 8)"}}),
               "--candles", CANDLES, "--set", "n=3,4", "--json", "--min-trades", "1")
    funded = run("sweep", "--strategy", folder / "perp.json", "--candles", CANDLES, "--funding",
                 FUNDING, "--set", "n=3,4", "--json", "--min-trades", "1")
    assert "warning" in perp.stderr and "warning" not in funded.stderr
    assert perp.stdout != funded.stdout
