# SPDX-License-Identifier: Apache-2.0
"""Checkpoints are cosigned by witnesses and time stamped: asked, judged, stored, served; who fails is
asked again, who saw another history raises the alarm, and trading never waits for any of it."""
import base64
import json
import random
import socket
import subprocess
import time

import pytest

import tlog
import world
from attesters import Authority, Witness
from contract import ROOT
from daemon import Daemon, run, wait_until
from test_z_verify import judge, verdicts_of, verify

WAIT = 60


@pytest.fixture
def parties():
    """Ends the servers a test has made."""
    made = []
    yield made
    for server in made:
        server.close()


@pytest.fixture(scope="module")
def stopped(session_folder):
    """The data directory of a daemon that has played and was stopped, its configuration, its key."""
    folder = session_folder / "stopped"
    folder.mkdir()
    daemon = Daemon(world.replay_config(folder, world.BUSY, count=300))
    try:
        daemon.start().replay()
        vkey = daemon.api.get("/v1/log/key").text.strip()
        note = daemon.api.get("/v1/log/checkpoint").body
        assert daemon.stop() == 0
        yield daemon.data, daemon.config, vkey, note
    finally:
        daemon.cleanup()


@pytest.fixture
def log(make_daemon, stopped):
    """A daemon on a copy of it, not started."""
    data, config, vkey, note = stopped
    daemon = make_daemon(config)
    subprocess.run(["cp", "-a", data, daemon.data], check=True)
    daemon.vkey, daemon.note = vkey, note
    daemon.size, daemon.root = tlog.open_note(note, tlog.Key(vkey))
    return daemon


def policy(folder, vkey, witnesses, needed="all"):
    lines = [f"log {vkey}"]
    lines += [f"witness w{i} {w.key.vkey} {w.url}" for i, w in enumerate(witnesses)]
    lines += [f"group g {needed} " + " ".join(f"w{i}" for i in range(len(witnesses))), "quorum g", ""]
    path = folder / "policy"
    path.write_text("\n".join(lines))
    return str(path)


def restart(log, **changes):
    log.configure({**log.config, "anchor_interval_s": 1, **changes})
    return log.start()


def party(daemon, at=0):
    return daemon.api.get("/v1/log/anchors").json["data"][at]


def wait_state(daemon, state, at=0):
    return wait_until(lambda: (found := party(daemon, at))["state"] == state and found, WAIT,
                      f"state {state}")


def exposition(daemon):
    return daemon.anonymous.get("/metrics", headers={"Accept": "text/plain"}).text


def metric(daemon, name):
    for line in exposition(daemon).splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    return None


def cosigned(daemon):
    return wait_until(lambda: daemon.api.get("/v1/log/anchors").json["cosigned"], WAIT, "a quorum")


