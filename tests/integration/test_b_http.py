# SPDX-License-Identifier: Apache-2.0
"""HTTP itself: methods, limits, hostile framing, odd targets and slow clients."""
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import raw
from contract import routes
from daemon import wait_until

NEEDS_QUERY = {"/v1/log/proof", "/v1/log/consistency"}
PLAIN_GETS = sorted({path for method, path, *_ in routes()
                     if method == "GET" and "{" not in path} - NEEDS_QUERY)
HEAD_VARIES = {"Date", "X-Request-Id", "Content-Length", "ETag"}


def head(target="/livez", *lines, method="GET", version="HTTP/1.1", host="Host: localhost"):
    first = [f"{method} {target} {version}", *([host] if host else []), *lines]
    return ("\r\n".join(first) + "\r\n\r\n").encode("latin-1")


def status(played, data):
    answer = raw.ask(played.port, data)
    return answer[0] if answer else None


@pytest.mark.parametrize("path", PLAIN_GETS)
def test_head_answers_like_get_without_a_body(api, path):
    wanted = 404 if path == "/v1/venue" else 200  # no venue is configured here

    def both():
        """Not while a probe says that the database was slow a moment ago."""
        replies = api.get(path), api.request("HEAD", path)
        return replies if [reply.status for reply in replies] == [wanted] * 2 else None

    get, only_head = wait_until(both, 30, f"{path} to answer {wanted}")
    assert only_head.body == b""
    for name in set(get.headers) - HEAD_VARIES:
        assert only_head.headers[name] == get.headers[name], name


@pytest.mark.parametrize("path,allowed", [
    ("/livez", {"GET", "HEAD", "OPTIONS"}),
    ("/v1/tokens", {"GET", "HEAD", "OPTIONS", "POST"}),
    ("/v1/loop/start", {"OPTIONS", "POST"}),
    ("/v1/loop/deadman", {"OPTIONS", "PUT"}),
    ("/v1/orders/1", {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH"}),
])
def test_options_tells_the_allowed_methods(api, path, allowed):
    reply = api.request("OPTIONS", path)
    assert reply.status == 204
    assert set(reply.headers["Allow"].replace(" ", "").split(",")) == allowed


@pytest.mark.parametrize("method,path", [
    ("DELETE", "/v1/loop"), ("POST", "/livez"), ("GET", "/v1/loop/start"), ("PUT", "/v1/tokens"),
    ("PATCH", "/v1/positions"), ("BREW", "/v1/loop"),
])
def test_a_wrong_method_is_405_with_allow(api, method, path):
    reply = api.request(method, path)
    assert (reply.status, reply.json["code"]) == (405, "method_not_allowed")
    assert method not in reply.headers["Allow"]


@pytest.mark.parametrize("target", [
    "/", "/v1", "/v1/", "/v1/loop/", "//v1/loop", "/v1//loop", "/v1/./loop", "/v1/../v1/loop",
    "/v1%2Floop", "/V1/loop", "/v1/nothing", "/v1/trades/1%2F2", "/a/b/c/d/e/f/g/h/i/j",
])
def test_a_path_that_is_no_route_is_404(api, target):
    assert api.get(target).status == 404


def test_escapes_in_a_segment_are_decoded(api):
    assert api.get("/v1/%6Coop").status == 200


@pytest.mark.parametrize("target", ["/v1/%zz", "/v1/%", "/v1/%4", "/v1/%00", "/v1/a%0d%0ab",
                                    "/v1/%ff", "/v1/trades/%C0%AF"])
def test_a_malformed_path_is_400(api, target):
    reply = api.get(target)
    assert (reply.status, reply.json["code"]) == (400, "request_invalid")


def test_an_absolute_target_is_400(played):
    assert status(played, head("http://localhost/livez")) == 400


@pytest.mark.parametrize("accept", ["text/html", "image/*", "application/json;q=0"])
def test_nothing_acceptable_is_406(played, accept):
    reply = played.anonymous.get("/metrics", headers={"Accept": accept})
    assert (reply.status, reply.json["code"]) == (406, "not_acceptable")


# ---- Bodies ----

def post_head(length, *lines, path="/v1/loop/pause"):
    return head(path, f"Content-Length: {length}", "Content-Type: application/json", *lines,
                method="POST")


def test_a_large_body_with_expect_is_413_before_it_is_sent(played):
    with raw.connect(played.port) as sock:
        sock.sendall(post_head(100_000, "Expect: 100-continue"))
        code, _, body = raw.Reader(sock).response()
    assert code == 413 and b"body_too_large" in body


def test_a_large_body_is_drained_so_that_its_sender_sees_413(scratch):
    body = b'{"reason": "' + b"x" * 4_000_000 + b'"}'
    reply = scratch.api.request("POST", "/v1/loop/pause", body)
    assert (reply.status, reply.json["code"]) == (413, "body_too_large")


def test_a_body_beyond_the_drain_limit_is_refused_at_once(played):
    assert status(played, post_head(1 << 30)) == 413


def test_an_endless_chunked_body_is_cut_off(played):
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with raw.connect(played.port) as sock:
        sock.sendall(head("/v1/loop/pause", "Transfer-Encoding: chunked",
                          "Content-Type: application/json", method="POST"))
        with pytest.raises(OSError):
            for _ in range(64 * 16):
                sock.sendall(chunk)
                sock.setblocking(False)
                try:
                    if not sock.recv(1):
                        raise ConnectionResetError
                except BlockingIOError:
                    pass
                sock.setblocking(True)


def test_expect_is_answered_with_continue(scratch):
    with raw.connect(scratch.port) as sock:
        sock.sendall(post_head(2, "Expect: 100-continue",
                               f"Authorization: Bearer {scratch.token}", path="/v1/loop/stop"))
        reader = raw.Reader(sock)
        assert reader.response()[0] == 100
        sock.sendall(b"{}")
        assert reader.response()[0] == 200


def test_a_chunked_body_is_read(scratch):
    data = head("/v1/loop/stop", "Transfer-Encoding: chunked", "Content-Type: application/json",
                f"Authorization: Bearer {scratch.token}", method="POST")
    body = b'5\r\n{"rea\r\n9\r\nson":"x"}\r\n0\r\n\r\n'
    assert status(scratch, data + body) == 200


@pytest.mark.parametrize("kind", [
    "text/plain", "application/json; charset=latin-1", "application/x-www-form-urlencoded",
    "application/jsonp", "application/json, text/plain",
])
def test_a_body_that_is_not_json_is_415(scratch, kind):
    reply = scratch.api.post("/v1/loop/stop", {}, headers={"Content-Type": kind})
    assert (reply.status, reply.json["code"]) == (415, "media_type")


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=UTF-8"])
def test_json_in_utf8_is_a_body(scratch, kind):
    assert scratch.api.post("/v1/loop/stop", {}, headers={"Content-Type": kind}).status == 200


# ---- Heads ----

def test_a_long_target_is_414(api):
    reply = api.get("/v1/trades", symbol="x" * 9000)
    assert (reply.status, reply.json["code"]) == (414, "uri_too_long")


def test_more_than_a_hundred_headers_are_431(api):
    reply = api.get("/livez", headers={f"X-{i}": "1" for i in range(101)})
    assert (reply.status, reply.json["code"]) == (431, "headers_too_large")


def test_a_huge_header_is_431(played):
    assert status(played, head("/livez", "X-Big: " + "x" * 60_000)) == 431


@pytest.mark.parametrize("lines", [
    ["Host: localhost"],
    ["Content-Length: 0", "Content-Length: 0"],
    ["Content-Length: 0", "Content-Length: 5"],
    ["Content-Length: 2", "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: gzip, chunked"],
    ["Transfer-Encoding: identity"],
    ["Content-Length : 2"],
    ["Content-Length: -1"],
    ["Content-Length: 1x"],
    ["X Y: 1"],
    ["X\x01Y: 1"],
    ["X-Bell: a\x07b"],
    ["Authorization: Bearer a", "Authorization: Bearer b"],
], ids=repr)
def test_doubtful_framing_is_400(played, lines):
    assert status(played, head("/livez", *lines)) == 400


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost:80x",
                                  "10.0.0.1", "user@localhost"])
