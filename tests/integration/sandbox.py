# SPDX-License-Identifier: Apache-2.0
"""Starts and kills `traderd sandbox`, and a small client of it that signs."""
import hashlib
import hmac
import json
import signal
import subprocess
import time
import urllib.parse

import requests

from contract import ROOT
from daemon import URL, binary, environment, new_folder, wait_until

CANDLES = ROOT / "artifacts/candles/BTCUSDT-5m.csv"
START_S = 40


class Sandbox:
    """One process and the folder of its files."""

    def __init__(self, *options, key="sandbox", secret="sandbox", candles=CANDLES, env=None):
        self.folder = new_folder()
        self.env = env or {}
        self.candles = candles
        self.options = [str(option) for option in options]
        self.key, self.secret = key, secret
        self.process = None
        self.port = None
        self.session = requests.Session()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_path(self):
        return self.folder / "log.txt"

    def start(self, *more, port=0):
        with open(self.log_path, "wb") as out:
            self.process = subprocess.Popen(
                [binary(), "sandbox", "--candles", f"BTC/USDT={self.candles}",
                 "--listen", f"127.0.0.1:{port}", *self.options, *map(str, more)],
                stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env=environment(**self.env), start_new_session=True)
        self.port = wait_until(self.find_port, START_S, "the sandbox's port")
        return self

    def find_port(self):
        log = self.log_path.read_bytes()
        found = URL.search(log)
        assert found or self.process.poll() is None, log.decode(errors="replace")
        return int(found.group(1)) if found else None

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)
        self.process = None
        self.session.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(20)
        self.process = None
        return status

    # ---- Requests ----

    def sign(self, text):
        return hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    def public(self, path, **parameters):
        return self.session.get(self.url + path, params=parameters, timeout=30)

    def signed(self, method, path, **parameters):
        """The answer; its body as JSON is in .json()."""
        text = urllib.parse.urlencode({"timestamp": int(time.time() * 1000), "recvWindow": 30000,
                                       **parameters})
        text += f"&signature={self.sign(text)}"
        headers = {"X-MBX-APIKEY": self.key}
        if method in ("POST", "PUT"):
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            return self.session.request(method, self.url + path, data=text, headers=headers,
                                        timeout=30)
        return self.session.request(method, f"{self.url}{path}?{text}", headers=headers, timeout=30)

    def ok(self, method, path, **parameters):
        reply = self.signed(method, path, **parameters)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def price(self):
        return float(self.public("/api/v3/ticker/price", symbol="BTCUSDT").json()["price"])

    def state(self):
        return self.session.get(self.url + "/sandbox/state", timeout=30).json()

    def faults(self, text):
        reply = requests.post(self.url + "/sandbox/faults", data=text, timeout=30)
        assert reply.status_code == 200, reply.text

    def clear_faults(self):
        assert requests.delete(self.url + "/sandbox/faults", timeout=30).status_code == 200

    def step(self, seconds):
        reply = self.session.post(self.url + "/sandbox/step", params={"ms": int(seconds * 1000)},
                                  timeout=30)
        assert reply.status_code == 200, reply.text


def load(name):
    return json.loads((ROOT / "tests/data/exchange" / name).read_text())
