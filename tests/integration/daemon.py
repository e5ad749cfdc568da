# SPDX-License-Identifier: Apache-2.0
"""Starts, waits for, stops and kills the real traderd; nothing it started outlives the test."""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from client import Client
from contract import ROOT

URL = re.compile(rb"(?:is ready|stands by|sandbox): http://127\.0\.0\.1:(\d+)")
# For a machine that is busy with others: what is slow is not wrong.
START_S = 90
STOP_S = 60


def binary():
    return os.environ.get("TRADERD_BIN", str(ROOT / "build/traderd"))


def environment(**extra):
    """The environment without anything that would configure a daemon."""
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith("TRADERD_") and name != "DATABASE_URL"}
    return {**clean, **{name: str(value) for name, value in extra.items()}}


def run(*arguments, timeout=60, env=None, **options):
    """One command of the binary to its end."""
    return subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout, stdin=subprocess.DEVNULL,
                          env=env or environment(), check=False, **options)


def wait_until(condition, timeout_s, what):
    """Polls until condition() is truthy and returns its value; a failure names what was awaited."""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what}: not within {timeout_s} s"
        time.sleep(0.02)


def state_of(pid):
    """The letter the kernel has for it: R, S, T, Z...; X when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def is_alive(pid):
    return state_of(pid) not in "ZX"


def whole_lines(path):
    """What a file that is being written has to its last newline."""
    content = path.read_bytes() if path.exists() else b""
    return content[:content.rfind(b"\n") + 1]


def new_folder():
    """A folder an unprivileged PostgreSQL can reach, with a name short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="traderd-it-"))
    folder.chmod(0o711)
    return folder


class Daemon:
    """One data directory and the process that serves it, if any."""

    def __init__(self, config, data=None, env=None):
        self.folder = new_folder()
        self.data = Path(data) if data else self.folder / "data"
        self.config_path = self.folder / "config.json"
        self.configure(config)
        self.env = env or {}
        self.process = None
        self.port = None
        self.starts = 0

    def configure(self, config):
        self.config = dict(config)
        self.config_path.write_text(json.dumps(config, indent=1))

    # ---- Start ----

    @property
    def log_path(self):
        return self.folder / f"log-{self.starts}.txt"

    def log(self):
        """Its output so far: whole lines, because it may be writing the next one."""
        return whole_lines(self.log_path)

    def spawn(self, listen="127.0.0.1:0"):
        """Starts the process without waiting for it."""
        self.starts += 1
        with open(self.log_path, "wb") as out:
            self.process = subprocess.Popen(
                [binary(), "serve", "--config", str(self.config_path), "--data", str(self.data),
                 "--listen", listen],
                stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env=environment(**self.env), start_new_session=True)
        return self

    def find_port(self):
        found = URL.search(self.log())
        if not found and self.process.poll() is not None:
            raise AssertionError(f"traderd ended with {self.process.returncode}:\n{self.tail()}")
        return int(found.group(1)) if found else None

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"traderd ended with {self.process.returncode}:\n{self.tail()}")
        with contextlib.suppress(OSError):
            return Client(self.port).get("/readyz").status == 200
        return False

    def start(self, listen="127.0.0.1:0"):
        self.spawn(listen)
        self.port = wait_until(self.find_port, START_S, "the port in the daemon's output")
        wait_until(self.is_ready, START_S, "/readyz")
        return self

    # ---- Talking to it ----

    @property
    def token(self):
        return (self.data / "admin.token").read_text().strip()

    @property
    def socket_path(self):
        return self.data / "traderd.sock"

    @property
    def api(self):
        return Client(self.port, self.token)

    @property
    def anonymous(self):
        return Client(self.port)

    def make_token(self, role, name=None, **extra):
        made = self.api.post("/v1/tokens", {"name": name or f"a {role}", "role": role, **extra})
        assert made.status == 201, made
        return made.json

    def as_role(self, role):
        return self.api.with_token(self.make_token(role)["secret"])

    def loop(self):
        return self.api.get("/v1/loop").json

    def start_loop(self):
        reply = self.api.post("/v1/loop/start", {"mode": "paper"})
        assert reply.status in (200, 202), reply
        return reply

    def wait_loop(self, state, timeout_s=120):
        return wait_until(lambda: self.loop()["state"] == state, timeout_s, f"loop {state}")

    def replay(self):
        """Plays the whole recording."""
        self.start_loop()
        self.wait_loop("finished")
        return self

    def lines(self, name):
        """The whole lines of one of its files.

        They follow what is durable within a moment; they are level with it once the loop is
        finished or the daemon has stopped.
        """
        return whole_lines(self.data / name).splitlines()

    # ---- End ----

    def stop(self, timeout_s=STOP_S):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout_s)
        self.process = None
        return status

    def kill(self):
        """SIGKILL, as a power cut for the process alone."""
        if self.process and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait(STOP_S)
        self.process = None

    def postmaster_pid(self):
        # Not glob(), which fails when a folder goes while it is looked at.
        for folder, _, names in os.walk(self.data):
            if "postmaster.pid" in names:
                with contextlib.suppress(OSError, ValueError, IndexError):
                    return int((Path(folder) / "postmaster.pid").read_text().splitlines()[0])
        return None

    def cleanup(self):
        postmaster = self.postmaster_pid()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process = None
        if postmaster:
            self.end_postmaster(postmaster)
        shutil.rmtree(self.folder, ignore_errors=True)

    def end_postmaster(self, pid):
        """The private cluster ends with its daemon; after a kill -9 it may need a moment."""
        for send, patience in ((None, 5), (signal.SIGINT, 5), (signal.SIGKILL, 5)):
            if not self.is_own_postmaster(pid):
                return
            if send:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, send)
            with contextlib.suppress(AssertionError):
                wait_until(lambda: not is_alive(pid), patience, "the end of the cluster")

    def is_own_postmaster(self, pid):
        """By its command line, so that a pid used again by another process is left alone."""
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            return is_alive(pid) and str(self.data).encode() in words
        return False

    def tail(self, lines=60):
        log = self.log_path.read_bytes() if self.log_path.exists() else b""
        return b"\n".join(log.splitlines()[-lines:]).decode(errors="replace")
