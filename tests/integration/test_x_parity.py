# SPDX-License-Identifier: Apache-2.0
"""The same candles through paper replay and through both ways of the backtest: the same signals, fills and
round trips, to the byte."""
import csv
import io
import json

import pytest

import world
from contract import ROOT
from daemon import run, wait_until

SIGNALS = ("id", "at", "candle_at", "symbol", "strategy", "action", "side", "decision", "denials",
           "confidence", "price", "size", "size_asked", "trigger")
FILLS = ("id", "timestamp", "order_id", "position_id", "symbol", "strategy", "side", "price", "size",
         "notional", "fee", "fee_currency", "liquidity", "opens", "pnl", "slippage")
POSITIONS = ("id", "symbol", "strategy", "side", "entry_size", "avg_entry_price", "avg_exit_price",
             "stop_loss", "take_profit", "realized_pnl", "fees_paid", "candles_held", "opened_at", "closed_at",
             "exit_reason")
METRICS = ("total_trades", "win_rate", "profit_factor", "avg_win", "avg_loss", "current_pnl", "sharpe_ratio",
           "sortino_ratio", "max_drawdown", "equity", "fees_paid", "turnover", "exposure_ratio",
           "signals_total")
EVERYWHERE = {key: value for key, value in world.BUSY.items() if key != "symbol"}
SLOW = {**EVERYWHERE, "name": "slow", "exit": {"max_candles": 50},
        "entry": {**world.BUSY["entry"], "confidence": "clamp(abs(close / slow - 1) * 500, 0, 1)"}}


def signals_csv(rows):
    """Signals of the API as `traderd backtest --signals` writes them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(SIGNALS)
    for row in rows:
        cells = {**row, "denials": " ".join(row["denials"]),
                 "confidence": format(row["confidence"], ".6f").rstrip("0").rstrip(".")}
        writer.writerow([cells[name] for name in SIGNALS])
    # Only the reason is quoted there, always: as values they are the same, as text csv chooses.
    return list(csv.reader(io.StringIO(text.getvalue())))


def as_bytes(rows, names):
    """The rows' values, each as it stands in its JSON."""
    return [json.dumps({name: row[name] for name in names}) for row in rows]


class Paper:
    """What a replay on paper left, read over HTTP."""

    def __init__(self, daemon):
        pages = daemon.api.pages
        self.signals = list(pages("/v1/signals", order="asc", limit=500))
        self.fills = [{**row, "timestamp": row["at"]}
                      for row in pages("/v1/fills", order="asc", limit=500)]
        self.positions = list(pages("/v1/positions", order="asc", limit=500, status="closed"))
        self.metrics = daemon.api.get("/v1/metrics").json
        wait_until(lambda: len(daemon.lines("trades.jsonl")) >= len(self.fills), 60,
                   "the lines, which follow the database")
        self.statuses = [json.loads(line)["trade"]["status"] for line in daemon.lines("trades.jsonl")]


def play(daemon, *strategies):
    """Replays to the end; the strategies beside the configured one join before the first candle."""
    daemon.start()
    for strategy in strategies:
        stored = daemon.api.post("/v1/strategies", strategy)
        assert stored.status == 201, stored
        name = stored.json["id"]
        reply = daemon.api.post(f"/v1/strategies/{name}/activate", {"effective": "now"})
        assert reply.status == 200, reply
    daemon.start_loop()
    daemon.wait_loop("finished", 170)
    return Paper(daemon)


def backtest(folder, *words):
    done = run("backtest", *words, "--json", "--signals", folder / "signals.csv")
    assert done.returncode == 0, done.stderr
    with (folder / "signals.csv").open(newline="") as file:
        return json.loads(done.stdout), list(csv.reader(file))


def assert_parity(folder, paper, *words, least=300):
    whole, signals = backtest(folder, *words)
    assert signals == signals_csv(paper.signals)
    assert len(signals) > least
    printed = run("backtest", *words, "--json").stdout  # the fast path, where it applies
    assert printed == run("backtest", *words, "--json", "--whole-engine").stdout
    assert json.loads(printed) == whole
    assert as_bytes(whole["trades"], FILLS) == as_bytes(paper.fills, FILLS)
    assert [row["status"] for row in whole["trades"]] == paper.statuses
    # The report has them as they closed, the API as they opened.
    closed = sorted((row for row in whole["positions"] if row["exit_reason"] != "end_of_data"),
                    key=lambda row: int(row["id"]))
    assert as_bytes(closed, POSITIONS) == as_bytes(paper.positions, POSITIONS)
    for name in METRICS:
        assert whole["metrics"][name] == paper.metrics[name], name
    return whole


def test_the_shipped_replay(make_daemon, folder):
    config = json.loads((ROOT / "artifacts/replay.json").read_text())
    for name in ("candles", "strategy"):
        paths = config[name] if isinstance(config[name], list) else [config[name]]
        paths = [str(path).split("=") for path in paths]
        full = ["=".join([*path[:-1], str(ROOT / "artifacts" / path[-1])]) for path in paths]
        config[name] = full if isinstance(config[name], list) else full[0]
    paper = play(make_daemon(config))
    whole = assert_parity(folder, paper, "--config", ROOT / "artifacts/replay.json")
    assert whole["strategy"]["name"] == "adaptive_momentum_v3" and len(paper.fills) > 300
    assert {row["decision"] for row in paper.signals} == {"accepted", "denied"}


@pytest.mark.parametrize("other, terms", [
    ({key: value for key, value in world.RATCHET.items() if key != "symbol"}, {}),
    (SLOW, {"fee_rate": "0.0004", "slippage_bps": "12", "volume_cap": "0.01", "intrabar": "adaptive",
            "limit_fill": "through", "max_open_positions": 3}),
], ids=["usual_terms", "every_term"])
def test_two_strategies_on_two_symbols(make_daemon, folder, other, terms):
    """Across a gap of the recording, and with candles that begin and end at other times."""
    btc = world.slice_candles(folder / "BTCUSDT-5m.csv", 500, skip=7550)
    eth = world.slice_candles(folder / "ETHUSDT-5m.csv", 450, skip=7600)
    first, second = (world.write_json(folder / f"{name}.json", artifact)
                     for name, artifact in (("busy", EVERYWHERE), ("other", other)))
    config = world.base_config(strategy=str(first), candles=[f"BTC/USDT={btc}", f"ETH/USDT={eth}"],
                               tick_sizes=["BTC/USDT=0.01", "ETH/USDT=0.1"],
                               lot_sizes=["BTC/USDT=0.00001", "ETH/USDT=0.001"], **terms)
    path = world.write_json(folder / "config.json", config)
    paper = play(make_daemon(config), other)
    assert_parity(folder, paper, "--config", path, "--strategy", first, second)
    assert {(row["symbol"], row["strategy"]) for row in paper.signals} == {
        (symbol, name) for symbol in ("BTC/USDT", "ETH/USDT") for name in ("busy", other["name"])}
    assert len({(row["symbol"], row["strategy"]) for row in paper.fills}) >= 3
