# SPDX-License-Identifier: Apache-2.0
"""Realtime: the wall clock drives the cycle, a crash resumes it, and stale prices open nothing."""
import json
import time
from datetime import datetime, timedelta

import ledger
import world
from daemon import wait_until

SECOND = timedelta(seconds=1)
# Closes above and below its open by turns, so that every candle asks for an entry or an exit.
STRATEGY = {
    "version": 1, "name": "second_by_second", "symbol": "BTC/USDT", "timeframe": "1s",
    "startup_bars": 2, "entry": {"condition": "close > open"},
    "exit": {"condition": "close < open"}, "stop_loss": 0.05,
}


def realtime(folder):
    rows = ["timestamp,open,high,low,close,volume"]
    for n in range(300):
        start, end = (100, 101) if n % 2 == 0 else (101, 100)
        rows.append(f"{1630540800000 + n * 1000},{start},101.5,99.5,{end},50")
    candles = folder / "BTCUSDT-1s.csv"
    candles.write_text("\n".join(rows) + "\n")
    return world.base_config(
        strategy=str(world.write_json(folder / "strategy.json", STRATEGY)),
        candles=[f"BTC/USDT={candles}"], pace="realtime", cycle_interval_s=1, loop_autostart=True)


def records(daemon, kind):
    checked = (ledger.check_line(line)[0] for line in daemon.lines("log.jsonl"))
    return [record for record in checked if kind in record]


def instant(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")


def test_the_wall_clock_stamps_and_every_cycle_leaves_its_equity(make_daemon, folder):
    begun = datetime.utcnow()
    daemon = make_daemon(realtime(folder)).start()
    wait_until(lambda: len(records(daemon, "trade")) >= 2, 90, "two trades in realtime")
    cycles = records(daemon, "cycle")
    assert cycles and all("equity" in record["cycle"] for record in cycles)
    now = datetime.utcnow()
    assert all(begun <= instant(record["timestamp"]) <= now for record in cycles)


def test_a_crash_resumes_and_no_entry_is_taken_on_a_candle_that_has_passed(make_daemon, folder):
    daemon = make_daemon(realtime(folder)).start()
    wait_until(lambda: records(daemon, "trade"), 90, "a trade in realtime")
    daemon.kill()
    before = len(records(daemon, "cycle"))
    time.sleep(4)  # candles that pass while nobody watches
    daemon.start()
    wait_until(lambda: len(records(daemon, "cycle")) >= before + 3, 90, "cycles after the crash")
    entries = [record for record in records(daemon, "signal")
               if record["signal"]["action"] == "entry"]
    assert entries
    for record in entries:
        age = instant(record["timestamp"]) - instant(record["signal"]["candle"])
        # The clock goes on between the decision and its leaf.
        assert age < 2.5 * SECOND, json.dumps(record)
