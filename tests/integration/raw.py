# SPDX-License-Identifier: Apache-2.0
"""Bytes over a socket, for requests no HTTP library would send."""
import socket
from pathlib import Path

ENDED = (ConnectionResetError, BrokenPipeError)


def connect(port, timeout=60):
    return socket.create_connection(("127.0.0.1", port), timeout=timeout)


def is_read(sock):
    """Whether the server, on this machine, has read all that was sent to it."""
    own, other = (f"0100007F:{port:04X}" for _, port in (sock.getsockname(), sock.getpeername()))
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1:3] == [other, own]:
            return int(words[4].split(":")[1], 16) == 0
    return False


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


def ask(port, data, timeout=60):
    """Sends the bytes and returns the first response to them, or None."""
    with connect(port, timeout) as sock:
        try:
            sock.sendall(data)
        except ENDED:
            pass
        return Reader(sock).response()
