# SPDX-License-Identifier: Apache-2.0
"""The functions that TA-Lib and we both have, and where they are known to differ."""
from dataclasses import dataclass, field

import numpy as np
import talib
from talib import abstract


@dataclass
class Row:
    rule: str  # {name} stands for TA-Lib's parameter of that name
    name: str
    inputs: str  # letters of the market's columns
    power: int = 0  # of the price: 1 for prices, 0 for oscillators
    output: int = 0  # of several
    ranges: dict = field(default_factory=dict)


def gives(rule, name, inputs, power=0, output=0, **ranges):
    return Row(rule, name, inputs, power, output, ranges)


ROWS = [
    gives("sma(close, {timeperiod})", "SMA", "c", 1, timeperiod=(2, 200)),
    gives("ema(close, {timeperiod})", "EMA", "c", 1, timeperiod=(2, 200)),
    gives("wma(close, {timeperiod})", "WMA", "c", 1, timeperiod=(2, 200)),
    gives("dema(close, {timeperiod})", "DEMA", "c", 1, timeperiod=(2, 60)),
    gives("tema(close, {timeperiod})", "TEMA", "c", 1, timeperiod=(2, 60)),
    gives("trima(close, {timeperiod})", "TRIMA", "c", 1, timeperiod=(2, 100)),
    gives("kama(close, {timeperiod})", "KAMA", "c", 1, timeperiod=(2, 60)),
    gives("t3(close, {timeperiod}, {vfactor})", "T3", "c", 1, timeperiod=(2, 30),
          vfactor=[0.5, 0.7, 1.0]),
    gives("rsi({timeperiod})", "RSI", "c", timeperiod=(2, 60)),
    gives("cmo({timeperiod})", "CMO", "c", timeperiod=(2, 60)),
    *(gives(f"{rule}(close, {{fastperiod}}, {{slowperiod}}, {{signalperiod}})", "MACD", "c", 1, i,
          fastperiod=(2, 20), slowperiod=(21, 60), signalperiod=(2, 20))
      for i, rule in enumerate(["macd", "macd_signal", "macd_hist"])),
    *(gives(f"{rule}(close, {{timeperiod}}, {{nbdevup}})", "BBANDS", "c", 1, i,
          timeperiod=(2, 100), nbdevup=[2.0], nbdevdn=[2.0])
      for i, rule in enumerate(["bb_upper", "bb_middle", "bb_lower"])),
    *(gives(f"{rule}({{fastk_period}}, {{slowk_period}}, {{slowd_period}})", "STOCH", "hlc", 0, i,
          fastk_period=(1, 40), slowk_period=(1, 9), slowd_period=(1, 9))
      for i, rule in enumerate(["stoch_k", "stoch_d"])),
    *(gives(f"{rule}({{fastk_period}}, {{fastd_period}})", "STOCHF", "hlc", 0, i,
          fastk_period=(1, 40), fastd_period=(1, 9))
      for i, rule in enumerate(["stochf_k", "stochf_d"])),
    *(gives(f"{rule}(close, {{timeperiod}}, {{fastk_period}}, {{fastd_period}})", "STOCHRSI", "c",
          0, i, timeperiod=(2, 30), fastk_period=(2, 30), fastd_period=(1, 9))
      for i, rule in enumerate(["stochrsi_k", "stochrsi_d"])),
    gives("adx({timeperiod})", "ADX", "hlc", timeperiod=(2, 40)),
    gives("adxr({timeperiod})", "ADXR", "hlc", timeperiod=(2, 40)),
    gives("dx({timeperiod})", "DX", "hlc", timeperiod=(2, 40)),
    gives("plus_di({timeperiod})", "PLUS_DI", "hlc", timeperiod=(2, 40)),
    gives("minus_di({timeperiod})", "MINUS_DI", "hlc", timeperiod=(2, 40)),
    gives("plus_dm({timeperiod})", "PLUS_DM", "hl", 1, timeperiod=(2, 40)),
    gives("minus_dm({timeperiod})", "MINUS_DM", "hl", 1, timeperiod=(2, 40)),
    gives("trange()", "TRANGE", "hlc", 1),
    gives("atr({timeperiod})", "ATR", "hlc", 1, timeperiod=(2, 40)),
    gives("natr({timeperiod})", "NATR", "hlc", timeperiod=(2, 40)),
    gives("cci({timeperiod})", "CCI", "hlc", timeperiod=(2, 60)),
    gives("mfi({timeperiod})", "MFI", "hlcv", timeperiod=(2, 60)),
    gives("obv()", "OBV", "cv"),
    gives("ad()", "AD", "hlcv"),
    gives("adosc({fastperiod}, {slowperiod})", "ADOSC", "hlcv", fastperiod=(2, 12),
          slowperiod=(2, 40)),
    gives("sar({acceleration}, {maximum})", "SAR", "hl", 1, acceleration=[0.01, 0.02, 0.05],
          maximum=[0.1, 0.2, 0.3]),
    gives("willr({timeperiod})", "WILLR", "hlc", timeperiod=(2, 60)),
    gives("mom(close, {timeperiod})", "MOM", "c", 1, timeperiod=(1, 60)),
    gives("roc(close, {timeperiod})", "ROC", "c", timeperiod=(1, 60)),
    gives("rocp(close, {timeperiod})", "ROCP", "c", timeperiod=(1, 60)),
    gives("rocr(close, {timeperiod})", "ROCR", "c", timeperiod=(1, 60)),
    gives("trix(close, {timeperiod})", "TRIX", "c", timeperiod=(1, 40)),
    gives("ultosc({timeperiod1}, {timeperiod2}, {timeperiod3})", "ULTOSC", "hlc",
          timeperiod1=(2, 40), timeperiod2=(2, 40), timeperiod3=(2, 40)),
    gives("aroon_down({timeperiod})", "AROON", "hl", 0, 0, timeperiod=(2, 60)),
    gives("aroon_up({timeperiod})", "AROON", "hl", 0, 1, timeperiod=(2, 60)),
    gives("aroon_osc({timeperiod})", "AROONOSC", "hl", timeperiod=(2, 60)),
    gives("apo(close, {fastperiod}, {slowperiod})", "APO", "c", 1, fastperiod=(2, 20),
          slowperiod=(21, 60), matype=[0]),
    gives("ppo(close, {fastperiod}, {slowperiod})", "PPO", "c", 0, fastperiod=(2, 20),
          slowperiod=(21, 60), matype=[0]),
    gives("bop()", "BOP", "ohlc"),
    gives("stddev(close, {timeperiod})", "STDDEV", "c", 1, timeperiod=(2, 100)),
    gives("var(close, {timeperiod})", "VAR", "c", 2, timeperiod=(2, 100)),
    gives("lowest(low, {timeperiod})", "MIN", "l", 1, timeperiod=(2, 100)),
    gives("highest(high, {timeperiod})", "MAX", "h", 1, timeperiod=(2, 100)),
    gives("sum(close, {timeperiod})", "SUM", "c", 1, timeperiod=(2, 100)),
    gives("midpoint(close, {timeperiod})", "MIDPOINT", "c", 1, timeperiod=(2, 60)),
    gives("midprice({timeperiod})", "MIDPRICE", "hl", 1, timeperiod=(2, 60)),
    gives("linearreg(close, {timeperiod})", "LINEARREG", "c", 1, timeperiod=(2, 100)),
    gives("linearreg_slope(close, {timeperiod})", "LINEARREG_SLOPE", "c", 1, timeperiod=(2, 100)),
    gives("tsf(close, {timeperiod})", "TSF", "c", 1, timeperiod=(2, 100)),
    gives("correl(high, low, {timeperiod})", "CORREL", "hl", timeperiod=(2, 60)),
    gives("ht_sine()", "HT_SINE", "c", 0, 0),
    gives("ht_lead_sine()", "HT_SINE", "c", 0, 1),
    gives("ht_dcphase()", "HT_DCPHASE", "c"),
    gives("ht_dcperiod()", "HT_DCPERIOD", "c"),
    gives("ht_trendline()", "HT_TRENDLINE", "c", 1),
    gives("cdl_doji()", "CDLDOJI", "ohlc"),
    gives("cdl_hammer()", "CDLHAMMER", "ohlc"),
    gives("cdl_shooting_star()", "CDLSHOOTINGSTAR", "ohlc"),
    gives("cdl_engulfing()", "CDLENGULFING", "ohlc"),
    gives("cdl_morning_star({penetration})", "CDLMORNINGSTAR", "ohlc", penetration=[0.3, 0.5]),
    gives("hl2", "MEDPRICE", "hl", 1),
    gives("hlc3", "TYPPRICE", "hlc", 1),
    gives("ohlc4", "AVGPRICE", "ohlc", 1),
]
COLUMNS = {"o": "open", "h": "high", "l": "low", "c": "close", "v": "volume"}


