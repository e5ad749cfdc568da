# SPDX-License-Identifier: Apache-2.0
"""The keys of a log, one after the other, from docs/trade-log.md: each later one is named by a `key`
entry that the one before it and the new one have signed."""
from verify_formats import Bad, Key, Unknown, instant, open_checkpoint, unbase64


class Keys:
    def __init__(self):
        self.keys = []  # (key, smallest tree it signs, until when the one before it signs)

    def begin(self, body):
        try:
            self.keys = [(Key(body.get("vkey")), 0, None)]
        except (Bad, AttributeError):
            self.keys = []

    def add(self, body, index):
        if not self.keys:
            raise Bad("the log's first key is not known")
        old = self.keys[-1][0]
        try:
            new, until = Key(body.get("vkey")), instant(body.get("old_until"))
        except AttributeError as error:
            raise Bad("vkey is missing") from error
        if new.name != old.name:
            raise Bad("the new key has another name")
        if self.has(new):
            raise Bad("the new key has signed this log before")
        text = "\n".join(("traderd/key/v1", old.name, old.text, new.text, body["old_until"], ""))
        for name, key in (("old_signature", old), ("new_signature", new)):
            try:
                signature = unbase64(body.get(name))
            except (ValueError, TypeError) as error:
                raise Bad(f"{name} is missing or malformed") from error
            if not key.verifies(text.encode(), signature):
                raise Bad(f"{name} does not hold")
        self.keys.append((new, index + 1, until))

    def has(self, key):
        return any(key.public == known.public for known, _, _ in self.keys)

    def signs(self, at, size, last):
        """Whether that key signs a tree of `size` entries, the newest of which is of `last`."""
        return size >= self.keys[at][1] and not any(
            size >= since and last > until for _, since, until in self.keys[at + 1:])

    def ended(self, key, size, last):
        return any(key.public == known.public and not self.signs(at, size, last)
                   for at, (known, _, _) in enumerate(self.keys))

    def open(self, note, last):
        """As open_checkpoint, by whichever key signs such a tree."""
        for at in reversed(range(len(self.keys))):
            try:
                found = open_checkpoint(note, self.keys[at][0])
            except Unknown:
                continue
            if self.signs(at, found[0], last):
                return found
        raise Unknown("no key that the log names has signed it")
