# SPDX-License-Identifier: Apache-2.0
"""A live venue whose filters change while we trade: everything still gets out, once."""
from daemon import wait_until
from test_z_live import (assert_exactly_once, fixture_venue, flatten, holder,  # noqa: F401
                         live_config, start, trades, verify)


def exits(venue):
    """Sizes of the exits that executed, at the market."""
    return [float(o["filled"]) for o in venue.state()["orders"]
            if o["side"] == "SELL" and o["type"] == "MARKET" and float(o["filled"]) > 0]


def test_an_exit_larger_than_the_venue_takes_leaves_in_parts(make_daemon, folder, venue):
    market = "binance_usdm"  # and a position that stays until it is told to leave
    daemon = start(make_daemon({**live_config(folder, venue, market), **holder(folder, market)}))
    wait_until(lambda: daemon.api.get("/v1/positions", status="open").json["data"], 120, "a position")
    daemon.api.post("/v1/loop/pause", {})
    held = float(daemon.api.get("/v1/positions", status="open").json["data"][0]["size"])
    most = round(held / 2.5, 3)
    venue.faults(f"always : max_size(BTC/USDT:USDT, {most})\n")
    before = len(exits(venue))
    reply = daemon.api.post("/v1/positions/close_all", {})
    assert reply.status in (200, 202, 207), reply
    wait_until(lambda: daemon.loop()["open_positions"] == 0 and daemon.loop()["open_orders"] == 0,
               60, "everything closed")
    parts = exits(venue)[before:]
    assert len(parts) >= 3 and max(parts) <= most
    assert_exactly_once(daemon, venue)
    assert sum(t["trade"]["side"] == "sell" for t in trades(daemon)) >= 3
    verify(daemon)


def test_a_symbol_that_stands_takes_no_entries_until_it_trades_again(make_daemon, folder, venue):
    daemon = start(make_daemon(live_config(folder, venue)))
    wait_until(lambda: len(trades(daemon)) >= 2, 120, "trades")
    flatten(daemon)  # what is held could not leave, and would keep others from being wished
    venue.faults("at 0s : halt(BTC/USDT)\n")
    assert daemon.api.post("/v1/loop/resume", {}).status in (200, 202)

    def halted():
        denied = daemon.api.get("/v1/signals", decision="denied", limit=50).json["data"]
        return any("symbol_halted" in s["denials"] for s in denied)

    wait_until(halted, 120, "a signal that was denied")
    wait_until(lambda: "traderd_symbols_halted 1" in
               daemon.anonymous.get("/metrics", {"Accept": "text/plain"}).text, 60, "the metric")
