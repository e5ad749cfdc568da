# SPDX-License-Identifier: Apache-2.0
"""`traderd sandbox` over HTTP: Binance's shapes and signed requests, faults, limits, kill -9."""
import os
import random
import threading
import time
import urllib.parse

import pytest
import requests

from daemon import run, wait_until
from sandbox import CANDLES, Sandbox, load

SPOT, USDM = "/api/v3", "/fapi/v1"
ROUNDS = int(os.environ.get("CRASH_ROUNDS", "8"))


@pytest.fixture(scope="module")
def box():
    """A sandbox whose faults each test leaves cleared."""
    made = Sandbox("--weight-limit", -1).start()
    yield made
    made.kill()


@pytest.fixture
def make_box():
    made = []

    def make(*options, **more):
        made.append(Sandbox(*options, **more))
        return made[-1]

    yield make
    for one in made:
        one.kill()


def order(box, path=f"{SPOT}/order", **parameters):
    return box.ok("POST", path, symbol="BTCUSDT", **parameters)


def limit(box, path=f"{SPOT}/order", share=0.8, **parameters):
    return order(box, path, **{"side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
                               "quantity": "0.01", "price": f"{box.price() * share:.2f}",
                               **parameters})


def market(box, path=f"{SPOT}/order", side="BUY", quantity="0.02", **parameters):
    return order(box, path, side=side, type="MARKET", quantity=quantity, **parameters)


# ---- Shapes ----

def kind(value):
    if isinstance(value, bool):
        return "boolean"
    return {int: "number", float: "number", str: "text", list: "list", dict: "object",
            type(None): "null"}[type(value)]


def differences(wanted, got, where=""):
    """Members that are missing or of another kind; a list is judged by its first item."""
    if kind(wanted) != kind(got):
        return [f"{where}: {kind(got)}, not {kind(wanted)}"]
    if isinstance(wanted, list):
        return differences(wanted[0], got[0], f"{where}[0]") if wanted and got else []
    if not isinstance(wanted, dict):
        return []
    found = [f"{where}.{name}: absent" for name in wanted if name not in got]
    for name in wanted.keys() & got.keys():
        found += differences(wanted[name], got[name], f"{where}.{name}")
    return found


def answers(box):
    """What the sandbox answers to each documented call, by method and market."""
    rest = limit(box)
    rest_usdm = limit(box, f"{USDM}/order", newOrderRespType="RESULT")
    stop = order(box, f"{USDM}/algoOrder", side="SELL", type="STOP_MARKET", algoType="CONDITIONAL",
                 quantity="0.01", triggerPrice=f"{box.price() * 0.8:.2f}")
    found = {
        ("createOrder", "spot", "ACK"): limit(box, newOrderRespType="ACK"),
        ("createOrder", "spot", "RESULT"): market(box, newOrderRespType="RESULT"),
        ("createOrder", "spot", "FULL"): market(box),
        ("createOrder", "futures", "RESULT new"): rest_usdm,
        ("createOrder", "futures", "RESULT market"): market(box, f"{USDM}/order",
                                                            newOrderRespType="RESULT"),
        ("createOrder", "futures", "algo"): stop,
        ("fetchOrder", "spot", ""): box.ok("GET", f"{SPOT}/order", symbol="BTCUSDT",
                                           orderId=rest["orderId"]),
        ("fetchOrder", "futures", ""): box.ok("GET", f"{USDM}/order", symbol="BTCUSDT",
                                              orderId=rest_usdm["orderId"]),
        ("fetchOpenOrders", "spot", ""): box.ok("GET", f"{SPOT}/openOrders", symbol="BTCUSDT"),
        ("fetchBalance", "spot", ""): box.ok("GET", f"{SPOT}/account"),
        ("fetchBalance", "futures", ""): box.ok("GET", "/fapi/v3/account"),
        ("fetchMyTrades", "spot", ""): box.ok("GET", f"{SPOT}/myTrades", symbol="BTCUSDT"),
        ("fetchMyTrades", "futures", ""): box.ok("GET", f"{USDM}/userTrades", symbol="BTCUSDT"),
        ("fetchPositions", "futures", ""): box.ok("GET", "/fapi/v3/positionRisk"),
        ("setLeverage", "futures", ""): box.ok("POST", f"{USDM}/leverage", symbol="BTCUSDT",
                                               leverage=5),
        ("fetchLeverageTiers", "futures", ""): box.ok("GET", f"{USDM}/leverageBracket"),
        ("fetchFundingRate", "futures", ""): box.public(f"{USDM}/premiumIndex",
                                                        symbol="BTCUSDT").json(),
        ("fetchFundingRateHistory", "futures", ""): box.public(f"{USDM}/fundingRate",
                                                               symbol="BTCUSDT").json(),
        ("fetchOHLCV", "spot", ""): box.public(f"{SPOT}/klines", symbol="BTCUSDT",
                                               interval="5m").json(),
        ("fetchTicker", "spot", ""): box.public(f"{SPOT}/ticker/24hr", symbol="BTCUSDT").json(),
        ("fetchOrderBook", "spot", ""): box.public(f"{SPOT}/depth", symbol="BTCUSDT").json(),
        ("fetchTime", "", ""): box.public(f"{SPOT}/time").json(),
    }
    box.faults("next 1 on cancel : funding(BTC/USDT:USDT, 0.0001)")
    found[("cancelOrder", "spot", "")] = box.ok("DELETE", f"{SPOT}/order", symbol="BTCUSDT",
                                                orderId=rest["orderId"])
    found[("cancelOrder", "futures", "")] = box.ok("DELETE", f"{USDM}/order", symbol="BTCUSDT",
                                                   orderId=rest_usdm["orderId"])
    found[("fetchFundingHistory", "futures", "")] = box.ok("GET", f"{USDM}/income",
                                                           incomeType="FUNDING_FEE")
    box.clear_faults()
    return found


