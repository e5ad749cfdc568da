# SPDX-License-Identifier: Apache-2.0
"""One traderd daemon on loopback: started, asked and ended by its own id."""
import http.client
import json
import os
import re
import socket
import subprocess
import time

import bench


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon:
    """`traderd serve` with a configuration file, in a data directory."""

    def __init__(self, config, data):
        self.port = free_port()
        self.data = data
        self.token = None
        self.log_path = data.rstrip("/") + ".log"
        self.config = config
        self.started = None
        self.process = None
        self.connection = None

    def __enter__(self):
        clean = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("TRADERD_", "PG")) and key != "DATABASE_URL"
        }
        command = [bench.program("traderd"), "serve", "--config", self.config]
        command += ["--data", self.data, "--listen", f"127.0.0.1:{self.port}"]
        with open(self.log_path, "ab") as log:
            self.started = time.monotonic()
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean
            )
        try:
            bench.wait_for(self.is_ready, 60, "GET /readyz")
        except BaseException:
            self.__exit__()
            raise
        self.ready_after = time.monotonic() - self.started
        with open(os.path.join(self.data, "admin.token"), encoding="utf-8") as file:
            self.token = file.read().strip()
        return self

    def __exit__(self, *_):
        if self.connection:
            self.connection.close()
        bench.end_process(self.process)

    def is_ready(self):
        if self.process.poll() is not None:
            with open(self.log_path, encoding="utf-8", errors="replace") as log:
                last = log.read().strip().splitlines()[-3:]
            raise bench.Failed(f"traderd ended with {self.process.returncode}: " + " / ".join(last))
        try:
            return self.ask("/readyz")[0] == 200
        except OSError:
            return False

    def ask(self, path, method="GET", body=None, accept="application/json"):
        """Status and bytes of one answer, over one connection that is kept."""
        headers = {"Accept": accept}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        for last_try in (False, True):
            if not self.connection:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                self.connection.request(method, path, body=body, headers=headers)
                answer = self.connection.getresponse()
                return answer.status, answer.read()
            except (http.client.HTTPException, OSError):
                self.connection.close()
                self.connection = None
                if last_try or method != "GET":
                    raise OSError(f"no answer to {path}") from None
        raise AssertionError

    def get(self, path):
        status, body = self.ask(path)
        if status != 200:
            raise bench.Failed(f"GET {path}: {status} {body[:200]!r}")
        return json.loads(body)

    def metrics(self):
        return self.ask("/metrics", accept="application/openmetrics-text; version=1.0.0")[1].decode()

    def counter(self, name):
        """One sample of GET /metrics, by its whole name."""
        match = re.search(rf"^{re.escape(name)} (\S+)$", self.metrics(), re.MULTILINE)
        if not match:
            raise bench.Failed(f"GET /metrics has no {name}")
        return float(match.group(1))

    def state(self):
        return self.get("/v1/loop")["state"]

    def wait_finished(self, seconds):
        def finished():
            state = self.state()
            if state in ("failed", "halted"):
                raise bench.Failed(f"the loop is {state}")
            return state == "finished"

        bench.wait_for(finished, seconds, "the end of the replay", step=0.005)

    def status(self, name):
        """A kB figure of /proc/PID/status: VmRSS, VmHWM."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(name + ":"):
                    return int(line.split()[1])
        raise bench.Failed(f"no {name} in /proc")

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"


def write_config(folder, name, **settings):
    """A configuration file like artifacts/replay.json with some settings changed."""
    with open(os.path.join(bench.ARTIFACTS, "replay.json"), encoding="utf-8") as file:
        config = json.load(file)
    config["strategy"] = bench.STRATEGY
    config["candles"] = [f"{bench.SYMBOL}={bench.CANDLES}"]
    config.update(loop_autostart=True, log_level="warn")
    config.update(settings)
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({key: value for key, value in config.items() if value is not None}, file)
    return path


def write_symbols(folder, symbols, candles, **settings):
    """Configuration and files of the made-up candles that the C benches play in memory."""
    place = os.path.join(folder, f"candles-{symbols}")
    os.mkdir(place)
    command = [bench.program("bench_candles"), place, str(symbols), str(candles)]
    subprocess.run(command, check=True, timeout=120)
    with open(bench.STRATEGY, encoding="utf-8") as file:
        strategy = json.load(file)
    del strategy["symbol"]
    strategy_path = os.path.join(folder, f"strategy-{symbols}.json")
    with open(strategy_path, "w", encoding="utf-8") as file:
        json.dump(strategy, file)
    names = [f"S{i:03d}" for i in range(symbols)]
    return write_config(
        folder,
        f"symbols-{symbols}.json",
        strategy=strategy_path,
        candles=[f"{name}/USDT={place}/{name}USDT-5m.csv" for name in names],
        tick_sizes=[f"{name}/USDT=0.01" for name in names],
        lot_sizes=[f"{name}/USDT=0.00001" for name in names],
        min_notionals=[f"{name}/USDT=10" for name in names],
        max_open_positions=100,
        **settings,
    )
