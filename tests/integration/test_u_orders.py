# SPDX-License-Identifier: Apache-2.0
"""Orders by hand: placed, judged, replaced, canceled and closed through the API, on paper."""
import subprocess
import sys
import uuid
from datetime import datetime, timedelta
from decimal import Decimal

import conftest
import pytest

import world
from contract import ROOT
from daemon import run, wait_until

SPEED = 1500
SYMBOL = "BTC/USDT"


def config(folder, **changes):
    made = world.replay_config(folder, world.HOLDER, count=20000, replay_speed=SPEED,
                               **{"manual_orders": True, **changes})
    del made["strategy"]
    return made


@pytest.fixture(name="busy", scope="module")
def fixture_busy(session_folder):
    """A loop at five candles a second that trades nothing but what it is told."""
    folder = session_folder / "orders"
    folder.mkdir()
    for daemon in conftest.shared(config(folder)):
        daemon.start_loop()
        wait_until(lambda: daemon.loop()["cycle_count"] > 3, 30, "some candles")
        yield daemon


@pytest.fixture(name="desk")
def fixture_desk(busy):
    """The same, with nothing open."""
    yield busy
    busy.api.post("/v1/orders/cancel_all", {})
    busy.api.post("/v1/positions/close_all", {})
    wait_until(lambda: busy.loop()["open_orders"] == busy.loop()["open_positions"] == 0, 60,
               "nothing open")


def place(daemon, key=None, **body):
    return daemon.api.post("/v1/orders", {"symbol": SYMBOL, **body},
                           headers={"Idempotency-Key": key or str(uuid.uuid4())})


def made(reply):
    assert reply.status == 201, reply
    return reply.json


def price(daemon):
    """What a market order would be judged by."""
    judged = place(daemon, side="buy", type="market", notional="100", validate_only=True)
    assert judged.status == 200, judged
    return Decimal(judged.json["price"])


def at(daemon, factor):
    return str(round(price(daemon) * Decimal(factor), 2))


def order(daemon, order_id):
    return daemon.api.get(f"/v1/orders/{order_id}").json


def replace(daemon, old, tag=None, **body):
    tag = tag or f'"{order(daemon, old["id"])["version"]}"'
    return daemon.api.request("PATCH", f"/v1/orders/{old['id']}", body, {"If-Match": tag})


def positions(daemon):
    return daemon.api.get("/v1/positions").json["data"]


def low_limit(daemon, **changes):
    """A buy that rests far below the market."""
    return {"side": "buy", "type": "limit", "size": "0.01", "limit_price": at(daemon, "0.5"),
            "stop_price": at(daemon, "0.4"), **changes}


def codes(reply):
    assert (reply.status, reply.json["code"]) == (422, "risk_denied"), reply
    return {error["code"] for error in reply.json["errors"]}


