# SPDX-License-Identifier: Apache-2.0
"""Features, rules and a simple position: our two evaluators, a loop in C, and TA-Lib from Python."""
import hashlib
import os
import subprocess
import sys

import bench

SIZES = (1_000_000, 10_000_000)
REQUIREMENTS = os.path.join(bench.ROOT, "bench", "requirements.txt")
TALIB = os.path.join(bench.ROOT, "bench", "rules_talib.py")


def python_with_talib():
    """The interpreter of build/bench-venv, made when it is not there or not of these versions."""
    venv = os.path.join(bench.BUILD, "bench-venv")
    python, marker = os.path.join(venv, "bin", "python"), os.path.join(venv, "made-from")
    with open(REQUIREMENTS, "rb") as file:
        wanted = hashlib.sha256(file.read()).hexdigest()
    if os.path.exists(marker):
        with open(marker, encoding="ascii") as file:
            if file.read() == wanted:
                return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "-r"]
    subprocess.run([*pip, REQUIREMENTS], check=True)
    with open(marker, "w", encoding="ascii") as file:
        file.write(wanted)
    return python


def measure_size(python, candles):
    with bench.folder() as folder:
        path = os.path.join(folder, "candles")
        command = (bench.program("bench_rules"), str(candles), str(2 * bench.ROUNDS + 1), path)
        ways = {row["way"]: row for row in bench.run_json(*command, timeout=600)}
        warmup = str(ways["hand"]["warmup"])
        # Its loop takes a hundred times as long: fewer turns give as calm a median.
        command = (python, TALIB, path, str(candles), str(bench.ROUNDS), warmup)
        talib = bench.run_json(*command, timeout=900)[0]
    hand = ways["hand"]
    same = {(w["trades"], w["profit"]) for w in ways.values()}
    if len(same) != 1:
        raise bench.Failed(f"the evaluators do not trade alike: {sorted(same)}")
    is_equal = (talib["trades"], talib["profit"]) == (hand["trades"], hand["profit"])

    def row(name, ns, trades, equal):
        per_candle = ns / candles
        return (name, candles, per_candle, 1e3 / per_candle, ns / hand["ns"], trades, equal)

    return [
        row("loop written for it, C", hand["ns"], hand["trades"], "-"),
        row("traderd, in blocks", ways["block"]["ns"], ways["block"]["trades"], "yes"),
        row("traderd, candle by candle", ways["single"]["ns"], ways["single"]["trades"], "yes"),
        row("TA-Lib, numpy, Python loop", talib["ns"], talib["trades"], "yes" if is_equal else "no"),
        row("of which TA-Lib and numpy", talib["columns_ns"], "-", "-"),
    ]


def measure():
    python = python_with_talib()
    rows = [row for candles in SIZES for row in measure_size(python, candles)]
    columns = ("way", "candles", "ns a candle", "M candles/s", "times the loop", "trades")
    note = (
        "EMA 12, EMA 26, RSI 14, an entry and an exit rule, stop, target, time exit; one core, "
        "processor time, medians. Same: as many trades and the same profit to the last bit."
    )
    bench.table("rules", (*columns, "same as the loop"), rows, note)


bench.main(measure)
