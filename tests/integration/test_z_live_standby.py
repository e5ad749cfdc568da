# SPDX-License-Identifier: Apache-2.0
"""A live daemon that alone loses its database goes on by its spool, and is followed meanwhile: what
docs/standby.md promises of both, at the sandbox venue."""
import json
import shutil

import pytest

import world
from daemon import wait_until
from relay import Relay
from test_y_standby import assert_one_log, is_ready, port_of_standby
from test_z_live import (SYMBOLS, fixture_venue,  # noqa: F401
                         live_config, start, trades, verify)
from test_z_live_orders import Desk, open_orders

MARKET = "binance_usdm"
LEASE_S = 3


@pytest.fixture(name="relay")
def fixture_relay(cluster):
    made = Relay(cluster)
    yield made
    made.close()


def desk_config(folder, venue, url):
    strategy = {**world.HOLDER, "symbol": SYMBOLS[MARKET], "timeframe": "1s",
                "entry": {"condition": "close > 1000000000"}}
    return live_config(folder, venue, MARKET, manual_orders=True, lease_s=LEASE_S, mismatch="adopt",
                       database_url=url,
                       strategy=str(world.write_json(folder / "never.json", strategy)))


def open_pair(make_daemon, folder, venue, first_url, second_url):
    """Two live daemons of one account: the first trades, the second stands by."""
    first = start(make_daemon(desk_config(folder, venue, first_url)))
    second = make_daemon(desk_config(folder, venue, second_url))
    second.data.mkdir()
    shutil.copy(first.data / "log.key", second.data / "log.key")
    second.spawn()
    second.port = wait_until(second.find_port, 60, "the port of the standby")
    return first, second


def told(daemon, event):
    whole = daemon.log().split(b"\n")[:-1]  # behind it is what is being written
    return [line for line in map(json.loads, filter(lambda line: line.startswith(b"{"), whole))
            if line["event"] == event]


def epochs(cluster, url):
    """Of every order entry, by client order id."""
    rows = cluster.sql("SELECT encode(substr(leaf_hash, 1, 16), 'hex') || '|' ||"
                       " convert_from(entry, 'UTF8') FROM log_entry WHERE kind = 'order'", url)
    entries = dict(row.split("|", 1) for row in rows.splitlines())
    return {name: json.loads(entry)["order"]["epoch"] for name, entry in entries.items()}


def executed(venue):
    state = venue.session.get(venue.url + "/sandbox/state", timeout=30).json()
    names = {order["id"]: order["client_order_id"] for order in state["orders"]}
    return [names[trade["order_id"]] for trade in state["trades"]]


@pytest.mark.timeout(240)
def test_a_daemon_without_its_database_protects_and_is_followed(
        make_daemon, folder, venue, cluster, relay):
    url = cluster.database()
    first, second = open_pair(make_daemon, folder, venue, relay.url(url), url)
    desk = Desk(first, MARKET)
    seen = first.loop()["cycle_count"]  # candles that the second has not heard of when it takes over
    wait_until(lambda: first.loop()["cycle_count"] >= seen + 3, 60, "three candles")
    desk.buy("1.02")
    wait_until(desk.positions, 60, "the position")
    wait_until(lambda: desk.positions()[0]["unprotected_since"] is None, 60, "its stop")
    known = set(epochs(cluster, url))

    relay.cut()
    wait_until(lambda: is_ready(second), 60, "the takeover")
    assert first.process.poll() is None
    closing = first.api.post("/v1/positions/close_all", {})
    assert closing.status in (200, 202, 207), closing
    wait_until(lambda: set(executed(venue)) - known, 60, "the exit that only the spool knows")
    assert told(first, "spooling") and not told(first, "spool_refused")
    stranger, = set(executed(venue)) - known

    after = Desk(second, MARKET)
    wait_until(lambda: not after.positions(), 60, "the successor to see that nothing is held")
    wait_until(lambda: not open_orders(venue), 60, "nothing to rest any more")
    relay.mend()
    first.port = wait_until(lambda: port_of_standby(first), 60, "the old one to stand by")
    after.buy("1.02")  # the account is sound: it is traded on
    wait_until(after.positions, 60, "the successor's own position")
    assert second.api.post("/v1/positions/close_all", {}).status in (200, 202, 207)
    wait_until(lambda: not after.positions() and not open_orders(venue), 60, "everything closed")
    assert second.stop() == 0

    wait_until(lambda: is_ready(first), 60, "the first to have the account again")
    assert told(first, "spool_refused") and list(first.data.glob("spool/*.refused-1"))
    assert not desk.positions()
    of = epochs(cluster, url)
    assert stranger not in of, "what was refused is in no log"
    assert {of[name] for name in known} < set(of.values()), "a takeover has an epoch of its own"
    ours = {trade["trade"]["client_order_id"] for trade in trades(first)}
    assert ours == set(executed(venue)) - {stranger}
    assert_one_log(cluster, url)
    verify(first)
