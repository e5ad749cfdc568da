# SPDX-License-Identifier: Apache-2.0
"""The probes and the build's own description answer anyone, quickly and as documented."""
import json
import re

import pytest

from client import contract
from contract import ROOT
from daemon import wait_until


def settled(daemon, path):
    """The answer of a probe once it is good: a database that takes its second is told as lost."""
    def good():
        reply = daemon.anonymous.get(path)
        return reply if reply.status == 200 and "degraded" not in reply.text else None

    return wait_until(good, 30, path)


def test_livez_says_ok(played):
    reply = played.anonymous.get("/livez")
    assert reply.status == 200 and reply.media_type == "text/plain"
    assert reply.text.startswith("ok")


def test_readyz_says_ok_once_the_database_is_there(played):
    reply = settled(played, "/readyz")
    assert reply.status == 200 and reply.text.startswith("ok")


def test_healthz_lists_its_checks(played):
    health = settled(played, "/healthz").json
    assert health["status"] == "ok"
    assert health["mode"] == "paper" and health["loop_state"] == "finished"
    assert health["uptime_s"] >= 0
    assert {"database", "engine"} <= {check["name"] for check in health["checks"]}
    assert all(check["status"] == "ok" for check in health["checks"])


def test_version_is_that_of_the_file(played):
    version = played.anonymous.get("/version").json
    assert version["version"] == (ROOT / "VERSION").read_text().strip()
    assert version["api"] == "v1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*Z", version["built_at"])


def test_openapi_json_is_the_yaml_of_the_repository(played):
    assert played.anonymous.get("/openapi.json").json == contract().document


def test_openapi_json_answers_304_to_its_own_tag(played):
    first = played.anonymous.get("/openapi.json")
    again = played.anonymous.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


def test_probes_need_no_token_and_refuse_unknown_parameters(played):
    for path in ("/livez", "/readyz", "/healthz", "/version"):
        assert settled(played, path).status == 200
        reply = played.anonymous.get(path, sumbol="x")
        assert (reply.status, reply.json["code"]) == (400, "parameter_unknown"), path


def test_every_answer_has_its_own_request_id(played):
    ids = {played.anonymous.get("/livez").headers["X-Request-Id"] for _ in range(5)}
    assert len(ids) == 5


def test_a_given_request_id_comes_back(played):
    reply = played.anonymous.get("/livez", headers={"X-Request-Id": "mine-1.2_3"})
    assert reply.headers["X-Request-Id"] == "mine-1.2_3"


def test_a_hostile_request_id_is_replaced(played):
    for bad in ("x" * 65, "a b", "a\"b", "a;b"):
        reply = played.anonymous.get("/livez", headers={"X-Request-Id": bad})
        assert reply.headers["X-Request-Id"] != bad
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", reply.headers["X-Request-Id"])


def test_the_log_is_json_lines_with_time_level_and_event(played):
    lines = [json.loads(line) for line in played.log().splitlines() if line.startswith(b"{")]
    assert lines
    for line in lines:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["time"]), line
        assert line["level"] in ("debug", "info", "warn", "error") and line["event"], line


def test_the_admin_token_is_in_no_log_and_readable_by_its_owner_only(played):
    path = played.data / "admin.token"
    assert path.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(r"tk_[A-Za-z0-9]+_[A-Za-z0-9_-]{43}", played.token)
    assert played.token.encode() not in played.log()


# ---- The client of these tests ----

def test_the_contract_refuses_what_is_not_documented(api):
    """So that a property nobody described fails every test that meets it."""
    reply = api.get("/v1/loop")
    for change in ({"invented": 1}, {"state": "dreaming"}, {"cycle_count": "7"}):
        reply.json = {**api.get("/v1/loop").json, **change}
        with pytest.raises(AssertionError, match="does not fit its schema"):
            contract().check(reply)


def test_every_object_of_the_contract_is_closed():
    """Without additionalProperties: false an undocumented property would pass."""
    for name, schema in contract().document["components"]["schemas"].items():
        if schema.get("type") == "object":
            assert "additionalProperties" in schema, name
