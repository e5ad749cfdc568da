# SPDX-License-Identifier: Apache-2.0
"""Plays calls.json and the recorded errors with ccxt's Python client, unmodified, on a sandbox.

verdict.py CCXT_FOLDER BASE_URL ERRORS.json: prints what verdict.mjs prints.
"""
import json
import re
import sys
from pathlib import Path

PLACE, BASE, ERRORS = sys.argv[1:4]
sys.path.insert(0, str(Path(PLACE) / "python"))

import ccxt  # noqa: E402
import requests  # noqa: E402

CALLS = json.loads((Path(__file__).parent / "calls.json").read_text())
ORIGIN = re.compile(r"^https://[^/]+")


class Redirect(requests.adapters.HTTPAdapter):
    """Error classes depend on the URL, so the URLs stay and the connection goes elsewhere."""

    def send(self, request, **options):
        request.url = ORIGIN.sub(BASE, request.url)
        return super().send(request, **options)


def redirected(exchange):
    exchange.session.mount("https://", Redirect())
    return exchange


def rewritten(exchange):
    for name, url in exchange.urls["api"].items():
        exchange.urls["api"][name] = ORIGIN.sub(BASE, url)
    return exchange


def make(kind, change):
    options = {"apiKey": "sandbox", "secret": "sandbox", "enableRateLimit": False}
    return change((ccxt.binance if kind == "spot" else ccxt.binanceusdm)(options))


def filled_in(value, at):
    if value == "$S":
        return at["symbol"]
    if isinstance(value, list):
        return [filled_in(item, at) for item in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["price"] and not isinstance(value["price"], str):
        return at["price"] * value["price"]
    if "ago_ms" in value:
        return at["time"] - value["ago_ms"]
    if "saved" in value:
        return at["saved"][value["saved"]]["id"]
    if "client" in value:
        return at["saved"][value["client"]]["clientOrderId"]
    return {name: filled_in(item, at) for name, item in value.items()}


def member(value, path):
    for name in path.split("."):
        if name == "length":
            value = len(value)
        else:
            value = value[int(name)] if isinstance(value, list) else value[name]
    return value


def play_call(exchange, call, at):
    try:
        arguments = filled_in(call["args"], at)
        answer = getattr(exchange, call["method"])(*arguments)
        if "save" in call:
            at["saved"][call["save"]] = answer
        for path, wanted in call.get("expect", {}).items():
            got = member(answer, path)
            if got != (at["symbol"] if wanted == "$S" else wanted):
                return f"{path} is {got}, not {wanted}"
        return "ok"
    except Exception as error:  # noqa: BLE001 - the class is the verdict
        return f"{type(error).__name__}: {str(error)[:120]}"


def play_calls(kind):
    exchange = make(kind, redirected)
    at = {"symbol": "BTC/USDT" if kind == "spot" else "BTC/USDT:USDT", "saved": {}}
    verdicts = {}
    try:
        exchange.load_markets()
        at["time"] = exchange.fetch_time()
        at["price"] = exchange.fetch_ticker(at["symbol"])["last"]
        verdicts["loadMarkets"] = "ok" if at["symbol"] in exchange.markets else "it is missing"
    except Exception as error:  # noqa: BLE001
        return {"loadMarkets": f"{type(error).__name__}: {str(error)[:200]}"}
    for call in CALLS:
        if call.get("only", kind) == kind:
            verdicts[call["name"]] = play_call(exchange, call, at)
    return verdicts


def chain(error):
    names = []
    for kind in type(error).__mro__:
        if kind is Exception:
            break
        names.append(kind.__name__)
    return "<".join(names)


def provoke(exchange, name, error, symbol):
    body = error.get("body")
    if not isinstance(body, str):
        body = json.dumps(body)
    deed = f"http({error['status']}, {body})" if error.get("status") else \
        "delay_resp(1s)" if name.startswith("hang") else "drop_resp"
    requests.delete(f"{BASE}/sandbox/faults", timeout=10)
    posted = requests.post(f"{BASE}/sandbox/faults", data=f"next 1 on query : {deed}", timeout=10)
    if not posted.ok:
        return f"fault refused: {posted.text}"
    exchange.options["hasAlreadyAuthenticatedSuccessfully"] = False
    exchange.timeout = 300 if name.startswith("hang") else 10000
    try:
        exchange.fetch_order("1", symbol)
        return "nothing"
    except Exception as raised:  # noqa: BLE001
        return chain(raised)


def play_errors(kind, change):
    """The classes were recorded with the one client that knows both markets."""
    exchange = make("spot", change)
    exchange.options["defaultType"] = "spot" if kind == "spot" else "future"
    symbol = "BTC/USDT" if kind == "spot" else "BTC/USDT:USDT"
    exchange.load_markets()
    errors = json.loads(Path(ERRORS).read_text())
    seen = {name: provoke(exchange, name, error, symbol) for name, error in errors.items()}
    requests.delete(f"{BASE}/sandbox/faults", timeout=10)
    return seen


print(json.dumps({kind: {"calls": play_calls(kind),
                         "rewrite": play_errors(kind, redirected),
                         "url": play_errors(kind, rewritten)} for kind in ("spot", "usdm")}))
