# SPDX-License-Identifier: Apache-2.0
"""tl-metrics-1 in Python's integers, from docs/tl-metrics-1.md."""
import base64
import json
import math
import re

from verify_formats import ONE, Bad, amount, decimals_of, instant, positive_id

RANGE = 10**38
NAME = 511  # characters of origin, quote and mode as they stand in the entry


def half_even(numerator, denominator):
    """The nearest integer, ties to even; denominator > 0."""
    quotient, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and quotient & 1):
        quotient += 1
    return quotient


def half_even_root(numerator, denominator):
    """The nearest integer to the square root of a fraction, ties to even."""
    root = math.isqrt(numerator // denominator)
    left, right = 4 * numerator, (2 * root + 1) ** 2 * denominator
    return root + (left > right or (left == right and root & 1))


def bounded(value):
    if abs(value) >= RANGE:
        raise Bad("a sum is out of range")
    return value


def print_amount(value):
    whole, rest = divmod(abs(value), ONE)
    text = f"{whole}.{rest:012d}".rstrip("0").rstrip(".")
    return "-" + text if value < 0 else text


def to_scale(value, scale):
    step = 10 ** (12 - scale)
    return half_even(value, step) * step


class Trade:
    """A trade entry's members as numbers."""

    def __init__(self, body, quote):
        self.id, self.order_id = positive_id(body.get("id")), positive_id(body.get("order_id"))
        self.position = positive_id(body.get("position_id"))
        self.order = body.get("order")
        if not isinstance(self.order, str) or not re.fullmatch(r"[0-9a-f]{64}", self.order):
            raise Bad("a trade names no order")
        if body.get("side") not in ("buy", "sell") or \
                body.get("status") not in ("filled", "partially_filled"):
            raise Bad("a trade's side or status is unknown")
        self.side = 1 if body["side"] == "buy" else -1
        self.read_amounts(body)
        self.fee, self.currency = amount(body.get("fee")), body.get("fee_currency")
        if not isinstance(self.currency, str):
            raise Bad("a trade's fee_currency is missing")
        base, slash, _ = self.symbol.partition("/")
        if self.currency == quote:
            self.cash_fee = self.fee_value = self.fee
        elif slash and ":" not in self.symbol and self.currency == base:
            self.base_fee, self.fee_value = self.fee, self.worth(self.fee)
        else:
            self.third_fee = True

    def read_amounts(self, body):
        self.price, self.size = amount(body.get("price")), amount(body.get("size"))
        self.pnl, self.scale = amount(body.get("pnl")), decimals_of(body["pnl"])
        self.symbol = body.get("symbol")
        if self.price <= 0 or self.size <= 0:
            raise Bad("a trade's price or size is not positive")
        if not isinstance(self.symbol, str) or not 0 < len(self.symbol) < 32:
            raise Bad("a trade's symbol is missing")
        self.notional = self.worth(self.size)
        self.cash_fee = self.base_fee = self.fee_value = 0
        self.third_fee = False

    def worth(self, size):
        """At the trade's price, as a notional is rounded."""
        return to_scale(bounded(half_even(self.price * size, ONE)), self.scale)


class Adoption(Trade):
    """What a correct entry of that kind counts as: a trade without order and fee."""

    def __init__(self, body):
        self.position = positive_id(body.get("position_id"))
        if body.get("side") not in ("buy", "sell"):
            raise Bad("a correction's side is unknown")
        self.side = 1 if body["side"] == "buy" else -1
        self.read_amounts(body)


class Position:
    def __init__(self, trade):
        self.symbol, self.direction = trade.symbol, trade.side
        self.size = self.cost = self.fees = self.pnl = 0

    def share(self, value, gone, scale):
        """What a closing trade takes of a sum; the last one takes all that is left."""
        if gone == self.size:
            return value
        step = 10 ** (12 - scale)
        made = half_even(abs(value) * gone, self.size * step) * step
        return (1 if value >= 0 else -1) * min(made, abs(value))


class Book:
    """Open positions, and what the newest trade did to its own."""

    def __init__(self):
        self.open = {}

    def apply(self, trade):
        self.opens = self.closed = False
        self.made = self.fee_share = 0
        p = self.open.setdefault(trade.position, Position(trade))
        if p.symbol != trade.symbol:
            raise Bad("a trade's symbol is not its position's")
        p.pnl = bounded(p.pnl + trade.pnl)
        base_fee = p.direction * trade.base_fee
        if p.direction == trade.side:
            self.opens = True
            if trade.size - base_fee <= 0:
                raise Bad("a trade's fee is as large as what it receives")
            p.size = bounded(p.size + bounded(trade.size - base_fee))
            p.cost = bounded(p.cost + trade.notional)
            p.fees = bounded(p.fees + trade.cash_fee)
            return
        if trade.size > p.size:
            raise Bad("a trade closes more than its position holds")
        gone = trade.size + min(base_fee, p.size - trade.size)
        if gone <= 0:
            raise Bad("a trade's fee is as large as what it receives")
        cost = p.share(p.cost, gone, trade.scale)
        self.fee_share = p.share(p.fees, gone, trade.scale)
        gain = p.direction * (trade.notional - cost)
        self.made = bounded(gain - trade.cash_fee - self.fee_share)
        p.size, p.cost, p.fees = p.size - gone, p.cost - cost, p.fees - self.fee_share
        if p.size == 0:
            self.closed, self.trip = True, p.pnl
            del self.open[trade.position]

    def others_held(self, trade):
        """A venue that knows only the sum lets an order that only reduces take of others'."""
        return sum(p.size for number, p in self.open.items()
                   if number != trade.position and p.symbol == trade.symbol
                   and p.direction == -trade.side) >= trade.size

    def give_up(self, position, size, pnl):
        """Dust: the position closes without what is left of it."""
        p = self.open.get(position)
        if not p:
            raise Bad("dust of a position that is not open")
        if size != p.size:
            raise Bad("dust is not what the position holds")
        self.made = bounded(-p.direction * p.cost - p.fees)
        self.closed, self.trip = True, bounded(p.pnl + pnl)
        del self.open[position]


class Metrics:
    """The sums of a log's entries; `broken` says why there is no statement."""

    def __init__(self):
        self.size, self.broken = 0, None
        self.origin = self.quote = self.mode = ""
        self.book = Book()
        self.trips, self.wins, self.losses = [], 0, 0
        self.win_sum = self.loss_sum = self.run = self.longest = 0
        self.pnl = self.fees = self.funding = self.turnover = 0
        self.other_fees = False
        self.drawdown = self.down = 0
        self.returns, self.days, self.flow, self.index, self.no_returns = [], 0, 0, ONE, None

    def push(self, kind, record):
        self.size += 1
        self.last = record["timestamp"] if record else None
        if self.broken:
            return
        try:
            if record is None:
                raise Bad("an entry is not a canonical record")
            if (kind == "genesis") != (self.size == 1):
                raise Bad("the log does not begin with its one genesis")
            if kind == "genesis":
                self.begin(record)
            elif record["mode"] != self.mode:
                raise Bad("an entry has another mode than the first")
            elif hasattr(self, "push_" + kind):
                getattr(self, "push_" + kind)(record[kind])
        except Bad as error:
            self.broken = str(error)

    def begin(self, record):
        body = record["genesis"]
        self.first = record["timestamp"]
        for name, value in (("origin", body.get("origin")), ("quote", body.get("quote")),
                            ("mode", record["mode"])):
            if not isinstance(value, str) or len(json.dumps(value)) > NAME + 2:
                raise Bad("the genesis has no origin or quote")
            setattr(self, name, value)
        self.peak, self.mark = amount(body.get("starting_equity")), None

    def push_trade(self, body):
        trade = Trade(body, self.quote)
        self.book.apply(trade)
        self.pnl = bounded(self.pnl + trade.pnl)
        self.turnover = bounded(self.turnover + trade.notional)
        self.fees = bounded(self.fees + trade.fee_value)
        self.other_fees = self.other_fees or trade.third_fee
        if self.book.closed:
            self.push_trip(self.book.trip)

    def push_correct(self, body):
        if body.get("kind") == "adopt":
            adopted = Adoption(body)
            self.book.apply(adopted)
            self.pnl = bounded(self.pnl + adopted.pnl)
            if self.book.closed:
                self.push_trip(self.book.trip)

    def push_trip(self, pnl):
        self.trips.append(pnl)
        if pnl > 0:
            self.wins, self.win_sum = self.wins + 1, bounded(self.win_sum + pnl)
        if pnl < 0:
            self.losses, self.loss_sum = self.losses + 1, bounded(self.loss_sum + pnl)
        self.run = self.run + 1 if pnl < 0 else 0
        self.longest = max(self.longest, self.run)

    def push_cash(self, body):
        moved = amount(body.get("amount"))
        if body.get("kind") == "funding":
            if "position_id" not in body or body["position_id"] is not None:
                position = self.book.open.get(positive_id(body.get("position_id")))
                if not position:
                    raise Bad("funding of a position that is not open")
                position.pnl = bounded(position.pnl + moved)
            self.funding = bounded(self.funding - moved)
        elif body.get("kind") == "dust":
            pnl = amount(body.get("pnl"))
            self.book.give_up(positive_id(body.get("position_id")), amount(body.get("size")), pnl)
            self.pnl = bounded(self.pnl + pnl)
            self.push_trip(self.book.trip)
        else:
            self.flow = bounded(self.flow + moved)
            self.peak = bounded(self.peak + moved)

    def push_cycle(self, body):
        self.sample(amount(body.get("equity")))

    def push_equity(self, body):
        equity = amount(body.get("equity"))
        self.sample(equity)
        before, base = self.mark, bounded(equity - self.flow)
        self.mark, self.flow = equity, 0
        if before is None:  # the first mark: where returns begin
            return
        self.days += 1
        if self.no_returns:
            return
        if before <= 0:
            self.no_returns = "equity was not positive"
            return
        change = half_even(bounded(base - before) * ONE, before)
        index = half_even(self.index * base, before)
        if abs(change) >= 10**24 or abs(index) >= RANGE:
            self.no_returns = "out of range"
            return
        self.returns.append(change)
        self.index = index

    def sample(self, equity):
        self.peak = max(self.peak, equity)
        self.down = max(self.down, bounded(self.peak - equity))
        if self.peak > 0 and self.peak > equity:
            part = half_even((self.peak - equity) * ONE, self.peak)
            if part < RANGE:
                self.drawdown = max(self.drawdown, part)

    def values(self):
        """Each metric by its name: a count of 10^-12, or a text that says why there is none."""
        n, w, l = len(self.trips), self.win_sum, -self.loss_sum
        wins, losses = self.wins, self.losses
        none = None if n else "no closed trades"
        no_loss = none or (None if losses else "no losses")
        no_win = none or (None if wins else "no wins")
        no_both = no_loss or no_win
        return {
            "total_trades": n * ONE, "wins": wins * ONE, "losses": losses * ONE,
            "breakeven": (n - wins - losses) * ONE, "longest_loss_run": self.longest * ONE,
            "daily_returns": self.days * ONE, "current_pnl": self.pnl, "turnover": self.turnover,
            "funding_paid": self.funding, "max_drawdown": self.drawdown,
            "max_drawdown_abs": self.down,
            "fees_paid": "a fee was paid in another currency" if self.other_fees else self.fees,
            "win_rate": none or half_even(wins * ONE, n),
            "avg_win": no_win or half_even(w, wins),
            "avg_loss": no_loss or -half_even(l, losses),
            "expectancy": none or half_even(w - l, n),
            "profit_factor": no_loss or half_even(w * ONE, l),
            "payoff": no_both or half_even(w * losses * ONE, l * wins),
            "expectancy_ratio": no_both or half_even((w * losses + l * wins - l * n) * ONE, l * n),
            **self.return_values(),
        }

    def return_values(self):
        n, total = len(self.returns), sum(self.returns)
        squares = sum(r * r for r in self.returns)
        losing = sum(r * r for r in self.returns if r < 0)
        spread = n * squares - total * total
        sign = -1 if total < 0 else 1
        why = self.no_returns or ("fewer than two days" if self.days < 2 else None)
        top = total * total * 365 * ONE * ONE
        return {
            "sharpe_ratio": why or ("no variation" if spread == 0 else
                                    sign * half_even_root(top * (n - 1), n * spread)),
            "sortino_ratio": why or ("no losing days" if losing == 0 else
                                     sign * half_even_root(top, n * losing)),
            "volatility": why or half_even_root(spread * 365, n * (n - 1)),
            "total_return": self.no_returns or ("no finished day" if self.days < 1 else
                                                self.index - ONE),
        }

    def statement(self, root):
        """The canonical bytes; Bad when there are none."""
        if self.broken or not self.size:
            raise Bad(self.broken or "there are no entries")
        values = {name: value if isinstance(value, str) or abs(value) < RANGE else "out of range"
                  for name, value in self.values().items()}
        undefined = {name: value for name, value in values.items() if isinstance(value, str)}
        metrics = {name: None if name in undefined else print_amount(value)
                   for name, value in values.items()}
        return json.dumps({
            "alg": "tl-metrics-1", "from": self.first, "metrics": metrics, "mode": self.mode,
            "origin": self.origin, "root": base64.b64encode(root).decode(), "to": self.last,
            "tree_size": self.size, "undefined": undefined}, sort_keys=True).encode()
