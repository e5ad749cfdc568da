# SPDX-License-Identifier: Apache-2.0
"""Closing and canceling by hand, and that a repeated request is carried out once."""
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

import ledger
import world
from daemon import wait_until


@pytest.fixture(scope="module")
def holding(scratch):
    """A daemon that holds one position at the end of its recording."""
    return scratch.replay()


def position(daemon):
    return daemon.api.get("/v1/positions").json["data"][0]


def close(daemon, body=None, key=None, name=None):
    headers = {"Idempotency-Key": key} if key else {}
    target = f"/v1/positions/{name or position(daemon)['id']}/close"
    return daemon.api.post(target, body, headers=headers)


def test_a_part_is_closed_by_size(holding):
    before = Decimal(position(holding)["size"])
    reply = close(holding, {"size": "0.001", "reason": "a little"})
    assert reply.status == 200
    assert reply.json["order"]["status"] == "filled" and reply.json["order"]["side"] == "sell"
    assert Decimal(reply.json["position"]["size"]) == before - Decimal("0.001")
    assert Decimal(position(holding)["size"]) == before - Decimal("0.001")


def test_a_part_is_closed_by_percentage_rounded_down_to_the_lot(holding):
    before = Decimal(position(holding)["size"])
    asked = (before / 10).quantize(Decimal("0.00001"), rounding="ROUND_DOWN")
    assert close(holding, {"percentage": 10}).status == 200
    assert Decimal(position(holding)["size"]) == before - asked


def test_protection_follows_the_smaller_position(holding):
    close(holding, {"size": "0.001"})
    held = position(holding)
    resting = [order for order in holding.api.pages("/v1/orders", status="open")
               if order["purpose"] in ("stop_loss", "take_profit")]
    assert {order["purpose"] for order in resting} == {"stop_loss", "take_profit"}
    assert {Decimal(order["size"]) for order in resting} == {Decimal(held["size"])}


@pytest.mark.parametrize("body", [
    {"size": "0"}, {"size": "-1"}, {"size": "1000"}, {"size": "0.000001"}, {"size": 0.001},
    {"size": "1e-3"}, {"size": "NaN"}, {"size": ""}, {"size": "0.0000000000001"},
    {"percentage": 0}, {"percentage": 101}, {"percentage": "-5"}, {"percentage": True},
    {"size": "0.001", "percentage": 10}, {"all": True}, {"size": None},
], ids=repr)
def test_a_bad_size_changes_nothing(holding, body):
    before = position(holding)["size"]
    reply = close(holding, body)
    assert reply.status == 422 and (reply.json.get("errors") or reply.json["detail"])
    assert position(holding)["size"] == before


def test_a_position_that_never_was_is_404(holding):
    assert close(holding, name="999").json["code"] == "not_found"


def test_an_order_that_protects_a_position_is_not_cancelable(holding):
    resting = next(order for order in holding.api.pages("/v1/orders", status="open"))
    reply = holding.api.delete(f"/v1/orders/{resting['id']}")
    assert (reply.status, reply.json["code"]) == (409, "not_cancelable")
    assert "close the position" in reply.json["detail"]


def test_a_filled_order_is_not_cancelable_and_a_canceled_one_stays_canceled(holding):
    orders = list(holding.api.pages("/v1/orders", status="closed", limit=500))
    filled = next(order for order in orders if order["status"] == "filled")
    canceled = next(order for order in orders if order["status"] == "canceled")
    refused = holding.api.delete(f"/v1/orders/{filled['id']}")
    assert (refused.status, refused.json["code"]) == (409, "not_cancelable")
    again = holding.api.delete(f"/v1/orders/{canceled['id']}")
    assert (again.status, again.json["status"]) == (200, "canceled")
    assert holding.api.delete("/v1/orders/999999").json["code"] == "not_found"


def test_what_an_operator_does_is_in_the_log(holding):
    close(holding, {"size": "0.001", "reason": "seen in the log"})

    def mine():
        records = [ledger.check_line(line)[0] for line in holding.lines("log.jsonl")
                   if b"seen in the log" in line]
        return [record["control"]["action"] for record in records]

    wait_until(lambda: mine() == ["close_position"], 30, "the operator's action in log.jsonl")


