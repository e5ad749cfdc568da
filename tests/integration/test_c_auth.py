# SPDX-License-Identifier: Apache-2.0
"""Who may do what: every route with every role, expiry, revocation, the token command."""
import json
import re
import time

import pytest

from client import Client
from contract import routes
from daemon import run, wait_until

RANK = {"NONE": 0, "VIEWER": 1, "TRADER": 2, "ADMIN": 3}
GUARDED = [(method, path, role) for method, path, _, role, *_ in routes() if role != "NONE"]
OPEN = [(method, path) for method, path, _, role, *_ in routes() if role == "NONE"]
# No body these routes would accept, so that nothing is carried out where the role suffices.
USELESS = {"no_such_field": True}


def call(client, method, path):
    target = path.replace("{id}", "999999999")
    return client.request(method, target, USELESS if method == "POST" else None)


@pytest.fixture(scope="module")
def clients(scratch):
    made = {role.upper(): scratch.as_role(role) for role in ("viewer", "trader", "admin")}
    return {**made, "NONE": scratch.anonymous}


@pytest.mark.parametrize("method,path,role", GUARDED)
@pytest.mark.parametrize("asker", ["NONE", "VIEWER", "TRADER", "ADMIN"])
def test_each_route_is_for_its_role_and_those_above(clients, asker, method, path, role):
    reply = call(clients[asker], method, path)
    if asker == "NONE":
        assert (reply.status, reply.json["code"]) == (401, "unauthorized")
    elif RANK[asker] < RANK[role]:
        assert (reply.status, reply.json["code"]) == (403, "insufficient_scope")
    else:
        # Orders by hand are off here, which is told before anything is read.
        off = reply.status == 409 and reply.json["code"] == "manual_orders_off"
        assert off or reply.status in (200, 400, 404, 422), reply


@pytest.mark.parametrize("method,path", OPEN)
def test_open_routes_need_no_token(scratch, method, path):
    wait_until(lambda: call(scratch.anonymous, method, path).status == 200, 30, path)


def test_an_unknown_path_is_told_to_nobody_without_a_token(scratch):
    assert scratch.anonymous.get("/v1/no/such/path").status in (401, 404)
    assert scratch.anonymous.get("/v1/trades/999999999").status == 401


@pytest.mark.parametrize("header", [
    "", "Bearer", "Bearer ", "Bearer x", "Basic YWRtaW46YWRtaW4=", "Bearer tk_a_b",
    "Bearer tk_" + "a" * 8 + "_" + "A" * 43, "Bearer " + "A" * 5000, "bearer\ttk_x_y",
])
def test_a_wrong_authorization_is_401(scratch, header):
    reply = scratch.anonymous.get("/v1/loop", headers={"Authorization": header})
    assert (reply.status, reply.json["code"]) == (401, "unauthorized")


