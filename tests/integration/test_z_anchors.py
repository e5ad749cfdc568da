# SPDX-License-Identifier: Apache-2.0
"""What others attested, judged by both verifiers: quorum, order, freshness, tokens at their own time;
each tampered cosignature and token is refused."""
import base64
import datetime
import json
import subprocess
import time

import pytest

import evidence
import tlog
from attesters import Authority, Cosigner
from daemon import run, wait_until
from test_z_verify import failed, judge, second, verdicts_of, verify

NOW = int(time.time())
LONG = ("--late", str(10**10))
SIZES = (100, 400, 600)


@pytest.fixture(scope="module")
def whole(played, tmp_path_factory):
    made = evidence.Evidence.of_data(played.data, tmp_path_factory.mktemp("key"))
    size = next(i for i in range(590, len(made.entries)) if b'"close": {' in made.entries[i]) + 1
    made.entries = made.entries[:size]
    return made


@pytest.fixture
def log(whole):
    return evidence.Evidence(whole.entries, whole.key)


@pytest.fixture
def vkey(whole):
    return whole.key.vkey


@pytest.fixture(scope="module")
def witnesses(tmp_path_factory):
    folder = tmp_path_factory.mktemp("witnesses")
    return [Cosigner(f"witness.example/{i}", tlog.sha256(b"%d" % i), folder) for i in range(3)]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("tsa"))
    yield made
    made.close()


@pytest.fixture
def policy(vkey, witnesses, tmp_path):
    path = tmp_path / "policy"
    path.write_text("".join([f"log {vkey}\n", *(f"witness w{i} {w.vkey}\n"
                                                for i, w in enumerate(witnesses)),
                             "group g 2 w0 w1 w2\nquorum g\n"]))
    return path


def text_of(note):
    return note.partition("\n\n")[0].encode() + b"\n"


def cosign(note, witnesses, at):
    return note + "".join(w.cosign(text_of(note), at) for w in witnesses)


def write(log, tmp_path, signed, stamps=None):
    """Evidence whose checkpoints are signed = {size: (witnesses, time)}; the newest is the log's."""
    path = log.write(tmp_path / "x")
    notes = [cosign(log.note(size), *signed[size]) for size in sorted(signed)]
    (path / "checkpoints").write_text("".join(notes))
    size = len(log.entries)
    if size in signed:
        (path / "checkpoint").write_text(cosign(log.note(), *signed[size]))
    if stamps:
        (path / "timestamps").write_text("".join(
            f"{size} {base64.b64encode(token).decode()}\n" for size, token in stamps))
    return path


def verdicts(path, vkey, *arguments):
    found = judge(path, vkey, *map(str, arguments))
    return [found[name] for name in ("witnesses", "freshness", "times")]


NONE = "NOT PROVEN"


def test_a_quorum_makes_witnesses_and_freshness_pass(log, vkey, witnesses, policy, tmp_path):
    size = len(log.entries)
    path = write(log, tmp_path, {100: (witnesses, NOW - 500), size: (witnesses[:2], NOW - 100)})
    assert verdicts(path, vkey) == [NONE, NONE, NONE]
    assert verdicts(path, vkey, "--policy", policy) == ["PASS", "PASS", NONE]
    assert verdicts(path, vkey, "--policy", policy, *LONG) == ["PASS", "PASS", "PASS"]
    assert verdicts(path, vkey, "--policy", policy, "--fresh", 60, *LONG) == [
        "PASS", "STALE", "PASS"]
    packed = evidence.pack(path, tmp_path / "x.tar")
    assert verdicts(packed, vkey, "--policy", policy, *LONG) == ["PASS", "PASS", "PASS"]
    assert run("verify", path, "--key", vkey, "--no-state", "--policy", policy,
               "--fresh", "60").returncode == 0, "stale is not failed"