def test_a_resting_order_reads_the_same_wherever_it_is_read(holding):
    close(holding, {"size": "0.001"})
    for order in holding.api.pages("/v1/orders", status="open"):
        assert holding.api.get(f"/v1/orders/{order['id']}").json == order
        listed = list(holding.api.pages("/v1/orders", client_order_id=order["client_order_id"]))
        assert listed == [order]


# ---- Idempotency ----

def test_a_repeated_key_answers_the_same_and_does_nothing(holding):
    key = str(uuid.uuid4())
    first = close(holding, {"size": "0.001"}, key)
    after = position(holding)["size"]
    again = close(holding, {"size": "0.001"}, key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert (again.status, again.body) == (first.status, first.body)
    assert position(holding)["size"] == after


def test_a_key_used_for_another_request_is_422(holding):
    key = str(uuid.uuid4())
    close(holding, {"size": "0.001"}, key)
    before = position(holding)["size"]
    reply = close(holding, {"size": "0.002"}, key)
    assert (reply.status, reply.json["code"]) == (422, "idempotency_mismatch")
    assert position(holding)["size"] == before


def test_a_failed_validation_does_not_use_up_the_key(holding):
    key = str(uuid.uuid4())
    assert close(holding, {"size": "-1"}, key).status == 422
    assert close(holding, {"size": "0.001"}, key).status == 200


def test_keys_of_two_tokens_are_two_keys(holding):
    key, other = str(uuid.uuid4()), holding.as_role("trader")
    before = Decimal(position(holding)["size"])
    close(holding, {"size": "0.001"}, key)
    reply = other.post(f"/v1/positions/{position(holding)['id']}/close", {"size": "0.001"},
                       headers={"Idempotency-Key": key})
    assert reply.status == 200 and "Idempotent-Replayed" not in reply.headers
    assert Decimal(position(holding)["size"]) == before - Decimal("0.002")


@pytest.mark.parametrize("key", ["x" * 256, "a b", "", '""', "é", 'a"b'])
def test_a_bad_key_is_400(holding, key):
    reply = holding.api.post("/v1/loop/start", {}, headers={"Idempotency-Key": key.encode()})
    assert (reply.status, reply.json["code"]) == (400, "idempotency_key_invalid")


def test_a_quoted_key_is_the_bare_key(holding):
    key = str(uuid.uuid4())
    close(holding, {"size": "0.001"}, f'"{key}"')
    assert close(holding, {"size": "0.001"}, key).headers["Idempotent-Replayed"] == "true"


def test_sixteen_at_once_with_one_key_are_one_execution(holding):
    key, before = str(uuid.uuid4()), Decimal(position(holding)["size"])
    name = position(holding)["id"]
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: close(holding, {"size": "0.001"}, key, name), range(16)))
    assert Decimal(position(holding)["size"]) == before - Decimal("0.001")
    done = [reply for reply in replies if reply.status == 200]
    busy = [reply for reply in replies if reply.status == 409]
    assert len(done) + len(busy) == 16 and done
    assert {reply.json["code"] for reply in busy} <= {"idempotency_in_progress"}
    assert all("Retry-After" in reply.headers for reply in busy)
    assert len({reply.body for reply in done}) == 1
    assert sum("Idempotent-Replayed" not in reply.headers for reply in done) == 1


def test_a_replayed_token_request_does_not_show_the_secret_again(holding):
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"name": "once", "role": "viewer"}
    first = holding.api.post("/v1/tokens", body, headers=key)
    again = holding.api.post("/v1/tokens", body, headers=key)
    assert first.status == again.status == 201
    assert again.json["id"] == first.json["id"]
    assert first.json["secret"] not in again.text
    made = [token for token in holding.api.get("/v1/tokens").json["data"]
            if token["name"] == "once"]
    assert len(made) == 1


def test_a_key_is_remembered_over_a_kill(make_daemon, folder):
    daemon = make_daemon(world.replay_config(folder, world.HOLDER, count=50)).start().replay()
    key, name = str(uuid.uuid4()), position(daemon)["id"]
    first = close(daemon, {"size": "0.001"}, key, name)
    daemon.kill()
    daemon.start()
    again = close(daemon, {"size": "0.001"}, key, name)
    assert again.headers["Idempotent-Replayed"] == "true" and again.body == first.body


# ---- Ending all of it; the last tests of the shared daemon ----