def test_another_host_name_is_421(played, host):
    """Else a web page could reach the API through a name of its own (DNS rebinding)."""
    assert status(played, head("/livez", host=f"Host: {host}")) == 421


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:5"])
def test_loopback_names_are_served(played, host):
    assert status(played, head("/livez", host=f"Host: {host}")) == 200


def test_http_1_1_without_a_host_is_400(played):
    assert status(played, head("/livez", host=None)) == 400


def test_http_1_0_is_served_and_closed(played):
    with raw.connect(played.port) as sock:
        sock.sendall(head("/livez", version="HTTP/1.0"))
        reader = raw.Reader(sock)
        code, _, body = reader.response()
        assert (code, body) == (200, b"ok\n")
        assert reader.response() is None


def test_garbage_ends_the_connection_and_nothing_else(played):
    for junk in (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"GET\r\n\r\n", b"\x00\r\n\r\n"):
        assert status(played, junk) in (None, 400, 404, 405), junk
    assert played.anonymous.get("/livez").status == 200


# ---- Connections ----

def test_pipelined_requests_are_answered_in_order(played):
    token = f"Authorization: Bearer {played.token}"
    with raw.connect(played.port) as sock:
        sock.sendall(head("/livez") + head("/v1/trades?limit=1", token) + head("/version"))
        reader = raw.Reader(sock)
        answers = [reader.response() for _ in range(3)]
    assert [code for code, _, _ in answers] == [200, 200, 200]
    assert answers[0][2] == b"ok\n"
    assert b'"proof"' in answers[1][2] and b'"api"' in answers[2][2]


def test_a_connection_is_kept_for_the_next_request(played):
    with raw.connect(played.port) as sock:
        reader = raw.Reader(sock)
        for _ in range(20):
            sock.sendall(head("/livez"))
            assert reader.response()[0] == 200


def trickle(port, first, piece):
    """Seconds until the server ends a connection that is fed one piece now and then."""
    begun = time.monotonic()
    with raw.connect(port, timeout=0.5) as sock:
        sock.sendall(first)
        while time.monotonic() - begun < 60:
            try:
                if not sock.recv(4096):
                    return time.monotonic() - begun
                continue
            except TimeoutError:
                pass
            except OSError:
                return time.monotonic() - begun
            try:
                sock.sendall(piece)
            except OSError:
                return time.monotonic() - begun
    return None


def test_slow_senders_are_cut_off_while_others_are_served(played):
    slow = [(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n", b"X-A: 1\r\n"), (post_head(5000), b" ")]
    with ThreadPoolExecutor() as pool:
        waits = [pool.submit(trickle, played.port, *arguments) for arguments in slow]
        assert played.anonymous.get("/livez").status == 200
        for wait in waits:
            seconds = wait.result()
            assert seconds is not None and seconds > 5


def test_many_clients_at_once_are_all_served(api):
    def one(_):
        return api.get("/v1/trades", limit=5).status

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(one, range(200))) == {200}
