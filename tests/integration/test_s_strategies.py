# SPDX-License-Identifier: Apache-2.0
"""Strategies over HTTP: uploaded, judged, compared, activated while the loop runs, taken back."""
import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import jsonschema_rs
import pytest

import world
from contract import ROOT
from daemon import wait_until

SPEED = 6000  # recorded seconds a second: twenty candles a second


@pytest.fixture(scope="module")
def shelf(scratch):
    """A daemon whose documents are uploaded and read; nothing of them trades."""
    return scratch.api


def upload(api, document, **params):
    return api.post("/v1/strategies", document, **params)


def uploaded(api, document):
    reply = upload(api, document)
    assert reply.status in (200, 201), reply
    return reply.json["id"]


def artifact(name, **changes):
    return {**world.HOLDER, "name": name, **changes}


# ---- Documents ----

def test_a_document_is_kept_once(shelf):
    raw = json.dumps(artifact("once"), indent=3).encode() + b"\n"
    first = shelf.request("POST", "/v1/strategies", raw)
    assert first.status == 201
    assert first.headers["Location"] == "/v1/strategies/" + first.json["id"]
    assert (first.json["status"], first.json["created_by"]) == ("validated", "admin")
    # The same meaning in another spelling is the same document.
    again = upload(shelf, dict(reversed(artifact("once").items())))
    assert (again.status, again.json["id"]) == (200, first.json["id"])
    assert again.json["created_at"] == first.json["created_at"]
    document = shelf.get(f"/v1/strategies/{first.json['id']}/document")
    assert document.status == 200 and document.body == raw
    tagged = shelf.get(f"/v1/strategies/{first.json['id']}/document",
                       headers={"If-None-Match": document.headers["ETag"]})
    assert tagged.status == 304


def test_one_is_found_by_the_beginning_of_its_id(shelf):
    name = uploaded(shelf, artifact("prefix"))
    reply = shelf.get(f"/v1/strategies/{name[:8]}")
    assert (reply.status, reply.json["id"]) == (200, name)
    assert reply.json["summary"]["symbols"] == ["BTC/USDT"] and reply.json["slot"] is None
    tag = reply.headers["ETag"]
    assert shelf.get(f"/v1/strategies/{name}", headers={"If-None-Match": tag}).status == 304
    for wrong in (name[:7], name + "0", "0" * 64, name.upper(), "schemata"):
        assert shelf.get(f"/v1/strategies/{wrong}").status == 404, wrong


def test_a_beginning_that_several_ids_share_is_409(make_daemon, cluster):
    url = cluster.database()
    daemon = make_daemon(world.base_config(database_url=url)).start()
    name = uploaded(daemon.api, artifact("twin"))
    twin = name[:20] + "0" * 44
    cluster.sql("INSERT INTO strategy (id, name, document, uploaded_by) "
                f"SELECT '{twin}', name, document, '' FROM strategy WHERE id = '{name}'", url)
    for method, path in (("GET", ""), ("GET", "/document"), ("DELETE", ""), ("POST", "/activate")):
        reply = daemon.api.request(method, f"/v1/strategies/{name[:20]}{path}")
        assert (reply.status, reply.json["code"]) == (409, "conflict"), (method, path)
    assert daemon.api.get(f"/v1/strategies/{name}").json["id"] == name
    assert daemon.api.get(f"/v1/strategies/{twin[:21]}").json["created_by"] is None


def test_lists_are_filtered_and_paged(shelf):
    ids = [uploaded(shelf, artifact("versions", stop_loss={"type": "pct", "value": value}))
           for value in (0.1, 0.2, 0.3)]
    rows = list(shelf.pages("/v1/strategies", name="versions", limit=2))
    assert [row["id"] for row in rows] == ids[::-1]
    rows = list(shelf.pages("/v1/strategies", name="versions", limit=1, order="asc"))
    assert [row["id"] for row in rows] == ids
    assert {row["status"] for row in rows} == {"validated"}
    active = shelf.get("/v1/strategies", status="active").json["data"]
    assert [row["name"] for row in active] == ["holder"]
    assert active[0]["created_by"] is None
    assert shelf.get("/v1/strategies", status="nonsense").status == 400


