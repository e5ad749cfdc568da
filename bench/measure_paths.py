# SPDX-License-Identifier: Apache-2.0
"""Backtests of one strategy: the fast path, the whole engine, and a loop in C written for it."""
import bench

SIZES = (1_000_000, 10_000_000)
NAMES = {
    "hand": "loop in doubles written for it, C",
    "metrics": "traderd, metrics only",
    "fast": "traderd, fills and positions kept",
    "feed": "the same, candles asked of the feed first",
    "engine": "traderd, whole engine",
}


def measure():
    rows = []
    for candles in SIZES:
        command = (bench.program("bench_backtest"), str(candles), str(bench.ROUNDS))
        ways = {row["way"]: row for row in bench.run_json(*command, timeout=900)}
        exact = {(w["trades"], w["equity"]) for name, w in ways.items() if name != "hand"}
        if len(exact) != 1:
            raise bench.Failed(f"the two paths do not trade alike: {sorted(exact)}")
        if ways["hand"]["trades"] != ways["fast"]["trades"]:
            raise bench.Failed("the loop does not trade alike")
        for way, text in NAMES.items():
            if way in ways:
                w = ways[way]
                rows.append((text, candles, w["ns_per_candle"], 1e3 / w["ns_per_candle"],
                             w["ns"] / ways["hand"]["ns"], w["trades"]))
    note = (
        "EMA 12 crossing EMA 26 with RSI 14, stop 2 %, target 4 %, fee, slippage, equity at every "
        "close, drawdown, daily marks; one core, processor time, medians, candles in memory. The "
        "loop has as many trades; its equity differs in the digits that doubles round."
    )
    bench.table("paths", ("way", "candles", "ns a candle", "M candles/s", "times the loop",
                             "round trips"), rows, note)


bench.main(measure)
