# SPDX-License-Identifier: Apache-2.0
"""`traderd features` and `traderd check --candles`: parity with plain Python, and what is refused."""
import csv
import json
import math
import os
import subprocess

import pytest

import world
from contract import ROOT

DATA = ROOT / "tests/data/candles"
BTC, ETH = DATA / "BTCUSDT-5m-gap.csv", DATA / "ETHUSDT-5m-gap.csv"
CANDLES = 3000

SOUND = {
    "version": 1, "name": "sound", "symbol": "BTC/USDT", "timeframe": "5m",
    "features": {"fast": "ema(close, 12)", "slow": "ema(close, 26)", "strength": "rsi(close, 14)"},
    "entry": {"condition": "fast > slow and strength < 60", "confidence": "strength / 100",
              "trigger": "strength {strength:.1f}"},
    "exit": {"condition": "fast < slow or position.pnl_pct > 0.5"},
    "stop_loss": 0.02, "take_profit": {"type": "expr", "value": "entry_price + fast / 100"},
    "metrics": {"sharpe_ratio": 1.8},
}


def traderd(*words, status=0):
    done = subprocess.run([os.environ["TRADERD_BIN"], *map(str, words)], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == status, done.stderr
    return done


def table(folder, artifact, *words):
    path = world.write_json(folder / "strategy.json", artifact)
    return list(csv.DictReader(traderd("features", "--strategy", path, "--candles", *words)
                               .stdout.splitlines()))


def number(cell):
    return float(cell) if cell else math.nan


def ema(values, period):
    """TA-Lib's: begins with the mean of the first values."""
    out = [math.nan] * (period - 1) + [sum(values[:period]) / period]
    for value in values[period:]:
        out.append(out[-1] + (value - out[-1]) * 2 / (period + 1))
    return out


def rsi(values, period):
    """Wilder's."""
    changes = [b - a for a, b in zip(values, values[1:])]
    gain = sum(max(c, 0) for c in changes[:period]) / period
    loss = sum(max(-c, 0) for c in changes[:period]) / period
    out = [math.nan] * period + [100 * gain / (gain + loss)]
    for c in changes[period:]:
        gain = (gain * (period - 1) + max(c, 0)) / period
        loss = (loss * (period - 1) + max(-c, 0)) / period
        out.append(100 * gain / (gain + loss))
    return out


def close_to(mine, theirs):
    return math.isnan(mine) == math.isnan(theirs) and \
        (math.isnan(mine) or math.isclose(mine, theirs, rel_tol=1e-11))


@pytest.fixture
def recording(folder):
    return world.slice_candles(folder / "BTCUSDT-5m.csv", CANDLES)


def test_features_and_rules_are_those_of_plain_python(folder, recording):
    rows = table(folder, SOUND, recording)
    closes = [float(line.split(",")[4]) for line in world.recorded_lines()[1:CANDLES + 1]]
    fast, slow, strength = ema(closes, 12), ema(closes, 26), rsi(closes, 14)
    assert list(rows[0]) == ["timestamp", "fast", "slow", "strength", "entry", "exit",
                             "confidence", "stop_loss", "take_profit"]
    assert [row["timestamp"] for row in rows] == \
        [line.split(",")[0] for line in world.recorded_lines()[1:CANDLES + 1]]
    warm = next(i for i, row in enumerate(rows) if row["entry"])
    assert 150 < warm < 250
    for i, row in enumerate(rows):
        assert close_to(fast[i], number(row["fast"])), i
        assert close_to(slow[i], number(row["slow"])), i
        assert close_to(strength[i], number(row["strength"])), i
        if i >= warm:
            assert row["entry"] == str(int(fast[i] > slow[i] and strength[i] < 60)), i
            assert row["exit"] == str(int(fast[i] < slow[i])), i
            assert close_to(strength[i] / 100, number(row["confidence"])), i
            assert close_to(closes[i] * 0.98, number(row["stop_loss"])), i
            assert close_to(closes[i] + fast[i] / 100, number(row["take_profit"])), i
        else:
            assert (row["entry"], row["exit"], row["confidence"]) == ("", "", "")
    assert {row["entry"] for row in rows[warm:]} == {"0", "1"}


def test_numbers_read_back_as_the_same_double(folder, recording):
    for row in table(folder, SOUND, recording)[-200:]:
        for cell in (row["fast"], row["strength"]):
            assert repr(float(cell)) == cell


def test_more_candles_change_no_row(folder, recording):
    few = world.slice_candles(folder / "few.csv", 700)
    assert table(folder, SOUND, f"BTC/USDT={few}") == table(folder, SOUND, recording)[:700]


def test_filled_in_candles_have_no_row(folder):
    rows = table(folder, SOUND, BTC)
    assert len(rows) == 600
    assert [row["timestamp"] for row in rows] == \
        [line.split(",")[0] for line in BTC.read_text().splitlines()[1:]]


def test_other_symbols_come_from_the_other_files(folder):
    artifact = {**SOUND, "features": {"other": 'close of "ETH/USDT"', "mean": "sma(other, 3)"},
                "entry": {"condition": "close > 0"}, "exit": None, "take_profit": None}
    artifact = {key: value for key, value in artifact.items() if value is not None}
    eth = {line.split(",")[0]: float(line.split(",")[4]) for line in ETH.read_text().splitlines()[1:]}
    late = folder / "late.csv"
    lines = ETH.read_text().splitlines()
    late.write_text("\n".join([lines[0], *lines[101:]]) + "\n")
    for order in ([BTC, ETH], [ETH, BTC]):
        rows = table(folder, artifact, *order)
        assert len(rows) == 600 and "symbol" not in rows[0]
        assert all(number(row["other"]) == eth[row["timestamp"]] for row in rows)
    rows = table(folder, artifact, BTC, f"ETH/USDT={late}")
    assert [bool(row["other"]) for row in rows] == [i >= 100 for i in range(600)]
    rows = table(folder, artifact, BTC)
    assert not any(row["other"] or row["mean"] for row in rows)


def test_several_traded_symbols_have_a_column(folder):
    artifact = {**SOUND, "features": {"price": "close", "entry": "close * 2"},
                "entry": {"condition": "close > 0"}, "symbols": ["BTC/USDT", "ETH/USDT"]}
    del artifact["symbol"], artifact["exit"], artifact["take_profit"]
    rows = table(folder, artifact, BTC, ETH)
    assert len(rows) == 1200
    assert list(rows[0])[:4] == ["timestamp", "symbol", "price", "features.entry"]
    assert [row["symbol"] for row in rows[:4]] == ["BTC/USDT", "ETH/USDT"] * 2
    alone = table(folder, artifact, BTC, ETH, "--symbol", "ETH/USDT")
    assert [row["price"] for row in alone] == \
        [row["price"] for row in rows if row["symbol"] == "ETH/USDT"]


def test_values_from_outside_are_known_from_their_time_until_they_are_old(folder, recording):
    first = int(world.recorded_lines()[1].split(",")[0])
    values = folder / "mood.csv"
    values.write_text("timestamp,value\n" + "\n".join(
        f"{first + minutes * 60_000},{value}" for minutes, value in
        [(10, 0.5), (22, ""), (30, "-1e-3"), (60, 2)]) + "\n")
    artifact = {**SOUND, "features": {"mood": "ext.mood"}, "entry": {"condition": "mood > 0"},
                "ext": {"mood": {"max_age_s": 900}}}
    del artifact["exit"], artifact["take_profit"]
    rows = table(folder, artifact, recording, "--ext", f"mood={values}")
    # A candle closes five minutes after its time stamp.
    assert [row["mood"] for row in rows[:16]] == \
        ["", "0.5", "0.5", "0.5", "", "-0.001", "-0.001", "-0.001", "-0.001", "", "", "2.0", "2.0",
         "2.0", "2.0", ""]
    for text, line, reason in [
            ("time,value\n", 1, "header"), ("timestamp,value\n1000\n", 2, "columns"),
            ("timestamp,value\n1000,1\n1000,2\n", 3, "not later"),
            ("timestamp,value\n1000,nan\n", 2, "finite"), ("timestamp,value\nsoon,1\n", 2, "time")]:
        values.write_text(text)
        path = world.write_json(folder / "strategy.json", artifact)
        words = traderd("features", "--strategy", path, "--candles", recording, "--ext",
                        f"mood={values}", status=2).stderr
        assert f"{values}:{line}" in words and reason in words, words
    words = traderd("features", "--strategy", path, "--candles", recording, "--ext",
                    f"moon={values}", status=2).stderr
    assert "does not read ext.moon (it reads ext.mood)" in words


@pytest.mark.parametrize("words, reason", [
    (["--strategy", "S"], "usage"), (["--candles", "C"], "usage"),
    (["--strategy", "S", "--candles"], "--candles needs a value"),
    (["--strategy", "S", "--candles", "C", "--symbol", "XRP/USDT"], "XRP/USDT is not among"),
    (["--strategy", "S", "--candles", "C", "C"], "BTC/USDT has two candle files"),
    (["--strategy", "S", "--candles", "nowhere-BTCUSDT.csv"], "nowhere-BTCUSDT.csv"),
    (["--strategy", "nowhere.json", "--candles", "C"], "nowhere.json"),
    (["--strategy", "S", "--candles", f"ETH/USDT={ETH}"], "BTC/USDT is not among"),
    (["--strategy", "S", "--candles", f"BTC/USDT={DATA / 'broken/unsorted.csv'}"], "unsorted.csv:"),
])
def test_wrong_input_of_features_is_told(folder, recording, words, reason):
    path = world.write_json(folder / "strategy.json", SOUND)
    words = [{"S": path, "C": recording}.get(word, word) for word in words]
    assert reason in traderd("features", *words, status=2).stderr


def test_checks_of_a_sound_strategy_pass(folder, recording):
    path = world.write_json(folder / "strategy.json", SOUND)
    words = traderd("check", path, "--candles", recording).stdout
    assert "pass     truncation: 20 moments, 260 values, 0 differ" in words
    assert "pass     strength" in words and words.endswith("pass\n")
    report = json.loads(traderd("check", path, "--json", "--candles", recording, "--seed", "7",
                                "--samples", "5").stdout)
    assert report["verdict"] in ("pass", "warn") and report["seed"] == 7
    assert report["truncation"] == {"verdict": "pass", "samples": 5, "compared": 65,
                                    "differences": 0, "first": None}
    features = {row["name"]: row for row in report["warmup"]["features"]}
    assert features["slow"]["needed_1e3"] < features["slow"]["needed_1e6"] < 300
    assert len(features["slow"]["percent"]) == len(report["warmup"]["starts"])
    assert report["delay"]["on_time"]["total_trades"] > 0
    assert [row["differences"] for row in report["times"]["longer_timeframes"]] == [0] * 4
    assert report["metrics"][0]["name"] == "sharpe" and report["metrics"][0]["claimed"] == 1.8
    again = traderd("check", path, "--json", "--candles", recording, "--seed", "7", "--samples",
                    "5").stdout
    assert json.loads(again) == report


def test_a_strategy_that_starts_too_early_fails(folder, recording):
    path = world.write_json(folder / "strategy.json", {
        **SOUND, "features": {**SOUND["features"], "mean": "ema(close, 288)",
                                                  "distance": "close - mean"},
        "startup_bars": 300})
    done = traderd("check", path, "--candles", recording, status=1)
    assert "fail     distance" in done.stdout and done.stdout.endswith("fail\n")


def test_wrong_input_of_checks_is_told(folder, recording):
    path = world.write_json(folder / "strategy.json", SOUND)
    for words, reason in [(["--seed", "x"], "--seed is a whole number"),
                          (["--samples", "-1"], "--samples is a whole number"),
                          (["--samples", "1001"], "up to 1000")]:
        assert reason in traderd("check", path, *words, "--candles", recording, status=2).stderr
    assert "usage" in traderd("check", path, path, "--candles", recording, status=2).stderr
    other = world.write_json(folder / "other.json", {**SOUND, "symbol": "XRP/USDT"})
    assert "give candles of XRP/USDT" in traderd("check", other, "--candles", recording,
                                                 status=2).stderr
    broken = world.write_json(folder / "broken.json", {**SOUND, "entry": {"condition": "fasst > 1"}})
    assert "did you mean 'fast'" in traderd("check", broken, "--candles", recording,
                                            status=2).stderr
