# SPDX-License-Identifier: Apache-2.0
"""`traderd verify` and tools/verify.py agree on honest and on tampered logs, property by property:
each check fails when its thing is broken, and only then."""
import json
import os
import subprocess
import sys

import pytest

import evidence
import ledger
from contract import ROOT
from daemon import binary, environment, run

ENTRIES = 1500


def verdicts_of(done):
    assert done.returncode in (0, 1), done.stderr
    told = json.loads(done.stdout)
    found = {item["property"]: item["verdict"] for item in told["properties"]}
    assert done.returncode == int("FAIL" in found.values())
    return found, told


def verify(path, key, *arguments, cwd=None):
    return subprocess.run([binary(), "verify", path, "--key", key, "--json", *arguments],
                          capture_output=True, text=True, timeout=120, env=environment(), cwd=cwd,
                          check=False)


def second(path, key, *arguments):
    return subprocess.run([sys.executable, ROOT / "tools/verify.py", path, "--key", key, "--json",
                           *arguments], capture_output=True, text=True, timeout=120, check=False)


def judge(path, key, *arguments, cwd=None):
    """The verdicts, which are those of both verifiers."""
    ours, told = verdicts_of(verify(path, key, "--no-state", *arguments, cwd=cwd))
    theirs, said = verdicts_of(second(path, key, *arguments))
    assert ours == theirs
    assert told["statement"] == said["statement"]
    return ours


def failed(verdicts):
    return {name for name, verdict in verdicts.items() if verdict == "FAIL"}


@pytest.fixture(scope="module")
def whole(played, tmp_path_factory):
    """The evidence of the daemon that has played, cut behind the end of an order."""
    made = evidence.Evidence.of_data(played.data, tmp_path_factory.mktemp("key"))
    size = next(i for i in range(ENTRIES, len(made.entries)) if b'"close": {' in made.entries[i])
    made.entries = made.entries[:size + 1]
    return made


@pytest.fixture
def log(whole):
    """One that may be spoilt."""
    return evidence.Evidence(whole.entries, whole.key)


@pytest.fixture
def vkey(whole):
    return whole.key.vkey


# ---- Honest logs ----

@pytest.mark.parametrize("form", ["folder", "archive", "lines"])
def test_an_honest_log_passes_in_every_form(log, vkey, tmp_path, form):
    sizes = [1, 2, 255, 256, 257, 1000, len(log.entries)]
    path = log.write_lines(tmp_path / "x") if form == "lines" else log.write(tmp_path / "x", sizes)
    if form == "archive":
        path = evidence.pack(path, tmp_path / "evidence.tar", "evidence/")
    found = judge(path, vkey)
    passed = {name for name, verdict in found.items() if verdict == "PASS"}
    assert failed(found) == set()
    assert passed >= {"signature", "tree", "entries", "orders", "closes", "fills", "strategies",
                      "positions", "profits"}
    assert passed >= ({"lines"} if form == "lines" else {"checkpoints", "tiles"})
    unproven = {name for name, verdict in found.items() if verdict == "NOT PROVEN"}
    assert unproven >= {"witnesses", "freshness", "times", "venue", "elsewhere", "statement"}


def test_the_figures_are_those_of_the_api(played, whole, vkey, tmp_path):
    """The API's statistics are doubles; what is made of the log is exact to the twelfth digit."""
    full = evidence.Evidence.of_data(played.data, tmp_path)
    path = full.write_lines(tmp_path / "x")
    _, told = verdicts_of(verify(path, vkey, "--no-state"))
    _, said = verdicts_of(second(path, vkey))
    assert told["statement"] == said["statement"]
    metrics, served = told["statement"]["metrics"], played.api.get("/v1/metrics").json
    names = ["total_trades", "wins", "losses", "breakeven", "win_rate", "avg_win", "avg_loss",
             "profit_factor", "expectancy", "expectancy_ratio", "payoff", "current_pnl",
             "fees_paid", "turnover", "longest_loss_run", "sharpe_ratio", "sortino_ratio",
             "volatility"]
    flat = {}
    for part in (served, *[value for value in served.values() if isinstance(value, dict)]):
        flat.update(part)
    for name in names:
        assert float(metrics[name]) == pytest.approx(float(flat[name]), rel=1e-9), name


