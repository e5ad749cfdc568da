# SPDX-License-Identifier: Apache-2.0
"""What every peer shares: the task on its command line, candles, the clock around a backtest, trades.

peer_NAME.py CANDLES.csv COUNT TRADES.csv runs the strategy of measure_backtest.py once over the
first COUNT candles, writes its closed trades and prints a line of JSON.
"""

import csv
import json
import sys
import time

FAST, SLOW, RSI, RSI_MOST = 12, 26, 14, 70
WARMUP = 200  # no decision before so many candles have closed
FEE = 0.001
SIZE = 1
EQUITY = 10_000_000_000

CANDLES, COUNT, TRADES = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def read_candles():
    """The first COUNT candles, indexed by when they open: UTC without saying so.

    An index with a time zone makes vectorbt forty times as slow.
    """
    import pandas  # not every peer needs it

    frame = pandas.read_csv(CANDLES, nrows=COUNT)
    frame.index = pandas.to_datetime(frame.pop("timestamp"), unit="ms")
    return frame


def milliseconds(index):
    """Times of a pandas index or column of whatever resolution."""
    import pandas

    return pandas.DatetimeIndex(index).as_unit("ms").asi8


def timed(work, *arguments):
    """What work answers, and its wall and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = work(*arguments)
    return answer, {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def finish(version, took, trades):
    """trades: (entry ms, entry price, exit ms, exit price), as they closed."""
    with open(TRADES, "w", encoding="ascii", newline="") as file:
        writer = csv.writer(file)
        for entry_ms, entry, exit_ms, leave in trades:
            writer.writerow((int(entry_ms), f"{entry:.8f}", int(exit_ms), f"{leave:.8f}"))
    print(json.dumps({"version": version, "candles": COUNT, **took}))
