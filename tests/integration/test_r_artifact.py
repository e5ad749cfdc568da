# SPDX-License-Identifier: Apache-2.0
"""Artifacts: `traderd check` for people and programs, and a published schema that agrees with it."""
import json
import re
import subprocess

import jsonschema_rs
import pytest

from contract import ROOT
from daemon import binary, run

RULE = {"entry": {"condition": "close > 1"}}
BASE = {"name": "a", **RULE, "stop_loss": 0.02}
STEP = {"condition": "true", "part": 0.5}

# Members laid over BASE: None takes a member out.
GOOD = [
    {}, {"version": 1}, {"name": "a b.c_d+e-f"}, {"symbol": "BTC/USDT"}, {"timeframe": "1h"},
    {"symbols": ["BTC/USDT", "ETH/USDT:USDT"]}, {"symbols": []},
    {"params": {"fast": 12, "x-note": "n"}}, {"params": {}},
    {"features": {"a": "ema(close, 12)", "b": {"type": "rsi"}, "x-c": 1}},
    {"features": ["rsi_14", "macd", {"name": "e", "type": "ema", "period": 5},
                  {"type": "sma", "length": 5}]},
    {"ext": {"mood": 3600, "fear": {"max_age_s": "60 * 60"}}}, {"ext": {}},
    {"entry": {"condition": True}}, {"entry": None, "entry_condition": "close > 1"},
    {"entry": {**RULE["entry"], "direction": "short", "confidence": 0.7, "min_confidence": "0.3",
               "trigger": "t {close:.2f}"}},
    {"direction": -1, "confidence": "close / close", "min_confidence": 0, "reason": "r"},
    {"exit": {"condition": "position.pnl_pct > 0.1", "max_candles": 5}},
    {"exit": {"hold_periods": 5}}, {"max_bars": 5}, {"exit": {"max_candles": 5, "time_exit": None}},
    {"stop_loss": "entry_price * 0.98"}, {"stop_loss": {"type": "pct", "value": "0.02"}},
    {"stop_loss": {"type": "atr_mult", "value": 3, "period": 7}},
    {"take_profit": {"type": "expr", "value": "entry_price + 1"}}, {"take_profit": 0.5},
    {"trailing_stop": 0.01}, {"trailing_stop": {"pct": 0.01, "activate_at": 0.02}},
    {"trailing_stop": {"type": "atr_mult", "value": 2, "period": 22}},
    {"trailing_stop": {"type": "expr", "value": "highest(high, 22) - 3 * atr(22)"}},
    {"roi": {"0": 0.04, "30": 0.02, "60": 0.0, "240": -0.01}}, {"minimal_roi": {"0": "0.1"}},
    {"roi": [{"after_minutes": 0, "profit": 0.04}]}, {"roi": {}},
    {"cooldown": 12}, {"cooldown": {"candles": 12, "after_stop_candles": 48}}, {"cooldown": {}},
    {"scale_in": {"condition": "true", "part": 10, "max_count": 3, "min_candles": 2}},
    {"scale_out": STEP}, {"position_sizing": {"type": "equity_pct"}}, {"position_sizing": {}},
    {"position_sizing": {"type": "fixed_base", "value": 3, "max_quote": 0}},
    {"position_sizing": {"type": "risk_pct", "value": 0.01}}, {"size_usd": 500},
    {"timeframe": "1d", "position_sizing": {"type": "vol_target", "value": 0.4, "period": 30}},
    {"startup_bars": 100}, {"metrics": {"sharpe_ratio": 1.8, "note": "n"}, "fitness": 0.9},
    {"name": None, "id": "run-7"}, {"id": 7, "generation": 3, "unknown": [1], "x-y": {}},
    {key: None for key in ("version", "symbol", "params", "features", "ext", "exit", "roi",
                           "cooldown", "scale_in", "position_sizing", "metrics", "size_usd")},
]
BAD = [
    {"version": 2}, {"version": "1"}, {"name": None}, {"name": ""}, {"name": " a"},
    {"name": "a" * 64}, {"name": "a/b"}, {"name": 7}, {"name": None, "id": 7},
    {"symbol": "BTCUSDT"}, {"symbol": "btc/usdt"}, {"symbols": "BTC/USDT"}, {"symbols": [1]},
    {"timeframe": "7m"}, {"timeframe": 5}, {"params": [1]}, {"params": {"a": "1"}},
    {"params": {"close": 1}}, {"params": {"a b": 1}}, {"features": 1}, {"features": {"a": 1}},
    {"features": {"open": "close"}}, {"features": {"a": {"period": 5}}}, {"features": [7]},
    {"features": [{"period": 5}]}, {"features": {"a": {"type": 5}}}, {"ext": ["a"]}, {"ext": {"a": 0}}, {"ext": {"a": 864001}},
    {"ext": {"a": None}}, {"ext": {"a": {}}}, {"ext": {"a-b": 60}},
    {"entry": None}, {"entry": {}}, {"entry": "close > 1"}, {"entry": {"condition": 1}},
    {"entry": {"condition": ""}}, {"entry_condition": "true"},
    {"entry": {**RULE["entry"], "direction": "up"}}, {"direction": 0},
    {"entry": {**RULE["entry"], "direction": "long"}, "direction": "long"},
    {"confidence": 85}, {"confidence": True}, {"min_confidence": 30}, {"trigger": 7},
    {"exit": "close > 1"}, {"exit": {"condition": 7}}, {"exit": {"max_candles": -1}},
    {"exit": {"max_candles": 1.5}}, {"exit": {"max_candles": 5, "hold_periods": 5}},
    {"exit": {"condition": "true"}, "exit_condition": "true"},
    {"exit": {"max_candles": 5}, "max_bars": 5}, {"hold_periods": 5, "time_exit": 5},
    {"stop_loss": 2}, {"stop_loss": 0}, {"stop_loss": True}, {"stop_loss": []},
    {"stop_loss": {"value": 0.02}}, {"stop_loss": {"type": "pct"}},
    {"stop_loss": {"type": "pct", "value": 2}}, {"stop_loss": {"type": "points", "value": 2}},
    {"stop_loss": {"type": "atr_mult", "value": 101}},
    {"stop_loss": {"type": "atr_mult", "value": 1, "period": 0}},
    {"stop_loss": {"type": "expr", "value": True}}, {"take_profit": 5},
    {"trailing_stop": True}, {"trailing_stop": 1}, {"trailing_stop": {}},
    {"trailing_stop": {"pct": 1}}, {"trailing_stop": {"pct": 0.1, "activate_at": 1.5}},
    {"trailing_stop": {"pct": 0.1, "type": "pct", "value": 0.1}},
    {"trailing_stop": {"type": "atr_mult"}}, {"trailing_stop": {"type": "atr_mult", "value": 0}},
    {"roi": 0.04}, {"roi": {"0": 40}}, {"roi": {"0": -0.6}}, {"roi": {"-1": 0.1}},
    {"roi": {"1.5": 0.1}}, {"roi": {"0": True}}, {"roi": [0.04]}, {"roi": [{"profit": 0.04}]},
    {"roi": {"0": 0.1}, "minimal_roi": {"0": 0.1}},
    {"cooldown": -1}, {"cooldown": 1.5}, {"cooldown": True}, {"cooldown": {"candles": -1}},
    {"scale_in": "true"}, {"scale_in": {}}, {"scale_in": {"part": 1}},
    {"scale_in": {"condition": "true"}}, {"scale_in": {**STEP, "part": 11}},
    {"scale_in": {**STEP, "max_count": 0}}, {"scale_in": {**STEP, "min_candles": 0}},
    {"scale_out": {**STEP, "part": 1}}, {"scale_out": {**STEP, "part": 0}},
    {"position_sizing": "all"}, {"position_sizing": {"type": "all"}},
    {"position_sizing": {"type": "fixed_quote"}}, {"position_sizing": {"value": 10}},
    {"position_sizing": {"type": "risk_pct", "value": 1}},
    {"position_sizing": {"type": "vol_target", "value": 0.4}},
    {"timeframe": "1h", "position_sizing": {"type": "vol_target", "value": 6}},
    {"timeframe": "1h", "position_sizing": {"type": "vol_target", "value": 1, "period": 1}},
    {"position_sizing": {"max_quote": -1}}, {"size_usd": 0},
    {"size_usd": 5, "position_sizing": {"value": 0.1}}, {"startup_bars": -1}, {"metrics": 1},
]


