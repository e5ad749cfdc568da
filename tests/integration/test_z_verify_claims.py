# SPDX-License-Identifier: Apache-2.0
"""What a dishonest trader may claim beside his trades: marks, days, money paid in, orders without an
end, another's log.  Both verifiers condemn what is broken and count what rests on his word."""
import json

import pytest

import evidence
import ledger
from test_z_leaves import SYMBOL, held
from test_z_verify import failed, judge
from test_z_verify_account import close_of, details_of, order_of, trade_of

DAY, NEXT = "2024-01-15", "2024-01-16"
MIDNIGHT = NEXT + "T00:00:00.000000Z"
HELD = {"id": 1, "mark": "101.0", "side": "long", "size": "2.0", "symbol": SYMBOL}


@pytest.fixture
def key(tmp_path):
    return evidence.Key("trader.example/log1", bytes(range(32)), tmp_path)


def later(kind, body, at=MIDNIGHT, strategy=""):
    return ledger.canonical({"mode": "paper", "strategy": strategy, kind: body, "timestamp": at})


def mark(day=NEXT, at=MIDNIGHT, **changes):
    """Of 2 held since 100: 999.50 in cash and 2 of profit, as the venue's price is 101."""
    return later("equity", {"cash": "999.50", "day": day, "equity": "1001.50", "positions": [HELD],
                            **changes}, at)


def judged(log, key, tmp_path, *entries):
    log.entries += entries
    return judge(log.write(tmp_path / "log"), key.vkey)


# ---- Marks ----

def test_a_mark_at_midnight_is_recomputed(key, tmp_path):
    found = judged(held(key), key, tmp_path, mark())
    assert failed(found) == set() and found["positions"] == "PASS"


def test_cash_and_equity_may_have_decimals_of_their_own(key, tmp_path):
    found = judged(held(key), key, tmp_path, mark(equity="1002"))
    assert failed(found) == set() and found["positions"] == "PASS"


TWO = [{**HELD, "id": 2, "symbol": "ETH/USDT:USDT"}, HELD]


@pytest.mark.parametrize("name, changes", [
    ("one_unit", {"equity": "1005.50"}),
    ("twice", {"positions": [HELD, HELD], "equity": "1003.50"}),
    ("another", {"positions": TWO}),
    ("digested", {"positions": {"count": 1, "digest": "00" * 32}}),
    ("true", {"positions": {"count": True, "digest": "00" * 32}}),
    ("id_true", {"positions": [{**HELD, "id": True}]}),
    ("id_list", {"positions": [{**HELD, "id": []}]}),
    ("cash", {"cash": "999.51"}), ("not_begun", {"day": "2024-01-17"}),
])
def test_a_mark_that_is_none_is_refused(key, tmp_path, name, changes):
    assert failed(judged(held(key), key, tmp_path, mark(**changes))) == {"positions"}, name


def test_a_position_cannot_be_reported_in_another_ones_place(key, tmp_path):
    """As many are reported as are open, but the winner twice in place of the loser."""
    log, other = held(key), order_of(2, symbol="ETH/USDT:USDT")
    log.entries += [other, trade_of(other, 2, 2, size="2.0", status="filled", position_id="2",
                                    symbol="ETH/USDT:USDT"),
                    close_of(other, 2, fee="0.10", filled="2.0", status="filled",
                             symbol="ETH/USDT:USDT"),
                    mark(cash="999.40", equity="1003.40", positions=[HELD, HELD])]
    folder = log.write(tmp_path / "log")
    assert failed(judge(folder, key.vkey)) == {"positions"}
    assert all("reported twice" in said["positions"] for said in details_of(folder, key))


def test_equity_that_is_stated_after_midnight_is_the_traders_word(key, tmp_path):
    late = NEXT + "T00:00:01.000000Z"
    found = judged(held(key), key, tmp_path / "same", mark(at=late))
    assert found["positions"] == "PASS", "it comes to the same"
    log = held(key)
    log.entries.append(mark(at=late, equity="5000.00"))
    folder = log.write(tmp_path / "log")
    found = judge(folder, key.vkey)
    assert failed(found) == set() and found["positions"] == "NOT PROVEN"
    assert all("1 of 1 daily marks" in said["positions"] for said in details_of(folder, key))


