# SPDX-License-Identifier: Apache-2.0
"""Another key takes over a log: named by the old one, both for a while, then alone; readers with either
key follow, a crash between any two steps leaves a way on, and no other key is accepted."""
import base64
import json
import shutil

import pytest

import ledger
import tlog
import world
from daemon import run, wait_until
from test_p_realtime import realtime, records
from test_z_verify import failed, judge

WAIT = 60
ACCOUNT = "sim-paper-main"


def rotate(daemon, status=0):
    done = run("log", "rotate-key", "--config", daemon.config_path, "--data", daemon.data)
    assert done.returncode == status, done.stdout + done.stderr
    return [line.split()[-1] for line in done.stdout.splitlines() if line.startswith("this ")] \
        if status == 0 else done.stderr


def signers(daemon):
    note = daemon.api.get("/v1/log/checkpoint").text
    return len(note.partition("\n\n")[2].splitlines())


def opens(daemon, vkey):
    try:
        return tlog.open_note(daemon.api.get("/v1/log/checkpoint").body, tlog.Key(vkey))[0]
    except AssertionError:
        return None


def judged(daemon, folder, name, vkey):
    """The archive and the folder, by both verifiers."""
    path = folder / f"{name}.tar"
    path.write_bytes(daemon.api.get("/v1/log/evidence.tar").body)
    found = judge(path, vkey)
    assert failed(found) == set()
    return found


@pytest.fixture(name="replayed")
def fixture_replayed(make_daemon, folder):
    daemon = make_daemon(world.replay_config(folder, world.BUSY, count=300)).start().replay()
    daemon.stop()
    return daemon


def reason(daemon):
    loop = daemon.api.get("/v1/loop").json
    return loop["state"], loop["reason"]


def test_a_key_takes_over_and_the_log_goes_on(replayed, folder):
    daemon = replayed
    (daemon.data / f"next-{ACCOUNT}.key.part").write_text("torn")  # a run that was killed
    old, new = rotate(daemon)
    assert (daemon.data / f"next-{ACCOUNT}.key").stat().st_mode & 0o777 == 0o600
    assert "takes over already" in rotate(daemon, 1)
    daemon.start()
    assert daemon.api.get("/v1/log/key").text.strip() == new
    assert old.split("+")[0] == new.split("+")[0] and old != new
    size = opens(daemon, old)
    assert size and size == opens(daemon, new) and signers(daemon) == 2
    body = records_of(daemon, "key")
    assert [item["vkey"] for item in body] == [new]
    for name, vkey in (("old", old), ("new", new)):
        assert judged(daemon, folder, name, vkey)["keys"] == "PASS"
    # Killed and started again, it is where it was.
    daemon.kill()
    daemon.start()
    assert daemon.api.post("/v1/log/statements", {}).status == 201
    assert opens(daemon, new) == opens(daemon, old) == size + 1
    assert len(records_of(daemon, "key")) == 1
    proof = daemon.api.get(f"/v1/log/entry/{size}.tlog-proof").text
    assert proof.count(f"\N{EM DASH} {old.split('+')[0]} ") == 2
    daemon.stop()
    for vkey in (old, new):
        assert failed(judge(daemon.data, vkey)) == set()


def tree_size(daemon):
    return int(daemon.api.get("/v1/log/checkpoint").text.split("\n")[1])


def records_of(daemon, kind):
    """The bodies of a kind among the newest entries, as the API has them."""
    size = tree_size(daemon)
    proofs = (daemon.api.get(f"/v1/log/entry/{at}/proof").json for at in range(size - 3, size))
    entries = [json.loads(base64.b64decode(proof["canonicalizedBody"])) for proof in proofs]
    return [entry[kind] for entry in entries if kind in entry]