@pytest.fixture(scope="module", name="schema")
def schema_fixture():
    printed = run("check", "--schema")
    assert printed.returncode == 0
    assert printed.stdout == (ROOT / "docs/strategy.schema.json").read_text()
    text = json.loads(printed.stdout)
    assert text["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(text)
    return jsonschema_rs.Draft202012Validator(text)


def verdicts(paths):
    """What the parser says of each file: one line of JSON each."""
    done = run("check", "--json", *paths)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == [str(path) for path in paths]
    assert done.returncode == (0 if all(line["valid"] for line in lines) else 2)
    return lines


def overlaid(members):
    return {key: value for key, value in {**BASE, **members}.items()
            if value is not None or key not in BASE or key == "entry"}


def test_the_schema_and_the_parser_agree(schema, folder):
    documents = [overlaid(members) for members in GOOD + BAD]
    paths = []
    for number, document in enumerate(documents):
        paths.append(folder / f"{number}.json")
        paths[-1].write_text(json.dumps(document))
    wrong = []
    for number, (line, document) in enumerate(zip(verdicts(paths), documents, strict=True)):
        wanted = number < len(GOOD)
        if line["valid"] != wanted or schema.is_valid(document) != wanted:
            wrong.append((document, line["errors"],
                          [error.message for error in schema.iter_errors(document)]))
    assert not wrong


def test_the_schema_accepts_every_artifact_of_the_repository(schema):
    paths = sorted([*(ROOT / "artifacts").glob("*.json"),
                    *(ROOT / "tests/data/strategies").rglob("*.json"),
                    *(ROOT / "tests/fuzz/corpus/strategy").glob("*.json")])
    accepted = 0
    for path, line in zip(paths, verdicts(paths), strict=True):
        if line["valid"]:
            accepted += 1
            schema.validate(json.loads(path.read_text()))
    assert accepted >= 10 and (ROOT / "artifacts/winner.json") in paths


def test_both_keep_the_same_words_for_the_language(schema, folder):
    """Any word of the manual as a feature's name: the ones that mean something are taken."""
    words = sorted(set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*",
                                  (ROOT / "docs/strategies.md").read_text())))
    documents = [{**BASE, "features": {word: "close"}} for word in words]
    paths = [folder / f"{word}.json" for word in words]
    for path, document in zip(paths, documents):
        path.write_text(json.dumps(document))
    lines = [line for at in range(0, len(paths), 500) for line in verdicts(paths[at:at + 500])]
    refused = {word for word, line in zip(words, lines, strict=True) if not line["valid"]}
    assert {"close", "params", "entry_price", "hlc3"} <= refused and len(refused) < len(words) / 4
    assert refused == {word for word, document in zip(words, documents)
                       if not schema.is_valid(document)}


