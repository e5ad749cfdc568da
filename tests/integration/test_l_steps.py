# SPDX-License-Identifier: Apache-2.0
"""kill -9 at every step of an append: between any two system calls the log stays whole.

strace kills the daemon when one of its threads makes its N-th call of those that make something
durable or tell it to PostgreSQL; STEPS=n tries so many places, evenly spread over the replay."""
import collections
import contextlib
import os
import shutil
import signal
import subprocess

import pytest

import ledger
import world
from daemon import binary, environment, run, wait_until

CALLS = "sendto,write,pwrite64,fdatasync,fsync,rename,ftruncate"
COUNT = 130
STEPS = int(os.environ.get("STEPS", "6"))
pytestmark = [pytest.mark.crash, pytest.mark.timeout(240 + STEPS * 20)]


def traced(daemon, inject=None):
    """A replay under strace; the calls it made, or -9 when it was killed."""
    out = daemon.folder / "strace.txt"
    words = ["strace", "-f", "-qq", "-o", str(out), "-e", f"trace={CALLS}", "-e", "signal=none"]
    if inject:
        words += ["-e", f"inject={CALLS}:signal=KILL:when={inject}"]
    with open(daemon.folder / "traced.txt", "wb") as log:
        process = subprocess.Popen(
            [*words, binary(), "serve", "--config", str(daemon.config_path), "--data",
             str(daemon.data), "--listen", "127.0.0.1:0"],
            stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment())
    return process, out


def config(folder, cluster):
    return world.replay_config(folder, world.BUSY, count=COUNT, loop_autostart=True,
                               database_url=cluster.database(), lease_s=3)


@pytest.fixture(name="whole")
def fixture_whole(make_daemon, folder, cluster):
    """What the log is when nobody interferes, and how many calls its busiest thread makes."""
    daemon = make_daemon(config(folder, cluster))
    process, out = traced(daemon)
    assert end_finished(daemon, process) == 0, (daemon.folder / "traced.txt").read_text()
    lines = out.read_text(errors="replace").splitlines()
    calls = max(collections.Counter(line.split()[0] for line in lines if "(" in line).values())
    key = (daemon.data / "log.key").read_bytes()
    return {name: daemon.lines(name) for name in ("trades.jsonl", "log.jsonl")}, calls, key


def left_behind(daemon):
    """A copy of the files as the kill left them, when something was published already."""
    copy = daemon.folder / "killed"
    copy.mkdir()
    for name in ("checkpoint", "log.jsonl", "trades.jsonl"):
        if (daemon.data / name).exists():
            shutil.copy(daemon.data / name, copy)
    return copy if (copy / "checkpoint").exists() else None


def end_finished(daemon, process):
    """Waits until the replay is over or the daemon was killed, ends it; the exit status.

    It may be killed while it ends, too: that is a step like any other.
    """
    log = daemon.folder / "traced.txt"
    wait_until(lambda: b'"finished"' in log.read_bytes() or process.poll() is not None, 120,
               "the end of the replay")
    children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True,
                              check=False).stdout.split()
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(child), signal.SIGTERM)
    return process.wait(60)


def test_killed_between_any_two_steps_the_log_is_gapless(make_daemon, folder, cluster, whole):
    lines, calls, key = whole
    assert calls > 100, "the replay makes many durable steps"
    killed = 0
    for step in range(STEPS):
        daemon = make_daemon(config(folder, cluster))
        daemon.data.mkdir()
        path = daemon.data / "log.key"
        path.write_bytes(key)
        path.chmod(0o600)
        process, _ = traced(daemon, 1 + step * calls // STEPS)
        killed += end_finished(daemon, process) != 0
        killed_files = left_behind(daemon)
        daemon.start().wait_loop("finished")
        vkey = daemon.folder / "key.txt"
        vkey.write_text(daemon.api.get("/v1/log/key").text)
        size, top = cluster.sql("SELECT count(*), max(idx) + 1 FROM log_entry",
                                daemon.config["database_url"]).split("|")
        assert int(size) == int(top), f"step {step}: the log has a gap"
        assert daemon.stop() == 0
        ledger.assert_same_trading(daemon, lines)
        if killed_files:
            done = run("verify", killed_files, "--key", vkey, "--no-state")
            assert done.returncode == 0, f"step {step}, before the start:\n{done.stdout}"
        done = run("verify", daemon.data, "--key", vkey, "--no-state")
        assert done.returncode == 0, f"step {step}:\n{done.stdout}{done.stderr}"
    assert killed >= STEPS // 2, f"only {killed} of {STEPS} places were reached"