def test_the_old_key_stops_and_its_file_gives_way(make_daemon, folder):
    daemon = make_daemon({**realtime(folder), "key_overlap_s": 3}).start()
    wait_until(lambda: records(daemon, "cycle"), WAIT, "a cycle")
    daemon.stop()
    old, new = rotate(daemon)
    daemon.start()
    wait_until(lambda: records(daemon, "key"), WAIT, "the key's entry")
    assert opens(daemon, new)
    wait_until(lambda: not opens(daemon, old), WAIT, "the old key's end")
    assert opens(daemon, new) and signers(daemon) == 1
    for name, vkey in (("old", old), ("new", new)):
        judged(daemon, folder, name, vkey)
    daemon.kill()
    first = (daemon.data / f"next-{ACCOUNT}.key").read_text()
    daemon.start()
    assert not (daemon.data / f"next-{ACCOUNT}.key").exists()
    assert (daemon.data / f"log-{ACCOUNT}.key").read_text() == first
    before = opens(daemon, new)
    wait_until(lambda: (opens(daemon, new) or 0) > before, WAIT, "more entries")
    # A third one, and a reader who knows only the first.
    daemon.stop()
    assert rotate(daemon)[0] == new
    third = rotate_started(daemon)
    wait_until(lambda: opens(daemon, third), WAIT, "the third key")
    for name, vkey in (("first", old), ("second", new), ("third", third)):
        assert judged(daemon, folder, name, vkey)["keys"] == "PASS"


def rotate_started(daemon):
    """The key that waits, once the daemon has named it."""
    daemon.start()
    wait_until(lambda: len(records(daemon, "key")) == 2, WAIT, "the next key's entry")
    return records(daemon, "key")[-1]["key"]["vkey"]


def test_no_other_key_goes_on_with_the_log(replayed, folder):
    daemon = replayed
    rotate(daemon)
    path = daemon.data / f"next-{ACCOUNT}.key"
    mine = path.read_text()
    daemon.start()
    wait_until(lambda: records_of(daemon, "key"), WAIT, "the key's entry")
    size = tree_size(daemon)
    daemon.stop()
    # Without it, and with another: it can be read, nothing is appended.
    path.unlink()
    daemon.start()
    assert reason(daemon)[0] == "failed" and "goes on with another key" in reason(daemon)[1]
    daemon.stop()
    rotate(daemon)
    daemon.start()
    assert reason(daemon)[0] == "failed"
    assert daemon.api.post("/v1/log/statements", {}).status == 409
    daemon.stop()
    path.write_text(mine)
    daemon.start()
    daemon.wait_loop("finished", WAIT)
    assert tree_size(daemon) == size
    daemon.stop()
    # One that others may read, one of another log, and the one that signs already.
    path.chmod(0o640)
    assert "log_key" in start_fails(daemon) or "read" in start_fails(daemon)
    path.chmod(0o600)
    path.write_text(mine.replace(ACCOUNT, "sim-paper-other"))
    assert "another log" in start_fails(daemon)
    path.write_text((daemon.data / "log.key").read_text() + mine.split("\n")[1] + "\n")
    assert "signs already" in start_fails(daemon)


def start_fails(daemon):
    done = run("serve", "--config", daemon.config_path, "--data", daemon.data, "--listen",
               "127.0.0.1:0")
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_a_log_with_two_keys_is_imported(replayed, folder):
    daemon = replayed
    old, new = rotate(daemon)
    daemon.start()
    wait_until(lambda: records_of(daemon, "key"), WAIT, "the key's entry")
    daemon.stop()
    saved = folder / "saved.jsonl"
    shutil.copy(daemon.data / "log.jsonl", saved)
    assert any(b'{"key": {' in line for line in saved.read_bytes().splitlines())
    shutil.rmtree(daemon.data / "pg")
    done = run("log", "import", saved, "--config", daemon.config_path, "--data", daemon.data)
    assert done.returncode == 0, done.stderr
    daemon.start()
    for vkey in (old, new):
        assert opens(daemon, vkey) == len(saved.read_bytes().splitlines())
    for line in saved.read_bytes().splitlines():
        ledger.check_line(line)


def test_a_new_log_cites_the_one_that_was_given_up(replayed, make_daemon, folder):
    note = (replayed.data / "checkpoint").read_text()
    last = folder / "last"
    last.write_text(note)
    config = {**replayed.config, "log_predecessor": str(last)}
    daemon = make_daemon({**config, "account_label": "second"}).start()
    wait_until((daemon.data / "checkpoint").exists, WAIT, "the files, which follow the database")
    genesis = json.loads(daemon.lines("log.jsonl")[0])["genesis"]
    assert genesis["predecessor"] == note and genesis["precommit"] == "async"
    vkey = daemon.api.get("/v1/log/key").text.strip()
    assert failed(judge(daemon.data, vkey)) == set()
    last.write_text(daemon.api.get("/v1/log/checkpoint").text)
    daemon.stop()
    assert "this very log" in start_fails(daemon)
    last.write_text("x")
    assert "no signed checkpoint" in start_fails(daemon)
