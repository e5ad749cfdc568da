# SPDX-License-Identifier: Apache-2.0
"""Indicators in plain Python, written from their definitions: what the daemon's are compared with.

A series is a list of floats; what is not known yet is NaN, and every comparison with it is false.
"""
import math
from itertools import pairwise

NAN = math.nan


def known_from(series):
    """Index of the first value."""
    return next((i for i, x in enumerate(series) if not math.isnan(x)), len(series))


def shift(series, n):
    return [NAN] * n + series[:len(series) - n]


def mix(rule, *series):
    """rule(a, b, ...) of every candle."""
    return [rule(*row) for row in zip(*series)]


def window(series, period, value):
    """value of the last `period` values."""
    return [NAN] * (period - 1) + [value(series[i - period + 1:i + 1])
                                   for i in range(period - 1, len(series))]


def sma(series, period):
    return window(series, period, lambda w: math.fsum(w) / period)


def highest(series, period):
    return window(series, period, max)


def lowest(series, period):
    return window(series, period, min)


def averaged(series, period, weight, begin=None):
    """Begins with the mean of `period` values, then moves by a part of the difference."""
    first = known_from(series) if begin is None else begin
    out = [NAN] * len(series)
    if first + period > len(series):
        return out
    last = math.fsum(series[first:first + period]) / period
    out[first + period - 1] = last
    for i in range(first + period, len(series)):
        last += (series[i] - last) * weight
        out[i] = last
    return out


def ema(series, period, begin=None):
    return averaged(series, period, 2 / (period + 1), begin)


def wilder(series, period):
    return averaged(series, period, 1 / period)


def tema(series, period):
    one = ema(series, period)
    two = ema(one, period)
    return mix(lambda a, b, c: 3 * a - 3 * b + c, one, two, ema(two, period))


def changes(series):
    return [NAN] + [b - a for a, b in pairwise(series)]


def rsi(series, period):
    moves = changes(series)
    up = wilder([max(x, 0) if x == x else x for x in moves], period)
    down = wilder([max(-x, 0) if x == x else x for x in moves], period)
    return mix(lambda u, d: 100 * u / (u + d) if u + d else 0, up, down)


def together(line, smooth):
    """A line and its average, the line known only where the average is, as TA-Lib has it."""
    return mix(lambda a, b: NAN if math.isnan(b) else a, line, smooth), smooth


def macd(series, fast, slow, signal):
    line = mix(lambda a, b: a - b, ema(series, fast, slow - fast), ema(series, slow))
    return together(line, ema(line, signal))


def bands(series, period, deviations):
    """Lower, middle, upper, by the sample deviation."""
    middle = sma(series, period)
    spread = window(series, period, lambda w: math.sqrt(
        math.fsum((x - math.fsum(w) / period) ** 2 for x in w) / (period - 1)))
    return (mix(lambda m, s: m - deviations * s, middle, spread), middle,
            mix(lambda m, s: m + deviations * s, middle, spread))


def stochf(candles, fastk, fastd):
    k = mix(lambda c, low, high: 100 * (c - low) / (high - low) if high > low else NAN,
            candles.close, lowest(candles.low, fastk), highest(candles.high, fastk))
    return together(k, sma(k, fastd))


def cci(candles, period):
    def of(w):
        mean = math.fsum(w) / period
        deviation = math.fsum(abs(x - mean) for x in w) / period
        return (w[-1] - mean) / (0.015 * deviation) if deviation else 0

    return window(candles.hlc3, period, of)


def mfi(candles, period):
    price, volume = candles.hlc3, candles.volume
    up = [NAN] + [b * v if b > a else 0 for (a, b), v in zip(pairwise(price), volume[1:])]
    down = [NAN] + [b * v if b < a else 0 for (a, b), v in zip(pairwise(price), volume[1:])]
    return mix(lambda u, d: 100 * u / (u + d) if u + d else 0,
               window(up, period, math.fsum), window(down, period, math.fsum))


def directional(candles, period):
    """plus_di, minus_di, adx: Wilder's sums begin with period - 1 values and decay by one part."""
    high, low, close = candles.high, candles.low, candles.close
    sums, plus, minus, dx = [0.0, 0.0, 0.0], [NAN] * len(close), [NAN] * len(close), []
    for i in range(1, len(close)):
        up, down = high[i] - high[i - 1], low[i - 1] - low[i]
        moves = [up if up > down and up > 0 else 0, down if down > up and down > 0 else 0,
                 max(high[i], close[i - 1]) - min(low[i], close[i - 1])]
        part = 0 if i < period else 1 / period
        sums = [s - s * part + m for s, m in zip(sums, moves)]
        if i >= period:
            plus[i], minus[i] = 100 * sums[0] / sums[2], 100 * sums[1] / sums[2]
    dx = mix(lambda p, m: 100 * abs(p - m) / (p + m) if p + m else 0, plus, minus)
    return plus, minus, wilder(dx, period)


def crossed_above(a, b):
    return [False] + [now > level and before <= level_before
                      for (before, now), (level_before, level) in zip(pairwise(a), pairwise(b))]


def crossed_below(a, b):
    return crossed_above(b, a)


def run_of(truths, candles):
    """True when it was so on each of the last `candles` candles."""
    return [i >= candles - 1 and all(truths[i - candles + 1:i + 1]) for i in range(len(truths))]


def falling(series, candles):
    return run_of([False] + [b < a for a, b in pairwise(series)], candles)


def rising(series, candles):
    return run_of([False] + [b > a for a, b in pairwise(series)], candles)


class Candles:
    """Columns of candles, oldest first; times are opens in milliseconds."""

    def __init__(self, rows):
        self.time = [int(row[0]) for row in rows]
        self.open, self.high, self.low, self.close, self.volume = (
            [float(row[i]) for row in rows] for i in range(1, 6))
        self.hlc3 = mix(lambda h, l, c: (h + l + c) / 3, self.high, self.low, self.close)
        self.ohlc4 = mix(lambda o, h, l, c: (o + h + l + c) / 4,
                         self.open, self.high, self.low, self.close)

    def __len__(self):
        return len(self.time)

    def level(self, value):
        return [value] * len(self)

    def filled(self):
        """Gaps filled as the feed does: flat at the last close, without volume."""
        step_ms, rows, time = self.time[1] - self.time[0], [], self.time[0]
        for row in zip(self.time, self.open, self.high, self.low, self.close, self.volume):
            for missing in range(time, row[0], step_ms):
                rows.append((missing, *[rows[-1][4]] * 4, 0))
            rows.append(row)
            time = row[0] + step_ms
        return Candles(rows)

    def resampled(self, step_ms):
        """Whole candles of a longer timeframe."""
        own_ms, groups = self.time[1] - self.time[0], {}
        for i, time in enumerate(self.time):
            groups.setdefault(time - time % step_ms, []).append(i)
        return Candles([(time, self.open[g[0]], max(self.high[i] for i in g),
                         min(self.low[i] for i in g), self.close[g[-1]],
                         math.fsum(self.volume[i] for i in g))
                        for time, g in groups.items() if len(g) * own_ms == step_ms])

    def spread(self, longer, series):
        """A series of a longer timeframe on these candles: of the newest one that has closed."""
        step_ms, own_ms = longer.time[1] - longer.time[0], self.time[1] - self.time[0]
        closed = {time + step_ms: value for time, value in zip(longer.time, series)}
        out, value = [], NAN
        for time in self.time:
            value = closed.get(time + own_ms, value)
            out.append(value)
        return out