def test_people_get_a_line_a_property(log, vkey, tmp_path):
    path = log.write(tmp_path / "x")
    done = run("verify", path, "--key", vkey, "--no-state")
    assert done.returncode == 0, done.stdout
    lines = [line for line in done.stdout.splitlines()
             if line.startswith(("PASS ", "NOT PROVEN "))]
    assert len(lines) == 20 and "\x1b" not in done.stdout
    assert "Nothing failed" in done.stdout.splitlines()[-1]
    (path / "tile/0/000").write_bytes(bytes(8192))
    done = run("verify", path, "--key", vkey, "--no-state")
    assert done.returncode == 1
    assert "Broken: The hash tiles are those of the entries." in done.stdout


# ---- A dishonest trader, who signs anew what he has changed ----

def change_pnl(log):
    index = log.find("trade", 3, side="sell")
    return log.edited(index, pnl="99.00000000")


def change_price(log):
    index = log.find("trade", 4, side="buy")
    return log.edited(index, price="1.00")


def drop_order(log):
    del log.entries[log.find("order", 5, purpose="entry")]


def drop_losing_trade(log):
    for i, entry in enumerate(log.entries):
        trade = json.loads(entry).get("trade")
        if trade and trade["pnl"].startswith("-"):
            del log.entries[i]
            return


def drop_close(log):
    del log.entries[log.find("close", status="filled")]


def grow_fill(log):
    index = log.find("trade", 2, side="buy")
    return log.edited(index, size="9.00000")


def say_canceled(log):
    return log.edited(log.find("close", status="filled"), status="canceled")


def repeat_fill(log):
    first = json.loads(log.entries[log.find("trade", 0)])["trade"]["venue_fill_id"]
    return log.edited(log.find("trade", 1), venue_fill_id=first)


def other_strategy(log):
    config = json.loads(log.entries[1])["config"]["strategies"]
    return log.edited(1, strategies=[{**config[0], "name": "another"}])


def cash_padded(log):
    return log.edited(log.find("equity"), cash="123456.00000000")


def equity_padded(log):
    return log.edited(log.find("equity", 1), equity="123456.00000000")


def day_skipped(log):
    del log.entries[log.find("equity", 1)]


def position_hidden(log):
    index = next(i for i, entry in enumerate(log.entries) if b'"equity": {' in entry
                 and json.loads(entry)["equity"]["positions"])
    return log.edited(index, positions=[])


def time_back(log):
    return log.edited(len(log.entries) - 1, timestamp="2021-09-02T00:00:00.000000Z")


def other_blanks(log):
    index = log.find("control")
    log.entries[index] = log.entries[index].replace(b'"mode": ', b'"mode":')


def cycle_back(log):
    last = json.loads(log.entries[-1])
    for number in (5, 4):
        log.entries.append(ledger.canonical(
            {"mode": last["mode"], "strategy": "", "timestamp": last["timestamp"],
             "cycle": {"number": number, "equity": "10000.00000000", "inputs": "00" * 32}}))


TAMPERED = {
    change_pnl: {"profits"},
    change_price: {"profits", "positions"},
    drop_order: {"orders", "closes"},
    drop_losing_trade: {"closes", "positions"},
    drop_close: {"closes"},
    grow_fill: {"orders", "closes", "profits", "positions"},
    say_canceled: {"closes"},
    repeat_fill: {"fills"},
    other_strategy: {"strategies"},
    cash_padded: {"positions"},
    equity_padded: {"positions"},
    day_skipped: {"positions"},
    position_hidden: {"positions"},
    time_back: {"entries"},
    other_blanks: {"entries", "positions"},
    cycle_back: {"cycles"},
}


