# SPDX-License-Identifier: Apache-2.0
"""The world's faults: ports, folders, databases that are away; each said clearly, nothing lost."""
import json
import os
import pathlib
import signal
import socket
import time

import ledger
import pytest
import world
from daemon import START_S, run, wait_until


MIGRATIONS = len(list((pathlib.Path(__file__).parents[2] / "migrations").glob("*.sql")))


def start_fails(daemon, *words, status=1, listen="127.0.0.1:0"):
    """The daemon ends by itself, with the exit status and the words in its output."""
    daemon.spawn(listen)
    assert daemon.process.wait(START_S) == status, daemon.tail()
    daemon.process = None
    text = daemon.log().decode(errors="replace")
    for word in words:
        assert word in text, text[-3000:]


def test_a_port_in_use_is_named(make_daemon):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        start_fails(make_daemon(world.base_config()), port, "in use", listen=f"127.0.0.1:{port}")


def test_a_file_in_place_of_the_data_directory_is_named(make_daemon, folder):
    (folder / "file").write_text("x")
    start_fails(make_daemon(world.base_config(), data=folder / "file"), str(folder / "file"))


def test_a_data_directory_that_cannot_be_written_is_named(make_daemon):
    """/proc takes no new folders, not even from root."""
    start_fails(make_daemon(world.base_config(), data="/proc/traderd"), "/proc/traderd")


def test_a_second_daemon_on_the_same_data_is_refused(make_daemon):
    first = make_daemon(world.base_config()).start()
    start_fails(make_daemon(world.base_config(), data=first.data), str(first.data))
    assert first.api.get("/v1/loop").status == 200
    assert first.anonymous.get("/readyz").status == 200


def test_a_database_that_is_not_there_is_said_at_start(make_daemon, folder):
    url = f"postgresql://nobody@/none?host={folder}"
    start_fails(make_daemon(world.base_config(database_url=url)), str(folder))


def test_the_password_of_the_database_is_in_no_message(make_daemon):
    url = "postgresql://user:hunter2secret@127.0.0.1:1/none"
    daemon = make_daemon(world.base_config(database_url=url))
    start_fails(daemon, "127.0.0.1")
    assert b"hunter2secret" not in daemon.log()


def test_a_changed_old_migration_is_refused(make_daemon, cluster):
    url = cluster.database()
    daemon = make_daemon(world.base_config(database_url=url)).start()
    daemon.stop()
    tables = cluster.sql("SELECT table_name, column_name FROM information_schema.columns "
                         "WHERE data_type = 'bytea' AND table_name LIKE '%migration%'", url)
    table, column = tables.split()[0].split("|")
    cluster.sql(f"UPDATE {table} SET {column} = '\\x00'", url)
    start_fails(daemon, "0001_log")


def test_migrate_status_lists_what_was_applied(make_daemon, cluster, folder):
    url = cluster.database()
    path = world.write_json(folder / "c.json", world.base_config(database_url=url))
    pending = run("migrate", "--status", "--config", path)
    assert pending.returncode == 0 and pending.stdout.count("pending") == MIGRATIONS, pending
    assert run("migrate", "--config", path).returncode == 0
    applied = run("migrate", "--status", "--config", path)
    assert applied.stdout.count("applied") == MIGRATIONS and "0001_log" in applied.stdout


def test_database_url_is_an_alias_in_the_environment(make_daemon, cluster):
    url = cluster.database()
    daemon = make_daemon(world.base_config(), env={"DATABASE_URL": url}).start()
    assert not (daemon.data / "pg").exists()
    assert cluster.sql("SELECT count(*) FROM token", url).strip() == "1"


def finish_and_compare(daemon, undisturbed):
    daemon.wait_loop("finished", 120)
    assert daemon.stop() == 0
    ledger.assert_same_trading(daemon, undisturbed)


def test_postgresql_killed_and_restarted_in_a_replay_loses_nothing(
        make_daemon, folder, own_cluster, undisturbed):
    config = world.replay_config(folder, world.BUSY, count=world.LONG, replay_speed=200000,
                                 database_url=own_cluster.database(), database_timeout_ms=1000)
    daemon = make_daemon(config).start()
    daemon.start_loop()
    for cycle in (150, 450):
        wait_until(lambda: daemon.loop()["cycle_count"] >= cycle, 60, f"cycle {cycle}")
        own_cluster.kill()
        wait_until(lambda: daemon.anonymous.get("/readyz").status == 503, 60, "readyz 503")
        assert daemon.anonymous.get("/livez").status == 200
        assert daemon.api.get("/v1/positions").status == 200, "what is in memory is still served"
        away = daemon.api.get("/v1/trades")
        assert (away.status, away.json["code"]) == (503, "db_unavailable")
        own_cluster.start()
        wait_until(lambda: daemon.anonymous.get("/readyz").status == 200, 60, "readyz 200")
    finish_and_compare(daemon, undisturbed)


