# SPDX-License-Identifier: Apache-2.0
"""What others attested of a log: cosignatures of witnesses, RFC 3161 time stamp tokens.

From https://c2sp.org (tlog-cosignature, tlog-policy), RFC 3161 and docs/verify.md; signatures by the
openssl command.
"""
import bisect
import calendar
import re
import subprocess
import tempfile
import time
from pathlib import Path

from verify_formats import Bad, Key, parse_note, sha256, unbase64

SKEW_US = 60 * 10**6
SECOND = 10**6
TIME_MAX = 253402300799  # the year 9999 ends: what a witness states beyond it is no time


def needed_of(word, count, name):
    if word in ("any", "all"):
        return 1 if word == "any" else count
    if not re.fullmatch("[1-9][0-9]?", word) or int(word) > count:
        raise Bad(f"group {name} asks for more than it has, or for no number")
    return int(word)


class Policy:
    """A tlog-policy file: witnesses and groups by name, which of them must have signed."""

    def __init__(self, data):
        self.logs, self.witnesses, self.groups, self.quorum = [], {}, {}, None
        members = set()
        if re.search(rb"[\0-\x08\x0b-\x1f\x7f]", data) or not data.endswith(b"\n"):
            raise Bad("the policy is not plain text of whole lines")
        for line in data.decode("utf-8", "surrogateescape").split("\n"):
            words = re.findall("[^ \t]+", line)
            if not words or words[0].startswith("#"):
                continue
            kind, *words = words
            if kind == "log" and 1 <= len(words) <= 2:
                self.logs.append(Key(words[0]).text)
            elif kind == "witness" and 2 <= len(words) <= 3 and self.is_new(words[0]):
                self.add_witness(words[0], Key(words[1], 4))
            elif kind == "group" and len(words) >= 3 and self.is_new(words[0]):
                name, needed, *of = words
                if len(set(of)) != len(of) or members & set(of) or any(map(self.is_new, of)):
                    raise Bad(f"group {name} has a wrong member")
                members |= set(of)
                self.groups[name] = (needed_of(needed, len(of), name), of)
            elif kind == "quorum" and len(words) == 1 and self.quorum is None:
                self.quorum = words[0]
                if self.quorum != "none" and self.is_new(self.quorum):
                    raise Bad("the quorum is not defined")
            else:
                raise Bad(f"not a line of a policy: {line}")
        if self.quorum is None:
            raise Bad("the policy has no quorum")

    def add_witness(self, name, key):
        if any(key.text == known.text for known in self.witnesses.values()):
            raise Bad(f"the key of {name} stands twice")
        self.witnesses[name] = key

    def is_new(self, name):
        return name != "none" and name not in self.witnesses and name not in self.groups

    def is_met(self, signed):
        met = set(signed)
        for name, (needed, of) in self.groups.items():
            if len(met & set(of)) >= needed:
                met.add(name)
        return self.quorum in met

    def judge(self, note):
        """({witness: newest time}, whether one of their signatures is wrong)."""
        body, signatures = parse_note(note)
        times, is_bad = {}, False
        for name, key in self.witnesses.items():
            for signer, data in signatures:
                if signer != key.name or data[:4] != key.id:
                    continue
                at = int.from_bytes(data[4:12], "big")
                message = f"cosignature/v1\ntime {at}\n{body}".encode()
                if len(data) != 76 or at > TIME_MAX or not key.verifies(message, data[12:]):
                    is_bad = True
                    break
                times[name] = max(at, times.get(name, 0))
        return times, is_bad


