# SPDX-License-Identifier: Apache-2.0
"""What an order's trades and its end have to agree with, from docs/verify.md."""
from verify_formats import Bad, amount, instant, positive_id


def side_of(word):
    return 1 if word == "buy" else -1 if word == "sell" else 0


class Order:
    def __init__(self, leaf, record):
        body = record["order"]
        self.leaf, self.strategy = leaf, record["strategy"]
        self.id, self.size = body.get("id"), amount(body.get("size"))
        self.side = side_of(body.get("side"))
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
        self.ends = instant(body["expires"]) if "expires" in body else None
        if kind == "market" or body.get("time_in_force") in ("ioc", "fok"):
            self.ends = instant(record["timestamp"])
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
