# SPDX-License-Identifier: Apache-2.0
"""`traderd candles`: imports, reports and conversions by hand, and that a cache is as good as CSV."""
import gzip
import json
import shutil

import pytest

from daemon import environment, new_folder, run
from world import (HEADER, RECORDING, WINNER, base_config, recorded_lines, slice_candles,
                   write_json)


def candles(*arguments, status=0):
    done = run("candles", *map(str, arguments))
    assert done.returncode == status, done.stderr
    return done


def write(path, *rows):
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


@pytest.fixture(name="cache")
def _cache(tmp_path):
    path = tmp_path / "any name.tdc"
    candles("import", RECORDING, "--out", path)
    return path


def test_a_cache_gives_back_the_bytes_of_the_recording(cache, tmp_path):
    out = tmp_path / "out.csv"
    candles("export", cache, "--out", out)
    assert out.read_bytes() == RECORDING.read_bytes()
    assert candles("export", cache, "--out", "-").stdout.encode() == RECORDING.read_bytes()
    again = tmp_path / "again.tdc"
    candles("import", out, "--out", again, "--symbol", "BTC/USDT")
    assert again.read_bytes() == cache.read_bytes()
    assert candles("verify", cache, again).stdout.count("ok: ") == 2


def test_a_cache_stands_for_csv_and_tells_its_symbol(cache):
    command = ("features", "--strategy", str(WINNER), "--candles")
    by_csv, by_cache = run(*command, str(RECORDING)), run(*command, str(cache))
    assert by_cache.returncode == 0, by_cache.stderr
    assert by_cache.stdout == by_csv.stdout
    checked = run("check", str(WINNER), "--json", "--candles", str(cache))
    assert checked.returncode == 0, checked.stderr


def test_a_cache_stands_in_a_configuration_and_a_backtest(cache, tmp_path):
    config = write_json(tmp_path / "config.json", base_config(
        strategy=str(WINNER), candles=[cache.name]))
    assert run("config", "check", "--config", config).stdout.strip() == "ok"
    results = [run("backtest", "--strategy", str(WINNER), "--json", "--candles", str(path))
               for path in (RECORDING, cache)]
    assert results[0].returncode == 0, results[0].stderr
    assert json.loads(results[0].stdout)["metrics"] == json.loads(results[1].stdout)["metrics"]


def test_files_in_any_order_and_form_join_to_the_same_cache(cache, tmp_path):
    lines = recorded_lines()
    parts = []
    for i in range(4):
        part = tmp_path / f"BTCUSDT-5m-{i}.csv"
        write(part, *lines[1 + i * 7000:1 + i * 7000 + 7010])  # they overlap by ten
        parts.append(part)
    packed = tmp_path / "BTCUSDT-5m-1.csv.gz"
    packed.write_bytes(gzip.compress(parts[1].read_bytes()))
    klines = tmp_path / "BTCUSDT-5m-2.json"
    klines.write_text(json.dumps([line.split(",") for line in parts[2].read_text().split()[1:]]))
    out = tmp_path / "joined.tdc"
    done = candles("import", klines, parts[3], packed, parts[0], "--out", out)
    assert out.read_bytes() == cache.read_bytes()
    assert done.stderr.count("7,010 candles") == 3


def test_files_that_disagree_are_refused_with_the_line(tmp_path):
    a = write(tmp_path / "a.csv", "1630540800000,1,1,1,1,1", "1630540860000,1,1,1,1,1")
    b = write(tmp_path / "b.csv", "1630540860000,1,2.5,1,1,1", "1630540920000,1,1,1,1,1")
    out = tmp_path / "out.tdc"
    done = candles("import", b, a, "--out", out, "--symbol", "A/B", status=2)
    assert f"{b}:2: " in done.stderr and f"high is 2.5, but 1 in {a}:3" in done.stderr
    assert not out.exists()


