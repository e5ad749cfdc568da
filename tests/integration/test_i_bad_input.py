# SPDX-License-Identifier: Apache-2.0
"""Broken and hostile input: each mistake gets an error that says where it is, and changes nothing."""
import json
import re
import subprocess

import pytest

import world
from contract import ROOT
from daemon import run

BROKEN = sorted((ROOT / "tests/data/candles/broken").glob("*"))

SYNTAX = [
    b"{", b"}", b"[", b'{"reason"', b'{"reason":}', b'{"reason": "x",}', b"{'reason': 'x'}",
    b'{"reason": "x"} x', b'{"reason": "x"}{}', b"\xff\xfe{}", b'{"reason": "\xff"}',
    b'{"reason": "\xc0\xaf"}', b'{"reason": "\xed\xa0\x80"}', b'{"reason": "a\x00b"}',
    b'{"reason": "\\u0000"}', b'{"reason": "\\ud800"}', b'{"reason": "\\x41"}',
    b'{"reason": "line\nbreak"}', b'{"reason": NaN}', b'{"reason": Infinity}',
    b'{"reason": 1e400}', b'{"reason": 01}', b'{"reason": .5}', b'{"reason": 0x10}',
    b'{"reason": "a", "reason": "b"}', b'{"reason": tru}', b"nul", b"// x\n{}", b" ", b"\x00",
    b"[" * 33 + b"]" * 33, b"[" * 30000, b'{"reason":' * 5000, b'{"a":{"a":' * 3000,
    b'{"reason": 99999999999999999999999999}', b"\xef\xbb\xbf{}",
]
SEMANTICS = [
    (b"[]", ""), (b"null", ""), (b"true", ""), (b'"x"', ""), (b"1", ""),
    (b'{"reason": 1}', "/reason"), (b'{"reason": null}', "/reason"),
    (b'{"reason": ["x"]}', "/reason"), (b'{"reason": {"a": 1}}', "/reason"),
    (b'{"reason": ""}', "/reason"), (b'{"reason": "\\u0007"}', "/reason"),
    (b'{"Reason": "x"}', "/Reason"), (b'{"": 1}', "/"), (b'{"a/b~c": 1}', "/a~1b~0c"),
    (b'{"__proto__": {}}', "/__proto__"), (b'{"reason\\u0041": 1}', "/reasonA"),
    (b'{"reason": "' + b"x" * 60000 + b'"}', "/reason"),
    (b'{"' + b"k" * 60000 + b'": 1}', None),
]


@pytest.mark.parametrize("body", SYNTAX, ids=lambda body: repr(body[:24]))
def test_what_is_no_json_is_400(scratch, body):
    reply = scratch.api.request("POST", "/v1/loop/stop", body)
    assert reply.status == 400 and reply.json["code"] in ("syntax", "request_invalid"), reply
    assert reply.json.get("errors") or reply.json["detail"]


@pytest.mark.parametrize("body,pointer", SEMANTICS, ids=lambda value: repr(value)[:30])
def test_json_of_the_wrong_shape_is_422_with_a_pointer(scratch, body, pointer):
    reply = scratch.api.request("POST", "/v1/loop/stop", body)
    assert reply.status == 422 and reply.json["code"] in ("field_invalid", "field_unknown")
    if pointer is not None:
        assert pointer in [error.get("pointer") for error in reply.json["errors"]]


def test_all_mistakes_of_a_body_are_told_at_once(scratch):
    reply = scratch.api.post("/v1/loop/stop", {"positions": 1, "orders": "x", "speed": 3})
    assert {error["pointer"] for error in reply.json["errors"]} == \
        {"/positions", "/orders", "/speed"}


def test_a_syntax_error_tells_line_and_column(scratch):
    reply = scratch.api.request("POST", "/v1/loop/stop", b'{\n  "reason": x\n}')
    error = reply.json["errors"][0]
    assert error["line"] == 2 and error["column"] > 0


def test_hostile_text_comes_back_and_is_logged_escaped(scratch):
    reason = '"; DROP TABLE account; -- \u202e <script>\\ \U0001f4a5'
    assert scratch.api.post("/v1/loop/stop", {"reason": reason}).status == 200
    assert scratch.loop()["state"] in ("stopped", "finished")
    for line in scratch.log().splitlines():
        if line.startswith(b"{"):
            json.loads(line)


@pytest.mark.parametrize("value", ["'", "' OR '1'='1", "x'; SELECT 1 --", "%", "\\", "../../etc"])
def test_sql_in_a_filter_is_only_text(scratch, value):
    for path in ("/v1/trades", "/v1/fills", "/v1/signals"):
        reply = scratch.api.get(path, symbol=value)
        assert reply.status in (200, 400) and (reply.status == 400 or reply.json["data"] == [])
    assert scratch.api.get("/v1/trades", strategy=value).json["data"] == []