def test_a_difference_is_a_patch(shelf):
    old = uploaded(shelf, artifact("differs", params={"few": 2}, features={"mean": "sma(close, few)"}))
    new = uploaded(shelf, artifact("differs", params={"few": 5}, features={"mean": "sma(close, few)"}))
    reply = shelf.get(f"/v1/strategies/{new}/diff", against=old)
    assert reply.status == 200 and reply.media_type == "application/json-patch+json"
    assert {"op": "replace", "path": "/params/few", "value": 5} in reply.json
    assert shelf.get(f"/v1/strategies/{new}/diff", against=new[:12]).json == []
    assert shelf.get(f"/v1/strategies/{new}/diff", against="0" * 64).status == 404
    assert shelf.get(f"/v1/strategies/{new}/diff").json["code"] == "parameter_invalid"


# ---- Mistakes ----

BROKEN = artifact("broken", entry={"condition": "mean > 0 and mmean < 3", "confidence": "2 +"},
                  stop_loss={"type": "pct", "value": 0.9})


def test_every_mistake_is_told_with_its_place(shelf):
    reply = upload(shelf, BROKEN)
    assert (reply.status, reply.json["code"]) == (422, "invalid")
    by_field = {error["field"]: error for error in reply.json["errors"]}
    assert {"entry.condition", "entry.confidence", "stop_loss.value"} <= set(by_field)
    name = by_field["entry.condition"]
    assert name["pointer"] == "/entry/condition" and name["code"] == "unknown_name"
    assert (name["column"], name["length"]) == (14, 5)
    assert name["expression"][13:18] == "mmean" and "mean" in name["hint"]
    verdict = shelf.post("/v1/strategies/validate", BROKEN)
    assert verdict.status == 200 and not verdict.json["valid"]
    assert verdict.json["errors"] == reply.json["errors"] and verdict.json["id"] is None
    assert verdict.json["preview"] is None


@pytest.mark.parametrize("path", ["/v1/strategies", "/v1/strategies/validate"])
def test_what_is_no_artifact_is_refused(shelf, path):
    for body, status, code in ((b"{", 400, "syntax"), (b"", 400, "syntax"),
                               (b'{"a": 1, "a": 2}', 400, "syntax"),
                               (b"[" * 500 + b"]" * 500, 400, "syntax"),
                               (b"[1]", 422, "field_invalid"), (b"null", 422, "field_invalid")):
        reply = shelf.request("POST", path, body)
        assert (reply.status, reply.json["code"]) == (status, code), body[:20]
    plain = shelf.request("POST", path, b"{}", headers={"Content-Type": "text/plain"})
    assert plain.status == 415


def padded(size):
    document = json.dumps(artifact("padded", **{"x-notes": ""}))
    return document.replace('"x-notes": ""', '"x-notes": "' + "x" * (size - len(document)) + '"')


def test_an_artifact_may_have_a_mebibyte(shelf, scratch):
    largest = padded(1 << 20).encode()
    assert len(largest) == 1 << 20
    assert shelf.request("POST", "/v1/strategies", largest).status in (200, 201)
    reply = shelf.request("POST", "/v1/strategies", padded((1 << 20) + 1).encode())
    assert (reply.status, reply.json["code"]) == (413, "body_too_large")
    # Memory for a large body is only given to those who may send one; they are told why not.
    assert scratch.anonymous.request("POST", "/v1/strategies", largest).status == 401
    assert scratch.as_role("viewer").request("POST", "/v1/strategies", largest).status == 403
    assert shelf.request("POST", "/v1/loop/pause", padded(70_000).encode()).status == 413


