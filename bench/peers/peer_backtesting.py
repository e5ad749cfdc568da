# SPDX-License-Identifier: Apache-2.0
"""backtesting.py: a Strategy with TA-Lib's indicators, orders at the next open."""

import importlib.metadata
import warnings

import talib
from backtesting import Backtest, Strategy
from backtesting.lib import crossover

import common


class Cross(Strategy):
    def init(self):
        close = self.data.Close
        self.fast = self.I(talib.EMA, close, common.FAST)
        self.slow = self.I(talib.EMA, close, common.SLOW)
        self.rsi = self.I(talib.RSI, close, common.RSI)

    def next(self):
        if len(self.data) < common.WARMUP:
            return
        if self.position:
            if crossover(self.slow, self.fast):
                self.position.close()
        elif crossover(self.fast, self.slow) and self.rsi[-1] < common.RSI_MOST:
            self.buy(size=common.SIZE)


def main():
    warnings.simplefilter("ignore")
    candles = common.read_candles().rename(columns=str.capitalize)
    backtest = Backtest(candles, Cross, cash=common.EQUITY, commission=common.FEE)
    stats, took = common.timed(backtest.run)
    trades = stats["_trades"]
    times = common.milliseconds(trades["EntryTime"]), common.milliseconds(trades["ExitTime"])
    rows = zip(times[0], trades["EntryPrice"], times[1], trades["ExitPrice"])
    common.finish(importlib.metadata.version("backtesting"), took, rows)


main()
