# SPDX-License-Identifier: Apache-2.0
"""What comes from outside: values that rules read, and signals, each carried out once."""
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest

import world
from daemon import wait_until

SPEED = 6000
MOODY = {
    **world.HOLDER, "name": "moody", "ext": {"mood": {"max_age_s": 3600}},
    "entry": {"condition": "ext.mood > 0.5", "direction": "long", "confidence": 0.9},
    "exit": {"condition": "false", "max_candles": 1},
}


def put(daemon, name, value, **body):
    return daemon.api.put(f"/v1/features/{name}", {"value": value, **body})


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


# ---- Values ----

@pytest.fixture(scope="module")
def told(scratch):
    return scratch.replay()


def test_a_value_is_kept_and_the_newest_one_wins(told):
    now = told.loop()["as_of"]
    first = put(told, "mood", 0.25)
    assert first.status in (200, 202)
    assert first.json == {"name": "mood", "symbol": None, "value": 0.25, "at": now}
    assert put(told, "mood", 0.25, at=now).status == 200
    stale = put(told, "mood", 0.5, at="2021-09-02T00:00:00Z")
    assert (stale.status, stale.json["code"]) == (409, "stale_value")
    assert put(told, "mood", -1e-7, symbol="BTC/USDT").json["symbol"] == "BTC/USDT"
    page = told.api.get("/v1/features")
    assert [(v["symbol"], v["value"]) for v in page.json["data"]] == [
        (None, 0.25), ("BTC/USDT", -1e-7)]
    assert [v["value"] for v in told.api.get("/v1/features", symbol="BTC/USDT").json["data"]] == [
        -1e-7]
    assert told.api.get("/v1/features", name="nobody").json["data"] == []
    tag = page.headers["ETag"]
    assert told.api.get("/v1/features", headers={"If-None-Match": tag}).status == 304
    text = told.api.get("/metrics", format="openmetrics").text
    assert 'traderd_ext_value_age_seconds{name="mood",symbol=""} 0' in text


def test_a_value_is_forgotten(told):
    put(told, "gone", 1)
    put(told, "gone", 2, symbol="BTC/USDT")
    assert told.api.delete("/v1/features/gone", symbol="BTC/USDT").status in (202, 204)
    assert [v["value"] for v in told.api.get("/v1/features", name="gone").json["data"]] == [1]
    assert told.api.delete("/v1/features/gone").status in (202, 204)
    assert told.api.get("/v1/features", name="gone").json["data"] == []
    again = told.api.delete("/v1/features/gone")
    assert (again.status, again.json["code"]) == (404, "not_found")


@pytest.mark.parametrize("name,body,pointer", [
    ("mood", {"value": "1"}, "/value"), ("mood", {"value": None}, "/value"), ("mood", {}, "/value"),
    ("mood", {"value": True}, "/value"), ("mood", {"value": 1, "at": "yesterday"}, "/at"),
    ("mood", {"value": 1, "at": "2099-01-01T00:00:00Z"}, "/at"),
    ("mood", {"value": 1, "symbol": "BTC/USDX"}, "/symbol"),
    ("mood", {"value": 1e200}, "/value"),
    ("mood", {"value": 1, "unit": "x"}, "/unit"),
    ("and", {"value": 1}, None), ("a-b", {"value": 1}, None), ("x" * 64, {"value": 1}, None),
], ids=repr)
def test_a_value_that_cannot_be_used_is_422(told, name, body, pointer):
    reply = told.api.put(f"/v1/features/{name}", body)
    assert reply.status == 422, reply
    error = reply.json["errors"][0]
    assert error.get("pointer") == pointer or error.get("parameter") == "name"


def test_a_number_that_is_none_is_400(told):
    for body in (b'{"value": NaN}', b'{"value": 1e999}', b'{"value": Infinity}'):
        assert told.api.request("PUT", "/v1/features/mood", body).status == 400, body


def test_rules_read_values_until_they_are_too_old(make_daemon, folder):
    daemon = make_daemon(world.replay_config(folder, MOODY, count=300)).start()
    begins = daemon.loop()["as_of"]
    assert put(daemon, "mood", 0.9, at=begins).status in (200, 202)
    daemon.replay()
    entries = [s for s in daemon.api.pages("/v1/signals", strategy="moody")
               if s["action"] == "entry" and s["decision"] == "accepted"]
    ages = [instant(s["at"]) - instant(begins) for s in entries]
    assert entries and max(ages) <= timedelta(seconds=3600)
    # It is durable: a restart knows it.
    daemon.kill()
    daemon.start()
    assert daemon.api.get("/v1/features").json["data"] == [
        {"name": "mood", "symbol": None, "value": 0.9, "at": begins}]