def test_a_key_repeats_the_answer_of_a_large_upload(shelf):
    body = padded(300_000).replace("padded", "keyed").encode()
    headers = {"Idempotency-Key": "large-upload"}
    first = shelf.request("POST", "/v1/strategies", body, headers=headers)
    again = shelf.request("POST", "/v1/strategies", body, headers=headers)
    assert first.status == again.status == 201 and first.json == again.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    # The last byte counts as much as the first.
    other = body[:-3] + b" " + body[-3:]
    assert shelf.request("POST", "/v1/strategies", other, headers=headers).status == 422


def test_validating_keeps_nothing_and_shows_what_it_would_have_said(scratch):
    document = artifact("previewed")
    reply = scratch.api.post("/v1/strategies/validate", document)
    assert reply.status == 200 and reply.json["valid"]
    preview = reply.json["preview"]
    assert preview["candles_needed"] >= 2
    assert preview["symbols"][0]["symbol"] == "BTC/USDT"
    assert scratch.api.get(f"/v1/strategies/{reply.json['id']}").status == 404
    judged = upload(scratch.api, document, validate_only="true")
    assert (judged.status, judged.json["id"]) == (200, reply.json["id"])
    assert judged.json["created_at"] is None
    assert scratch.api.get(f"/v1/strategies/{reply.json['id']}").status == 404


def test_warnings_are_told(shelf):
    reply = shelf.post("/v1/strategies/validate", artifact("odd", stop_los=0.1))
    assert reply.json["valid"]
    assert reply.json["warnings"][0]["field"] == "stop_los"


def test_the_schema_accepts_what_the_parser_accepts(shelf):
    reply = shelf.get("/v1/strategies/schema")
    assert reply.status == 200 and reply.media_type == "application/schema+json"
    schema = jsonschema_rs.Draft202012Validator(reply.json)
    assert schema.is_valid(world.HOLDER) and schema.is_valid(json.loads(world.WINNER.read_text()))
    assert not schema.is_valid({"name": "x", "entry": 7})
    assert reply.json == json.loads((ROOT / "docs/strategy.schema.json").read_text())
    tag = reply.headers["ETag"]
    assert shelf.get("/v1/strategies/schema", headers={"If-None-Match": tag}).status == 304


# ---- Retiring ----

def test_what_is_retired_cannot_be_activated(shelf, scratch):
    name = uploaded(shelf, artifact("retired"))
    assert scratch.as_role("trader").delete(f"/v1/strategies/{name}").status == 403
    assert shelf.delete(f"/v1/strategies/{name}").status == 204
    assert shelf.delete(f"/v1/strategies/{name}").status == 204
    row = shelf.get(f"/v1/strategies/{name}").json
    assert row["status"] == "retired" and row["retired_at"]
    assert name in [r["id"] for r in shelf.get("/v1/strategies", status="retired").json["data"]]
    reply = shelf.post(f"/v1/strategies/{name}/activate", {})
    assert (reply.status, reply.json["code"]) == (409, "strategy_retired")
    # Nothing is erased.
    assert shelf.get(f"/v1/strategies/{name}/document").status == 200
    active = shelf.get("/v1/strategies", status="active").json["data"][0]["id"]
    reply = shelf.delete(f"/v1/strategies/{active}")
    assert (reply.status, reply.json["code"]) == (409, "strategy_active")
    assert shelf.delete("/v1/strategies/" + "0" * 64).status == 404


# ---- Checks ----

def test_a_strategy_is_checked_on_past_candles(api):
    name = api.get("/v1/strategies", status="active").json["data"][0]["id"]
    reply = api.post(f"/v1/strategies/{name}/check", {"samples": 5, "seed": 7})
    assert reply.status == 200
    report = reply.json
    assert report["truncation"]["differences"] == 0 and report["truncation"]["samples"] == 5
    assert report["times"]["candles"] == 2500
    assert report == api.post(f"/v1/strategies/{name}/check", {"samples": 5, "seed": 7}).json
    reply = api.post(f"/v1/strategies/{name}/check", {"candles": 0})
    assert reply.status == 422
    assert api.post("/v1/strategies/" + "0" * 64 + "/check").status == 404


