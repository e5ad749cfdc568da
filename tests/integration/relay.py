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
        self.is_cut, self.lock = False, threading.Lock()  # guards both
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
                with self.lock:
                    far = None if self.is_cut else self.reach()
                    self.open += [near, far] if far else []
                if not far:
                    near.close()
                    continue
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self.carry, args=(one, other), daemon=True).start()

    def reach(self):
        """A connection to the cluster; None while it takes none."""
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(self.target)
        except OSError:
            far.close()
            return None
        return far

    @staticmethod
    def carry(one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self):
        with self.lock:
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
