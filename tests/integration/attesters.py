# SPDX-License-Identifier: Apache-2.0
"""A witness and a timestamp authority on loopback, made from their definitions and not from ours.

Witness: https://c2sp.org/tlog-witness and tlog-cosignature, with the openssl command for signatures;
its state is a file that is renamed into place before an answer.  Authority: RFC 3161 by `openssl ts`.
"""
import base64
import datetime
import json
import os
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import tlog

DASH = "\N{EM DASH} "
PKCS8 = bytes.fromhex("302e020100300506032b657004220420")  # what RFC 8410 puts before a seed


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=True,
                          timeout=60, **options).stdout


class Server:
    """Answers POST with what `answer(path, body)` gives: (status, content type, bytes); with
    `failing`, the same, while it is set."""

    def __init__(self):
        self.asked, self.failing = [], None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append(body)
                if outer.failing:
                    status, kind, data = outer.failing
                else:
                    status, kind, data = outer.answer(self.path, body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class Cosigner:
    """A witness's key."""

    def __init__(self, name, seed, folder):
        self.name, self.folder = name, Path(folder)
        self.der = self.folder / f"{name.replace('/', '_')}.der"
        self.der.write_bytes(PKCS8 + seed)
        public = openssl("pkey", "-in", self.der, "-inform", "DER", "-pubout", "-outform",
                         "DER")[-32:]
        self.id = tlog.sha256(name.encode() + b"\n\x04" + public)[:4]
        encoded = base64.b64encode(b"\x04" + public).decode()
        self.vkey = f"{name}+{self.id.hex()}+{encoded}"

    def cosign(self, text, at=None):
        """The signature line for a note's text."""
        at = int(time.time()) if at is None else at
        message = self.folder / f"message-{threading.get_ident()}"
        message.write_bytes(f"cosignature/v1\ntime {at}\n".encode() + text)
        signature = openssl("pkeyutl", "-sign", "-inkey", self.der, "-keyform", "DER", "-rawin",
                            "-in", message)
        data = base64.b64encode(self.id + at.to_bytes(8, "big") + signature).decode()
        return f"{DASH}{self.name} {data}\n"


class Witness(Server):
    """One that knows some logs."""

    def __init__(self, name, folder, logs=()):
        self.key = Cosigner(name, tlog.sha256(name.encode()), folder)
        self.logs = {vkey.split("+", 1)[0]: tlog.Key(vkey) for vkey in logs}
        self.state_path = Path(folder) / f"{name.replace('/', '_')}.state"
        self.lock, self.statuses, self.shift = threading.RLock(), [], 0
        super().__init__()

    def state(self):
        return json.loads(self.state_path.read_text()) if self.state_path.exists() else {}

    def remember(self, origin, size, root):
        path = self.state_path.with_suffix(".new")
        with self.lock:  # a test's own word does not come amid an answer
            with open(path, "w", encoding="ascii") as file:
                json.dump({**self.state(), origin: [size, root.hex()]}, file)
                file.flush()
                os.fsync(file.fileno())
            path.rename(self.state_path)

    def answer(self, path, body):
        with self.lock:
            status, kind, text = self.add_checkpoint(path, body)
            self.statuses.append(status)
            return status, kind, text.encode()

    def add_checkpoint(self, path, body):
        if path != "/add-checkpoint":
            return 404, "text/plain", "no such path\n"
        head, _, note = body.partition(b"\n\n")
        lines = head.decode().split("\n")
        assert lines[0].startswith("old ") and len(lines) <= 64
        old, proof = int(lines[0][4:]), [base64.b64decode(line, validate=True) for line in lines[1:]]
        origin = note.decode().partition("\n")[0]
        if origin not in self.logs:
            return 404, "text/plain", "unknown log\n"
        try:
            size, root = tlog.open_note(note, self.logs[origin])
        except (AssertionError, ValueError):
            return 403, "text/plain", "no signature of a trusted key\n"
        if old > size:
            return 400, "text/plain", "old is larger\n"
        known, known_root = self.state().get(origin, [0, ""])
        if old != known or (known == size and known_root != root.hex()):
            return 409, "text/x.tlog.size", f"{known}\n"
        try:
            if old:
                tlog.check_consistency(old, bytes.fromhex(known_root), size, root, proof)
            else:
                assert not proof
        except (AssertionError, IndexError):
            return 422, "text/plain", "bad proof\n"
        self.remember(origin, size, root)
        text = note.rpartition(b"\n\n")[0] + b"\n"
        return 200, "text/plain", self.key.cosign(text, int(time.time()) + self.shift)


class Authority(Server):
    """A timestamp authority; its certificate is valid for a day around `at`."""

    def __init__(self, folder, at=None):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lock = threading.Lock()
        self.make_certificates(at)
        super().__init__()

    def make_certificates(self, at=None):
        (self.folder / "openssl.cnf").write_text(f"""
[req]
distinguished_name = dn
prompt = no
[dn]
O = traderd tests
[ca_ext]
basicConstraints = critical, CA:true
[tsa_ext]
basicConstraints = CA:false
extendedKeyUsage = critical, timeStamping
[ca]
default_ca = a
[a]
database = {self.folder}/index
serial = {self.folder}/serials
new_certs_dir = {self.folder}
default_md = sha256
policy = any
x509_extensions = tsa_ext
[any]
commonName = supplied
organizationName = supplied
[tsa]
default_tsa = t
[t]
serial = {self.folder}/serial
default_policy = 1.2.3.4
digests = sha256
signer_digest = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
""")
        (self.folder / "index").write_text("")
        (self.folder / "serials").write_text("01\n")
        at = at or datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        dates = [moment.strftime("%Y%m%d%H%M%SZ") for moment in (at - day, at + day)]
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-subj",
                     "/O=traderd tests/CN=CA", "-extensions", "ca_ext")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                     "tsa.key", "-out", "tsa.csr", "-subj", "/O=traderd tests/CN=TSA")
        self.openssl("ca", "-batch", "-notext", "-cert", "ca.pem", "-keyfile", "ca.key", "-in",
                     "tsa.csr", "-out", "tsa.pem", "-startdate", dates[0], "-enddate", dates[1])
        self.ca = self.folder / "ca.pem"

    def openssl(self, command, *arguments):
        config = () if command in ("ts",) else ("-config", "openssl.cnf")
        return openssl(command, *config, *arguments, cwd=self.folder)

    def answer(self, _, body):
        with self.lock:
            (self.folder / "query").write_bytes(body)
            return 200, "application/timestamp-reply", self.reply()

    def reply(self):
        openssl("ts", "-reply", "-queryfile", "query", "-config", "openssl.cnf", "-signer",
                "tsa.pem", "-inkey", "tsa.key", "-chain", "ca.pem", "-out", "reply",
                cwd=self.folder)
        return (self.folder / "reply").read_bytes()

    def stamp(self, text):
        """An answer to a query of our own."""
        with self.lock:
            (self.folder / "text").write_bytes(text)
            openssl("ts", "-query", "-data", "text", "-sha256", "-cert", "-out", "query",
                    cwd=self.folder)
            return self.reply()
