# SPDX-License-Identifier: Apache-2.0
"""What an account does that its log cannot know: both verifiers count it and condemn what is more."""
import json

import pytest

import evidence
import ledger
from test_z_leaves import SYMBOL, adopted, entry, held
from test_z_verify import failed, judge, second, verdicts_of, verify

ENDED_ORDERS = 1024  # how many ended orders a verifier remembers: docs/verify.md


@pytest.fixture
def key(tmp_path):
    return evidence.Key("trader.example/log1", bytes(range(32)), tmp_path)


def order_of(number, **changes):
    return entry("order", {"id": number, "limit_price": None, "reduce_only": False, "side": "buy",
                           "signal": None, "size": "2.0", "strategy_id": "i", "symbol": SYMBOL,
                           "type": "market", **changes}, "s")


def trade_of(order, of, number, **changes):
    leaf = ledger.leaf_hash(order)
    body = {"client_order_id": leaf[:32], "fee": "0.10", "fee_currency": "USDT",
            "id": str(number), "order": leaf, "order_id": str(of), "pnl": "0.00",
            "position_id": "1", "price": "100.0", "side": "buy", "size": "0.5",
            "status": "partially_filled", "strategy_id": "i", "symbol": SYMBOL,
            "venue_fill_id": f"f{number}"}
    return entry("trade", {**body, **changes}, "s")


def close_of(order, order_id, **changes):
    leaf = ledger.leaf_hash(order)
    return entry("close", {"client_order_id": leaf[:32], "fee": "0.00", "filled": "0.0",
                           "order": leaf, "order_id": str(order_id), "size": "2.0",
                           "status": "canceled", "symbol": SYMBOL, **changes})


def equity_of(cash, *positions, equity=None):
    return entry("equity", {"cash": cash, "day": "2024-01-15", "equity": equity or cash,
                            "positions": list(positions)})


def details_of(folder, key):
    """What either verifier says beside its verdicts."""
    return [{item["property"]: item["detail"] for item in verdicts_of(done)[1]["properties"]}
            for done in (verify(folder, key.vkey, "--no-state"), second(folder, key.vkey))]


# ---- Trades after their order's end ----

def begun(key):
    order = order_of(1, limit_price="100.0", type="limit")
    return order, evidence.Evidence([
        *held(key).entries[:2], order, trade_of(order, 1, 1),
        close_of(order, 1, fee="0.10", filled="0.5")], key)


def late(key, between=(), strategy="s", changes=None):
    """Of a limit order for 2 a half filled, it was canceled, and then another trade is told."""
    order, log = begun(key)
    log.entries += [*between, entry("trade", {
        **json.loads(trade_of(order, 1, 2))["trade"], **(changes or {})}, strategy)]
    return log


def test_trades_after_their_orders_end_are_counted(key, tmp_path):
    log = late(key, changes={"size": "1.0"})
    order = log.entries[2]
    log.entries.append(equity_of("999.80", {"id": 1, "mark": "101.0", "side": "long",
                                            "size": "1.5", "symbol": SYMBOL}, equity="1001.30"))
    folder = log.write(tmp_path / "one")
    found = judge(folder, key.vkey)
    assert failed(found) == set() and found["closes"] == "NOT PROVEN"
    assert {found[name] for name in ("orders", "fills", "profits", "positions",
                                     "corrections")} == {"PASS"}
    for said in details_of(folder, key):
        assert said["closes"].startswith("1 trade came after its order's end: compare with")
    log.entries.append(trade_of(order, 1, 3, status="filled"))
    folder = log.write(tmp_path / "two")
    assert failed(judge(folder, key.vkey)) == set()
    for said in details_of(folder, key):
        assert said["closes"].startswith("2 trades came after their order's end: compare with")
    log.entries.append(trade_of(order, 1, 4))  # nothing is left of it
    assert failed(judge(log.write(tmp_path / "three"), key.vkey)) == {"orders"}


@pytest.mark.parametrize("name, strategy, changes, wanted", [
    ("too_much", "s", {"size": "1.6"}, {"orders"}),
    ("worse_than_its_limit", "s", {"price": "100.1"}, {"orders"}),
    ("side", "s", {"side": "sell", "pnl": "-0.20"}, {"orders"}),
    ("symbol", "s", {"symbol": "ETH/USDT:USDT", "position_id": "2"}, {"orders"}),
    ("strategy", "t", {}, {"orders", "strategies"}),
    ("client_order_id", "s", {"client_order_id": "00" * 16}, {"orders"}),
    ("order_id", "s", {"order_id": "2"}, {"orders"}),
    ("status", "s", {"status": "filled"}, {"orders"}),
    ("never_logged", "s", {"order": "00" * 32, "client_order_id": "00" * 16}, {"orders"}),
    ("told_before", "s", {"venue_fill_id": "f1"}, {"fills"}),
    ("pnl", "s", {"pnl": "9.00"}, {"profits"}),
])
def test_late_trades_keep_to_their_order(key, tmp_path, name, strategy, changes, wanted):
    log = late(key, strategy=strategy, changes=changes)
    assert failed(judge(log.write(tmp_path / name), key.vkey)) == wanted


