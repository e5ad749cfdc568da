# SPDX-License-Identifier: Apache-2.0
"""freqtrade: an IStrategy and freqtrade's own Backtesting; CANDLES is a folder of freqtrade_data.py.

Its list of markets comes from the exchange over the network; here it is this one market instead.
"""

import logging
import pathlib

import freqtrade
import talib.abstract
from freqtrade.enums import RunMode
from freqtrade.exchange import Exchange
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.optimize.optimize_reports import generate_backtest_stats
from freqtrade.strategy import IStrategy
from technical import qtpylib

import common

PAIR = "BTC/USDT"
MARKET = {
    "id": "BTCUSDT",
    "symbol": PAIR,
    "base": "BTC",
    "quote": "USDT",
    "active": True,
    "type": "spot",
    "spot": True,
    "swap": False,
    "future": False,
    "linear": None,
    "contractSize": None,
    "taker": common.FEE,
    "maker": common.FEE,
    "precision": {"amount": 0.00001, "price": 0.01},
    "limits": {
        "amount": {"min": 0.00001, "max": None},
        "price": {"min": 0.01, "max": None},
        "cost": {"min": 5, "max": None},
        "leverage": {"min": None, "max": None},
    },
    "info": {},
}


class Cross(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "5m"
    startup_candle_count = common.WARMUP - 1
    minimal_roi = {}
    stoploss = -0.99
    order_types = {
        "entry": "market",
        "exit": "market",
        "stoploss": "market",
        "stoploss_on_exchange": False,
    }

    def populate_indicators(self, dataframe, metadata):
        dataframe["fast"] = talib.abstract.EMA(dataframe, timeperiod=common.FAST)
        dataframe["slow"] = talib.abstract.EMA(dataframe, timeperiod=common.SLOW)
        dataframe["rsi"] = talib.abstract.RSI(dataframe, timeperiod=common.RSI)
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        above = qtpylib.crossed_above(dataframe["fast"], dataframe["slow"])
        dataframe.loc[above & (dataframe["rsi"] < common.RSI_MOST), "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        below = qtpylib.crossed_below(dataframe["fast"], dataframe["slow"])
        dataframe.loc[below, "exit_long"] = 1
        return dataframe

    def custom_stake_amount(self, pair, current_time, current_rate, *rest, **more):
        return current_rate * common.SIZE


def load_market(exchange, force=False, **options):
    exchange._api.set_markets([MARKET])
    exchange._api_async.set_markets([MARKET])
    exchange._markets = exchange._api.markets
    exchange._last_markets_refresh = 1 << 62


def configured():
    return {
        "runmode": RunMode.BACKTEST,
        "dry_run": True,
        "dry_run_wallet": common.EQUITY,
        "stake_currency": "USDT",
        "stake_amount": "unlimited",
        "tradable_balance_ratio": 0.99,
        "max_open_trades": 1,
        "fee": common.FEE,
        "timeframe": "5m",
        "strategy": "Cross",
        "strategy_path": str(pathlib.Path(__file__).parent),
        "exchange": {"name": "binance", "pair_whitelist": [PAIR]},
        "pairlists": [{"method": "StaticPairList"}],
        "entry_pricing": {"price_side": "other"},
        "exit_pricing": {"price_side": "other"},
        "datadir": pathlib.Path(common.CANDLES),
        "user_data_dir": pathlib.Path(common.CANDLES),
        "dataformat_ohlcv": "feather",
        "dataformat_trades": "feather",
        "export": "none",
        "backtest_cache": "none",
    }


def backtest(backtesting, data, timerange):
    first, last = backtesting.backtest_one_strategy(backtesting.strategylist[0], data, timerange)
    return generate_backtest_stats(data, backtesting.all_bt_content, first, last)


def main():
    logging.disable(logging.CRITICAL)
    Exchange.reload_markets = load_market
    backtesting = Backtesting(configured())
    data, timerange = backtesting.load_bt_data()
    stats, took = common.timed(backtest, backtesting, data, timerange)
    trades = [t for t in stats["strategy"]["Cross"]["trades"] if t["exit_reason"] == "exit_signal"]
    keys = ("open_timestamp", "open_rate", "close_timestamp", "close_rate")
    rows = ([trade[key] for key in keys] for trade in trades)
    common.finish(freqtrade.__version__, took, rows)


if __name__ == "__main__":
    main()
