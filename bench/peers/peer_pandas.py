# SPDX-License-Identifier: Apache-2.0
"""Whole columns with pandas alone: averages by ewm, positions by forward filling signals."""

import numpy
import pandas

import common


def smoothed(values, period, alpha, first):
    """An exponential average that begins with the mean of its first period values."""
    column = values.copy()
    begin = first + period - 1
    column.iloc[begin] = values.iloc[first : begin + 1].mean()
    column.iloc[:begin] = numpy.nan
    return column.ewm(alpha=alpha, adjust=False).mean()


def backtest(candles):
    close, opens = candles["close"], candles["open"]
    fast = smoothed(close, common.FAST, 2 / (common.FAST + 1), 0)
    slow = smoothed(close, common.SLOW, 2 / (common.SLOW + 1), 0)
    change = close.diff()
    gain = smoothed(change.clip(lower=0), common.RSI, 1 / common.RSI, 1)
    loss = smoothed(-change.clip(upper=0), common.RSI, 1 / common.RSI, 1)
    rsi = 100 * gain / (gain + loss)

    above = (fast > slow) & (fast.shift() <= slow.shift())
    below = (fast < slow) & (fast.shift() >= slow.shift())
    signal = pandas.Series(numpy.nan, index=candles.index)
    signal[above & (rsi < common.RSI_MOST)] = 1
    signal[below] = 0
    signal.iloc[: common.WARMUP - 1] = 0
    position = signal.ffill().shift(fill_value=0)

    step = position.diff()
    entries, exits = opens[step == 1], opens[step == -1]
    entries = entries.iloc[: len(exits)]
    costs = common.FEE * (opens * step.abs()).cumsum()
    equity = common.EQUITY + (position.shift() * (opens - opens.shift())).cumsum() - costs
    drawdown = (1 - equity / equity.cummax()).max()
    return entries, exits, equity.iloc[-1], drawdown


def main():
    candles = common.read_candles()
    (entries, exits, *_), took = common.timed(backtest, candles)
    times = common.milliseconds(entries.index), common.milliseconds(exits.index)
    common.finish(pandas.__version__, took, zip(times[0], entries, times[1], exits))


main()
