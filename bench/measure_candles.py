# SPDX-License-Identifier: Apache-2.0
"""How fast candles are read and kept: CSV, cache and database, each beside the least it can take."""
import os

import bench

PROGRAM = "bench_candles_io"
PARSED = 1_000_000
CACHED = (1_000_000, 10_000_000)
COPIED = 500_000
COPY_ROUNDS = min(bench.ROUNDS, 3)


def run(*arguments):
    return bench.run_json(bench.program(PROGRAM), *map(str, arguments), timeout=600)[0]


def million(count, seconds):
    return count / seconds / 1e6


def csv():
    r = run("csv", PARSED, bench.ROUNDS)
    n = r["candles"]
    rows = [
        ("parser by hand, no checks", million(n, r["hand_s"]), r["bytes"] / r["hand_s"] / 1e6, 1.0),
        ("traderd's reader, digest included", million(n, r["reader_s"]),
         r["bytes"] / r["reader_s"] / 1e6, r["hand_s"] / r["reader_s"]),
        ("of it the SHA-256 digest alone", million(n, r["digest_s"]), None,
         r["hand_s"] / r["digest_s"]),
    ]
    note = f"{n:,} candles of {r['bytes'] / 1e6:.0f} MB in memory, processor time; both give equal candles."
    bench.table("candles: CSV", ("", "M candles/s", "MB/s", "over the parser by hand"), rows, note)


def cache(folder):
    rows = []
    for count in CACHED:
        r = run("cache", folder, count, bench.ROUNDS)
        size = r["bytes"]

        def row(what, seconds, size=size, count=count, memory=r["memory_s"]):
            return (f"{count:,}: {what}", seconds * 1e3, size / seconds / 1e9, memory / seconds)

        rows += [
            (f"{count:,}: opening, header checked", r["open_s"] * 1e3, None, None),
            row("memory of that size, read once", r["memory_s"]),
            row("all columns read, the first time", r["first_s"]),
            row("all columns read again", r["again_s"]),
            row("checksums and every candle checked", r["verify_s"]),
            row("checked and made into candles (`--candles FILE.tdc`)", r["load_s"]),
            row("written, durable", r["write_s"]),
        ]
    note = "Processor time, but opening and writing, which are wall time; the file is in the page cache."
    bench.table("candles: cache", ("candles", "ms", "GB/s", "over memory"), rows, note)


def copy(folder):
    r = run("copy", folder, COPIED, COPY_ROUNDS)
    n, raw = r["candles"], r["raw_s"]

    def row(what, seconds):
        return (what, n / seconds, raw / seconds)

    rows = [
        row("bare COPY of ready bytes into the same table", raw),
        row("written into an empty series", r["store_s"]),
        row("written again: compared, nothing changed", r["again_s"]),
        row("read back", r["read_s"]),
    ]
    bench.table("candles: PostgreSQL", ("", "rows/s", "over bare COPY"), rows,
                f"{n:,} candles, a private cluster on this disk, wall time, commit included.")


def measure():
    csv()
    with bench.folder() as folder:
        cache(folder)
        os.chmod(folder, 0o755)  # the cluster runs as a user of its own
        copy(folder)


bench.main(measure)