def test_one_check_runs_at_a_time(api):
    name = api.get("/v1/strategies", status="active").json["data"][0]["id"]

    def check(_):
        return api.post(f"/v1/strategies/{name}/check", {"samples": 1000}).status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(check, range(8)))
    assert 200 in statuses and set(statuses) <= {200, 429}


def test_a_strategy_the_feed_has_no_candles_for_is_409(api):
    name = uploaded(api, artifact("elsewhere", symbol="DOGE/USDT"))
    for what in ("check", "activate"):
        reply = api.post(f"/v1/strategies/{name}/{what}", {})
        assert (reply.status, reply.json["code"]) == (409, "not_tradable"), reply


# ---- Trading with them ----

@pytest.fixture
def running(make_daemon, folder):
    """A loop at twenty candles a second that holds a position of keeper's first version."""
    config = world.replay_config(folder, world.keeper(), count=20000, replay_speed=SPEED)
    daemon = make_daemon(config).start()
    daemon.start_loop()
    wait_until(lambda: positions(daemon), 60, "a position")
    return daemon


def positions(daemon):
    return daemon.api.get("/v1/positions").json["data"]


def slots(daemon):
    return {slot["name"]: slot for slot in daemon.loop()["strategies"]}


def activate(daemon, name, **body):
    reply = daemon.api.post(f"/v1/strategies/{name}/activate", body)
    assert reply.status in (200, 202), reply
    return reply


def test_a_version_takes_over_an_open_position(running):
    first = slots(running)["keeper"]["id"]
    held = positions(running)[0]
    assert held["strategy_id"] == first
    second = uploaded(running.api, world.keeper(candles=3))
    judged = activate(running, second, effective="now", validate_only=True)
    assert judged.status == 200 and slots(running)["keeper"]["id"] == first
    slot = activate(running, second, effective="now").json["slot"]
    assert (slot["name"], slot["id"], slot["effective"]) == ("keeper", second, "now")
    # The new version's rule closes what the old one opened, and the new one opens the next.
    opened = wait_until(lambda: [p for p in positions(running) if p["id"] != held["id"]], 60,
                        "a position of the second version")
    closed = running.api.get(f"/v1/positions/{held['id']}").json
    assert closed["exit_reason"] == "signal_exit"
    assert opened[0]["strategy_id"] == second
    # Repeating changes nothing.
    rows = running.api.get("/v1/strategy_activations").json["data"]
    activate(running, second, effective="now")
    assert running.api.get("/v1/strategy_activations").json["data"] == rows
    assert [(row["action"], row["strategy_id"], row["previous_id"]) for row in rows] == [
        ("activate", second, first), ("configure", first, None)]
    assert rows[0]["actor"] == "admin"

    def named():
        kinds = [json.loads(line) for line in running.lines("log.jsonl")]
        return [row["control"]["action"] for row in kinds if "control" in row]

    wait_until(lambda: "activate" in named(), 30, "the change in the log")


def test_a_version_waits_until_it_is_flat(running):
    first = slots(running)["keeper"]["id"]
    held = positions(running)[0]
    second = uploaded(running.api, world.keeper(candles=50000))
    activate(running, second, effective="when_flat")
    slot = slots(running)["keeper"]
    assert (slot["id"], slot["next_id"], slot["state"]) == (first, second, "active")
    assert running.api.get("/v1/strategies", status="active").json["data"][0]["id"] == second
    # Neither of the two can be retired.
    for name in (first, second):
        assert running.api.delete(f"/v1/strategies/{name}").json["code"] == "strategy_active"
    assert positions(running)[0]["id"] == held["id"]
    running.api.post(f"/v1/positions/{held['id']}/close")
    wait_until(lambda: slots(running)["keeper"]["id"] == second, 60, "the second version")
    assert slots(running)["keeper"]["next_id"] is None
    wait_until(lambda: positions(running), 60, "its position")
    assert positions(running)[0]["strategy_id"] == second
    assert running.api.delete(f"/v1/strategies/{first}").status == 204