# ---- Signals ----

ENTRY = {"strategy": "desk", "symbol": "BTC/USDT", "action": "entry", "direction": "long",
         "notional": "500", "stop_loss_pct": 0.3, "take_profit_pct": 0.4, "reason": "seen by hand"}
EXIT = {"strategy": "desk", "symbol": "BTC/USDT", "action": "exit"}


def signal(daemon, body, key=None):
    return daemon.api.post("/v1/signals", body,
                           headers={"Idempotency-Key": key or str(uuid.uuid4())})


@pytest.fixture
def desk(make_daemon, folder):
    """A loop at twenty candles a second that trades nothing but what it is told."""
    config = world.replay_config(folder, world.HOLDER, count=20000, replay_speed=SPEED,
                                 outside_signals=True)
    del config["strategy"]
    daemon = make_daemon(config).start()
    daemon.start_loop()
    wait_until(lambda: daemon.loop()["cycle_count"] > 3, 60, "some candles")
    return daemon


def positions(daemon):
    return daemon.api.get("/v1/positions").json["data"]


def signals(daemon, **filters):
    return list(daemon.api.pages("/v1/signals", **filters))


def test_a_signal_opens_protects_and_closes(desk):
    judged = signal(desk, {**ENTRY, "validate_only": True})
    assert judged.status == 200 and judged.json["signal"]["decision"] == "accepted"
    assert signals(desk) == [] and desk.loop()["strategies"] == []
    made = signal(desk, ENTRY)
    assert made.status in (201, 202), made
    told, order = made.json["signal"], made.json["order"]
    assert (told["decision"], told["denials"], told["trigger"]) == ("accepted", [], "seen by hand")
    assert order["purpose"] == "entry" and order["signal_id"] == told["id"]
    assert float(order["attached_stop"]) < float(told["price"]) < float(order["attached_target"])
    wait_until(lambda: positions(desk), 60, "the position")
    held = positions(desk)[0]
    assert (held["strategy"], held["stop_loss"]) == ("desk", order["attached_stop"])
    assert held["take_profit"] == order["attached_target"]
    assert made.headers["Location"] == f"/v1/signals/{told['id']}"
    assert desk.api.get(made.headers["Location"]).json == told
    slot = desk.loop()["strategies"][0]
    assert slot["is_outside"] and slot["name"] == "desk" and slot["id"] == told["strategy_id"]
    # A second entry is denied, with the reason.
    denied = signal(desk, ENTRY).json["signal"]
    assert denied["decision"] == "denied" and "position_open" in denied["denials"]
    gone = signal(desk, EXIT)
    assert gone.json["signal"]["decision"] == "accepted"
    wait_until(lambda: not positions(desk), 60, "the end of the position")
    assert desk.api.get(f"/v1/positions/{held['id']}").json["exit_reason"] == "signal_exit"
    assert signal(desk, EXIT).json["signal"]["denials"] == ["no_position"]
    assert desk.api.get("/v1/signals/999999999").status == 404


def test_a_signal_is_carried_out_once(desk):
    key = str(uuid.uuid4())
    with ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(lambda _: signal(desk, ENTRY, key), range(32)))
    made = [r for r in replies if r.status in (201, 202)]
    assert made and {r.status for r in replies} <= {201, 202, 409}
    assert len({r.body for r in made}) == 1
    assert sum("Idempotent-Replayed" not in r.headers for r in made) == 1
    assert {r.json["code"] for r in replies if r.status == 409} <= {"idempotency_in_progress"}
    assert len(signals(desk, strategy="desk")) == 1
    again = signal(desk, ENTRY, key)
    assert again.headers["Idempotent-Replayed"] == "true" and again.body == made[0].body
    assert again.headers["Location"] == made[0].headers["Location"]
    other = signal(desk, {**ENTRY, "notional": "501"}, key)
    assert (other.status, other.json["code"]) == (422, "idempotency_mismatch")
    none = desk.api.post("/v1/signals", ENTRY)
    assert (none.status, none.json["code"]) == (400, "idempotency_key_invalid")
    # What was told is there after a kill, and the key still answers.
    wait_until(lambda: positions(desk), 60, "the position")
    desk.kill()
    desk.start()
    assert len(signals(desk, strategy="desk")) == 1
    assert signal(desk, ENTRY, key).body == made[0].body
    assert positions(desk)[0]["strategy"] == "desk"


