# SPDX-License-Identifier: Apache-2.0
"""Orders by hand in live mode against the sandbox venue: they rest there, are replaced there, and
are executed once, whoever is killed when."""
import os
import random
import time
import uuid
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

import world
from daemon import wait_until
from test_z_live import (SYMBOLS, assert_exactly_once, fixture_venue,  # noqa: F401
                         flatten, live_config, start, verify)

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "4"))
SEED = int(os.environ.get("CRASH_SEED", str(random.randrange(1 << 30))))


class Desk:
    """A daemon whose strategy never trades, and somebody who does."""

    def __init__(self, daemon, market):
        self.daemon, self.symbol, self.market = daemon, SYMBOLS[market], market

    def place(self, **body):
        return self.daemon.api.post("/v1/orders", {"symbol": self.symbol, **body},
                                    headers={"Idempotency-Key": str(uuid.uuid4())})

    def price(self):
        judged = self.place(side="buy", type="market", notional="100", validate_only=True)
        assert judged.status == 200, judged
        return Decimal(judged.json["price"])

    def at(self, factor):
        return str(round(self.price() * Decimal(factor), 1))

    def buy(self, factor, **changes):
        body = {"side": "buy", "type": "limit", "size": "0.02", "limit_price": self.at(factor),
                "stop_price": self.at("0.5"), **changes}
        made = wait_until(lambda: self.accepted(body), 60, "an order that risk accepts")
        return made["id"]

    def accepted(self, body):
        """None while the account is not compared yet, or an order is not known."""
        reply = self.place(**body)
        assert reply.status in (201, 422), reply
        return reply.json if reply.status == 201 else None

    def order(self, order_id):
        return self.daemon.api.get(f"/v1/orders/{order_id}").json

    def wait(self, order_id, *statuses):
        wait_until(lambda: self.order(order_id)["status"] in statuses, 60,
                   f"order {order_id} {statuses}")
        return self.order(order_id)

    def replace(self, order_id, **body):
        return self.daemon.api.request("PATCH", f"/v1/orders/{order_id}", body, {"If-Match": "*"})

    def move(self, order_id, factor, **changes):
        """The order that takes its place, once risk accepts one."""
        def made():
            reply = self.replace(order_id, limit_price=self.at(factor), **changes)
            return reply.json if reply.status == 201 else None

        return wait_until(made, 60, f"an order in the place of {order_id}")

    def last(self, order_id):
        """The newest order in the place of this one."""
        order = self.order(order_id)
        while order["replaced_by"]:
            order = self.order(order["replaced_by"])
        return order

    def positions(self):
        return self.daemon.api.get("/v1/positions").json["data"]


def open_orders(venue):
    state = venue.session.get(venue.url + "/sandbox/state", timeout=30).json()
    return {o["client_order_id"]: o for o in state["orders"]
            if o["status"] in ("NEW", "PARTIALLY_FILLED")}


def open_desk(make_daemon, folder, venue, market, **changes):
    config = live_config(folder, venue, market, manual_orders=True, **changes)
    strategy = {**world.HOLDER, "symbol": SYMBOLS[market], "timeframe": "1s",
                "entry": {"condition": "close > 1000000000"}}
    config["strategy"] = str(world.write_json(folder / "never.json", strategy))
    return Desk(start(make_daemon(config)), market)


@pytest.mark.parametrize("market", SYMBOLS)
def test_a_limit_rests_at_the_venue_is_replaced_there_and_fills(make_daemon, folder, venue, market):
    desk = open_desk(make_daemon, folder, venue, market)
    first = desk.wait(desk.buy("0.8"), "accepted")
    assert list(open_orders(venue)) == [first["client_order_id"]]
    second = desk.wait(desk.move(first["id"], "0.85", size="0.03")["id"], "accepted")
    assert desk.wait(first["id"], "canceled")["replaced_by"] == second["id"]
    assert list(open_orders(venue)) == [second["client_order_id"]]
    desk.daemon.kill()
    start(desk.daemon)
    desk.wait(second["id"], "accepted")
    desk.move(second["id"], "1.02")
    held = wait_until(desk.positions, 60, "the position")[0]
    wait_until(lambda: desk.positions()[0]["unprotected_since"] is None, 60, "its stop")
    assert desk.last(first["id"])["status"] == "filled"
    assert held["strategy"] == "manual"
    beside = desk.place(side="sell", type="limit", size="0.01", limit_price=desk.at("1.2"),
                        reduce_only=True)
    if market == "binance":  # the stop has locked what it would sell
        assert (beside.status, beside.json["code"]) == (409, "conflict")
    else:
        desk.wait(beside.json["id"], "accepted")
        assert beside.json["client_order_id"] in open_orders(venue)
    closed = desk.place(side="sell", type="market", reduce_only=True)
    assert closed.status == 201, closed
    wait_until(lambda: not desk.positions() and not open_orders(venue), 60, "everything closed")
    assert_exactly_once(desk.daemon, venue)
    verify(desk.daemon)


