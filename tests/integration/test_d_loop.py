# SPDX-License-Identifier: Apache-2.0
"""The loop's states and the commands that change them."""
from datetime import datetime, timezone

import pytest

import ledger
import world
from daemon import wait_until


@pytest.fixture
def slow(make_daemon, folder):
    """A replay that lasts: one candle in about 30 ms, so that every state can be seen."""
    config = world.replay_config(folder, world.BUSY, count=2500, replay_speed=10000)
    return make_daemon(config).start()


def command(daemon, word, body=None):
    return daemon.api.post(f"/v1/loop/{word}", body)


def state_after(daemon, word, body=None):
    reply = command(daemon, word, body)
    assert reply.status == 200, reply
    assert daemon.loop()["state"] in (reply.json["state"], "finished")
    return reply.json["state"]


def test_a_new_daemon_is_stopped(slow):
    loop = slow.loop()
    assert (loop["state"], loop["mode"], loop["cycle_count"]) == ("stopped", "paper", 0)
    assert loop["strategy"] == "busy" and loop["feed"]


def test_start_pause_resume_and_stop(slow):
    assert state_after(slow, "start", {"mode": "paper"}) == "running"
    assert state_after(slow, "pause", {"reason": "lunch"}) == "paused"
    assert slow.loop()["reason"] == "lunch"
    assert state_after(slow, "resume") == "running"
    assert state_after(slow, "stop", {"positions": "keep", "orders": "cancel"}) == "stopped"


def test_every_command_may_be_repeated(slow):
    for word, state in (("start", "running"), ("pause", "paused"), ("resume", "running"),
                        ("stop", "stopped")):
        assert state_after(slow, word) == state
        assert state_after(slow, word) == state, f"{word} again"


def test_commands_that_make_no_sense_are_409_with_a_reason(slow):
    for word in ("pause", "resume"):
        reply = command(slow, word)
        assert (reply.status, reply.json["code"]) == (409, "not_running")
        assert reply.json["detail"]
    state_after(slow, "start")
    state_after(slow, "pause")
    reply = command(slow, "start")
    assert reply.status == 409 and "resume" in reply.json["detail"]


def ids_of_positions(daemon):
    """The open ones, then the closed ones: one that closes in between is among both."""
    return [{row["id"] for row in daemon.api.pages("/v1/positions", status=status, limit=500)}
            for status in ("open", "closed")]


def test_a_paused_loop_opens_nothing_new_and_still_closes(slow):
    state_after(slow, "start")
    opened = slow.api.get("/v1/loop").json["cycle_count"]
    state_after(slow, "pause")
    open_then, closed = ids_of_positions(slow)
    before = open_then | closed
    reached = slow.loop()["cycle_count"]
    assert reached >= opened
    wait_until(lambda: slow.loop()["cycle_count"] >= reached + 60, 120, "60 candles")
    open_now, closed = ids_of_positions(slow)
    assert open_now | closed == before
    assert not open_now, "60 candles are more than any position is held"


def test_stop_can_close_all_positions(slow):
    state_after(slow, "start")
    held = wait_until(lambda: slow.api.get("/v1/positions").json["data"], 60, "a position")
    state_after(slow, "stop", {"positions": "close"})
    assert slow.api.get("/v1/positions").json["data"] == []
    closed = slow.api.get(f"/v1/positions/{held[0]['id']}").json
    assert closed["status"] == "closed"


def test_live_is_409_with_a_clear_reason(slow):
    reply = command(slow, "start", {"mode": "live"})
    assert (reply.status, reply.json["code"]) == (409, "already_running_other_mode")
    assert "paper" in reply.json["detail"]
    assert slow.loop()["state"] == "stopped"


def test_start_without_a_strategy_is_409(make_daemon, folder):
    candles = world.slice_candles(folder / "c.csv", 100)
    daemon = make_daemon(world.base_config(candles=[f"BTC/USDT={candles}"])).start()
    reply = command(daemon, "start")
    assert (reply.status, reply.json["code"]) == (409, "no_strategy")
    assert daemon.anonymous.get("/readyz").status == 200


def test_start_without_a_feed_is_409(make_daemon):
    daemon = make_daemon(world.base_config(strategy=str(world.WINNER))).start()
    reply = command(daemon, "start")
    assert (reply.status, reply.json["code"]) == (409, "no_feed")
    # Nothing can trade without candles, so nothing is active.
    assert daemon.api.get("/v1/strategy").status == 404
    assert daemon.loop()["strategies"] == []


def test_a_finished_loop_stays_finished_when_started(played):
    cycles = played.loop()["cycle_count"]
    reply = command(played, "start")
    assert (reply.status, reply.json["state"]) == (200, "finished")
    assert played.loop()["cycle_count"] == cycles


def test_autostart_starts_what_was_never_commanded(make_daemon, folder):
    config = world.replay_config(folder, world.HOLDER, count=60, loop_autostart=True)
    daemon = make_daemon(config).start()
    daemon.wait_loop("finished")