def token_time(token, imprint, authorities):
    """By when the imprint existed, in microseconds; Bad when the token does not hold then."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "token"
        path.write_bytes(token)
        text = subprocess.run(["openssl", "ts", "-reply", "-in", path, "-text"],
                              capture_output=True, text=True, check=False).stdout
        found = re.search(r"^Time stamp: (\w+ +\d+ [\d:]+)(?:\.(\d+))? (\d{4}) GMT$", text, re.M)
        if not found:
            raise Bad("it is no token")
        seconds = calendar.timegm(time.strptime(f"{found[1]} {found[3]}", "%b %d %H:%M:%S %Y"))
        done = subprocess.run(["openssl", "ts", "-verify", "-in", path, "-digest", imprint.hex(),
                               "-CAfile", authorities, "-attime", str(seconds)],
                              capture_output=True, text=True, check=False)
    if done.returncode != 0 or "Hash Algorithm: sha256" not in text:
        raise Bad("the token does not hold")
    at = seconds * SECOND + int((found[2] or "0")[:6].ljust(6, "0"))
    accuracy = re.search(r"^Accuracy: (.*)$", text, re.M)
    units = {"seconds": SECOND, "millis": 1000, "micros": 1}
    for number, unit in re.findall(r"(-?(?:0x[0-9A-F]+|\d+)) (\w+)", accuracy[1] if accuracy else "", re.I):
        if not 0 <= int(number, 0) <= (3155760000 if unit == "seconds" else 999):
            raise Bad("the token's accuracy is no duration")
        at += int(number, 0) * units[unit]
    return at


class Anchors:
    """Judges the evidence of others; `report` gets the verdicts of three properties."""

    def __init__(self, report, policy, authorities):
        self.report, self.policy, self.authorities = report, policy, authorities
        self.points, self.seen, self.texts = [], {}, {}
        self.sizes, self.times = [], []
        self.lines, self.tokens = {}, {}  # by size: (signer, digest of the line); digests
        self.cosigned = self.stamped = self.uncovered = self.quorum_size = self.quorum_at = 0
        self.worst = self.worst_trade = None

    def push_note(self, note, size):
        """A note that the log's key signed; smaller sizes first."""
        body, signatures = parse_note(note)
        self.texts[size] = body.encode()
        written = note.decode()[len(body) + 1:].splitlines(keepends=True)
        self.lines[size] = [(f"{name}+{data[:4].hex()}", sha256(line.encode()).hex())
                            for (name, data), line in zip(signatures, written)]
        if len(signatures) < 2:
            return
        self.cosigned += 1
        if self.policy is None:
            return
        times, is_bad = self.policy.judge(note)
        for name, at in times.items():
            if at < self.seen.get(name, 0):
                self.report.fail("witnesses", f"{name} cosigned {size} entries before fewer")
            self.seen[name] = max(at, self.seen.get(name, 0))
        if is_bad:
            self.report.fail("witnesses", f"a cosignature of {size} entries does not hold")
        elif self.policy.is_met(times):
            met = min(at for at in times.values()
                      if self.policy.is_met(name for name in times if times[name] <= at))
            self.quorum_size = max(size, self.quorum_size)
            self.quorum_at = max(met, self.quorum_at)
            self.points.append((size, (met + 1) * SECOND))

    def push_stamps(self, data):
        lines = (data or b"").split(b"\n")
        for line in lines[:-1] + ([b""] if lines[-1] else []):
            try:
                size, token = re.fullmatch(r"([1-9][0-9]{0,18}) (\S+)", line.decode("ascii")).groups()
                size, token = int(size), unbase64(token)
                if size >= 2**63:
                    raise Bad("no tree is so large")
            except (AttributeError, ValueError, Bad):
                self.report.fail("times", "the time stamps are no lines of tokens")
                return
            self.stamped += 1
            self.tokens.setdefault(size, []).append(sha256(token).hex())
            if not self.authorities:
                continue
            try:
                if size not in self.texts:
                    raise Bad("no checkpoint has so many")
                imprint = sha256(self.texts[size])
                self.points.append((size, token_time(token, imprint, self.authorities)))
            except Bad as error:
                self.report.fail("times", f"the time stamp of {size} entries: {error}")

    def ready(self):
        """Behind the last push: each point gets the earliest time of any as large or larger."""
        self.points.sort()
        for i in range(len(self.points) - 1, 0, -1):
            size, at = self.points[i - 1]
            self.points[i - 1] = (size, min(at, self.points[i][1]))
        self.sizes = [size for size, _ in self.points]
        self.times = [at for _, at in self.points]
        self.points.reverse()

    def attested(self, index):
        """By when an entry existed; None: nobody says."""
        place = bisect.bisect_right(self.sizes, index)
        return self.times[place] if place < len(self.times) else None

    def find(self, size, kind, source, digest):
        """True: it is here; None: nothing of this kind is; Bad: something else is."""
        if kind == "rfc3161":
            here, others = self.tokens.get(size, []), self.tokens.get(size)
        else:
            lines = self.lines.get(size, [])
            here = [known for _, known in lines]
            others = [signer for signer, _ in lines if signer == source]
        if digest in here:
            return True
        if others:
            raise Bad("the evidence is not the one that the log names")
        return None

    def meet(self, index, at, is_trade):
        while self.points and self.points[-1][0] <= index:
            self.points.pop()
        if not self.points:
            self.uncovered += 1
            return
        delay = self.points[-1][1] - at
        if delay < -SKEW_US:
            self.report.fail("times", f"entry {index} states a time after it was attested")
        if self.worst is None or delay > self.worst[0]:
            self.worst = (delay, index)
        if is_trade and (self.worst_trade is None or delay > self.worst_trade[0]):
            self.worst_trade = (delay, index)

    # ---- Verdicts ----

    def end(self, size, is_proven, fresh, late):
        self.end_witnesses(size, is_proven)
        if not self.quorum_size:
            self.report.say("freshness", "NOT PROVEN", "no fresh cosignature")
        else:
            self.report.say("freshness", "PASS" if time.time() - self.quorum_at <= fresh + 1
                            else "STALE", f"the newest cosignatures are of {self.quorum_at}")
        self.end_times(is_proven, late)

    def end_witnesses(self, size, is_proven):
        verdict = "NOT PROVEN"
        if self.policy is None:
            why = "give the witnesses that you believe with --policy" if self.cosigned else \
                "no witness has cosigned; compare checkpoints with others"
        elif self.policy.quorum == "none":
            why = "the policy asks for no witness"
        elif not self.quorum_size:
            why = "no checkpoint has the policy's cosignatures"
        elif self.quorum_size < size:
            why = f"the first {self.quorum_size} entries are cosigned"
        elif not is_proven:
            why = "the entries are not what is cosigned"
        else:
            verdict, why = "PASS", "cosigned as the policy asks"
        self.report.say("witnesses", verdict, why)

    def end_times(self, is_proven, late):
        if self.worst is None:
            self.report.say("times", "NOT PROVEN", "give the authorities that you believe with --tsa-ca"
                            if self.stamped and not self.authorities else
                            "timestamps are the trader's own; nobody else has stamped them")
            return
        delay, index = max(0, -(-self.worst[0] // SECOND)), self.worst[1]
        trades = ""
        if self.worst_trade:
            seconds = max(0, -(-self.worst_trade[0] // SECOND))
            trades = f"; trades {seconds} s ({self.worst_trade[1]})"
        good = not self.uncovered and is_proven and delay <= late
        self.report.say("times", "PASS" if good else "NOT PROVEN",
                        f"attested at most {delay} s after the time they state (entry {index}){trades}"
                        + ("; the newest are not yet" if self.uncovered else ""))