FUTURES_METHODS = {"fetchPositions", "fetchFundingRate", "fetchFundingRateHistory",
                   "fetchFundingHistory", "setLeverage", "fetchLeverageTiers"}


def answer_for(case, found):
    futures = "futures" in case["description"] or case["method"] in FUTURES_METHODS
    for (method, place, word), value in found.items():
        if method == case["method"] and (not place or (place == "futures") == futures) and \
                word.split(" ")[0] in case["description"] and word.split(" ")[-1] in \
                case["description"]:
            return value
    return None


def test_answers_have_every_documented_member(box):
    found = answers(box)
    compared, bad = 0, {}
    for case in load("binance-responses.json"):
        # ccxt's own fixtures quote numbers; the samples below say what is a number.
        if case["description"].startswith("UPSTREAM"):
            continue
        got = answer_for(case, found)
        assert got is not None, case["description"]
        compared += 1
        wrong = differences(case["httpResponse"], got)
        if wrong:
            bad[case["description"]] = wrong
    assert not bad
    assert compared >= 40


# ---- Signed requests of a real client ----

def test_recorded_requests_are_understood(make_box):
    recorded = load("binance-requests.json")
    box = make_box("--weight-limit", -1, key=recorded["credentials"]["apiKey"],
                   secret=recorded["credentials"]["secret"])
    box.start("--key", box.key, "--secret", box.secret)
    taken, refused, set_s = 0, [], 0
    for request in recorded["requests"]:
        # The requests are of a frozen clock; so is the venue's, a second later.
        if time.time() - set_s > 1:
            set_s = time.time()
            box.clear_faults()
            box.faults(f"always : clock_step({(recorded['nowMs'] / 1000 + 1 - set_s) / 3600:.9f}h)")
        path = urllib.parse.urlsplit(request["url"])
        target = box.url + path.path + (f"?{path.query}" if path.query else "")
        reply = requests.request(request["method"], target, data=request["body"],
                                 headers=request["headers"], timeout=30)
        taken += 1
        code = reply.json().get("code") if isinstance(reply.json(), dict) else None
        # Prices of 2023, orders that never were and settings made twice are refused; signatures,
        # times, paths and parameters are not.
        if code in (-1021, -1022, -1100, -1101, -1102, -1104, -1106, -2014, -2015, -5000):
            refused.append((request["call"], request["url"], reply.text))
        if "signature=" in (request["body"] or request["url"]) and request["method"] != "GET":
            twisted = (request["body"] or path.query).replace("timestamp=17", "timestamp=18")
            spoilt = requests.request(
                request["method"], box.url + path.path, headers=request["headers"], timeout=30,
                **({"data": twisted} if request["body"] else {"params": twisted}))
            assert spoilt.json()["code"] == -1022, spoilt.text
    assert not refused
    assert taken == len(recorded["requests"]) >= 70


