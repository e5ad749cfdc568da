# SPDX-License-Identifier: Apache-2.0
"""HTTP load and what it is compared with: wrk, and an nginx of our own that returns fixed bytes."""
import os
import re
import shutil
import subprocess

import bench
import daemon

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}
# nginx takes at most 4 kB in one parameter.
CHUNK = 2000


def start_wrk(url, seconds, headers=()):
    if not shutil.which("wrk"):
        raise bench.Failed("wrk is missing; run: tools/deps.sh bench")
    command = ["wrk", "-t1", "-c64", f"-d{seconds}s", "--latency"]
    for header in headers:
        command += ["-H", header]
    return subprocess.Popen(command + [url], stdout=subprocess.PIPE, text=True)


def finish_wrk(process, seconds):
    """Requests a second, p50 and p99 in milliseconds."""
    try:
        out, _ = process.communicate(timeout=seconds + 20)
    finally:
        bench.end_process(process)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    if not rate or "Non-2xx" in out:
        raise bench.Failed("wrk: " + " ".join(out.split())[-300:])
    times = {}
    for percent in ("50", "99"):
        match = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m)", out, re.MULTILINE)
        times[percent] = float(match.group(1)) * UNITS[match.group(2)]
    return float(rate.group(1)), times["50"], times["99"]


def wrk(url, seconds, headers=()):
    return finish_wrk(start_wrk(url, seconds, headers), seconds)


def nginx_config(folder, port, sizes):
    """One location for each body size: `return 200` of that many bytes."""
    lines = []
    for size in sizes:
        parts = [min(CHUNK, size - at) for at in range(0, size, CHUNK)]
        names = "".join(f"$part{n}" for n in parts)
        lines += [f"location = /{size} {{", "default_type application/json;"]
        lines += [f"set $part{n} {'x' * n};" for n in sorted(set(parts))]
        lines += [f"return 200 {names};", "}"]
    text = f"""
daemon off; master_process on; worker_processes 2; pid {folder}/nginx.pid;
error_log {folder}/nginx.log error;
events {{ worker_connections 256; }}
http {{
    access_log off; keepalive_requests 1000000000; server_tokens off;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{ listen 127.0.0.1:{port}; {' '.join(lines)} }}
}}
"""
    path = os.path.join(folder, "nginx.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


class Nginx:
    """nginx on an unprivileged loopback port, for the given body sizes."""

    def __init__(self, folder, sizes):
        self.program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if not self.program:
            raise bench.Failed("nginx is missing; run: tools/deps.sh bench")
        self.port = daemon.free_port()
        self.folder = folder
        self.config = nginx_config(folder, self.port, sorted(set(sizes)))
        self.process = None

    def __enter__(self):
        command = [self.program, "-p", self.folder, "-c", self.config]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            bench.wait_for(self.answers, 10, "nginx", step=0.02)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        bench.end_process(self.process)

    def answers(self):
        if self.process.poll() is not None:
            with open(os.path.join(self.folder, "nginx.log"), encoding="utf-8") as log:
                raise bench.Failed("nginx: " + log.read().strip())
        try:
            probe = daemon.http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            probe.request("GET", "/none")
            probe.getresponse().read()
            probe.close()
            return True
        except OSError:
            return False

    def url(self, size):
        return f"http://127.0.0.1:{self.port}/{size}"
