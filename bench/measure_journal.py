# SPDX-License-Identifier: Apache-2.0
"""How fast a replay becomes durable: the daemon with PostgreSQL beside the same world in memory."""
import os
import time

import bench
import daemon


def disk_syncs(folder, seconds=1.0):
    """8 kB written and made durable by fdatasync, a second: what a commit at least has to wait."""
    block = b"\0" * 8192
    fd = os.open(os.path.join(folder, "sync"), os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        for _ in range(256):
            os.write(fd, block)
        os.fsync(fd)
        count, begun = 0, time.monotonic()
        while time.monotonic() - begun < seconds:
            os.pwrite(fd, block, (count % 256) * 8192)
            os.fdatasync(fd)
            count += 1
        return count / (time.monotonic() - begun)
    finally:
        os.close(fd)


def replay(folder, i):
    config = daemon.write_config(folder, "journal.json", loop_autostart=False)
    with daemon.Daemon(config, os.path.join(folder, f"data-{i}")) as d:
        commits = d.counter("traderd_db_commits_total")
        begun = time.monotonic()
        d.ask("/v1/loop/start", "POST", {"mode": "paper"})
        d.wait_finished(120)
        took = time.monotonic() - begun
        commits = d.counter("traderd_db_commits_total") - commits
        return {"seconds": took, "commits": commits, "leaves": d.get("/v1/account")["log_size"]}


def measure():
    with bench.folder() as folder:
        runs, syncs, worlds = [], [], []
        command = (bench.program("bench_memory"), bench.STRATEGY, bench.SYMBOL, bench.CANDLES)
        for i in range(bench.ROUNDS):
            runs.append(replay(folder, i))
            syncs.append(disk_syncs(folder))
            worlds.append(bench.run_json(*command, "1")[0])
    seconds = bench.median([r["seconds"] for r in runs])
    memory = bench.median([w["seconds"] for w in worlds])
    sync = bench.median(syncs)
    candles, fills = worlds[0]["candles"], worlds[0]["fills"]
    commits, leaves = runs[0]["commits"], runs[0]["leaves"]
    rows = [
        ("daemon, PostgreSQL", seconds, candles / seconds, commits / seconds)
        + (leaves / seconds, fills / seconds),
        ("in memory", memory, candles / memory, worlds[0]["commits"] / memory)
        + (worlds[0]["leaves"] / memory, fills / memory),
        ("daemon over memory", seconds / memory, memory / seconds, None, None, None),
        ("disk alone: 8 kB fdatasync", None, None, sync, None, None),
        ("daemon's commits over the disk's syncs", None, None, commits / seconds / sync)
        + (None, None),
    ]
    columns = ("artifacts/replay.json, start to finished", "seconds", "candles/s")
    columns += ("commits/s", "log entries/s", "fills/s")
    note = f"{candles:,} candles, {commits:,.0f} commits, {leaves:,} log entries, {fills:,} fills."
    bench.table("journal", columns, rows, note)


bench.main(measure)