def test_one_changed_character_of_a_token_is_401(scratch):
    good = scratch.make_token("viewer")["secret"]
    assert scratch.api.with_token(good).get("/v1/loop").status == 200
    for position in (3, len(good) // 2, len(good) - 1):
        changed = good[:position] + ("B" if good[position] == "A" else "A") + good[position + 1:]
        assert scratch.api.with_token(changed).get("/v1/loop").status == 401, position
    assert scratch.api.with_token(good + "A").get("/v1/loop").status == 401


def test_the_scheme_is_not_case_sensitive(scratch):
    reply = scratch.anonymous.get("/v1/loop", headers={"Authorization": f"bEARER {scratch.token}"})
    assert reply.status == 200


def test_whoami_tells_name_role_and_expiry(scratch):
    made = scratch.make_token("trader", name="Jürgen's laptop", expires_in_s=3600)
    me = scratch.api.with_token(made["secret"]).get("/v1/whoami").json
    assert (me["token_id"], me["name"], me["role"]) == (made["id"], "Jürgen's laptop", "trader")
    assert me["expires_at"] == made["expires_at"] is not None


def test_the_secret_is_shown_once_only(scratch):
    made = scratch.make_token("viewer")
    listed = scratch.api.get("/v1/tokens").text
    assert made["id"] in listed
    assert made["secret"] not in listed and made["secret"][-43:] not in listed


def test_an_expired_token_is_401(scratch):
    begun = time.monotonic()
    made = scratch.make_token("viewer", expires_in_s=1)
    client = scratch.api.with_token(made["secret"])
    assert client.get("/v1/loop").status == 200 or time.monotonic() - begun > 1
    wait_until(lambda: client.get("/v1/loop").status == 401, 30, "the token's expiry")
    assert time.monotonic() - begun > 0.9, "not before its time"


def test_a_revoked_token_is_401_at_once(scratch):
    made = scratch.make_token("viewer")
    client = scratch.api.with_token(made["secret"])
    assert client.get("/v1/loop").status == 200
    assert scratch.api.delete(f"/v1/tokens/{made['id']}").status == 204
    assert client.get("/v1/loop").status == 401


def test_revoking_twice_is_the_same_state(scratch):
    made = scratch.make_token("viewer")
    first = scratch.api.delete(f"/v1/tokens/{made['id']}").status
    again = scratch.api.delete(f"/v1/tokens/{made['id']}").status
    assert first == 204 and again in (204, 404)
    assert scratch.api.delete("/v1/tokens/nosuchtoken").status == 404


@pytest.mark.parametrize("body,pointer", [
    ({"name": "x"}, "/role"), ({"role": "viewer"}, "/name"), ({}, "/name"),
    ({"name": "x", "role": "root"}, "/role"), ({"name": "", "role": "viewer"}, "/name"),
    ({"name": "x" * 64, "role": "viewer"}, "/name"), ({"name": 7, "role": "viewer"}, "/name"),
    ({"name": "a\nb", "role": "viewer"}, "/name"),
    ({"name": "x", "role": "viewer", "expires_in_s": 0}, "/expires_in_s"),
    ({"name": "x", "role": "viewer", "expires_in_s": -5}, "/expires_in_s"),
    ({"name": "x", "role": "viewer", "expires_in_s": "60"}, "/expires_in_s"),
    ({"name": "x", "role": "viewer", "scope": "all"}, "/scope"),
], ids=repr)
def test_a_bad_token_request_names_the_field(scratch, body, pointer):
    reply = scratch.api.post("/v1/tokens", body)
    assert reply.status == 422
    assert pointer in [error["pointer"] for error in reply.json["errors"]]


def test_the_last_admin_cannot_be_revoked(make_daemon):
    daemon = make_daemon({"log_format": "json"}).start()
    first = daemon.api.get("/v1/whoami").json["token_id"]
    refused = daemon.api.delete(f"/v1/tokens/{first}")
    assert (refused.status, refused.json["code"]) == (409, "last_admin")
    short = daemon.make_token("admin")
    assert daemon.api.delete(f"/v1/tokens/{first}").status == 204
    assert daemon.api.get("/v1/loop").status == 401
    again = daemon.api.with_token(short["secret"]).delete(f"/v1/tokens/{short['id']}")
    assert (again.status, again.json["code"]) == (409, "last_admin")


# ---- The unix socket and the command ----

def test_the_socket_needs_no_token_from_the_daemons_own_user(scratch):
    local = Client(unix_path=scratch.socket_path)
    assert local.get("/v1/loop").status == 200
    assert local.get("/v1/whoami").json["role"] == "admin"
    assert scratch.socket_path.stat().st_mode & 0o007 == 0


def token_command(daemon, *words):
    return run("token", *words, "--data", daemon.data)


def token_of(output):
    found = re.search(r"tk_[A-Za-z0-9]+_[A-Za-z0-9_-]{43}", output)
    assert found, output
    return found.group(0)


def test_the_command_makes_lists_and_revokes_over_the_socket(scratch):
    made = token_command(scratch, "create", "--name", "from the shell", "--role", "viewer")
    assert made.returncode == 0, made.stderr
    client = scratch.api.with_token(token_of(made.stdout))
    me = client.get("/v1/whoami").json
    assert (me["name"], me["role"]) == ("from the shell", "viewer")
    listed = token_command(scratch, "list")
    assert listed.returncode == 0 and me["token_id"] in listed.stdout
    gone = token_command(scratch, "revoke", me["token_id"])
    assert gone.returncode == 0, gone.stderr
    assert client.get("/v1/loop").status == 401


def test_the_command_says_what_is_wrong(scratch):
    for words in (["create", "--name", "x", "--role", "root"], ["create"], ["revoke"], ["burn"]):
        result = token_command(scratch, *words)
        assert result.returncode == 2 and result.stderr, words
    missing = token_command(scratch, "revoke", "nosuchtoken")
    assert missing.returncode == 1 and "nosuchtoken" in missing.stderr


def test_the_command_works_on_the_database_when_no_daemon_runs(make_daemon, cluster):
    url = cluster.database()
    daemon = make_daemon({"log_format": "json", "database_url": url}).start()
    daemon.stop()
    made = run("token", "create", "--name", "offline", "--role", "admin",
               "--config", daemon.config_path, "--data", daemon.data)
    assert made.returncode == 0, made.stderr
    daemon.start()
    client = daemon.api.with_token(token_of(made.stdout))
    assert client.get("/v1/whoami").json["name"] == "offline"


def test_metrics_can_be_closed_to_strangers(make_daemon):
    daemon = make_daemon({"log_format": "json", "metrics_auth": "viewer"}).start()
    assert daemon.anonymous.get("/metrics").status == 401
    assert daemon.as_role("viewer").get("/metrics").status == 200


def test_tokens_survive_a_restart_and_the_admin_file_is_not_made_again(make_daemon):
    daemon = make_daemon({"log_format": "json"}).start()
    before, viewer = daemon.token, daemon.make_token("viewer")
    assert daemon.stop() == 0
    daemon.start()
    assert daemon.token == before
    assert daemon.api.with_token(viewer["secret"]).get("/v1/loop").status == 200


def test_too_many_requests_are_429_with_retry_after(make_daemon):
    daemon = make_daemon({"log_format": "json", "rate_limit": 60}).start()
    # One a second comes back meanwhile, so how many it takes depends on the machine.
    replies = (daemon.api.get("/v1/whoami") for _ in range(600))
    taken, refused = next((n, reply) for n, reply in enumerate(replies) if reply.status == 429)
    assert taken >= 60 and int(refused.headers["Retry-After"]) >= 1
    assert "RateLimit-Policy" in refused.headers
    stop = daemon.api.post("/v1/loop/stop", {})
    assert stop.status == 200, "what makes things safer is never throttled"


def test_no_secret_is_in_the_log(scratch):
    secret = scratch.make_token("viewer")["secret"]
    scratch.api.with_token(secret).get("/v1/loop")
    assert secret.encode() not in scratch.log()
    for line in scratch.log().splitlines():
        if line.startswith(b"{"):
            json.loads(line)
