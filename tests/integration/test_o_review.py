# SPDX-License-Identifier: Apache-2.0
"""What a reading of the HTTP server and the command line found to go wrong."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

import raw
from client import Client
from daemon import STOP_S, binary, environment, run, wait_until
from world import HOLDER, base_config, replay_config


def serve(folder, *arguments, **env):
    """To its end, which is to come soon: what is started here is refused."""
    return run("serve", "--data", folder / "data", *arguments,
               env=environment(**{"TRADERD_LISTEN": "127.0.0.1:0", **env}))


# ---- TLS ----

def make_pair(folder, name):
    certificate, key = folder / f"{name}.cert", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)],
                   check=True, capture_output=True)
    return certificate, key


@pytest.mark.parametrize("broken", ["", "not a certificate\n"])
@pytest.mark.parametrize("which", ["TRADERD_TLS_CERT", "TRADERD_TLS_KEY"])
def test_a_file_without_pem_never_means_plain_http(folder, broken, which):
    certificate, key = make_pair(folder, "a")
    bad = folder / "bad.pem"
    bad.write_text(broken)
    env = {"TRADERD_TLS_CERT": certificate, "TRADERD_TLS_KEY": key, which: bad}
    done = serve(folder, **env)
    assert done.returncode == 2, done
    assert which.removeprefix("TRADERD_").lower() in done.stderr and "PEM form" in done.stderr, done
    assert "is ready" not in done.stdout


def test_two_empty_tls_files_stop_the_start(folder):
    empty = folder / "empty.pem"
    empty.write_text("")
    done = serve(folder, TRADERD_TLS_CERT=empty, TRADERD_TLS_KEY=empty)
    assert done.returncode == 2 and "tls_cert" in done.stderr, done


def test_a_key_with_a_password_is_refused_without_asking(folder):
    certificate, key = make_pair(folder, "a")
    locked = folder / "locked.key"
    subprocess.run(["openssl", "pkey", "-in", str(key), "-aes256", "-passout", "pass:secret",
                    "-out", str(locked)], check=True, capture_output=True)
    done = serve(folder, TRADERD_TLS_CERT=certificate, TRADERD_TLS_KEY=locked)
    assert done.returncode == 2 and "tls_key" in done.stderr and "password" in done.stderr, done


def test_a_key_of_another_certificate_stops_the_start(folder):
    certificate, _ = make_pair(folder, "a")
    _, key = make_pair(folder, "b")
    done = serve(folder, TRADERD_TLS_CERT=certificate, TRADERD_TLS_KEY=key)
    assert done.returncode == 2 and "is not the key of" in done.stderr, done


# ---- The database's password ----

@pytest.mark.parametrize("url", [
    "garbage://u:pa55word@h/x", " postgres://u:pa55word@h/x", "postgres://u:pa55%zzword@h/x",
    "postgres://u:pa55word@[::1/x", 'garbage://u:"pa55"word@h/x', "host=h pa55word",
    'postgres://u:pa55word@[::1]"/x',
])
def test_a_malformed_url_is_refused_without_its_password(folder, url):
    done = serve(folder, DATABASE_URL=url)
    assert done.returncode == 2 and "database_url" in done.stderr, done
    for piece in ("pa55", "word@", "zzword"):
        assert piece not in done.stderr + done.stdout, done
    assert len(done.stderr.strip().splitlines()[-1]) > 30, done


# ---- admin.token ----

def whoami(daemon):
    return daemon.api.get("/v1/whoami").status


def test_a_dead_admin_token_is_told_and_stops_nothing(make_daemon):
    daemon = make_daemon(base_config()).start()
    first = daemon.token
    spare = daemon.make_token("admin")
    assert daemon.api.delete(f"/v1/tokens/{first[3:15]}").status == 204
    assert whoami(daemon) == 401
    assert daemon.stop() == 0
    path = daemon.data / "admin.token"
    for text, reason in ((first, b"revoked"), (spare["secret"][:-3] + "AAA", b"its secret")):
        path.write_text(text + "\n")
        daemon.start()
        assert whoami(daemon) == 401
        assert b"admin_token_refused" in daemon.log() and reason in daemon.log()
        assert b"of no use" in daemon.log() and b"curl" not in daemon.log()
        assert text.encode() not in daemon.log()
        assert daemon.stop() == 0
    path.unlink()
    daemon.start()
    assert whoami(daemon) == 200 and b"curl" in daemon.log()


def test_a_readable_admin_token_is_closed_and_told(make_daemon):
    daemon = make_daemon(base_config()).start()
    assert daemon.stop() == 0
    path = daemon.data / "admin.token"
    path.chmod(0o644)
    daemon.start()
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"admin_token_readable" in daemon.log()
    assert whoami(daemon) == 200


# ---- The socket ----

@pytest.mark.parametrize("header", ["X-Forwarded-For", "x-real-ip", "Forwarded", "Via",
                                    "X-Forwarded-Proto", "X-Forwarded-Host"])
def test_a_request_a_proxy_passes_on_is_nobodys_without_a_token(scratch, header):
    local = Client(unix_path=scratch.socket_path)
    assert local.get("/v1/whoami").status == 200
    assert local.get("/v1/whoami", headers={header: "for=203.0.113.9"}).status == 401
    proxied = Client(unix_path=scratch.socket_path, token=scratch.token)
    assert proxied.get("/v1/whoami", headers={header: "for=203.0.113.9"}).status == 200


# ---- Off loopback ----

@pytest.fixture(name="exposed")
def make_exposed(make_daemon):
    return make_daemon(base_config(insecure_bind=True, http_connections=32)).start("0.0.0.0:0")


def test_one_address_cannot_take_every_connection(exposed):
    with contextlib.ExitStack() as stack:
        held = []
        for _ in range(32):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", exposed.port), 10))
            held.append(sock)

        def refused():
            return sum(is_closed(sock) for sock in held) >= 20

        wait_until(refused, 60, "the refusal of connections beyond the share of one address")
        local = Client(unix_path=exposed.socket_path)
        assert local.get("/livez").status == 200


def is_closed(sock):
    try:
        return sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_guessing_tokens_is_slowed_down_but_not_for_the_socket(exposed):
    wrong = exposed.api.with_token("tk_" + "0" * 12 + "_" + "A" * 43)
    # One attempt in six seconds comes back meanwhile, so how many it takes depends on the machine.
    seen = []
    while len(seen) < 100 and (not seen or seen[-1].status == 401):
        seen.append(wrong.get("/v1/whoami"))
    assert len(seen) > 10 and seen[-1].status == 429
    assert int(seen[-1].headers["Retry-After"]) > 0
    guesser = Client(unix_path=exposed.socket_path, token="tk_" + "0" * 12 + "_" + "A" * 43)
    assert [guesser.get("/v1/whoami").status for _ in range(14)] == [401] * 14
    honest = Client(unix_path=exposed.socket_path, token=exposed.token)
    assert honest.get("/v1/whoami").status == 200


# ---- What would be right ----

@pytest.mark.parametrize("query, hint", [
    ("limit=501", "from 1 to 500"), ("limit=", "from 1 to 500"), ("order=up", "desc, asc"),
    ("order_id=0", "1 or more"), ("symbol=", "1 to 31 bytes"),
])
def test_a_bad_parameter_says_what_would_be_right(scratch, query, hint):
    reply = scratch.api.get(f"/v1/trades?{query}")
    assert reply.status == 400
    assert hint in reply.json["errors"][0]["hint"], reply


def test_a_bad_field_says_its_bounds(scratch):
    reply = scratch.api.post("/v1/tokens", {"name": "a", "role": "viewer", "expires_in_s": -1})
    assert reply.status == 422
    assert "from " in reply.json["errors"][0]["hint"], reply


# ---- Two at once ----

def test_one_key_many_at_once_is_executed_once(scratch):
    replies = []

    def send():
        replies.append(scratch.api.post("/v1/tokens", {"name": "once only", "role": "viewer"},
                                        headers={"Idempotency-Key": "many-at-once"}))

    senders = [threading.Thread(target=send) for _ in range(12)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    done = [r for r in replies if r.status == 201]
    assert len([r for r in done if "Idempotent-Replayed" not in r.headers]) == 1
    assert {r.status for r in replies} <= {201, 409}
    assert all(r.headers["Retry-After"] == "1" for r in replies if r.status == 409)
    rows = scratch.api.get("/v1/tokens").json["data"]
    assert len([t for t in rows if t["name"] == "once only"]) == 1


# ---- The end ----

def test_sigterm_answers_those_who_wait_and_those_half_sent(make_daemon):
    daemon = make_daemon(base_config()).start()
    asked = f"GET /v1/loop?wait=60s HTTP/1.1\r\nHost: localhost\r\n" \
            f"Authorization: Bearer {daemon.token}\r\n\r\n"
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(raw.connect(daemon.port)) for _ in range(4)]
        half = stack.enter_context(raw.connect(daemon.port))
        for sock in waiting:
            sock.sendall(asked.encode())
        half.sendall(b"POST /v1/loop/stop HTTP/1.1\r\nHost: localhost\r\n")
        wait_until(lambda: all(map(raw.is_read, [*waiting, half])), 30, "the server to read")
        begun = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        answers = [raw.Reader(sock).response() for sock in waiting]
        assert time.monotonic() - begun < 30, "a waiting request must not hold up the end"
        assert {status for status, *_ in answers} <= {200, 503}
        assert daemon.process.wait(STOP_S) == 0


def test_file_descriptors_are_given_back(make_daemon):
    daemon = make_daemon(base_config()).start()

    def count():
        return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))

    before = count()
    for _ in range(200):
        assert daemon.api.get("/v1/loop").status == 200
    for _ in range(50):
        raw.ask(daemon.port, b"NONSENSE\r\n\r\n")
    wait_until(lambda: count() <= before + 2, 60, "the end of closed connections")


# ---- Command line ----

@pytest.mark.parametrize("words", [["serve", "--help"], ["token", "-h"], ["-h"],
                                   ["config", "show", "--help"]])
def test_whoever_asks_for_help_gets_it(words):
    done = run(*words)
    assert done.returncode == 0 and "traderd serve" in done.stdout, done


@pytest.mark.parametrize("words", [["serve", "--data", ""], ["serve", "--config="],
                                   ["config", "check", "--config", ""], ["version", "x"]])
def test_an_empty_value_is_not_the_default(words):
    done = run(*words)
    assert done.returncode == 2 and done.stderr, done


@pytest.mark.parametrize("token_id", ["a b", "../loop", "tk_0123456789ab_" + "S" * 43, "a" * 24])
def test_a_token_is_revoked_by_its_id_only(scratch, token_id):
    done = run("token", "revoke", token_id, "--data", scratch.data)
    assert done.returncode == 2 and "token's id" in done.stderr, done
    assert "SSS" not in done.stderr


def test_an_empty_file_is_called_empty(folder):
    path = folder / "empty.json"
    path.write_text("")
    for words in (["check", path], ["config", "check", "--config", path]):
        done = run(*words)
        assert done.returncode == 2 and "empty" in done.stderr, done


@pytest.mark.parametrize("change, key", [
    ({"listen": "here"}, "listen"), ({"mode": "live"}, "mode"),
    ({"account_label": "a b"}, "account_label"), ({"tls_cert": "a.pem"}, "tls_key"),
    ({"listen": "0.0.0.0:1"}, "listen"), ({"tick_sizes": ["BTC/USDT=x"]}, "tick_sizes"),
    ({"strategy": "none.json"}, "strategy"), ({"candles": ["BTC/USDT=none.csv"]}, "candles"),
])
def test_config_check_refuses_what_serve_would(folder, change, key):
    config = {**replay_config(folder, HOLDER, count=50), **change}
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    checked = run("config", "check", "--config", path)
    served = run("serve", "--config", path, "--data", folder / "data")
    assert checked.returncode == 2 and key in checked.stderr and not checked.stdout, checked
    assert served.returncode in (1, 2) and key in served.stderr, served


def test_a_second_daemon_is_refused_and_told_the_first(scratch):
    done = subprocess.run([binary(), "serve", "--data", str(scratch.data),
                           "--listen", "127.0.0.1:0"], capture_output=True, text=True,
                          timeout=60, env=environment(), check=False)
    assert done.returncode == 1 and str(scratch.process.pid) in done.stderr, done


def test_an_unknown_token_is_named_with_and_without_a_daemon(scratch, make_daemon, cluster):
    stopped = make_daemon({**base_config(), "database_url": cluster.database()})
    for daemon in (scratch, stopped):
        done = run("token", "revoke", "0123456789ab", "--data", daemon.data,
                   "--config", daemon.config_path)
        assert done.returncode == 1 and "0123456789ab" in done.stderr, done


@pytest.mark.parametrize("right", ["CONNECT", "CREATE"])
def test_a_database_without_rights_is_told(folder, cluster, right):
    url = cluster.database()
    name = f"norights_{right.lower()}"
    cluster.sql(f"CREATE ROLE {name} LOGIN", url)
    database = url.split("?")[0].rsplit("/", 1)[1]
    if right == "CONNECT":
        cluster.sql(f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC", url)
    done = serve(folder, DATABASE_URL=url.replace("user=tester", f"user={name}"))
    assert done.returncode == 1 and "permission denied" in done.stderr, done
