# SPDX-License-Identifier: Apache-2.0
"""D6: no secret is in what leaves the daemon: its logs, answers, metrics, database and files."""
import base64
import contextlib
import re
import urllib.parse
import uuid

import pytest

import world
from daemon import run, wait_until
from sandbox import Sandbox
from test_z_live import live_config, second_candles, start, trades

KEY, SECRET, PASSWORD = "Kq7venueKEYx91", "Sv4venueSECRETz20", "Pw8databasePASSd33"
OWN_FILES = {"admin.token", "log.key"}  # what they are for


def spellings(secret):
    """As it is, and as somebody may have written it down."""
    raw = secret.encode()
    return {raw, base64.b64encode(raw).rstrip(b"="), raw.hex().encode(),
            urllib.parse.quote(secret, safe="").encode()}


def leaks(secrets, places):
    """(secret, place) of each secret that stands in a place's bytes."""
    return [(name, place) for name, secret in secrets.items() for place, data in places.items()
            if any(spelling in data for spelling in spellings(secret))]


def logs(daemon):
    return {path.name: path.read_bytes() for path in daemon.folder.glob("log-*.txt")}


def files(daemon):
    found = {}
    for path in daemon.data.rglob("*"):
        if path.name in OWN_FILES or "pg" in path.parts or not path.is_file():
            continue
        with contextlib.suppress(FileNotFoundError):  # renamed or done with since it was listed
            found[f"file {path.name}"] = path.read_bytes()
    return found


def answers(daemon):
    """Every answer there is without a parameter in its path."""
    routes = [path for path, methods in daemon.api.get("/openapi.json").json["paths"].items()
              if "get" in methods and "{" not in path]
    return {f"GET {path}": daemon.api.get(path).body for path in routes}


def dump(cluster, url):
    """All rows of all tables, as text."""
    return {"database": cluster.command("pg_dump", "--data-only", "--inserts", "-d", url).encode()}


@pytest.fixture(name="venue")
def fixture_venue(folder):
    made = Sandbox("--state", folder / "venue.state", key=KEY, secret=SECRET,
                   candles=second_candles(folder))
    made.start("--key", KEY, "--secret", SECRET)
    yield made
    made.kill()


def secret_file(folder, name, text):
    path = folder / name
    path.write_text(text + "\n")
    path.chmod(0o600)
    return str(path)


def configured(folder, venue, secret, **changes):
    config = live_config(folder, venue, log_level="debug", **changes)
    config["venue_key_file"] = secret_file(folder, "venue.key", KEY)
    config["venue_secret_file"] = secret_file(folder, "venue.secret", secret)
    return config


def spoil(daemon, token):
    """Requests that are refused, with secrets where they do not belong."""
    wrong = token[:-4] + "AAAA"
    assert daemon.api.with_token(wrong).get("/v1/loop").status == 401
    assert daemon.anonymous.get("/v1/loop", {"Authorization": f"Basic {token}"}).status == 401
    return {"a mistyped token": wrong[-43:]}


def test_no_secret_leaves_the_daemon(make_daemon, folder, venue, own_cluster):
    url = own_cluster.database()
    env = {"DATABASE_URL": f"{url}&password={PASSWORD}"}
    daemon = start(make_daemon(configured(folder, venue, SECRET), env=env))
    made = daemon.api.post("/v1/tokens", {"name": "reader", "role": "viewer"},
                           headers={"Idempotency-Key": str(uuid.uuid4())}).json["secret"]
    assert daemon.api.with_token(made).get("/v1/loop").status == 200
    secrets = {"venue key": KEY, "venue secret": SECRET, "database password": PASSWORD,
               "admin token": daemon.token[-43:], "made token": made[-43:],
               "log key": re.split(r"[+\s]", (daemon.data / "log.key").read_text().strip())[-1],
               **spoil(daemon, made)}
    assert all(len(secret) > 10 for secret in secrets.values()), secrets
    wait_until(lambda: len(trades(daemon)) >= 2, 120, "trades")
    places = {**answers(daemon), **dump(own_cluster, url), **files(daemon), **logs(daemon)}
    own_cluster.stop()  # what it says of a database that is away
    wait_until(lambda: b"spooling" in daemon.log(), 120, "commits in the spool")
    places.update({f"{name}, database away": data for name, data in files(daemon).items()})
    own_cluster.start()
    wait_until(lambda: b"spool_ended" in daemon.log(), 60, "the database's return")
    venue.kill()  # and of a venue that is
    daemon.stop(60)
    places.update({f"{name}, at the end": data for name, data in logs(daemon).items()})
    assert leaks(secrets, places) == []
    # It would have found them: what is no secret stands in rows, answers, files and logs.
    seen = {place for _, place in leaks({"strategy": world.BUSY["name"]}, places)}
    assert {"database", "GET /v1/trades", "file log.jsonl", "log-1.txt"} <= seen


@pytest.mark.parametrize("url", [
    "postgresql://tester:{}@127.0.0.1:1/none", "host=127.0.0.1 port=1 password={}",
    "postgresql://127.0.0.1:1/none?password={}&nonsense=1",
])
def test_no_start_that_fails_tells_the_password(make_daemon, url):
    daemon = make_daemon(world.base_config(), env={"DATABASE_URL": url.format(PASSWORD)}).spawn()
    wait_until(lambda: daemon.process.poll() is not None, 60, "the end")
    assert leaks({"password": PASSWORD}, logs(daemon)) == []


def test_no_refusal_of_the_venue_tells_the_key(make_daemon, folder, venue):
    wrong = "Nw5wrongSECRETq77"
    daemon = make_daemon(configured(folder, venue, wrong)).spawn()
    wait_until(lambda: b"-1022" in daemon.log(), 60, "the refusal")
    shown = run("config", "show", "--config", daemon.config_path)
    places = {**logs(daemon), "config show": (shown.stdout + shown.stderr).encode()}
    assert leaks({"key": KEY, "secret": wrong}, places) == []
