#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes leaves.txt: a leaf of each kind as CPython's json and hashlib see it."""
import base64
import hashlib
import json
import os
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
METRICS = os.path.join(HERE, "../../../docs/tl-metrics-1.md")
AT = "2024-01-15T10:30:00.000000Z"
ID = "5f" * 32
ORDER_HASH = "ab" * 32
LOG = "trader.example/log1"
SIGNAL_HASH = "0c" * 32


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], capture_output=True, check=True).stdout


def signs(seed, text):
    """(vkey, signature of the text) of a key, by the openssl command."""
    with tempfile.TemporaryDirectory() as folder:
        der, message = os.path.join(folder, "key"), os.path.join(folder, "text")
        with open(der, "wb") as file:
            file.write(bytes.fromhex("302e020100300506032b657004220420") + seed)
        with open(message, "w", encoding="ascii") as file:
            file.write(text)
        public = b"\x01" + openssl("pkey", "-in", der, "-inform", "DER", "-pubout", "-outform",
                                   "DER")[-32:]
        signature = openssl("pkeyutl", "-sign", "-inkey", der, "-keyform", "DER", "-rawin", "-in",
                            message)
    name = hashlib.sha256(LOG.encode() + b"\n" + public).hexdigest()[:8]
    return f"{LOG}+{name}+{base64.b64encode(public).decode()}", base64.b64encode(signature).decode()


def key():
    until, seeds = "2024-02-15T00:00:00.000000Z", (b"\1" * 32, b"\2" * 32)
    old, new = (signs(seed, "x")[0] for seed in seeds)
    text = f"traderd/key/v1\n{LOG}\n{old}\n{new}\n{until}\n"
    return {"vkey": new, "old_until": until, "old_signature": signs(seeds[0], text)[1],
            "new_signature": signs(seeds[1], text)[1]}


def genesis(**more):
    with open(METRICS, "rb") as file:
        algorithm = hashlib.sha256(file.read()).hexdigest()
    return {
        "metric_algorithms": [{"id": "tl-metrics-1", "sha256": algorithm}],
        "origin": "trader.example/sim-paper-main",
        "vkey": "trader.example/sim-paper-main+0a1b2c3d+AfakeKey=",
        "build": "1.0.0+abcdef0",
        "account_hash": "11" * 32,
        "quote": "USDT",
        "starting_equity": "10000.00000000",
        "cycle_interval_s": 300,
        "pace": "replay",
        "precommit": "async",
        "sealed": "none",
        **more,
        "format": "tlj-1",
        "metrics": "returns=daily_mtm periods_per_year=365 rf=0 ddof=1",
    }


def instrument(symbol):
    return {"symbol": symbol, "tick": "0.01", "lot": "0.00001", "min_notional": "5.00000000",
            "money_scale": 8}


def config(instruments):
    return {
        "strategies": [{"id": ID, "name": "adaptive_momentum_v3", "next_id": ""},
                       {"id": "22" * 32, "name": "slow", "next_id": ID}],
        "feed_id": "22" * 32,
        "fee_rate": "0.001",
        "slippage_bps": "5",
        "slippage_tolerance_bps": "100",
        "volume_cap": "0",
        "min_confidence": "0.5",
        "max_position_ratio": "1",
        "max_exposure_ratio": "1",
        "max_drawdown": "0.25",
        "max_order_notional": "0.00000000",
        "max_open_positions": 10,
        "intrabar": "pessimistic",
        "limit_fill": "touch",
        "instruments": instruments,
    }


def signal(denied):
    return {
        "id": 7,
        "candle": "2024-01-15T10:25:00.000000Z",
        "symbol": "BTC/USDT",
        "strategy_id": ID,
        "action": "entry",
        "side": "buy",
        "decision": "denied" if denied else "accepted",
        "reasons": ["confidence_too_low", "min_notional"] if denied else [],
        "confidence": "0.75",
        "price": "42150.50",
        "size": "0.00000" if denied else "0.01000",
        "size_asked": "0.02372",
        "trigger": "rsi_14 28.40 < 30",
    }


def order(**changes):
    record = {
        "id": 12,
        "intent_id": 9,
        "attempt": 1,
        "symbol": "BTC/USDT",
        "strategy_id": ID,
        "side": "buy",
        "type": "market",
        "purpose": "entry",
        "exit_reason": None,
        "reduce_only": False,
        "oco_group": None,
        "position_id": None,
        "size": "0.01000",
        "limit_price": None,
        "stop_price": None,
        "decision_price": "42150.50",
        "slippage_tolerance": "0.01",
        "signal": SIGNAL_HASH,
    }
    record.update(changes)
    return record


def trade():
    return {
        "id": "12345",
        "order_id": "12",
        "position_id": "4",
        "order": ORDER_HASH,
        "client_order_id": "ab" * 16,
        "venue_fill_id": "12-1",
        "symbol": "BTC/USDT",
        "strategy_id": ID,
        "side": "sell",
        "price": "42150.50",
        "size": "0.01000",
        "fee": "0.42150500",
        "fee_currency": "USDT",
        "liquidity": "taker",
        "pnl": "-3.07000000",
        "slippage": "0.00210000",
        "status": "partially_filled",
    }


