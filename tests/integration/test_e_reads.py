# SPDX-License-Identifier: Apache-2.0
"""Reading: lists with filters and cursors, single things, entity tags, waiting for a change."""
import threading
import time
from decimal import Decimal

import pytest

import world
from client import Client

LISTS = ["/v1/positions", "/v1/orders", "/v1/fills", "/v1/trades", "/v1/signals"]
STORED = {"/v1/positions": {"status": "closed"}, "/v1/orders": {"status": "all"}}
STATES = ["/v1/loop", "/v1/positions", "/v1/orders?status=open", "/v1/account", "/v1/metrics"]
TIME_OF = {"/v1/fills": "at", "/v1/signals": "at", "/v1/orders": "created_at"}


def rows(api, path, **params):
    return list(api.pages(path, **{**STORED.get(path, {}), **params}))


@pytest.fixture(scope="module")
def everything(played):
    return {path: rows(played.api, path, limit=500) for path in LISTS}


def test_the_replay_gave_enough_to_read(everything):
    assert all(len(everything[path]) > 60 for path in LISTS), {p: len(everything[p]) for p in LISTS}


@pytest.mark.parametrize("path", LISTS)
def test_pages_put_together_are_the_whole_list(api, everything, path):
    for order in ("desc", "asc"):
        paged = rows(api, path, limit=7 if path == "/v1/positions" else 49, order=order)
        whole = everything[path] if order == "desc" else everything[path][::-1]
        assert paged == whole, order


@pytest.mark.parametrize("path", LISTS)
def test_the_newest_come_first(everything, path):
    ids = [int(row["id"]) for row in everything[path]]
    assert ids == sorted(ids, reverse=True) and len(ids) == len(set(ids))


@pytest.mark.parametrize("path", LISTS)
def test_the_default_page_has_fifty_rows(api, path):
    page = api.get(path, **STORED.get(path, {})).json
    assert len(page["data"]) == 50 and page["has_more"]


@pytest.mark.parametrize("path", LISTS)
def test_the_link_header_leads_to_the_next_page(api, path):
    first = api.get(path, limit=3, order="asc", **STORED.get(path, {}))
    target = first.headers["Link"].partition("<")[2].partition(">")[0]
    by_cursor = api.get(path, limit=3, order="asc", cursor=first.json["next_cursor"],
                        **STORED.get(path, {}))
    assert api.get(target).json["data"] == by_cursor.json["data"] != []


@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_of_other_filters_is_refused(api, path):
    cursor = api.get(path, limit=2, **STORED.get(path, {})).json["next_cursor"]
    for params in ({"order": "asc"}, {"symbol": "BTC/USDT"}):
        reply = api.get(path, cursor=cursor, **{**STORED.get(path, {}), **params})
        assert (reply.status, reply.json["code"]) == (400, "cursor_invalid"), params


def test_a_cursor_of_another_list_is_refused(api):
    cursor = api.get("/v1/fills", limit=2).json["next_cursor"]
    assert api.get("/v1/trades", cursor=cursor).json["code"] == "cursor_invalid"


@pytest.mark.parametrize("cursor", ["x", "AAAA", "A" * 22, "=" * 22, "A" * 31, "é", "A" * 40])
def test_a_cursor_that_is_none_is_refused(api, cursor):
    reply = api.get("/v1/trades", cursor=cursor)
    assert reply.status == 400 and reply.json["code"] in ("cursor_invalid", "parameter_invalid")


@pytest.mark.parametrize("path", LISTS)
def test_a_filter_for_an_unknown_symbol_gives_nothing(api, path):
    assert rows(api, path, symbol="XRP/USDT") == []
    assert rows(api, path, symbol="BTC/USDT", limit=500) == rows(api, path, limit=500)


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/fills", "/v1/trades", "/v1/signals"])
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_the_side_filter_keeps_that_side(api, everything, path, side):
    def side_of(row):
        return row["trade"]["side"] if path == "/v1/trades" else row["side"]

    wanted = [row for row in everything[path] if side_of(row) == side]
    assert wanted and rows(api, path, side=side, limit=500) == wanted


