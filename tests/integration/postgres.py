# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL of the test's own: the external database of DATABASE_URL, to be killed at will."""
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

from daemon import is_alive, new_folder, state_of, wait_until


def program(name):
    """PostgreSQL's own programs; Debian keeps them off PATH."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    assert found, f"{name} is not installed"
    return found


class Cluster:
    """initdb, a postmaster on a unix socket, and what a test may do to it."""

    def __init__(self):
        self.folder = new_folder()
        self.pgdata = self.folder / "pgdata"
        self.user = self.unprivileged()
        if self.user:
            shutil.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        self.process = None
        self.count = 0
        self.command("initdb", "-D", self.pgdata, "-U", "tester", "-E", "UTF8", "--locale=C.UTF-8",
                     "--auth-local=trust", "--auth-host=reject", "--no-sync")
        self.start()

    @staticmethod
    def unprivileged():
        """PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return None
        with contextlib.suppress(KeyError):
            return pwd.getpwnam("postgres")
        return pwd.getpwnam("nobody")

    def options(self):
        if not self.user:
            return {"cwd": "/"}
        return {"cwd": "/", "user": self.user.pw_uid, "group": self.user.pw_gid,
                "extra_groups": []}

    def command(self, name, *words):
        done = subprocess.run([program(name), *map(str, words)], capture_output=True, text=True,
                              timeout=120, check=False, **self.options())
        assert done.returncode == 0, f"{name}: {done.stderr}"
        return done.stdout

    def start(self):
        with open(self.folder / "postgres.log", "ab") as log:
            self.process = subprocess.Popen(
                [program("postgres"), "-D", str(self.pgdata), "-k", str(self.folder),
                 "-c", "listen_addresses=", "-c", "max_connections=40",
                 "-c", "shared_buffers=16MB"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, **self.options())
        ready = [program("pg_isready"), "-q", "-h", str(self.folder), "-U", "tester"]
        wait_until(lambda: self.is_up(ready), 60, "PostgreSQL")

    def is_up(self, ready):
        assert self.process.poll() is None, (self.folder / "postgres.log").read_text()[-3000:]
        return subprocess.run(ready, check=False).returncode == 0

    def url(self, name):
        return f"postgresql:///{name}?host={self.folder}&user=tester"

    def database(self):
        """A new database; returns its URL."""
        self.count += 1
        name = f"test{self.count}"
        self.sql(f"CREATE DATABASE {name}", "postgres")
        return self.url(name)

    def copied(self, url):
        """The URL of a new database with the content of one that nobody is connected to."""
        self.count += 1
        name, base = f"test{self.count}", url.split("///")[1].split("?")[0]
        self.sql(f"CREATE DATABASE {name} TEMPLATE {base}", "postgres")
        return self.url(name)

    def sql(self, text, name):
        return self.command("psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1",
                            "-d", self.url(name) if "/" not in name else name, "-c", text)

    def kill(self):
        """SIGKILL of the postmaster; its children notice and end."""
        self.process.send_signal(signal.SIGSTOP)  # so that no child comes unseen
        wait_until(lambda: state_of(self.process.pid) == "T", 60, "the postmaster to stand still")
        children = self.children()
        self.process.kill()
        self.process.wait(60)
        wait_until(lambda: not any(map(is_alive, children)), 60, "the end of all backends")
        (self.pgdata / "postmaster.pid").unlink(missing_ok=True)

    def children(self):
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)

    def cleanup(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