@pytest.mark.parametrize("spoil", TAMPERED, ids=lambda spoil: spoil.__name__)
def test_what_is_signed_anew_breaks_its_own_rule(log, vkey, tmp_path, spoil):
    spoil(log)
    assert failed(judge(log.write(tmp_path / "x"), vkey)) == TAMPERED[spoil]


def funded(key, **changes):
    """A log made by hand: a perpetual is bought, and pays for being held."""
    def entry(kind, body, strategy=""):
        return ledger.canonical({"mode": "paper", "strategy": strategy, kind: body,
                                 "timestamp": "2024-01-15T10:30:00.000000Z"})

    order = entry("order", {"id": 1, "limit_price": None, "reduce_only": False, "side": "buy",
                            "signal": None, "size": "2.0", "strategy_id": "i",
                            "symbol": "BTC/USDT:USDT", "type": "market"}, "s")
    leaf = ledger.leaf_hash(order)
    return evidence.Evidence([
        entry("genesis", {"origin": key.name, "quote": "USDT", "starting_equity": "1000"}),
        entry("config", {"strategies": [{"id": "i", "name": "s", "next_id": ""}]}),
        order,
        entry("trade", {"client_order_id": leaf[:32], "fee": "0.50", "fee_currency": "USDT",
                        "id": "1", "order": leaf, "order_id": "1", "pnl": "0.00",
                        "position_id": "1", "price": "100.0", "side": "buy", "size": "2.0",
                        "status": "filled", "strategy_id": "i", "symbol": "BTC/USDT:USDT",
                        "venue_fill_id": "x"}, "s"),
        entry("close", {"client_order_id": leaf[:32], "fee": "0.50", "filled": "2.0",
                        "order": leaf, "order_id": "1", "size": "2.0", "status": "filled",
                        "symbol": "BTC/USDT:USDT"}, "s"),
        entry("cash", {"amount": "-0.02", "currency": "USDT", "id": "1", "kind": "funding",
                       "mark": "101.0", "position_id": "1", "rate": "0.0001", "size": "2.0",
                       "strategy_id": "i", "symbol": "BTC/USDT:USDT", **changes}, "s"),
        entry("equity", {"cash": "999.48", "day": "2024-01-15", "equity": "1001.48",
                         "positions": [{"id": 1, "mark": "101.0", "side": "long", "size": "2.0",
                                        "symbol": "BTC/USDT:USDT"}]}),
    ], key)


def test_funding_follows_from_size_mark_and_rate(whole, vkey, tmp_path):
    found = judge(funded(whole.key).write(tmp_path / "good"), vkey)
    assert failed(found) == set() and found["positions"] == found["profits"] == "PASS"
    for name, changes, wanted in (("rate", {"rate": "-0.0001"}, {"profits"}),
                                  ("mark", {"mark": "151.0"}, {"profits"}),
                                  ("size", {"size": "1.0"}, {"profits"}),
                                  ("amount", {"amount": "0.02"}, {"profits", "positions"})):
        log = funded(whole.key, **changes)
        assert failed(judge(log.write(tmp_path / name), vkey)) == wanted, name


def told(key, *payments):
    """The same log, where the exchange told what the perpetual paid."""
    log = funded(key)
    bodies = [{"amount": "-0.02", "currency": "USDT", "id": str(i + 1), "kind": "funding",
               "position_id": "1", "strategy_id": "i", "symbol": "BTC/USDT:USDT",
               "venue_at": "2024-01-15T10:00:00.000000Z", **payment}
              for i, payment in enumerate(payments)]
    entries = log.entries[:5] + [
        ledger.canonical({"mode": "paper", "strategy": "s", "cash": body,
                          "timestamp": "2024-01-15T10:30:00.000000Z"}) for body in bodies]
    return evidence.Evidence(entries, key)


