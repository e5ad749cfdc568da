# SPDX-License-Identifier: Apache-2.0
"""Bytes over a socket, for requests no HTTP library would send."""
import socket

ENDED = (ConnectionResetError, BrokenPipeError)


def connect(port, timeout=20):
    return socket.create_connection(("127.0.0.1", port), timeout=timeout)


class Reader:
    """Reads responses one after the other from a socket."""

    def __init__(self, sock):
        self.file = sock.makefile("rb")

    def response(self):
        """(status, headers, body) of one response; None when the connection ended instead."""
        try:
            line = self.file.readline()
            if not line:
                return None
            headers = {}
            while (field := self.file.readline()) not in (b"\r\n", b""):
                name, _, value = field.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            body = self.file.read(int(headers.get("content-length", "0")))
        except ENDED:
            return None
        return int(line.split()[1]), headers, body


def ask(port, data, timeout=20):
    """Sends the bytes and returns the first response to them, or None."""
    with connect(port, timeout) as sock:
        try:
            sock.sendall(data)
        except ENDED:
            pass
        return Reader(sock).response()
