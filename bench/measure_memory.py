# SPDX-License-Identifier: Apache-2.0
"""What memory a replay takes: ten daemons one after the other, ten worlds in one process."""
import os

import bench
import daemon

RUNS = 10


def in_daemon(folder):
    """kB resident and at its peak, after each replay by a fresh daemon and a fresh account.

    A data folder holds one account's log files, so each account has its own."""
    rows = []
    for i in range(1, RUNS + 1):
        config = daemon.write_config(folder, "memory.json", account_label=f"r{i}")
        with daemon.Daemon(config, os.path.join(folder, f"data-{i}")) as d:
            d.wait_finished(120)
            rows.append((d.status("VmRSS"), d.status("VmHWM")))
    return rows


def measure():
    command = (bench.program("bench_memory"), bench.STRATEGY, bench.SYMBOL, bench.CANDLES)
    worlds = bench.run_json(*command, str(RUNS))
    with bench.folder() as folder:
        daemons = in_daemon(folder)
    rows = [
        (str(i + 1), d[0], d[1], w["rss_kb"], w["peak_kb"])
        for i, (d, w) in enumerate(zip(daemons, worlds))
    ]
    resident = [d[0] for d in daemons]
    rows.append(
        ("tenth over first", resident[-1] / resident[0], daemons[-1][1] / daemons[0][1])
        + (worlds[-1]["rss_kb"] / worlds[0]["rss_kb"], worlds[-1]["peak_kb"] / worlds[0]["peak_kb"])
    )
    columns = ("replay", "daemon RSS kB", "daemon peak kB", "worlds RSS kB", "worlds peak kB")
    note = (
        f"Each replay: {worlds[0]['candles']:,} candles, {worlds[0]['fills']:,} fills. "
        "A daemon is a new process with a new account, a world is the next one in one process. "
        "PostgreSQL's own memory is not counted."
    )
    bench.table("memory", columns, rows, note)


bench.main(measure)
