# SPDX-License-Identifier: Apache-2.0
"""kill -9 at every step of a change of keys: while the next key is made, and while a start lets it take
over, there is always a way on, with one key more and the log whole.

strace kills as in test_l_steps.py; STEPS=n tries so many places of each."""
import contextlib
import os
import shutil
import signal
import subprocess

import pytest

import world
from daemon import binary, environment, run, wait_until
from test_l_steps import CALLS
from test_z_rotation import judged, opens, records_of, rotate, signers

STEPS = int(os.environ.get("STEPS", "4"))
pytestmark = [pytest.mark.crash, pytest.mark.timeout(240 + STEPS * 60)]


def traced(words, out, inject=None):
    kill = ["-e", f"inject={CALLS}:signal=KILL:when={inject}"] if inject else []
    with open(f"{out}.log", "wb") as log:
        return subprocess.Popen(
            ["strace", "-f", "-qq", "-o", str(out), "-e", f"trace={CALLS}", "-e", "signal=none", *kill,
             binary(), *map(str, words)],
            stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment())


def calls_of(out):
    """How many the busiest thread has made."""
    counts = {}
    for line in out.read_text(errors="replace").splitlines():
        if "(" in line:
            counts[line.split()[0]] = counts.get(line.split()[0], 0) + 1
    return max(counts.values())


class Plays:
    """Copies of one daemon that was stopped after a replay."""

    def __init__(self, make_daemon, folder, cluster):
        self.make, self.cluster = make_daemon, cluster
        self.url = cluster.database()
        self.config = {**world.replay_config(folder, world.BUSY, count=130), "lease_s": 3}
        self.base = make_daemon({**self.config, "database_url": self.url}).start().replay()
        self.vkey = self.base.api.get("/v1/log/key").text.strip()
        self.base.stop()

    def copy(self):
        daemon = self.make({**self.config, "database_url": self.cluster.copied(self.url)})
        shutil.copytree(self.base.data, daemon.data)
        return daemon

    def rotate(self, daemon, inject=None):
        process = traced(["log", "rotate-key", "--config", daemon.config_path, "--data", daemon.data],
                         daemon.folder / "rotate.txt", inject)
        return process.wait(60), daemon.folder / "rotate.txt"

    def serve(self, daemon, inject=None):
        """Until it is ready or was killed; then it is ended."""
        out = daemon.folder / "serve.txt"
        process = traced(["serve", "--config", daemon.config_path, "--data", daemon.data,
                          "--listen", "127.0.0.1:0"], out, inject)
        said = daemon.folder / "serve.txt.log"
        wait_until(lambda: b"is ready" in said.read_bytes() or process.poll() is not None, 90,
                   "a start")
        for child in subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True,
                                    check=False).stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGTERM)
        return process.wait(60), out


@pytest.fixture(name="plays")
def fixture_plays(make_daemon, folder, cluster):
    return Plays(make_daemon, folder, cluster)


def check(daemon, folder, old):
    """One key more, which every reader follows to; the log goes on with it."""
    daemon.start()
    new = daemon.api.get("/v1/log/key").text.strip()
    assert new != old and [item["vkey"] for item in records_of(daemon, "key")] == [new]
    assert opens(daemon, old) == opens(daemon, new) and signers(daemon) == 2
    assert daemon.api.post("/v1/log/statements", {}).status == 201
    for name, vkey in (("old", old), ("new", new)):
        assert judged(daemon, folder, f"{daemon.folder.name}-{name}", vkey)["keys"] == "PASS"
    daemon.kill()
    return new


def test_killed_while_the_next_key_is_made(plays, folder):
    whole = plays.copy()
    status, out = plays.rotate(whole)
    assert status == 0
    calls, killed = calls_of(out), 0
    assert calls >= 3
    for at in range(1, calls + 1, max(1, calls // STEPS)):
        daemon = plays.copy()
        killed += plays.rotate(daemon, at)[0] != 0
        done = run("log", "rotate-key", "--config", daemon.config_path, "--data", daemon.data)
        assert done.returncode == 0 or "takes over already" in done.stderr, f"at {at}: {done.stderr}"
        check(daemon, folder, plays.vkey)
    assert killed > 0


def test_killed_while_it_takes_over(plays, folder):
    whole = plays.copy()
    old, _ = rotate(whole)
    status, out = plays.serve(whole)
    assert status == 0, (whole.folder / "serve.txt.log").read_text()
    calls, killed = calls_of(out), 0
    for step in range(STEPS):
        daemon = plays.copy()
        old, new = rotate(daemon)
        killed += plays.serve(daemon, 1 + step * calls // STEPS)[0] != 0
        assert check(daemon, folder, old) == new, f"step {step}"
    assert killed > STEPS // 2