def test_too_few_or_too_early_cosignatures_prove_less(log, vkey, witnesses, policy, tmp_path):
    size = len(log.entries)
    path = write(log, tmp_path, {size: (witnesses[:1], NOW)})
    assert verdicts(path, vkey, "--policy", policy, *LONG) == [NONE, NONE, NONE]
    path = write(log, tmp_path, {400: (witnesses, NOW)})
    assert verdicts(path, vkey, "--policy", policy, *LONG) == [NONE, "PASS", NONE]
    stranger = Cosigner("stranger.example", bytes(32), tmp_path)
    path = write(log, tmp_path, {size: ([witnesses[0], stranger], NOW)})
    assert verdicts(path, vkey, "--policy", policy, *LONG) == [NONE, NONE, NONE]
    # Once is once: the same witness twice is no quorum of two.
    path = write(log, tmp_path, {size: ([witnesses[0], witnesses[0]], NOW)})
    assert verdicts(path, vkey, "--policy", policy, *LONG) == [NONE, NONE, NONE]
    lines = policy.read_text()
    policy.write_text(lines.replace("quorum g", "quorum none"))
    assert verdicts(path, vkey, "--policy", policy, *LONG) == [NONE, NONE, NONE]


def tamper(path, name, at):
    """One bit of the last signature of the file, in its id, time or signature."""
    text, _, encoded = (path / name).read_text().rpartition(" ")
    data = bytearray(base64.b64decode(encoded))
    data[at] ^= 1
    (path / name).write_text(f"{text} {base64.b64encode(data).decode()}\n")


@pytest.mark.parametrize("name", ["checkpoint", "checkpoints"])
@pytest.mark.parametrize("at", [11, 12, -1])
def test_a_tampered_cosignature_condemns(log, vkey, witnesses, policy, tmp_path, name, at):
    path = write(log, tmp_path, {len(log.entries): (witnesses, NOW)})
    tamper(path, name, at)
    assert failed(judge(path, vkey, "--policy", str(policy))) == {"witnesses"}
    # Who does not know the witness cannot tell.
    assert failed(judge(path, vkey)) == set()


def test_a_cosignature_of_another_checkpoint_condemns(log, vkey, witnesses, policy, tmp_path):
    path = write(log, tmp_path, {len(log.entries): (witnesses, NOW)})
    line = witnesses[2].cosign(text_of(log.note(100)), NOW)
    note = log.note() + line
    (path / "checkpoint").write_text(note)
    assert failed(judge(path, vkey, "--policy", str(policy))) == {"witnesses"}


def test_a_witness_does_not_go_back(log, vkey, witnesses, policy, tmp_path):
    path = write(log, tmp_path, {100: (witnesses, NOW), 400: (witnesses, NOW - 1)})
    assert failed(judge(path, vkey, "--policy", str(policy))) == {"witnesses"}
    path = write(log, tmp_path, {100: (witnesses, NOW), 400: (witnesses, NOW)})
    assert failed(judge(path, vkey, "--policy", str(policy))) == set()


# ---- Time stamps ----

def test_tokens_bound_when_entries_were_made(log, vkey, authority, tmp_path):
    size = len(log.entries)
    tokens = [(n, authority.stamp(text_of(log.note(n)))) for n in (100, size)]
    signed = {100: ([], 0), size: ([], 0)}
    path = write(log, tmp_path, signed, tokens)
    assert verdicts(path, vkey) == [NONE, NONE, NONE]
    ca = ("--tsa-ca", authority.ca)
    assert verdicts(path, vkey, *ca) == [NONE, NONE, NONE], "entries are years older"
    assert verdicts(path, vkey, *ca, *LONG) == [NONE, NONE, "PASS"]
    # Both tell the same delay.
    details = [next(item["detail"] for item in verdicts_of(program(path, vkey, *map(str, ca)))[1]
                    ["properties"] if item["property"] == "times") for program in (verify, second)]
    assert details[0] == details[1] and "trades" in details[0]
    first = json.loads(log.entries[0])["timestamp"]
    age = time.time() - datetime.datetime.fromisoformat(first.replace("Z", "+00:00")).timestamp()
    assert abs(int(details[0].split()[3]) - age) < 600
    # What is behind the last token is not covered.
    path = write(log, tmp_path, signed, tokens[:1])
    assert verdicts(path, vkey, *ca, *LONG) == [NONE, NONE, NONE]


def is_expired(authority):
    return subprocess.run(["openssl", "x509", "-checkend", "0", "-noout", "-in",
                           authority.folder / "tsa.pem"], capture_output=True,
                          check=False).returncode == 1


