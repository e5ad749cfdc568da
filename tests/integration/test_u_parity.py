# SPDX-License-Identifier: Apache-2.0
"""What `traderd features` says of strategies of the corpus is what plain Python says of them; the
published schema takes them all, and none of them looks ahead."""
import csv
import json
import math

import jsonschema_rs
import pytest

import indicators as ta
import world
from contract import ROOT
from daemon import run

CANDLES = 7000  # before the recording's gap
STRATEGIES = ROOT / "tests/data/strategies"
M15, M30, H1 = 900_000, 1_800_000, 3_600_000


@pytest.fixture(scope="module")
def candles():
    return ta.Candles([line.split(",") for line in world.recorded_lines()[1:CANDLES + 1]])


def told(name, *files):
    """The rows `traderd features` prints of an artifact on candle files."""
    done = run("features", "--strategy", STRATEGIES / f"{name}.json", "--candles", *files)
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(done.stdout.splitlines()))


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    return world.slice_candles(tmp_path_factory.mktemp("parity") / "BTCUSDT-5m.csv", CANDLES)


def truths(rows, column):
    """True, False, or None where it is unknown."""
    return [{"1": True, "0": False, "": None}[row[column]] for row in rows]


def assert_same_truths(candles, mine, theirs, least, column):
    known = [i for i, truth in enumerate(theirs) if truth is not None]
    assert len(known) > least, f"{column} is known on few candles"
    wrong = [candles.time[i] for i in known if bool(mine[i]) != theirs[i]]
    assert not wrong, f"{column}: {len(wrong)} of {len(known)} differ, first at {wrong[:5]}"
    return sum(theirs[i] for i in known)


# ---- The same rules in Python: each gives entry and exit of every candle ---------------------

def macd_cci(c):
    line, signal = ta.macd(c.close, 12, 26, 9)
    cci = ta.cci(c, 14)
    return (ta.mix(lambda m, s, x: m > s and x <= -50, line, signal, cci),
            ta.mix(lambda m, s, x: m < s and x >= 100, line, signal, cci))


def macd_cross_cci(c):
    line, signal = ta.macd(c.close, 12, 26, 9)
    cci = ta.cci(c, 14)
    return (ta.mix(lambda t, x: t and x <= -50, ta.crossed_above(line, signal), cci),
            ta.mix(lambda t, x: t and x >= 100, ta.crossed_below(line, signal), cci))


def macd_above_zero(c):
    line, signal = ta.macd(c.close, 12, 26, 9)
    return (ta.mix(lambda m, s: m > 0 and m > s, line, signal),
            ta.mix(lambda m, s: m < s, line, signal))


def macd_rsi_simple(c):
    line, signal = ta.macd(c.close, 12, 26, 9)
    rsi = ta.rsi(c.close, 7)
    upper = ta.bands(c.close, 12, 2)[2]
    return (ta.mix(lambda m, s, u, b, r: m > 0 and m > s and u > b and r > 70,
                   line, signal, upper, ta.shift(upper, 1), rsi),
            [r > 80 for r in rsi])


def local_low(c):
    lower, _, upper = ta.bands(c.hlc3, 20, 2)
    ema5, ema12 = ta.ema(c.close, 5), ta.ema(c.close, 12)
    usual = ta.shift(ta.sma(c.volume, 30), 1)
    return (ta.mix(lambda x, a, b, least, band, v, u: v < 20 * u and x < a and x < b and x == least
                   and x <= band, c.close, ema5, ema12, ta.lowest(c.close, 12), lower, c.volume,
                   usual),
            ta.mix(lambda x, a, b, most, band: x > a and x > b and x >= most and x >= band,
                   c.close, ema5, ema12, ta.highest(c.close, 12), upper))


def stoch_cross_low(c):
    k, d = ta.stochf(c, 5, 3)
    adx = ta.directional(c, 14)[2]
    return (ta.mix(lambda o, e, t, x, y, a: o < e and t and x < 25 and y < 25 and a > 25,
                   c.open, ta.ema(c.low, 5), ta.crossed_above(k, d), k, d, adx),
            ta.mix(lambda o, e, x, y: o >= e or x or y, c.open, ta.ema(c.high, 5),
                   ta.crossed_above(k, c.level(75)), ta.crossed_above(d, c.level(75))))


def tema_turn(c):
    adx, tema = ta.directional(c, 14)[2], ta.tema(c.close, 9)
    middle, mean, before = ta.sma(c.close, 20), ta.sma(c.close, 200), ta.shift(tema, 1)
    return (ta.mix(lambda a, t, m, b, s, x: a > 30 and t < m and t > b and s > x,
                   adx, tema, middle, before, mean, c.close),
            ta.mix(lambda a, t, m, b: a > 70 and t > m and t < b, adx, tema, middle, before))