# ---- Faults ----

def test_a_lost_answer_is_an_executed_order(box):
    box.faults("next 1 on order : drop_resp")
    with pytest.raises(requests.exceptions.ConnectionError):
        market(box, newClientOrderId="lost-answer")
    found = box.ok("GET", f"{SPOT}/order", symbol="BTCUSDT", origClientOrderId="lost-answer")
    assert found["status"] == "FILLED"


def test_a_lost_request_is_no_order(box):
    box.faults("next 1 on order : drop_req")
    with pytest.raises(requests.exceptions.ConnectionError):
        market(box, newClientOrderId="lost-request")
    reply = box.signed("GET", f"{SPOT}/order", symbol="BTCUSDT", origClientOrderId="lost-request")
    assert reply.json()["code"] == -2013


def test_a_server_error_may_have_executed(box):
    box.faults("next 1 on order : exec_http(504)")
    reply = box.signed("POST", f"{SPOT}/order", symbol="BTCUSDT", side="BUY", type="MARKET",
                       quantity="0.01", newClientOrderId="gateway")
    assert reply.status_code == 504
    found = box.ok("GET", f"{SPOT}/order", symbol="BTCUSDT", origClientOrderId="gateway")
    assert found["status"] == "FILLED"


def test_a_late_request_has_expired(box):
    box.faults("next 1 on order : delay_req(400ms)")
    reply = box.signed("POST", f"{SPOT}/order", symbol="BTCUSDT", side="BUY", type="MARKET",
                       quantity="0.01", newClientOrderId="late", recvWindow=200)
    assert reply.json()["code"] == -1021
    assert box.signed("GET", f"{SPOT}/order", symbol="BTCUSDT",
                      origClientOrderId="late").json()["code"] == -2013


def test_waiting_requests_do_not_hold_up_others(box):
    box.clear_faults()
    box.faults("next 1 on query : delay_resp(3s)")
    waiting = threading.Thread(target=lambda: box.signed("GET", f"{SPOT}/openOrders"))
    started = time.monotonic()
    waiting.start()
    wait_until(lambda: requests.get(box.url + "/sandbox/state", timeout=30).json()["faults"][0][
        "is_done"], 30, "the request that waits")
    assert requests.get(box.url + f"{SPOT}/time", timeout=30).status_code == 200
    assert waiting.is_alive()
    waiting.join()
    assert time.monotonic() - started >= 3


def test_bad_rules_are_refused_whole(box):
    box.clear_faults()
    reply = requests.post(box.url + "/sandbox/faults", timeout=30,
                          data="next 1 : drop_resp\nnext 1 : drop_rasp")
    assert reply.status_code == 400
    assert ":2:" in reply.json()["error"]
    assert box.state()["faults"] == []


# ---- Limits ----

def test_weights_run_out_and_then_comes_a_ban(make_box):
    box = make_box("--weight-limit", 100).start()
    # A minute's end in between would begin the count anew.
    if time.time() % 60 > 40:
        time.sleep(60 - time.time() % 60)
    statuses = []
    for _ in range(40):
        reply = box.public(f"{SPOT}/exchangeInfo")
        statuses.append(reply.status_code)
        if reply.status_code == 200:
            assert int(reply.headers["X-MBX-USED-WEIGHT-1M"]) == 20 * len(statuses)
        else:
            assert int(reply.headers["Retry-After"]) > 0
            assert reply.json()["code"] == -1003
    assert statuses[:5] == [200] * 5
    assert statuses[5] == 429
    assert statuses[-1] == 418
    assert box.public(f"{USDM}/time").status_code == 200  # counted by itself


# ---- Time ----

