# SPDX-License-Identifier: Apache-2.0
"""Entries about the log itself, made by a daemon: figures that are published, corrections, what others
attested.  Each is judged by both verifiers."""
import pytest

import ledger
import tlog
import world
from attesters import Authority, Witness
from daemon import wait_until
from test_p_realtime import realtime, records
from test_x_anchors import policy
from test_z_verify import failed, judge

WAIT = 60


@pytest.fixture
def parties():
    made = []
    yield made
    for server in made:
        server.close()


def post(daemon, target, body, status, key=None):
    headers = {"Idempotency-Key": key} if key else None
    reply = daemon.api.post(target, body, headers=headers)
    assert reply.status == status, reply
    return reply


def lines(daemon, least=0):
    """The entries; those of a replay are written after its commits."""
    wait_until(lambda: len(daemon.lines("log.jsonl")) >= least, WAIT, f"{least} lines")
    return [ledger.check_line(line) for line in daemon.lines("log.jsonl")]


def archive(daemon, folder, vkey, *arguments):
    path = folder / "evidence.tar"
    path.write_bytes(daemon.api.get("/v1/log/evidence.tar").body)
    return judge(path, vkey, *arguments)


def test_figures_are_published_as_an_entry(make_daemon, folder):
    daemon = make_daemon(world.replay_config(folder, world.BUSY, count=300)).start()
    api = daemon.api
    post(daemon, "/v1/log/statements", {"x": 1}, 422)
    daemon.replay()
    vkey = api.get("/v1/log/key").text.strip()
    size = tlog.open_note(api.get("/v1/log/checkpoint").body, tlog.Key(vkey))[0]
    figures = api.get("/v1/log/statement").json
    made = post(daemon, "/v1/log/statements", {}, 201, "the-first-of-all")
    assert made.json == {"index": size, "statement": figures}
    again = post(daemon, "/v1/log/statements", {}, 201, "the-first-of-all")
    assert again.json == made.json
    assert api.get(made.headers["Location"]).json["logIndex"] == str(size)
    assert post(daemon, "/v1/log/statements", {}, 201).json["index"] == size + 1
    kinds = [ledger.kind_of(record) for record, _ in lines(daemon, size + 2)]
    assert kinds[size:] == ["statement", "statement"]
    assert lines(daemon)[size][0]["statement"] == figures
    found = archive(daemon, folder, vkey)
    assert failed(found) == set() and found["statement"] == "PASS"


def test_a_correction_names_what_was_wrong(make_daemon, folder):
    daemon = make_daemon(world.replay_config(folder, world.BUSY, count=300)).start().replay()
    api = daemon.api
    index = next(i for i, (record, _) in enumerate(lines(daemon)) if "trade" in record)
    before = api.get("/v1/log/statement").json["metrics"]
    body = {"index": index, "reason": "the venue says 1", "replacement": "a fee of 1"}
    made = post(daemon, "/v1/log/corrections", body, 201).json["index"]
    record = lines(daemon, made + 1)[made][0]
    assert record["correct"] == {"actor": "admin", "kind": "note",
                                 "leaf_hash": ledger.leaf_hash(lines(daemon)[index][1]), **body}
    assert api.get("/v1/log/statement").json["metrics"] == before
    post(daemon, "/v1/log/corrections", {**body, "index": 10**9}, 404)
    post(daemon, "/v1/log/corrections", {**body, "reason": ""}, 422)
    found = archive(daemon, folder, api.get("/v1/log/key").text.strip())
    assert failed(found) == set() and found["corrections"] == "PASS"
    # What an operator put into a replay's log does not keep it from going on.
    daemon.kill()
    daemon.start()
    daemon.wait_loop("finished")


def test_what_others_attested_is_chained_into_the_log(make_daemon, folder, parties):
    config = realtime(folder)
    daemon = make_daemon({**config, "cycle_interval_s": 3600, "loop_autostart": False}).start()
    vkey = daemon.api.get("/v1/log/key").text.strip()
    daemon.stop()
    witness, authority = Witness("witness.example/1", folder, [vkey]), Authority(folder / "tsa")
    parties += [witness, authority]
    text = policy(folder, vkey, [witness])
    daemon.configure({**daemon.config, "witness_policy": text, "tsa_urls": [authority.url],
                      "tsa_ca": str(authority.ca), "anchor_interval_s": 1})
    daemon.start()
    wait_until(lambda: records(daemon, "anchor"), WAIT, "an anchor")
    [anchor] = records(daemon, "anchor")
    size = len(lines(daemon)) - 1
    assert anchor["anchor"]["size"] == size
    served = {(item["kind"], item["source"]) for item in daemon.api.get(f"/v1/log/anchors/{size}").json}
    named = {(item["kind"], item["source"]) for item in anchor["anchor"]["evidence"]}
    assert named == served and {kind for kind, _ in named} == {"cosignature", "rfc3161"}
    # An anchor is no reason for another: the witness says again that nothing else was added.
    asked = len(witness.asked)
    wait_until(lambda: len(witness.asked) >= asked + 3, WAIT, "fresh cosignatures")
    assert len(records(daemon, "anchor")) == 1 and len(authority.asked) == 1
    found = archive(daemon, folder, vkey, "--policy", text, "--tsa-ca", str(authority.ca))
    assert failed(found) == set() and found["anchors"] == "PASS"
    # Anything else is.
    post(daemon, "/v1/log/statements", {}, 201)
    wait_until(lambda: len(records(daemon, "anchor")) >= 2, WAIT, "another anchor")
    found = archive(daemon, folder, vkey, "--policy", text, "--tsa-ca", str(authority.ca))
    assert failed(found) == set() and found["anchors"] == "PASS"
    # The folder has the entries and not the evidence.
    found = judge(daemon.data, vkey)
    assert failed(found) == set() and found["anchors"] == "NOT PROVEN"