def test_close_all_of_another_symbol_closes_nothing(holding):
    reply = holding.api.post("/v1/positions/close_all", {"symbol": "ETH/USDT"})
    assert (reply.status, reply.json["results"]) == (207, [])
    assert position(holding)


def test_close_all_closes_all_and_may_be_repeated(holding):
    held = position(holding)
    reply = holding.api.post("/v1/positions/close_all", {"reason": "evening"})
    assert reply.status == 207
    assert [(row["id"], row["status"]) for row in reply.json["results"]] == [(held["id"], 200)]
    assert holding.api.get("/v1/positions").json["data"] == []
    closed = holding.api.get(f"/v1/positions/{held['id']}").json
    assert (closed["status"], closed["exit_reason"], closed["size"]) == ("closed", "manual", "0")
    assert list(holding.api.pages("/v1/orders", status="open")) == []
    again = holding.api.post("/v1/positions/close_all")
    assert (again.status, again.json["results"]) == (207, [])
    refused = close(holding, name=held["id"])
    assert (refused.status, refused.json["code"]) == (409, "not_open")


def test_the_realized_pnl_of_a_position_closed_in_parts_is_that_of_its_trades(holding):
    closed = holding.api.get("/v1/positions", status="closed").json["data"][0]
    trades = [row["trade"] for row in holding.api.pages("/v1/trades", limit=500)
              if row["trade"]["position_id"] == closed["id"]]
    assert sum(Decimal(trade["pnl"]) for trade in trades) == Decimal(closed["realized_pnl"])
    assert sum(Decimal(trade["fee"]) for trade in trades) == Decimal(closed["fees_paid"])


# ---- Orders that wait ----

@pytest.fixture
def waiting(make_daemon, folder):
    """An entry that is filled bit by bit, because only a share of a thin volume is available."""
    candles = world.flat_candles(folder / "thin.csv", 4000, volume="1")
    artifact = world.write_json(folder / "holder.json", world.HOLDER)
    config = world.base_config(strategy=str(artifact), candles=[f"BTC/USDT={candles}"],
                               volume_cap="0.01", replay_speed=6000)
    daemon = make_daemon(config).start()
    daemon.start_loop()
    wait_until(lambda: daemon.api.get("/v1/positions").json["data"], 60, "a first part to be filled")
    return daemon


def entry_of(daemon):
    return next(order for order in daemon.api.pages("/v1/orders", status="open")
                if order["purpose"] == "entry")


def test_a_waiting_entry_is_canceled_and_what_it_filled_stays(waiting):
    entry = entry_of(waiting)
    assert entry["status"] == "partially_filled"
    reply = waiting.api.delete(f"/v1/orders/{entry['id']}")
    assert reply.status in (200, 202)
    path = f"/v1/orders/{entry['id']}"
    wait_until(lambda: waiting.api.get(path).json["status"] == "canceled", 30, "its end")
    after = waiting.api.get(path).json
    assert 0 < Decimal(after["filled_size"]) < Decimal(after["size"])
    wait_until(lambda: position(waiting)["size"] == after["filled_size"], 30, "what it filled")


def test_cancel_all_takes_entries_and_leaves_protection(waiting):
    entry = entry_of(waiting)
    reply = waiting.api.post("/v1/orders/cancel_all")
    assert reply.status == 207
    assert [row["id"] for row in reply.json["results"]] == [entry["id"]]
    left = {order["purpose"] for order in waiting.api.pages("/v1/orders", status="open")}
    assert left == {"stop_loss", "take_profit"}
    assert waiting.api.post("/v1/orders/cancel_all").json["results"] == []


def test_an_entry_that_waits_ends_with_the_recording(make_daemon, folder):
    candles = world.flat_candles(folder / "thin.csv", 40, volume="1")
    artifact = world.write_json(folder / "holder.json", world.HOLDER)
    config = world.base_config(strategy=str(artifact), candles=[f"BTC/USDT={candles}"],
                               volume_cap="0.1")
    daemon = make_daemon(config).start().replay()
    entry = next(row for row in daemon.api.pages("/v1/orders") if row["purpose"] == "entry")
    assert entry["status"] == "canceled" and Decimal(entry["filled_size"]) > 0
    assert position(daemon)["size"] == entry["filled_size"]
