# SPDX-License-Identifier: Apache-2.0
"""A thin HTTP client that lets no answer pass which the API description does not promise."""
import functools
import http.client
import json
import socket
from urllib.parse import urlencode

from contract import Contract, strict_json


@functools.cache
def contract():
    return Contract()


class Reply:
    """One answer."""

    def __init__(self, method, target, response, body):
        self.method = method
        self.target = target
        self.path = target.split("?")[0]
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def media_type(self):
        return self.headers.get("Content-Type", "").split(";")[0].strip()

    @property
    def text(self):
        return self.body.decode()

    @functools.cached_property
    def json(self):
        return strict_json(self.body)

    def __repr__(self):
        return f"<{self.method} {self.target} {self.status} {self.body[:300]!r}>"


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the daemon's socket file."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.socket_path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.socket_path)


class Client:
    """Requests with one token; each answer is checked before the test sees it."""

    def __init__(self, port=None, token=None, unix_path=None, timeout=60):
        self.port, self.token, self.unix_path, self.timeout = port, token, unix_path, timeout

    def with_token(self, token):
        return Client(self.port, token, self.unix_path, self.timeout)

    def connect(self):
        if self.unix_path:
            return UnixConnection(str(self.unix_path), self.timeout)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)

    def request(self, method, target, body=None, headers=None, **params):
        sent = dict(headers or {})
        if self.token and "Authorization" not in sent:
            sent["Authorization"] = f"Bearer {self.token}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        given = {name.rstrip("_"): value for name, value in params.items() if value is not None}
        if given:
            target += "?" + urlencode(given)
        connection = self.connect()
        try:
            connection.request(method, target, body=body, headers=sent)
            response = connection.getresponse()
            reply = Reply(method, target, response, response.read())
        finally:
            connection.close()
        contract().check(reply)
        return reply

    def get(self, target, headers=None, **params):
        return self.request("GET", target, headers=headers, **params)

    def post(self, target, body=None, headers=None, **params):
        return self.request("POST", target, body, headers, **params)

    def put(self, target, body=None, headers=None, **params):
        return self.request("PUT", target, body, headers, **params)

    def delete(self, target, headers=None, **params):
        return self.request("DELETE", target, headers=headers, **params)

    def pages(self, target, **params):
        """Every row of a list, following next_cursor."""
        cursor = None
        while True:
            page = self.get(target, cursor=cursor, **params)
            assert page.status == 200, page
            yield from page.json["data"]
            cursor = page.json["next_cursor"]
            assert page.json["has_more"] == (cursor is not None), page
            assert ("Link" in page.headers) == (cursor is not None), page
            if cursor is None:
                return