def test_a_signal_that_comes_too_late_is_denied(desk):
    past = (datetime.now(timezone.utc) - timedelta(seconds=5)).isoformat()
    late = signal(desk, {**ENTRY, "expires_at": past})
    assert late.json["signal"]["denials"] == ["signal_expired"] and late.json["order"] is None
    in_time = signal(desk, {**ENTRY, "max_age_ms": 60000})
    assert in_time.json["signal"]["decision"] == "accepted"


def test_names_of_artifacts_and_sources_are_kept_apart(desk):
    name = desk.api.post("/v1/strategies", world.keeper()).json["id"]
    assert desk.api.post(f"/v1/strategies/{name}/activate", {}).status in (200, 202)
    taken = signal(desk, {**ENTRY, "strategy": "keeper"})
    assert (taken.status, taken.json["code"]) == (409, "name_taken")
    assert signal(desk, ENTRY).status in (201, 202)
    twin = desk.api.post("/v1/strategies", world.keeper(name="desk")).json["id"]
    taken = desk.api.post(f"/v1/strategies/{twin}/activate", {})
    assert (taken.status, taken.json["code"]) == (409, "name_taken")


def test_a_source_is_ended_by_its_id_and_may_come_again(desk):
    source = signal(desk, ENTRY).json["signal"]["strategy_id"]
    wait_until(lambda: positions(desk), 60, "the position")
    shown = desk.api.get(f"/v1/strategies/{source}").json
    assert (shown["name"], shown["is_outside"], shown["status"]) == ("desk", True, "active")
    assert shown["summary"] is None and shown["slot"]["id"] == source
    assert desk.api.get("/v1/strategies").json["data"] == []
    for what in ("activate", "check"):
        reply = desk.api.post(f"/v1/strategies/{source}/{what}", {})
        assert (reply.status, reply.json["code"]) == (409, "name_taken")
    assert desk.api.delete(f"/v1/strategies/{source}").json["code"] == "strategy_active"
    ended = desk.api.post(f"/v1/strategies/{source}/deactivate", {"close_positions": True})
    assert ended.status in (200, 202)
    wait_until(lambda: desk.loop()["strategies"] == [], 60, "the end of the source")
    assert positions(desk) == []
    assert signal(desk, ENTRY).json["signal"]["decision"] == "accepted"


def test_a_loop_that_does_not_run_takes_no_signals(told):
    reply = signal(told, ENTRY, "not-running")
    assert (reply.status, reply.json["code"]) == (409, "not_running")
    # Nothing was done, so the key is not used up.
    reply = signal(told, {**ENTRY, "notional": "400"}, "not-running")
    assert (reply.status, reply.json["code"]) == (409, "not_running")


@pytest.mark.parametrize("change,pointer", [
    ({"strategy": None}, "/strategy"), ({"strategy": "a/b"}, "/strategy"),
    ({"symbol": "BTC/USDX"}, "/symbol"), ({"action": "buy"}, "/action"),
    ({"direction": "up"}, "/direction"), ({"confidence": 1.5}, "/confidence"),
    ({"stop_loss_pct": 2}, "/stop_loss_pct"), ({"take_profit_pct": "0"}, "/take_profit_pct"),
    ({"stop_loss": "100"}, "/stop_loss_pct"), ({"take_profit": "1"}, "/take_profit_pct"),
    ({"size": "1"}, "/sizing"), ({"sizing": {"type": "equity_pct", "value": 0.1}}, "/sizing"),
    ({"notional": None, "sizing": {"type": "vol_target", "value": 0.1}}, "/sizing/type"),
    ({"notional": None, "sizing": {"type": "risk_pct", "value": 2}}, "/sizing/value"),
    ({"notional": None, "sizing": {"type": "risk_pct"}}, "/sizing/value"),
    ({"notional": None, "sizing": 5}, "/sizing"),
    ({"notional": 5}, "/notional"), ({"max_age_ms": 0}, "/max_age_ms"),
    ({"max_age_ms": 5, "expires_at": "2030-01-01T00:00:00Z"}, "/max_age_ms"),
    ({"action": "exit"}, "/action"), ({"leverage": 3}, "/leverage"),
], ids=repr)
def test_a_signal_with_a_mistake_is_422(told, change, pointer):
    body = {**ENTRY, **change}
    reply = signal(told, {k: v for k, v in body.items() if v is not None})
    assert reply.status == 422, reply
    assert pointer in [error["pointer"] for error in reply.json["errors"]], reply


def test_an_entry_needs_a_direction(told):
    reply = signal(told, {k: v for k, v in ENTRY.items() if k != "direction"})
    assert [e["pointer"] for e in reply.json["errors"]] == ["/direction"]
