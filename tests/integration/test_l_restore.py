# SPDX-License-Identifier: Apache-2.0
"""The killer of logs: a database restored from an older backup is not appended to, until what was
published since is imported; and kill -9 leaves a tree without gaps."""
import random
import shutil
import time

import pytest

import ledger
import tlog
import world
from daemon import START_S, run, wait_until
from test_l_crash import COUNT, ROUNDS, SEED, config_for, hurry, start_trading

pytestmark = [pytest.mark.crash, pytest.mark.timeout(270 + ROUNDS * 15)]


def check_tree(daemon):
    """Lines, checkpoints and the signed root agree; returns the canonical entries."""
    api = daemon.api
    key = tlog.Key(api.get("/v1/log/key").text.strip())
    size, root = tlog.open_note(api.get("/v1/log/checkpoint").body, key)
    entries = []
    for n in range(0, size, 256):
        width = f".p/{size - n}" if size - n < 256 else ""
        entries += tlog.bundle(api.get(f"/v1/log/tile/entries/{tlog.path_of(n // 256)}{width}").body)
    roots = list(tlog.roots(map(tlog.leaf, entries)))
    assert len(entries) == size and roots[-1] == root
    start = 0
    while start is not None:
        page = api.get("/v1/log/checkpoints", from_=start).json
        for note in page["data"]:
            if note["tree_size"] <= size:
                assert tlog.base64.b64decode(note["root_hash"]) == roots[note["tree_size"] - 1]
        start = page["next_from"]
    return entries


