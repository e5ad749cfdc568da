# SPDX-License-Identifier: Apache-2.0
"""Entries about the log itself: what both verifiers make of good ones and of tampered ones."""
import base64
import hashlib
import json

import pytest

import evidence
import ledger
from test_z_verify import failed, judge, verdicts_of, verify

AT = "2024-01-15T10:30:00.000000Z"
SYMBOL = "BTC/USDT:USDT"


def entry(kind, body, strategy=""):
    return ledger.canonical({"mode": "paper", "strategy": strategy, kind: body, "timestamp": AT})


@pytest.fixture
def key(tmp_path):
    return evidence.Key("trader.example/log1", bytes(range(32)), tmp_path)


def held(key, **changes):
    """A perpetual is bought: 2 at 100 for a fee of 0.50."""
    order = entry("order", {"id": 1, "limit_price": None, "reduce_only": False, "side": "buy",
                            "signal": None, "size": "2.0", "strategy_id": "i", "symbol": SYMBOL,
                            "type": "market", **changes}, "s")
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


# ---- Orders ----

@pytest.mark.parametrize("changes, wanted", [
    ({}, set()), ({"time_in_force": "ioc"}, {"orders"}),
    *(({"type": "limit", "limit_price": "100.0", "time_in_force": life}, set())
      for life in ("ioc", "fok", "post_only")),
    ({"type": "limit", "limit_price": "100.0", "time_in_force": "gtc"}, {"orders"}),
    ({"type": "limit", "limit_price": "100.0", "time_in_force": None}, {"orders"})])
def test_only_limit_orders_say_how_long_they_are_good(key, tmp_path, changes, wanted):
    found = failed(judge(held(key, **changes).write(tmp_path / "log"), key.vkey))
    assert found >= wanted and bool(found) == bool(wanted)


# ---- Corrections ----

