# SPDX-License-Identifier: Apache-2.0
"""What API load does to the trading cycle: a hundred symbols at a steady pace, idle and under wrk."""
import os
import re
import time

import bench
import daemon
import load

SYMBOLS, CANDLES = 100, 4_000
CYCLES_PER_S = 40  # slow enough that the idle daemon keeps up, and each cycle has a commit
SECONDS = 3
POSITIONS = "/v1/positions"
FAMILY = "traderd_engine_cycle_seconds"


class Cycles:
    """The cycles between two looks at the daemon, from the histogram in GET /metrics."""

    def __init__(self, d):
        self.d = d
        self.before = self.look()

    def look(self):
        text = self.d.metrics()
        buckets = re.findall(rf'^{FAMILY}_bucket{{le="([^"]+)"}} (\d+)$', text, re.MULTILINE)
        counts = [(float(bound), int(count)) for bound, count in buckets]
        return counts, self.d.counter(f"{FAMILY}_sum")

    def quantile(self, counts, fraction):
        """In microseconds, as if a bucket's cycles were spread evenly in it."""
        wanted = counts[-1][1] * fraction
        low, below = 0.0, 0
        for bound, count in counts:
            if count >= wanted and count > below:
                if bound == float("inf"):
                    return 1e6 * low
                return 1e6 * (low + (bound - low) * (wanted - below) / (count - below))
            low, below = bound, count
        raise AssertionError

    def result(self):
        (old, old_sum), (new, new_sum) = self.before, self.look()
        counts = [(bound, n - o) for (bound, n), (_, o) in zip(new, old)]
        cycles = counts[-1][1]
        if cycles == 0:
            raise bench.Failed("no cycle ran: the recording is too short")
        mean = 1e6 * (new_sum - old_sum) / cycles
        p50, p99 = self.quantile(counts, 0.5), self.quantile(counts, 0.99)
        return p50, p99, mean, cycles / SECONDS


def phase(d, url, headers):
    cycles = Cycles(d)
    rate = 0.0
    if url:
        rate = load.wrk(url, SECONDS, headers)[0]
    else:
        time.sleep(SECONDS)
    return cycles.result() + (rate,)


def measure():
    phases = {"idle": [], "wrk on the daemon's /v1/positions": [], "wrk on nginx": []}
    with bench.folder() as folder:
        config = daemon.write_symbols(
            folder, SYMBOLS, CANDLES, replay_speed=300 * CYCLES_PER_S, pace="replay"
        )
        with daemon.Daemon(config, os.path.join(folder, "data")) as d:
            bench.wait_for(lambda: d.get("/v1/loop")["cycle_count"] > 330, 60, "the warm-up", 0.05)
            size = len(d.ask(POSITIONS)[1])
            headers = (f"Authorization: Bearer {d.token}",)
            with load.Nginx(folder, [size]) as nginx:
                urls = (None, d.url(POSITIONS), nginx.url(size))
                for _ in range(bench.ROUNDS):
                    for name, url in zip(phases, urls):
                        phases[name].append(phase(d, url, headers))
    rows = []
    medians = [[bench.median(column) for column in zip(*results)] for results in phases.values()]
    idle = medians[0]
    for name, (p50, p99, mean, cycles, rate) in zip(phases, medians):
        rows.append((name, rate or None, cycles, p50, p50 / idle[0], mean, mean / idle[2], p99))
    daemons, control = medians[1:]
    over = [ours / others for ours, others in zip(daemons, control)]
    rows.append(("daemon over nginx", over[4], None, over[0], None, over[2], None, over[1]))
    columns = ("load", "req/s", "cycles/s", "cycle p50 us", "over idle", "mean us", "over idle")
    note = (
        f"{SYMBOLS} symbols, {CYCLES_PER_S} cycles a second, PostgreSQL commits included; "
        f"medians of {bench.ROUNDS} turns, quantiles read off the histogram's buckets. The nginx row "
        "is the control: as much load on the machine, none of it on the daemon."
    )
    bench.table("load", columns + ("p99 us",), rows, note)


bench.main(measure)