def test_what_the_exchange_tells_of_funding_counts_once(whole, vkey, tmp_path):
    late = {"venue_id": "9", "position_id": None}
    for name, payments, wanted in (("good", ({"venue_id": "8"}, late), set()),
                                   ("twice", ({"venue_id": "9"}, late), {"fills"}),
                                   ("number", ({"venue_id": 8}, late), {"fills"}),
                                   ("nobody", ({"venue_id": "8", "position_id": "7"},),
                                    {"positions"})):
        found = judge(told(whole.key, *payments).write(tmp_path / name), vkey)
        assert failed(found) == wanted, name
        assert found["profits"] == "PASS", name  # of trades, which funding is no part of


def replaced(key, **changes):
    """A log made by hand: a limit order takes another's place before that has ended."""
    def entry(kind, body, strategy=""):
        return ledger.canonical({"mode": "paper", "strategy": strategy, kind: body,
                                 "timestamp": "2024-01-15T10:30:00.000000Z"})

    order = {"id": 7, "limit_price": "100.0", "reduce_only": False, "side": "buy",
             "signal": None, "size": "2.0", "strategy_id": "i", "symbol": "BTC/USDT",
             "type": "limit"}
    old = entry("order", order, "manual")
    new = entry("order", {**order, "id": 8, "expires": "2024-01-16T00:00:00.000000Z",
                          "replaces": 7, **changes}, "manual")
    leaf = ledger.leaf_hash(old)
    return evidence.Evidence([
        entry("genesis", {"origin": key.name, "quote": "USDT", "starting_equity": "1000"}),
        entry("config", {"strategies": [{"id": "i", "name": "manual", "next_id": ""}]}),
        old, new,
        entry("close", {"client_order_id": leaf[:32], "fee": "0", "filled": "0.0", "order": leaf,
                        "order_id": "7", "size": "2.0", "status": "canceled",
                        "symbol": "BTC/USDT"}, "manual"),
    ], key)


def test_an_order_replaces_one_before_it_of_its_kind(whole, vkey, tmp_path):
    found = judge(replaced(whole.key).write(tmp_path / "good"), vkey)
    assert failed(found) == set() and found["orders"] == "PASS"
    assert failed(judge(replaced(whole.key, replaces=3).write(tmp_path / "gone"), vkey)) == set()
    for name, changes in (("later", {"replaces": 9}), ("itself", {"replaces": 8}),
                          ("text", {"replaces": "7"}), ("side", {"side": "sell"}),
                          ("reduces", {"reduce_only": True}), ("symbol", {"symbol": "ETH/USDT"})):
        log = replaced(whole.key, **changes)
        assert failed(judge(log.write(tmp_path / name), vkey)) == {"orders"}, name


# ---- Files that were changed after they were signed ----

def flip(path, at=-3):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def flip_signature(path):
    """One bit of the last signature of a file of notes."""
    text, _, encoded = path.read_text().rpartition(" ")
    signature = bytearray(evidence.base64.b64decode(encoded))
    signature[-1] ^= 1
    path.write_text(f"{text} {evidence.base64.b64encode(signature).decode()}\n")


FLIPPED = {
    "checkpoint": {"signature"},
    "checkpoints": {"checkpoints"},
    "tile/0/001": {"tiles"},
    "tile/1/000.p/5": {"tiles"},
}


@pytest.mark.parametrize("name", FLIPPED)
def test_one_flipped_byte_is_seen(log, vkey, tmp_path, name):
    path = log.write(tmp_path / "x", checkpoints=[100, 300])
    if name.startswith("tile/"):
        flip(path / name, at=-20)
    else:
        flip_signature(path / name)
    assert failed(judge(path, vkey)) == FLIPPED[name]


