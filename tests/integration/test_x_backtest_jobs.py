# SPDX-License-Identifier: Apache-2.0
"""Backtests over HTTP: queued, played behind the trading loop, canceled, kept for a while; what they
tell is what `traderd backtest` tells."""
import json
import uuid

import pytest

import world
from daemon import run, wait_until

OVER = ("succeeded", "failed", "canceled")
QUEUED, KEPT = 8, 32
PARTS = ("/report", "/trades", "/equity", "/equity?series=curve")
# With a volume cap the whole engine plays, and each of these looks back at hundreds of candles: over
# MANY that takes a processor for 20 s, which is longer than anything here waits for its end.
MANY = 400_000
MEANS = {f"mean{n}": " + ".join(f"cci({k})" for k in range(n, n + 7)) for n in range(81, 501, 7)}
SLOW = {"document": world.keeper("slow", features={**world.HOLDER["features"], **MEANS}),
        "volume_cap": 0.9}
STOPLESS = {key: value for key, value in world.BUSY.items()
            if key not in ("stop_loss", "trailing_stop")}


def submit(api, body, key=None):
    return api.post("/v1/backtests", body, headers={"Idempotency-Key": key or str(uuid.uuid4())})


def submitted(api, body):
    reply = submit(api, body)
    assert reply.status == 202, reply
    assert reply.headers["Location"] == "/v1/backtests/" + reply.json["id"]
    assert int(reply.headers["Retry-After"]) > 0
    return reply.json["id"]


def job(api, name):
    reply = api.get(f"/v1/backtests/{name}")
    assert reply.status == 200, reply
    is_over = reply.json["state"] in OVER
    assert ("Retry-After" in reply.headers) != is_over
    return reply.json


def ended(api, name, timeout_s=120):
    wait_until(lambda: job(api, name)["state"] in OVER, timeout_s, "the end of the backtest")
    return job(api, name)


def report_of(api, body):
    done = ended(api, submitted(api, body))
    assert done["state"] == "succeeded", done
    assert done["progress"] == 1 and done["problem"] is None
    assert done["created_at"] <= done["started_at"] <= done["finished_at"]
    reply = api.get(f"/v1/backtests/{done['id']}/report")
    assert reply.status == 200, reply
    assert reply.json["metrics"] == done["metrics"]
    return reply.json


