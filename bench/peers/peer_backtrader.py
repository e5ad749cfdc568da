# SPDX-License-Identifier: Apache-2.0
"""backtrader: its own indicators (their averages begin with a mean, as TA-Lib's), market orders."""

import datetime

import backtrader

import common


class Cross(backtrader.Strategy):
    def __init__(self):
        fast = backtrader.indicators.EMA(self.data.close, period=common.FAST)
        slow = backtrader.indicators.EMA(self.data.close, period=common.SLOW)
        self.cross = backtrader.indicators.CrossOver(fast, slow)
        self.rsi = backtrader.indicators.RSI(self.data.close, period=common.RSI)
        self.fills, self.trades = [], []

    def next(self):
        if len(self) < common.WARMUP:
            return
        if self.position:
            if self.cross < 0:
                self.close()
        elif self.cross > 0 and self.rsi < common.RSI_MOST:
            self.buy(size=common.SIZE)

    def notify_order(self, order):
        if order.status == order.Completed:
            at = backtrader.num2date(order.executed.dt).replace(tzinfo=datetime.timezone.utc)
            self.fills.append((round(at.timestamp() * 1000), order.executed.price))
            if order.issell():
                self.trades.append((*self.fills[-2], *self.fills[-1]))


def main():
    candles = common.read_candles()
    cerebro = backtrader.Cerebro(stdstats=False)
    cerebro.adddata(backtrader.feeds.PandasData(dataname=candles))
    cerebro.addstrategy(Cross)
    cerebro.broker.setcash(common.EQUITY)
    cerebro.broker.setcommission(commission=common.FEE)
    (strategy,), took = common.timed(cerebro.run)
    common.finish(backtrader.__version__, took, strategy.trades)


main()