def chaikin_sign(c):
    flow = ta.mix(lambda h, l, x, v: (2 * x - l - h) / (h - l) * v if h > l else 0,
                  c.high, c.low, c.close, c.volume)
    cmf = ta.mix(lambda f, v: f / v, ta.sma(flow, 21), ta.sma(c.volume, 21))
    return [x < 0 for x in cmf], [x > 0 for x in cmf]


def smoothed_peak(c):
    cci, rsi, mfi = ta.cci(c, 20), ta.rsi(c.close, 14), ta.mfi(c, 14)
    middle = ta.sma(c.close, 20)
    peak = ta.tema(ta.mix(lambda r, m, x: (1.125 * r + 1.125 * m + x) / 3, ta.ema(rsi, 11),
                          ta.ema(mfi, 11), ta.ema(cci, 11)), 21)
    green = ta.run_of(ta.mix(lambda o, x: o < x, c.open, c.close), 9)
    bottom = ta.mix(lambda f, a, b, l, m, x, r: f and a > b and l < m and x < -100 and r < 30,
                    ta.shift(ta.falling(c.ohlc4, 4), 1), c.ohlc4, ta.shift(c.ohlc4, 1),
                    ta.shift(c.low, 1), middle, ta.shift(cci, 1), ta.shift(rsi, 1))
    oversold = ta.mix(lambda l, m, x, r, f: (l < m and x < -200 and r < 30 and f < 30) or
                      (f < 10 and x < -150 and r < f), c.low, middle, cci, rsi, mfi)
    return (ta.mix(lambda a, b, x, y: (a is True or b) and x > y, bottom, oversold, c.close,
                   ta.shift(c.close, 1)),
            ta.mix(lambda p, q, up, g, x, r: (p > 100 and q > p and up is True) or g or
                   (x > 200 and r > 70), peak, ta.shift(peak, 1),
                   ta.shift(ta.rising(peak, 2), 1), green, cci, rsi))


def rsi_two_timeframes(c):
    rsi = ta.rsi(c.close, 14)
    quarter, half = (c.spread(longer, ta.rsi(longer.close, 14))
                     for longer in (c.resampled(M15), c.resampled(M30)))
    return (ta.mix(lambda a, b, r, h: a >= b and r < h - 20, ta.sma(c.close, 5),
                   ta.sma(c.close, 200), rsi, half),
            ta.mix(lambda r, q, h: r > q and r > h, rsi, quarter, half))


def v_bottom_hourly_trend(c):
    lower, middle, upper = ta.bands(c.close, 20, 2)
    ema5, ema12 = ta.ema(c.close, 5), ta.ema(c.close, 12)
    cci, rsi, mfi = ta.cci(c, 14), ta.rsi(c.close, 7), ta.mfi(c, 14)
    longer = c.resampled(H1)
    mean = ta.sma(longer.close, 25)
    hourly, before = c.spread(longer, mean), c.spread(longer, ta.shift(mean, 1))
    usual = ta.shift(ta.sma(c.volume, 30), 1)
    low = ta.mix(lambda x, a, b, least, band: x < a and x < b and x == least and x <= band,
                 c.close, ema5, ema12, ta.lowest(c.close, 12), lower)
    bottom = ta.mix(lambda f, a, b, l, m, x, r, y: f is True and a > b and l < m and x < -100 and
                    r < 30 and y < 30, ta.shift(ta.falling(c.ohlc4, 4), 1), c.ohlc4,
                    ta.shift(c.ohlc4, 1), ta.shift(c.low, 1), middle, ta.shift(cci, 1),
                    ta.shift(rsi, 1), ta.shift(mfi, 1))
    green = ta.run_of(ta.mix(lambda o, x: o < x, c.open, c.close), 8)
    return (ta.mix(lambda a, b, v, u, h, x, p: (a or b) and v < 20 * u and h < x and p < h,
                   low, bottom, c.volume, usual, hourly, c.close, before),
            ta.mix(lambda x, a, b, most, band, f, g, r: (x > a and x > b and x >= most and
                   x >= band and f > 80) or (g and r > 70), c.close, ema5, ema12,
                   ta.highest(c.close, 12), upper, mfi, green, rsi))


RULES = [macd_cci, macd_cross_cci, macd_above_zero, macd_rsi_simple, local_low, stoch_cross_low,
         tema_turn, chaikin_sign, smoothed_peak, rsi_two_timeframes, v_bottom_hourly_trend]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_entries_and_exits_are_those_of_plain_python(rule, candles, recording):
    rows = told(rule.__name__, recording)
    assert [int(row["timestamp"]) for row in rows] == candles.time
    entry, exit_ = rule(candles)
    assert assert_same_truths(candles, entry, truths(rows, "entry"), CANDLES * 0.7, "entry") > 5
    assert_same_truths(candles, exit_, truths(rows, "exit"), CANDLES * 0.7, "exit")


