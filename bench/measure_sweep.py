# SPDX-License-Identifier: Apache-2.0
"""Sweeps: the same jobs on one thread and on every core in turns, and the memory of more and more runs."""
import os
import subprocess
import time

import bench

RUNS = (100, 1_000, 5_000)
RECORDED_JOBS = 1_000
GENERATED_JOBS = 24
GENERATED = 1_000_000
AXES = ("--set", "fast=2..101:1", "slow=102..201:1")  # 10,000 combinations


def generated(folder):
    path = os.path.join(folder, "candles.csv")
    command = (bench.program("bench_candles"), folder, "1", str(GENERATED))
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    os.rename(os.path.join(folder, "S000USDT-5m.csv"), path)
    return path


def sweep(folder, candles, jobs, threads):
    """Wall and processor seconds, peak MiB, and the ranked table as bytes."""
    table = os.path.join(folder, "table.csv")
    command = [bench.program("traderd"), "sweep", "--strategy", bench.STRATEGY, "--quiet", *AXES]
    command += ["--candles", f"{bench.SYMBOL}={candles}", "--random", str(jobs)]
    command += ["--jobs", str(threads), "--table", table]
    begun = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(child.pid, 0)
    took = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    with child.stderr:
        words = child.stderr.read().decode()
    if child.returncode != 0:
        raise bench.Failed(f"traderd sweep: {words.strip()}")
    with open(table, "rb") as file:
        return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, file.read()


def race(folder, name, candles, count, jobs):
    """Turn by turn, so that what else the machine does meets both alike."""
    threads = (1, os.cpu_count())
    turns = {n: [] for n in threads}
    for _ in range(bench.ROUNDS):
        for n in threads:
            turns[n].append(sweep(folder, candles, jobs, n))
    if len({turn[3] for n in threads for turn in turns[n]}) != 1:
        raise bench.Failed("the number of threads changes the result")
    alone = bench.median([turn[0] for turn in turns[1]])
    for n in threads:
        wall, cpu, peak = (bench.median([turn[i] for turn in turns[n]]) for i in range(3))
        speed = float(f"{jobs * count / wall:.3g}")
        yield (f"{name}, {jobs:,} jobs", n, wall, cpu, speed, alone / wall, peak)


def measure():
    with bench.folder() as folder:
        with open(bench.CANDLES, encoding="ascii") as file:
            recorded = sum(1 for _ in file) - 1
        rows = [*race(folder, "recorded", bench.CANDLES, recorded, RECORDED_JOBS)]
        rows += race(folder, "generated", generated(folder), GENERATED, GENERATED_JOBS)
        peaks = [sweep(folder, bench.CANDLES, jobs, os.cpu_count())[2] for jobs in RUNS]
    note = (
        f"{recorded:,} candles recorded and {GENERATED:,} generated; artifacts/winner.json, whole "
        "process, medians of turns; the tables have the same bytes. Times one thread is wall time "
        "and means something on a machine that does nothing else."
    )
    columns = ("sweep", "threads", "wall s", "CPU s", "candles/s", "times one thread", "peak MiB")
    bench.table("sweep: threads", columns, rows, note)
    bench.table(
        "sweep: memory",
        ("runs", "peak MiB", "kiB a run more"),
        [
            (jobs, peak, (peak - peaks[0]) * 1024 / (jobs - RUNS[0]) if jobs > RUNS[0] else "-")
            for jobs, peak in zip(RUNS, peaks)
        ],
        "Candles and strategy are there once; a run leaves its row of the table.",
    )


bench.main(measure)