# ---- What the daemon is started with ----

def serve(folder, config, *options, text=None):
    """serve to its end: a daemon that does not start."""
    path = folder / "bad.json"
    path.write_text(json.dumps(config) if text is None else text)
    return run("serve", "--config", path, "--data", folder / "data", "--listen", "127.0.0.1:0",
               *options)


def refused(result, *words):
    assert result.returncode == 2, (result.returncode, result.stderr[-2000:])
    for word in words:
        assert word in result.stderr, result.stderr[-2000:]
    assert "Traceback" not in result.stderr and "core dumped" not in result.stderr


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.name)
def test_a_broken_candle_file_stops_the_start_and_is_named(folder, path):
    result = serve(folder, world.base_config(strategy=str(world.WINNER),
                                             candles=[f"BTC/USDT={path}"]))
    refused(result, path.name)
    assert not (folder / "data/log.jsonl").exists()


@pytest.mark.parametrize("name,line", [("unsorted.csv", 7), ("duplicate.csv", 7),
                                       ("high_below_low.csv", 4), ("not_finite.csv", 7),
                                       ("missing_column.csv", 1), ("cut_line.csv", 11)])
def test_a_broken_candle_file_is_told_with_its_line(folder, name, line):
    path = ROOT / "tests/data/candles/broken" / name
    result = serve(folder, world.base_config(strategy=str(world.WINNER),
                                             candles=[f"BTC/USDT={path}"]))
    assert re.search(rf"(:|line\D{{0,5}}){line}\b", result.stderr), result.stderr


def test_a_candle_file_that_is_not_there_is_named(folder):
    result = serve(folder, world.base_config(candles=["BTC/USDT=/no/such/file.csv"]))
    assert result.returncode in (1, 2) and "/no/such/file.csv" in result.stderr


def test_a_gap_is_filled_with_a_warning(make_daemon, folder):
    path = ROOT / "tests/data/candles/BTCUSDT-5m-gap.csv"
    artifact = world.write_json(folder / "s.json", world.BUSY)
    daemon = make_daemon(world.base_config(strategy=str(artifact),
                                           candles=[f"BTC/USDT={path}"])).start().replay()
    assert b'"level":"warn"' in daemon.log().replace(b": ", b":") and b"gap" in daemon.log()
    assert daemon.loop()["cycle_count"] >= 624


ARTIFACTS = [
    ({"entry": {"condition": "ema_fst > 1"}}, "entry.condition", "ema_fst"),
    ({"entry": {"condition": "close >"}}, "entry.condition", ""),
    ({"entry": {"condition": "close[-1] > 1"}}, "entry.condition", ""),
    ({"entry": {"condition": "close"}}, "entry.condition", ""),
    ({"entry": None}, "entry", ""),
    ({"stop_loss": None}, "stop_loss", ""),
    ({"stop_loss": {"type": "pct", "value": 2}}, "stop_loss.value", "0.02"),
    ({"features": {"x": "nosuch(close, 3)"}}, "features.x", "nosuch"),
    ({"features": {"x": "ema(close, 99999)"}}, "features.x", ""),
    ({"version": 99}, "version", ""),
    ({"timeframe": "7m"}, "timeframe", ""),
]


@pytest.mark.parametrize("change,field,word", ARTIFACTS, ids=lambda value: str(value)[:40])
def test_a_bad_artifact_stops_the_start_and_names_the_field(folder, change, field, word):
    candles = world.slice_candles(folder / "c.csv", 50)
    artifact = world.write_json(folder / "bad-strategy.json", {**world.BUSY, **change})
    refused(serve(folder, world.base_config(strategy=str(artifact),
                                            candles=[f"BTC/USDT={candles}"])), field, word)


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00", '{"version": 1, "version": 1}'],
                         ids=repr)
def test_an_artifact_that_is_no_json_object_stops_the_start(folder, text):
    path = folder / "bad-strategy.json"
    path.write_text(text)
    result = serve(folder, world.base_config(strategy=str(path)))
    refused(result, "traderd: ")
    assert "wrong arguments" not in result.stderr, "that is the JSON library's word for no text"


@pytest.mark.parametrize("text", ["{", json.dumps({**world.BUSY, "timeframe": "7m"})],
                         ids=["syntax", "field"])
def test_a_bad_artifact_is_named_by_its_file(folder, text):
    path = folder / "bad-strategy.json"
    path.write_text(text)
    refused(serve(folder, world.base_config(strategy=str(path))), "bad-strategy.json")


