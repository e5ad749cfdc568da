# SPDX-License-Identifier: Apache-2.0
"""What one trading cycle costs: in memory, and in the daemon with PostgreSQL, on the same candles."""
import os
import time

import bench
import daemon

SIZES = ((1, 100_000), (100, 1_500))


def in_memory(symbols, candles):
    command = (bench.program("bench_cycle"), bench.STRATEGY, str(symbols), str(candles))
    return bench.run_json(*command, str(bench.ROUNDS))[0]


def in_daemon(folder, symbols, candles):
    config = daemon.write_symbols(folder, symbols, candles, loop_autostart=False)
    with daemon.Daemon(config, os.path.join(folder, "data")) as d:
        commits = d.counter("traderd_db_commits_total")
        begun = time.monotonic()
        d.ask("/v1/loop/start", "POST", {"mode": "paper"})
        d.wait_finished(120)
        took = time.monotonic() - begun
        metrics = d.get("/v1/metrics")
        return {
            "seconds": took,
            "commits": d.counter("traderd_db_commits_total") - commits,
            "p50_us": metrics["cycle_us"]["p50"],
            "p99_us": metrics["cycle_us"]["p99"],
            "mean_us": 1e6
            * d.counter("traderd_engine_cycle_seconds_sum")
            / d.counter("traderd_engine_cycle_seconds_count"),
        }


def measure():
    memory_rows, daemon_rows = [], []
    for symbols, candles in SIZES:
        r = in_memory(symbols, candles)
        ratio = r["ns_per_candle"] / r["rules_ns_per_candle"]
        memory_rows.append(
            (str(symbols), r["candles"], r["ns_per_candle"], r["rules_ns_per_candle"], ratio)
            + (r["p50_ns"] / 1000, r["p99_ns"] / 1000, r["commits"], r["fills"])
        )
        with bench.folder() as folder:
            d = in_daemon(folder, symbols, candles)
        memory_s = r["ns_per_candle"] * r["candles"] / 1e9
        commit_us = 1e6 * (d["seconds"] - memory_s) / max(d["commits"], 1)
        daemon_rows.append(
            (str(symbols), d["seconds"], memory_s, d["seconds"] / memory_s, d["commits"])
            + (commit_us, r["leaves"] / r["commits"], r["orders"] / r["commits"])
            + (r["positions"] / r["commits"], d["mean_us"], d["p50_us"], d["p99_us"])
        )
    columns = ("symbols", "candles", "ns a candle", "rules alone", "ratio")
    columns += ("cycle p50 us", "p99 us", "commits", "fills")
    bench.table("cycle, in memory", columns, memory_rows)
    columns = ("symbols", "seconds", "in memory", "ratio", "commits", "us a commit")
    columns += ("log entries each", "orders each", "positions each")
    columns += ("cycle mean us", "p50 us", "p99 us")
    note = "p50 and p99 are those of the newest 256 cycles, the mean is of all."
    bench.table("cycle, daemon with PostgreSQL, same candles", columns, daemon_rows, note)


bench.main(measure)
