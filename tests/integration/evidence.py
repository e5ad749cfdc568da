# SPDX-License-Identifier: Apache-2.0
"""Evidence of a trade log made by hand: trees, signed notes, tiles and bundles, honest or not.

Written from RFC 6962 and the C2SP formats with hashlib and the openssl command, so that a test can
sign anew what it has tampered with, as a dishonest trader would.
"""
import base64
import hashlib
import json
import subprocess
import tarfile
from pathlib import Path

import ledger

TILE = 256
PKCS8 = bytes.fromhex("302e020100300506032b657004220420")  # what RFC 8410 puts before a seed


def leaf_hash(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes):
    """MTH of RFC 6962 section 2.1, over leaf hashes."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    while len(hashes) > 1:
        pairs = [node_hash(*hashes[i:i + 2]) for i in range(0, len(hashes) - 1, 2)]
        hashes = pairs + hashes[len(pairs) * 2:]
    return hashes[0]


def inclusion(hashes, index):
    """PATH of RFC 6962 section 2.1.1."""
    if len(hashes) == 1:
        return []
    split = 1 << (len(hashes) - 1).bit_length() - 1
    if index < split:
        return inclusion(hashes[:split], index) + [root_of(hashes[split:])]
    return inclusion(hashes[split:], index - split) + [root_of(hashes[:split])]


def consistent(old, old_root, new, new_root, proof):
    """RFC 9162 section 2.1.4.2, for 0 < old < new."""
    proof = list(proof) if old & old - 1 else [old_root, *proof]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = proof[0]
    for item in proof[1:]:
        if at & 1 or at == last:
            first, second = node_hash(item, first), node_hash(item, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, item)
        at, last = at >> 1, last >> 1
    return first == old_root and second == new_root and last == 0


class Key:
    """The log's key: a seed, and the name that is the log's origin."""

    def __init__(self, name, seed, folder):
        self.name = name
        self.folder = Path(folder)
        self.der = self.folder / f"{hashlib.sha256(seed).hexdigest()[:8]}.der"
        self.der.write_bytes(PKCS8 + seed)
        public = self.openssl("pkey", "-in", self.der, "-inform", "DER", "-pubout", "-outform",
                              "DER")[-32:]
        self.id = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(bytes([1]) + public).decode()}"

    @classmethod
    def of_data(cls, data, folder):
        """The key of a daemon's data directory."""
        genesis = json.loads((Path(data) / "log.jsonl").open().readline())["genesis"]
        key = cls(genesis["origin"], bytes.fromhex((Path(data) / "log.key").read_text()), folder)
        assert key.vkey == genesis["vkey"]
        return key

    @staticmethod
    def openssl(*arguments):
        return subprocess.run(["openssl", *map(str, arguments)], capture_output=True,
                              check=True).stdout

    def sign(self, text, prefix=b""):
        message = self.folder / "message"
        message.write_text(text)
        signature = self.openssl("pkeyutl", "-sign", "-inkey", self.der, "-keyform",
                                 "DER", "-rawin", "-in", message)
        return base64.b64encode(prefix + signature).decode()

    def note(self, size, root):
        text = f"{self.name}\n{size}\n{base64.b64encode(root).decode()}\n"
        line = self.sign(text, self.id)
        return f"{text}\n\N{EM DASH} {self.name} {line}\n"


def tile_name(level, n, width):
    digits = f"{n:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i:i + 3] for i in range(0, len(digits), 3)]
    path = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{path}" + (f".p/{width}" if width < TILE else "")


def tiles_of(hashes):
    """Every tile of a tree: name and bytes."""
    level = 0
    while hashes:
        for n in range(0, len(hashes), TILE):
            part = hashes[n:n + TILE]
            yield tile_name(level, n // TILE, len(part)), b"".join(part)
        hashes = [root_of(hashes[n:n + TILE])
                  for n in range(0, len(hashes) - TILE + 1, TILE)]
        level += 1


def bundles_of(entries):
    for n in range(0, len(entries), TILE):
        part = entries[n:n + TILE]
        yield (tile_name("entries", n // TILE, len(part)),
               b"".join(len(entry).to_bytes(2, "big") + entry for entry in part))


def line_of(entry):
    return entry[:-1] + b', "proof": "' + hashlib.sha256(entry).hexdigest().encode() + b'"}\n'


class Evidence:
    """What a trader hands over; `entries` may be changed before it is written."""

    def __init__(self, entries, key):
        self.entries = list(entries)
        self.key = key

    @classmethod
    def of_data(cls, data, folder):
        lines = (Path(data) / "log.jsonl").read_bytes().splitlines()
        return cls([ledger.check_line(line)[1] for line in lines], Key.of_data(data, folder))

    def hashes(self):
        return [leaf_hash(entry) for entry in self.entries]

    def note(self, size=None):
        hashes = self.hashes()[:size]
        return self.key.note(len(hashes), root_of(hashes))

    def write(self, folder, checkpoints=(), tiles=True):
        """A folder as an unpacked evidence archive."""
        folder = Path(folder)
        files = dict(bundles_of(self.entries))
        if tiles:
            files.update(tiles_of(self.hashes()))
        files["checkpoint"] = self.note().encode()
        if checkpoints:
            files["checkpoints"] = "".join(map(self.note, checkpoints)).encode()
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder

    def write_lines(self, folder):
        """A folder as a data directory."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "checkpoint").write_text(self.note())
        (folder / "log.jsonl").write_bytes(b"".join(map(line_of, self.entries)))
        (folder / "trades.jsonl").write_bytes(
            b"".join(line_of(entry) for entry in self.entries if b'"trade": {' in entry))
        return folder

    def tlog_proof(self, index):
        path = inclusion(self.hashes(), index)
        return "\n".join(["c2sp.org/tlog-proof@v1", f"index {index}",
                          *(base64.b64encode(item).decode() for item in path), "", self.note()])

    # ---- Dishonesty ----

    def edited(self, index, **changes):
        """The entry with other members, canonical again."""
        record = json.loads(self.entries[index])
        kind = ledger.kind_of(record)
        for name, value in changes.items():
            (record if name in ledger.ENVELOPE else record[kind])[name] = value
        self.entries[index] = ledger.canonical(record)
        return self

    def find(self, kind, nth=0, **wanted):
        """The index of an entry of the kind with these members."""
        for index, entry in enumerate(self.entries):
            body = json.loads(entry).get(kind)
            if body is not None and all(body.get(name) == value for name, value in wanted.items()):
                if nth == 0:
                    return index
                nth -= 1
        raise AssertionError(f"no {kind} entry with {wanted}")


def pack(folder, path, prefix=""):
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for file in sorted(Path(folder).rglob("*")):
            if file.is_file():
                archive.add(file, prefix + str(file.relative_to(folder)))
    return path