def test_a_cosigned_and_stamped_log_is_served(log, folder, parties):
    witnesses = [Witness(f"witness.example/{i}", folder, [log.vkey]) for i in range(2)]
    authority = Authority(folder / "tsa")
    parties += [*witnesses, authority]
    text = policy(folder, log.vkey, witnesses)
    restart(log, witness_policy=text, tsa_urls=[f"{authority.url}/tsa?x=1"],
            tsa_ca=str(authority.ca))
    size = cosigned(log)["tree_size"]
    stamped = wait_until(lambda: log.api.get("/v1/log/anchors").json["stamped"], WAIT, "a stamp")
    assert stamped["tree_size"] == size
    note = log.api.get("/v1/log/checkpoint").body
    assert tlog.open_note(note, tlog.Key(log.vkey))[0] == size
    lines = note.decode().partition("\n\n")[2].splitlines()
    assert [line.split()[1] for line in lines[1:]] == [w.key.name for w in witnesses]
    assert log.api.get("/v1/log/policy").text == open(text, encoding="ascii").read()
    found = log.api.get(f"/v1/log/anchors/{size}").json
    assert {item["kind"] for item in found} == {"cosignature", "rfc3161"}
    assert {item["source"] for item in found} == {
        f"{authority.url[7:]}/tsa", *(f"{w.key.name}+{w.key.id.hex()}" for w in witnesses)}
    # The token is one that openssl accepts for the text that was signed.
    token = base64.b64decode(next(item["blob"] for item in found if item["kind"] == "rfc3161"))
    (folder / "token").write_bytes(token)
    (folder / "text").write_bytes(note.partition(b"\n\n")[0] + b"\n")
    authority.openssl("ts", "-verify", "-in", folder / "token", "-data", folder / "text", "-CAfile",
                      authority.ca)
    assert log.api.get("/v1/log/timestamps").text == f"{size} {base64.b64encode(token).decode()}\n"
    assert log.api.get("/v1/log/timestamps", from_=size + 1).text == ""
    attested = log.api.get("/v1/log/attested").text
    assert attested.startswith(note.decode().partition("\n\n")[0]) and attested.count("\n\n") == 1
    assert log.api.get("/v1/log/attested", from_=size + 1).text == ""
    proof = log.api.get("/v1/log/entry/0.tlog-proof").text
    assert proof.count(" witness.example/") == 2
    for name, wanted in (("cosigned_size", size), ("anchored_size", size)):
        assert metric(log, f"traderd_log_{name}") == wanted
    assert 0 <= metric(log, "traderd_log_cosigned_age_seconds") < 600
    # Nobody stamps what has not changed; witnesses say again that it has not.
    asked = len(witnesses[0].asked)
    wait_until(lambda: len(witnesses[0].asked) > asked, WAIT, "a fresh cosignature")
    assert witnesses[0].asked[-1].startswith(f"old {size}\n\n".encode())
    assert len(authority.asked) == 1
    # A restart knows what is there.
    log.kill()
    log.start()
    assert log.api.get("/v1/log/anchors").json["cosigned"]["tree_size"] == size
    wait_state(log, "good", at=2)
    assert len(authority.asked) == 1


def test_what_is_served_verifies(log, folder, parties):
    """The archive with both verifiers, the URL with ours; and each believes only who it is told to."""
    witness, authority = Witness("witness.example/1", folder, [log.vkey]), Authority(folder / "tsa")
    parties += [witness, authority]
    text = policy(folder, log.vkey, [witness])
    restart(log, witness_policy=text, tsa_urls=[authority.url], tsa_ca=str(authority.ca),
            log_public=True)
    cosigned(log)
    wait_state(log, "good", at=1)
    packed = folder / "evidence.tar"
    packed.write_bytes(log.api.get("/v1/log/evidence.tar").body)
    believed = ("--policy", text, "--tsa-ca", str(authority.ca), "--late", str(10**10))
    wanted = {"witnesses": "PASS", "freshness": "PASS", "times": "PASS", "checkpoints": "PASS"}
    found = judge(packed, log.vkey, *believed)
    assert wanted.items() <= found.items() and "FAIL" not in found.values()
    url = f"http://127.0.0.1:{log.port}/v1/log"
    told, _ = verdicts_of(verify(url, log.vkey, "--no-state", *believed))
    assert wanted.items() <= told.items() and "FAIL" not in told.values()
    # Other people's code accepts what we stored, and refuses it spoilt.
    subprocess.run([ROOT / "tools/foreign_env.sh"], check=True, timeout=900)
    note = log.api.get("/v1/log/checkpoint").text
    for spoilt in (False, True):
        (folder / "note").write_text(note if not spoilt else note[:-9] + ("A" if note[-9] != "A" else "B") + note[-8:])
        done = subprocess.run([ROOT / "build/foreign/check", "cosigned", log.vkey, folder / "note",
                               witness.key.vkey], capture_output=True, check=False)
        assert done.returncode == int(spoilt), done.stderr
    told, _ = verdicts_of(verify(url, log.vkey, "--no-state"))
    assert {told[name] for name in ("witnesses", "freshness", "times")} == {"NOT PROVEN"}


def test_kill_9_at_any_moment_loses_no_evidence(log, folder, parties):
    """What was once shown is there after each kill, and the witness never sees two histories."""
    witness = Witness("witness.example/1", folder, [log.vkey])
    parties.append(witness)
    restart(log, witness_policy=policy(folder, log.vkey, [witness]))
    dice = random.Random(5)
    for _ in range(4):
        asked = len(witness.asked)
        wait_until(lambda: len(witness.asked) > asked, WAIT, "a question")
        time.sleep(dice.random() / 20)
        shown = log.api.get(f"/v1/log/anchors/{log.size}").json
        log.kill()
        log.start()
        assert log.api.get(f"/v1/log/anchors/{log.size}").json[:len(shown)] == shown
    wait_state(log, "good")
    assert set(witness.statuses) <= {200, 409}


