# SPDX-License-Identifier: Apache-2.0
"""Logs that were changed at random and signed anew: both verifiers say the same of each, property by
property, and make the same statement.  MUTANTS sets how many, MUTANT_SEED where they begin."""
import argparse
import json
import os
import random
import sys

import pytest

import evidence
import ledger
from contract import ROOT
from test_z_leaves import adopted
from test_z_verify import verdicts_of, verify
from test_z_verify_account import close_of, order_of, trade_of

sys.path.insert(0, str(ROOT / "tools"))
import verify as second  # noqa: E402  in this process: it is started hundreds of times

MUTANTS = int(os.environ.get("MUTANTS", "120"))
SEED = int(os.environ.get("MUTANT_SEED", "1"))
VALUES = [None, True, False, 0, 1, -1, 2**53 - 1, 2**53, 10**30, 1.5, "", "0", "-0", "01", "1.", ".5", "1e3", "+1",
          "0.0000000000001", "9" * 26, "9" * 27, "1234567890123456789", "buy", "sell", "filled", "canceled", "s", "i",
          "USDT", "BTC/USDT", "x" * 32, "e\u0301", "\x00", "\ud800", "\U0001F600", [], {}, [1], {"a": 1},
          {"count": True}, {"count": 51}, "2024-02-30", "2024-01-15T10:30:60.000000Z", "0F" * 32, "00" * 32, "limit",
          "market", "funding", "dust", "adopt", "note", "deposit", "ioc", "\u0663"]


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return evidence.Key("trader.example/log1", bytes(range(32)), tmp_path_factory.mktemp("key"))


@pytest.fixture(scope="module")
def whole(key):
    """A perpetual that was taken over in part, and sold by an order at a limit."""
    log = adopted(key)
    order = order_of(2, side="sell", size="1.0", reduce_only=True, type="limit", limit_price="99.0",
                     expires="2024-01-15T12:00:00.000000Z")
    log.entries += [order, trade_of(order, 2, 2, side="sell", size="1.0", pnl="-0.35", status="filled"),
                    close_of(order, 2, size="1.0", filled="1.0", fee="0.10", status="filled")]
    return log


def places(value, at=()):
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from places(item, (*at, name))


def nudged(chance, text):
    """A decimal text with another last digit, sign or scale."""
    last = str((int(text[-1]) + chance.choice((1, 9))) % 10) if text[-1:].isdigit() and text.isascii() else ""
    return chance.choice((text + "0", "-" + text, text[:-1] + last))


def change(chance, record):
    *path, name = chance.choice([at for at in places(record) if at])
    where = record
    for step in path:
        where = where[step]
    old, way = where[name], chance.random()
    if way < 0.1:
        del where[name]
    elif isinstance(old, str) and old[:1].isdigit() and way < 0.6:
        where[name] = nudged(chance, old)
    elif isinstance(old, list) and old and way < 0.5:
        old.append(chance.choice(old))
    elif isinstance(old, dict) and way < 0.5:
        old.update({f"z{i}": 1 for i in range(chance.choice((1, 20, 50)))})
    else:
        where[name] = chance.choice(VALUES)


def mutant(chance, entries):
    made = list(entries)
    for _ in range(chance.choice((1, 1, 2))):
        at, way = chance.randrange(len(made)), chance.random()
        if way < 0.08 and len(made) > 1:
            del made[at]
        elif way < 0.15:
            made.insert(chance.randrange(len(made) + 1), made[at])
        else:
            record = json.loads(made[at])
            change(chance, record)
            made[at] = ledger.canonical(record)
    return made


def said_by_the_second(folder, key):
    options = ("statement", "state", "policy", "tsa_ca", "beacon", "windows")
    verifier = second.Verifier(argparse.Namespace(path=str(folder), key=key.vkey, fresh=7200, late=86400,
                                                  **dict.fromkeys(options)))
    verifier.judge()
    try:
        statement = json.loads(verifier.metrics.statement(verifier.tree.root()))
    except second.Bad:
        statement = None
    return verifier.report.verdicts, statement


def test_both_say_the_same_of_every_mutant(whole, key, tmp_path):
    condemned = 0
    for seed in range(SEED, SEED + MUTANTS):
        log = evidence.Evidence(mutant(random.Random(seed), whole.entries), key)
        folder = log.write(tmp_path / str(seed), tiles=False)
        ours, told = verdicts_of(verify(folder, key.vkey, "--no-state"))
        theirs, statement = said_by_the_second(folder, key)
        assert ours == theirs, f"MUTANT_SEED={seed} MUTANTS=1"
        assert told["statement"] == statement, f"MUTANT_SEED={seed} MUTANTS=1"
        condemned += "FAIL" in ours.values()
    assert condemned > MUTANTS // 2 or MUTANTS < 20