def test_stop_and_pause_work_while_the_database_is_away(make_daemon, folder, own_cluster):
    config = world.replay_config(folder, world.BUSY, count=2500, replay_speed=20000,
                                 database_url=own_cluster.database(), database_timeout_ms=1000)
    daemon = make_daemon(config).start()
    daemon.start_loop()
    own_cluster.kill()
    for word in ("pause", "stop"):
        reply = daemon.api.post(f"/v1/loop/{word}", {"reason": "no database"})
        assert reply.status in (200, 202), reply
    assert daemon.loop()["state"] == "stopped"
    own_cluster.start()
    wait_until(lambda: not daemon.loop()["journal_waiting"], 60, "the journal to catch up")
    daemon.kill()
    assert daemon.start().loop()["state"] == "stopped", "the stop was made durable afterwards"


def test_the_private_postmaster_killed_in_a_replay_loses_nothing(make_daemon, folder, undisturbed):
    config = world.replay_config(folder, world.BUSY, count=world.LONG, replay_speed=200000,
                                 database_timeout_ms=1000)
    daemon = make_daemon(config).start()
    daemon.start_loop()
    wait_until(lambda: daemon.loop()["cycle_count"] >= 200, 60, "cycle 200")
    old = daemon.postmaster_pid()
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: daemon.postmaster_pid() not in (old, None), 60, "a new postmaster")
    finish_and_compare(daemon, undisturbed)


def test_the_private_cluster_ends_with_the_daemon(make_daemon):
    daemon = make_daemon(world.base_config()).start()
    postmaster = daemon.postmaster_pid()
    assert daemon.is_own_postmaster(postmaster)
    assert daemon.stop() == 0
    assert not daemon.is_own_postmaster(postmaster)
    daemon.start()
    postmaster = daemon.postmaster_pid()
    daemon.kill()
    wait_until(lambda: not daemon.is_own_postmaster(postmaster), 60, "the cluster's end")


def test_a_data_directory_in_a_closed_folder_still_works(make_daemon, folder):
    """The unprivileged PostgreSQL cannot enter a folder of mode 0700; the daemon finds a way."""
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    daemon = make_daemon(world.base_config(), data=closed / "data").start()
    assert daemon.anonymous.get("/readyz").status == 200


def test_files_that_fell_behind_the_database_are_mended(make_daemon, folder):
    daemon = make_daemon(world.replay_config(folder, world.BUSY, count=200)).start().replay()
    assert daemon.stop() == 0
    whole = {}
    for name, cut in (("trades.jsonl", 700), ("log.jsonl", 5000)):
        path = daemon.data / name
        whole[name] = path.read_bytes()
        path.write_bytes(whole[name][:-cut])
    assert daemon.start().stop() == 0
    for name, content in whole.items():
        assert (daemon.data / name).read_bytes() == content


def test_files_of_another_log_are_refused(make_daemon, folder):
    daemon = make_daemon(world.replay_config(folder, world.BUSY, count=100)).start().replay()
    assert daemon.stop() == 0
    path = daemon.data / "trades.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    record = json.loads(lines[-1])
    record["trade"]["price"] = "1.00"
    path.write_bytes(b"".join(lines[:-1]) + json.dumps(record).encode() + b"\n")
    size = len(daemon.lines("log.jsonl"))
    loop = daemon.start().loop()
    assert loop["state"] == "failed" and "trades.jsonl" in loop["reason"]
    refused = daemon.api.post("/v1/loop/start", {"mode": "paper"})
    assert (refused.status, refused.json["code"]) == (409, "loop_failed")
    assert daemon.stop() == 0
    assert len(daemon.lines("log.jsonl")) == size, "nothing was appended"


def waits_for_standby(cluster, url):
    """Whether a commit does: from then on none gets through."""
    return cluster.sql("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND "
                       "wait_event = 'SyncRep' LIMIT 1", url).strip()


def cancel_waits(cluster, url):
    """Every commit that waits for a standby is told to give up, as an operator may."""
    cluster.sql("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event = 'SyncRep'", url)


def set_standby(cluster, name):
    cluster.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'", "postgres")
    cluster.sql("SELECT pg_reload_conf()", "postgres")


@pytest.mark.parametrize("cancels", [True, False], ids=["cancelled", "timed out"])
def test_a_commit_without_its_synchronous_standby_is_not_durable(
        make_daemon, folder, own_cluster, undisturbed, cancels):
    url = own_cluster.database()
    config = world.replay_config(folder, world.BUSY, count=world.LONG, replay_speed=40000,
                                 database_url=url, database_timeout_ms=1000)
    daemon = make_daemon(config).start()
    daemon.start_loop()
    wait_until(lambda: daemon.loop()["cycle_count"] >= 50, 60, "cycle 50")
    set_standby(own_cluster, "nobody")
    wait_until(lambda: waits_for_standby(own_cluster, url), 60, "a commit that waits")
    wait_until(lambda: daemon.loop()["journal_waiting"], 60, "a commit that is not durable")
    size = daemon.api.get("/v1/account").json["log_size"]
    wait_until(lambda: len(daemon.lines("log.jsonl")) == size, 30, "the lines of what is durable")
    before = daemon.loop()["cycle_count"], size
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if cancels:
            cancel_waits(own_cluster, url)
        time.sleep(0.1)
    assert (daemon.loop()["cycle_count"], len(daemon.lines("log.jsonl"))) == before, \
        "nothing goes on, and nothing is published, on what the standby may not have"
    assert daemon.loop()["journal_waiting"]
    set_standby(own_cluster, "")
    finish_and_compare(daemon, undisturbed)