def test_days_without_a_mark_are_seen(key, tmp_path):
    last = later("cycle", {"equity": "1001.50", "inputs": "00" * 32, "number": 1},
                 "2024-03-01T00:00:00.000000Z")
    for name, entries, wanted in (
            ("later", [mark(day="2024-01-17", at="2024-01-17T00:00:00.000000Z")], "FAIL"),
            ("gap", [mark(), mark(day="2024-01-18", at="2024-01-18T00:00:00.000000Z")], "FAIL"),
            ("twice", [mark(), mark()], "FAIL"), ("quiet", [mark(), last], "PASS")):
        assert judged(held(key), key, tmp_path / name, *entries)["positions"] == wanted, name


def test_marks_that_end_before_the_trades_prove_less(key, tmp_path):
    order = later("order", json.loads(order_of(2))["order"], "2024-02-01T00:00:00.000000Z", "s")
    trade = json.loads(trade_of(order, 2, 2, size="2.0", status="filled"))["trade"]
    close = json.loads(close_of(order, 2, fee="0.10", filled="2.0", status="filled"))["close"]
    found = judged(held(key), key, tmp_path, mark(), order,
                   later("trade", trade, "2024-02-01T00:00:00.000000Z", "s"),
                   later("close", close, "2024-02-01T00:00:00.000000Z"))
    assert failed(found) == set() and found["positions"] == "NOT PROVEN"


# ---- Orders without an end ----

@pytest.mark.parametrize("changes, until, wanted", [
    ({}, "2024-01-16T10:00:00", "PASS"), ({}, "2024-01-16T10:31:00", "NOT PROVEN"),
    ({"type": "limit", "limit_price": "90.0"}, "2024-06-01T00:00:00", "PASS"),
    *(({"type": "limit", "limit_price": "90.0", "time_in_force": life}, "2024-01-17T00:00:00", wanted)
      for life, wanted in (("ioc", "NOT PROVEN"), ("fok", "NOT PROVEN"), ("post_only", "PASS"))),
    *(({"type": "limit", "limit_price": "90.0", "expires": "2024-02-01T00:00:00.000000Z"}, until, wanted)
      for until, wanted in (("2024-02-01T23:00:00", "PASS"), ("2024-02-02T00:00:01", "NOT PROVEN"))),
    ({"type": "stop_market", "stop_price": "90.0"}, "2024-06-01T00:00:00", "PASS"),
])
def test_an_order_that_cannot_rest_has_an_end(key, tmp_path, changes, until, wanted):
    log = held(key)
    log.entries += [order_of(2, **changes),
                    later("control", {"action": "pause", "actor": "a", "reason": "", "target": None},
                          until + ".000000Z")]
    folder = log.write(tmp_path / "log")
    found = judge(folder, key.vkey)
    assert failed(found) == set() and found["closes"] == wanted
    assert all(("may be missing" in said["closes"]) == (wanted != "PASS")
               for said in details_of(folder, key))


@pytest.mark.parametrize("expires", [None, 1, "", "2024-02-30T00:00:00.000000Z"])
def test_an_expiry_is_a_time(key, tmp_path, expires):
    order = order_of(2, type="limit", limit_price="90.0", expires=expires)
    assert failed(judged(held(key), key, tmp_path, order)) == {"orders"}


# ---- Money ----

def cash_of(number, **changes):
    return later("cash", {"amount": "5000.00", "currency": "USDT", "id": str(number), "kind": "deposit",
                          "position_id": None, "strategy_id": "i", "symbol": SYMBOL, **changes},
                 "2024-01-15T11:00:00.000000Z", "s")


def test_money_that_is_paid_in_is_told(key, tmp_path):
    log = held(key)
    log.entries += [cash_of(1), cash_of(2, kind="withdrawal", amount="-0.50"),
                    mark(cash="5999.00", equity="6001.00")]
    folder = log.write(tmp_path / "log")
    found = judge(folder, key.vkey)
    assert failed(found) == set() and found["corrections"] == "NOT PROVEN"
    assert found["positions"] == "PASS"
    assert all("2 times money was paid in or out, 4999.5 in all" in said["corrections"]
               for said in details_of(folder, key))