@pytest.mark.parametrize("at", range(-150, -1, 7))
def test_a_note_with_any_flipped_byte_is_refused(log, vkey, tmp_path, at):
    log.entries = log.entries[:3]
    path = log.write(tmp_path / "x")
    flip(path / "checkpoint", at)
    assert "signature" in failed(judge(path, vkey))


def test_a_flipped_byte_of_a_bundle_breaks_the_tree(log, vkey, tmp_path):
    path = log.write(tmp_path / "x", checkpoints=[100, 900])
    flip(path / "tile/entries/001")
    assert failed(judge(path, vkey)) >= {"tree", "tiles", "checkpoints"}


def test_swapped_entries_break_the_tree(log, vkey, tmp_path):
    signed = log.note()
    log.entries[700], log.entries[701] = log.entries[701], log.entries[700]
    path = log.write(tmp_path / "x")
    (path / "checkpoint").write_text(signed)
    assert "tree" in failed(judge(path, vkey))


def test_a_line_that_is_gone_is_missed(log, vkey, tmp_path):
    path = log.write_lines(tmp_path / "x")
    lines = (path / "log.jsonl").read_bytes().splitlines(keepends=True)
    (path / "log.jsonl").write_bytes(b"".join(lines[:700] + lines[701:]))
    assert "tree" in failed(judge(path, vkey))


def test_lines_are_compared_with_bundles(log, vkey, tmp_path):
    path = log.write(log.write_lines(tmp_path / "x"))
    flip(path / "trades.jsonl", at=-10)
    assert failed(judge(path, vkey)) == {"lines"}


def test_lines_behind_the_checkpoint_are_told_and_nothing_more(log, vkey, tmp_path):
    path = log.write_lines(tmp_path / "x")
    (path / "checkpoint").write_text(log.note(len(log.entries) - 3))
    (path / "trades.jsonl").unlink()
    done = verify(path, vkey, "--no-state")
    assert done.returncode == 0
    assert "3 more lines follow" in done.stdout


def test_a_log_of_another_key_is_refused(log, tmp_path):
    other = evidence.Key(log.key.name, bytes(32), tmp_path)
    assert failed(judge(log.write(tmp_path / "x"), other.vkey)) == {"signature"}
    another = evidence.Key("another.example/log", bytes(32), tmp_path)
    assert failed(judge(log.write(tmp_path / "x"), another.vkey)) == {"signature"}


def test_a_missing_bundle_or_tile_is_missed(log, vkey, tmp_path):
    path = log.write(tmp_path / "x")
    (path / "tile/0/002").unlink()
    assert failed(judge(path, vkey)) == {"tiles"}
    (path / "tile/entries/002").unlink()
    assert "tree" in failed(judge(path, vkey))


# ---- Statements ----

def statement_of(log, path, vkey):
    _, told = verdicts_of(verify(path, vkey, "--no-state"))
    return ledger.canonical(told["statement"])


def test_a_statement_is_recomputed_to_the_byte(log, vkey, tmp_path):
    size = len(log.entries)
    early = statement_of(log, evidence.Evidence(log.entries[:900], log.key).write(
        tmp_path / "early"), vkey)
    path = log.write(tmp_path / "x")
    file = tmp_path / "statement.json"
    for made in (early, statement_of(log, path, vkey)):
        file.write_bytes(made + b"\n")
        assert judge(path, vkey, "--statement", str(file))["statement"] == "PASS"
        for old, new in ((b'"win_rate": "0.', b'"win_rate": "1.'), (b"tl-metrics-1", b"tl-metrics-2"),
                         (b'": "', b'":  "'), (b'"wins": "', b'"wins": "1')):
            file.write_bytes(made.replace(old, new, 1))
            assert failed(judge(path, vkey, "--statement", str(file))) == {"statement"}
    file.write_bytes(made.replace(f'"tree_size": {size}'.encode(), b'"tree_size": 99999'))
    assert judge(path, vkey, "--statement", str(file))["statement"] == "NOT PROVEN"
    (path / "statement.json").write_bytes(made)
    assert judge(path, vkey)["statement"] == "PASS"


