# SPDX-License-Identifier: Apache-2.0
"""vectorbt: TA-Lib's columns and Portfolio.from_signals, which numba has compiled before the clock."""

import warnings

import talib
import vectorbt

import common


def backtest(candles):
    close = candles["close"]
    fast, slow = talib.EMA(close, common.FAST), talib.EMA(close, common.SLOW)
    rsi = talib.RSI(close, common.RSI)
    entries = fast.vbt.crossed_above(slow) & (rsi < common.RSI_MOST)
    exits = fast.vbt.crossed_below(slow)
    entries.iloc[: common.WARMUP - 1] = False
    portfolio = vectorbt.Portfolio.from_signals(
        close,
        entries.vbt.signals.fshift(1),
        exits.vbt.signals.fshift(1),
        price=candles["open"],
        size=common.SIZE,
        fees=common.FEE,
        init_cash=common.EQUITY,
        freq="5min",
    )
    portfolio.total_return(), portfolio.max_drawdown()  # computed only when asked for
    return portfolio.trades.records


def main():
    warnings.simplefilter("ignore")
    candles = common.read_candles()
    _, first = common.timed(backtest, candles.iloc[:1000])
    trades, took = common.timed(backtest, candles)
    trades = trades[trades["status"] == 1]
    times = common.milliseconds(candles.index)
    rows = zip(
        times[trades["entry_idx"]],
        trades["entry_price"],
        times[trades["exit_idx"]],
        trades["exit_price"],
    )
    common.finish(vectorbt.__version__, {**took, "compile_wall": first["wall"]}, rows)


main()