@dataclass
class Departure:
    """Where a function is known to differ from TA-Lib's: a mask of candles, and why."""
    reason: str
    mask: object  # of the market and the parameters
    is_unknown: bool = False  # ours must be unknown there; else the two are not compared


def within(flags, candles):
    """True where any of the last so many flags is."""
    seen = np.cumsum(np.concatenate([np.zeros(candles, int), flags]))
    return seen[candles:] > seen[:-candles]


def stands(values, candles):
    """True where so many values do not differ by more than rounding noise."""
    highest, lowest = talib.MAX(values, candles), talib.MIN(values, candles)
    if candles == 1:
        return np.zeros(len(values), bool)
    return highest - lowest <= 1e-12 * np.abs(highest)


def still(market, candles):
    """True where highs and lows of so many candles make no range."""
    highest = talib.MAX(market.high, candles) if candles > 1 else market.high
    lowest = talib.MIN(market.low, candles) if candles > 1 else market.low
    return highest - lowest <= 1e-12 * highest


def stochastic(slow):
    def mask(market, parameters):
        averaged = sum(parameters[name] for name in slow) - len(slow) + 1
        return within(still(market, parameters["fastk_period"]), averaged)
    return mask


def stochastic_rsi(market, parameters):
    rsi = talib.RSI(market.close, parameters["timeperiod"])
    return within(stands(rsi, parameters["fastk_period"]), parameters["fastd_period"])


