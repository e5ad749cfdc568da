# SPDX-License-Identifier: Apache-2.0
"""When each trade was made: not before the newest beacon in the log, not after the first attestation;
and how long before its fill an order was attested.  From docs/verify.md and drand's documents."""
import hashlib
import re
import time

from verify_formats import Bad

SECOND = 10**6
SKEW_US = 60 * SECOND


def stamp(us):
    if us is None:
        return ""
    whole, part = divmod(us, SECOND)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{part:06d}Z"


class Chain:
    """A text file: "chain GENESIS PERIOD", then "ROUND RANDOMNESS" a line."""

    def __init__(self, path):
        with open(path, "rb") as file:
            lines = file.read().decode("latin-1").split("\n")
        head = re.fullmatch(r"chain ([1-9][0-9]*) ([1-9][0-9]*)", lines[0])
        if not head or lines.pop():
            raise Bad(f"{path} is no list of rounds")
        self.genesis, self.period = map(int, head.groups())
        if self.genesis > 64 * (2**31 - 1) or self.period > 86400:
            raise Bad(f"{path} begins at no time, or has no period")
        latest = (2**63 - 1) // SECOND // 4 // self.period
        self.rounds, last = {}, 0
        for line in lines[1:]:
            found = re.fullmatch(r"([1-9][0-9]*) ([0-9a-f]{64})", line)
            if not found or not last < int(found[1]) <= latest:
                raise Bad(f"{path} is no list of rounds")
            last = int(found[1])
            self.rounds[last] = found[2]

    def time_us(self, number):
        return (self.genesis + (number - 1) * self.period) * SECOND


def read_beacon(beacon):
    """Round and randomness; Bad when it is none."""
    if not isinstance(beacon, dict):
        raise Bad("its beacon is no object")
    number, randomness, signature = map(beacon.get, ("round", "randomness", "signature"))
    if type(number) is not int or number <= 0 or not isinstance(randomness, str) or \
            not re.fullmatch("[0-9a-f]{64}", randomness) or not isinstance(signature, str) or \
            not re.fullmatch("(?:[0-9a-f]{2}){1,96}", signature):
        raise Bad("its beacon is malformed")
    if hashlib.sha256(bytes.fromhex(signature)).hexdigest() != randomness:
        raise Bad("its beacon's randomness is not the digest of its signature")
    return number, randomness


class Windows:
    def __init__(self, report, anchors, beacon, table):
        self.report, self.anchors = report, anchors
        self.chain = Chain(beacon) if beacon else None
        self.table = table
        self.rows = ["trade,entry,timestamp,not_before,not_after"]
        self.not_before, self.widest, self.margins = None, None, []
        self.beacons = self.confirmed = self.trades = self.bounded = 0

    def meet(self, index, at, kind, record, order):
        if kind == "trade":
            self.meet_trade(index, at, record, order)
        if kind != "cycle" or "beacon" not in record["cycle"]:
            return
        self.beacons += 1
        try:
            number, randomness = read_beacon(record["cycle"]["beacon"])
            if not self.chain or number not in self.chain.rounds:
                return
            self.confirmed += 1
            came = self.chain.time_us(number)
            if self.chain.rounds[number] != randomness:
                raise Bad("its beacon is not what that round was")
            if came - at > SKEW_US:
                raise Bad("it states a time before its beacon came out")
            self.not_before = max(came, self.not_before or came)
        except Bad as error:
            self.report.fail("windows", f"entry {index}: {error}")

    def meet_trade(self, index, at, record, order):
        self.trades += 1
        not_after = self.anchors.attested(index)
        ordered = None if order is None else self.anchors.attested(order)
        if ordered is not None:
            self.margins.append(at - ordered)
        self.rows.append(f"{record['trade'].get('id', '')},{index},{record['timestamp']},"
                         f"{stamp(self.not_before)},{stamp(not_after)}")
        if not_after is None or self.not_before is None:
            return
        width = not_after - self.not_before
        if width < -SKEW_US:
            self.report.fail("windows", f"entry {index} was attested before the beacon before it")
        self.bounded += 1
        if self.widest is None or width > self.widest[0]:
            self.widest = (width, index)

    def end(self, is_proven):
        self.end_windows(is_proven)
        self.end_precommit(is_proven)
        if self.table:
            with open(self.table, "w", encoding="ascii") as file:
                file.write("".join(row + "\n" for row in self.rows))

    def end_windows(self, is_proven):
        verdict = "NOT PROVEN"
        if not self.beacons:
            why = "no entry holds a beacon: nothing bounds their age"
        elif not self.confirmed:
            why = f"{self.beacons} entries hold beacons: give the rounds you trust with --beacon"
        elif not self.bounded:
            why = "no trade is bounded on both sides"
        else:
            verdict = "PASS" if is_proven and self.bounded == self.trades else verdict
            why = f"{self.bounded} of {self.trades} trades; the widest is " \
                  f"{-(-max(self.widest[0], 0) // SECOND)} s (entry {self.widest[1]})"
        self.report.say("windows", verdict, why)

    def end_precommit(self, is_proven):
        if not self.margins:
            self.report.say("precommit", "NOT PROVEN",
                            "nobody has attested an order that was filled")
            return
        self.margins.sort()
        last, good = len(self.margins) - 1, sum(margin >= 0 for margin in self.margins)
        least, tenth, half = (self.margins[at] // SECOND for at in (0, last // 10, last // 2))
        self.report.say("precommit", "PASS" if is_proven and good == self.trades else "NOT PROVEN",
                        f"{good} of {self.trades} fills; margins: least {least} s, "
                        f"a tenth below {tenth} s, half below {half} s")
