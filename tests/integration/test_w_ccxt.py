# SPDX-License-Identifier: Apache-2.0
"""The real ccxt, in JavaScript and Python and unmodified, trades on the sandbox venue."""
import json
import os
import re
import subprocess
import sys

import pytest

from contract import ROOT
from sandbox import Sandbox, load

ERRORS = ROOT / "tests/data/exchange/binance-errors.json"
PLACE = ROOT / "build/ccxt"
COLUMNS = [("spot", "js"), ("spot", "py"), ("usdm", "js"), ("usdm", "py")]

# ccxt's Python twin is made from its JavaScript, and "this" became "self" in texts too, so that it does
# not know these messages; and it reads an answer without JSON as an order without members.
PYTHON_DIFFERS = {
    "-1002": "AuthenticationError<ExchangeError<BaseError",
    "-2010 disabled": "InvalidOrder<ExchangeError<BaseError",
    "-2010 not permitted": "InvalidOrder<ExchangeError<BaseError",
    "HTTP 200 empty body": "nothing",
    "HTTP 200 bad json": "nothing",
}


@pytest.fixture(scope="module")
def verdicts():
    """What both clients say, each on a sandbox of its own."""
    subprocess.run([ROOT / "tools/ccxt_env.sh"], check=True, timeout=300)
    programs = {"js": ["node", ROOT / "tests/ccxt/verdict.mjs"],
                "py": [sys.executable, ROOT / "tests/ccxt/verdict.py"]}
    boxes = {name: Sandbox("--weight-limit", -1).start() for name in programs}
    try:
        running = {name: subprocess.Popen([*words, PLACE, boxes[name].url, ERRORS],
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                   for name, words in programs.items()}
        seen = {}
        for name, process in running.items():
            out, err = process.communicate(timeout=150)
            assert process.returncode == 0, err
            seen[name] = json.loads(out)
        return seen
    finally:
        for box in boxes.values():
            box.kill()


def rows(verdicts):
    """Call by call what each of the four columns says."""
    names = []
    for market, client in COLUMNS:
        names += [name for name in verdicts[client][market]["calls"] if name not in names]
    return {name: [verdicts[client][market]["calls"].get(name, "-") for market, client in COLUMNS]
            for name in names}


def test_every_call(verdicts, capsys):
    table = rows(verdicts)
    with capsys.disabled():
        print(f"\n{'call':34} {'spot JS':8} {'spot Py':8} {'usdm JS':8} {'usdm Py':8}")
        for name, cells in table.items():
            print(f"{name:34} " + " ".join(f"{cell[:8]:8}" for cell in cells))
    bad = {name: cells for name, cells in table.items() if set(cells) - {"ok", "-"}}
    assert not bad
    assert len(table) > 50


@pytest.mark.parametrize("client", ["js", "py"])
@pytest.mark.parametrize("market", ["spot", "usdm"])
@pytest.mark.parametrize("way", ["rewrite", "url"])
def test_every_error_has_its_class(verdicts, client, market, way):
    """With the production URLs kept and the connection redirected, and with changed URLs."""
    recorded = load("binance-errors.json")
    column = f"{way}_{'spot' if market == 'spot' else 'future'}"
    wanted = {name: error.get(column, error[f"rewrite_{column.split('_')[1]}"])
              for name, error in recorded.items()}
    if client == "py":
        wanted.update(PYTHON_DIFFERS)
    seen = verdicts[client][market][way]
    assert {name: seen[name] for name in wanted} == wanted
    assert len(seen) == 93


# ---- What docs/sandbox.md shows ----

def example(first):
    """The indented block of the page that begins with these words."""
    page = (ROOT / "docs/sandbox.md").read_text()
    block = re.search(rf"^    {re.escape(first)}.*\n(?:    .*\n|\n(?=    ))*", page, re.M).group(0)
    return re.sub(r"^    ", "", block, flags=re.M)


@pytest.fixture
def documented():
    """A sandbox, and the page's examples as they are for its port."""
    subprocess.run([ROOT / "tools/ccxt_env.sh"], check=True, timeout=300)
    box = Sandbox().start()
    try:
        yield box, lambda first: example(first).replace("127.0.0.1:8090", f"127.0.0.1:{box.port}")
    finally:
        box.kill()


def run_python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PYTHONPATH": str(PLACE / "python")}, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_s_examples_trade(documented):
    box, shown = documented
    run_python(shown("import ccxt"))
    settings = json.loads(shown("{"))["exchange"]
    options = {"apiKey": settings["key"], "secret": settings["secret"], **settings["ccxt_config"]}
    run_python(f"import ccxt\nfor kind, symbol in (('binance', 'BTC/USDT'), "
               f"('binanceusdm', 'BTC/USDT:USDT')):\n"
               f"    exchange = getattr(ccxt, kind)({options!r})\n"
               f"    exchange.create_order(symbol, 'market', 'buy', 0.01)\n"
               f"    exchange.fetch_balance()\n")
    subprocess.run(["bash", "-ec", shown("Q=")], check=True, timeout=60, capture_output=True)
    assert [one["type"] for one in box.state()["orders"]] == ["LIMIT", "MARKET", "MARKET", "MARKET"]
    box.faults(shown("seed 42"))