def test_a_growing_log_is_cosigned_with_consistency_proofs(make_daemon, folder, parties):
    """The witness checks each proof from the size before, and never says 409 or 422."""
    config = world.replay_config(folder, world.BUSY, count=9000, replay_speed=60_000)
    daemon = make_daemon(config).start()
    daemon.start_loop()
    wait_until(lambda: daemon.api.get("/v1/log/checkpoint").status == 200, WAIT, "a checkpoint")
    vkey = daemon.api.get("/v1/log/key").text.strip()
    assert daemon.stop() == 0
    witness = Witness("witness.example/1", folder, [vkey])
    parties.append(witness)
    daemon.configure({**config, "anchor_interval_s": 1,
                      "witness_policy": policy(folder, vkey, [witness])})
    daemon.start()
    wait_until(lambda: len({body.split(b"\n")[0] for body in witness.asked}) >= 4, WAIT,
               "cosignatures of a log that grows")
    assert set(witness.statuses) == {200}
    notes = daemon.api.get("/v1/log/attested").text
    assert notes.count("\n\n") >= 3 and notes.count(" witness.example/1 ") == notes.count("\n\n")


def test_a_witness_that_knows_more_or_less_is_caught_up_with(log, folder, parties):
    witness = Witness("witness.example/1", folder, [log.vkey])
    parties.append(witness)
    restart(log, witness_policy=policy(folder, log.vkey, [witness]))
    size = cosigned(log)["tree_size"]
    # It forgot, and begins where it once was.
    early = next(note for note in log.api.get("/v1/log/checkpoints").json["data"]
                 if note["tree_size"] > 5)
    origin = log.vkey.split("+", 1)[0]
    witness.remember(origin, early["tree_size"], base64.b64decode(early["root_hash"]))
    wait_until(lambda: 409 in witness.statuses, WAIT, "a 409")
    wait_until(lambda: witness.state()[origin][0] == size, WAIT, "the newest size again")
    at = witness.statuses.index(409)
    wait_until(lambda: len(witness.statuses) > at + 1, WAIT, "an answer after the 409")
    assert witness.statuses[at + 1] == 200 and 422 not in witness.statuses
    wait_state(log, "good")


def test_a_cosignature_that_was_never_stored_is_asked_for_again(log, folder, parties):
    """As after a kill between the witness's answer and our commit: it is ahead of what we know."""
    witness = Witness("witness.example/1", folder, [log.vkey])
    parties.append(witness)
    witness.remember(log.vkey.split("+", 1)[0], log.size, log.root)
    restart(log, witness_policy=policy(folder, log.vkey, [witness]))
    assert cosigned(log)["tree_size"] == log.size
    assert witness.statuses[:2] == [409, 200]


def start_refused(log, **changes):
    """Starts, may not append; the reason, which is the loop's."""
    restart(log, **changes)
    loop = log.loop()
    assert loop["state"] == "failed", loop
    assert log.api.post("/v1/loop/start", {"mode": "paper"}).json["code"] == "loop_failed"
    assert log.api.get("/v1/account").json["log_size"] == log.size
    assert log.api.get("/v1/trades", limit=1).json["data"], "everything can still be read"
    return loop["reason"]


@pytest.mark.parametrize("way", ["root", "size", "proof"])
def test_a_witness_that_saw_another_history_stops_the_log(log, folder, parties, way):
    witness = Witness("witness.example/1", folder, [log.vkey])
    parties.append(witness)
    origin = log.vkey.split("+", 1)[0]
    seen = {"root": log.size, "size": log.size + 5, "proof": log.size - 1}[way]
    witness.remember(origin, seen, bytes(32))
    reason = start_refused(log, witness_policy=policy(folder, log.vkey, [witness]))
    if way == "size":
        assert f"has signed {seen} entries, the database has {log.size}: import log.jsonl" in reason
    else:
        assert "has signed another history of this log" in reason
    found = wait_state(log, "alarm")
    assert witness.statuses[-1] == (422 if way == "proof" else 409) and found["failures"] == 1
    assert b"log_fork_seen" in log.log()
    # It is not asked again by this process, while others are.
    asked = len(witness.asked)
    other = Witness("witness.example/2", folder, [log.vkey])
    parties.append(other)
    assert log.stop() == 0
    start_refused(log, witness_policy=policy(folder, log.vkey, [witness, other], "any"))
    wait_state(log, "alarm")
    again = len(witness.asked)
    assert asked < again <= asked + 2, "once a start, with one repetition at most"
    wait_until(lambda: len(other.asked) >= 3, WAIT, "the other witness")
    assert len(witness.asked) == again
    assert 'state="alarm"} 1' in exposition(log)


