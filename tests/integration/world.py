# SPDX-License-Identifier: Apache-2.0
"""Candles, strategies and configurations the plays are made of."""
import functools
import json
import random
from pathlib import Path

from contract import ROOT

RECORDING = ROOT / "artifacts/candles/BTCUSDT-5m.csv"
WINNER = ROOT / "artifacts/winner.json"
CANDLE_MS = 300_000
LONG = 1500  # candles of a replay that is disturbed in one way or another
HEADER = "timestamp,open,high,low,close,volume"

# Trades every few candles and holds something most of the time.
BUSY = {
    "version": 1,
    "name": "busy",
    "symbol": "BTC/USDT",
    "timeframe": "5m",
    "features": {"fast": "ema(close, 3)", "slow": "ema(close, 8)"},
    "entry": {"condition": "fast > slow or close < open", "direction": "long", "confidence": 0.9,
              "trigger": "busy: {fast:.2f} over {slow:.2f}"},
    "exit": {"condition": "crossed_below(fast, slow)", "max_candles": 9},
    "stop_loss": {"type": "pct", "value": 0.004},
    "take_profit": {"type": "pct", "value": 0.006},
    "trailing_stop": {"pct": 0.003, "activate_at": 0.003},
    "position_sizing": {"type": "equity_pct", "value": 0.3},
}

# Raises its stop and leaves on the same candle: orders that are canceled before they were sent.
RATCHET = {
    **BUSY,
    "name": "ratchet",
    "entry": {"condition": "close > 0", "direction": "long", "confidence": 0.9},
    "exit": {"condition": "close > close[1]", "max_candles": 4},
    "trailing_stop": {"pct": 0.003, "activate_at": 0},
}

# Buys once and keeps it: its stop and target are too far away to be met.
HOLDER = {
    "version": 1,
    "name": "holder",
    "symbol": "BTC/USDT",
    "timeframe": "5m",
    "features": {"mean": "sma(close, 2)"},
    "entry": {"condition": "mean > 0", "direction": "long", "confidence": 0.9},
    "stop_loss": {"type": "pct", "value": 0.45},
    "take_profit": {"type": "pct", "value": 0.45},
    "position_sizing": {"type": "equity_pct", "value": 0.3},
}


# Keeps what it holds until its position is so many candles old: versions differ in that number.
def keeper(name="keeper", candles=100000, **changes):
    return {**HOLDER, "name": name,
            "exit": {"condition": f"position.candles_held >= {candles}"}, **changes}


@functools.cache
def recorded_lines():
    return RECORDING.read_text().splitlines()


def slice_candles(path, count, skip=0):
    """The recording's candles skip..skip+count as a file of their own."""
    lines = recorded_lines()
    Path(path).write_text("\n".join([lines[0], *lines[1 + skip:1 + skip + count]]) + "\n")
    return path


def flat_candles(path, count, price=100, volume="50"):
    """A market that hardly moves, made up from a fixed seed."""
    dice = random.Random(7)
    rows = [HEADER]
    for i in range(count):
        close = price + dice.randint(-5, 5) / 100
        rows.append(f"{1700000100000 + i * CANDLE_MS},{price:.2f},{price + 0.1:.2f},"
                    f"{price - 0.1:.2f},{close:.2f},{volume}")
    Path(path).write_text("\n".join(rows) + "\n")
    return path


def write_json(path, value):
    Path(path).write_text(json.dumps(value))
    return path


def base_config(**changes):
    return {"mode": "paper", "log_level": "info", "log_format": "json", "pace": "replay",
            "replay_speed": 0, **changes}


def replay_config(folder, strategy, count=600, skip=0, **changes):
    """A recorded replay of `count` candles; the files go into folder."""
    folder = Path(folder)
    candles = slice_candles(folder / "BTCUSDT-5m.csv", count, skip)
    artifact = write_json(folder / "strategy.json", strategy)
    return base_config(strategy=str(artifact), candles=[f"BTC/USDT={candles}"],
                       tick_sizes=["BTC/USDT=0.01"], lot_sizes=["BTC/USDT=0.00001"], **changes)