CONFIGS = [
    ({"listn": "x"}, "listn", "listen"), ({"mode": "demo"}, "mode", "paper"),
    ({"starting_equity": -5}, "starting_equity", ""), ({"starting_equity": "x"},
                                                        "starting_equity", ""),
    ({"fee_rate": 0.5}, "fee_rate", "0.1"), ({"http_threads": 1.5}, "http_threads", ""),
    ({"loop_autostart": "yes"}, "loop_autostart", ""), ({"candles": "x.csv"}, "candles", ""),
    ({"account_label": "a/b"}, "account_label", ""), ({"replay_speed": -1}, "replay_speed", ""),
    ({"tick_sizes": ["BTC/USDT"]}, "tick_sizes", ""), ({"tls_cert": "x.pem"}, "tls_", ""),
    ({"strategy": "/no/such.json"}, "/no/such.json", ""),
    ({"database_url": "not a url"}, "database", ""),
]


@pytest.mark.parametrize("change,key,word", CONFIGS, ids=lambda value: str(value)[:40])
def test_a_bad_configuration_stops_the_start_and_names_the_key(folder, change, key, word):
    result = serve(folder, {**world.base_config(), **change})
    assert result.returncode in (1, 2) and key in result.stderr and word in result.stderr, \
        result.stderr


def test_all_mistakes_of_a_configuration_are_told_at_once(folder):
    refused(serve(folder, {"listn": "x", "fee_rate": 9, "mode": "demo"}),
            "listn", "fee_rate", "mode")


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"mode": "paper", "mode": "paper"}', "\xff"],
                         ids=repr)
def test_a_configuration_that_is_no_json_object_is_refused(folder, text):
    refused(serve(folder, None, text=text), "bad.json")


def test_a_bad_environment_variable_is_named(folder):
    from daemon import environment

    for name, value, word in (("TRADERD_FEE_RATE", "much", "fee_rate"),
                              ("TRADERD_NOSUCH", "1", "TRADERD_NOSUCH")):
        result = run("serve", "--data", folder / "data", "--listen", "127.0.0.1:0",
                     env=environment(**{name: value}))
        refused(result, word, "environment")


@pytest.mark.parametrize("listen", ["nonsense", "127.0.0.1", "127.0.0.1:99999", ":x",
                                    "no.such.host.invalid:1"])
def test_a_bad_listen_address_is_refused(folder, listen):
    path = world.write_json(folder / "c.json", world.base_config())
    result = run("serve", "--config", path, "--data", folder / "data", "--listen", listen)
    assert result.returncode in (1, 2) and "listen" in result.stderr


def test_another_address_without_tls_is_refused(folder):
    path = world.write_json(folder / "c.json", world.base_config())
    result = run("serve", "--config", path, "--data", folder / "data", "--listen", "0.0.0.0:0")
    refused(result, "0.0.0.0")


@pytest.mark.parametrize("words", [["nosuch"], ["serve", "--nosuch"], ["serve", "--config"],
                                   ["serve", "--config", "/no/such/config.json"], ["serve", "x"],
                                   []])
def test_wrong_usage_is_exit_2_with_a_message(words, folder):
    result = run(*words)
    assert result.returncode == 2 and result.stderr.strip()


def test_live_mode_in_the_configuration_is_refused_clearly(folder):
    result = serve(folder, world.base_config(mode="live"))
    refused(result, "live", "paper")


@pytest.mark.parametrize("words", [["version"], ["--version"]])
def test_the_version_is_told(words):
    assert (ROOT / "VERSION").read_text().strip() in run(*words).stdout


@pytest.mark.parametrize("words", [["help"], ["--help"], ["serve", "--help"]], ids=" ".join)
def test_help_is_given_on_stdout(words):
    result = run(*words)
    assert result.returncode == 0 and "--config" in result.stdout


def test_config_commands_agree_with_the_file(folder):
    path = world.write_json(folder / "c.json", world.base_config(starting_equity="123.45"))
    shown = run("config", "show", "--config", path)
    assert shown.returncode == 0
    assert json.loads(shown.stdout)["starting_equity"] == "123.45"
    assert run("config", "check", "--config", path).returncode == 0
    schema = json.loads(run("config", "schema").stdout)
    assert schema["additionalProperties"] is False and "starting_equity" in schema["properties"]
    bad = world.write_json(folder / "bad.json", {"fee_rate": 9})
    assert run("config", "check", "--config", bad).returncode == 2


def test_output_to_a_closed_pipe_does_not_crash(folder):
    from daemon import binary

    done = subprocess.run(["sh", "-c", f"{binary()} config schema | head -c 10"],
                          capture_output=True, check=False, timeout=60)
    assert len(done.stdout) == 10
