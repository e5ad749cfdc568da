# SPDX-License-Identifier: Apache-2.0
"""A backtest beside other programs' backtests: one strategy, the same candles, trades before times."""

import calendar
import contextlib
import csv
import hashlib
import io
import json
import os
import subprocess
import sys
import time

import bench

PEERS = os.path.join(bench.ROOT, "bench", "peers")
ARTIFACT = os.path.join(PEERS, "cross.json")
RESULTS = os.path.join(bench.ROOT, "bench", "results", "backtest.md")
FIVE_MINUTES = 300_000
GENERATED = 10_000_000
MOST_SECONDS = 1800  # of one run of one peer

# Name in the table, file, virtual environment, and the generated candles it plays: so many that it is
# done within a minute or so on an idle core.
PLAYERS = (
    ("pandas", "pandas", "python", GENERATED),
    ("vectorbt", "vectorbt", "vectorbt", GENERATED),
    ("backtesting.py", "backtesting", "python", 1_000_000),
    ("nautilus_trader", "nautilus", "nautilus", 200_000),
    ("freqtrade", "freqtrade", "freqtrade", 200_000),
    ("backtrader", "backtrader", "python", 50_000),
)
COLUMNS = (
    "program",
    "candles",
    "same trades",
    "CPU s",
    "wall s",
    "candles/s",
    "times traderd",
    "process CPU s",
    "process wall s",
    "peak MiB",
)
NOTE = (
    "Same trades: entry and exit times and prices of every closed trade are those of the loop. CPU, "
    "wall, candles/s (of CPU time) and times traderd (CPU time a candle): the backtest proper, "
    "indicators to trades, candles in memory. Process: start, load, run and end. "
    + ("One turn" if bench.ROUNDS == 1 else f"Medians of {bench.ROUNDS} turns")
    + "; other work on the machine lengthens wall time, hardly CPU time."
)


# ---- What is needed ----


def interpreter(name):
    """Python of build/peers-venvs/NAME, made when it is not there or not of these versions."""
    requirements = os.path.join(PEERS, f"requirements-{name}.txt")
    venv = os.path.join(bench.BUILD, "peers-venvs", name)
    python, marker = os.path.join(venv, "bin", "python"), os.path.join(venv, "made-from")
    with open(requirements, "rb") as file:
        wanted = hashlib.sha256(file.read()).hexdigest()
    if os.path.exists(marker):
        with open(marker, encoding="ascii") as file:
            if file.read() == wanted:
                return python
    os.makedirs(os.path.dirname(venv), exist_ok=True)
    run((sys.executable, "-m", "venv", "--clear", venv))
    run((python, "-m", "pip", "-q", "--disable-pip-version-check", "install", "-r", requirements))
    with open(marker, "w", encoding="ascii") as file:
        file.write(wanted)
    return python


def last_line(text):
    return (text.strip().splitlines() or ["no word"])[-1]


def run(command):
    """Ends well or raises Failed; answers stdout and what the process used."""
    begun = time.perf_counter()
    with open(os.devnull, "rb") as nothing, contextlib.ExitStack() as stack:
        folder = stack.enter_context(bench.folder())
        out, err = (open(os.path.join(folder, n), "w+", encoding="utf-8") for n in ("out", "err"))
        stack.enter_context(out), stack.enter_context(err)
        child = subprocess.Popen(command, stdin=nothing, stdout=out, stderr=err)
        usage = wait_for_child(child, begun + MOST_SECONDS)
        out.seek(0), err.seek(0)
        if child.returncode != 0:
            raise bench.Failed(f"{os.path.basename(command[0])}: {last_line(err.read())}")
        used = {
            "process_wall": time.perf_counter() - begun,
            "process_cpu": usage.ru_utime + usage.ru_stime,
            "peak": usage.ru_maxrss / 1024,
        }
        return out.read(), used


def wait_for_child(child, deadline):
    """Waits by wait4, which knows what just this child used; one that is late is killed."""
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            return usage
        if time.perf_counter() > deadline:
            child.kill()
            deadline = float("inf")
        time.sleep(0.005)


