# SPDX-License-Identifier: Apache-2.0
"""How long a start takes: cold with initdb, warm, and until the demo's first trade is visible."""
import json
import os
import time

import bench
import daemon

DEMO = os.path.join(bench.ARTIFACTS, "demo.json")
COLD_ROUNDS = 2


def first_trade(folder):
    with daemon.Daemon(DEMO, os.path.join(folder, "demo")) as d:
        bench.wait_for(lambda: d.get("/v1/trades")["data"], 120, "the first trade", step=0.01)
        return time.monotonic() - d.started


def ready_times(folder):
    config = daemon.write_config(folder, "idle.json", loop_autostart=False)
    cold, warm = [], []
    for i in range(COLD_ROUNDS):
        data = os.path.join(folder, f"cold-{i}")
        with daemon.Daemon(config, data) as d:
            cold.append(d.ready_after)
    for _ in range(bench.ROUNDS + 2):
        with daemon.Daemon(config, data) as d:
            warm.append(d.ready_after)
    return cold, warm


def measure():
    with bench.folder() as folder:
        cold, warm = ready_times(folder)
        trade = first_trade(folder)
    rows = [
        ("cold: fresh folder, initdb included, to `/readyz` 200", bench.median(cold), max(cold)),
        ("warm: database there, to `/readyz` 200", bench.median(warm), max(warm)),
        ("fresh folder to the first trade in `/v1/trades` (artifacts/demo.json)", trade, trade),
        ("warm over cold", bench.median(warm) / bench.median(cold), None),
    ]
    with open(DEMO, encoding="utf-8") as file:
        pace = json.load(file)["replay_speed"] / 300
    note = (
        f"The demo plays {pace:.0f} five-minute candles a second; its strategy's slowest average "
        f"needs 300 of them before it decides, {300 / pace:.0f} s of the third row."
    )
    bench.table("start", ("seconds", "median", "worst"), rows, note)


bench.main(measure)