def test_a_witness_that_is_ahead_stops_a_restored_backup(make_daemon, folder, parties):
    """Database, high-water file and lines are all of the same older moment: only the witness knows.
    With the lines of then, which somebody else kept, the log goes on."""
    config = world.replay_config(folder, world.BUSY, count=1500, replay_speed=60_000)
    daemon = make_daemon(config).start()
    daemon.start_loop()
    wait_until(lambda: daemon.loop()["cycle_count"] > 100, WAIT, "some cycles")
    vkey = daemon.api.get("/v1/log/key").text.strip()
    assert daemon.stop() == 0
    backup = folder / "backup"
    subprocess.run(["cp", "-a", daemon.data, backup], check=True)
    witness = Witness("witness.example/1", folder, [vkey])
    parties.append(witness)
    changes = {"witness_policy": policy(folder, vkey, [witness])}
    daemon.configure({**config, "replay_speed": 0, "anchor_interval_s": 1, **changes})
    daemon.start().wait_loop("finished", 120)
    size = daemon.api.get("/v1/account").json["log_size"]
    origin = vkey.split("+", 1)[0]
    wait_until(lambda: witness.state().get(origin, [0])[0] == size, WAIT, "the newest cosigned")
    assert daemon.stop() == 0
    lines = (daemon.data / "log.jsonl").read_bytes()
    kept = folder / "kept.jsonl"
    kept.write_bytes(lines)
    subprocess.run(["rm", "-r", daemon.data], check=True)
    subprocess.run(["cp", "-a", backup, daemon.data], check=True)

    daemon.start()
    loop = daemon.loop()
    assert loop["state"] == "failed" and f"has signed {size} entries" in loop["reason"], loop
    assert len(daemon.lines("log.jsonl")) < size
    assert daemon.stop() == 0
    done = run("log", "import", kept, "--config", daemon.config_path, "--data", daemon.data)
    assert done.returncode == 0, done.stderr
    daemon.start().wait_loop("finished", 120)
    assert daemon.stop() == 0
    assert (daemon.data / "log.jsonl").read_bytes() == lines


def test_a_witness_that_is_away_at_the_start_stops_the_log_later(log, folder, parties):
    """It keeps nobody from starting; what it then says has the same weight."""
    witness = Witness("witness.example/1", folder, [log.vkey])
    parties.append(witness)
    witness.failing = (503, "text/plain", b"not now\n")
    restart(log, witness_policy=policy(folder, log.vkey, [witness]))
    assert log.loop()["state"] != "failed"
    wait_state(log, "later")
    witness.remember(log.vkey.split("+", 1)[0], log.size + 9, bytes(32))
    witness.failing = None
    wait_state(log, "alarm")
    wait_until(lambda: log.loop()["state"] == "failed", WAIT, "the loop's end")
    assert f"has signed {log.size + 9} entries" in log.loop()["reason"]
    log.api.post("/v1/loop/stop", {})
    assert log.api.get("/v1/account").json["log_size"] == log.size


def test_a_lost_database_does_not_begin_its_log_anew(log, folder, parties):
    """All is lost but the key: the witness still knows the origin, and the empty log is refused."""
    witness = Witness("witness.example/1", folder, [log.vkey])
    parties.append(witness)
    witness.remember(log.vkey.split("+", 1)[0], log.size, log.root)
    key = (log.data / "log.key").read_bytes()
    subprocess.run(["rm", "-r", log.data], check=True)
    log.data.mkdir()
    path = log.data / "log.key"
    path.write_bytes(key)
    path.chmod(0o600)
    restart(log, witness_policy=policy(folder, log.vkey, [witness]), loop_autostart=True)
    loop = log.loop()
    assert loop["state"] == "failed" and "the database has 0" in loop["reason"], loop
    assert log.lines("log.jsonl") == []