def no_true_range(market, parameters):
    shortest = min(parameters.values())
    ranges = talib.TRANGE(market.high, market.low, market.close)
    return talib.MAX(ranges, shortest) <= 1e-12 * market.close


def ties(market, parameters):
    up, down = np.diff(market.high, prepend=np.nan), -np.diff(market.low, prepend=np.nan)
    equal = (up > 0) & (np.abs(up - down) <= 1e-12 * market.high)
    moves = np.cumsum(~still(market, 1))  # without a move nothing is forgotten
    return moves - np.maximum.accumulate(np.where(equal, moves, -10_000)) \
        <= 30 * parameters["timeperiod"]


def no_ranges(market, parameters):
    return talib.MAX(np.roll(market.high - market.low, 1), 10) <= 1e-12 * market.close


UNKNOWN = "no range: TA-Lib says 0 or goes on with its averages"
DEPARTURES = {
    "STOCH": Departure(UNKNOWN, stochastic(["slowk_period", "slowd_period"]), True),
    "STOCHF": Departure(UNKNOWN, stochastic(["fastd_period"]), True),
    "STOCHRSI": Departure(UNKNOWN, stochastic_rsi, True),
    "WILLR": Departure(UNKNOWN, lambda m, p: still(m, p["timeperiod"]), True),
    "BOP": Departure(UNKNOWN, lambda m, p: still(m, 1), True),
    "ULTOSC": Departure(UNKNOWN, no_true_range, True),
    "CORREL": Departure(UNKNOWN, lambda m, p: stands(m.high, p["timeperiod"])
                        | stands(m.low, p["timeperiod"]), True),
    **{name: Departure("equal movements: the last binary digit decides there", ties)
       for name in ("ADX", "ADXR", "DX", "PLUS_DI", "MINUS_DI", "PLUS_DM", "MINUS_DM")},
    "CDLDOJI": Departure("no ranges: always one here, rounding decides there", no_ranges),
    **{name: Departure("a flat market has no cycle: rounding noise there until it is forgotten",
                       lambda m, p: within(still(m, 6), 400))
       for name in ("HT_DCPERIOD", "HT_TRENDLINE")},
    **{name: Departure("the same; and there prices before the 38th are 0 where a cycle is longer",
                       lambda m, p: within(still(m, 6), 400) | (np.arange(len(m.close)) < 100))
       for name in ("HT_SINE", "HT_DCPHASE")},
}


