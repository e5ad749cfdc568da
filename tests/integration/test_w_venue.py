# SPDX-License-Identifier: Apache-2.0
"""venue check: keys from files or the environment, the right market, and nothing goes to production."""
import pytest

from daemon import environment, run
from sandbox import Sandbox
from world import write_json


@pytest.fixture(scope="module")
def sandbox():
    venue = Sandbox(key="a-key", secret="a-secret")
    venue.start("--key", "a-key", "--secret", "a-secret")
    yield venue
    venue.kill()


def secret(folder, name, text, mode=0o600):
    path = folder / name
    path.write_text(text)
    path.chmod(mode)
    return str(path)


@pytest.fixture(name="configured")
def _configured(sandbox, tmp_path):
    def make(**more):
        return write_json(tmp_path / "config.json", {
            "venue": "binance", "venue_url": sandbox.url, "venue_symbols": ["BTC/USDT"],
            "venue_key_file": secret(tmp_path, "key", "a-key\n"),
            "venue_secret_file": secret(tmp_path, "secret", "a-secret\n"), **more})
    return make


def check(config, status=0, **env):
    done = run("venue", "check", "--config", config, env=environment(**env))
    assert done.returncode == status, done.stdout + done.stderr
    assert "a-secret" not in done.stdout + done.stderr
    return done.stdout if status == 0 else done.stderr


def test_spot(configured, sandbox):
    text = check(configured())
    assert f"venue     binance at {sandbox.url}\n" in text
    assert "symbols   BTC/USDT: tick 0.01, lot 0.00001, smallest value" in text
    assert "account   may trade\n" in text
    assert "USDT: 1000000 free, 0 locked\n" in text and "BTC: 10 free, 0 locked\n" in text
    assert "orders    0 open\n" in text
    assert "ms ahead of ours, known within" in text


def test_usdm(configured):
    text = check(configured(venue="binance_usdm", venue_symbols=["BTC/USDT:USDT"]))
    assert "symbols   BTC/USDT:USDT: tick" in text and "USDT: 1000000 free, 0 locked\n" in text


def test_keys_from_the_environment(configured):
    config = configured(venue_key_file="", venue_secret_file="")
    check(config, BINANCE_API_KEY="a-key", BINANCE_API_SECRET="a-secret")
    text = check(config, 2, BINANCE_API_KEY="a-key")
    assert "BINANCE_API_SECRET" in text


@pytest.mark.parametrize("more, status, words", [
    ({"venue": "none"}, 2, "no venue is configured"),
    ({"venue_symbols": []}, 2, "no symbol is configured"),
    ({"venue_symbols": ["ETH/USDT"]}, 2, "symbol"),
    ({"venue_symbols": ["BTC/USDT:USDT"]}, 2, "no symbol of this market"),
    ({"venue_environment": "production", "venue_url": ""}, 2,
     "production venues stay closed until the risk issue is done"),
    ({"venue_url": "https://api.binance.com"}, 2, "production venues stay closed"),
    ({"venue_url": "http://example.com"}, 2, "needs https"),
    ({"venue_url": "http://127.0.0.1:1"}, 1, "connect"),
    ({"venue_key_file": "/does/not/exist"}, 1, "venue_key_file"),
])
def test_what_is_wrong_is_said(configured, more, status, words):
    assert words in check(configured(**more), status)


def test_a_key_that_others_may_read_is_refused(configured, tmp_path):
    text = check(configured(venue_secret_file=secret(tmp_path, "open", "a-secret\n", 0o644)), 2)
    assert "others may read it" in text and "chmod 600" in text
    text = check(configured(venue_secret_file=secret(tmp_path, "two", "a-secret\nmore\n")), 2)
    assert "one line" in text


def test_a_wrong_secret_is_the_venues_word(configured, tmp_path):
    text = check(configured(venue_secret_file=secret(tmp_path, "wrong", "another\n")), 1)
    assert "signature" in text and "another" not in text