def test_a_silent_witness_delays_the_start_by_seconds_only(log, folder, parties):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # takes the connection, and never answers
        witness = Witness("witness.example/1", folder, [log.vkey])
        parties.append(witness)
        lines = policy(folder, log.vkey, [witness])
        text = open(lines, encoding="ascii").read()
        (folder / "silent").write_text(
            text.replace(witness.url, f"http://127.0.0.1:{silent.getsockname()[1]}"))
        restart(log, witness_policy=str(folder / "silent"))
        assert log.loop()["state"] != "failed"
        assert party(log)["state"] == "later"


def test_who_refuses_or_does_not_answer_is_asked_again(log, folder, parties):
    witness = Witness("witness.example/1", folder)
    authority = Authority(folder / "tsa")
    parties += [witness, authority]
    authority.failing = (503, "text/plain", b"no\n")
    restart(log, witness_policy=policy(folder, log.vkey, [witness]), tsa_urls=[authority.url],
            tsa_ca=str(authority.ca))
    assert "404" in wait_state(log, "refused")["reason"]
    assert "503" in wait_state(log, "later", at=1)["reason"]
    assert log.api.get("/readyz").status == 200
    assert log.api.get("/v1/log/anchors").json["stamped"] is None
    wait_until(lambda: len(authority.asked) >= 2 and len(witness.asked) >= 2, WAIT, "more questions")
    assert log.log().count(b"anchor_failed") == 2, "each is told once"
    witness.logs = {log.vkey.split("+", 1)[0]: tlog.Key(log.vkey)}
    authority.failing = None
    wait_state(log, "good")
    wait_state(log, "good", at=1)
    assert metric(log, "traderd_log_anchored_size") > 0
    witness.failing = (429, "text/plain", b"slowly\n")
    wait_state(log, "later")
    # A size that is none is not believed, and spoils nothing.
    witness.failing = (409, "text/x.tlog.size", b"99999999999999999999\n")
    wait_state(log, "refused")
    witness.failing = None
    wait_state(log, "good")
    assert set(witness.statuses) <= {200, 404}


def test_what_does_not_hold_is_not_stored(log, folder, parties):
    """A witness that signs with another key, an authority nobody trusts."""
    witness = Witness("witness.example/1", folder, [log.vkey])
    text = policy(folder, log.vkey, [witness])
    authority, other = Authority(folder / "tsa"), Authority(folder / "other")
    parties += [witness, authority, other]
    witness.key.der.write_bytes(witness.key.der.read_bytes()[:-32] + bytes(32))
    restart(log, witness_policy=text, tsa_urls=[authority.url], tsa_ca=str(other.ca))
    wait_state(log, "refused")
    assert "does not hold" in wait_state(log, "refused", at=1)["reason"]
    assert log.api.get(f"/v1/log/anchors/{log.size}").json == []


def test_configuration_that_cannot_work_is_refused(log, folder, parties):
    witness = Witness("witness.example/1", folder, [log.vkey])
    parties.append(witness)
    foreign = log.vkey.replace("traderd.local", "other.example")
    name, _, rest = foreign.split("+", 2)
    digest = tlog.sha256(name.encode() + b"\n" + base64.b64decode(rest))[:4].hex()
    (folder / "noturl").write_text(f"log {log.vkey}\nwitness w {witness.key.vkey} ftp://x\n"
                                   "quorum none\n")
    (folder / "nonsense").write_text("quorum\n")
    for changes, field in (
            ({"witness_policy": policy(folder, f"{name}+{digest}+{rest}", [witness])},
             "witness_policy"),
            ({"witness_policy": str(folder / "noturl")}, "witness_policy"),
            ({"witness_policy": str(folder / "nonsense")}, "nonsense"),
            ({"witness_policy": str(folder / "nowhere")}, "witness_policy"),
            ({"tsa_urls": ["http://x"]}, "tsa_ca"),
            ({"tsa_urls": ["x"], "tsa_ca": str(log.config_path)}, "tsa_ca")):
        path = folder / "config.json"
        path.write_text(json.dumps({**log.config, **changes}))
        done = run("serve", "--config", path, "--data", log.data, "--listen", "127.0.0.1:0")
        assert done.returncode in (1, 2) and field in done.stderr, (changes, done.stderr)
