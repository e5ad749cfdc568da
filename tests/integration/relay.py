# SPDX-License-Identifier: Apache-2.0
"""The way of one daemon to a PostgreSQL: a unix socket whose connections a test may cut."""
import contextlib
import shutil
import socket
import threading

from daemon import new_folder


class Relay:
    """Passes bytes on to a cluster's socket; while it is cut nobody gets through."""

    def __init__(self, cluster):
        self.target = str(cluster.folder / ".s.PGSQL.5432")
        self.folder = new_folder()
        self.open = []
        self.is_cut = False
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.folder / ".s.PGSQL.5432"))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self, url):
        """That of the same database, by this way."""
        return url.replace(f"host={self.target.rsplit('/', 1)[0]}", f"host={self.folder}")

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                if self.is_cut:
                    near.close()
                    continue
                far = socket.socket(socket.AF_UNIX)
                far.connect(self.target)
                self.open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self.carry, args=(one, other), daemon=True).start()

    @staticmethod
    def carry(one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self):
        self.is_cut = True
        for end in self.open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self):
        self.is_cut = False

    def close(self):
        self.cut()
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)
