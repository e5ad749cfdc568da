# SPDX-License-Identifier: Apache-2.0
"""nautilus_trader: a BacktestEngine, its own indicators, and a Strategy called for every bar.

It fills an order on bars at the close that decided.  For the next open there is a quote at
each open, bars do not execute, and an order needs half the millisecond between the two.
"""

from decimal import Decimal

import nautilus_trader
import pandas
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.backtest.models import LatencyModel
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.indicators import (
    ExponentialMovingAverage,
    MovingAverageType,
    RelativeStrengthIndex,
)
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler, QuoteTickDataWrangler
from nautilus_trader.trading.strategy import Strategy

import common

VENUE = Venue("BINANCE")
ID = InstrumentId(Symbol("BTCUSDT"), VENUE)
BARS = BarType.from_str(f"{ID}-5-MINUTE-LAST-EXTERNAL")
FIVE_MINUTES, MILLISECOND = pandas.Timedelta(minutes=5), pandas.Timedelta(milliseconds=1)


class Cross(Strategy):
    def __init__(self):
        super().__init__(StrategyConfig())
        self.fast = ExponentialMovingAverage(common.FAST)
        self.slow = ExponentialMovingAverage(common.SLOW)
        self.rsi = RelativeStrengthIndex(common.RSI, MovingAverageType.WILDER)
        self.bars, self.before, self.is_long = 0, 0.0, False
        self.fills, self.trades = [], []
        self.size = Quantity.from_str(f"{common.SIZE}.00000")

    def on_start(self):
        for indicator in (self.fast, self.slow, self.rsi):
            self.register_indicator_for_bars(BARS, indicator)
        self.subscribe_bars(BARS)

    def on_bar(self, bar):
        self.bars += 1
        gap, before = self.fast.value - self.slow.value, self.before
        self.before = gap
        if self.bars < common.WARMUP:
            return
        if self.is_long:
            if gap < 0 <= before:
                self.send(OrderSide.SELL)
        elif gap > 0 >= before and self.rsi.value * 100 < common.RSI_MOST:
            self.send(OrderSide.BUY)

    def send(self, side):
        self.is_long = side == OrderSide.BUY
        self.submit_order(self.order_factory.market(ID, side, self.size))

    def on_order_filled(self, event):
        self.fills.append((event.ts_event // 1_000_000, float(event.last_px)))
        if event.order_side == OrderSide.SELL:
            self.trades.append((*self.fills[-2], *self.fills[-1]))


def instrument():
    return CurrencyPair(
        instrument_id=ID,
        raw_symbol=ID.symbol,
        base_currency=BTC,
        quote_currency=USDT,
        price_precision=2,
        size_precision=5,
        price_increment=Price.from_str("0.01"),
        size_increment=Quantity.from_str("0.00001"),
        maker_fee=Decimal(str(common.FEE)),
        taker_fee=Decimal(str(common.FEE)),
        ts_event=0,
        ts_init=0,
    )


def load(engine, candles):
    market = instrument()
    engine.add_instrument(market)
    bars = candles.copy()
    bars.index = bars.index + FIVE_MINUTES - MILLISECOND
    engine.add_data(BarDataWrangler(BARS, market).process(bars), sort=False)
    opens = candles["open"]
    quotes = pandas.DataFrame({"bid_price": opens, "ask_price": opens}, index=candles.index)
    engine.add_data(QuoteTickDataWrangler(market).process(quotes, default_volume=1000))


def main():
    candles = common.read_candles().tz_localize("UTC")
    logging = LoggingConfig(bypass_logging=True)
    engine = BacktestEngine(BacktestEngineConfig(logging=logging))
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        starting_balances=[Money(common.EQUITY, USDT)],
        latency_model=LatencyModel(base_latency_nanos=500_000),
        bar_execution=False,
    )
    load(engine, candles)
    strategy = Cross()
    engine.add_strategy(strategy)
    _, took = common.timed(engine.run)
    common.finish(nautilus_trader.__version__, took, strategy.trades)


main()