def rollback(daemon, **body):
    return daemon.api.post("/v1/strategy/rollback", body)


def test_going_back_goes_back_version_by_version(running):
    first = slots(running)["keeper"]["id"]
    assert rollback(running).json["code"] == "no_previous"
    second = uploaded(running.api, world.keeper(candles=1000))
    third = uploaded(running.api, world.keeper(candles=2000))
    activate(running, second, effective="now")
    activate(running, third, effective="now")
    reply = rollback(running, effective="now")
    assert reply.status in (200, 202) and reply.json["slot"]["id"] == second
    assert rollback(running, effective="now", name="keeper").json["slot"]["id"] == first
    assert rollback(running).json["code"] == "no_previous"
    assert rollback(running, name="nobody").json["code"] == "not_active"
    rows = running.api.get("/v1/strategy_activations", strategy="keeper", limit=2).json["data"]
    assert [row["action"] for row in rows] == ["rollback", "rollback"]
    assert len(positions(running)) == 1


def test_going_back_takes_back_what_still_waits(running):
    first = slots(running)["keeper"]["id"]
    second = uploaded(running.api, world.keeper(candles=50000))
    activate(running, second, effective="when_flat")
    assert slots(running)["keeper"]["next_id"] == second
    reply = rollback(running, validate_only=True)
    assert reply.status == 200 and slots(running)["keeper"]["next_id"] == second
    assert rollback(running, effective="now").status in (200, 202)
    slot = slots(running)["keeper"]
    assert (slot["id"], slot["next_id"]) == (first, None)
    assert len(positions(running)) == 1
    assert running.api.delete(f"/v1/strategies/{second}").status == 204


def test_several_trade_at_once_and_survive_a_kill(running):
    other = uploaded(running.api, world.keeper(name="other", candles=70000))
    activate(running, other)
    wait_until(lambda: len(positions(running)) == 2, 60, "a position of each")
    assert {p["strategy"] for p in positions(running)} == {"keeper", "other"}
    assert running.api.get("/v1/strategy").json["name"] == "keeper"
    assert rollback(running).json["errors"][0]["pointer"] == "/name"
    waiting = uploaded(running.api, world.keeper(name="other", candles=80000))
    activate(running, waiting, effective="when_flat")
    before = slots(running)
    held = {p["id"]: p["strategy_id"] for p in positions(running)}
    kept = running.api.get("/v1/strategies").json["data"]
    running.kill()
    running.start()
    wait_until(lambda: running.loop()["state"] == "running", 60, "the loop")
    after = slots(running)
    for name in ("keeper", "other"):
        for key in ("id", "next_id", "effective", "state", "since"):
            assert after[name][key] == before[name][key], (name, key)
    assert {p["id"]: p["strategy_id"] for p in positions(running)} == held
    assert running.api.get("/v1/strategies").json["data"] == kept
    # One is taken out: what it holds is closed, and its name is free again.
    reply = running.api.post(f"/v1/strategies/{waiting}/deactivate", {"close_positions": True})
    assert reply.status in (200, 202) and reply.json["slot"]["state"] in ("ending", "ended")
    wait_until(lambda: "other" not in slots(running), 60, "the end of the other")
    assert [p["strategy"] for p in positions(running)] == ["keeper"]
    reply = running.api.post(f"/v1/strategies/{waiting}/deactivate")
    assert (reply.status, reply.json["code"]) == (409, "not_active")
    assert running.api.get(f"/v1/strategies/{other}").json["status"] == "validated"
    text = running.api.get("/metrics", format="prometheus").text
    assert "traderd_strategies 1.0\n" in text
    assert 'traderd_strategy_open_positions{strategy="keeper"} 1\n' in text


def test_a_full_house_takes_no_more(running):
    for i in range(63):
        name = uploaded(running.api, world.keeper(name=f"guest {i}"))
        activate(running, name)
    name = uploaded(running.api, world.keeper(name="one too many"))
    reply = running.api.post(f"/v1/strategies/{name}/activate", {})
    assert (reply.status, reply.json["code"]) == (422, "limit_exceeded")
    assert len(slots(running)) == 64


