# SPDX-License-Identifier: Apache-2.0
"""What the Python benches share: settings, temporary folders, programs, medians and tables."""
import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
ARTIFACTS = os.path.join(ROOT, "artifacts")
STRATEGY = os.path.join(ARTIFACTS, "winner.json")
SYMBOL = "BTC/USDT"
CANDLES = os.path.join(ARTIFACTS, "candles", "BTCUSDT-5m.csv")

# How often a figure is taken, and for how long a load runs.
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "2"))


class Failed(Exception):
    """A sentence for the user in place of a table."""


def program(name):
    return os.path.join(BUILD, name)


@contextlib.contextmanager
def folder():
    """A temporary folder which an unprivileged PostgreSQL may pass through."""
    path = tempfile.mkdtemp(prefix="traderd-bench-")
    os.chmod(path, 0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def run_json(*command, timeout=120):
    """The JSON lines a C bench prints."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode != 0:
        raise Failed(f"{os.path.basename(command[0])}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def wait_for(condition, seconds, what, step=0.002):
    """The first true answer, asked for every few milliseconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(step)
    raise Failed(f"{what}: not within {seconds} s")


def end_process(process, seconds=20, first=signal.SIGTERM):
    """Ends a child that we started, by its own id."""
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


median = statistics.median


def number(value, digits=3):
    """About three digits, thousands apart."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}" if abs(value) < 1 else f"{value:.2f}"


def table(title, columns, rows, note=""):
    print(f"\n### {title}\n")
    print("| " + " | ".join(columns) + " |")
    print("|" + "|".join("---" if i == 0 else "---:" for i in range(len(columns))) + "|")
    for row in rows:
        print("| " + " | ".join(number(cell) for cell in row) + " |")
    if note:
        print(f"\n{note}")
    sys.stdout.flush()


def main(measure):
    """Runs one bench; what cannot be measured is said, not raised."""
    try:
        measure()
    except (Failed, OSError, subprocess.SubprocessError) as error:
        print(f"{os.path.basename(sys.argv[0])}: {error}", file=sys.stderr)
        sys.exit(1)
