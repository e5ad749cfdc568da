# SPDX-License-Identifier: Apache-2.0
"""The strategy of bench_rules.c as a user of TA-Lib writes it: numpy columns, then a Python loop.

rules_talib.py FILE CANDLES ROUNDS WARMUP prints a line of JSON: median processor times, trades, profit.
"""
import json
import statistics
import sys
import time

import numpy
import talib

HELD_MAX = 288


def signals(close, warmup):
    fast, slow = talib.EMA(close, 12), talib.EMA(close, 26)
    rsi = talib.RSI(close, 14)
    entry = (fast > slow) & (rsi < 70)
    leave = (fast < slow) | (rsi > 80)
    entry[: warmup - 1] = False
    leave[: warmup - 1] = False
    return entry, leave


def play(prices, entry, leave):
    """In and out at the next open, stop before target."""
    trades, profit = 0, 0.0
    is_open = wants_in = wants_out = False
    held, paid, stop, take = 0, 0.0, 0.0, 0.0
    columns = [column.tolist() for column in (*prices[:3], entry, leave)]
    for at, high, low, enters, leaves in zip(*columns):
        price = None
        if wants_out:
            price = at
        elif wants_in:
            is_open, held = True, 0
            paid, stop, take = at, at * 0.98, at * 1.04
        if is_open and price is None:
            if low <= stop:
                price = min(at, stop)
            elif high >= take:
                price = max(at, take)
        if price is not None:
            is_open = False
            profit += price * 0.999 / (paid * 1.001) - 1
            trades += 1
        held += is_open
        wants_in = not is_open and enters
        wants_out = is_open and (leaves or held >= HELD_MAX)
    return trades, profit


def main():
    path, candles, rounds, warmup = sys.argv[1], *map(int, sys.argv[2:5])
    prices = numpy.fromfile(path).reshape(4, candles)
    columns_took, all_took = [], []
    for _ in range(rounds):
        begun = time.process_time()
        entry, leave = signals(prices[3], warmup)
        columns_took.append(time.process_time() - begun)
        trades, profit = play(prices, entry, leave)
        all_took.append(time.process_time() - begun)
    print(
        json.dumps(
            {
                "columns_ns": statistics.median(columns_took) * 1e9,
                "ns": statistics.median(all_took) * 1e9,
                "trades": trades,
                "profit": float(profit).hex(),
            }
        )
    )


main()