@pytest.mark.parametrize("market", SYMBOLS)
def test_how_long_an_order_is_good_at_the_venue(make_daemon, folder, venue, market):
    desk = open_desk(make_daemon, folder, venue, market)
    refused = desk.wait(desk.buy("1.02", post_only=True), "rejected")
    assert (refused["error"], refused["filled_size"]) == ("would_trigger", "0")
    first = desk.wait(desk.buy("0.8", post_only=True), "accepted")
    second = desk.wait(desk.move(first["id"], "0.85")["id"], "accepted")
    assert second["post_only"] and list(open_orders(venue)) == [second["client_order_id"]]
    third = desk.move(second["id"], "1.02")
    assert desk.wait(third["id"], "rejected")["error"] == "would_trigger"
    assert desk.wait(second["id"], "canceled") and not open_orders(venue)
    for life, ends in (("ioc", "expired"),
                       ("fok", "expired" if market == "binance" else "rejected")):
        nothing = desk.wait(desk.buy("0.8", time_in_force=life), ends)
        assert (nothing["filled_size"], nothing["attempt"]) == ("0", 1)
    venue.faults("next 1 on order : partial(0.5)")
    part = desk.wait(desk.buy("1.02", time_in_force="ioc"), "expired")
    assert part["filled_size"] == "0.01"
    wait_until(lambda: desk.positions()[0]["unprotected_since"] is None, 60, "its stop")
    whole = desk.wait(desk.buy("1.02", time_in_force="fok"), "filled")
    assert whole["filled_size"] == "0.02"
    flatten(desk.daemon)
    assert_exactly_once(desk.daemon, venue)
    verify(desk.daemon)


def test_an_order_expires_at_the_venue(make_daemon, folder, venue):
    desk = open_desk(make_daemon, folder, venue, "binance")
    made = wait_until(lambda: desk.accepted(
        {"side": "buy", "type": "limit", "size": "0.02", "limit_price": desk.at("0.8"),
         "stop_price": desk.at("0.5"), "expires_at": soon()}), 60, "the order")
    ended = desk.wait(made["id"], "expired")
    assert ended["reason"] == "expires_at has come" and not open_orders(venue)


def test_the_venue_ends_what_rests_when_the_daemon_is_heard_no_more(make_daemon, folder, venue):
    desk = open_desk(make_daemon, folder, venue, "binance_usdm", dead_man_s=6)
    entry = desk.wait(desk.buy("0.8"), "accepted")
    time.sleep(8)  # set anew meanwhile
    assert desk.order(entry["id"])["status"] == "accepted"
    desk.daemon.kill()
    wait_until(lambda: not open_orders(venue), 60, "the venue's timer")
    start(desk.daemon)
    desk.wait(entry["id"], "canceled")
    held = desk.buy("1.02")
    wait_until(desk.positions, 60, "the position")
    wait_until(lambda: desk.positions()[0]["unprotected_since"] is None, 60, "its stop")
    desk.daemon.kill()
    time.sleep(9)
    assert [o for o in open_orders(venue).values() if o["type"].startswith("STOP")], held


def soon():
    """Some seconds from now, by the engine's clock too, which is the wall's in live mode."""
    return (datetime.now(timezone.utc) + timedelta(seconds=8)).isoformat()


def act(desk, chance, known):
    """One wish of somebody in a hurry; what is refused is refused."""
    what = chance.choice(("place", "replace", "replace", "cancel", "reduce"))
    price = str(round(Decimal(known["price"]) * Decimal(chance.uniform(0.99, 1.01)), 1))
    if what == "place":
        reply = desk.place(side="buy", type="limit", size="0.02", limit_price=price,
                           stop_price=str(round(Decimal(known["price"]) / 2, 1)))
        if reply.status == 201:
            known["order"] = reply.json["id"]
    elif what == "replace" and known["order"]:
        reply = desk.replace(known["order"], limit_price=price,
                             size=chance.choice(("0.01", "0.03")))
        if reply.status == 201:
            known["order"] = reply.json["id"]
    elif what == "cancel" and known["order"]:
        desk.daemon.api.delete(f"/v1/orders/{known['order']}")
    elif what == "reduce":
        desk.place(side="sell", type="market", size="0.01", reduce_only=True)


@pytest.mark.crash
@pytest.mark.timeout(240 + ROUNDS * 40)
@pytest.mark.parametrize("market", SYMBOLS)
def test_killed_between_two_wishes_nothing_is_lost_or_done_twice(
        make_daemon, folder, venue, market):
    print(f"CRASH_SEED={SEED} CRASH_ROUNDS={ROUNDS}")
    chance = random.Random(SEED)
    desk = open_desk(make_daemon, folder, venue, market)
    known = {"order": desk.buy("1.001"), "price": str(desk.price())}
    for _ in range(ROUNDS):
        for _ in range(chance.randrange(1, 6)):
            act(desk, chance, known)
        desk.daemon.kill()
        if chance.random() < 0.3:
            venue.kill()
            venue.start(port=venue.port)
        start(desk.daemon)
    desk.daemon.api.post("/v1/orders/cancel_all", {})
    flatten(desk.daemon)
    wait_until(lambda: not open_orders(venue), 60, "no order at the venue")
    assert_exactly_once(desk.daemon, venue)
    verify(desk.daemon)
