# SPDX-License-Identifier: Apache-2.0
"""What the entries of an honest log have in common, from docs/verify.md."""
import base64
import hashlib
import re

from verify_formats import ONE, Bad, amount, decimals_of, instant, positive_id
from verify_keys import Keys
from verify_metrics import RANGE, Adoption, Trade, bounded, half_even, print_amount, to_scale
from verify_orders import Order

DAY = 86400 * 10**6
LISTED = 50  # positions of an equity entry; more are counted and digested
ENDED_ORDERS = 1024  # newest ended ones whose trades may still come


def tell(told, value):
    """One more that counts as somebody says."""
    told[0] += 1
    if abs(told[1] + value) < RANGE:
        told[1] += value


class Rules:
    """Told of every entry after the metrics were; fills the report."""

    def __init__(self, report, metrics, tree, anchors):
        self.report, self.metrics, self.index = report, metrics, -1
        self.tree, self.attested = tree, anchors
        self.statements, self.anchors, self.unseen = 0, 0, 0
        self.keys = Keys()
        self.orders, self.signals, self.fills, self.declared = {}, set(), set(), set()
        self.payments = set()
        self.ended, self.late, self.openings = {}, 0, 0  # by leaf hash, oldest first
        self.last_order = self.last_trade = 0
        self.trade_order = None  # index of the newest trade's order
        self.cycle, self.cycles = None, 0
        self.cash, self.day, self.third_fees = None, None, 0
        self.marks = self.unproven_marks = 0  # equity entries; those whose equity is only stated
        self.first_trade = self.last_trade_at = self.last = None
        self.past, self.notes = [], 0
        self.adopted, self.flows, self.told_funding = [0, 0], [0, 0], [0, 0]  # how many, their sums

    def push(self, kind, record, entry):
        self.index += 1
        leaf = hashlib.sha256(b"\0" + entry).hexdigest()
        self.last = instant(record["timestamp"])
        if kind in ("signal", "order", "trade"):
            self.check_declared(record, record[kind])
        handle = getattr(self, "push_" + kind, None)
        if handle:
            handle(record, leaf)

    def check_declared(self, record, body):
        name = body.get("strategy_id")
        if not isinstance(name, str) or (record["strategy"], name) not in self.declared:
            self.fail("strategies", "its strategy was not declared before")

    def passed(self, entry):
        """Behind every entry, whether or not it could be read."""
        self.past.append(hashlib.sha256(b"\0" + entry).hexdigest())

    def fail(self, name, why):
        self.report.fail(name, f"entry {self.index}: {why}")

    def push_genesis(self, record, _):
        if self.index == 0:
            self.keys.begin(record["genesis"])
        try:
            self.cash = amount(record["genesis"].get("starting_equity"))
        except Bad:
            self.cash = None

    def push_config(self, record, _):
        listed = record["config"].get("strategies")
        for item in listed if isinstance(listed, list) else []:
            if isinstance(item, dict) and isinstance(item.get("name"), str):
                for known in (item.get("id"), item.get("next_id") or None):
                    if isinstance(known, str):
                        self.declared.add((item["name"], known))

    def push_cycle(self, record, _):
        number = record["cycle"].get("number")
        if type(number) is not int or (self.cycle is not None and number < self.cycle):
            self.fail("cycles", "the cycle's number goes back")
            return
        self.cycle, self.cycles = number, self.cycles + 1

    def push_signal(self, record, leaf):
        if record["signal"].get("decision") != "denied":
            self.signals.add(leaf)

    def push_order(self, record, leaf):
        try:
            order = Order(leaf, record)
            if order.id <= self.last_order:
                raise Bad("its id is not above that of the order before it")
            self.check_replaces(record["order"], order)
        except Bad as error:
            self.fail("orders", f"order: {error}")
            return
        signal = record["order"].get("signal", 0)
        if signal is not None and (not isinstance(signal, str) or signal not in self.signals):
            self.fail("orders", "the order names a signal that is not before it")
        self.last_order, order.index = order.id, self.index
        self.orders[leaf] = order

    def check_replaces(self, body, order):
        """The order it takes the place of came before it and, while open, is of the same kind."""
        if "replaces" not in body:
            return
        named = body["replaces"]
        if type(named) is not int or not 0 < named < order.id:
            raise Bad("replaces is not the id of an order before it")
        for old in self.orders.values():
            if old.id == named and (
                    (old.side, old.symbol, old.strategy, old.reduce_only) !=
                    (order.side, order.symbol, order.strategy, order.reduce_only) or
                    old.limit is None):
                raise Bad("the order it replaces is of another kind")

    def push_trade(self, record, _):
        self.trade_order = None
        try:
            trade = Trade(record["trade"], self.metrics.quote)
        except Bad as error:
            self.fail("orders", str(error))
            return
        self.last_trade_at = instant(record["timestamp"])
        self.first_trade = self.first_trade or self.last_trade_at
        self.check_fill(trade, record["trade"].get("venue_fill_id"))
        order = self.orders.get(trade.order) or self.ended.get(trade.order)
        self.trade_order = order.index if order else None
        try:
            if not order:
                raise Bad("no order before it that is open or ended lately has this leaf hash")
            order.judge(trade, record)
        except Bad as error:
            self.fail("orders", f"trade {trade.id}: {error}")
        if order and trade.size <= order.size - order.filled:
            order.filled, order.fee = order.filled + trade.size, order.fee + trade.fee_value
            self.late += trade.order in self.ended
            self.judge_reduces(order, trade)
        if not self.metrics.broken:
            self.follow_money(trade)

    def judge_reduces(self, order, trade):
        """A venue reduces what the account holds, whoever trades on it."""
        book = self.metrics.book
        if order.reduce_only and not order.has_opened and not self.metrics.broken and \
                book.opens and not book.others_held(trade):
            order.has_opened = True
            self.openings += 1

    def check_fill(self, trade, venue_id):
        if trade.id <= self.last_trade:
            self.fail("fills", "the trade's id is not above that of the trade before it")
            return
        self.last_trade = trade.id
        if not isinstance(venue_id, str) or (trade.symbol, venue_id) in self.fills:
            self.fail("fills", "the venue's fill id is missing or stands twice")
        else:
            self.fills.add((trade.symbol, venue_id))

    def follow_money(self, trade):
        book = self.metrics.book
        self.third_fees += trade.third_fee
        if book.made != trade.pnl:
            self.fail("profits", "pnl is not what price, size and fees make it")
        if ":" not in trade.symbol:
            self.move(-trade.side * trade.notional - trade.cash_fee)
        elif book.opens:
            self.move(-trade.cash_fee)
        else:
            self.move(book.made + book.fee_share)

    def move(self, value):
        try:
            self.cash = None if self.cash is None else bounded(self.cash + value)
        except Bad:
            self.cash = None

    def push_cash(self, record, _):
        body = record["cash"]
        if "venue_id" in body:
            payment = (body.get("symbol"), body["venue_id"])
            is_text = all(isinstance(text, str) for text in payment)
            if not is_text or payment in self.payments:
                self.fail("fills", "the venue's id of a payment is no text or stands twice")
            if is_text:
                self.payments.add(payment)
        try:
            moved = amount(body.get("amount"))
            self.move(moved)
            self.count_cash(body, moved)
            if body.get("kind") == "dust" and moved != 0:
                self.fail("positions", "dust has moved cash")
        except Bad as error:
            self.fail("positions", str(error))
            return
        if body.get("kind") == "dust" and not self.metrics.broken and \
                amount(body.get("pnl")) != self.metrics.book.made:
            self.fail("profits", "dust did not cost its pnl")
        if body.get("kind") == "funding" and "venue_id" not in body and not self.metrics.broken:
            try:
                self.judge_funding(body, moved)
            except Bad as error:
                self.fail("profits", f"funding: {error}")

    def count_cash(self, body, moved):
        if body.get("kind") == "funding" and "venue_id" in body:
            tell(self.told_funding, moved)
        elif body.get("kind") not in ("funding", "dust"):
            tell(self.flows, moved)

    def judge_funding(self, body, moved):
        position = self.metrics.book.open.get(positive_id(body.get("position_id")))
        mark, size, rate = (amount(body.get(name)) for name in ("mark", "size", "rate"))
        if mark <= 0:
            raise Bad("the mark is not positive")
        if not position or position.size != size:
            raise Bad("the position is not open, or of another size")
        step = 10 ** (12 - decimals_of(body["amount"]))
        made = half_even(half_even(mark * size, ONE) * abs(rate), ONE * step) * step
        if moved != (-1 if rate >= 0 else 1) * position.direction * made:
            raise Bad("it is not size, mark and rate")

    def push_correct(self, record, _):
        body = record["correct"]
        try:
            if body.get("kind") == "adopt":
                adopted = Adoption(body)
                self.check_declared(record, body)
                tell(self.adopted, adopted.pnl)
                if not self.metrics.broken:
                    self.follow_money(adopted)
            elif body.get("kind") == "note":
                index = body.get("index")
                if type(index) is not int or not 0 <= index < self.index:
                    raise Bad("the correction names no entry before it")
                self.notes += 1
                if body.get("leaf_hash") != self.past[index]:
                    raise Bad("the entry that is corrected has another leaf hash")
            else:
                raise Bad("the kind of the correction is not known")
        except Bad as error:
            self.fail("corrections", str(error))

    def judge_statement(self, entry):
        """Before the metrics and the tree are told of it: it is of all entries before it."""
        self.statements += 1
        try:
            made = self.metrics.statement(self.tree.root())
        except Bad as error:
            self.report.fail("statement", f"entry {self.index + 1}: {error}")
            return
        if b'"statement": ' + made + b', "strategy": ' not in entry:
            self.report.fail("statement",
                             f"entry {self.index + 1}: the entries before it make another statement")

    def push_key(self, record, _):
        try:
            self.keys.add(record["key"], self.index)
            self.report.say("keys", "PASS", f"{len(self.keys.keys)} keys, one after the other")
        except Bad as error:
            self.fail("keys", str(error))

    def push_anchor(self, record, _):
        body = record["anchor"]
        size, items, seen = body.get("size"), body.get("evidence"), True
        self.anchors += 1
        try:
            if type(size) is not int or not 0 < size <= self.index:
                raise Bad("it is of no checkpoint before it")
            root = self.tree.root_of(size)
            text = f"{self.metrics.origin}\n{size}\n{base64.b64encode(root).decode()}\n"
            if body.get("checkpoint") != hashlib.sha256(text.encode()).hexdigest():
                raise Bad("the checkpoint that was attested is not of these entries")
            if not isinstance(items, list) or not items:
                raise Bad("it names no evidence")
            for item in items:
                if not isinstance(item, dict) or item.get("kind") not in (
                        "cosignature", "rfc3161") or not isinstance(item.get("source"), str) or \
                        not re.fullmatch("[0-9a-f]{64}", str(item.get("digest"))):
                    raise Bad("a piece of evidence is malformed")
                seen &= self.attested.find(size, item["kind"], item["source"],
                                           item["digest"]) is True
        except Bad as error:
            self.fail("anchors", str(error))
        self.unseen += not seen

    def push_close(self, record, _):
        named = record["close"].get("order")
        order = self.orders.pop(named, None) if isinstance(named, str) else None
        try:
            if not order:
                raise Bad("no open order before it has this leaf hash")
            self.ended[named] = order
            if len(self.ended) > ENDED_ORDERS:
                del self.ended[next(iter(self.ended))]
            order.judge_end(record["close"])
        except Bad as error:
            self.fail("closes", f"close: {error}")

    def push_equity(self, record, _):
        body = record["equity"]
        worth = None
        try:
            worth = self.judge_positions(body.get("positions"))
        except Bad as error:
            self.fail("positions", str(error))
        try:
            day = body.get("day")
            if not isinstance(day, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", day, re.ASCII):
                raise Bad("day is missing or malformed")
            midnight = instant(day + "T00:00:00.000000Z")
            at = instant(record["timestamp"])
            if self.marks and midnight != self.day + DAY:
                self.fail("positions", "the mark of a day is missing, or stands twice")
            if not self.marks and self.first_trade is not None and \
                    midnight > self.first_trade // DAY * DAY + DAY:
                self.fail("positions", "the first mark is later than the day after the first trade")
            if midnight > at:
                self.fail("positions", "a day is marked that had not begun")
            self.marks, self.day = self.marks + 1, midnight
            self.judge_equity(body, worth, midnight == at)
        except Bad as error:
            self.fail("positions", str(error))

    def judge_positions(self, listed):
        """(worth, how far the marks' rounding may be off); None where only a digest is told."""
        positions = self.metrics.book.open
        if isinstance(listed, dict):
            count = listed.get("count")
            if type(count) is not int or count <= LISTED:
                raise Bad("positions are counted that can be listed: there are not more than 50")
            if count != len(positions):
                raise Bad("more or fewer positions are open than is reported")
            return None
        if not isinstance(listed, list):
            raise Bad("positions is missing or malformed")
        worth, margin, ids = 0, 0, set()
        for item in listed:
            number = item.get("id") if isinstance(item, dict) else None
            p = positions.get(number) if type(number) is int else None
            if not p:
                raise Bad("a position is reported that the trades do not leave open")
            if len(ids) == LISTED:
                raise Bad("more than 50 positions are listed; so many are counted and digested")
            if number in ids:
                raise Bad("a position is reported twice")
            ids.add(number)
            if item.get("side") != ("long" if p.direction > 0 else "short") or \
                    item.get("symbol") != p.symbol or amount(item.get("size")) != p.size:
                raise Bad("a position's side, symbol or size is not what its trades make")
            value = bounded(half_even(amount(item.get("mark")) * p.size, ONE))
            half = 10 ** (12 - decimals_of(item["mark"])) // 2 + 1
            margin += -(-half * p.size // ONE) + 1
            # On spot a short was sold beyond what was held: it is owed.
            worth += p.direction * (value if ":" not in p.symbol else value - p.cost)
        if len(listed) != len(positions):
            raise Bad("more or fewer positions are open than is reported")
        return worth, margin

    def judge_equity(self, body, worth, is_same_moment):
        """A mark made after midnight shows the day's equity only where it comes to the same."""
        cash, equity = amount(body.get("cash")), amount(body.get("equity"))
        if self.cash is None:
            return
        if cash != to_scale(self.cash, decimals_of(body["cash"])):
            raise Bad("cash is not what the trades leave")
        if not worth or abs(self.cash + worth[0]) >= RANGE:
            self.unproven_marks += 1
        elif abs(self.cash + worth[0] - equity) > worth[1] + 10 ** (12 - decimals_of(body["equity"])):
            if is_same_moment:
                raise Bad("equity is not cash and positions at their marks")
            self.unproven_marks += 1

    def end_closes(self):
        say = self.report.say
        if any(order.filled == order.size for order in self.orders.values()):
            self.report.fail("closes", "an order is filled, but its end is not logged")
        over = sum(order.ends is not None and self.last > order.ends + DAY
                   for order in self.orders.values())
        if over:
            say("closes", "NOT PROVEN", f"{over} {'order has' if over == 1 else 'orders have'} no end, "
                "a day after it could not rest any more: what it traded may be missing")
        if self.late:
            what = "trade came after its" if self.late == 1 else "trades came after their"
            say("closes", "NOT PROVEN",
                f"{self.late} {what} order's end: compare with the exchange's statement")
        say("closes", "PASS", f"{len(self.orders)} are open at the end of the log")

    def end_profits(self):
        told = []
        if self.told_funding[0]:
            told.append(f"{self.told_funding[0]} payments of funding count as the exchange told them, "
                        f"{print_amount(self.told_funding[1])} in all")
        if self.third_fees:
            told.append(f"without the fees of {self.third_fees} trades, which were paid in a third asset")
        self.report.say("profits", "PASS", "; ".join(told))

    def end_corrections(self):
        outside = []
        if self.adopted[0]:
            outside.append(f"{self.adopted[0]} times a position was taken over as the venue held it, at "
                           f"a price the trader states; their pnl is {print_amount(self.adopted[1])}")
        if self.flows[0]:
            outside.append(f"{self.flows[0]} times money was paid in or out, "
                           f"{print_amount(self.flows[1])} in all, as the trader states")
        if self.openings:
            what = "order that may only reduce has" if self.openings == 1 else \
                "orders that may only reduce have"
            outside.append(f"{self.openings} {what} opened a position: "
                           "the account held what the log does not tell")
        if outside:
            self.report.say("corrections", "NOT PROVEN", "; ".join(outside))
        self.report.say("corrections", "PASS",
                        f"{self.notes} entries are said to be wrong" if self.notes else "")

    def end_positions(self):
        say = self.report.say
        if self.metrics.broken:
            self.report.fail("positions", f"from some entry on: {self.metrics.broken}")
        if not self.marks:
            say("positions", "NOT PROVEN", "the log has no daily mark yet")
        elif self.cash is None:
            say("positions", "NOT PROVEN", "positions agree; cash cannot be followed")
        elif self.last_trade_at is not None and self.last_trade_at // DAY * DAY > self.day + DAY:
            say("positions", "NOT PROVEN", "the daily marks end before the trades do")
        elif self.unproven_marks:
            say("positions", "NOT PROVEN",
                f"positions and cash agree; the equity of {self.unproven_marks} of {self.marks} daily "
                "marks was stated later than at midnight, or with over 50 positions")
        say("positions", "PASS")

    def end(self):
        say = self.report.say
        for name in ("orders", "fills", "strategies"):
            say(name, "PASS")
        self.end_closes()
        if self.cycles:
            say("cycles", "PASS", f"{self.cycles} cycles")
        self.end_profits()
        self.end_corrections()
        if self.anchors:
            say("anchors", "NOT PROVEN" if self.unseen else "PASS",
                f"{self.anchors} anchors; the evidence of {self.unseen} is not here")
        self.end_positions()
