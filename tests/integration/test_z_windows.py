# SPDX-License-Identifier: Apache-2.0
"""The time window of each trade, and how long before its fill an order was attested: beacons in the
log bound from below, cosignatures from above, and both verifiers write the same table."""
import csv
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import evidence
import tlog
from attesters import Cosigner
from daemon import Daemon, run, wait_until
from test_p_realtime import instant, realtime, records
from test_z_anchors import cosign
from test_z_verify import failed, second, verdicts_of, verify

PERIOD = 3
NONE = "NOT PROVEN"


def round_of(number):
    """A round of a made-up chain, as drand's API answers it."""
    signature = hashlib.sha256(b"round %d" % number).digest() + bytes(16)
    return {"round": number, "randomness": hashlib.sha256(signature).hexdigest(),
            "signature": signature.hex()}


class Beacon:
    """drand's /public/latest on loopback; `failing` is answered in place of a round."""

    def __init__(self):
        self.genesis, self.failing = int(time.time()) - 300, None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = outer.failing or json.dumps(outer.latest()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/chain/public/latest"

    def latest(self):
        return {**round_of((int(time.time()) - self.genesis) // PERIOD + 1), "more": [1, 2]}

    def known(self, rounds, genesis=None):
        lines = [f"{number} {round_of(number)['randomness']}" for number in sorted(set(rounds))]
        return "\n".join([f"chain {genesis or self.genesis} {PERIOD}", *lines, ""])

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def beacons(entries):
    """Index and round of every beacon."""
    found = [(i, json.loads(entry).get("cycle", {}).get("beacon")) for i, entry in enumerate(entries)]
    return [(i, item["round"]) for i, item in found if item]


@pytest.fixture(scope="module")
def traded(session_folder):
    """The entries of a daemon that traded in real time beside a beacon, its key, and the beacon."""
    folder = session_folder / "windows"
    folder.mkdir()
    beacon = Beacon()
    beacon.failing = b'{"round": 7}'  # no beacon yet, and trading does not wait for one
    daemon = Daemon({**realtime(folder), "beacon": beacon.url})
    try:
        daemon.start()
        wait_until(lambda: records(daemon, "trade"), 60, "a trade before any beacon")
        beacon.failing = None
        wait_until(lambda: len(beacons(daemon.lines("log.jsonl"))) >= 2, 60, "two beacons")
        before = len(records(daemon, "trade"))
        wait_until(lambda: len(records(daemon, "trade")) >= before + 3, 60, "trades behind them")
        assert daemon.log().count(b"beacon_away") == 1 and b"beacon_back" in daemon.log()
        daemon.api.post("/v1/loop/stop", {"close_positions": True})
        assert daemon.stop() == 0
        yield evidence.Evidence.of_data(daemon.data, folder), beacon
    finally:
        daemon.cleanup()
        beacon.close()


@pytest.fixture
def log(traded):
    return evidence.Evidence(traded[0].entries, traded[0].key)


@pytest.fixture
def beacon(traded):
    return traded[1]


@pytest.fixture
def witness(tmp_path):
    return Cosigner("witness.example/1", tlog.sha256(b"w"), tmp_path)


def judged(log, tmp_path, witness, signed, known=None):
    """Both verifiers over the log cosigned at sizes {size: second}: verdicts, and rows by entry."""
    path = log.write(tmp_path / "x")
    notes = {size: cosign(log.note(size), [witness], at) for size, at in signed.items()}
    if notes:
        (path / "checkpoints").write_text("".join(notes[size] for size in sorted(notes)))
    policy = tmp_path / "policy"
    policy.write_text(f"log {log.key.vkey}\nwitness w {witness.vkey}\nquorum w\n")
    arguments = ["--policy", str(policy)]
    if known is not None:
        (tmp_path / "rounds").write_text(known)
        arguments += ["--beacon", str(tmp_path / "rounds")]
    ours, told = verdicts_of(verify(path, log.key.vkey, "--no-state", *arguments, "--windows",
                                    str(tmp_path / "ours"), cwd=tmp_path))
    theirs, _ = verdicts_of(second(path, log.key.vkey, *arguments, "--windows",
                                   str(tmp_path / "theirs")))
    assert ours == theirs
    table = (tmp_path / "ours").read_text()
    assert table == (tmp_path / "theirs").read_text()
    details = {item["property"]: item["detail"] for item in told["properties"]}
    return ours, {int(row["entry"]): row for row in csv.DictReader(table.splitlines())}, details


def second_of(entry):
    return int((instant(json.loads(entry)["timestamp"]) - instant("1970-01-01T00:00:00.000000Z"))
               .total_seconds())


def trades(log):
    return [i for i, entry in enumerate(log.entries) if b'"trade": {' in entry]


def test_each_trade_has_its_window(log, beacon, witness, tmp_path):
    found, rows, _ = judged(log, tmp_path, witness, {})
    assert (found["windows"], found["precommit"]) == (NONE, NONE) and not failed(found)
    assert list(rows) == trades(log)
    assert all(not row["not_before"] and not row["not_after"] for row in rows.values())
    last = len(log.entries)
    end = second_of(log.entries[-1]) + 5
    known = beacon.known([number for _, number in beacons(log.entries)])
    found, rows, details = judged(log, tmp_path, witness, {last: end}, known)
    # What was traded before the first beacon has no lower bound.
    first = beacons(log.entries)[0][0]
    early = [i for i in trades(log) if i < first]
    assert early and found["windows"] == NONE and not failed(found)
    widest = 0
    for i, row in rows.items():
        assert bool(row["not_before"]) == (i > first)
        assert second_of(log.entries[i]) <= end + 1
        if i < first:
            continue
        low, high = instant(row["not_before"]), instant(row["not_after"])
        assert low <= instant(row["timestamp"]) <= high
        number = max(number for at, number in beacons(log.entries) if at < i)
        assert int((low - instant("1970-01-01T00:00:00.000000Z")).total_seconds()) == \
            beacon.genesis + (number - 1) * PERIOD
        widest = max(widest, (high - low).total_seconds())
    assert details["windows"].startswith(f"{len(rows) - len(early)} of {len(rows)} trades; the "
                                         f"widest is {int(widest)} s")


def without_early(log):
    """From its genesis on as it is, but for the beacon's absence: the first entry that may hold one
    comes before the first trade."""
    at, _ = beacons(log.entries)[0]
    number = json.loads(log.entries[at])["cycle"]["beacon"]
    record = json.loads(log.entries[at])
    early = next(i for i, entry in enumerate(log.entries) if b'"cycle": {' in entry)
    assert early < trades(log)[0]
    record = json.loads(log.entries[early])
    return log.edited(early, beacon={**number})


def test_all_bounded_passes(log, beacon, witness, tmp_path):
    """The file of rounds says when they came out; here so early that the first may hold one."""
    without_early(log)
    numbers = [number for _, number in beacons(log.entries)]
    known = beacon.known(numbers, beacon.genesis - 120)
    end = second_of(log.entries[-1]) + 5
    found, rows, details = judged(log, tmp_path, witness, {len(log.entries): end}, known)
    assert found["windows"] == "PASS" and not failed(found), details["windows"]
    assert details["windows"].startswith(f"{len(rows)} of {len(rows)} trades")
    # A round the reader does not know bounds nothing, and is no reproach.
    found, _, _ = judged(log, tmp_path, witness, {len(log.entries): end},
                         beacon.known([1], beacon.genesis - 120))
    assert found["windows"] == NONE
    # Half of them attested is not all.
    found, _, _ = judged(log, tmp_path, witness, {trades(log)[1]: end}, known)
    assert found["windows"] == NONE


@pytest.mark.parametrize("spoil", ["randomness", "signature", "round", "malformed", "another"])
def test_a_beacon_that_is_none_is_refused(log, beacon, witness, tmp_path, spoil):
    at, number = beacons(log.entries)[0]
    value = json.loads(log.entries[at])["cycle"]["beacon"]
    if spoil == "malformed":
        value = {"round": number}
    elif spoil == "another":
        value = {**round_of(number + 1), "round": number}
    elif spoil == "round":
        value = {**value, "round": str(number)}
    else:
        value[spoil] = ("1" if value[spoil][0] == "0" else "0") + value[spoil][1:]
    log.edited(at, beacon=value)
    known = beacon.known([number])
    found, _, _ = judged(log, tmp_path, witness, {}, known)
    assert found["windows"] == "FAIL"
    found, _, _ = judged(log, tmp_path, witness, {})
    assert (found["windows"] == "FAIL") == (spoil != "another"), "only who knows the round sees it"


def test_a_time_before_its_beacon_is_refused(log, beacon, witness, tmp_path):
    numbers = [number for _, number in beacons(log.entries)]
    known = beacon.known(numbers, beacon.genesis + 1000)
    found, _, _ = judged(log, tmp_path, witness, {}, known)
    assert found["windows"] == "FAIL"


def test_how_long_before_their_fills_orders_were_attested(log, witness, tmp_path):
    """By a witness that signed each order the second it was made, then by one that signed late."""
    orders = {json.loads(entry)["order"]["id"]: i for i, entry in enumerate(log.entries)
              if b'"order": {' in entry}
    filled = {int(json.loads(log.entries[i])["trade"]["order_id"]) for i in trades(log)}
    start = second_of(log.entries[0]) - 100
    found, _, details = judged(log, tmp_path, witness,
                               {orders[order] + 1: start + n for n, order in
                                enumerate(sorted(filled))})
    assert found["precommit"] == "PASS" and not failed({**found, "times": ""})
    count = len(trades(log))
    assert details["precommit"].startswith(f"{count} of {count} fills; margins: least ")
    assert " -" not in details["precommit"]
    late = second_of(log.entries[-1]) + 50
    found, _, details = judged(log, tmp_path, witness, {orders[min(filled)] + 1: start + 90,
                                                        len(log.entries): late})
    assert found["precommit"] == NONE
    assert not details["precommit"].startswith(f"{count} of ") and "least -" in details["precommit"]


def test_rounds_that_are_no_rounds_end_with_two(log, tmp_path):
    path = log.write(tmp_path / "x")
    for text in ("", "chain 1 3", "chain 0 3\n", "chain 1 3\n5 00\n", "chain 1 3\n1 " + "a" * 64,
                 f"chain 1 3\n5 {'a' * 64}\n5 {'a' * 64}\n", f"chain 1 3\n5 {'A' * 64}\n"):
        (tmp_path / "rounds").write_text(text)
        done = run("verify", path, "--key", log.key.vkey, "--no-state", "--beacon", tmp_path / "rounds")
        assert done.returncode == 2 and "rounds" in done.stderr, text
        assert second(path, log.key.vkey, "--beacon", str(tmp_path / "rounds")).returncode == 2
    done = run("verify", path, "--key", log.key.vkey, "--no-state", "--windows", tmp_path / "no/where")
    assert done.returncode == 2


def test_a_file_is_a_beacon_too(make_daemon, folder):
    (folder / "round").write_text(json.dumps(round_of(41)))
    daemon = make_daemon({**realtime(folder), "beacon": str(folder / "round")}).start()
    wait_until(lambda: len(beacons(daemon.lines("log.jsonl"))) >= 1, 60, "the beacon")
    (folder / "next").write_text(json.dumps(round_of(42)))
    (folder / "next").rename(folder / "round")
    wait_until(lambda: len(beacons(daemon.lines("log.jsonl"))) >= 2, 60, "the next round")
    assert [number for _, number in beacons(daemon.lines("log.jsonl"))] == [41, 42], "each once"