def printed(config, *words):
    done = run("backtest", "--config", config, "--json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def slow(make_slow):
    return make_slow()


@pytest.fixture(scope="module")
def make_slow(tmp_path_factory):
    """Daemons whose candles are so many that a backtest takes its time."""
    from conftest import build, end
    folder = tmp_path_factory.mktemp("slow")
    candles = world.flat_candles(folder / "BTCUSDT-5m.csv", MANY)
    made = []

    def make():
        made.append(build(world.base_config(candles=[f"BTC/USDT={candles}"])))
        return made[-1].start()

    yield make
    for daemon in made:
        end(daemon)


# ---- What is told ----

TERMS = [
    ({}, []),
    ({"fee_rate": 0, "slippage_bps": "12.5", "windows": 3, "starting_equity": "5000"},
     ["--fee", "0", "--slippage", "12.5", "--windows", "3", "--starting-equity", "5000"]),
    ({"from": "2021-09-05T00:00:00Z", "to": "1631232000000", "train": 0.5, "intrabar": "adaptive",
      "limit_fill": "through", "volume_cap": 0.01, "min_confidence": "0.6"},
     ["--from", "2021-09-05", "--to", "1631232000000", "--train", "0.5", "--intrabar", "adaptive",
      "--limit-fill", "through", "--volume-cap", "0.01", "--min-confidence", "0.6"]),
]


@pytest.mark.parametrize("body, words", TERMS, ids=["as_configured", "costs", "part"])
def test_the_report_is_that_of_the_command(played, folder, body, words):
    config = world.write_json(folder / "config.json", played.config)
    mine = report_of(played.api, {"document": world.BUSY, **body})
    theirs = printed(config, *words)
    assert mine["metrics"]["total_trades"] > 20
    assert mine == theirs


def test_a_stored_strategy_is_named_by_its_beginning(played):
    name = played.api.post("/v1/strategies", world.RATCHET).json["id"]
    mine = report_of(played.api, {"strategy_id": name[:12]})
    assert mine["strategy"] == {"id": name, "name": "ratchet"}
    assert mine == report_of(played.api, {"document": world.RATCHET})


def test_several_strategies_trade_on_one_account(played, folder):
    artifacts = [world.BUSY, world.RATCHET, world.keeper("third")]
    names = [played.api.post("/v1/strategies", artifact).json["id"] for artifact in artifacts]
    paths = [world.write_json(folder / f"{artifact['name']}.json", artifact) for artifact in artifacts]
    config = world.write_json(folder / "config.json", played.config)
    done = ended(played.api, submitted(played.api, {"strategy_ids": [name[:16] for name in names],
                                                    "windows": 2}))
    assert done["strategies"] == [{"id": name, "name": artifact["name"]}
                                  for name, artifact in zip(names, artifacts)]
    assert (done["strategy_id"], done["strategy"]) == (names[0], "busy")
    mine = played.api.get(f"/v1/backtests/{done['id']}/report").json
    assert mine == printed(config, "--strategy", *paths, "--windows", "2")
    assert all(row["trades"] > 0 for row in mine["strategies"][:2])
    one = report_of(played.api, {"strategy_ids": names[:1]})
    assert one == report_of(played.api, {"strategy_id": names[0]})


def test_strategies_of_one_name_are_refused(played):
    names = [played.api.post("/v1/strategies", world.keeper("twice", candles=n)).json["id"]
             for n in (3, 4)]
    reply = submit(played.api, {"strategy_ids": names})
    assert (reply.status, reply.json["code"]) == (409, "name_taken"), reply
    assert submit(played.api, {"strategy_ids": [names[0], "0" * 64]}).status == 404


def test_an_artifact_without_a_stop_may_be_tested(played, folder):
    path = world.write_json(folder / "stopless.json", STOPLESS)
    config = world.write_json(folder / "config.json", played.config)
    mine = report_of(played.api, {"document": STOPLESS})
    assert mine["metrics"]["total_trades"] > 20
    assert mine == printed(config, "--strategy", path)
    assert played.api.post("/v1/strategies", STOPLESS).status == 422


def test_they_are_listed_newest_first(played):
    made = [submitted(played.api, {"document": world.BUSY}) for _ in range(3)]
    rows = list(played.api.pages("/v1/backtests", limit=2))
    assert [row["id"] for row in rows[:3]] == made[::-1]
    assert {row["strategy"] for row in rows[:3]} == {"busy"}
    assert played.api.get("/v1/backtests", cursor="nonsense").status == 400


# ---- Pages of the result ----

@pytest.fixture(scope="module")
def kept(played):
    """A job that has succeeded, with its report."""
    done = ended(played.api, submitted(played.api, {"document": world.BUSY, "slippage_bps": 7}))
    return done["id"], played.api.get(f"/v1/backtests/{done['id']}/report").json


LISTS = [("trades", "trades", {}), ("equity", "equity", {}), ("equity", "equity", {"series": "daily"}),
         ("equity", "equity_curve", {"series": "curve"})]


@pytest.mark.parametrize("path, member, words", LISTS)
@pytest.mark.parametrize("limit", [1, 7, 500])
def test_pages_are_the_rows_of_the_report(played, kept, path, member, words, limit):
    name, report = kept
    rows = report[member][:40] if limit == 1 else report[member]
    to = {"to": report[member][40]["at" if "at" in rows[0] else "timestamp"]} if limit == 1 and len(
        report[member]) > 40 else {}
    path = f"/v1/backtests/{name}/{path}"
    mine = list(played.api.pages(path, limit=limit, order="asc", **words, **to))
    if to:  # several rows may have the moment that is left out
        rows = [row for row in rows if row.get("at", row.get("timestamp")) < to["to"]]
    assert mine == rows and len(mine) > 5
    assert list(played.api.pages(path, limit=limit, **words, **to)) == rows[::-1]


def test_trades_are_those_of_the_command(played, kept, folder):
    config = world.write_json(folder / "config.json", played.config)
    theirs = printed(config, "--slippage", "7")
    path = f"/v1/backtests/{kept[0]}/"
    assert list(played.api.pages(path + "trades", order="asc")) == theirs["trades"]
    assert list(played.api.pages(path + "equity", order="asc")) == theirs["equity"]
    curve = list(played.api.pages(path + "equity", order="asc", series="curve"))
    assert curve == theirs["equity_curve"]


def test_pages_are_filtered(played, kept):
    name, report = kept
    trades = report["trades"]

    def page(**words):
        return list(played.api.pages(f"/v1/backtests/{name}/trades", limit=50, order="asc", **words))

    one = trades[len(trades) // 2]
    assert page(side="sell") == [row for row in trades if row["side"] == "sell"] != []
    assert page(order_id=one["order_id"]) == [row for row in trades
                                              if row["order_id"] == one["order_id"]]
    assert page(position_id=one["position_id"]) == [row for row in trades
                                                    if row["position_id"] == one["position_id"]]
    assert page(symbol="BTC/USDT") == trades and page(symbol="ETH/USDT") == []
    begin, end = trades[10]["timestamp"], trades[30]["timestamp"]
    assert page(**{"from": begin, "to": end}) == [row for row in trades
                                                  if begin <= row["timestamp"] < end] != []
    days = report["equity"]
    mine = list(played.api.pages(f"/v1/backtests/{name}/equity", order="asc",
                                 **{"from": days[2]["at"], "to": days[4]["at"]}))
    assert mine == days[2:4]


def test_pages_that_cannot_be_had_are_refused(played, kept):
    api, path = played.api, f"/v1/backtests/{kept[0]}/"
    first = api.get(path + "trades", limit=3).json
    assert first["has_more"] and first["next_cursor"]
    for words in ({"cursor": first["next_cursor"], "side": "buy"}, {"cursor": "nonsense"}):
        reply = api.get(path + "trades", **words)
        assert (reply.status, reply.json["code"]) == (400, "cursor_invalid"), words
    assert api.get(path + "equity", cursor=first["next_cursor"]).status == 400
    for words in ({"limit": 0}, {"limit": 501}, {"sumbol": "x"}, {"series": "hourly"},
                  {"from": "2022-01-01T00:00:00Z", "to": "2021-01-01T00:00:00Z"}):
        for name in ("trades", "equity"):
            assert api.get(path + name, **words).status == 400, (name, words)
    assert api.get(path + "equity", symbol="BTC/USDT").status == 400


# ---- What is wrong ----

BROKEN = {**world.BUSY, "entry": {"condition": "fast > slwo", "direction": "long"},
          "stop_loss": {"type": "pct", "value": 0.9}}


def test_mistakes_of_a_document_are_told_as_an_upload_tells_them(played):
    reply = submit(played.api, {"document": BROKEN})
    upload = played.api.post("/v1/strategies", BROKEN)
    assert (reply.status, reply.json["code"]) == (upload.status, "invalid") == (422, "invalid")
    assert len(reply.json["errors"]) == len(upload.json["errors"]) >= 2
    for mine, theirs in zip(reply.json["errors"], upload.json["errors"]):
        assert mine == {**theirs, "pointer": "/document" + theirs["pointer"],
                        "field": "document." + theirs["field"]}


@pytest.mark.parametrize("body, pointer", [
    ({}, "/strategy_id"),
    ({"document": world.BUSY, "strategy_id": "0" * 64}, "/document"),
    ({"document": world.BUSY, "strategy_ids": ["0" * 64]}, "/document"),
    ({"strategy_id": "0" * 64, "strategy_ids": ["1" * 64]}, "/strategy_ids"),
    ({"strategy_ids": []}, "/strategy_ids"),
    ({"strategy_ids": ["0" * 64] * 2}, "/strategy_ids"),
    ({"strategy_ids": ["0" * 65]}, "/strategy_ids"),
    ({"strategy_ids": [1]}, "/strategy_ids"),
    ({"strategy_ids": "0" * 64}, "/strategy_ids"),
    ({"strategy_ids": [f"{n:064x}" for n in range(65)]}, "/strategy_ids"),
    ({"document": "text"}, "/document"),
    ({"document": world.BUSY, "fee_rate": 0.2}, "/fee_rate"),
    ({"document": world.BUSY, "fee_rate": "-0.1"}, "/fee_rate"),
    ({"document": world.BUSY, "volume_cap": "much"}, "/volume_cap"),
    ({"document": world.BUSY, "intrabar": "kind"}, "/intrabar"),
    ({"document": world.BUSY, "windows": 0}, "/windows"),
    ({"document": world.BUSY, "windows": 2, "train": 0.5}, "/train"),
    ({"document": world.BUSY, "train": 1}, "/train"),
    ({"document": world.BUSY, "from": "yesterday"}, "/from"),
    ({"document": world.BUSY, "from": "-5"}, "/from"),
    ({"document": world.BUSY, "from": "1631232000000", "to": "1631000000000"}, "/from"),
    ({"document": world.BUSY, "seed": 1}, "/seed"),
])
def test_mistakes_of_the_body_are_told(played, body, pointer):
    reply = submit(played.api, body)
    assert reply.status == 422, reply
    assert [error["pointer"] for error in reply.json["errors"]] == [pointer]


def test_what_does_not_fit_the_feed_is_refused(played):
    for change in ({"symbol": "ETH/USDT"}, {"timeframe": "1h"}):
        reply = submit(played.api, {"document": {**world.HOLDER, **change}})
        assert (reply.status, reply.json["code"]) == (409, "not_tradable"), change
    assert submit(played.api, {"strategy_id": "0" * 64}).status == 404


def test_without_candles_in_the_range_it_fails(played):
    done = ended(played.api, submitted(played.api, {"document": world.BUSY,
                                                    "from": "2031-01-01T00:00:00Z"}))
    assert done["state"] == "failed" and done["metrics"] is None
    assert done["problem"]["code"] == "invalid" and "no candles" in done["problem"]["detail"]
    for path in PARTS:
        reply = played.api.get(f"/v1/backtests/{done['id']}{path}")
        assert (reply.status, reply.json["code"]) == (409, "not_finished")
        assert "no candles" in reply.json["detail"]


def test_without_a_feed_there_is_nothing_to_play(make_daemon):
    daemon = make_daemon(world.base_config()).start()
    reply = submit(daemon.api, {"document": world.BUSY})
    assert (reply.status, reply.json["code"]) == (409, "no_feed")
    assert daemon.api.get("/v1/backtests").json["data"] == []


def test_unknown_ids_and_roles(played):
    for name in ("1", "nonsense", "00000000-1", "0" * 40):
        for method, path in (("GET", ""), *(("GET", part) for part in PARTS), ("DELETE", "")):
            assert played.api.request(method, f"/v1/backtests/{name}{path}").status == 404, name
    viewer = played.as_role("viewer")
    assert submit(viewer, {"document": world.BUSY}).status == 403
    assert viewer.get("/v1/backtests").status == 200
    assert played.api.with_token("").get(f"/v1/backtests/{'0' * 8}-1/trades").status == 401


# ---- Once ----

def test_a_key_starts_one_backtest(played):
    api, key, body = played.api, str(uuid.uuid4()), {"document": world.BUSY, "windows": 2}
    first = submit(api, body, key)
    before = len(api.get("/v1/backtests", limit=100).json["data"])
    again = submit(api, body, key)
    assert again.status == 202 and again.headers["Idempotent-Replayed"] == "true"
    assert again.body == first.body and again.headers["Location"] == first.headers["Location"]
    assert len(api.get("/v1/backtests", limit=100).json["data"]) == before
    assert submit(api, {**body, "windows": 3}, key).json["code"] == "idempotency_mismatch"
    assert api.post("/v1/backtests", body).json["code"] == "idempotency_key_invalid"
    assert ended(api, first.json["id"])["state"] == "succeeded"


# ---- Waiting, canceling, forgetting ----

def test_a_full_queue_and_canceling(slow):
    api = slow.api
    runs = submitted(api, SLOW)
    wait_until(lambda: job(api, runs)["state"] == "running", 60, "the first backtest")
    waiting = [submitted(api, SLOW) for _ in range(QUEUED)]
    key = str(uuid.uuid4())
    full = submit(api, SLOW, key)
    assert (full.status, full.json["code"]) == (429, "queue_full")
    assert int(full.headers["Retry-After"]) > 0
    assert job(api, waiting[0])["state"] == "queued"
    assert job(api, waiting[0])["progress"] == 0
    seen = wait_until(lambda: job(api, runs)["progress"], 60, "progress")
    assert 0 < seen < 1
    for name, state in ((runs, "running"), (waiting[0], "queued")):
        for path in PARTS:
            reply = api.get(f"/v1/backtests/{name}{path}")
            assert (reply.status, reply.json["code"]) == (409, "not_finished")
            assert state in reply.json["detail"] and int(reply.headers["Retry-After"]) > 0
    for name in waiting:
        assert api.delete(f"/v1/backtests/{name}").status == 204
        assert job(api, name)["state"] == "canceled"
    for path in PARTS:
        reply = api.get(f"/v1/backtests/{waiting[0]}{path}")
        assert (reply.status, reply.json["code"]) == (409, "not_finished")
        assert "canceled" in reply.json["detail"] and "Retry-After" not in reply.headers
    # What was refused may be sent again under the same key.
    again = submit(api, SLOW, key)
    assert again.status == 202
    assert api.delete(f"/v1/backtests/{again.json['id']}").status == 204
    assert api.delete(f"/v1/backtests/{runs}").status == 202
    assert ended(api, runs, 20)["state"] == "canceled"
    assert api.delete(f"/v1/backtests/{runs}").status == 204


def test_the_oldest_are_forgotten(played):
    api, made = played.api, []
    for _ in range(KEPT + 2):
        made.append(submitted(api, {"document": world.HOLDER}))
        ended(api, made[-1])
    for path in ("", *PARTS):
        reply = api.get(f"/v1/backtests/{made[0]}{path}")
        assert (reply.status, reply.json["code"]) == (410, "gone")
    assert job(api, made[2])["state"] == "succeeded"
    assert len(api.get("/v1/backtests", limit=100).json["data"]) == KEPT


def test_the_daemon_ends_though_one_runs(make_slow):
    daemon = make_slow()
    api = daemon.api
    runs, waits = submitted(api, SLOW), submitted(api, SLOW)
    wait_until(lambda: job(api, runs)["state"] == "running", 60, "the backtest")
    assert daemon.stop() == 0
    daemon.start()
    for name in (runs, waits):
        assert daemon.api.get(f"/v1/backtests/{name}").status == 404
    assert daemon.api.get("/v1/backtests").json["data"] == []


# ---- Beside the loop ----

def test_the_loop_trades_as_if_there_were_none(make_daemon, folder, undisturbed):
    daemon = make_daemon(world.replay_config(folder, world.BUSY, count=world.LONG)).start()
    before = submitted(daemon.api, {"document": world.BUSY, "volume_cap": 0.9})
    daemon.start_loop()
    names = [before]
    while daemon.loop()["state"] != "finished":
        reply = submit(daemon.api, {"document": world.BUSY, "volume_cap": 0.9})
        assert reply.status in (202, 429), reply
        names += [reply.json["id"]] if reply.status == 202 else []
    reports = []
    for name in names[-3:]:
        assert ended(daemon.api, name)["state"] == "succeeded"
        reports.append(daemon.api.get(f"/v1/backtests/{name}/report").json)
    assert reports[0] == reports[-1] and reports[0]["metrics"]["total_trades"] > 20
    assert daemon.stop() == 0
    trades = [json.loads(line)["trade"] for line in daemon.lines("trades.jsonl")]
    assert trades == [json.loads(line)["trade"] for line in undisturbed["trades.jsonl"]]