BROKEN = [
    ("gaps", "broken/cut_line.csv", "11: the last line does not end"),
    ("show", "broken/not_a_number.csv", "5:19: high is not a number"),
    ("export", "broken/unsorted.csv", "7:1: timestamp"),
    ("resample", "broken/off_grid.csv", "11: timestamp"),
    ("import", "broken/cut.csv.gz", " the gzip data is cut"),
    ("import", "nothing.csv", " the file cannot be read: No such file"),
    ("verify", "BTCUSDT-5m-klines.csv", " this is no cache of candles"),
]


@pytest.mark.parametrize("verb, name, message", BROKEN)
def test_a_broken_file_is_refused_with_line_and_reason(verb, name, message, tmp_path):
    path = f"tests/data/candles/{name}"
    more = {"export": ["--out", tmp_path / "x.csv"], "import": ["--out", tmp_path / "x.tdc"],
            "resample": ["--out", tmp_path / "x.csv", "--timeframe", "1h"]}
    done = candles(verb, path, *more.get(verb, []), status=2 if "nothing" not in name else 1)
    assert f"traderd: {path}:{message}" in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_cache_is_refused_everywhere(cache):
    whole = cache.read_bytes()
    cache.write_bytes(whole[:90000] + bytes([whole[90000] ^ 1]) + whole[90001:])
    for command in (("candles", "show", str(cache)), ("candles", "verify", str(cache)),
                    ("features", "--strategy", str(WINNER), "--candles", str(cache))):
        done = run(*command)
        assert done.returncode == 2
        assert "is damaged: its checksum is another" in done.stderr
    cache.write_bytes(whole[:90000])
    assert "the cache has 90000 bytes" in candles("gaps", cache, status=2).stderr


WRONG = [
    (), ("nothing",), ("import",), ("import", "x.csv"), ("gaps",), ("gaps", "a", "b"),
    ("show", "x.csv", "--limit", "0"), ("show", "x.csv", "--limit", "x"), ("verify",),
    ("resample", "x.csv", "--out", "y.csv"), ("export", "x.csv"), ("gaps", "x.csv", "--wrong"),
    ("import", RECORDING, "--out", "x.gz"), ("import", RECORDING, "--out", "/dev/null"),
    ("import", RECORDING, "--out", "x.tdc", "--symbol", "btc"),
    ("resample", RECORDING, "--timeframe", "7m", "--out", "-"),
    ("resample", RECORDING, "--timeframe", "1m", "--out", "-"),
    ("list",), ("export", "--database", "config", "--out", "-"),
    ("import", RECORDING, "--out", "-", "--database", "config"),
    ("list", "--database", "postgresql://user:secret@127.0.0.1/x"),
]


@pytest.mark.parametrize("arguments", WRONG)
def test_wrong_usage_is_explained(arguments):
    done = candles(*arguments, status=2)
    assert done.stdout == "" and done.stderr.startswith(("usage: ", "traderd: "))


def test_the_database_keeps_recordings(cluster, cache, tmp_path):
    url = cluster.database()
    for added in ("26,404", "0"):
        done = candles("import", cache, "--database", url, "--venue", "binance")
        assert f"added {added} to the database, replaced 0" in done.stdout
    series = json.loads(candles("list", "--database", url, "--json").stdout)["series"]
    assert [(s["symbol"], s["timeframe"], s["venue"], s["candles"]) for s in series] == [
        ("BTC/USDT", "5m", "binance", 26404)]
    name = ("--symbol", "BTC/USDT", "--timeframe", "5m", "--venue", "binance")
    out = tmp_path / "out.tdc"
    candles("export", "--database", url, *name, "--out", out)
    assert out.read_bytes() == cache.read_bytes()
    # The same by the configuration, where a URL may hold a password.
    done = run("candles", "export", "--database", "config", *name, "--out", "-",
               env=environment(DATABASE_URL=url))
    assert done.stdout.encode() == RECORDING.read_bytes()

    lines = recorded_lines()[1:4]
    lines[1] = lines[1].rsplit(",", 1)[0] + ",7"
    other = write(tmp_path / "BTCUSDT-5m.csv", *lines)
    done = candles("import", other, "--database", url, "--venue", "binance", status=2)
    assert "2021-09-02T00:05:00.000000Z: open, high, low" in done.stderr
    assert "--replace" in done.stderr
    done = candles("import", other, "--database", url, "--venue", "binance", "--replace")
    assert "added 0 to the database, replaced 1" in done.stdout
    missing = candles("export", "--database", url, "--symbol", "BTC/USDT", "--timeframe", "5m",
                      "--out", "-", status=2)
    assert "the database has no candles of BTC/USDT 5m" in missing.stderr