def draw(ranges, dice):
    """A value of each of TA-Lib's parameters: within (least, most), or one of a list."""
    return {name: int(round(np.exp(dice.uniform(*np.log(span))))) if isinstance(span, tuple)
            else dice.choice(span).item() for name, span in ranges.items()}


def wanted(row, market, parameters):
    """TA-Lib's series; its patterns say 0 where they are not known yet."""
    inputs = [getattr(market, COLUMNS[letter]) for letter in row.inputs]
    values = getattr(talib, row.name)(*inputs, **parameters)
    series = np.asarray(values[row.output] if isinstance(values, tuple) else values, dtype=float)
    series[:abstract.Function(row.name, **parameters).lookback] = np.nan
    return series


def deviation(values, candles):
    """Over so many candles; no less than rounding noise."""
    windows = np.lib.stride_tricks.sliding_window_view(values, candles)
    return np.concatenate([np.full(candles - 1, np.inf),
                           np.maximum(windows.std(axis=1), 1e-12 * values[candles - 1:])])


def lost(row, market, parameters, theirs):
    """How much of a ratio TA-Lib's own rounding may take, where prices are large against their
    differences: it adds up the prices themselves, and their squares."""
    high, low = market.high, market.low
    if row.name == "CORREL":
        candles = parameters["timeperiod"]
        least = np.minimum(deviation(high, candles), deviation(low, candles))
        return 1e-14 * (high.max() / least) ** 2
    if row.name == "CCI":
        typical = (high + low + market.close) / 3
        return 1e-13 * high.max() / deviation(typical, parameters["timeperiod"]) \
            * np.maximum(np.abs(theirs), 10)
    if row.name in ("VAR", "STDDEV"):
        squares = parameters["timeperiod"] * 3e-16 * high.max() ** 2
        return squares if row.name == "VAR" else squares / np.maximum(theirs, 1e-9 * high)
    # A phase is that of one harmonic, which may be next to nothing.
    return {"HT_SINE": 1e-7, "HT_DCPHASE": 1e-5}.get(row.name, 0)


def near(row, market, parameters, ours, theirs):
    """Where the two series are the same as far as rounding lets them, or both unknown."""
    # TA-Lib's sums are never made afresh: they keep the rounding of all they ever held.
    peak = market.high.max()
    rest = {0: 1e-9, 1: 1e-12 * peak, 2: 0}[row.power]
    limit = 1e-9 * np.abs(theirs) + rest + lost(row, market, parameters, theirs)
    return (np.abs(ours - theirs) <= limit) | (np.isnan(ours) & np.isnan(theirs))


def departs(row, market, parameters, theirs):
    """Where a known departure is in force."""
    if row.name not in DEPARTURES:
        return np.zeros(len(theirs), bool)
    return DEPARTURES[row.name].mask(market, parameters) & ~np.isnan(theirs)


def differing(row, market, parameters, ours):
    """Where our values are neither TA-Lib's nor a known departure; and TA-Lib's values."""
    theirs = wanted(row, market, parameters)
    is_same = near(row, market, parameters, ours, theirs)
    mask = departs(row, market, parameters, theirs)
    if mask.any():
        is_same[mask] = np.isnan(ours[mask]) if DEPARTURES[row.name].is_unknown else True
    return ~is_same, theirs