@pytest.mark.parametrize("path", ["/v1/fills", "/v1/signals", "/v1/orders", "/v1/trades"])
def test_from_and_to_are_half_open(api, everything, path):
    name = TIME_OF.get(path, "timestamp")
    times = sorted({row[name] for row in everything[path]})
    begin, end = times[len(times) // 3], times[2 * len(times) // 3]
    wanted = [row for row in everything[path] if begin <= row[name] < end]
    assert wanted and rows(api, path, from_=begin, to=end, limit=500) == wanted


def test_trades_of_one_order(api, everything):
    order = everything["/v1/fills"][10]["order_id"]
    found = rows(api, "/v1/trades", order_id=order)
    assert found and {row["trade"]["order_id"] for row in found} == {order}
    assert len(found) == len(rows(api, "/v1/fills", order_id=order))


def test_trades_by_strategy_name(api, everything):
    assert rows(api, "/v1/trades", strategy="busy", limit=500) == everything["/v1/trades"]
    assert rows(api, "/v1/trades", strategy="lazy") == []


def test_orders_by_client_order_id(api, everything):
    order = everything["/v1/orders"][5]
    assert rows(api, "/v1/orders", client_order_id=order["client_order_id"]) == [order]


def test_orders_by_status(api, everything):
    closed = rows(api, "/v1/orders", status="closed", limit=500)
    still_open = rows(api, "/v1/orders", status="open", limit=500)
    assert len(closed) + len(still_open) == len(everything["/v1/orders"])
    final = {"filled", "canceled", "rejected", "expired"}
    assert {row["status"] for row in closed} <= final
    assert not {row["status"] for row in still_open} & final


def test_signals_by_decision(api, everything):
    accepted = rows(api, "/v1/signals", decision="accepted", limit=500)
    denied = rows(api, "/v1/signals", decision="denied", limit=500)
    assert len(accepted) + len(denied) == len(everything["/v1/signals"])
    assert all(not row["denials"] for row in accepted) and all(row["denials"] for row in denied)


def test_closed_positions_by_exit_reason(api, everything):
    for reason in {row["exit_reason"] for row in everything["/v1/positions"]}:
        wanted = [row for row in everything["/v1/positions"] if row["exit_reason"] == reason]
        assert rows(api, "/v1/positions", exit_reason=reason, limit=500) == wanted
    assert {row["status"] for row in everything["/v1/positions"]} == {"closed"}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("query,code", [
    ("sumbol=BTC/USDT", "parameter_unknown"), ("limit=0", "parameter_invalid"),
    ("limit=501", "parameter_invalid"), ("limit=ten", "parameter_invalid"),
    ("limit=1&limit=2", "parameter_invalid"), ("order=up", "parameter_invalid"),
    ("limit=%20", "parameter_invalid"), ("limit=+5", "parameter_invalid"),
    ("symbol=", "parameter_invalid"), ("symbol=%00", "parameter_invalid"),
    ("=1", "parameter_unknown"),
])
def test_a_bad_parameter_is_400(api, path, query, code):
    reply = api.get(f"{path}?{query}")
    assert (reply.status, reply.json["code"]) == (400, code)


@pytest.mark.parametrize("query", ["from=yesterday", "from=2024-13-01T00:00:00Z", "to=1e9",
                                   "from=2024-01-02T00:00:00Z&to=2024-01-01T00:00:00Z"])
def test_a_bad_time_is_400(api, query):
    reply = api.get(f"/v1/trades?{query}")
    assert (reply.status, reply.json["code"]) == (400, "parameter_invalid")


@pytest.mark.parametrize("path", ["/v1/trades", "/v1/positions", "/v1/orders"])
def test_each_row_of_a_list_can_be_read_alone(api, everything, path):
    for row in everything[path][:3] + everything[path][-3:]:
        assert api.get(f"{path}/{row['id']}").json == row


@pytest.mark.parametrize("path", ["/v1/trades", "/v1/positions", "/v1/orders"])
@pytest.mark.parametrize("name", ["0", "-1", "01", "+1", "1.0", "x", "9" * 18, "9" * 30, "1%20",
                                  "%31%32%33%34%35%36%37%38"])
def test_an_id_of_nothing_is_404(api, path, name):
    reply = api.get(f"{path}/{name}")
    assert (reply.status, reply.json["code"]) == (404, "not_found")


def test_the_strategy_is_the_one_of_the_artifact(api, everything):
    strategy = api.get("/v1/strategy").json
    assert strategy["name"] == "busy"
    assert {row["trade"]["strategy_id"] for row in everything["/v1/trades"]} == {strategy["id"]}


def test_the_account_adds_up(api, played):
    account = api.get("/v1/account").json
    pnl = sum(Decimal(row["trade"]["pnl"]) for row in rows(api, "/v1/trades", limit=500))
    assert Decimal(account["realized_pnl"]) == pnl
    assert account["log_size"] == len(played.lines("log.jsonl"))
    assert account["mode"] == "paper" and account["currency"] == "USDT"


@pytest.mark.parametrize("path", STATES)
def test_a_state_read_answers_304_to_its_tag(api, path):
    first = api.get(path)
    tag = first.headers["ETag"]
    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = api.get(path, headers={"If-None-Match": given})
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag), given
    assert api.get(path, headers={"If-None-Match": '"other"'}).status == 200


def test_waiting_without_a_change_ends_with_304_in_time(api):
    tag = api.get("/v1/loop").headers["ETag"]
    begun = time.monotonic()
    reply = api.get("/v1/loop", headers={"If-None-Match": tag, "Prefer": "wait=1"})
    assert reply.status == 304 and reply.headers["Preference-Applied"] == "wait=1"
    assert 0.9 <= time.monotonic() - begun < 30


def test_a_waiting_read_answers_when_the_state_changes(make_daemon, folder):
    daemon = make_daemon(world.replay_config(folder, world.HOLDER, count=50)).start()
    tag = daemon.api.get("/v1/loop").headers["ETag"]
    begun = time.monotonic()
    timer = threading.Timer(0.5, daemon.start_loop)
    timer.start()
    patient = Client(daemon.port, daemon.token, timeout=90)
    reply = patient.get("/v1/loop", wait="60s", headers={"If-None-Match": tag})
    seconds = time.monotonic() - begun
    timer.join()
    assert reply.status == 200 and reply.headers["ETag"] != tag
    assert 0.4 < seconds < 50, "by the change, not by the end of its time"


@pytest.mark.parametrize("wait", ["61", "x", "-1", "", "5m", "1.5"])
def test_a_bad_wait_is_400(api, wait):
    reply = api.get(f"/v1/loop?wait={wait}")
    assert (reply.status, reply.json["code"]) == (400, "parameter_invalid")