def test_the_private_cluster_keeps_recordings_too(cache):
    data = new_folder()
    try:
        candles("import", cache, "--database", "config", "--data", data)
        assert "26,404" in candles("list", "--database", "config", "--data", data).stdout
    finally:
        shutil.rmtree(data, ignore_errors=True)


def test_a_name_that_tells_no_symbol_asks_for_one(tmp_path):
    path = write(tmp_path / "x.csv", "1630540800000,1,1,1,1,1", "1630540860000,1,1,1,1,1")
    done = candles("import", path, "--out", tmp_path / "x.tdc", status=2)
    assert "write --symbol BTC/USDT" in done.stderr
    other = write(tmp_path / "ETHUSDT-1m.csv", "1630540800000,1,1,1,1,1", "1630540860000,1,1,1,1,1")
    btc = write(tmp_path / "BTCUSDT-1m.csv", "1630540800000,1,1,1,1,1", "1630540860000,1,1,1,1,1")
    done = candles("import", btc, other, "--out", tmp_path / "x.tdc", status=2)
    assert f"the file is of ETH/USDT, {btc} is of BTC/USDT" in done.stderr


def test_gaps_are_reported_for_people_and_programs():
    path = "tests/data/candles/BTCUSDT-5m-gap.csv"
    assert "missing 2021-09-29T07:00:00Z to 2021-09-29T08:55:00Z: 24" in candles("gaps", path).stdout
    report = json.loads(candles("gaps", path, "--json").stdout)
    assert (report["candles"], report["expected"], report["missing"]) == (600, 624, 24)
    assert report["gaps"] == [{"first": "2021-09-29T07:00:00.000000Z",
                               "last": "2021-09-29T08:55:00.000000Z", "candles": 24}]
    assert report["coverage_pct"] == pytest.approx(100 * 600 / 624)
    report = json.loads(candles("gaps", "tests/data/candles/broken/duplicate.csv", "--json").stdout)
    assert [(d["line"], d["equal"]) for d in report["duplicates"]] == [(7, True)]


def test_show_prints_the_head_and_the_tail(cache):
    lines = recorded_lines()
    assert candles("show", cache).stdout.splitlines() == lines[:11]
    assert candles("show", cache, "--limit", 3).stdout.splitlines() == lines[:4]
    tail = candles("show", cache, "--limit", 3, "--tail").stdout.splitlines()
    assert tail == [lines[0], *lines[-3:]]
    assert "BTC/USDT 5m, 26,404 candles" in candles("show", cache, "--limit", 1).stderr


def hours_of(lines):
    """Whole hours, by a few lines of Python over the recording, which has no gap there."""
    rows = [line.split(",") for line in lines]
    for i in range(0, len(rows) - 11, 12):
        part = rows[i:i + 12]
        volume = sum(round(float(row[5]) * 1e6) for row in part)
        yield (int(part[0][0]), float(part[0][1]), max(float(row[2]) for row in part),
               min(float(row[3]) for row in part), float(part[-1][4]), volume / 1e6)


def test_hours_are_what_arithmetic_says(tmp_path):
    source = slice_candles(tmp_path / "BTCUSDT-5m.csv", 245)
    rows = candles("resample", source, "--timeframe", "1h", "--out", "-").stdout.splitlines()
    made = [tuple(float(v) for v in row.split(",")) for row in rows[1:]]
    assert made == [pytest.approx(row) for row in hours_of(recorded_lines()[1:246])]
    whole = candles("resample", source, "--timeframe", "1h", "--out", tmp_path / "h.tdc").stdout
    partial = candles("resample", source, "--timeframe", "1h", "--out", tmp_path / "h.csv",
                      "--partial").stdout
    assert "BTC/USDT 1h, 20 candles" in whole and "BTC/USDT 1h, 21 candles" in partial
