# SPDX-License-Identifier: Apache-2.0
"""Verifiers nobody here wrote accept our log and refuse each tampered copy: the Go modules of sumdb
and transparency-dev, @sigstore/verify, jq, node, openssl and sha256sum (tests/foreign)."""
import base64
import hashlib
import json
import os
import subprocess

import pytest

import evidence
import ledger
from contract import ROOT

CHECK = ROOT / "build/foreign/check"
NODE = ROOT / "tests/foreign/npm"
# JSON text as CPython writes it, of records without floats: jq sorts members by code point too.
JQ = ('def py: if type == "object" then . as $o | "{" + ([keys[] | tojson + ": " + ($o[.] | py)]'
      ' | join(", ")) + "}" elif type == "array" then "[" + ([.[] | py] | join(", ")) + "]"'
      ' else tojson end; del(.proof) | py')


@pytest.fixture(scope="module", autouse=True)
def tools():
    subprocess.run([ROOT / "tools/foreign_env.sh"], check=True, timeout=900)


@pytest.fixture(scope="module")
def whole(played, tmp_path_factory):
    made = evidence.Evidence.of_data(played.data, tmp_path_factory.mktemp("key"))
    made.entries = made.entries[:1500]
    return made


@pytest.fixture
def log(whole):
    return evidence.Evidence(whole.entries, whole.key)


@pytest.fixture
def vkey(whole):
    return whole.key.vkey


def go(*arguments, token=""):
    done = subprocess.run([CHECK, *arguments], capture_output=True, text=True, timeout=120,
                          check=False, env={**os.environ, "LOG_TOKEN": token})
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 0


def sigstore(vkey, *files):
    done = subprocess.run(["node", NODE / "check.js", vkey, *files], capture_output=True,
                          text=True, timeout=60, check=False,
                          env={**os.environ, "NODE_PATH": str(ROOT / "build/foreign/node_modules")})
    assert "Cannot find module" not in done.stderr, done.stderr
    return done.returncode == 0


def flip(path, at=-20):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def proof_answer(log, index):
    """One entry's proof in the shape of the API."""
    return {"logIndex": str(index), "canonicalizedBody": base64.b64encode(
                log.entries[index]).decode(),
            "inclusionProof": {
                "logIndex": str(index), "treeSize": str(len(log.entries)),
                "rootHash": base64.b64encode(evidence.root_of(log.hashes())).decode(),
                "hashes": [base64.b64encode(item).decode()
                           for item in evidence.inclusion(log.hashes(), index)],
                "checkpoint": {"envelope": log.note()}}}


# ---- Go ----

def test_go_accepts_the_whole_log(log, vkey, tmp_path):
    path = log.write(tmp_path / "x", [1, 2, 255, 256, 257, 1000, 1500])
    assert go("log", vkey, path)


@pytest.mark.parametrize("name", ["checkpoint", "checkpoints", "tile/0/001", "tile/0/005.p/220",
                                  "tile/1/000.p/5", "tile/entries/001",
                                  "tile/entries/005.p/220"])
def test_go_refuses_one_flipped_byte(log, vkey, tmp_path, name):
    path = log.write(tmp_path / "x", [100, 700])
    flip(path / name)
    assert not go("log", vkey, path)


def test_go_refuses_swapped_entries(log, vkey, tmp_path):
    signed = log.note()
    log.entries[700], log.entries[701] = log.entries[701], log.entries[700]
    path = log.write(tmp_path / "x")
    (path / "checkpoint").write_text(signed)
    assert not go("log", vkey, path)


def test_go_refuses_a_shorter_log_signed_anew(log, vkey, tmp_path):
    notes = log.note(1000) + log.note()
    log.entries.pop()
    path = log.write(tmp_path / "x")
    assert go("log", vkey, path), "a prefix is a log of its own"
    (path / "checkpoints").write_text(notes)
    assert not go("log", vkey, path), "but not after the longer one was signed"


def test_go_refuses_a_rewritten_history(log, vkey, tmp_path):
    notes = log.note(1000)
    log.edited(log.find("trade", 3, side="sell"), pnl="99.00000000")
    path = log.write(tmp_path / "x")
    (path / "checkpoints").write_text(notes)
    assert not go("log", vkey, path)


def test_go_refuses_another_key(log, tmp_path):
    other = evidence.Key(log.key.name, bytes(32), tmp_path)
    assert not go("log", other.vkey, log.write(tmp_path / "x"))


@pytest.mark.parametrize("index", [0, 700, 1499])
def test_go_reads_tlog_proofs(log, vkey, tmp_path, index):
    file, entry = tmp_path / "x.tlog-proof", tmp_path / "x"
    file.write_text(log.tlog_proof(index))
    entry.write_bytes(log.entries[index])
    assert go("proof", vkey, file, entry)
    for at in (-20, 40, 60):
        file.write_text(log.tlog_proof(index))
        flip(file, at)
        assert not go("proof", vkey, file, entry), at
    file.write_text(log.tlog_proof(index))
    flip(entry)
    assert not go("proof", vkey, file, entry)


# ---- Sigstore and Go on the API's JSON ----

@pytest.mark.parametrize("judge", [sigstore, lambda *rest: go("json", *rest)],
                         ids=["sigstore", "go"])
