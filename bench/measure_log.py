# SPDX-License-Identifier: Apache-2.0
"""What the transparency log costs: a million durable entries with one checkpoint a commit beside raw
inserts, then a million entries verified beside the hashing of their bytes."""
import os

import bench
import measure_verify

ENTRIES = int(os.environ.get("BENCH_ENTRIES", "1000000"))
BATCHES = (1000, 100, 10)
PROOFS = 1000


def measure():
    rows = []
    for batch in BATCHES:
        entries = max(2000, ENTRIES * batch // BATCHES[0])
        runs = []
        for _ in range(bench.ROUNDS):
            with bench.folder() as folder:
                runs += bench.run_json(bench.program("bench_log"), folder, str(entries), str(batch),
                                       str(PROOFS), timeout=1800)
        ratio = bench.median([run["raw_s"] / run["log_s"] for run in runs])
        rows.append((f"{batch:,} a commit", entries,
                     bench.median([entries / run["raw_s"] for run in runs]),
                     bench.median([entries / run["log_s"] for run in runs]), ratio,
                     bench.median([run["proofs_s"] for run in runs]) / PROOFS * 1e6,
                     bench.median([run["peak_kib"] for run in runs]) / 1024))
    columns = ("entries of 344 bytes", "entries", "raw/s", "log/s", "log over raw",
               "a proof, us", "peak MiB")
    note = ("Raw: INSERT of account, index and bytes into a table with that primary key, pipelined, "
            "in the same transactions. Log: the journal's commit with hashes, tree, checkpoint, "
            "look-up by hash, account row and JSONL. Both by turns in one run, in one cluster.")
    bench.table("log", columns, rows, note)
    measure_verify.measure()


bench.main(measure)
