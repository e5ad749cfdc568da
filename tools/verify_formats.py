# SPDX-License-Identifier: Apache-2.0
"""Reads the formats of a trade log: notes, trees, tiles, archives, canonical records.

From RFC 6962, https://c2sp.org (signed-note, tlog-checkpoint, tlog-tiles) and docs/verify.md.
"""
import base64
import calendar
import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path

ONE = 10**12
KINDS = {"genesis", "config", "cycle", "signal", "order", "trade", "close", "equity", "control",
         "cash", "correct", "anchor", "statement", "key"}
ENVELOPE = {"mode", "strategy", "timestamp"}
AMOUNT = re.compile(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,12})?")
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
DASH = "\N{EM DASH} "
TAIL = len(', "proof": ""}') + 64  # of a line, in place of its entry's last brace


class Bad(Exception):
    """Evidence that is not what it should be; the text says why."""


# ---- Hashes and notes ----

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


class Tree:
    """Appends leaves; remembers the hashes of complete subtrees by height for tiles."""

    def __init__(self):
        self.size, self.stack, self.levels = 0, [], {}

    def append(self, entry):
        node, height = sha256(b"\0", entry), 0
        self.levels.setdefault(0, []).append(node)
        while self.size >> height & 1:
            node, height = sha256(b"\1", self.stack.pop(), node), height + 1
            if height % 8 == 0:
                self.levels.setdefault(height // 8, []).append(node)
        self.stack.append(node)
        self.size += 1

    def root(self):
        if not self.stack:
            return sha256(b"")
        node = self.stack[-1]
        for left in reversed(self.stack[:-1]):
            node = sha256(b"\1", left, node)
        return node


    def root_of(self, size):
        """Of the first `size` leaves, by RFC 6962's definition; complete subtrees are known."""
        node = None
        for height in range(size.bit_length()):
            if size >> height & 1:
                part = self.subtree(height, (size >> height) - 1)
                node = part if node is None else sha256(b"\1", part, node)
        return node

    def subtree(self, height, n):
        if height % 8 == 0:
            return self.levels[height // 8][n]
        return sha256(b"\1", self.subtree(height - 1, 2 * n), self.subtree(height - 1, 2 * n + 1))


def unbase64(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise Bad("base64 is not canonical")
    return data


def is_name(name):
    """Of a key."""
    return 0 < len(name.encode()) < 256 and not re.search(r"[\0-\x20\x7f+]", name)


class Key:
    """A verifier key; kind 1 signs notes, 4 cosigns them."""

    def __init__(self, vkey, kind=1):
        try:
            self.name, known, rest = vkey.split("+", 2)
            data = unbase64(rest)
        except ValueError as error:
            raise Bad(f"not a verifier key: {vkey}") from error
        self.id, self.text = sha256(self.name.encode(), b"\n", data)[:4], vkey
        if not is_name(self.name) or len(data) != 33 or data[0] != kind or self.id.hex() != known:
            raise Bad("the verifier key's hash or type is wrong")
        self.public = data[1:]

    def verifies(self, message, signature):
        with tempfile.TemporaryDirectory() as folder:
            names = [Path(folder) / name for name in ("key.der", "message", "signature")]
            spki = bytes.fromhex("302a300506032b6570032100") + self.public
            for name, data in zip(names, (spki, message, signature)):
                name.write_bytes(data)
            done = subprocess.run(
                ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", names[0],
                 "-rawin", "-in", names[1], "-sigfile", names[2]], capture_output=True, check=False)
        return done.returncode == 0


def parse_note(data):
    """(signed text, [(name, id and signature)]) of a note, strictly."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Bad("the note is not UTF-8") from error
    if len(data) > 16384 or not text.endswith("\n") or re.search(r"[\0-\x09\x0b-\x1f]", text):
        raise Bad("the note is not plain text of whole lines")
    body, blank, signatures = text.rpartition("\n\n")
    lines = signatures.split("\n")[:-1]
    if not blank or not lines:
        raise Bad("the note has no signatures")
    if len(lines) > 32:
        raise Bad("the note has more than 32 signatures")
    return body + "\n", [parse_signature(line) for line in lines]


def parse_signature(line):
    name, space, encoded = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not space or not is_name(name):
        raise Bad("a signature line is malformed")
    try:
        data = unbase64(encoded)
    except ValueError as error:
        raise Bad("a signature is not base64") from error
    if len(data) < 5:
        raise Bad("a signature is too short")
    return name, data


class Unknown(Bad):
    """A note that the key has not signed; another may have."""


def open_checkpoint(data, key):
    """(size, root) of a signed note; Bad when anything about it is wrong."""
    body, signatures = parse_note(data)
    ours = [bytes for name, bytes in signatures if name == key.name and bytes[:4] == key.id]
    if not ours:
        raise Unknown("there is no signature by this key")
    if not all(key.verifies(body.encode(), signature[4:]) for signature in ours):
        raise Bad("the key's signature does not fit the text")
    return read_checkpoint(body, key.name)


def read_checkpoint(body, origin):
    lines = body.split("\n")
    if len(lines) < 4 or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]) or "" in lines[:-1]:
        raise Bad("it is not a checkpoint")  # lines behind the third are extensions
    try:
        root = unbase64(lines[2])
    except ValueError as error:
        raise Bad("the root is not base64") from error
    if lines[0] != origin or len(root) != 32 or int(lines[1]) >= 2**63:
        raise Bad("it is a checkpoint of another log")
    return int(lines[1]), root


def split_notes(data):
    """Notes that stand one after another."""
    note, has_signature = [], False
    for line in re.findall("[^\n]*\n|[^\n]+", data.decode(errors="surrogateescape")):
        signature = line.startswith(DASH)
        if has_signature and not signature:
            yield "".join(note).encode(errors="surrogateescape")
            note, has_signature = [], False
        note.append(line)
        has_signature = signature
    if note:
        yield "".join(note).encode(errors="surrogateescape")


# ---- Where the evidence lies ----

class Folder:
    def __init__(self, path):
        self.path = Path(path)

    def get(self, name):
        path = self.path / name
        return path.read_bytes() if path.is_file() else None


OVERRIDING = ("path", "linkpath", "size", "GNU.sparse")


class Archive:
    def __init__(self, path):
        try:
            self.tar = tarfile.open(path, "r:")
            members = self.tar.getmembers()
        except (tarfile.TarError, ValueError, OverflowError) as error:
            raise Bad(f"it is no tar archive, or a damaged one: {error}") from error
        if not members or members[-1].offset_data + members[-1].size > Path(path).stat().st_size:
            raise Bad("it is no tar archive, or was cut")
        names = [self.plain(member.name) for member in members]
        if not all(member.isfile() or member.isdir() for member in members):
            raise Bad("the archive holds something that is no file")
        if any(key.startswith(OVERRIDING) for member in members for key in member.pax_headers):
            raise Bad("a header of the archive gives a file another name or size")
        self.members = {}
        for name, member in zip(names, members):
            if member.isfile() and name in self.members:
                raise Bad("a name stands twice in the archive")
            if member.isfile():
                self.members[name] = member
        within = [name for name in self.members if name.count("/") == 1 and name.endswith("/checkpoint")]
        if len(within) > 1 and "checkpoint" not in self.members:
            raise Bad("two folders of the archive have a checkpoint")
        self.prefix = within[0][:-10] if within and "checkpoint" not in self.members else ""

    @staticmethod
    def plain(name):
        while name.startswith("./"):
            name = name[2:]
        return name

    def get(self, name):
        member = self.members.get(self.prefix + name)
        return self.tar.extractfile(member).read() if member else None


def tile_name(level, n, width):
    digits = str(n).zfill(-(-len(str(n)) // 3) * 3)
    groups = [digits[i:i + 3] for i in range(0, len(digits), 3)]
    path = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{path}" + (f".p/{width}" if width < 256 else "")


def bundled_entries(source, size):
    for n in range(-(-size // 256)):
        width = min(256, size - n * 256)
        name = tile_name("entries", n, width)
        data = source.get(name)
        if data is None:
            raise Bad(f"{name} is missing")
        at = 0
        for _ in range(width):
            length = int.from_bytes(data[at:at + 2], "big")
            if at + 2 + length > len(data):
                raise Bad(f"{name} is cut")
            yield data[at + 2:at + 2 + length]
            at += 2 + length
        if at != len(data):
            raise Bad(f"{name} holds more than {width} entries")


def entry_of(line):
    """Without its tail, which is compared when the entry is known."""
    if not TAIL <= len(line) <= 65535 + TAIL - 1:
        raise Bad("a line is no entry with its proof")
    return line[:-TAIL] + b"}"


def line_of(entry):
    return entry[:-1] + b', "proof": "' + hashlib.sha256(entry).hexdigest().encode() + b'"}'


# ---- Records ----

def no_duplicates(pairs):
    if len(dict(pairs)) != len(pairs):
        raise Bad("a key stands twice")
    return dict(pairs)


def refuse(text):
    raise Bad(f"{text} is no integer")


def check_profile(value, depth=0):
    if depth > 16:
        raise Bad("values are nested too deeply")
    if isinstance(value, dict):
        if len(value) > 48:
            raise Bad("an object has too many members")
        for key, item in value.items():
            if not re.fullmatch(r"[a-z0-9_]{1,40}", key, re.ASCII):
                raise Bad("a key is not of the profile")
            check_profile(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            check_profile(item, depth + 1)
    elif isinstance(value, str):
        value.encode("utf-8")  # a lone surrogate has no UTF-8
    elif isinstance(value, int) and abs(value) > 2**53 - 1:
        raise Bad("an integer is beyond 2^53 - 1")


def instant(text):
    """Microseconds since 1970."""
    if not isinstance(text, str) or not STAMP.fullmatch(text):
        raise Bad("a timestamp is malformed")
    try:
        parts = time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError as error:
        raise Bad("a timestamp is no time") from error
    if parts.tm_sec > 59:
        raise Bad("a timestamp is no time")
    return calendar.timegm(parts) * 10**6 + int(text[20:26])


def parse(entry):
    """(kind, record) of canonical bytes."""
    if len(entry) > 16384:
        raise Bad("an entry is larger than 16 KiB")
    try:
        record = json.loads(entry.decode("ascii"), object_pairs_hook=no_duplicates,
                            parse_float=refuse, parse_constant=refuse)
        check_profile(record)
        canonical = json.dumps(record, sort_keys=True).encode()
    except (ValueError, RecursionError) as error:
        raise Bad("it is not JSON of the profile") from error
    if canonical != entry or not isinstance(record, dict):
        raise Bad("it is not in canonical form")
    kinds = set(record) - ENVELOPE
    if not ENVELOPE <= set(record) or len(kinds) != 1 or not kinds <= KINDS:
        raise Bad("it is not of one known kind")
    kind = kinds.pop()
    if not isinstance(record[kind], dict):
        raise Bad("its kind is not an object")
    if not isinstance(record["mode"], str) or not isinstance(record["strategy"], str):
        raise Bad("mode or strategy is no text")
    instant(record["timestamp"])
    return kind, record


def amount(value):
    """A decimal text as a count of 10^-12."""
    if not isinstance(value, str) or not AMOUNT.fullmatch(value):
        raise Bad("an amount is malformed")
    whole, _, decimals = value.lstrip("-").partition(".")
    number = int(whole) * ONE + int(decimals.ljust(12, "0"))
    if number == 0 and value[0] == "-":
        raise Bad("an amount is -0")
    return -number if value[0] == "-" else number


def decimals_of(value):
    return len(value.partition(".")[2])


def positive_id(value):
    if not isinstance(value, str) or not re.fullmatch(r"[1-9][0-9]{0,17}", value, re.ASCII):
        raise Bad("an id is malformed")
    return int(value)