def test_a_frozen_market_is_stepped(make_box):
    box = make_box("--speed", 0).start()
    first = box.price()
    made = limit(box, share=1.0)
    assert box.price() == first
    box.step(3600)
    assert box.price() != first
    rows = box.public(f"{SPOT}/klines", symbol="BTCUSDT", interval="5m", limit=3).json()
    assert rows[-1][0] > time.time() * 1000 + 3000 * 1000
    assert box.ok("GET", f"{SPOT}/order", symbol="BTCUSDT",
                  orderId=made["orderId"])["status"] in ("NEW", "FILLED")


# ---- kill -9 ----

def play(box, moves, seed):
    """Random orders until the process is gone; what was answered, by client order id."""
    chance = random.Random(seed)
    known = {}
    for n in range(moves):
        name = f"k{seed}-{n}"
        try:
            if chance.random() < 0.5:
                reply = box.signed("POST", f"{SPOT}/order", symbol="BTCUSDT", side="BUY",
                                   type="MARKET", quantity="0.01", newClientOrderId=name)
            else:
                reply = box.signed("POST", f"{USDM}/order", symbol="BTCUSDT", type="LIMIT",
                                   side=chance.choice(["BUY", "SELL"]), timeInForce="GTC",
                                   quantity="0.01", newClientOrderId=name,
                                   price=f"{50000 * chance.uniform(0.9, 1.1):.2f}")
        except requests.exceptions.RequestException:
            return known
        if reply.status_code == 200:
            known[name] = reply.json()
    return known


@pytest.mark.crash
@pytest.mark.timeout(180 + 3 * ROUNDS)
def test_a_killed_sandbox_keeps_what_it_answered(make_box, folder):
    """Whatever was answered before each kill is there afterwards, once, with the same numbers."""
    state = folder / "box.jsonl"
    known = {}
    for round_number in range(ROUNDS):
        box = make_box("--weight-limit", -1, "--state", state).start()
        killer = threading.Timer(random.uniform(0.05, 0.4), box.kill)
        killer.start()
        known.update(play(box, 400, round_number))
        killer.join()
    box = make_box("--weight-limit", -1, "--state", state).start()
    held = box.state()
    by_name = {}
    for one in held["orders"]:
        by_name.setdefault(one["client_order_id"], []).append(one)
    assert len(known) > ROUNDS
    for name, answer in known.items():
        assert len(by_name[name]) == 1, name
        assert by_name[name][0]["id"] == answer["orderId"]
    # Trades add up to what the orders and balances say.
    filled = {}
    for trade in held["trades"]:
        filled[trade["order_id"]] = filled.get(trade["order_id"], 0) + float(trade["size"])
    for one in held["orders"]:
        assert abs(float(one["filled"]) - filled.get(one["id"], 0)) < 1e-9
    assert box.stop() == 0


def test_the_file_is_of_its_candles(make_box, folder):
    state = folder / "box.jsonl"
    box = make_box("--state", state).start()
    market(box)
    before = box.state()["balances"]
    assert box.stop() == 0
    lines = state.read_bytes()
    refused = run("sandbox", "--candles", f"ETH/USDT={CANDLES}", "--state", state)
    assert refused.returncode == 2
    assert "other candles" in refused.stderr
    refused = run("sandbox", "--candles", CANDLES, "--state", state, "--fee", "0.002")
    assert refused.returncode == 2
    assert "or options" in refused.stderr
    # A line that was cut is dropped; one that is wrong is not.
    state.write_bytes(lines + b'{"market":17')
    box = make_box("--state", state).start()
    assert box.state()["balances"] == before
    assert box.stop() == 0
    state.write_bytes(lines + b'{"market":17}\n')
    refused = run("sandbox", "--candles", CANDLES, "--state", state)
    assert refused.returncode == 2
    assert ":3:" in refused.stderr


@pytest.mark.parametrize("arguments, message", [
    ([], "usage"),
    (["--candles", "nowhere.csv"], "symbol"),
    (["--candles", f"BTC/USDT={CANDLES}", "--speed", "fast"], "--speed"),
    (["--candles", f"BTC/USDT={CANDLES}", "--faults", "nowhere"], "cannot be read"),
    (["--candles", f"BTC/USDT={CANDLES}", "--listen", "nowhere"], "listen"),
])
def test_wrong_options_are_named(arguments, message):
    refused = run("sandbox", *arguments)
    assert refused.returncode == 2
    assert message in refused.stderr
