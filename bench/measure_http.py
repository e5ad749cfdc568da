# SPDX-License-Identifier: Apache-2.0
"""How fast the API answers, beside nginx returning as many bytes, in turns in one run."""
import os

import bench
import daemon
import load

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
# Enough for some positions to stay open at the end of the recording.
SYMBOLS, CANDLES = 100, 600
ROUTES = (
    ("/healthz", "/healthz", "application/json"),
    ("/metrics JSON", "/metrics", "application/json"),
    ("/metrics OpenMetrics", "/metrics", OPENMETRICS),
    ("/v1/positions", "/v1/positions", "application/json"),
)


def measure_route(d, nginx, path, accept, size):
    """Medians of the daemon and of nginx: rate, p50, p99."""
    headers = (f"Accept: {accept}", f"Authorization: Bearer {d.token}")
    ours, theirs = [], []
    for _ in range(bench.ROUNDS):
        ours.append(load.wrk(d.url(path), bench.SECONDS, headers))
        theirs.append(load.wrk(nginx.url(size), bench.SECONDS, headers))
    return [[bench.median(column) for column in zip(*runs)] for runs in (ours, theirs)]


def measure():
    rows = []
    with bench.folder() as folder:
        config = daemon.write_symbols(folder, SYMBOLS, CANDLES)
        with daemon.Daemon(config, os.path.join(folder, "data")) as d:
            d.wait_finished(120)
            positions = d.get("/v1/loop")["open_positions"]
            sizes = [len(d.ask(path, accept=accept)[1]) for _, path, accept in ROUTES]
            with load.Nginx(folder, sizes) as nginx:
                for (name, path, accept), size in zip(ROUTES, sizes):
                    ours, theirs = measure_route(d, nginx, path, accept, size)
                    rows.append(
                        (name, size, ours[0], theirs[0], ours[0] / theirs[0], ours[1], theirs[1])
                        + (ours[2], theirs[2], ours[2] / theirs[2])
                    )
    columns = ("route", "bytes", "traderd req/s", "nginx req/s", "ratio", "traderd p50 ms")
    columns += ("nginx p50 ms", "traderd p99 ms", "nginx p99 ms", "ratio")
    note = (
        f"`wrk -t1 -c64 -d{bench.SECONDS}s --latency`, medians of {bench.ROUNDS} turns. All three "
        "share the machine's cores, so a ratio says more than a rate. The loop is finished, "
        f"{positions} positions are open."
    )
    bench.table("http", columns, rows, note)


bench.main(measure)
