# SPDX-License-Identifier: Apache-2.0
"""Fixtures: daemons that are made, shared, shown on failure and always ended."""
import shutil
import signal
import sys

import pytest

import world
from daemon import Daemon, new_folder
from postgres import Cluster

TEST_TIMEOUT_S = 300
living = []


def pytest_configure():
    """An ended test run ends its daemons too: fixtures are finished on the way out."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def pytest_collection_modifyitems(items):
    for item in items:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(TEST_TIMEOUT_S))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for daemon in living:
            report.sections.append((f"log of {daemon.data}", daemon.tail()))


def build(config, **options):
    daemon = Daemon(config, **options)
    living.append(daemon)
    return daemon


def end(daemon):
    living.remove(daemon)
    daemon.cleanup()


@pytest.fixture
def make_daemon():
    """Makes daemons for one test; they are not started."""
    made = []

    def make(config, **options):
        made.append(build(config, **options))
        return made[-1]

    yield make
    for daemon in made:
        end(daemon)


@pytest.fixture
def folder():
    """A folder of the test's own that an unprivileged PostgreSQL can reach."""
    path = new_folder()
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def session_folder():
    path = new_folder()
    yield path
    shutil.rmtree(path, ignore_errors=True)


def shared(config):
    daemon = build(config)
    try:
        yield daemon.start()
    finally:
        end(daemon)


@pytest.fixture(scope="session")
def played(session_folder):
    """A daemon that has played 2,500 candles with a strategy that trades often; only read it."""
    path = session_folder / "played"
    path.mkdir()
    config = world.replay_config(path, world.BUSY, count=2500, starting_equity="10000")
    for daemon in shared(config):
        yield daemon.replay()


@pytest.fixture(scope="session")
def scratch(session_folder):
    """A daemon of the demo strategy whose loop no test may rely on: tokens, bad input, commands."""
    path = session_folder / "scratch"
    path.mkdir()
    config = world.replay_config(path, world.HOLDER, count=400)
    for daemon in shared(config):
        yield daemon


@pytest.fixture(scope="session")
def undisturbed(session_folder):
    """The log files of a replay of world.LONG candles that nothing disturbed."""
    path = session_folder / "undisturbed"
    path.mkdir()
    daemon = build(world.replay_config(path, world.BUSY, count=world.LONG))
    try:
        daemon.start().replay()
        assert daemon.stop() == 0
        return {name: daemon.lines(name) for name in ("trades.jsonl", "log.jsonl")}
    finally:
        end(daemon)


@pytest.fixture(scope="session")
def cluster():
    """A PostgreSQL of the tests' own; those that harm it make one for themselves."""
    made = Cluster()
    yield made
    made.cleanup()


@pytest.fixture
def own_cluster():
    made = Cluster()
    yield made
    made.cleanup()


@pytest.fixture
def api(played):
    """The administrator's client of the daemon that has played."""
    return played.api
