# SPDX-License-Identifier: Apache-2.0
"""A transparency log in plain Python, from RFC 6962, RFC 9162 and C2SP, and nothing of ours."""
import base64
import hashlib
import subprocess
import tempfile
from pathlib import Path

DER = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: an Ed25519 public key follows


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf(entry):
    return sha256(b"\x00" + entry)


def node(left, right):
    return sha256(b"\x01" + left + right)


def roots(leaves):
    """MTH of RFC 6962 2.1 of the first leaf hash, the first two, and so on."""
    stack = []  # (size, hash), complete subtrees
    for item in leaves:
        stack.append((1, item))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            (size, right), (_, left) = stack.pop(), stack.pop()
            stack.append((2 * size, node(left, right)))
        result = stack[-1][1]
        for _, left in reversed(stack[:-1]):
            result = node(left, result)
        yield result


def root(leaves):
    """MTH of all of them."""
    result = sha256(b"")
    for result in roots(leaves):
        pass
    return result


def level_up(hashes):
    """Roots of the complete groups of 256."""
    return [root(hashes[i:i + 256]) for i in range(0, len(hashes) - 255, 256)]


def check_inclusion(leaf_hash, index, size, proof, wanted):
    """RFC 9162 2.1.3.2."""
    assert index < size
    at, last, result = index, size - 1, leaf_hash
    for item in proof:
        assert last > 0, "the proof is too long"
        if at & 1 or at == last:
            result = node(item, result)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            result = node(result, item)
        at, last = at >> 1, last >> 1
    assert last == 0, "the proof is too short"
    assert result == wanted, "the proof does not lead to the root"


def check_consistency(old, old_root, new, new_root, proof):
    """RFC 9162 2.1.4.2."""
    assert 0 < old <= new
    if old == new:
        assert not proof and old_root == new_root
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for item in path[1:]:
        assert last > 0, "the proof is too long"
        if at & 1 or at == last:
            first, second = node(item, first), node(item, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, item)
        at, last = at >> 1, last >> 1
    assert last == 0 and first == old_root and second == new_root


def bundle(data):
    """Entries of a bundle."""
    entries = []
    while data:
        length = int.from_bytes(data[:2], "big")
        assert len(data) >= 2 + length
        entries.append(data[2:2 + length])
        data = data[2 + length:]
    return entries


def path_of(n):
    """001 or x001/x234/067"""
    groups = [f"{n % 1000:03}"]
    while n >= 1000:
        n //= 1000
        groups.insert(0, f"x{n % 1000:03}")
    return "/".join(groups)


class Key:
    """A vkey."""

    def __init__(self, text):
        self.name, self.id, encoded = text.split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        assert raw[0] == 1 and len(raw) == 33
        self.public = raw[1:]
        assert sha256(self.name.encode() + b"\n" + raw)[:4].hex() == self.id

    def verify(self, text, signature):
        with tempfile.TemporaryDirectory() as folder:
            names = [Path(folder) / name for name in ("key", "text", "signature")]
            for name, data in zip(names, (DER + self.public, text, signature)):
                name.write_bytes(data)
            done = subprocess.run(
                ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER",
                 "-inkey", names[0], "-in", names[1], "-sigfile", names[2]],
                capture_output=True, check=False)
            return done.returncode == 0


def open_note(note, key):
    """(size, root) of a checkpoint this key signed."""
    data = note if isinstance(note, bytes) else note.encode()
    text, signatures = data.rsplit(b"\n\n", 1)
    text += b"\n"
    lines = [line.split() for line in signatures.decode().splitlines()]
    ours = [base64.b64decode(line[2], validate=True) for line in lines if line[1] == key.name]
    ours = [signed for signed in ours if signed[:4].hex() == key.id]  # others are passed over
    assert len(ours) == 1
    [signed] = ours
    assert key.verify(text, signed[4:]), "the signature is wrong"
    origin, size, encoded = text.decode().splitlines()
    assert origin == key.name and str(int(size)) == size
    return int(size), base64.b64decode(encoded, validate=True)
