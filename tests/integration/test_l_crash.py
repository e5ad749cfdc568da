# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments, again and again: the trades are those of an undisturbed run."""
import http.client
import os
import random
import signal
import threading
import time

import pytest

import ledger
import world
from daemon import wait_until

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "8"))
SEED = int(os.environ.get("CRASH_SEED", str(random.randrange(1 << 30))))
COUNT = world.LONG
pytestmark = [pytest.mark.crash, pytest.mark.timeout(240 + ROUNDS * 15)]


def config_for(folder, strategy=world.BUSY):
    """Paced so that the rounds' random moments are spread over the whole replay."""
    seconds = max(3.0, ROUNDS * 0.7)
    return world.replay_config(folder, strategy, count=COUNT,
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


def hurry(daemon):
    """Plays the rest as fast as it goes, from the next start on."""
    daemon.configure({**daemon.config, "replay_speed": 0})


def stretch(daemon, rounds, round_s):
    """From the next start on what is left lasts as long as the rounds that are left.

    On a slow machine each takes longer, and their kills are to be in the middle of a replay.
    """
    left_s = (COUNT - daemon.loop()["cycle_count"]) * world.CANDLE_MS / 1000
    if rounds > 0:
        daemon.configure({**daemon.config,
                          "replay_speed": max(1, int(left_s / (rounds * round_s)))})
    else:
        hurry(daemon)


def start_trading(daemon):
    """Past the warm-up, where nothing happens that a restart would not just play again."""
    daemon.start().start_loop()
    wait_until(lambda: daemon.loop()["cycle_count"] > 100, 60, "cycle 100")


def test_kill_9_of_the_daemon_changes_no_trade(make_daemon, folder, undisturbed):
    dice = random.Random(SEED)
    print(f"CRASH_SEED={SEED} CRASH_ROUNDS={ROUNDS}")
    daemon = make_daemon(config_for(folder))
    start_trading(daemon)
    sizes, begun = [], time.monotonic()
    for number in range(ROUNDS):
        time.sleep(dice.uniform(0, 0.9))  # the random moment itself, not a synchronisation
        if number > 0:
            stretch(daemon, ROUNDS - number - 1, (time.monotonic() - begun) / number)
        seen = daemon.api.get("/v1/account").json["log_size"]
        daemon.kill()
        whole_lines_verify(daemon)
        daemon.start()
        sizes += [seen, daemon.api.get("/v1/account").json["log_size"]]
        assert daemon.loop()["state"] in ("running", "finished")
    assert sizes == sorted(sizes), "what was served as logged is there after the kill"
    in_the_middle = sum(size < len(undisturbed["log.jsonl"]) for size in sizes[::2])
    assert in_the_middle >= ROUNDS // 2, sizes
    finish_and_compare(daemon, undisturbed)


def test_kill_9_between_a_raised_stop_and_an_exit_changes_no_entry(make_daemon, folder):
    """Many orders of this strategy are canceled before they were sent, and the log says so."""
    dice = random.Random(SEED + 4)
    whole = make_daemon(world.replay_config(folder, world.RATCHET, count=COUNT)).start().replay()
    assert whole.stop() == 0
    wanted = {name: whole.lines(name) for name in ("trades.jsonl", "log.jsonl")}
    assert sum(b'"never sent"' in line for line in wanted["log.jsonl"]) > 100
    daemon = make_daemon(config_for(folder, world.RATCHET))
    start_trading(daemon)
    for number in range(ROUNDS):
        time.sleep(dice.uniform(0, 0.3))  # the random moment itself
        daemon.kill()
        if number == ROUNDS - 1:
            hurry(daemon)
        daemon.start()
    finish_and_compare(daemon, wanted)


def test_kill_9_while_starting_changes_no_trade(make_daemon, folder, undisturbed):
    dice = random.Random(SEED + 1)
    daemon = make_daemon(config_for(folder))
    start_trading(daemon)
    daemon.kill()
    for _ in range(max(3, ROUNDS // 2)):
        daemon.spawn()
        time.sleep(dice.uniform(0, 0.4))
        daemon.kill()
    hurry(daemon)
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
    daemon = make_daemon(config_for(folder))
    start_trading(daemon)
    for _ in range(max(2, ROUNDS // 8)):
        time.sleep(dice.uniform(0.1, 0.8))
        old = daemon.postmaster_pid()
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: daemon.postmaster_pid() not in (old, None), 60, "a new postmaster")
        wait_until(lambda: daemon.anonymous.get("/readyz").status == 200, 60, "/readyz")
    finish_and_compare(daemon, undisturbed)


class Operator:
    """Changes what trades, tells values and sends signals, and remembers what was acknowledged."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.number = 0
        self.kept = []  # ids of documents
        self.version = self.value = None  # acknowledged
        self.wanted_version = self.wanted_value = None  # asked for
        self.signals = {}  # key -> answer

    def change(self):
        api = self.daemon.api
        self.number += 1
        name = api.post("/v1/strategies", world.keeper(candles=1000 + self.number)).json["id"]
        self.kept.append(name)
        self.wanted_version = name
        if api.post(f"/v1/strategies/{name}/activate", {"effective": "now"}).status == 200:
            self.version = name
        self.wanted_value = self.number
        if api.put("/v1/features/mood", {"value": self.number}).status == 200:
            self.value = self.number
        key = f"signal-{self.number}"
        wish = {"strategy": "desk", "symbol": "BTC/USDT", "stop_loss_pct": 0.3,
                "action": "entry", "direction": "long", "notional": "100"}
        if self.number % 2 == 0:
            wish = {"strategy": "desk", "symbol": "BTC/USDT", "action": "exit"}
        reply = api.post("/v1/signals", wish, headers={"Idempotency-Key": key})
        if reply.status == 201:
            self.signals[key] = (wish, reply.body, reply.json["signal"]["id"])

    def work(self):
        """Until the daemon is gone."""
        try:
            while True:
                self.change()
        except (OSError, http.client.HTTPException):
            pass

    def check(self):
        api = self.daemon.api
        known = {row["id"] for row in api.pages("/v1/strategies", limit=500)}
        assert set(self.kept) <= known
        slots = {slot["name"]: slot["id"] for slot in self.daemon.loop()["strategies"]}
        assert slots["keeper"] in (self.version, self.wanted_version)
        values = [v["value"] for v in api.get("/v1/features").json["data"]]
        assert values in ([self.value], [self.wanted_value])
        self.version, self.value = slots["keeper"], values[0]
        ids = [row["id"] for row in api.pages("/v1/signals", strategy="desk", limit=500)]
        assert len(ids) == len(set(ids)) and len(ids) <= self.number
        for wish, body, number in list(self.signals.values())[-3:]:
            assert number in ids
        key, (wish, body, number) = list(self.signals.items())[-1]
        again = api.post("/v1/signals", wish, headers={"Idempotency-Key": key})
        assert again.headers["Idempotent-Replayed"] == "true" and again.body == body
        history = [int(row["id"]) for row in api.pages("/v1/strategy_activations", limit=500)]
        assert history == list(range(len(history), 0, -1))


def test_what_was_acknowledged_is_there_after_kill_9(make_daemon, folder):
    dice = random.Random(SEED + 5)
    config = world.replay_config(folder, world.keeper(), count=20000, replay_speed=6000)
    daemon = make_daemon(config).start()
    daemon.start_loop()
    wait_until(lambda: daemon.loop()["cycle_count"] > 3, 60, "some candles")
    operator = Operator(daemon)
    operator.change()
    operator.change()
    for _ in range(ROUNDS):
        worker = threading.Thread(target=operator.work)
        worker.start()
        time.sleep(dice.uniform(0, 0.6))  # the random moment itself
        daemon.kill()
        worker.join(60)
        daemon.start()
        operator.check()
    assert operator.signals and operator.number > ROUNDS
    whole_lines_verify(daemon)