def judge(daemon):
    """Both verifiers pass what the daemon has written."""
    key = daemon.folder / "key.txt"
    key.write_text(daemon.api.get("/v1/log/key").text)
    done = run("verify", daemon.data, "--key", key, "--no-state")
    assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run([sys.executable, ROOT / "tools/verify.py", daemon.data, "--key", key],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_limit_order_rests_is_replaced_fills_and_is_closed(desk):
    resting = made(place(desk, client_order_id="dip-1", **low_limit(desk)))
    assert (resting["status"], resting["label"], resting["purpose"]) == (
        "accepted", "dip-1", "entry")
    assert resting["strategy"] == "manual" and len(resting["client_order_id"]) == 32
    found = desk.api.get("/v1/orders", client_order_id="dip-1").json["data"]
    assert [o["id"] for o in found] == [resting["id"]]
    assert codes(place(desk, **low_limit(desk))) == {"entry_pending"}
    again = place(desk, client_order_id="dip-1", **low_limit(desk))
    assert (again.status, again.json["code"]) == (409, "duplicate_client_order_id")

    one = desk.api.get(f"/v1/orders/{resting['id']}")
    tag = one.headers["ETag"]
    assert tag == f'"{resting["version"]}"'
    assert desk.api.get(f"/v1/orders/{resting['id']}",
                        headers={"If-None-Match": tag}).status == 304
    needed = desk.api.request("PATCH", f"/v1/orders/{resting['id']}", {"size": "0.02"})
    assert (needed.status, needed.json["code"]) == (428, "version_required")
    stale = replace(desk, resting, tag='"0123456789abcdef"', size="0.02")
    assert (stale.status, stale.json["code"]) == (412, "version_mismatch")
    assert codes(replace(desk, resting, size="100")) >= {"max_exposure"}
    assert order(desk, resting["id"])["status"] == "accepted"

    taken = made(replace(desk, resting, tag=tag, size="0.02", limit_price=at(desk, "1.1")))
    assert taken["replaces"] == resting["id"] and taken["label"] == "dip-1"
    old = order(desk, resting["id"])
    assert (old["status"], old["replaced_by"]) == ("canceled", taken["id"])
    wait_until(lambda: positions(desk), 30, "the position")
    filled = order(desk, taken["id"])
    assert filled["status"] == "filled"
    assert Decimal(filled["filled_avg_price"]) <= Decimal(filled["limit_price"])
    held = positions(desk)[0]
    assert held["strategy"] == "manual" and held["size"] == "0.02"
    stop = order(desk, held["stop_order_id"])
    assert (stop["stop_price"], stop["size"]) == (taken["attached_stop"], "0.02")
    refused = replace(desk, stop, limit_price="1")
    assert (refused.status, refused.json["code"]) == (409, "not_replaceable")
    assert "protects" in refused.json["detail"]

    exit_ = {"side": "sell", "reduce_only": True}
    beside = made(place(desk, type="limit", size="0.015", limit_price=at(desk, "2"), **exit_))
    assert (beside["purpose"], beside["status"]) == ("exit", "accepted")
    too_much = place(desk, type="limit", size="0.01", limit_price=at(desk, "2"), **exit_)
    assert too_much.status == 422 and too_much.json["errors"][0]["pointer"] == "/size"
    assert order(desk, held["stop_order_id"])["status"] == "accepted"
    closed = made(place(desk, type="market", **exit_))
    assert closed["status"] == "filled" and closed["filled_size"] == "0.02"
    assert positions(desk) == []
    assert order(desk, beside["id"])["status"] == "canceled"
    assert codes(place(desk, type="market", **exit_)) == {"no_position"}
    judge(desk)


def signals(daemon):
    return [s["denials"] for s in daemon.api.get("/v1/signals").json["data"]]


def test_what_is_denied_says_why_and_changes_nothing(desk):
    before, orders = signals(desk), desk.api.get("/v1/orders").json["data"]
    body = low_limit(desk)
    del body["stop_price"]
    judged = place(desk, **body, validate_only=True)
    assert (judged.status, judged.json["decision"], judged.json["denials"]) == (
        200, "denied", ["no_stop_loss"])
    assert signals(desk) == before
    denied = place(desk, **body)
    assert codes(denied) == {"no_stop_loss"}
    assert denied.json["errors"][0]["pointer"] == "/stop_price"
    assert signals(desk) == [["no_stop_loss"], *before]
    assert codes(place(desk, **low_limit(desk, size="0.000005"))) == {"lot_size", "min_notional"}
    assert codes(place(desk, **low_limit(desk, limit_price="20000.005"))) >= {"tick_size"}
    assert codes(place(desk, **low_limit(desk, size="5"))) >= {"max_exposure"}
    assert codes(place(desk, side="sell", type="market", size="0.01")) >= {"short_on_spot"}
    assert desk.api.get("/v1/orders").json["data"] == orders


MISTAKES = [
    ({"side": "buy", "type": "limit", "size": "1"}, "/limit_price"),
    ({"side": "buy", "type": "market", "size": "1", "limit_price": "1"}, "/limit_price"),
    ({"side": "buy", "type": "market"}, "/size"),
    ({"side": "buy", "type": "market", "size": "1", "notional": "1"}, "/notional"),
    ({"side": "buy", "type": "market", "size": "1", "expires_at": 1}, "/expires_at"),
    ({"side": "buy", "type": "limit", "size": "1", "limit_price": "1", "expires_at": 1},
     "/expires_at"),
    ({"side": "sell", "type": "market", "reduce_only": True, "stop_price": "1"}, "/stop_price"),
    ({"side": "buy", "type": "stop", "size": "1"}, "/type"),
    ({"side": "buy", "type": "market", "size": "1", "symbol": "NO/PE"}, "/symbol"),
    ({"side": "buy", "type": "market", "size": "1", "post_only": True}, "/post_only"),
    ({"side": "buy", "type": "market", "size": "1", "time_in_force": "ioc"}, "/time_in_force"),
    *(({"side": "buy", "type": "limit", "size": "1", "limit_price": "1", "time_in_force": life,
        **more}, pointer) for life in ("ioc", "fok") for more, pointer in (
            ({"post_only": True}, "/post_only"), ({"expires_at": 1}, "/expires_at"))),
    ({"side": "buy", "type": "limit", "size": "1", "limit_price": "1", "time_in_force": "gtx"},
     "/time_in_force"),
    ({"side": "buy", "type": "market", "size": "1", "stop_price": None}, "/stop_price"),
]


def test_a_mistake_is_named(desk):
    for body, pointer in MISTAKES:
        reply = place(desk, **body)
        assert reply.status == 422, (body, reply)
        assert reply.json["errors"][0]["pointer"] == pointer, body
    change = {"limit_price": "1"}
    assert desk.api.request("PATCH", "/v1/orders/77", change, {"If-Match": "*"}).status == 404
    nothing = desk.api.request("PATCH", "/v1/orders/77", {}, {"If-Match": "*"})
    assert (nothing.status, nothing.json["code"]) == (422, "field_invalid")


def ended(daemon, order_id):
    wait_until(lambda: order(daemon, order_id)["status"] in ("filled", "expired", "rejected"), 60,
               "its end")
    return order(daemon, order_id)


def test_how_long_an_order_is_good(desk):
    for life in ("ioc", "fok"):
        nothing = made(place(desk, **low_limit(desk, time_in_force=life)))
        assert (nothing["time_in_force"], nothing["post_only"]) == (life, False)
        refused = replace(desk, nothing, tag="*", size="0.02")
        assert (refused.status, refused.json["code"]) == (409, "not_replaceable")
        nothing = ended(desk, nothing["id"])
        assert (nothing["status"], nothing["filled_size"]) == ("expired", "0")
    refused = made(place(desk, **low_limit(desk, limit_price=at(desk, "1.1"), post_only=True)))
    assert (refused["status"], refused["error"]) == ("rejected", "would_trigger")
    resting = made(place(desk, **low_limit(desk, post_only=True)))
    assert (resting["status"], resting["time_in_force"], resting["post_only"]) == (
        "accepted", "gtc", True)
    moved = made(replace(desk, resting, limit_price=at(desk, "0.45")))
    assert (moved["status"], moved["post_only"]) == ("accepted", True)
    assert desk.api.delete(f"/v1/orders/{moved['id']}").status == 200
    whole = made(place(desk, **low_limit(desk, limit_price=at(desk, "1.1"), time_in_force="fok")))
    whole = ended(desk, whole["id"])
    assert (whole["status"], whole["filled_size"]) == ("filled", "0.01")
    out = made(place(desk, side="sell", type="limit", reduce_only=True, time_in_force="ioc",
                     limit_price=at(desk, "0.8")))
    assert ended(desk, out["id"])["status"] == "filled" and not positions(desk)
    judge(desk)


def test_repeated_it_is_one_order(desk):
    body = low_limit(desk)
    first = place(desk, key="the-same", **body)
    again = place(desk, key="the-same", **body)
    assert made(first)["id"] == made(again)["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(desk.api.get("/v1/orders", status="open").json["data"]) == 1
    missing = desk.api.post("/v1/orders", {"symbol": SYMBOL, **body})
    assert (missing.status, missing.json["code"]) == (400, "idempotency_key_invalid")


def test_they_are_off_unless_configured(make_daemon, folder):
    daemon = make_daemon(config(folder, manual_orders=False, outside_signals=True)).start()
    reply = place(daemon, side="buy", type="market", size="1", stop_price="1")
    assert (reply.status, reply.json["code"]) == (409, "manual_orders_off")


def test_only_a_trader_may(desk):
    viewer = desk.as_role("viewer")
    assert viewer.post("/v1/orders", {}, headers={"Idempotency-Key": "x"}).status == 403
    assert viewer.request("PATCH", "/v1/orders/1", {}, {"If-Match": "*"}).status == 403


def test_an_order_expires_by_the_time_of_the_candles(desk):
    now = datetime.fromisoformat(desk.loop()["as_of"].replace("Z", "+00:00"))
    until = (now + timedelta(hours=4)).isoformat().replace("+00:00", "Z")
    resting = made(place(desk, **low_limit(desk, expires_at=until)))
    wait_until(lambda: order(desk, resting["id"])["status"] != "accepted", 60, "its end")
    ended = order(desk, resting["id"])
    assert (ended["status"], ended["reason"]) == ("expired", "expires_at has come")
    assert ended["expired_at"] >= ended["expires_at"]


def test_killed_it_still_rests_and_is_canceled(desk):
    first = made(place(desk, client_order_id="kept", **low_limit(desk)))
    desk.kill()
    desk.start()
    kept = order(desk, first["id"])
    assert kept["status"] in ("new", "submitted", "accepted") and kept["label"] == "kept"
    wait_until(lambda: order(desk, first["id"])["status"] == "accepted", 30, "its acceptance")
    second = made(replace(desk, kept, limit_price=at(desk, "0.45")))
    desk.kill()
    desk.start()
    assert order(desk, first["id"])["status"] == "canceled"
    wait_until(lambda: order(desk, second["id"])["status"] == "accepted", 30, "its acceptance")
    gone = desk.api.delete(f"/v1/orders/{second['id']}")
    assert (gone.status, gone.json["status"]) == (200, "canceled")
    ended = desk.api.request("PATCH", f"/v1/orders/{second['id']}", {"size": "1"},
                             {"If-Match": "*"})
    assert (ended.status, ended.json["code"]) == (409, "not_replaceable")
    again = place(desk, client_order_id="kept", **low_limit(desk))
    assert (again.status, again.json["code"]) == (409, "duplicate_client_order_id")
    judge(desk)


def test_a_position_is_closed_at_a_limit(desk):
    made(place(desk, side="buy", type="market", size="0.02", stop_price=at(desk, "0.4")))
    wait_until(lambda: positions(desk), 30, "the position")
    held = positions(desk)[0]
    path = f"/v1/positions/{held['id']}/close"
    wrong = desk.api.post(path, {"order_type": "limit"})
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/limit_price")
    part = desk.api.post(path, {"percentage": 50, "order_type": "limit",
                                "limit_price": at(desk, "0.9")}).json["order"]
    assert (part["size"], part["type"], part["status"]) == ("0.01", "limit", "accepted")
    wait_until(lambda: positions(desk)[0]["size"] == "0.01", 30, "the half")
    held = positions(desk)[0]
    assert order(desk, held["stop_order_id"])["size"] == "0.01"
    assert Decimal(order(desk, part["id"])["filled_avg_price"]) >= Decimal(part["limit_price"])