def test_what_the_exchange_is_said_to_have_paid_is_told_with_its_sum(key, tmp_path):
    log = held(key)
    log.entries += [cash_of(n, kind="funding", venue_id=str(n), amount=amount)
                    for n, amount in ((1, "7.25"), (2, "-0.25"))]
    folder = log.write(tmp_path / "log")
    assert judge(folder, key.vkey)["profits"] == "PASS"
    assert all(said["profits"] == "2 payments of funding count as the exchange told them, 7 in all"
               for said in details_of(folder, key))


@pytest.mark.parametrize("changes", [{"mark": "-51.0", "rate": "-0.0001"}, {"mark": "0.0"},
                                     {"mark": "9" * 26}, {"rate": "-" + "9" * 26}])
def test_funding_of_a_mark_or_rate_that_cannot_be_is_refused(key, tmp_path, changes):
    body = {"kind": "funding", "mark": "51.0", "position_id": "1", "rate": "0.0001", "size": "2.0",
            "amount": "-0.01", **changes}
    assert failed(judged(held(key), key, tmp_path, cash_of(1, **body))) == {"profits"}


# ---- Whose log it is ----

def test_another_logs_entries_signed_anew_are_refused(key, tmp_path):
    other = evidence.Key("mallory.example/log", b"\x09" * 32, tmp_path)
    log = held(key)
    log.key = other
    folder = log.write(tmp_path / "log")
    assert failed(judge(folder, other.vkey)) == {"signature"}
    assert all("their genesis names trader.example/log1" in said["signature"]
               for said in details_of(folder, other))


def test_the_key_of_the_genesis_leads_to_the_one_that_signs(key, tmp_path):
    other = evidence.Key(key.name, b"\x09" * 32, tmp_path)
    log = held(key).edited(0, vkey=key.vkey)
    assert failed(judge(log.write(tmp_path / "own"), key.vkey)) == set()
    log.key = other
    assert failed(judge(log.write(tmp_path / "log"), other.vkey)) == {"signature"}


# ---- Values of no known kind ----

@pytest.mark.parametrize("value", [[], {"a": 1}, True])
@pytest.mark.parametrize("kind, member, wanted", [
    ("order", "side", {"orders"}), ("order", "strategy_id", {"orders"}),
    ("trade", "venue_fill_id", {"fills"}), ("trade", "strategy_id", {"orders", "strategies"}),
    ("trade", "order", {"orders"}), ("close", "order", {"closes"})])
def test_a_value_of_another_kind_is_refused_with_a_sentence(key, tmp_path, value, kind, member, wanted):
    log = held(key)
    log.edited(log.find(kind), **{member: value})
    assert failed(judge(log.write(tmp_path / "log"), key.vkey)) >= wanted


@pytest.mark.parametrize("value", [[], {}, 0])
def test_an_order_names_its_signal_by_text(key, tmp_path, value):
    assert failed(judge(held(key, signal=value).write(tmp_path / "log"), key.vkey)) == {"orders"}


@pytest.mark.parametrize("members", [{"id": []}, {"id": {}}, {"name": [1]}, {"next_id": [1]}, {"id": None}])
def test_what_is_no_text_declares_nothing(key, tmp_path, members):
    log = held(key)
    listed = json.loads(log.entries[1])["config"]["strategies"][0]
    log.edited(1, strategies=[{**listed, **members}])
    wanted = {"strategies"} - ({"strategies"} if "next_id" in members else set())
    assert failed(judge(log.write(tmp_path / "log"), key.vkey)) == wanted


@pytest.mark.parametrize("count, wanted", [(48, set()), (49, {"entries"})])
def test_an_object_has_48_members_at_most(key, tmp_path, count, wanted):
    log = held(key)
    log.edited(1, other={f"m{i}": 1 for i in range(count)})
    assert failed(judge(log.write(tmp_path / "log"), key.vkey)) >= wanted