def test_the_rules_differ_where_they_should(candles, recording):
    """So that the comparison above could fail: another artifact's entries are not these."""
    with pytest.raises(AssertionError, match="differ, first at"):
        assert_same_truths(candles, macd_cci(candles)[0],
                           truths(told("macd_above_zero", recording), "entry"), 0, "entry")


def test_a_filter_on_another_symbol_is_that_of_plain_python():
    """ETH/USDT with BTC/USDT at 15 minutes, across a gap that both have."""
    eth, btc = (ROOT / f"tests/data/candles/{name}USDT-5m-gap.csv" for name in ("ETH", "BTC"))
    rows = told("btc_filter_15m", f"ETH/USDT={eth}", f"BTC/USDT={btc}")
    own, other = (ta.Candles([line.split(",") for line in path.read_text().splitlines()[1:]])
                  .filled() for path in (eth, btc))
    assert len(own) == len(rows) + 24, "what was filled in has no row"
    longer = other.resampled(M15)
    entry = ta.mix(lambda a, b, x, m: a > b and x > m, ta.ema(own.close, 20), ta.ema(own.close, 50),
                   own.spread(longer, longer.close), own.spread(longer, ta.sma(longer.close, 20)))
    of_time = dict(zip(own.time, entry))
    times = ta.Candles([(row["timestamp"], 1, 1, 1, 1, 1) for row in rows])
    true = assert_same_truths(times, [of_time[time] for time in times.time], truths(rows, "entry"),
                              200, "entry")
    assert 10 < true < 190


def features(c):
    """Of some artifacts, by column."""
    longer = c.resampled(H1)
    lower, middle, upper = ta.bands(c.close, 20, 2)
    line, signal = ta.macd(c.close, 12, 26, 9)
    k, d = ta.stochf(c, 5, 3)
    return {
        "v_bottom_hourly_trend": {
            "ema5": ta.ema(c.close, 5), "bands.lower": lower, "bands.middle": middle,
            "bands.upper": upper, "cci": ta.cci(c, 14), "mfi": ta.mfi(c, 14),
            "rsi": ta.rsi(c.close, 7), "hourly": c.spread(longer, ta.sma(longer.close, 25))},
        "macd_cci": {"macd_12_26_9.macd": line, "macd_12_26_9.signal": signal},
        "stoch_cross_low": {"fast.k": k, "fast.d": d, "ema_high": ta.ema(c.high, 5),
                            "adx": ta.directional(c, 14)[2]},
        "rsi_two_timeframes": {"rsi_30m": c.spread(c.resampled(M30),
                                                   ta.rsi(c.resampled(M30).close, 14))},
        "tema_turn": {"tema": ta.tema(c.close, 9)},
    }


def test_features_are_those_of_plain_python(candles, recording):
    for name, columns in features(candles).items():
        rows = told(name, recording)
        for column, mine in columns.items():
            theirs = [float(row[column] or "nan") for row in rows]
            wrong = [(candles.time[i], a, b) for i, (a, b) in enumerate(zip(mine, theirs))
                     if math.isnan(a) != math.isnan(b) or abs(a - b) > 1e-9 * max(abs(a), 1)]
            assert not wrong, f"{name} {column}: {len(wrong)} differ, first {wrong[:3]}"


# ---- All of the corpus -------------------------------------------------------------------------

# Whose warm-up cannot be over: an OBV depends on where it began for ever.  A warning, as its rules,
# which read only changes, say the same.
NEVER_WARM = {"obv_trend_short"}


def corpus():
    return {path.stem: json.loads(path.read_text()) for path in sorted(STRATEGIES.glob("*.json"))}


def test_the_published_schema_takes_every_strategy():
    schema = jsonschema_rs.validator_for(json.loads(run("check", "--schema").stdout))
    artifacts = corpus()
    assert len(artifacts) >= 50
    mistakes = {name: [error.message for error in schema.iter_errors(artifact)]
                for name, artifact in artifacts.items()}
    assert not {name: found for name, found in mistakes.items() if found}


def test_no_strategy_looks_ahead_and_all_are_warm_when_they_say_so(recording):
    checked = 0
    for name, artifact in corpus().items():
        if artifact["timeframe"] != "5m" or not artifact["symbol"].startswith("BTC/"):
            continue
        done = run("check", "--json", STRATEGIES / f"{name}.json",
                   "--candles", f"{artifact['symbol']}={recording}")
        report = json.loads(done.stdout)
        assert report["truncation"]["verdict"] == "pass", name
        assert report["truncation"]["compared"] > 0, name
        assert report["warmup"]["verdict"] == ("warn" if name in NEVER_WARM else "pass"), name
        assert done.returncode == 0, name
        checked += 1
    assert checked >= 40