def test_kill_9_leaves_a_gapless_tree(make_daemon, folder):
    dice = random.Random(SEED + 9)
    daemon = make_daemon(config_for(folder))
    start_trading(daemon)
    before, rounds = [], max(2, ROUNDS // 2)
    for number in range(rounds):
        time.sleep(dice.uniform(0, 0.9))  # the random moment itself, not a synchronisation
        daemon.kill()
        if number == rounds - 1:
            hurry(daemon)
        daemon.start()
        entries = check_tree(daemon)
        assert entries[:len(before)] == before, "what was signed once stays"
        before = entries
    daemon.wait_loop("finished", 120)
    entries = check_tree(daemon)
    assert entries[:len(before)] == before
    assert daemon.stop() == 0
    assert [ledger.check_line(line)[1] for line in daemon.lines("log.jsonl")] == entries


def start_failed(daemon):
    """Starts, cannot append; returns the reason."""
    daemon.spawn()
    daemon.port = wait_until(daemon.find_port, START_S, "the port in the daemon's output")
    loop = daemon.loop()
    assert loop["state"] == "failed", loop
    return loop["reason"]


def interrupted(make_daemon, folder, **changes):
    """A daemon that was stopped in the middle, and a copy of its database."""
    config = config_for(folder)
    config.update({"replay_speed": 40000, **changes})
    daemon = make_daemon(config)
    start_trading(daemon)
    assert daemon.stop() == 0
    hurry(daemon)
    backup = daemon.folder / "backup"
    shutil.copytree(daemon.data / "pg", backup, symlinks=True)
    copy_owners(daemon.data / "pg", backup)
    return daemon, backup


def copy_owners(source, target):
    for path in [source, *source.rglob("*")]:
        about = path.lstat()
        shutil.os.chown(target / path.relative_to(source), about.st_uid, about.st_gid,
                        follow_symlinks=False)


def restore(daemon, backup):
    shutil.rmtree(daemon.data / "pg")
    shutil.move(backup, daemon.data / "pg")


def import_log(daemon, path):
    return run("log", "import", path, "--config", daemon.config_path, "--data", daemon.data)


def test_an_older_database_refuses_until_the_log_is_imported(make_daemon, folder):
    daemon, backup = interrupted(make_daemon, folder)
    daemon.start()
    daemon.wait_loop("finished", 120)
    published = check_tree(daemon)
    note = daemon.api.get("/v1/log/checkpoint").body
    assert daemon.stop() == 0
    lines = daemon.lines("log.jsonl")
    restore(daemon, backup)

    reason = start_failed(daemon)
    assert f"{len(published)} were published: import log.jsonl (traderd log import FILE)" in reason
    assert daemon.api.post("/v1/loop/start", {"mode": "paper"}).json["code"] == "loop_failed"
    kept = daemon.api.get("/v1/account").json["log_size"]
    for action in ("pause", "stop"):
        daemon.api.post(f"/v1/loop/{action}", {})
    assert kept < len(published) and "were published" in daemon.loop()["reason"]
    assert daemon.api.get("/v1/account").json["log_size"] == kept, "what cannot be stored is no entry"
    assert daemon.api.get("/v1/trades", limit=1).json["data"], "everything can still be read"
    assert daemon.stop() == 0
    assert daemon.lines("log.jsonl") == lines, "nothing was appended"

    done = import_log(daemon, daemon.data / "log.jsonl")
    assert done.returncode == 0, done.stderr
    assert f"{kept} entries were there, {len(published) - kept} were imported" in done.stdout
    daemon.start()
    daemon.wait_loop("finished", 120)
    assert check_tree(daemon) == published
    assert daemon.api.get("/v1/log/checkpoint").body == note, "the same bytes, signature and all"
    assert daemon.stop() == 0
    assert daemon.lines("log.jsonl") == lines


def test_what_is_imported_must_fit(make_daemon, folder):
    daemon, backup = interrupted(make_daemon, folder)
    daemon.start()
    daemon.wait_loop("finished", 120)
    assert daemon.stop() == 0
    restore(daemon, backup)
    lines = (daemon.data / "log.jsonl").read_bytes().splitlines(keepends=True)
    middle = len(lines) - 3
    bad = {
        "cut": (lines[:-2], "were published"),
        "changed": ([*lines[:middle], lines[middle].replace(b"1", b"2", 1), *lines[middle + 1:]],
                    "does not fit its proof"),
        "dropped": ([*lines[:middle], *lines[middle + 1:]], "published"),
        "swapped": ([lines[0], lines[2], lines[1], *lines[3:]], "not those of the database"),
        "no_log": ([b"{}\n"], "does not fit its proof"),
    }
    for name, (content, reason) in bad.items():
        path = daemon.folder / f"{name}.jsonl"
        path.write_bytes(b"".join(content))
        done = import_log(daemon, path)
        assert done.returncode == 1 and reason in done.stderr, (name, done.stderr)
    assert "were published" in start_failed(daemon)
    assert daemon.stop() == 0


def test_another_key_is_refused(make_daemon, folder):
    daemon = make_daemon(world.replay_config(folder, world.BUSY, count=400)).start().replay()
    assert daemon.stop() == 0
    key = daemon.data / "log.key"
    old = key.read_text()
    key.write_text("11" * 32 + "\n")
    assert "another log.key" in start_failed(daemon)
    assert daemon.stop() == 0
    key.write_text(old)
    daemon.start()
    check_tree(daemon)
    assert daemon.stop() == 0
    key.unlink()
    assert import_log(daemon, daemon.data / "log.jsonl").returncode == 1
    assert not key.exists(), "a key made now could not have begun the log"


def test_a_torn_line_and_missing_lines_are_mended(make_daemon, folder):
    daemon = make_daemon(world.replay_config(folder, world.BUSY, count=COUNT)).start().replay()
    assert daemon.stop() == 0
    whole = {name: (daemon.data / name).read_bytes() for name in ("log.jsonl", "trades.jsonl")}
    for name, content in whole.items():
        (daemon.data / name).write_bytes(content[:len(content) * 2 // 3])
    daemon.start()
    check_tree(daemon)
    assert daemon.stop() == 0
    assert {name: (daemon.data / name).read_bytes() for name in whole} == whole