def test_every_member_of_the_schema_is_described(schema, folder):
    text = json.loads((ROOT / "docs/strategy.schema.json").read_text())
    assert all("description" in member for member in text["properties"].values())
    # What the schema names the parser knows: none of it is an unknown key.
    path = folder / "all.json"
    path.write_text(json.dumps({**BASE, **{key: None for key in text["properties"]
                                           if key not in BASE}}))
    line = verdicts([path])[0]
    assert line["valid"] and not line["warnings"] and schema.is_valid(json.loads(path.read_text()))


def test_a_mistake_is_shown_where_it_is(folder):
    path = folder / "a.json"
    path.write_text(json.dumps({**BASE, "features": {"ema_slow": "ema(close, 26)"},
                                "entry": {"condition": "close > ema_slw and rsi < 70"}}))
    done = run("check", path, ROOT / "artifacts/winner.json")
    assert done.returncode == 2
    assert done.stdout.splitlines()[:3] == [f"file: {path}", f"file: {ROOT / 'artifacts/winner.json'}",
                                            "ok: adaptive_momentum_v3"]
    assert done.stderr.splitlines() == [
        "traderd: entry.condition:9: unknown name 'ema_slw' (did you mean 'ema_slow'?)",
        "    close > ema_slw and rsi < 70",
        "            ^~~~~~~",
        "traderd: entry.condition:21: unknown name 'rsi' (declare it under features)",
        "    close > ema_slw and rsi < 70",
        "                        ^~~",
        f"traderd: {path}: 2 errors"]


