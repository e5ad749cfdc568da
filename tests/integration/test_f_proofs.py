# SPDX-License-Identifier: Apache-2.0
"""Every record of the log verifies with CPython's json and hashlib, and the records fit together."""
import hashlib
import json
import re
from decimal import Decimal

import pytest

import ledger

PORTABLE = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
AMOUNTS = {"price", "size", "fee", "pnl", "slippage", "cash", "equity", "unrealized"}


@pytest.fixture(scope="module")
def log(played):
    """(record, raw bytes) of each line of log.jsonl."""
    return [ledger.check_line(line) for line in played.lines("log.jsonl")]


@pytest.fixture(scope="module")
def served(played):
    return list(played.api.pages("/v1/trades", limit=500, order="asc"))


def of_kind(log, kind):
    return [(record, raw) for record, raw in log if kind in record]


def test_a_served_trade_verifies_in_three_lines_of_python(api):
    record = api.get("/v1/trades", limit=1).json["data"][0]
    record = {name: record[name] for name in ("mode", "strategy", "timestamp", "trade", "proof")}
    proof = record.pop("proof")
    assert hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest() == proof


def test_every_served_trade_verifies(served):
    assert len(served) > 100
    for trade in served:
        record = ledger.check_served(trade)
        assert set(record) == {"mode", "strategy", "timestamp", "trade"}


def test_a_changed_trade_does_not_verify(served):
    trade = json.loads(json.dumps(served[0]))
    trade["trade"]["price"] = trade["trade"]["price"][:-1] + "9"
    if trade == served[0]:
        trade["trade"]["price"] = trade["trade"]["price"][:-1] + "8"
    with pytest.raises(AssertionError):
        ledger.check_served(trade)


def test_a_trade_has_all_that_the_record_promises(served):
    wanted = {"fee", "fee_currency", "id", "pnl", "price", "side", "size", "status", "symbol"}
    for trade in served:
        assert wanted <= set(trade["trade"])
        assert trade["trade"]["status"] in ("filled", "partially_filled")
        assert trade["id"] == trade["trade"]["id"]


def test_trades_jsonl_has_exactly_the_served_trades(played, served):
    lines = played.lines("trades.jsonl")
    assert len(lines) == len(served)
    for line, trade in zip(lines, served):
        record, _ = ledger.check_line(line)
        assert record == ledger.check_served(trade)
        assert json.loads(line)["proof"] == trade["proof"]


def test_the_files_end_with_a_whole_line(played):
    for name in ("trades.jsonl", "log.jsonl"):
        assert (played.data / name).read_bytes().endswith(b'"}\n')


def test_log_index_is_the_line_of_log_jsonl(played, served):
    lines = played.lines("log.jsonl")
    for trade in served:
        assert json.loads(lines[trade["log_index"]])["proof"] == trade["proof"]


def test_trades_jsonl_is_log_jsonl_without_the_rest(played):
    trades = [line for line in played.lines("log.jsonl") if b'"trade": {' in line]
    assert trades == played.lines("trades.jsonl")


def test_the_log_begins_with_genesis_and_config(log):
    assert [ledger.kind_of(record) for record, _ in log[:2]] == ["genesis", "config"]
    assert len(of_kind(log, "genesis")) == 1
    assert Decimal(log[0][0]["genesis"]["starting_equity"]) == 10000


def test_timestamps_are_27_characters_and_never_decrease(log):
    times = [record["timestamp"] for record, _ in log]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", time) for time in times)
    assert times == sorted(times)
    assert times[0].startswith("2021-09-02"), "a replay's clock is the candles' clock"


