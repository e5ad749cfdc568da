# SPDX-License-Identifier: Apache-2.0
"""How fast a whole trade log is verified: beside the bare hashing of its bytes, and a Go program."""
import json
import os
import resource
import subprocess
import time

import bench

ENTRIES = int(os.environ.get("BENCH_ENTRIES", "1000000"))
GO = os.path.join(bench.BUILD, "foreign", "check")


def run(*command):
    """Wall and processor seconds, peak kB and output of a program."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    output, errors = process.communicate(timeout=600)
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode != 0:
        raise bench.Failed(f"{os.path.basename(command[0])}: {errors.strip() or output[-400:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, after.ru_maxrss, output


def verify(folder):
    return run(bench.program("traderd"), "verify", folder, "--key", os.path.join(folder, "key"),
               "--no-state", "--json")


def measure():
    hashed, verified, foreign = [], [], []
    with bench.folder() as folder:
        run(bench.program("bench_verify"), "make", folder, str(ENTRIES))
        with open(os.path.join(folder, "key"), encoding="ascii") as file:
            key = file.read()
        for _ in range(bench.ROUNDS):
            told = bench.run_json(bench.program("bench_verify"), "hash", folder, str(ENTRIES))[0]
            hashed.append(told["cpu_s"])
            _, cpu, peak, output = verify(folder)
            verified.append(cpu)
            if os.path.exists(GO):
                foreign.append(run(GO, "log", key, folder)[1])
    report = json.loads(output)
    if report["failed"] or report["size"] != ENTRIES:
        raise bench.Failed("the log of the bench was not accepted")
    base = bench.median(hashed)

    def row(what, seconds, memory=None):
        return (what, ENTRIES / seconds, seconds / ENTRIES * 1e6, base / seconds, memory)

    rows = [row("bare hashing: leaves and tree", base),
            row("`traderd verify`: every property", bench.median(verified), peak)]
    if foreign:
        rows.append(row("Go sumdb/tlog and transparency-dev: hashes only", bench.median(foreign)))
    note = (f"{ENTRIES:,} entries of {told['bytes'] / ENTRIES:.0f} bytes in bundles with tiles, processor "
            "time, files in the page cache; the Go row when build/foreign is there.")
    bench.table("verify", ("", "entries/s", "µs an entry", "over bare hashing", "peak kB"), rows,
                note)


if __name__ == "__main__":
    bench.main(measure)