# ---- What was seen before ----

def both_states(path, vkey, folder):
    ours, _ = verdicts_of(verify(path, vkey, "--state", str(folder / "ours"), cwd=folder))
    theirs, _ = verdicts_of(second(path, vkey, "--state", str(folder / "theirs")))
    assert ours == theirs
    return ours["history"]


def test_a_log_that_grew_goes_on_and_an_old_copy_is_stale(log, vkey, tmp_path):
    old = evidence.Evidence(log.entries[:800], log.key).write(tmp_path / "old")
    new = log.write(tmp_path / "new")
    assert both_states(old, vkey, tmp_path) == "NOT PROVEN"
    assert both_states(old, vkey, tmp_path) == "PASS"
    assert both_states(new, vkey, tmp_path) == "PASS"
    assert both_states(old, vkey, tmp_path) == "STALE"
    assert both_states(new, vkey, tmp_path) == "PASS"
    assert (tmp_path / "ours").read_text() == log.note()
    assert not (tmp_path / "equivocation.json").exists()


def test_a_fork_is_refused_with_evidence_that_convinces_others(log, vkey, tmp_path):
    seen = evidence.Evidence(log.entries[:800], log.key)
    assert both_states(seen.write(tmp_path / "old"), vkey, tmp_path) == "NOT PROVEN"
    drop_losing_trade(log)
    assert both_states(log.write(tmp_path / "new"), vkey, tmp_path) == "FAIL"
    told = json.loads((tmp_path / "equivocation.json").read_text())
    assert told["vkey"] == vkey
    assert told["oldCheckpoint"]["envelope"] == seen.note()
    assert told["newCheckpoint"]["envelope"] == log.note()
    then = evidence.root_of(log.hashes()[:800])
    assert told["rootOfNewAtOldSize"] == evidence.base64.b64encode(then).decode()
    proof = [evidence.base64.b64decode(item) for item in told["consistency"]]
    assert evidence.consistent(800, then, len(log.entries), evidence.root_of(log.hashes()), proof)
    # What was seen first is not given up.
    assert both_states(log.write(tmp_path / "new"), vkey, tmp_path) == "FAIL"
    assert (tmp_path / "ours").read_text() == seen.note()


def test_two_roots_of_one_size_are_a_fork(log, vkey, tmp_path):
    before = log.note()
    change_pnl(log)
    path = log.write(tmp_path / "x")
    (path / "checkpoints").write_text(before + log.note())
    done = verify(path, vkey, "--no-state", cwd=tmp_path)
    assert "checkpoints" in failed(verdicts_of(done)[0])
    assert json.loads((tmp_path / "equivocation.json").read_text())[
        "oldCheckpoint"]["envelope"] == before


def test_checks_are_remembered_below_the_users_state(log, vkey, tmp_path):
    env = {**environment(), "XDG_STATE_HOME": str(tmp_path / "state")}
    path = log.write(tmp_path / "x")
    for wanted in ("NOT PROVEN", "PASS"):
        done = subprocess.run([binary(), "verify", path, "--key", vkey, "--json"], env=env,
                              capture_output=True, text=True, timeout=60, check=False)
        assert verdicts_of(done)[0]["history"] == wanted
    kept = list((tmp_path / "state/traderd/seen").iterdir())
    assert [file.read_text() for file in kept] == [log.note()]


GROWS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv.pop(1))
import verify
later, read = Path(sys.argv.pop(1)), verify.Folder.get

def grown(self, name):
    data = read(self, name)
    for file in later.iterdir() if data is not None else ():
        file.rename(self.path / file.name)
    return data