def stamped_in_time(log, tmp_path):
    """An authority whose certificate ends within seconds, and what it stamped before that."""
    for seconds in (4, 12, 36):  # more for a slow machine
        ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
        short = Authority(tmp_path / f"short{seconds}", ends - datetime.timedelta(days=1))
        token = short.stamp(text_of(log.note()))
        if not is_expired(short):
            return short, token
        short.close()
    raise AssertionError("no stamp within 36 s")


def test_a_token_outlives_its_certificate(log, vkey, tmp_path):
    """It was made while the certificate was valid; one made afterwards does not hold."""
    size = len(log.entries)
    short, token = stamped_in_time(log, tmp_path)
    try:
        path = write(log, tmp_path, {size: ([], 0)}, [(size, token)])
        wait_until(lambda: is_expired(short), 60, "the certificate's end")
        assert verdicts(path, vkey, "--tsa-ca", short.ca, *LONG)[2] == "PASS"
        late = short.stamp(text_of(log.note()))
    finally:
        short.close()
    path = write(log, tmp_path, {size: ([], 0)}, [(size, late)])
    assert failed(judge(path, vkey, "--tsa-ca", str(short.ca))) == {"times"}


@pytest.mark.parametrize("way", ["bit", "other", "size", "unknown", "authority", "line", "zero"])
def test_a_wrong_token_is_refused(log, vkey, authority, tmp_path, way):
    size = len(log.entries)
    token = bytearray(authority.stamp(text_of(log.note())))
    ca = authority.ca
    if way == "bit":
        token[-1] ^= 1
    elif way == "other":
        token = authority.stamp(b"another text\n")
    elif way == "authority":
        other = Authority(tmp_path / "other")
        other.close()
        ca = other.ca
    stamped = {"size": 100, "unknown": 99}.get(way, size)
    path = write(log, tmp_path, {100: ([], 0), size: ([], 0)}, [(stamped, bytes(token))])
    if way in ("line", "zero"):
        text = (path / "timestamps").read_text()
        (path / "timestamps").write_text(text[:-1] if way == "line" else "0" + text)
    assert failed(judge(path, vkey, "--tsa-ca", str(ca))) == {"times"}


def test_an_entry_from_the_future_is_refused(log, vkey, witnesses, policy, tmp_path):
    """It was attested before the time it states."""
    size = len(log.entries)
    path = write(log, tmp_path, {size: (witnesses, 1_600_000_000)})
    assert failed(judge(path, vkey, "--policy", str(policy))) == {"times"}


# ---- One entry, wrong usage ----

def test_the_witnesses_of_one_entry(log, vkey, witnesses, policy, tmp_path):
    proof, entry = tmp_path / "x.tlog-proof", tmp_path / "x"
    entry.write_bytes(log.entries[7])
    arguments = (proof, "--key", vkey, "--policy", policy, "--json")
    for signers, wanted in ((witnesses[:2], "PASS"), (witnesses[:1], NONE)):
        proof.write_text(cosign_proof(log, 7, signers))
        done = run("verify", *arguments)
        assert verdicts_of(done)[0]["witnesses"] == wanted
    text = proof.read_text()
    proof.write_text(text[:-6] + ("A" if text[-6] != "A" else "B") + text[-5:])
    assert run("verify", *arguments).returncode == 1


def cosign_proof(log, index, signers):
    proof = log.tlog_proof(index)
    head, _, note = proof.partition("\n\n")
    return f"{head}\n\n{cosign(note, signers, NOW)}"


def test_wrong_files_end_with_two(log, vkey, witnesses, policy, tmp_path):
    path = log.write(tmp_path / "x")
    other = tmp_path / "other"
    name = evidence.Key("other.example/log", bytes(32), tmp_path)
    other.write_text(policy.read_text().replace(vkey, name.vkey))
    nonsense = tmp_path / "nonsense"
    nonsense.write_text("witness\n")
    for arguments in (("--policy", other), ("--policy", nonsense), ("--policy", tmp_path / "none"),
                      ("--tsa-ca", policy), ("--tsa-ca", tmp_path / "none"), ("--fresh", "soon"),
                      ("--late", "-1")):
        assert run("verify", path, "--key", vkey, "--no-state", *arguments).returncode == 2
    for wrong in (other, nonsense):
        assert second(path, vkey, "--policy", str(wrong)).returncode == 2