def close():
    return {
        "client_order_id": "ab" * 16,
        "order": ORDER_HASH,
        "order_id": "12",
        "symbol": "BTC/USDT",
        "size": "0.01000",
        "filled": "0.00400",
        "fee": "0.16860200",
        "status": "expired",
        # The last byte of the reason is no UTF-8 in the C test.
        "reason": "slippage_tolerance \u00e9 \u20ac \U0001f600 \"q\" \\ \x01\x7f ?",
    }


def position(number):
    return {"id": number, "symbol": "BTC/USDT", "side": "short" if number % 2 else "long",
            "size": "0.01500", "mark": "42000.00", "entry_price": "42100.33"}


def equity(positions):
    return {"cash": "9368.35000000", "day": "2024-01-15", "equity": "9998.35000000",
            "unrealized": "-1.50500000", "positions": positions}


def digested(items):
    text = json.dumps(items, sort_keys=True)
    return {"count": len(items), "digest": hashlib.sha256(text.encode()).hexdigest()}


def leaves():
    yield "genesis", "genesis", "", genesis()
    note = "trader.example/log1\n3\nAAAA\n\n\u2014 trader.example/log1 AAAA\n"
    yield "genesis_second", "genesis", "", genesis(predecessor=note)
    yield "config", "config", "", config([instrument("BTC/USDT"), instrument("ETH/USDT")])
    many = digested([instrument(f"A{i}/USDT") for i in range(51)])
    yield "config_many", "config", "", config(many)
    yield "cycle", "cycle", "", {"number": 42, "equity": "10000.12000000", "inputs": "33" * 32}
    yield "signal", "signal", "adaptive_momentum_v3", signal(False)
    yield "signal_denied", "signal", "adaptive_momentum_v3", signal(True)
    yield "order", "order", "adaptive_momentum_v3", order()
    stop = order(type="stop_market", purpose="stop_loss", exit_reason="trailing_stop", side="sell",
                 reduce_only=True, oco_group=3, position_id=4, stop_price="41000.00", signal=None,
                 slippage_tolerance="0")
    yield "order_stop", "order", "adaptive_momentum_v3", stop
    target = order(type="limit", purpose="take_profit", exit_reason="take_profit", side="sell",
                   reduce_only=True, oco_group=3, position_id=4, limit_price="43000.00",
                   signal=None, slippage_tolerance="0", epoch=7)
    yield "order_limit_in_epoch", "order", "adaptive_momentum_v3", target
    yield "trade", "trade", "adaptive_momentum_v3", trade()
    yield "close", "close", "adaptive_momentum_v3", close()
    yield "equity", "equity", "", equity([position(1), position(2)])
    yield "equity_50", "equity", "", equity([position(i) for i in range(1, 51)])
    yield "equity_51", "equity", "", equity(digested([position(i) for i in range(1, 52)]))
    yield "control", "control", "", {"action": "close_position", "actor": "operator", "target": 4,
                                     "reason": "news at ?? and \u00fc"}
    yield "control_all", "control", "", {"action": "pause", "actor": "ci", "target": None,
                                         "reason": ""}
    yield "correct_adopt", "correct", "adaptive_momentum_v3", {
        "kind": "adopt", "pnl": "-1.50000000", "position_id": "4", "price": "42100.50",
        "reason": "the venue holds less", "side": "sell", "size": "0.00300", "strategy_id": ID,
        "symbol": "BTC/USDT"}
    yield "correct_finer", "correct", "adaptive_momentum_v3", {
        "kind": "adopt", "pnl": "0.00000000", "position_id": "5", "price": "42100.505",
        "reason": "", "side": "buy", "size": "0.0000012", "strategy_id": ID, "symbol": "BTC/USDT"}
    yield "correct_note", "correct", "", {
        "actor": "ci", "index": 17, "kind": "note", "leaf_hash": ORDER_HASH,
        "reason": "the venue corrected it", "replacement": "a price of 42100.00"}
    yield "key", "key", "", key()
    yield "anchor", "anchor", "", {"checkpoint": ORDER_HASH, "size": 4711, "evidence": [
        {"digest": "11" * 32, "kind": "cosignature", "source": "ann.example/w1+a1b2c3d4"},
        {"digest": "22" * 32, "kind": "rfc3161", "source": "tsa.example/tsr"}]}


def main():
    with open(os.path.join(HERE, "leaves.txt"), "w", encoding="ascii") as out:
        for name, kind, strategy, record in leaves():
            envelope = {kind: record, "mode": "paper", "strategy": strategy, "timestamp": AT}
            text = json.dumps(envelope, sort_keys=True)
            proof = hashlib.sha256(text.encode()).hexdigest()
            leaf = hashlib.sha256(b"\0" + text.encode()).hexdigest()
            out.write(f"{name}\t{text}\t{proof}\t{leaf}\n")


if __name__ == "__main__":
    main()
