# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments, again and again: the trades are those of an undisturbed run."""
import os
import random
import signal
import time

import pytest

import ledger
import world
from daemon import wait_until

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "8"))
SEED = int(os.environ.get("CRASH_SEED", str(random.randrange(1 << 30))))
COUNT = world.LONG
pytestmark = [pytest.mark.crash, pytest.mark.timeout(120 + ROUNDS * 15)]


def config_for(folder):
    """Paced so that the rounds' random moments are spread over the whole replay."""
    seconds = max(3.0, ROUNDS * 0.7)
    return world.replay_config(folder, world.BUSY, count=COUNT,
                               replay_speed=int(COUNT * 300 / seconds))


def whole_lines_verify(daemon):
    """After a crash a file may end in half a line, and in nothing worse."""
    for name in ("trades.jsonl", "log.jsonl"):
        path = daemon.data / name
        if path.exists():
            for line in path.read_bytes().split(b"\n")[:-1]:
                ledger.check_line(line)


def finish_and_compare(daemon, undisturbed):
    daemon.wait_loop("finished", 120)
    assert daemon.stop() == 0
    ledger.assert_same_trading(daemon, undisturbed)


def test_kill_9_of_the_daemon_changes_no_trade(make_daemon, folder, undisturbed):
    dice = random.Random(SEED)
    print(f"CRASH_SEED={SEED} CRASH_ROUNDS={ROUNDS}")
    daemon = make_daemon(config_for(folder)).start()
    daemon.start_loop()
    killed = []
    for _ in range(ROUNDS):
        time.sleep(dice.uniform(0, 0.9))  # the random moment itself, not a synchronisation
        killed.append(daemon.loop()["cycle_count"])
        daemon.kill()
        whole_lines_verify(daemon)
        daemon.start()
        assert daemon.loop()["state"] in ("running", "finished")
    assert killed == sorted(killed)
    assert sum(0 < count < COUNT for count in killed) >= ROUNDS // 2, killed
    finish_and_compare(daemon, undisturbed)


def test_kill_9_while_starting_changes_no_trade(make_daemon, folder, undisturbed):
    dice = random.Random(SEED + 1)
    daemon = make_daemon(config_for(folder)).start()
    daemon.start_loop()
    daemon.kill()
    for _ in range(max(3, ROUNDS // 2)):
        daemon.spawn()
        time.sleep(dice.uniform(0, 0.4))
        daemon.kill()
    daemon.start()
    finish_and_compare(daemon, undisturbed)


def test_kill_9_during_the_very_first_start_leaves_nothing_half_made(make_daemon):
    dice = random.Random(SEED + 2)
    daemon = make_daemon(world.base_config())
    for _ in range(max(4, ROUNDS // 2)):
        daemon.spawn()
        time.sleep(dice.uniform(0, 1.2))
        daemon.kill()
    daemon.start()
    assert daemon.api.get("/v1/whoami").json["role"] == "admin"


def test_kill_9_of_the_postmaster_changes_no_trade(make_daemon, folder, undisturbed):
    dice = random.Random(SEED + 3)
    daemon = make_daemon(config_for(folder)).start()
    daemon.start_loop()
    for _ in range(max(2, ROUNDS // 8)):
        time.sleep(dice.uniform(0.1, 0.8))
        old = daemon.postmaster_pid()
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: daemon.postmaster_pid() not in (old, None), 60, "a new postmaster")
        wait_until(lambda: daemon.anonymous.get("/readyz").status == 200, 60, "/readyz")
    finish_and_compare(daemon, undisturbed)