# ---- Candles and trades ----


def write_whole(source, target):
    """The recording with its gap filled as the feed fills it: flat, without volume.  Their number."""
    with open(source, encoding="ascii") as file, open(target, "w", encoding="ascii") as out:
        out.write(file.readline())
        last, close, count = None, None, 0
        for line in file:
            cells = line.split(",")
            at = int(cells[0])
            while last is not None and at - last > FIVE_MINUTES:
                last += FIVE_MINUTES
                out.write(f"{last},{close},{close},{close},{close},0\n")
                count += 1
            out.write(line)
            last, close, count = at, cells[4], count + 1
    return count


def first_open(path):
    with open(path, encoding="ascii") as file:
        file.readline()
        return int(file.readline().split(",")[0])


def read_trades(path):
    with open(path, encoding="ascii") as file:
        return [
            (int(row[0]), round(float(row[1]), 6), int(row[2]), round(float(row[3]), 6))
            for row in csv.reader(file)
        ]


def read_fills(path):
    """The trades of `traderd backtest --trades`: long only, so entry and exit take turns."""
    with open(path, encoding="ascii") as file:
        fills = [
            (iso_milliseconds(row["timestamp"]), round(float(row["price"]), 6))
            for row in csv.DictReader(file)
        ]
    return [(*fills[i], *fills[i + 1]) for i in range(0, len(fills) - 1, 2)]


def iso_milliseconds(text):
    days = (int(text[:4]), int(text[5:7]), int(text[8:10]))
    seconds = calendar.timegm((*days, int(text[11:13]), int(text[14:16]), int(text[17:19])))
    return seconds * 1000


def compared(trades, wanted, last_ms):
    """"yes, 516", or how many differ and where first."""
    wanted = [trade for trade in wanted if trade[2] <= last_ms]
    if trades == wanted:
        return f"yes, {len(trades):,}"
    other = set(trades) ^ set(wanted)
    at = time.strftime("%F %R", time.gmtime(min(trade[0] for trade in other) / 1000))
    alike = len(set(trades) & set(wanted))
    return f"{alike:,} of {len(wanted):,} ({len(trades):,} made; first other {at})"


# ---- Programs ----


class Set:
    """One set of candles: as a file, as the loop's trades, and what was measured on it."""

    def __init__(self, folder, title, source, count, most):
        self.folder, self.title, self.count, self.most = folder, title, count, most
        self.path = os.path.join(folder, "candles.csv")
        self.trades_path = os.path.join(folder, "trades.csv")
        self.turns, self.ways, self.failures = {}, {}, {}
        rounds = str(2 * bench.ROUNDS + 1)
        command = [bench.program("bench_peers"), ARTIFACT, source, rounds, self.trades_path]
        if source != self.path:
            command.append(self.path)
        out, _ = run(command)
        self.ways = {way["way"]: way for way in map(json.loads, out.splitlines())}
        self.wanted = read_trades(self.trades_path)
        self.first = first_open(self.path)

    def plays(self, count):
        return min(count, self.count, self.most)

    def note(self, name, count, trades, measured):
        same = compared(trades, self.wanted, self.first + (count - 1) * FIVE_MINUTES)
        self.turns.setdefault(name, []).append({"candles": count, "same": same, **measured})


def play_traderd(candles):
    out = os.path.join(candles.folder, "fills.csv")
    command = [bench.program("traderd"), "backtest", "--quiet", "--strategy", ARTIFACT]
    command += ["--candles", f"BTC/USDT={candles.path}", "--fee", "0.001", "--slippage", "0"]
    _, used = run([*command, "--starting-equity", "10000000000", "--trades", out])
    candles.note("traderd", candles.count, read_fills(out), used)


