#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second verifier of traderd's trade logs: Python's standard library and the openssl command.

Written from the formats' definitions (RFC 6962, the C2SP notes, checkpoints and tiles, docs/verify.md,
docs/tl-metrics-1.md), not from traderd's source, so that a mistake in one is seen by the other.

    verify.py PATH --key VKEY [--json] [--statement FILE] [--state FILE]
              [--policy FILE] [--fresh SECONDS] [--tsa-ca FILE] [--late SECONDS]
              [--beacon FILE] [--windows FILE]

PATH is a data directory, an evidence archive (.tar) or an unpacked one.  Exit status: 0 nothing
failed, 1 something did, 2 wrong usage or input.
"""
import argparse
import json
import os
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from verify_anchors import Anchors, Policy
from verify_formats import (Archive, Bad, Folder, Key, Tree, Unknown, bundled_entries, entry_of, line_of,
                            instant, open_checkpoint, parse, parse_note, read_checkpoint, split_notes,
                            tile_name)
from verify_metrics import Metrics
from verify_rules import Rules
from verify_windows import Windows

PROPERTIES = ("signature keys tree checkpoints tiles history entries lines orders closes fills "
              "strategies cycles positions profits corrections statement witnesses freshness anchors "
              "times windows precommit venue elsewhere").split()
RANKS = ("PASS", "NOT PROVEN", "STALE", "FAIL")


class Report:
    def __init__(self):
        self.verdicts, self.details = {}, {}

    def say(self, name, verdict, detail=""):
        if RANKS.index(verdict) > RANKS.index(self.verdicts.get(name, "PASS")) or \
                name not in self.verdicts:
            self.verdicts[name], self.details[name] = verdict, detail

    def fail(self, name, detail):
        self.say(name, "FAIL", detail)


class Verifier:
    def __init__(self, arguments):
        self.arguments = arguments
        path = arguments.path
        self.source = Folder(path) if Path(path).is_dir() else Archive(path)
        self.key = Key(read_key(arguments.key))
        self.report, self.tree, self.metrics = Report(), Tree(), Metrics()
        self.anchors = Anchors(self.report, read_policy(arguments.policy, self.key.name,
                                                        arguments.key), arguments.tsa_ca)
        self.rules = Rules(self.report, self.metrics, self.tree, self.anchors)
        self.windows = Windows(self.report, self.anchors, arguments.beacon, arguments.windows)
        self.size, self.root, self.is_signed, self.is_by_another = 0, None, False, False
        self.others = {}  # stored notes by size that other keys may have signed
        self.wanted, self.statement, self.made = {}, None, None
        self.lines, self.trades, self.has_bundles = None, None, False

    # ---- What is there ----

    def open_notes(self):
        note = self.source.get("checkpoint")
        # Afterwards, because a daemon that writes meanwhile signs what stands there already.
        self.lines, self.trades = self.source.get("log.jsonl"), self.source.get("trades.jsonl")
        try:
            if note is None:
                raise Bad("there is no checkpoint")
            self.size, self.root = open_checkpoint(note, self.key)
            self.is_signed = True
        except Unknown:  # by another key of the log, perhaps: known at the end
            self.read_unsigned(note)
            self.is_by_another = True
        except Bad as error:
            self.report.fail("signature", str(error))
            self.read_unsigned(note or b"")
        self.note = note
        stored, good = list(split_notes(self.source.get("checkpoints") or b"")), []
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # openssl runs once a note
            for number, opened in enumerate(pool.map(self.try_open, stored)):
                if isinstance(opened, Unknown) and self.claimed(stored[number]):
                    opened = self.claimed(stored[number])
                    self.others.setdefault(opened[0], []).append(stored[number])
                if isinstance(opened, Bad):
                    self.report.fail("checkpoints", f"checkpoint {number}: {opened}")
                else:
                    self.wanted.setdefault(opened[0], []).append(opened[1])
                    self.report.say("checkpoints", "PASS")
                    good.append((opened[0], stored[number]))
        for size, text in sorted(good, key=lambda item: item[0]):
            self.anchors.push_note(text, size)
        if self.is_signed or self.is_by_another:
            self.anchors.push_note(note, self.size)
        self.anchors.push_stamps(self.source.get("timestamps"))
        self.anchors.ready()

    def try_open(self, note):
        try:
            return open_checkpoint(note, self.key)
        except Bad as error:
            return error

    def claimed(self, note):
        """What a note of this log says that the key has not signed."""
        try:
            return read_checkpoint(parse_note(note)[0], self.key.name)
        except Bad:
            return None

    def read_unsigned(self, note):
        """What an unsigned checkpoint claims: the entries are judged all the same."""
        try:
            body, _ = parse_note(note)
            self.size, self.root = read_checkpoint(body, body.partition("\n")[0])
        except Bad:
            self.size, self.root = 0, None

    def open_statement(self):
        given = self.arguments.statement
        self.statement = Path(given).read_bytes() if given else self.source.get("statement.json")
        self.statement_size = 0
        if self.statement is not None:
            try:
                size = json.loads(self.statement)["tree_size"]
                self.statement_size = size if type(size) is int and size < 2**63 else 0
            except (ValueError, KeyError, TypeError, RecursionError):
                pass

    # ---- Entry by entry ----

    def entries(self):
        name = tile_name("entries", 0, min(256, self.size))
        self.has_bundles = self.size == 0 or self.source.get(name) is not None
        if self.has_bundles:
            yield from bundled_entries(self.source, self.size)
            return
        if self.lines is None:
            raise Bad("there are neither entry bundles nor log.jsonl")
        for line in self.lines.split(b"\n")[:-1][:self.size]:
            yield entry_of(line)

    def push(self, entry):
        index, is_record = self.tree.size, False
        try:
            kind, record = parse(entry)
            at = instant(record["timestamp"])
            if at < self.last:
                self.report.fail("entries", f"entry {index}: time goes back")
            else:
                self.anchors.meet(index, at, kind == "trade")
                is_record = True
            self.last = at
        except Bad as error:
            self.report.fail("entries", f"entry {index}: {error}")
            kind = record = None
        if kind == "statement":
            self.rules.judge_statement(entry)
        self.metrics.push(kind, record)
        if record:
            self.rules.push(kind, record, entry)
        else:
            self.rules.index += 1
        self.rules.passed(entry)
        if is_record:
            self.windows.meet(index, at, kind, record, self.rules.trade_order)
        self.tree.append(entry)
        self.expected_lines.append(entry)
        if kind == "trade":
            self.expected_trades.append(entry)
        self.meet()

    def judge_signature(self):
        ended = self.rules.keys.ended(self.key, self.size, self.last)
        if self.is_signed and not ended:
            self.report.say("signature", "PASS", f"of {self.size} entries")
        elif self.is_signed or self.is_by_another:
            try:
                self.open_by_another(self.note)
                self.is_signed = True
                self.report.say("signature", "PASS",
                                f"of {self.size} entries, by a key that the log leads to")
            except Bad as error:
                self.is_signed = False
                self.report.fail("signature", str(error))

    def judge_name(self):
        """The log's own first entry says whose it is."""
        if self.metrics.origin and self.metrics.origin != self.key.name:
            self.report.fail("signature", "the entries are of another log: their genesis names "
                             f"{self.metrics.origin}")
        elif self.rules.keys.keys and not self.rules.keys.has(self.key):
            self.report.fail("signature", "the genesis names another key, and the log does not lead "
                             "from it to this one")

    def open_by_another(self, note):
        if not self.rules.keys.has(self.key):
            raise Unknown("there is no signature by this key")
        self.rules.keys.open(note, self.last)

    def meet(self):
        """Whatever is signed or said of the tree's size now."""
        for note in self.others.pop(self.tree.size, []):
            try:
                self.rules.keys.open(note, self.last)
                self.was_by_another = True
            except Bad as error:
                self.report.fail("checkpoints", f"the one of {self.tree.size} entries: {error}")
        for root in self.wanted.pop(self.tree.size, []):
            if root != self.tree.root():
                self.report.fail("checkpoints", f"the one of {self.tree.size} entries has another root")
        if self.statement is not None and self.statement_size == self.tree.size:
            try:
                self.made = self.metrics.statement(self.tree.root())
            except Bad as error:
                self.report.fail("statement", str(error))
        if self.remembered and self.remembered[0] == self.tree.size:
            self.root_then = self.tree.root()

    def read(self):
        self.last, self.expected_lines, self.expected_trades = -2**63, [], []
        self.remembered, self.root_then = None, None
        self.open_notes()
        self.open_statement()
        self.open_state()
        self.meet()
        try:
            for entry in self.entries():
                self.push(entry)
        except Bad as error:
            self.report.fail("tree", str(error))

    # ---- At the end ----

    def judge(self):
        self.was_by_another = False
        self.read()
        self.judge_signature()
        self.judge_name()
        if self.was_by_another and not self.rules.keys.has(self.key):
            self.report.fail("checkpoints", "one is of keys that this one does not lead to")
        rebuilt = self.tree.size == self.size and self.tree.root() == self.root
        if not rebuilt:
            self.report.fail("tree", "the root of the entries is not the one that was signed")
        elif not self.is_signed:
            self.report.say("tree", "NOT PROVEN", "the checkpoint is not signed by the key")
        self.report.say("tree", "PASS")
        for size in self.wanted:
            self.report.fail("checkpoints", f"one of {size} entries is larger than the newest")
        self.judge_tiles()
        self.judge_lines("log.jsonl", self.lines, self.expected_lines, more=True)
        self.judge_lines("trades.jsonl", self.trades, self.expected_trades, more=True)
        self.report.say("entries", "PASS")
        self.rules.end()
        self.judge_history(rebuilt)
        self.judge_statement()
        self.anchors.end(self.size, rebuilt and self.is_signed, self.arguments.fresh,
                         self.arguments.late)
        self.windows.end(rebuilt and self.is_signed)
        for name, why in UNPROVEN.items():
            self.report.say(name, "NOT PROVEN", why)

    def judge_tiles(self):
        if self.size == 0 or self.source.get(tile_name(0, 0, min(256, self.size))) is None:
            return
        for level, hashes in self.tree.levels.items():
            for n in range(-(-len(hashes) // 256)):
                part = hashes[n * 256:n * 256 + 256]
                if self.source.get(tile_name(level, n, len(part))) != b"".join(part):
                    self.report.fail("tiles", tile_name(level, n, len(part)) + " is another")
        self.report.say("tiles", "PASS")

    def judge_lines(self, name, data, entries, more):
        if data is None:
            return
        lines = data.split(b"\n")[:-1]
        if lines[:len(entries)] != [line_of(entry) for entry in entries]:
            self.report.fail("lines", f"{name} has other lines than the log")
        self.report.say("lines", "PASS")

    def open_state(self):
        path = self.arguments.state
        if path and Path(path).is_file():
            try:
                self.remembered = open_checkpoint(Path(path).read_bytes(), self.key)
            except Unknown:  # our own file: verified then, by another key
                self.remembered = self.claimed(Path(path).read_bytes())
            except Bad:
                pass
            if not self.remembered:
                self.report.say("history", "NOT PROVEN", f"{path} holds no checkpoint of this key")

    def judge_history(self, rebuilt):
        say = self.report.say
        if not self.remembered:
            say("history", "NOT PROVEN", "this log was not seen before")
        elif not rebuilt or not self.is_signed:
            say("history", "NOT PROVEN", "the entries are not what is signed now")
        elif self.remembered[0] > self.size:
            say("history", "STALE", f"{self.remembered[0]} entries were seen before")
        elif self.root_then != self.remembered[1]:
            self.report.fail("history", "the entries seen before are not those of this log")
        else:
            say("history", "PASS", f"{self.remembered[0]} entries were seen before")
        if self.arguments.state and rebuilt and self.is_signed and \
                self.report.verdicts["history"] not in ("FAIL", "STALE"):
            Path(self.arguments.state).write_bytes(self.note)

    def judge_statement(self):
        say = self.report.say
        if self.statement is None and self.rules.statements:
            say("statement", "PASS", f"{self.rules.statements} in the log itself")
        elif self.statement is None:
            say("statement", "NOT PROVEN", "no statement was given to compare with")
        elif self.statement_size > self.size:
            say("statement", "NOT PROVEN", "the statement is of more entries than this copy has")
        elif self.made is None or self.statement.removesuffix(b"\n") != self.made:
            self.report.fail("statement", "the entries make another statement")
        else:
            say("statement", "PASS", f"of {self.statement_size} entries")


UNPROVEN = {
    "venue": "compare client order ids with a statement of the exchange",
    "elsewhere": "a log can only speak for itself",
}


def read_policy(path, name, word):
    """The witnesses that are believed; Bad when the policy is of other logs."""
    if path is None:
        return None
    policy = Policy(Path(path).read_bytes())
    if policy.logs and read_key(word) not in policy.logs:
        raise Bad(f"{path} is no policy for {name}")
    return policy


def read_key(word):
    path = Path(word)
    if "+" in word or not path.is_file():
        return word
    return path.read_bytes().decode("utf-8", "replace").rstrip("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path")
    parser.add_argument("--key", required=True, help="the log's vkey, or a file that holds it")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--statement", help="a published statement to recompute")
    parser.add_argument("--state", help="where the newest checkpoint seen is remembered")
    parser.add_argument("--policy", help="a C2SP tlog-policy: the witnesses that are believed")
    parser.add_argument("--fresh", type=int, default=7200, help="how old their word may be, in seconds")
    parser.add_argument("--tsa-ca", help="PEM certificates of the timestamp authorities believed")
    parser.add_argument("--late", type=int, default=86400,
                        help="how long after its own time an entry may have been attested, in seconds")
    parser.add_argument("--beacon", help="rounds of a beacon that are believed")
    parser.add_argument("--windows", help="where the time window of each trade is written")
    arguments = parser.parse_args()
    try:
        verifier = Verifier(arguments)
        verifier.judge()
    except (Bad, OSError, tarfile.TarError) as error:
        print(f"verify.py: {arguments.path}: {error}", file=sys.stderr)
        return 2
    verdicts, details = verifier.report.verdicts, verifier.report.details
    names = [name for name in PROPERTIES if name in verdicts]
    try:
        statement = json.loads(verifier.metrics.statement(verifier.tree.root()))
    except Bad:
        statement = None
    if arguments.json:
        print(json.dumps({"origin": verifier.key.name, "size": verifier.tree.size,
                          "properties": [{"property": name, "verdict": verdicts[name],
                                          "detail": details[name]} for name in names],
                          "statement": statement}))
    else:
        for name in names:
            print(f"{verdicts[name]:10s}  {name:11s} {details[name]}".rstrip())
    return int("FAIL" in verdicts.values())


if __name__ == "__main__":
    sys.exit(main())
