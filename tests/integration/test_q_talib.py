# SPDX-License-Identifier: Apache-2.0
"""Random markets and parameters: every function TA-Lib has too gives TA-Lib's numbers.

TALIB_SEEDS=3000 runs more of them, TALIB_SEED=7 begins with the seventh.
"""
import json
import os
import subprocess

import numpy as np
import pytest

import talib_table as table
from daemon import binary
from market import make_market

FIRST = int(os.environ.get("TALIB_SEED", "1"))
SEEDS = int(os.environ.get("TALIB_SEEDS", "100"))
FEATURES = 60  # of one strategy


def computed(folder, rules, text):
    """The daemon's series of each rule."""
    strategy, candles = folder / "strategy.json", folder / "BTCUSDT-5m.csv"
    strategy.write_text(json.dumps({
        "name": "talib", "symbol": "BTC/USDT", "timeframe": "5m",
        "features": {f"f{i}": rule for i, rule in enumerate(rules)},
        "entry": {"condition": "close > 0"}, "stop_loss": 0.02}))
    candles.write_text(text)
    done = subprocess.run([binary(), "features", "--strategy", strategy, "--candles", candles],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    header, *lines = (line.split(",") for line in done.stdout.splitlines())
    # What is one value as a number may be several as a feature.
    names = [name.split(".")[0] for name in header]
    starts = [names.index(f"f{i}") for i in range(len(rules))]
    return np.array([[float(line[i]) if line[i] else np.nan for i in starts] for line in lines]).T


def compared(folder, seed, rows):
    """Each row with its parameters, the market of the seed, and our series."""
    market, dice = make_market(seed), np.random.default_rng([seed, 1])
    drawn = [(row, table.draw(row.ranges, dice)) for row in rows]
    for start in range(0, len(drawn), FEATURES):
        part = drawn[start:start + FEATURES]
        ours = computed(folder, [row.rule.format(**p) for row, p in part], market.text)
        for (row, parameters), series in zip(part, ours):
            yield row, parameters, market, series


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_random_markets_give_the_numbers_of_talib(seed, tmp_path):
    wrong = []
    for row, parameters, market, ours in compared(tmp_path, seed, table.ROWS):
        is_wrong, theirs = table.differing(row, market, parameters, ours)
        if is_wrong.any():
            i = int(np.argmax(is_wrong))
            wrong.append(f"{row.rule.format(**parameters)}: candle {i} is {ours[i]:.17g}, "
                         f"{row.name} {theirs[i]:.17g} (and {is_wrong.sum() - 1} more)")
    assert not wrong, f"TALIB_SEED={seed} TALIB_SEEDS=1\n" + "\n".join(wrong)


def test_each_departure_is_still_one(tmp_path):
    """A departure TA-Lib no longer gives cause to must not hide anything."""
    rows = [row for row in table.ROWS if row.name in table.DEPARTURES]
    left = {row.name for row in rows}
    for seed in (392, *range(1, 60)):  # 392: a flat stretch that rounding makes no doji
        for row, parameters, market, ours in compared(tmp_path, seed, rows):
            theirs = table.wanted(row, market, parameters)
            if table.departs(row, market, parameters, theirs)[~table.near(
                    row, market, parameters, ours, theirs)].any():
                left.discard(row.name)
        if not left:
            break
    assert not left