def play_peer(candles, name, file, venv, count, is_timed=True):
    """One run; an untimed one fills the caches of compilers and packages."""
    if name in candles.failures:
        return
    out = os.path.join(candles.folder, "peer.csv")
    try:
        python = interpreter(venv)
        source = candles.path
        if file == "freqtrade":
            source = freqtrade_folder(candles, python, count)
        script = os.path.join(PEERS, f"peer_{file}.py")
        text, used = run((python, script, source, str(count), out))
    except (bench.Failed, OSError) as error:
        candles.failures[name] = str(error)
        return
    measured = json.loads(last_line(text))
    if is_timed:
        candles.note(name, count, read_trades(out), {**measured, **used})


def freqtrade_folder(candles, python, count):
    """Its own file format, made once: its users download into it."""
    folder = os.path.join(candles.folder, f"freqtrade-{count}")
    if not os.path.isdir(folder):
        run((python, os.path.join(PEERS, "freqtrade_data.py"), candles.path, str(count), folder))
    return folder


# ---- The table ----


def row(name, candles, same, took, traderd_ns):
    """took: medians; what was not measured is not in it."""
    per_candle = took["cpu"] * 1e9 / candles
    cells = [name, candles, same, took["cpu"], took["wall"], float(f"{1e9 / per_candle:.3g}")]
    cells.append(per_candle / traderd_ns)
    return cells + [took.get(key, "-") for key in ("process_cpu", "process_wall", "peak")]


def medians(turns):
    keys = ("cpu", "wall", "process_cpu", "process_wall", "peak")
    return {key: bench.median([t[key] for t in turns]) for key in keys if key in turns[0]}


def show(candles):
    ways, count = candles.ways, candles.count
    traderd_ns = ways["fast"]["cpu"] * 1e9 / count
    trades = f"yes, {ways['hand']['trades']:,}"
    rows = [row("loop written for it, C", count, "-", ways["hand"], traderd_ns)]
    turns = candles.turns["traderd"]
    took = {**medians(turns), **{key: ways["fast"][key] for key in ("cpu", "wall")}}
    rows.append(row("**traderd**", count, turns[0]["same"], took, traderd_ns))
    if "whole" in ways:
        rows.append(row("traderd, whole engine", count, trades, ways["whole"], traderd_ns))
    for name, *_ in PLAYERS:
        turns = candles.turns.get(name)
        if turns:
            label = f"{name} {turns[0]['version']}"
            took = medians(turns)
            rows.append(row(label, turns[0]["candles"], turns[0]["same"], took, traderd_ns))
    missing = "".join(f"\n\nNot run: {n}: {why}." for n, why in candles.failures.items())
    bench.table(candles.title, COLUMNS, rows, NOTE + missing)


def measure_set(candles):
    players = [(*player[:3], candles.plays(player[3])) for player in PLAYERS]
    for player in players:
        play_peer(candles, *player[:3], min(1000, player[3]), is_timed=False)
    for _ in range(bench.ROUNDS):
        play_traderd(candles)
        for player in players:
            play_peer(candles, *player)
    show(candles)


def measure():
    shown = io.StringIO()
    with bench.folder() as folder, contextlib.redirect_stdout(shown):
        os.mkdir(recorded := os.path.join(folder, "recorded"))
        path = os.path.join(recorded, "candles.csv")
        count = write_whole(bench.CANDLES, path)
        title = f"backtest: BTC/USDT, {count:,} recorded candles of 5 minutes"
        measure_set(Set(recorded, title, path, count, GENERATED))
        os.mkdir(generated := os.path.join(folder, "generated"))
        most = int(os.environ.get("BENCH_CANDLES", GENERATED))
        title = f"backtest: {most:,} generated candles"
        measure_set(Set(generated, title, str(most), most, most))
    print(shown.getvalue(), end="")
    os.makedirs(os.path.dirname(RESULTS), exist_ok=True)
    with open(RESULTS, "w", encoding="utf-8") as file:
        file.write("# Backtests side by side\n\n")
        file.write("Written by `make bench ONLY=backtest`; how to read it: [README.md](../README.md).\n\n")
        file.write(f"{os.environ.get('BENCH_MACHINE', '')}; Python {sys.version.split()[0]}\n")
        file.write(shown.getvalue())


bench.main(measure)
