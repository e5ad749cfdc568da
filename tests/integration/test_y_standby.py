# SPDX-License-Identifier: Apache-2.0
"""One active daemon an account: the second stands by, takes over, and nothing is traded twice."""
import os
import re
import shutil
import signal

import ledger
import pytest
import world
from client import Client
from daemon import wait_until

LEASE_S = 3
LONG_LEASE_S = 60  # so that nobody takes over


@pytest.fixture(name="pair")
def fixture_pair(request, make_daemon, folder, cluster):
    """Two daemons of one account with the same log key; the first trades, the second waits."""
    url = cluster.database()
    config = world.replay_config(folder, world.BUSY, count=world.LONG, replay_speed=200000,
                                 database_url=url, lease_s=getattr(request, "param", LEASE_S))
    first = make_daemon(config).start()
    second = make_daemon(config)
    second.data.mkdir()
    shutil.copy(first.data / "log.key", second.data / "log.key")
    second.spawn()
    second.port = wait_until(second.find_port, 30, "the port of the standby")
    first.start_loop()
    return first, second, cluster, url


def is_ready(daemon):
    try:
        return Client(daemon.port).get("/readyz").status == 200
    except OSError:
        return False


def passes(daemon, cycles):
    return lambda: daemon.loop()["cycle_count"] >= cycles


def assert_one_log(cluster, url):
    count, size = cluster.sql("SELECT count(*), max(idx) + 1 FROM log_entry", url).split("|")
    assert int(count) == int(size), "the log has no gap and no fork"


def finishes_as_undisturbed(daemon, undisturbed):
    daemon.wait_loop("finished", 120)
    assert daemon.stop() == 0
    ledger.assert_same_trading(daemon, undisturbed)


@pytest.mark.parametrize("pair", [LONG_LEASE_S], indirect=True)
def test_the_standby_answers_probes_and_says_who_trades(pair):
    first, second, _, _ = pair
    assert second.anonymous.get("/livez").status == 200
    assert second.anonymous.get("/readyz").status == 503
    health = second.anonymous.get("/healthz").json
    assert health["loop_state"] == "stopped"
    assert {"name": "lease", "status": "degraded", "critical": False} in health["checks"]
    refused = second.anonymous.get("/v1/loop")
    assert (refused.status, refused.json["code"]) == (503, "standby")
    assert str(first.process.pid) in refused.json["detail"]
    assert int(refused.headers["Retry-After"]) >= 1
    assert "traderd_leader 0" in second.anonymous.get("/metrics", {"Accept": "text/plain"}).text
    assert "traderd_leader 1" in first.anonymous.get("/metrics", {"Accept": "text/plain"}).text
    assert second.stop() == 0, "a standby ends as asked"


def test_a_clean_stop_hands_over_at_once(pair, undisturbed):
    first, second, cluster, url = pair
    wait_until(passes(first, 200), 60, "cycle 200")
    assert first.stop() == 0
    wait_until(lambda: is_ready(second), 30, "the takeover")
    assert_one_log(cluster, url)
    finishes_as_undisturbed(second, undisturbed)


def test_a_killed_daemon_is_followed_when_its_lease_ends(pair, undisturbed):
    first, second, cluster, url = pair
    wait_until(passes(first, 200), 60, "cycle 200")
    first.kill()
    wait_until(lambda: is_ready(second), 40, "the takeover")
    assert_one_log(cluster, url)
    finishes_as_undisturbed(second, undisturbed)


@pytest.mark.parametrize("pair", [LONG_LEASE_S], indirect=True)
def test_a_killed_daemon_that_comes_back_need_not_wait(pair):
    first, second, _, _ = pair
    first.kill()
    first.start()
    assert not is_ready(second)
    assert first.loop()["state"] in ("running", "finished")


def test_a_daemon_that_was_paused_finds_itself_followed_and_stands_by(pair, undisturbed):
    first, second, cluster, url = pair
    wait_until(passes(first, 200), 60, "cycle 200")
    os.kill(first.process.pid, signal.SIGSTOP)
    wait_until(lambda: is_ready(second), 40, "the takeover")
    wait_until(passes(second, 260), 60, "the successor trades")
    os.kill(first.process.pid, signal.SIGCONT)
    first.port = wait_until(lambda: port_of_standby(first), 40, "the old one to stand by")
    assert first.anonymous.get("/v1/loop").json["code"] == "standby"
    assert_one_log(cluster, url)
    second.kill()
    wait_until(lambda: is_ready(first), 40, "the first to have it back")
    assert_one_log(cluster, url)
    finishes_as_undisturbed(first, undisturbed)


def port_of_standby(daemon):
    """Where it answers probes; None while it has not said so."""
    told = re.findall(rb"stands by: http://[^\n]*:(\d+)\n", daemon.log())
    return int(told[-1]) if told else None


def test_without_standby_the_second_ends_with_a_reason(make_daemon, cluster):
    url = cluster.database()
    first = make_daemon(world.base_config(database_url=url)).start()
    second = make_daemon(world.base_config(database_url=url, standby=False)).spawn()
    assert second.process.wait(30) != 0
    assert str(first.process.pid).encode() in second.log()
    assert b"another traderd" in second.log()