def test_autostart_does_not_undo_an_operators_stop(make_daemon, folder):
    config = world.replay_config(folder, world.BUSY, count=2500, replay_speed=10000,
                                 loop_autostart=True)
    daemon = make_daemon(config).start()
    daemon.wait_loop("running")
    state_after(daemon, "stop")
    assert daemon.stop() == 0
    daemon.start()
    assert daemon.loop()["state"] == "stopped"


def test_a_paused_loop_is_still_paused_after_a_restart(slow):
    state_after(slow, "start")
    state_after(slow, "pause")
    assert slow.stop() == 0
    assert slow.start().loop()["state"] == "paused"


def test_a_running_loop_runs_again_after_a_kill(slow):
    state_after(slow, "start")
    slow.kill()
    assert slow.start().loop()["state"] in ("running", "finished")


@pytest.mark.parametrize("word,body,pointer", [
    ("start", {"mode": "pretend"}, "/mode"), ("start", {"mode": 1}, "/mode"),
    ("start", {"speed": 2}, "/speed"), ("stop", {"positions": "burn"}, "/positions"),
    ("stop", {"orders": None}, "/orders"), ("pause", {"reason": ""}, "/reason"),
    ("pause", {"reason": "x" * 160}, "/reason"), ("resume", {"pin": "1234"}, "/pin"),
])
def test_a_bad_command_names_the_field(scratch, word, body, pointer):
    reply = command(scratch, word, body)
    assert reply.status == 422
    assert [error["pointer"] for error in reply.json["errors"]] == [pointer]


def deadman(daemon, **body):
    reply = daemon.api.put("/v1/loop/deadman", body)
    assert reply.status == 200, reply
    return reply.json["deadman"]


def lapsed(daemon):
    """The loop once no switch is armed."""
    loop = daemon.loop()
    return loop if loop["deadman"] is None else None


def test_the_dead_man_switch_is_renewed_ended_and_lapses(slow):
    assert slow.loop()["deadman"] is None
    state_after(slow, "start")
    armed = deadman(slow, timeout_s=600, action="flatten")
    assert (armed["timeout_s"], armed["action"]) == (600, "flatten")
    left = datetime.fromisoformat(armed["expires_at"].replace("Z", "+00:00")) - datetime.now(
        timezone.utc)
    assert 0 < left.total_seconds() <= 601
    assert deadman(slow, timeout_s=600, action="flatten")["expires_at"] > armed["expires_at"]
    assert deadman(slow, timeout_s=0) is None and slow.loop()["deadman"] is None
    deadman(slow, timeout_s=1)
    loop = wait_until(lambda: lapsed(slow), 30, "its end")
    assert loop["state"] in ("paused", "finished")
    if loop["state"] == "paused":
        assert loop["reason"] == "dead-man switch: not renewed within 1 s"
    assert "traderd_deadman_lapses_total 1\n" in slow.api.get("/metrics", format="prometheus").text


def test_an_armed_dead_man_switch_outlives_a_kill(make_daemon, folder):
    config = world.replay_config(folder, world.HOLDER, count=20000, replay_speed=1500)
    daemon = make_daemon(config).start()
    state_after(daemon, "start")
    wait_until(lambda: daemon.loop()["open_positions"], 60, "a position")
    deadman(daemon, timeout_s=7, action="flatten")
    daemon.kill()
    daemon.start()  # which begins its time anew
    armed = daemon.loop()["deadman"]
    assert (armed["timeout_s"], armed["action"]) == (7, "flatten")
    wait_until(lambda: daemon.loop()["deadman"] is None, 60, "its end")
    wait_until(lambda: daemon.loop()["open_positions"] == 0, 60, "everything closed")
    assert daemon.loop()["state"] == "paused"

    def said():
        records = [ledger.check_line(line)[0] for line in daemon.lines("log.jsonl")]
        return [record["control"]["action"] for record in records if "control" in record]

    wait_until(lambda: said()[-3:] == ["pause", "close_all", "deadman"], 30, "the log")


@pytest.mark.parametrize("body,pointer", [
    ({}, "/timeout_s"), ({"timeout_s": 601}, "/timeout_s"), ({"timeout_s": -1}, "/timeout_s"),
    ({"timeout_s": "60"}, "/timeout_s"), ({"timeout_s": 60, "action": "stop"}, "/action"),
    ({"timeout_s": 60, "actions": "pause"}, "/actions")])
def test_a_bad_dead_man_switch_names_the_field(scratch, body, pointer):
    reply = scratch.api.put("/v1/loop/deadman", body)
    assert reply.status == 422
    assert [error["pointer"] for error in reply.json["errors"]] == [pointer]


def test_only_a_trader_arms_the_dead_man_switch(scratch):
    assert scratch.as_role("viewer").put("/v1/loop/deadman", {"timeout_s": 60}).status == 403
