# SPDX-License-Identifier: Apache-2.0
"""`traderd backtest` says what it traded in JSON, CSV, tables and a page, and refuses what is wrong."""
import csv
import json

import pytest

import world
from contract import ROOT
from daemon import run


def backtest(*words):
    done = run("backtest", *words)
    assert done.returncode == 0, done.stderr
    return done


def result(*words):
    return json.loads(backtest(*words, "--json").stdout)


def test_the_shipped_replay_is_the_same_by_both_ways():
    config = ROOT / "artifacts/replay.json"
    words = ("--config", config, "--windows", "6", "--json")
    fast, whole = backtest(*words), backtest(*words, "--whole-engine")
    assert fast.stdout == whole.stdout
    assert len(json.loads(fast.stdout)["trades"]) > 300


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two strategies on two symbols, on one account."""
    folder = tmp_path_factory.mktemp("two")
    btc = world.slice_candles(folder / "BTCUSDT-5m.csv", 3000)
    eth = world.slice_candles(folder / "ETHUSDT-5m.csv", 2900, skip=3000)
    everywhere = {key: value for key, value in world.BUSY.items() if key != "symbol"}
    paths = [folder / "busy.json", folder / "slow.json"]
    world.write_json(paths[0], everywhere)
    world.write_json(paths[1], {**everywhere, "name": "slow", "exit": {"max_candles": 50}})
    return result("--strategy", *paths, "--candles", btc, eth, "--windows", "3")


def test_several_strategies_and_symbols_share_one_account(two):
    metrics = two["metrics"]
    assert {row["symbol"] for row in two["symbols"]} == {"BTC/USDT", "ETH/USDT"}
    assert [row["name"] for row in two["strategies"]] == ["busy", "slow"]
    for table in ("symbols", "strategies", "months", "windows"):
        count = "total_trades" if table == "windows" else "trades"
        assert sum(row[count] for row in two[table]) == metrics["total_trades"] > 100, table
        assert all(row[count] > 0 for row in two[table]), table


def test_tables_add_up(two):
    metrics, ended = two["metrics"], two["metrics"]["end_of_data"]
    reasons = {row["reason"]: row["trades"] for row in two["exit_reasons"]}
    assert reasons.pop("end_of_data", 0) == ended["positions"] == metrics["open_positions"]
    assert sum(reasons.values()) == metrics["total_trades"]
    assert len(two["positions"]) == metrics["total_trades"] + ended["positions"]
    assert ended["total_trades"] == metrics["total_trades"] + ended["positions"]
    assert two["months"][0]["begin_equity"] == metrics["starting_equity"]
    assert two["months"][-1]["end_equity"] == metrics["equity"]
    assert two["windows"][-1]["equity"] == metrics["equity"]
    assert two["equity_curve"][-1]["equity"] == metrics["equity"]
    for before, after in zip(two["windows"], two["windows"][1:]):
        assert before["to"] == after["from"] and before["equity"] == after["starting_equity"]


def test_a_part_of_the_time_begins_warm(folder):
    candles = world.slice_candles(folder / "BTCUSDT-5m.csv", 4000)
    words = ("--strategy", world.WINNER, "--candles", candles)
    whole = result(*words)
    part = result(*words, "--from", "2021-09-06", "--to", "2021-09-12T00:00:00Z", "--train", "0.5")
    assert part["metrics"]["from"].startswith("2021-09-06T00:00:00")
    assert part["metrics"]["to"].startswith("2021-09-12T00:00:00")
    assert [window["name"] for window in part["windows"]] == ["train", "test"]
    entries = {t["timestamp"] for t in whole["trades"] if t["opens"]}
    mine = [t["timestamp"] for t in part["trades"] if t["opens"]]
    # While the whole run still holds what it opened before, the part may enter.
    assert len(mine) > 5 and len(set(mine) - entries) <= 1


def test_fills_as_csv_and_tables_for_people(folder):
    words = ("--config", ROOT / "artifacts/replay.json", "--trades", folder / "fills.csv")
    shown = backtest(*words).stdout
    rows = list(csv.DictReader((folder / "fills.csv").read_text().splitlines()))
    trades = result(*words)["trades"]
    assert [row["pnl"] for row in rows] == [trade["pnl"] for trade in trades]
    for word in ("Sharpe ratio", "stop_loss", "2021-10", "win rate"):
        assert word in shown


def test_the_report_is_one_page_without_a_network(folder):
    words = ("--config", ROOT / "artifacts/replay.json", "--windows", "4")
    shown = backtest(*words, "--report", folder / "report.html").stdout
    assert "Sharpe ratio" in shown
    page = (folder / "report.html").read_text()
    for word in ("http:", "https:", "src=", "@import", "url(", "fetch(", "XMLHttp", "@DATA@"):
        assert word not in page, word
    assert "default-src 'none'" in page
    inside = page.split('<script type="application/json" id="data">')[1].split("</script>")[0]
    assert "<" not in inside
    data, mine = json.loads(inside), result(*words)
    for name in ("metrics", "windows", "months", "exit_reasons", "positions", "equity_curve"):
        assert data[name] == mine[name], name
    rows = data["candles"][0]["rows"]
    assert 1000 < len(rows) <= 6000
    assert all(low <= min(o, c) and high >= max(o, c) for _, o, high, low, c in rows)


@pytest.mark.parametrize("words, told", [
    (("--fee", "2"), "fee_rate"),
    (("--from", "yesterday"), "--from"),
    (("--windows", "0"), "--windows"),
    (("--train", "1.5"), "--train"),
    (("--from", "2031-01-01"), "no candles"),
    (("--from", "2021-10-02", "--to", "2021-10-01"), "before the end"),
    (("--candles", ROOT / "tests/data/candles/broken/blank_line.csv"), "blank_line.csv:6"),
    (("--candles", "ETH/USDT=" + str(world.RECORDING)), "no candles of what it trades"),
    (("--strategy", world.WINNER, world.WINNER), "two strategies"),
    (("--trades", "/nowhere/fills.csv"), "could not be written"),
    (("--signals", "/nowhere/signals.csv"), "could not be written"),
    (("--report", "/nowhere/report.html"), "could not be written"),
])
def test_what_is_wrong_is_told(words, told):
    done = run("backtest", "--config", ROOT / "artifacts/replay.json", *words)
    assert done.returncode == (1 if "written" in told else 2)
    assert told in done.stderr
    assert not done.stdout


def test_nothing_to_test_is_told():
    assert run("backtest").returncode == 2
    assert "--strategy" in run("backtest", "--json").stderr
