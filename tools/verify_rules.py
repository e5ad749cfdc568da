# SPDX-License-Identifier: Apache-2.0
"""What the entries of an honest log have in common, from docs/verify.md."""
import base64
import hashlib
import re

from verify_formats import ONE, Bad, amount, decimals_of, instant, positive_id
from verify_keys import Keys
from verify_metrics import Adoption, Trade, bounded, half_even, to_scale

DAY = 86400 * 10**6
ENDED_ORDERS = 1024  # newest ended ones whose trades may still come


class Order:
    def __init__(self, leaf, record):
        body = record["order"]
        self.leaf, self.strategy = leaf, record["strategy"]
        self.id, self.size = body.get("id"), amount(body.get("size"))
        self.side = {"buy": 1, "sell": -1}.get(body.get("side"))
        self.symbol, self.strategy_id = body.get("symbol"), body.get("strategy_id")
        self.reduce_only, kind = body.get("reduce_only"), body.get("type")
        if type(self.id) is not int or self.id <= 0 or self.size <= 0 or not self.side:
            raise Bad("id, size or side is missing or wrong")
        if type(self.reduce_only) is not bool or not all(
                isinstance(text, str) for text in (self.symbol, self.strategy_id, kind)):
            raise Bad("reduce_only, type, symbol or strategy_id is missing")
        self.limit = amount(body.get("limit_price")) if kind == "limit" else None
        if self.limit is not None and self.limit <= 0:
            raise Bad("a limit order has no limit_price")
        if "time_in_force" in body and \
                (kind != "limit" or body["time_in_force"] not in ("ioc", "fok", "post_only")):
            raise Bad("time_in_force is unknown, or not of a limit order")
        self.filled = self.fee = 0
        self.has_opened = False

    def judge(self, trade, record):
        body = record["trade"]
        if body.get("client_order_id") != trade.order[:32]:
            raise Bad("client_order_id is not the order's leaf hash")
        if trade.order_id != self.id:
            raise Bad("order_id is not the order's")
        if trade.side != self.side or trade.symbol != self.symbol:
            raise Bad("side or symbol is not the order's")
        if record["strategy"] != self.strategy or body.get("strategy_id") != self.strategy_id:
            raise Bad("the strategy is not the order's")
        left = self.size - self.filled
        if trade.size > left:
            raise Bad("the order's trades are larger than the order")
        if self.limit is not None and self.side * (trade.price - self.limit) > 0:
            raise Bad("the price is worse than the order's limit")
        if (body["status"] == "filled") != (trade.size == left):
            raise Bad("status does not agree with what is left of the order")

    def judge_end(self, body):
        if body.get("client_order_id") != self.leaf[:32] or \
                positive_id(body.get("order_id")) != self.id or body.get("symbol") != self.symbol:
            raise Bad("client_order_id, order_id or symbol is not the order's")
        if amount(body.get("size")) != self.size or amount(body.get("filled")) != self.filled or \
                amount(body.get("fee")) != self.fee:
            raise Bad("size, filled or fee is not what the order and its trades say")
        if body.get("status") not in (
                "filled", "canceled", "rejected", "expired", "absent") or \
                (body["status"] == "filled") != (self.filled == self.size):
            raise Bad("status does not agree with what was filled")


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
        self.cash, self.day, self.marks, self.third_fees = None, None, False, 0
        self.past, self.adoptions, self.notes = [], 0, 0

    def push(self, kind, record, entry):
        self.index += 1
        leaf = hashlib.sha256(b"\0" + entry).hexdigest()
        if kind in ("signal", "order", "trade"):
            if (record["strategy"], record[kind].get("strategy_id")) not in self.declared:
                self.fail("strategies", "its strategy was not declared before")
        handle = getattr(self, "push_" + kind, None)
        if handle:
            handle(record, leaf)

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
            if isinstance(item, dict):
                self.declared.add((item.get("name"), item.get("id")))
                if item.get("next_id"):
                    self.declared.add((item.get("name"), item["next_id"]))

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
        if signal is not None and signal not in self.signals:
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

    def judge_funding(self, body, moved):
        position = self.metrics.book.open.get(positive_id(body.get("position_id")))
        mark, size, rate = (amount(body.get(name)) for name in ("mark", "size", "rate"))
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
                if (record["strategy"], body.get("strategy_id")) not in self.declared:
                    self.fail("strategies", "its strategy was not declared before")
                self.adoptions += 1
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
        self.marks = True
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
            if self.day is not None and midnight != self.day + DAY:
                self.fail("positions", "the mark of a day is missing, or stands twice")
            if midnight > at:
                self.fail("positions", "a day is marked that had not begun")
            self.day = midnight
            self.judge_equity(body, worth if midnight == at else None)
        except Bad as error:
            self.fail("positions", str(error))

    def judge_positions(self, listed):
        """(worth, how far the marks' rounding may be off); None where only a digest is told."""
        positions = self.metrics.book.open
        if isinstance(listed, dict):
            if listed.get("count") != len(positions):
                raise Bad("more or fewer positions are open than is reported")
            return None
        if not isinstance(listed, list):
            raise Bad("positions is missing or malformed")
        worth = margin = 0
        for item in listed:
            p = positions.get(item.get("id")) if isinstance(item, dict) else None
            if not p:
                raise Bad("a position is reported that the trades do not leave open")
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

    def judge_equity(self, body, worth):
        cash, equity = amount(body.get("cash")), amount(body.get("equity"))
        if self.cash is None:
            return
        if cash != to_scale(self.cash, decimals_of(body["cash"])):
            raise Bad("cash is not what the trades leave")
        if worth and abs(self.cash + worth[0] - equity) > \
                worth[1] + 10 ** (12 - decimals_of(body["equity"])):
            raise Bad("equity is not cash and positions at their marks")

    def end(self):
        say = self.report.say
        if self.metrics.broken:
            self.report.fail("positions", f"from some entry on: {self.metrics.broken}")
        for name in ("orders", "fills", "strategies"):
            say(name, "PASS")
        if any(order.filled == order.size for order in self.orders.values()):
            self.report.fail("closes", "an order is filled, but its end is not logged")
        if self.late:
            what = "trade came after its" if self.late == 1 else "trades came after their"
            say("closes", "NOT PROVEN",
                f"{self.late} {what} order's end: compare with the exchange's statement")
        say("closes", "PASS", f"{len(self.orders)} are open at the end of the log")
        if self.cycles:
            say("cycles", "PASS", f"{self.cycles} cycles")
        if self.third_fees:
            say("profits", "PASS",
                f"without the fees of {self.third_fees} trades, paid in a third asset")
        say("profits", "PASS")
        outside = []
        if self.adoptions:
            outside.append(f"{self.adoptions} times a position was taken over as the venue held it")
        if self.openings:
            what = "order that may only reduce has" if self.openings == 1 else \
                "orders that may only reduce have"
            outside.append(f"{self.openings} {what} opened a position: "
                           "the account held what the log does not tell")
        if outside:
            say("corrections", "NOT PROVEN", "; ".join(outside))
        say("corrections", "PASS",
            f"{self.notes} entries are said to be wrong" if self.notes else "")
        if self.anchors:
            say("anchors", "NOT PROVEN" if self.unseen else "PASS",
                f"{self.anchors} anchors; the evidence of {self.unseen} is not here")
        if not self.marks:
            say("positions", "NOT PROVEN", "the log has no daily mark yet")
        elif self.cash is None:
            say("positions", "NOT PROVEN", "positions agree; cash cannot be followed")
        say("positions", "PASS")