def test_a_long_or_foreign_text_is_cut_around_the_mistake(folder):
    path = folder / "a.json"
    rule = "close > 1 and " * 20 + "nosuch > 1" + " and close > 1" * 20
    path.write_text(json.dumps({**BASE, "entry": {"condition": rule},
                                "trigger": "überkauft → {nosuch}"}, ensure_ascii=False))
    lines = run("check", path).stderr.splitlines()
    assert lines[1].startswith("    ...") and lines[1].endswith("...")
    assert lines[1][lines[2].index("^"):].startswith("nosuch > 1") and lines[2].endswith("^~~~~~")
    assert lines[4] == "    überkauft → {nosuch}"
    assert lines[4][lines[5].index("^"):] == "nosuch}"


def test_the_json_form_says_all(folder):
    path = folder / "a.json"
    path.write_text(json.dumps({
        **BASE, "symbols": ["ETH/USDT", "BTC/USDT"], "timeframe": "5m", "ext": {"mood": 60},
        "features": {"b": "bbands(close, 20)"}, "stop_los": 1, "metrics": {"pf": 1.5}}))
    line = verdicts([path])[0]
    assert len(line.pop("id")) == 64
    assert line == {
        "file": str(path), "valid": True, "name": "a", "errors": [], "errors_left_out": 0,
        "warnings": [{"field": "stop_los", "line": 0, "column": 0, "length": 0,
                      "code": "unknown_key", "message": "this key is not known",
                      "hint": "did you mean 'stop_loss'?", "expr": None}],
        "features": ["b.upper", "b.middle", "b.lower"], "warmup_candles": 20,
        "symbols": ["BTC/USDT", "ETH/USDT"], "other_symbols": [],
        "ext": [{"name": "mood", "max_age_s": 60}], "timeframe": "5m",
        "metrics": {"profit_factor": 1.5}}
    path.write_text(json.dumps({**BASE, "entry": {"condition": "close > opne"}}))
    line = verdicts([path])[0]
    assert line["id"] is None and line["errors"] == [{
        "field": "entry.condition", "line": 0, "column": 9, "length": 4, "code": "unknown_name",
        "message": "unknown name 'opne'", "hint": "did you mean 'open'?",
        "expr": "close > opne"}]


def test_standard_input_and_files_that_are_none(folder):
    text = (ROOT / "artifacts/winner.json").read_text()
    done = subprocess.run([binary(), "check", "-"], input=text, text=True, capture_output=True,
                          check=False, timeout=60)
    assert done.returncode == 0 and "ok: adaptive_momentum_v3" in done.stdout
    for path in (folder, folder / "none.json"):
        done = run("check", path)
        assert done.returncode == 2 and "cannot read the file" in done.stderr
        assert verdicts([path])[0]["errors"][0]["code"] == "file"
    broken = folder / "broken.json"
    broken.write_text('{\n  "name": "a",\n')
    error = verdicts([broken])[0]["errors"][0]
    assert error["line"] >= 2 and error["expr"] is None


@pytest.mark.parametrize("words", [[], ["--json"], ["--schema", "a.json"], ["--schema", "--json"],
                                   ["--nosuch", "a.json"]], ids=" ".join)
def test_wrong_words_are_told(words):
    done = run("check", *words)
    assert done.returncode == 2 and done.stderr and not done.stdout