def test_proofs_in_json(log, vkey, tmp_path, judge):
    file = tmp_path / "proof.json"
    for index in (0, 255, 256, 1023, 1499):
        good = proof_answer(log, index)
        file.write_text(json.dumps(good))
        assert judge(vkey, file)
    bad = []
    for change in ({"canonicalizedBody": base64.b64encode(log.entries[0]).decode()},
                   {"inclusionProof": {**good["inclusionProof"], "logIndex": "1498"}},
                   {"inclusionProof": {**good["inclusionProof"],
                                       "hashes": good["inclusionProof"]["hashes"][1:]}},
                   {"inclusionProof": {**good["inclusionProof"], "hashes": [
                       base64.b64encode(bytes(32)).decode(),
                       *good["inclusionProof"]["hashes"][1:]]}}):
        bad.append({**good, **change})
    text = good["inclusionProof"]["checkpoint"]["envelope"]
    for old, new in (("\n1500\n", "\n1499\n"), (" Af", " Ag"), (text[-20:-10], text[-10:])):
        other = {**good["inclusionProof"], "checkpoint": {"envelope": text.replace(old, new)}}
        if other["checkpoint"]["envelope"] != text:
            bad.append({**good, "inclusionProof": other})
    for answer in bad:
        file.write_text(json.dumps(answer))
        assert not judge(vkey, file), answer


# ---- What the daemon itself hands out ----

@pytest.fixture(scope="module")
def served_key(played):
    return played.api.get("/v1/log/key").text.strip()


def test_go_accepts_the_served_log(played, served_key):
    url = f"http://127.0.0.1:{played.port}/v1/log"
    assert go("log", served_key, url, token=played.token)


def test_go_accepts_the_evidence_archive(played, served_key, tmp_path):
    path = tmp_path / "evidence.tar"
    path.write_bytes(played.api.get("/v1/log/evidence.tar").body)
    subprocess.run(["tar", "-xf", path, "-C", tmp_path], check=True)
    assert go("log", served_key, tmp_path)
    flip(tmp_path / "tile/entries/003")
    assert not go("log", served_key, tmp_path)


def test_served_proofs(played, served_key, tmp_path):
    proof, entry = tmp_path / "x.tlog-proof", tmp_path / "x"
    answer = tmp_path / "answer.json"
    for trade in played.api.get("/v1/trades", limit=3).json["data"]:
        index = trade["log_index"]
        answer.write_bytes(played.api.get(f"/v1/trades/{trade['id']}/proof").body)
        assert sigstore(served_key, answer) and go("json", served_key, answer)
        proof.write_bytes(played.api.get(f"/v1/log/entry/{index}.tlog-proof").body)
        entry.write_bytes(base64.b64decode(json.loads(answer.read_text())["canonicalizedBody"]))
        assert go("proof", served_key, proof, entry)
        flip(entry)
        assert not go("proof", served_key, proof, entry)


def test_served_consistency(played, served_key, tmp_path):
    rows = played.api.get("/v1/log/checkpoints", limit=1000).json["data"]
    sizes = [row["tree_size"] for row in rows]
    answer = tmp_path / "answer.json"
    for old in (sizes[0], sizes[10], sizes[-2], sizes[-1]):
        answer.write_bytes(played.api.get("/v1/log/consistency", old=old, new=sizes[-1]).body)
        assert go("consistency", served_key, answer)
    told = played.api.get("/v1/log/consistency", old=sizes[10], new=sizes[-1]).json
    told["hashes"][0] = base64.b64encode(bytes(32)).decode()
    answer.write_text(json.dumps(told))
    assert not go("consistency", served_key, answer)


# ---- Canonical bytes ----

def hashes_of(played):
    return [json.loads(line)["proof"] for line in played.lines("log.jsonl")]


def test_jq_makes_the_same_bytes(played):
    lines = played.lines("log.jsonl")
    made = subprocess.run(["jq", "-r", JQ], input=b"\n".join(lines), capture_output=True,
                          check=True, timeout=60).stdout.splitlines()
    assert [hashlib.sha256(line).hexdigest() for line in made] == hashes_of(played)


def test_javascript_makes_the_same_bytes(played):
    shuffled = []
    for line in played.lines("log.jsonl"):
        record = json.loads(line)
        shuffled.append(json.dumps(dict(reversed(record.items()))))
    made = subprocess.run(["node", NODE / "canonical.js"], input="\n".join(shuffled), text=True,
                          capture_output=True, check=True, timeout=60).stdout.split()
    assert made == hashes_of(played)


def test_cpython_makes_the_same_bytes(played):
    for line in played.lines("log.jsonl"):
        record = json.loads(line)
        proof = record.pop("proof")
        assert hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest() == proof


def test_sha256sum_checks_a_line_of_the_shell(played):
    script = (r"""sed -E 's/, "proof": "[0-9a-f]{64}"\}$/}/' | tr -d '\n' | sha256sum""")
    for line in played.lines("trades.jsonl")[::100]:
        made = subprocess.run(["bash", "-c", script], input=line + b"\n", capture_output=True,
                              check=True, timeout=10).stdout.split()[0].decode()
        assert made == json.loads(line)["proof"]


def test_openssl_verifies_the_note(log, tmp_path):
    text, _, signature = log.note().rpartition("\n\n")
    public = base64.b64decode(log.key.vkey.split("+", 2)[2])[1:]
    names = [tmp_path / name for name in ("key.der", "text", "signature")]
    parts = (bytes.fromhex("302a300506032b6570032100") + public, text.encode() + b"\n",
             base64.b64decode(signature.split(" ")[2])[4:])
    for name, data in zip(names, parts):
        name.write_bytes(data)

    def verify():
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER",
                               "-inkey", names[0], "-rawin", "-in", names[1], "-sigfile",
                               names[2]], capture_output=True, check=False).returncode == 0

    assert verify()
    for name, data in zip(names, parts):
        flip(name, -1)
        assert not verify(), name
        name.write_bytes(data)


def test_the_records_are_within_the_profile(played):
    for line in played.lines("log.jsonl"):
        ledger.check_line(line)