def test_what_ended_filled_trades_no_more(key, tmp_path):
    log = held(key)
    log.entries.append(trade_of(log.entries[2], 1, 2))
    assert failed(judge(log.write(tmp_path / "log"), key.vkey)) == {"orders"}


def test_an_end_does_not_count_what_comes_later(key, tmp_path):
    log = late(key)
    log.entries[-1], log.entries[-2] = log.entries[-2], log.entries[-1]
    assert failed(judge(log.write(tmp_path / "log"), key.vkey)) == {"closes"}


@pytest.mark.parametrize("others, wanted", [(ENDED_ORDERS - 1, set()), (ENDED_ORDERS, {"orders"})])
def test_only_the_newest_ends_are_remembered(key, tmp_path, others, wanted):
    between = []
    for number in range(2, 2 + others):
        order = order_of(number)
        between += [order, close_of(order, number)]
    found = judge(late(key, between).write(tmp_path / "log"), key.vkey)
    assert failed(found) == wanted
    assert found["closes"] == ("PASS" if wanted else "NOT PROVEN")


# ---- Orders that may only reduce ----

def reduced(log, changes=None):
    """2 are held; an order that may only reduce sells 3 on an account that holds more."""
    order = order_of(2, side="sell", size="3.0", reduce_only=True)
    log.entries += [
        order,
        trade_of(order, 2, 2, fee="0.20", pnl="1.30", price="101.0", side="sell", size="2.0"),
        trade_of(order, 2, 3, position_id="2", price="101.0", side="sell", size="0.6"),
        trade_of(order, 2, 4, **{"position_id": "2", "price": "101.0", "side": "sell",
                                 "size": "0.4", "status": "filled", **(changes or {})}),
        close_of(order, 2, fee="0.40", filled="3.0", size="3.0", status="filled")]
    return log


SHORT = {"id": 2, "mark": "102.0", "side": "short", "size": "1.0", "symbol": SYMBOL}


def test_what_reduced_more_than_the_log_tells_is_counted(key, tmp_path):
    log = reduced(held(key))
    log.entries.append(equity_of("1001.10", SHORT, equity="1000.10"))
    folder = log.write(tmp_path / "log")
    found = judge(folder, key.vkey)
    assert failed(found) == set() and found["corrections"] == "NOT PROVEN"
    assert {found[name] for name in ("orders", "closes", "profits", "positions")} == {"PASS"}
    for said in details_of(folder, key):
        assert said["corrections"] == ("1 order that may only reduce has opened a position: "
                                       "the account held what the log does not tell")


@pytest.mark.parametrize("name, changes, cash, positions, wanted", [
    ("hidden", {}, "1001.10", (), {"positions"}),
    ("cash", {}, "1002.10", (SHORT,), {"positions"}),
    ("pnl", {"pnl": "5.00"}, "1001.10", (SHORT,), {"profits"}),
    ("too_much", {"size": "0.5"}, "1001.10", ({**SHORT, "size": "1.1"},), {"orders", "closes"}),
])
def test_the_position_it_opened_cannot_hide(key, tmp_path, name, changes, cash, positions, wanted):
    log = reduced(held(key), changes)
    log.entries.append(equity_of(cash, *positions))
    assert failed(judge(log.write(tmp_path / name), key.vkey)) == wanted


def test_both_kinds_are_told_together(key, tmp_path):
    log = adopted(key)
    order = order_of(2, side="sell", reduce_only=True)
    log.entries += [order, trade_of(order, 2, 2, position_id="2", side="sell", size="1.6")]
    folder = log.write(tmp_path / "log")
    found = judge(folder, key.vkey)
    assert failed(found) == set() and found["corrections"] == "NOT PROVEN"
    for said in details_of(folder, key):
        assert "1 times a position was taken over" in said["corrections"]
        assert "; 1 order that may only reduce has opened" in said["corrections"]


def test_what_another_position_held_explains_it(key, tmp_path):
    log = held(key)
    order = order_of(2, side="sell", size="1.0", reduce_only=True)
    log.entries += [order, trade_of(order, 2, 2, position_id="2", side="sell")]
    assert judge(log.write(tmp_path / "log"), key.vkey)["corrections"] == "PASS"