def test_what_makes_it_safer_needs_no_database(make_daemon, folder, own_cluster):
    config = world.replay_config(folder, world.keeper(), count=20000, replay_speed=SPEED,
                                 database_url=own_cluster.database())
    daemon = make_daemon(config).start()
    daemon.start_loop()
    wait_until(lambda: positions(daemon), 60, "a position")
    name = slots(daemon)["keeper"]["id"]
    own_cluster.kill()
    wait_until(lambda: daemon.loop()["journal_waiting"], 60, "the database to be missed")
    reply = daemon.api.post(f"/v1/strategies/{name}/deactivate", {})
    assert reply.status == 202 and reply.json["slot"]["state"] == "ending"
    # What opens something is refused, and is not carried out later.
    key = {"Idempotency-Key": "while-away"}
    wish = {"strategy": "desk", "symbol": "BTC/USDT", "action": "entry", "direction": "long"}
    assert daemon.api.post("/v1/signals", wish, headers=key).status == 503
    assert daemon.api.post(f"/v1/strategies/{name}/activate", {}).status == 503
    own_cluster.start()
    wait_until(lambda: not daemon.loop()["journal_waiting"], 60, "the database to be back")
    assert slots(daemon)["keeper"]["state"] == "ending"
    wait_until(lambda: daemon.api.get("/v1/strategy_activations").status == 200, 60, "the pool")
    rows = daemon.api.get("/v1/strategy_activations").json["data"]
    assert [row["action"] for row in rows] == ["deactivate", "configure"]
    assert daemon.api.get("/v1/signals", strategy="desk").json["data"] == []


def test_strategies_are_uploaded_into_an_empty_daemon_and_started(make_daemon, folder):
    config = world.replay_config(folder, world.HOLDER, count=300)
    del config["strategy"]
    daemon = make_daemon(config).start()
    assert daemon.api.post("/v1/loop/start", {}).json["code"] == "no_strategy"
    assert daemon.api.get("/v1/strategy").status == 404
    assert rollback(daemon).json["code"] == "not_active"
    name = uploaded(daemon.api, world.BUSY)
    # Checks and previews read a recording that was never begun.
    report = daemon.api.post(f"/v1/strategies/{name}/check").json
    assert report["times"]["candles"] == 300
    activate(daemon, name)
    assert daemon.api.get("/v1/strategy").json["name"] == "busy"
    daemon.replay()
    trades = list(daemon.api.pages("/v1/trades", strategy="busy"))
    assert trades


# ---- What the documentation shows ----

def test_the_lines_of_the_documentation_work(make_daemon, folder):
    """Every command of docs/strategies.md, in order, in one shell."""
    page = (ROOT / "docs/strategies.md").read_text()
    script = "\n".join(re.findall(r"^```sh\n(.*?)^```", page, re.M | re.S))
    config = world.replay_config(folder, world.HOLDER, count=20000, replay_speed=SPEED)
    daemon = make_daemon(config).start()
    daemon.start_loop()
    wait_until(lambda: daemon.loop()["cycle_count"] > 3, 60, "some candles")
    script = script.replace("http://localhost:8080", f"http://127.0.0.1:{daemon.port}")
    script = script.replace("var/admin.token", str(daemon.data / "admin.token"))
    script = script.replace("artifacts/winner.json", str(world.WINNER))
    asked = script.count("curl ")
    shell = 'set -eu\ncurl() { command curl --fail-with-body -w "\\n%{http_code}\\n" "$@"; }\n'
    done = subprocess.run(["bash", "-c", shell + script], cwd=folder, capture_output=True,
                          text=True, timeout=200, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    statuses = [line for line in done.stdout.splitlines() if re.fullmatch(r"\d{3}", line)]
    assert asked > 10 and len(statuses) == asked and set(statuses) <= {"200", "201", "202"}
    assert "adaptive_momentum_v3" in slots(daemon)
