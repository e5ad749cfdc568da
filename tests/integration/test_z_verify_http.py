# SPDX-License-Identifier: Apache-2.0
"""`traderd verify URL` asks for every stored checkpoint, page by page, believes none of them, and comes
to an end whatever the server says."""
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

import evidence
from test_z_verify import verdicts_of, verify

SIZES = [1, 2, 3, 255, 256, 257, 300, 400, 411, 500]
PAGE = 3


class Served:
    """An evidence folder behind GET, with notes as /v1/log/checkpoints gives them; `spoil(from, page)`
    may change a page on its way out, and a status in place of one is answered as it is."""

    def __init__(self, folder, notes):
        self.asked, self.spoil = [], lambda start, page: page
        self.failing = {}  # by name: statuses of the next answers; below zero: cut short
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                url = urlsplit(self.path)
                outer.asked.append(self.path)
                status, body = outer.answer(url.path[1:], parse_qs(url.query))
                left = outer.failing.get(url.path[1:])
                if left:
                    outer.failing[url.path[1:]] = left[1:]
                    status = left[0]
                self.send_response(abs(status))
                self.send_header("Content-Length", str(len(body) + (status < 0)))
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = True

            def log_message(self, *_):
                pass

        self.folder, self.notes = folder, notes
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def answer(self, name, query):
        if name == "checkpoints":
            start, end = int(query["from"][0]), int(query["to"][0])
            page = self.spoil(start, self.page(start, end))
            if isinstance(page, int):
                return page, b"no"
            return 200, page if isinstance(page, bytes) else json.dumps(page).encode()
        path = self.folder / name
        return (200, path.read_bytes()) if path.is_file() else (404, b"")

    def page(self, start, end):
        left = [size for size in sorted(self.notes) if start <= size <= end]
        data = [{"tree_size": size, "root_hash": self.notes[size].split("\n")[2],
                 "envelope": self.notes[size]} for size in left[:PAGE]]
        return {"data": data, "next_from": left[PAGE - 1] + 1 if len(left) > PAGE else None}


@pytest.fixture(scope="module")
def log(played, tmp_path_factory):
    made = evidence.Evidence.of_data(played.data, tmp_path_factory.mktemp("key"))
    made.entries = made.entries[:500]
    return made


@pytest.fixture
def served(log, tmp_path):
    folder = log.write(tmp_path / "x")
    server = Served(folder, {size: log.note(size) for size in SIZES})
    yield server
    server.http.shutdown()
    server.http.server_close()


def judge(served, log):
    """In a folder of its own: the evidence of a fork is written into the working one."""
    return verdicts_of(verify(served.url, log.key.vkey, "--no-state", cwd=served.folder))[0]


def detail(served, log):
    told = verdicts_of(verify(served.url, log.key.vkey, "--no-state", cwd=served.folder))[1]
    return next(item["detail"] for item in told["properties"] if item["property"] == "checkpoints")


def test_every_checkpoint_is_asked_for_and_judged(served, log):
    assert judge(served, log)["checkpoints"] == "PASS"
    assert detail(served, log) == f"{len(SIZES)} checkpoints"
    pages = [path for path in served.asked if path.startswith("/checkpoints?")]
    assert len(pages) == 2 * -(-len(SIZES) // PAGE) and all("to=500" in path for path in pages)


@pytest.mark.parametrize("size", [1, 256, 411])
def test_a_signed_checkpoint_of_another_history_is_a_fork(served, log, size, tmp_path):
    served.notes[size] = log.key.note(size, b"\x55" * 32)
    found, told = verdicts_of(verify(served.url, log.key.vkey, "--no-state", cwd=tmp_path))
    assert found["checkpoints"] == "FAIL" and found["tree"] == "PASS"
    assert f"of {size} entries has another root" in str(told)
    made = json.loads((tmp_path / "equivocation.json").read_text())
    assert made["oldCheckpoint"]["envelope"] == served.notes[size]


def test_a_checkpoint_of_another_key_is_no_checkpoint(served, log, tmp_path):
    served.notes[300] = evidence.Key(log.key.name, b"\x07" * 32, tmp_path).note(300, b"\x55" * 32)
    assert judge(served, log)["checkpoints"] == "FAIL"


@pytest.mark.parametrize("page", [b"", b"[]", b"{}", b'{"data": 1, "next_from": null}',
                                  b'{"data": [{}], "next_from": null}',
                                  b'{"data": [], "next_from": "300"}',
                                  b'{"data": [], "next_from": 3}',   # back
                                  b'{"data": [], "next_from": 4}',   # nowhere
                                  b'{"data": [], "next_from": -1}'])
def test_a_list_that_is_none_or_has_no_end_is_refused(served, log, page):
    served.spoil = lambda start, whole: page if start == 4 else whole
    assert judge(served, log)["checkpoints"] == "FAIL"


def test_a_list_that_breaks_off_proves_nothing(served, log):
    served.spoil = lambda start, whole: 500 if start == 4 else whole
    assert judge(served, log)["checkpoints"] == "NOT PROVEN"
    served.notes[2] = log.key.note(2, b"\x55" * 32)
    assert judge(served, log)["checkpoints"] == "FAIL", "what did come is judged"
    served.spoil = lambda start, whole: 404 if start == 4 else whole
    assert judge(served, log)["checkpoints"] == "FAIL"


def test_a_server_without_the_list_is_a_tile_log(served, log):
    served.spoil = lambda start, whole: 404
    found = judge(served, log)
    assert "checkpoints" not in found and found["tree"] == "PASS"


def test_pages_that_lead_nowhere_come_to_an_end(served, log):
    """One size a page, none of them with notes: as many pages as there are sizes, no more."""
    served.spoil = lambda start, whole: {"data": [], "next_from": start + 1}
    assert "checkpoints" not in judge(served, log)
    assert len([path for path in served.asked if path.startswith("/checkpoints?")]) <= 500


# ---- What a server does not give ----

BUNDLE, TILE = "tile/entries/001.p/244", "tile/0/001.p/244"


@pytest.mark.parametrize("name", ["checkpoint", BUNDLE])
@pytest.mark.parametrize("status, said", [(500, "HTTP status 500"), (302, "HTTP status 302"),
                                          (-200, "1 bytes remaining")])
def test_what_could_not_be_read_is_nobodys_fault(served, log, name, status, said):
    """Neither a verdict on the log nor a success: the status of unreadable input, and why."""
    served.failing = {name: [status] * 9}
    done = verify(served.url, log.key.vkey, "--no-state", cwd=served.folder)
    assert done.returncode == 2 and done.stdout == ""
    assert name in done.stderr and said in done.stderr


def test_what_is_missing_is_told(served, log):
    served.failing = {BUNDLE: [404]}
    assert judge(served, log)["tree"] == "FAIL"
    served.failing = {"checkpoint": [404]}
    assert judge(served, log)["signature"] == "FAIL"
    served.failing = {TILE: [404]}
    assert judge(served, log)["tiles"] == "FAIL"


@pytest.mark.parametrize("name", ["checkpoint", BUNDLE, TILE])
def test_a_request_that_fails_is_made_again(served, log, name):
    served.failing = {name: [-200, 503]}
    found = judge(served, log)
    assert found["signature"] == found["tree"] == found["tiles"] == "PASS"


def test_tiles_and_time_stamps_that_could_not_be_read_prove_nothing(served, log):
    served.failing = {TILE: [500], "timestamps": [500]}
    found = judge(served, log)
    assert found["tiles"] == found["times"] == "NOT PROVEN" and found["tree"] == "PASS"
