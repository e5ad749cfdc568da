# SPDX-License-Identifier: Apache-2.0
"""candles download: whole pages, what a killed one left is gone on with, nothing is asked twice."""
import http.server
import json
import signal
import subprocess
import threading
import urllib.parse

import pytest

from daemon import binary, environment, wait_until

MINUTE_MS = 60_000
FIRST_MS = 1_704_067_200_000  # 2024-01-01
COUNT = 4_300  # five pages
GAP = range(2_000, 2_007)  # the venue has no candles there


def row(index):
    open_ms = FIRST_MS + index * MINUTE_MS
    price = 100 + index % 37
    return [open_ms, f"{price}.00", f"{price + 1}.50", f"{price - 1}.25", f"{price}.75", "12.500",
            open_ms + MINUTE_MS - 1, "0", 5, "0", "0", "0"]


class Venue:
    """Klines over HTTP; `held` holds every page back that begins at or after a candle's index."""

    def __init__(self):
        self.asked, self.held, self.failures, self.freed = [], None, [], threading.Event()
        venue = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *words):
                pass

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                assert url.path == "/api/v3/klines" and query["symbol"] == "BTCUSDT"
                assert query["interval"] == "1m" and "X-MBX-APIKEY" not in self.headers
                start = int(query["startTime"])
                venue.asked.append(start)
                if venue.failures:
                    status, body = venue.failures.pop(0)
                    return self.answer(status, body)
                index = -(-(start - FIRST_MS) // MINUTE_MS)
                if venue.held is not None and index >= venue.held:
                    venue.freed.wait(60)
                rows = [row(i) for i in range(index, COUNT) if i not in GAP][: int(query["limit"])]
                self.answer(200, json.dumps(rows))

            def answer(self, status, body):
                data = body.encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    pass  # the client was killed

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.freed.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def venue():
    made = Venue()
    yield made
    made.close()


def command(venue, out, *more):
    return [binary(), "candles", "download", "--symbol", "BTC/USDT", "--timeframe", "1m", "--from",
            "2024-01-01", "--url", venue.url, "--out", str(out), *more]


def run(venue, out, *more):
    return subprocess.run(command(venue, out, *more), capture_output=True, text=True, timeout=120,
                          env=environment())


def expected(count=COUNT):
    lines = ["timestamp,open,high,low,close,volume"]
    for i in range(count):
        if i in GAP:
            continue
        price = 100 + i % 37
        lines.append(f"{FIRST_MS + i * MINUTE_MS},{price},{price + 1}.5,{price - 1}.25,{price}.75,12.5")
    return "\n".join(lines) + "\n"


def test_all_pages_become_one_file(venue, tmp_path):
    out = tmp_path / "btc.csv"
    done = run(venue, out)
    assert done.returncode == 0, done.stderr
    assert out.read_text() == expected()
    assert "4,293 candles" in done.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["btc.csv"]
    again = run(venue, out)
    assert again.returncode == 2 and "there already" in again.stderr


def test_only_what_lies_between_and_a_cache(venue, tmp_path):
    out = tmp_path / "btc.tdc"
    done = run(venue, out, "--to", str(FIRST_MS + 1_500 * MINUTE_MS))
    assert done.returncode == 0, done.stderr
    shown = subprocess.run([binary(), "candles", "export", str(out), "--out", "-"],
                           capture_output=True, text=True, timeout=60, env=environment())
    assert shown.stdout == expected(1_500)


def test_a_killed_download_goes_on_where_it_stopped(venue, tmp_path):
    out = tmp_path / "btc.csv"
    venue.held = 3_000
    process = subprocess.Popen(command(venue, out), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment())
    try:
        held = lambda: any(ms >= FIRST_MS + 3_000 * MINUTE_MS for ms in venue.asked)
        wait_until(held, 60, "the page that is held back")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        process.stderr.close()
    assert not out.exists()
    (part,) = tmp_path.iterdir()
    whole = part.read_text()
    assert expected().startswith(whole) and whole.count("\n") > 2_900
    # The machine stopped in the middle of a line.
    part.write_text(whole + f"{FIRST_MS + 3_007 * MINUTE_MS},1")
    last_ms = int(whole.splitlines()[-1].split(",")[0])

    venue.held, venue.asked = None, []
    done = run(venue, out)
    assert done.returncode == 0, done.stderr
    assert "went on at 2024-01-03" in done.stderr
    assert venue.asked[0] == last_ms + MINUTE_MS
    assert out.read_text() == expected()
    assert [p.name for p in tmp_path.iterdir()] == ["btc.csv"]


def test_a_venue_that_fails_for_a_moment(venue, tmp_path):
    out = tmp_path / "btc.csv"
    venue.failures = [(503, "<html>busy</html>"), (200, '[[1,"x"'), (500, "")]
    done = run(venue, out, "--to", str(FIRST_MS + 10 * MINUTE_MS))
    assert done.returncode == 0, done.stderr
    assert out.read_text() == expected(10)


def test_refusals_say_what_is_wrong(venue, tmp_path):
    out = tmp_path / "btc.csv"
    venue.failures = [(400, '{"code":-1121,"msg":"Invalid symbol."}')]
    for arguments, text in [
        ((), "the symbol is not known"),
        (("--venue", "kraken"), "no such venue"),
        (("--timeframe", "7m"), "no such timeframe"),
        (("--to", "2023-01-01"), "nothing lies between"),
        (("--to", "yesterday"), "not a time"),
        (("--url", "http://example.com"), "needs https"),
    ]:
        done = run(venue, out, *arguments)
        assert done.returncode == 2, (arguments, done.stderr)
        assert text in done.stderr, (arguments, done.stderr)
    words = command(venue, out, "--environment", "moon")
    at = words.index("--url")
    done = subprocess.run(words[:at] + words[at + 2:], capture_output=True, text=True, timeout=60,
                          env=environment())
    assert done.returncode == 2 and "no such environment" in done.stderr
    other = tmp_path / f"btc.csv.BTCUSDT-1m-{FIRST_MS // 1000}.part"
    other.write_text("not what it should be, and long enough to be looked at\n")
    done = run(venue, out)
    assert done.returncode == 2 and "does not hold the beginning" in done.stderr
    assert other.read_text().startswith("not what")