verify.Folder.get = grown
sys.exit(verify.main())
"""


def test_a_log_that_grows_while_it_is_read_passes(log, vkey, tmp_path):
    """The daemon writes lines first and signs them then: read the other way round, nothing lacks."""
    now, later = tmp_path / "now", tmp_path / "later"
    old = evidence.Evidence(log.entries[:800], log.key)
    old.write_lines(now)
    log.write_lines(later)
    state = tmp_path / "seen"
    done = subprocess.run([sys.executable, "-c", GROWS, ROOT / "tools", later, now, "--key", vkey,
                           "--json", "--state", state], capture_output=True, text=True, timeout=120,
                          check=False)
    assert failed(verdicts_of(done)[0]) == set() and not list(later.iterdir())
    assert state.read_text() == old.note(), "what was judged is remembered, not what came since"


# ---- One entry ----

@pytest.mark.parametrize("index", [0, 255, 256, 1023, 1500])
def test_one_entry_and_its_proof(log, vkey, tmp_path, index):
    proof = tmp_path / "entry.tlog-proof"
    proof.write_text(log.tlog_proof(index))
    (tmp_path / "entry").write_bytes(log.entries[index])
    assert run("verify", proof, "--key", vkey).returncode == 0
    line = tmp_path / "line"
    line.write_bytes(evidence.line_of(log.entries[index]))
    assert run("verify", proof, "--key", vkey, "--entry", line).returncode == 0
    line.write_bytes(evidence.line_of(log.entries[index + 1]))
    assert run("verify", proof, "--key", vkey, "--entry", line).returncode == 1
    proof.write_text(proof.read_text().replace(f"index {index}", f"index {index ^ 1}"))
    assert run("verify", proof, "--key", vkey).returncode == 1


# ---- What the daemon itself hands out ----

@pytest.fixture(scope="module")
def archive(played, tmp_path_factory):
    path = tmp_path_factory.mktemp("served") / "evidence.tar"
    path.write_bytes(played.api.get("/v1/log/evidence.tar").body)
    return path


@pytest.fixture(scope="module")
def served_key(played):
    return played.api.get("/v1/log/key").text.strip()


@pytest.fixture(scope="module")
def unpacked(archive):
    """The archive with the first of its checkpoints only: the second verifier runs openssl for each."""
    folder = archive.parent / "unpacked"
    folder.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", folder], check=True)
    notes = (folder / "checkpoints").read_text().split("\n\n")
    (folder / "checkpoints").write_text("\n\n".join(notes[:20]) + "\n\n" + notes[20].split(
        "\n")[0] + "\n")
    return folder


EVERYTHING = {"signature", "tree", "checkpoints", "tiles", "entries", "orders", "closes", "fills",
              "strategies", "positions", "profits", "corrections", "statement"}


def passed(found):
    return {name for name, verdict in found.items() if verdict == "PASS"}


def test_the_evidence_archive_passes_whole(archive, unpacked, served_key):
    found, _ = verdicts_of(verify(archive, served_key, "--no-state"))
    assert passed(found) == EVERYTHING
    assert judge(unpacked, served_key) == found


def test_one_flipped_byte_of_the_archive_is_refused(archive, served_key, tmp_path):
    copy, data = tmp_path / "evidence.tar", archive.read_bytes()
    for at in range(700, len(data) - 20000, len(data) // 12):
        if not data[at]:
            continue  # what fills up a block
        spoilt = bytearray(data)
        spoilt[at] ^= 1
        copy.write_bytes(spoilt)
        assert verify(copy, served_key, "--no-state").returncode in (1, 2), at


def test_the_data_directory_passes(played, served_key):
    found = judge(played.data, served_key)
    assert failed(found) == set()
    assert passed(found) >= {"signature", "tree", "lines", "profits"}


def test_the_log_is_verified_over_http(played, served_key, tmp_path):
    token = tmp_path / "token"
    token.write_text(played.token + "\n")
    url = f"http://127.0.0.1:{played.port}/v1/log"
    done = verify(url, served_key, "--no-state", "--token", str(token))
    found, _ = verdicts_of(done)
    assert passed(found) == EVERYTHING
    closed = verify(url, served_key, "--no-state")
    assert closed.returncode == 2 and "HTTP status 401" in closed.stderr, "the log is not public"
    far = verify("http://192.0.2.1/v1/log", served_key, "--token", str(token))
    assert far.returncode == 2 and "https" in far.stderr


def test_the_served_statement_is_what_the_verifiers_make(played, unpacked, served_key, tmp_path):
    newest = played.api.get("/v1/log/statement").body
    checkpoints = played.api.get("/v1/log/checkpoints", limit=1000).json["data"]
    sizes = [row["tree_size"] for row in checkpoints]
    file = tmp_path / "statement.json"
    # Back and forth: what is kept between answers must not show.
    for size in (sizes[len(sizes) // 2], sizes[-1], sizes[3], sizes[len(sizes) // 3]):
        file.write_bytes(played.api.get("/v1/log/statement", size=size).body)
        assert judge(unpacked, served_key, "--statement", str(file))["statement"] == "PASS"
    assert played.api.get("/v1/log/statement").body == newest
    unsigned = next(n for n in range(1, 100) if n not in sizes)
    assert played.api.get("/v1/log/statement", size=unsigned).status == 404


def test_the_proof_of_a_served_trade(played, served_key, tmp_path):
    trade = played.api.get("/v1/trades", limit=1).json["data"][0]
    file = tmp_path / "proof.json"
    file.write_bytes(played.api.get(f"/v1/trades/{trade['id']}/proof").body)
    assert run("verify", file, "--key", served_key).returncode == 0
    answer = json.loads(file.read_text())
    answer["inclusionProof"]["logIndex"] = str(int(answer["inclusionProof"]["logIndex"]) ^ 1)
    file.write_text(json.dumps(answer))
    assert run("verify", file, "--key", served_key).returncode == 1


# ---- Wrong usage and input ----

def test_wrong_usage_and_input_end_with_two(log, vkey, tmp_path):
    path = log.write(tmp_path / "x")
    packed = evidence.pack(path, tmp_path / "x.tar")
    cut = tmp_path / "cut.tar"
    cut.write_bytes(packed.read_bytes()[:-20000])
    (tmp_path / "text").write_text("no archive\n")
    for arguments in ([path], [path, "--key", "nonsense"], [path, "--key", vkey[:-3] + "AAA"],
                      [tmp_path / "nowhere", "--key", vkey], [tmp_path / "text", "--key", vkey],
                      [cut, "--key", vkey], [path, path, "--key", vkey], [path, "--key", ""],
                      [path, "--key", vkey, "--no-state", "--state", "x"], []):
        done = run("verify", *arguments)
        assert done.returncode == 2 and done.stderr, arguments
    with open(tmp_path / "key", "w", encoding="ascii") as file:
        file.write(vkey + "\n")
    assert run("verify", path, "--key", tmp_path / "key", "--no-state").returncode == 0


def test_an_archive_with_two_files_of_one_name_is_refused(log, vkey, tmp_path):
    path = log.write(tmp_path / "x")
    packed = evidence.pack(path, tmp_path / "x.tar")
    with evidence.tarfile.open(packed, "a", format=evidence.tarfile.USTAR_FORMAT) as archive:
        archive.add(path / "checkpoint", "checkpoint")
    assert run("verify", packed, "--key", vkey).returncode == 2
    assert second(packed, vkey).returncode == 2


def test_gnu_tar_makes_an_archive_that_is_read(log, vkey, tmp_path):
    log.write(tmp_path / "x")
    for name in ("gnu", "ustar", "pax"):
        packed = tmp_path / f"{name}.tar"
        subprocess.run(["tar", f"--format={name}", "-cf", packed, "-C", tmp_path, "x"], check=True,
                       env={**os.environ})
        assert failed(judge(packed, vkey)) == set()
