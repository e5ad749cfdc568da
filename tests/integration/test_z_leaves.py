# SPDX-License-Identifier: Apache-2.0
"""Entries about the log itself: what both verifiers make of good ones and of tampered ones."""
import pytest

import evidence
import ledger
from test_z_verify import failed, judge

AT = "2024-01-15T10:30:00.000000Z"
SYMBOL = "BTC/USDT:USDT"


def entry(kind, body, strategy=""):
    return ledger.canonical({"mode": "paper", "strategy": strategy, kind: body, "timestamp": AT})


@pytest.fixture
def key(tmp_path):
    return evidence.Key("trader.example/log1", bytes(range(32)), tmp_path)


def held(key):
    """A perpetual is bought: 2 at 100 for a fee of 0.50."""
    order = entry("order", {"id": 1, "limit_price": None, "reduce_only": False, "side": "buy",
                            "signal": None, "size": "2.0", "strategy_id": "i", "symbol": SYMBOL,
                            "type": "market"}, "s")
    leaf = ledger.leaf_hash(order)
    return evidence.Evidence([
        entry("genesis", {"origin": key.name, "quote": "USDT", "starting_equity": "1000"}),
        entry("config", {"strategies": [{"id": "i", "name": "s", "next_id": ""}]}),
        order,
        entry("trade", {"client_order_id": leaf[:32], "fee": "0.50", "fee_currency": "USDT",
                        "id": "1", "order": leaf, "order_id": "1", "pnl": "0.00",
                        "position_id": "1", "price": "100.0", "side": "buy", "size": "2.0",
                        "status": "filled", "strategy_id": "i", "symbol": SYMBOL,
                        "venue_fill_id": "x"}, "s"),
        entry("close", {"client_order_id": leaf[:32], "fee": "0.50", "filled": "2.0",
                        "order": leaf, "order_id": "1", "size": "2.0", "status": "filled",
                        "symbol": SYMBOL}, "s"),
    ], key)


# ---- Corrections ----

def adopted(key, strategy="s", **changes):
    """The venue held 1.5 only: the half that is gone is booked at 98."""
    log = held(key)
    log.entries += [
        entry("correct", {"kind": "adopt", "pnl": "-1.12", "position_id": "1", "price": "98.0",
                          "reason": "the venue holds less", "side": "sell", "size": "0.5",
                          "strategy_id": "i", "symbol": SYMBOL, **changes}, strategy),
        entry("equity", {"cash": "998.50", "day": "2024-01-15", "equity": "999.00",
                         "positions": [{"id": 1, "mark": "101.0", "side": "long", "size": "1.5",
                                        "symbol": SYMBOL}]}),
    ]
    return log


def test_what_was_taken_over_counts_and_is_told(key, tmp_path):
    # 0.5 * (98 - 100) - a quarter of the entry's fee, to the cent and even.
    found = judge(adopted(key).write(tmp_path / "good"), key.vkey)
    assert failed(found) == set() and found["corrections"] == "NOT PROVEN"
    assert found["positions"] == found["profits"] == "PASS"


@pytest.mark.parametrize("name, strategy, changes, wanted", [
    ("pnl", "s", {"pnl": "5.00"}, {"profits"}),
    ("price", "s", {"price": "99.0"}, {"profits", "positions"}),
    ("size", "s", {"size": "0.4"}, {"profits", "positions"}),
    ("symbol", "s", {"symbol": "ETH/USDT:USDT"}, {"positions"}),
    ("too_much", "s", {"size": "2.5"}, {"positions"}),
    ("side", "s", {"side": "short"}, {"corrections", "positions"}),
    ("kind", "s", {"kind": "mend"}, {"corrections", "positions"}),
    ("strategy", "t", {}, {"strategies"}),
])
def test_a_correction_cannot_pad_the_record(key, tmp_path, name, strategy, changes, wanted):
    log = adopted(key, strategy, **changes)
    assert failed(judge(log.write(tmp_path / name), key.vkey)) == wanted


@pytest.mark.parametrize("index, leaf, wanted", [
    (3, None, set()), (3, "00" * 32, {"corrections"}), (4, "3", {"corrections"}),
    (5, None, {"corrections"}), (-1, None, {"corrections"})])
def test_a_note_names_an_entry_before_it(key, tmp_path, index, leaf, wanted):
    log = held(key)
    if leaf is None or leaf == "3":
        leaf = ledger.leaf_hash(log.entries[3])
    log.entries.append(entry("correct", {
        "actor": "ci", "index": index, "kind": "note", "leaf_hash": leaf,
        "reason": "the venue says 99", "replacement": "99"}))
    found = judge(log.write(tmp_path / "log"), key.vkey)
    assert failed(found) == wanted
    if not wanted:
        assert found["corrections"] == "PASS"
