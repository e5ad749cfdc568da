# SPDX-License-Identifier: Apache-2.0
"""The daemon's memory stays small and nothing it opens stays open."""
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import world
from daemon import binary, wait_until

RSS_LIMIT_KB = 64 * 1024
RUNS = 8  # of the loop


def status_kb(daemon, name):
    text = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith(name)))


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def is_sanitized():
    return b"__asan_init" in Path(binary()).read_bytes()


def test_memory_after_a_replay_is_under_64_mb(played):
    if not is_sanitized():
        assert status_kb(played, "VmHWM") < RSS_LIMIT_KB


def burst(daemon):
    def one(_):
        with_errors = [daemon.api.get("/v1/trades", limit=500).status,
                       daemon.api.post("/v1/loop/stop", {"x": 1}).status,
                       daemon.anonymous.get("/v1/loop").status,
                       daemon.api.get("/v1/metrics/equity").status]
        return with_errors

    with ThreadPoolExecutor(16) as pool:
        for statuses in pool.map(one, range(40)):
            assert statuses == [200, 422, 401, 200]


def test_requests_leave_no_descriptor_and_no_memory_behind(played):
    burst(played)
    burst(played)
    wait_until(lambda: descriptors(played) <= before(played), 60, "connections to end")
    first, memory = descriptors(played), status_kb(played, "VmRSS")
    for _ in range(3):
        burst(played)
    wait_until(lambda: descriptors(played) <= first, 60, "connections to end")
    if not is_sanitized():
        assert status_kb(played, "VmRSS") < memory + 8 * 1024


def before(daemon):
    """Listeners, epolls, the database's pool and files: well under a hundred."""
    assert descriptors(daemon) < 400
    return 80


def test_runs_of_the_loop_open_nothing_more(make_daemon, folder):
    daemon = make_daemon(world.replay_config(folder, world.BUSY, count=2500,
                                             replay_speed=20000)).start()
    least = 1000
    for _ in range(RUNS):
        daemon.start_loop()
        daemon.api.post("/v1/loop/pause")
        daemon.api.post("/v1/loop/stop")
        least = min(least, descriptors(daemon))
    # Of the least few or none were a client's; one a run that stays would be more than these.
    wait_until(lambda: descriptors(daemon) <= least + 2, 60, f"descriptors to be {least} again")


def test_stopping_is_quick_with_clients_connected(make_daemon):
    import socket
    import time

    daemon = make_daemon(world.base_config()).start()
    idle = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(20)]
    with ThreadPoolExecutor() as pool:
        tag = daemon.api.get("/v1/loop").headers["ETag"]
        waiting = pool.submit(daemon.api.get, "/v1/loop", {"If-None-Match": tag}, wait="60s")
        begun = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - begun < 40, "it does not wait for those who wait"
        assert waiting.exception(60) or waiting.result().status in (200, 304, 503)
    for sock in idle:
        sock.close()