def each_value(node, key=""):
    if isinstance(node, dict):
        for name, value in node.items():
            assert re.fullmatch(r"[a-z0-9_]{1,40}", name), name
            yield from each_value(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from each_value(value, key)
    else:
        yield key, node


def test_the_log_holds_no_floats_and_only_portable_amounts(log):
    for record, _ in log:
        for key, value in each_value(record):
            assert not isinstance(value, float), (key, record)
            if isinstance(value, int):
                assert abs(value) <= 2**53 - 1
            if key in AMOUNTS and value is not None:
                assert PORTABLE.fullmatch(value) and value != "-0", (key, value)


def test_amounts_have_the_fixed_scale_of_their_instrument(log):
    for record, _ in of_kind(log, "trade"):
        trade = record["trade"]
        scales = [len(trade[name].partition(".")[2]) for name in ("price", "size", "fee", "pnl")]
        assert scales == [2, 5, 8, 8], trade


def test_a_client_order_id_is_the_order_leafs_own_hash(log, api):
    ids = {ledger.leaf_hash(raw)[:32] for _, raw in of_kind(log, "order")}
    orders = list(api.pages("/v1/orders", status="all", limit=500))
    assert {order["client_order_id"] for order in orders} == ids
    for order in orders:
        assert order["leaf_hash"][:32] == order["client_order_id"]


def test_each_trade_is_preceded_by_the_order_it_names(log):
    seen = {}
    for record, raw in log:
        if "order" in record:
            seen[ledger.leaf_hash(raw)] = record["order"]
        if "trade" in record:
            trade = record["trade"]
            order = seen.get(trade["order"])
            assert order, f"trade {trade['id']} names an order that is not before it"
            assert trade["client_order_id"] == trade["order"][:32]
            assert (str(order["id"]), order["side"]) == (trade["order_id"], trade["side"])


def test_each_order_names_a_signal_before_it_or_none(log):
    signals = set()
    for record, raw in log:
        if "signal" in record:
            signals.add(ledger.leaf_hash(raw))
        if "order" in record and record["order"]["signal"] is not None:
            assert record["order"]["signal"] in signals


def test_each_order_that_ended_has_a_close_that_says_how(log, api):
    closed = {record["close"]["client_order_id"]: record["close"]
              for record, _ in of_kind(log, "close")}
    ended = list(api.pages("/v1/orders", status="closed", limit=500))
    assert {order["client_order_id"] for order in ended} == set(closed)
    assert {"filled", "canceled"} <= {order["status"] for order in ended}
    for order in ended:
        close = closed[order["client_order_id"]]
        assert close["status"] == order["status"]
        assert Decimal(close["filled"]) == Decimal(order["filled_size"])


def test_sells_never_exceed_what_was_bought(log):
    held = Decimal(0)
    for record, _ in of_kind(log, "trade"):
        size = Decimal(record["trade"]["size"])
        held += size if record["trade"]["side"] == "buy" else -size
        assert held >= 0


def test_the_pnl_of_every_closed_position_follows_from_its_trades(log, api):
    trips = {}
    for record, _ in of_kind(log, "trade"):
        trips.setdefault(record["trade"]["position_id"], []).append(record["trade"])
    for position in api.pages("/v1/positions", status="closed", limit=500):
        trades = trips[position["id"]]
        flow = sum((1 if trade["side"] == "sell" else -1)
                   * Decimal(trade["price"]) * Decimal(trade["size"]) - Decimal(trade["fee"])
                   for trade in trades)
        assert abs(flow - Decimal(position["realized_pnl"])) <= Decimal("0.00000002"), position
        assert sum(Decimal(trade["pnl"]) for trade in trades) == Decimal(position["realized_pnl"])


def test_an_opening_trade_has_no_pnl(log):
    for record, _ in of_kind(log, "trade"):
        if record["trade"]["side"] == "buy":
            assert Decimal(record["trade"]["pnl"]) == 0


def test_each_utc_midnight_has_an_equity_leaf(log):
    days = [record["timestamp"][:10] for record, _ in of_kind(log, "equity")]
    assert days == sorted(set(days)) and len(days) >= 8


def test_the_database_refuses_to_change_the_log(make_daemon, folder, cluster):
    import world

    url = cluster.database()
    config = world.replay_config(folder, world.BUSY, count=120, database_url=url)
    make_daemon(config).start().replay()
    for statement in ("UPDATE log_entry SET proof = proof", "DELETE FROM log_entry",
                      "TRUNCATE log_entry CASCADE"):
        with pytest.raises(AssertionError, match="append-only"):
            cluster.sql(statement, url)