def adopted(key, strategy="s", **changes):
    """The venue held 1.5 only: the half that is gone is booked at 98."""
    log = held(key)
    log.entries += [
        entry("correct", {"kind": "adopt", "pnl": "-1.12", "position_id": "1", "price": "98.0",
                          "reason": "the venue holds less", "side": "sell", "size": "0.5",
                          "strategy_id": "i", "symbol": SYMBOL, **changes}, strategy),
        entry("equity", {"cash": "998.50", "day": "2024-01-15", "equity": "1000.00",
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


# ---- Statements ----

def stated(log, key, folder, **changes):
    """The log with the statement that its entries make, as its next entry."""
    told = verdicts_of(verify(log.write(folder), key.vkey, "--no-state"))[1]["statement"]
    log.entries.append(entry("statement", {**told, **changes}))
    return log


def test_a_statement_in_the_log_is_of_all_entries_before_it(key, tmp_path):
    log = held(key)
    for folder in ("one", "two"):
        log = stated(log, key, tmp_path / folder)
    found = judge(log.write(tmp_path / "good"), key.vkey)
    assert failed(found) == set() and found["statement"] == "PASS"
    # One that was true of fewer entries is not true of more.
    log.entries.append(log.entries[-1])
    assert failed(judge(log.write(tmp_path / "again"), key.vkey)) == {"statement"}


@pytest.mark.parametrize("changes", [
    {"tree_size": 4}, {"alg": "tl-metrics-2"}, {"mode": "live"}, {"metrics": {}}, {"more": 1},
    {"root": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}])
def test_a_statement_in_the_log_is_recomputed_to_the_byte(key, tmp_path, changes):
    log = stated(held(key), key, tmp_path / "before", **changes)
    assert failed(judge(log.write(tmp_path / "log"), key.vkey)) == {"statement"}


def test_no_statement_is_published_of_entries_that_make_none(key, tmp_path):
    log = stated(held(key), key, tmp_path / "before")
    del log.entries[1:3]  # the config and the order
    log.entries.insert(0, log.entries[1])
    found = failed(judge(log.write(tmp_path / "log"), key.vkey))
    assert "statement" in found


# ---- Anchors ----

COSIGNER = "witness.example/w1"


def cosignature(at, name=COSIGNER):
    blob = base64.b64encode(b"\xa1\xb2\xc3\xd4" + at.to_bytes(8, "big") + bytes(64)).decode()
    return f"\N{EM DASH} {name} {blob}\n"


def anchored(log, size, at=7, changes=()):
    """The entry that names what a witness and an authority attested of the first `size`."""
    text = log.note(size).partition("\n\n")[0] + "\n"
    log.entries.append(entry("anchor", {
        "checkpoint": hashlib.sha256(text.encode()).hexdigest(), "size": size,
        "evidence": [{"digest": hashlib.sha256(cosignature(at).encode()).hexdigest(),
                      "kind": "cosignature", "source": f"{COSIGNER}+a1b2c3d4"},
                     {"digest": hashlib.sha256(b"token").hexdigest(), "kind": "rfc3161",
                      "source": "tsa.example"}], **dict(changes)}))
    return log


def with_evidence(log, folder, size, at=7, tokens=(b"token",)):
    folder = log.write(folder)
    (folder / "checkpoints").write_text(log.note(size) + (cosignature(at) if at else ""))
    (folder / "timestamps").write_bytes(b"".join(
        b"%d %s\n" % (size, base64.b64encode(token)) for token in tokens))
    return folder


def test_what_others_attested_is_the_evidence_beside_the_log(key, tmp_path):
    log = anchored(anchored(held(key), 4), 4)
    for name, given, wanted in (
            ("good", {}, "PASS"), ("two", {"tokens": (b"other", b"token")}, "PASS"),
            ("other", {"at": 8}, "FAIL"), ("token", {"tokens": (b"other",)}, "FAIL"),
            ("none", {"at": 0, "tokens": ()}, "NOT PROVEN"), ("half", {"at": 0}, "NOT PROVEN")):
        found = judge(with_evidence(log, tmp_path / name, 4, **given), key.vkey)
        assert found["anchors"] == wanted, name
        assert failed(found) == ({"anchors"} if wanted == "FAIL" else set())
    # Evidence of another size shows nothing of this one.
    assert judge(with_evidence(log, tmp_path / "five", 5), key.vkey)["anchors"] == "NOT PROVEN"
    assert judge(log.write(tmp_path / "bare"), key.vkey)["anchors"] == "NOT PROVEN"
    assert "anchors" not in judge(held(key).write(tmp_path / "not"), key.vkey)


@pytest.mark.parametrize("size, changes", [
    (4, {"size": 3}), (4, {"size": 6}), (5, {"size": 0}), (4, {"checkpoint": "00" * 32}),
    (4, {"evidence": []}), (4, {"evidence": [{"kind": "rumour"}]}), (4, {"evidence": None}),
    (4, {"evidence": [{"kind": "rfc3161", "source": "x", "digest": "00"}]})])
def test_an_anchor_is_of_a_checkpoint_of_this_log(key, tmp_path, size, changes):
    log = anchored(held(key), size, changes=changes)
    assert failed(judge(log.write(tmp_path / "log"), key.vkey)) == {"anchors"}


# ---- Keys ----

UNTIL = "2024-02-15T00:00:00.000000Z"


@pytest.fixture
def keys(tmp_path):
    """Three keys of one name: the log's first, its second, and a stranger's."""
    return [evidence.Key("trader.example/log1", bytes([n]) * 32, tmp_path) for n in (1, 2, 3)]


def key_entry(old, new, until=UNTIL, at=AT, changes=()):
    text = "\n".join(("traderd/key/v1", old.name, old.vkey, new.vkey, until, ""))
    body = {"vkey": new.vkey, "old_until": until, "old_signature": old.sign(text),
            "new_signature": new.sign(text), **dict(changes)}
    return ledger.canonical({"mode": "paper", "strategy": "", "key": body, "timestamp": at})


def rotated(keys, late=False, **how):
    """A log that goes on with another key; late: beyond the old one's end."""
    log = held(keys[0])
    log.edited(0, vkey=keys[0].vkey)
    log.entries.append(key_entry(*keys[:2], **how))
    at = "2024-03-01T00:00:00.000000Z" if late else AT
    log.entries.append(ledger.canonical({"mode": "paper", "strategy": "", "timestamp": at,
                                         "control": {"action": "pause"}}))
    return log


def signed(log, folder, by, stored=()):
    """Written with the newest checkpoint signed by some keys, and earlier ones: (size, keys)."""
    def note(size, signers):
        notes = [evidence.Evidence(log.entries[:size], key).note() for key in signers]
        return notes[0] + "".join(other.partition("\n\n")[2] for other in notes[1:])

    folder = log.write(folder)
    (folder / "checkpoint").write_text(note(None, by))
    if stored:
        (folder / "checkpoints").write_text("".join(note(*item) for item in stored))
    return folder


def test_a_reader_with_either_key_follows_the_log(keys, tmp_path):
    old, new, stranger = keys
    log = rotated(keys)
    stored = [(3, [old]), (6, [old, new]), (6, [new])]
    for name, by in (("both", [old, new]), ("old", [old]), ("new", [new])):
        folder = signed(log, tmp_path / name, by, stored)
        for key in (old, new):
            found = judge(folder, key.vkey)
            assert failed(found) == set() and found["keys"] == found["signature"] == "PASS", name
        assert "signature" in failed(judge(folder, stranger.vkey))
    assert "signature" in failed(judge(signed(log, tmp_path / "stranger", [stranger]), old.vkey))
    # A key signs no tree without its own entry.
    early = signed(log, tmp_path / "early", [new], [(4, [new])])
    assert failed(judge(early, old.vkey)) == {"checkpoints"}
    other = signed(log, tmp_path / "other", [new], [(4, [stranger])])
    assert failed(judge(other, old.vkey)) == {"checkpoints"}
    assert "keys" not in judge(held(old).write(tmp_path / "one"), old.vkey)


def test_the_old_key_stops(keys, tmp_path):
    old, new, _ = keys
    log = rotated(keys, late=True)
    for name, by, wanted in (("old", [old], {"signature"}), ("new", [new], set()),
                             ("both", [old, new], set())):
        found = judge(signed(log, tmp_path / name, by), old.vkey)
        assert failed(found) == wanted, name
    late = signed(log, tmp_path / "late", [new], [(6, [old])])
    assert failed(judge(late, new.vkey)) == set()


@pytest.mark.parametrize("changes", [
    {"old_signature": None}, {"new_signature": ""}, {"old_until": "2025-02-15T00:00:00.000000Z"},
    {"vkey": "x"}, {"old_signature": "swap"}, {"old_until": 7}])
def test_a_key_that_the_one_before_has_not_named_signs_nothing(keys, tmp_path, changes):
    old, new, _ = keys
    if changes.get("old_signature") == "swap":
        changes = {"old_signature": json.loads(key_entry(new, old))["key"]["old_signature"]}
    log = rotated(keys, changes=changes)
    assert failed(judge(signed(log, tmp_path / "new", [new]), old.vkey)) == {"keys", "signature"}


def test_no_key_comes_twice_and_none_changes_the_name(keys, tmp_path):
    old, new, third = keys
    log = rotated(keys)
    log.entries.append(key_entry(new, old))
    assert failed(judge(signed(log, tmp_path / "back", [new]), new.vkey)) == {"keys"}
    log.entries[-1] = key_entry(old, third)  # the old one has handed over already
    assert failed(judge(signed(log, tmp_path / "fork", [new]), new.vkey)) == {"keys"}
    renamed = evidence.Key("trader.example/log2", bytes([4]) * 32, tmp_path)
    log.entries[-1] = key_entry(new, renamed)
    assert failed(judge(signed(log, tmp_path / "name", [new]), new.vkey)) == {"keys"}
    log.entries[-1] = key_entry(new, third)
    assert failed(judge(signed(log, tmp_path / "third", [third]), old.vkey)) == set()
