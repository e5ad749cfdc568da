# SPDX-License-Identifier: Apache-2.0
"""Fees taken from what is received: positions, rows, log and both verifiers say the same; the backtest plays the
same fills."""
import json
from decimal import Decimal

import pytest

import evidence
import world
from conftest import build, end
from daemon import run
from test_z_verify import failed, judge, second, verdicts_of, verify


@pytest.fixture(scope="module")
def received(tmp_path_factory):
    """A daemon that has played 1,200 candles with fees in what is received, and its configuration's folder."""
    path = tmp_path_factory.mktemp("received")
    daemon = build(world.replay_config(path, world.BUSY, count=1200, starting_equity="10000",
                                       fee_in="received"))
    try:
        yield daemon.start().replay(), path
    finally:
        end(daemon)


@pytest.fixture(scope="module")
def whole(received, tmp_path_factory):
    return evidence.Evidence.of_data(received[0].data, tmp_path_factory.mktemp("key"))


@pytest.fixture
def log(whole):
    return evidence.Evidence(whole.entries, whole.key)


def bodies(log, kind):
    return [json.loads(entry)[kind] for entry in log.entries if f'"{kind}": {{'.encode() in entry]


def test_each_asset_is_conserved(received, whole):
    """What was bought less fees is what was sold, and dust; cash is what fills moved."""
    trades, moves = bodies(whole, "trade"), bodies(whole, "cash")
    cash, base, worth = Decimal(10000), Decimal(0), Decimal(0)
    for trade in trades:
        sign = 1 if trade["side"] == "buy" else -1
        price, size, fee = (Decimal(trade[name]) for name in ("price", "size", "fee"))
        assert trade["fee_currency"] == ("BTC" if sign > 0 else "USDT")
        notional = (price * size).quantize(Decimal("1e-8"))
        cash -= sign * notional + (0 if sign > 0 else fee)
        base += sign * size - (fee if sign > 0 else 0)
        worth += (fee * price).quantize(Decimal("1e-8")) if sign > 0 else fee
    api = received[0].api
    positions = [*api.pages("/v1/positions", status="closed", limit=500),
                 *api.pages("/v1/positions", limit=500)]
    assert len(positions) == len({trade["position_id"] for trade in trades}) > 20
    assert base == sum(Decimal(p["size"]) + Decimal(p["dust"]) for p in positions)
    closed = [p for p in positions if p["status"] == "closed"]
    assert len(moves) == len([p for p in closed if Decimal(p["dust"]) > 0]) > 10
    assert all(Decimal(p["dust"]) < Decimal("0.00001") for p in closed)
    assert {m["kind"] for m in moves} == {"dust"} and {m["amount"] for m in moves} == {"0.00000000"}
    metrics = api.get("/v1/metrics").json
    assert Decimal(metrics["current_pnl"]) == sum(Decimal(t["pnl"]) for t in trades) + \
        sum(Decimal(m["pnl"]) for m in moves)
    assert Decimal(metrics["fees_paid"]) == worth
    equity = bodies(whole, "equity")[-1]
    assert equity["positions"] or Decimal(equity["cash"]) == cash


def test_both_verifiers_follow_it(whole, tmp_path):
    path = whole.write(tmp_path / "x", checkpoints=[100, len(whole.entries)])
    assert not failed(judge(path, whole.key.vkey))
    _, told = verdicts_of(verify(path, whole.key.vkey, "--no-state"))
    metrics = told["statement"]["metrics"]
    assert metrics["fees_paid"] is not None and Decimal(metrics["total_trades"]) > 20
    assert Decimal(metrics["current_pnl"]) == sum(Decimal(t["pnl"]) for t in bodies(whole, "trade")) + \
        sum(Decimal(m["pnl"]) for m in bodies(whole, "cash"))


def fee_smaller(log):
    log.edited(log.find("trade", 2, side="buy"), fee="0.00000001")


def fee_in_cash(log):
    log.edited(log.find("trade", 2, side="buy"), fee_currency="USDT")


def dust_smaller(log):
    log.edited(log.find("cash", 1), size="0.00000001")


def dust_cheaper(log):
    log.edited(log.find("cash", 1), pnl="0.00000000")


def dust_pays(log):
    log.edited(log.find("cash", 1), amount="5.00000000")


def dust_hidden(log):
    del log.entries[log.find("cash", 1)]


TAMPERED = {
    fee_smaller: {"closes", "positions", "profits"},
    fee_in_cash: {"closes", "positions", "profits"},
    dust_smaller: {"positions"},
    dust_cheaper: {"profits"},
    dust_pays: {"positions"},
    dust_hidden: {"positions"},
}


@pytest.mark.parametrize("spoil", TAMPERED, ids=lambda spoil: spoil.__name__)
def test_what_is_signed_anew_breaks_its_own_rule(log, tmp_path, spoil):
    spoil(log)
    assert failed(judge(log.write(tmp_path / "x"), log.key.vkey)) == TAMPERED[spoil]


def test_third_assets_are_counted_and_not_converted(log, tmp_path):
    """As Binance does with the BNB discount: pnl knows nothing of it, and fees_paid has no value."""
    bought = log.find("trade", 0, side="buy")
    del log.entries[bought + 1:]
    log.edited(bought, fee="0.00012", fee_currency="BNB")
    path = log.write(tmp_path / "x")
    told, said = verdicts_of(verify(path, log.key.vkey, "--no-state")), \
        verdicts_of(second(path, log.key.vkey))
    assert told[0] == said[0] and told[0]["profits"] == "PASS"
    assert told[1]["statement"] == said[1]["statement"]
    assert told[1]["statement"]["undefined"]["fees_paid"] == "a fee was paid in another currency"


def test_the_backtest_plays_the_same(received, tmp_path):
    daemon, path = received
    done = run("backtest", "--strategy", str(path / "strategy.json"), "--candles",
               f"BTC/USDT={path / 'BTCUSDT-5m.csv'}", "--tick", "BTC/USDT=0.01", "--lot",
               "BTC/USDT=0.00001", "--fee-in", "received", "--starting-equity", "10000", "--json",
               "--quiet")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["config"]["fee_in"] == "received"
    mine = [(t["price"], t["size"], t["fee"], t["fee_currency"], t["pnl"]) for t in told["trades"]]
    theirs = list(daemon.api.pages("/v1/fills", order="asc", limit=500))
    assert mine == [(f["price"], f["size"], f["fee"], f["fee_currency"], f["pnl"]) for f in theirs]
