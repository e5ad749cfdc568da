# SPDX-License-Identifier: Apache-2.0
"""Checks trade log lines the way anyone can: CPython's json and hashlib, and nothing of ours."""
import hashlib
import json
import re

LINE = re.compile(rb'^(\{.*), "proof": "([0-9a-f]{64})"\}$')
ENVELOPE = {"mode", "strategy", "timestamp"}
KINDS = {"genesis", "config", "cycle", "signal", "order", "trade", "close", "cash", "equity",
         "control", "correct", "reveal", "key", "anchor", "statement"}
# What the API puts beside the record of a trade: its name and its place in the log.
BESIDE = ("id", "log_index")


def canonical(record):
    return json.dumps(record, sort_keys=True).encode()


def proof_of(record):
    return hashlib.sha256(canonical(record)).hexdigest()


def leaf_hash(raw):
    return hashlib.sha256(b"\x00" + raw).hexdigest()


def check_line(line):
    """One line of log.jsonl or trades.jsonl; returns (record, canonical bytes)."""
    parts = LINE.match(line)
    assert parts, line
    raw = parts.group(1) + b"}"
    assert hashlib.sha256(raw).hexdigest() == parts.group(2).decode(), line
    record = json.loads(raw)
    assert canonical(record) == raw, "the stored bytes are not what json.dumps gives"
    assert len(set(record) - ENVELOPE) == 1 and set(record) - ENVELOPE <= KINDS, record
    return record, raw


def kind_of(record):
    return (set(record) - ENVELOPE).pop()


def check_served(trade):
    """A trade as GET /v1/trades serves it; returns the bare record."""
    record = {name: value for name, value in trade.items() if name not in BESIDE}
    proof = record.pop("proof")
    assert proof_of(record) == proof, trade
    return record


def business(lines):
    """The entries of a log that trading made.

    Left out: what an operator did, and the first entry, which names the log's own key.
    """
    checked = [check_line(line) for line in lines]
    return [raw for record, raw in checked if kind_of(record) not in ("control", "genesis")]


def assert_same_trading(daemon, undisturbed):
    """The same trades, byte for byte, and the same signals, orders and closes around them."""
    for name, select in (("trades.jsonl", list), ("log.jsonl", business)):
        ours, theirs = select(daemon.lines(name)), select(undisturbed[name])
        for number, (one, other) in enumerate(zip(ours, theirs)):
            assert one == other, f"entry {number} of {name}:\n{one}\ninstead of\n{other}"
        assert len(ours) == len(theirs), f"{name}: {len(ours)} entries, not {len(theirs)}"
