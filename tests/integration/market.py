# SPDX-License-Identifier: Apache-2.0
"""Random markets from a seed: calm and wild, gaps, flat and volumeless stretches, any price."""
import math
from dataclasses import dataclass

import numpy as np

CANDLES = 700
START_MS = 1_700_000_100_000
STEP_MS = 300_000


@dataclass
class Market:
    """Prices and volumes as the candle file's text gives them, and the text."""
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    text: str


def _walk(dice, level):
    """Open, high, low, close and volume of each candle, of several kinds one after the other."""
    rows, odds = [], [.5, .2, .1, .1, .1] if dice.random() < .5 else [.6, .2, .1, 0, .1]
    while len(rows) < CANDLES:
        kind = dice.choice(["walk", "trend", "gap", "flat", "volumeless"], p=odds)
        spread = 10 ** dice.uniform(-4, -1.3)
        drift = spread * dice.uniform(-.5, .5) if kind == "trend" else 0
        if kind == "gap":
            level *= 1 + dice.uniform(-.3, .4)
        for _ in range(int(dice.integers(5, 150))):
            start, volume = level, 10 ** dice.uniform(1, 4)
            if kind == "flat":
                rows.append((level, level, level, level, volume if spread > .005 else 0))
                continue
            level *= math.exp(drift + spread * dice.standard_normal())
            edges = sorted((start, level))
            rows.append((start, edges[1] * (1 + spread * dice.exponential(.5)),
                         edges[0] / (1 + spread * dice.exponential(.5)), level,
                         0 if kind == "volumeless" else volume))
    return np.array(rows[:CANDLES])


def make_market(seed):
    """The market of a seed.  Prices have up to nine digits and at most twelve decimals."""
    dice = np.random.default_rng(seed)
    level = 10 ** dice.uniform(-6, 6)
    rows = _walk(dice, level)
    decimals = int(min(12, max(0, dice.integers(5, 10) - math.ceil(math.log10(level)))))
    tick = 10.0 ** -decimals
    lines, values = ["timestamp,open,high,low,close,volume"], []
    for i, row in enumerate(rows):
        cells = [f"{max(x, 10 * tick):.{decimals}f}" for x in row[:4]] + [f"{row[4]:.3f}"]
        lines.append(",".join([str(START_MS + i * STEP_MS), *cells]))
        values.append([float(x) for x in cells])
    return Market(*np.array(values).T.copy(), "\n".join(lines) + "\n")
