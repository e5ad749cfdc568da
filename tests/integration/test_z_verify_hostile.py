# SPDX-License-Identifier: Apache-2.0
"""Files that were made to confuse a verifier: both read the same or refuse the same, neither hangs and
neither ends in a traceback."""
import base64
import hashlib
import io
import os
import tarfile

import pytest

import evidence
from attesters import Cosigner
from test_z_leaves import held
from test_z_verify import failed, judge, second, verify


@pytest.fixture
def key(tmp_path):
    return evidence.Key("trader.example/log1", bytes(range(32)), tmp_path)


@pytest.fixture
def folder(key, tmp_path):
    return held(key).write(tmp_path / "log")


def refused(path, key, *arguments):
    """By both, with a sentence and the status of unreadable input."""
    for done in (verify(path, key.vkey, "--no-state", *arguments), second(path, key.vkey, *arguments)):
        assert done.returncode == 2, done.stdout
        assert done.stderr.strip() and "Traceback" not in done.stderr, done.stderr


def signed(key, text):
    return f"{text}\n\N{EM DASH} {key.name} {key.sign(text, key.id)}\n"


def text_of(folder):
    return (folder / "checkpoint").read_text().partition("\n\n")[0] + "\n"


def others(count):
    return "".join(f"\N{EM DASH} w{i}.example {base64.b64encode(b'abcd' + bytes(72)).decode()}\n"
                   for i in range(count))


# ---- Notes ----

@pytest.mark.parametrize("count, wanted", [(31, set()), (32, {"signature", "tree"})])
def test_a_note_has_32_signatures_at_most(folder, key, count, wanted):
    path = folder / "checkpoint"
    path.write_text(path.read_text() + others(count))
    assert failed(judge(folder, key.vkey)) == wanted


def test_extensions_of_a_checkpoint_are_passed_over(folder, key):
    (folder / "checkpoint").write_text(signed(key, text_of(folder) + "an extension\x7f\n"))
    assert failed(judge(folder, key.vkey)) == set()


@pytest.mark.parametrize("line", ["\N{EM DASH} a+b AAAAAAAA\n", "\N{EM DASH} " + "a" * 256 + " AAAAAAAA\n",
                                  "\N{EM DASH} a\x7fb AAAAAAAA\n"])
def test_a_signer_has_a_name(folder, key, line):
    path = folder / "checkpoint"
    path.write_text(path.read_text() + line)
    assert failed(judge(folder, key.vkey)) == {"signature", "tree"}


@pytest.mark.parametrize("size", ["-5", "+5", "05", "5.0", str(2**63), str(10**40), "\N{ARABIC-INDIC DIGIT FIVE}"])
def test_a_size_is_a_decimal_number(folder, key, size):
    origin, _, root, _ = text_of(folder).split("\n")
    (folder / "checkpoint").write_text(signed(key, f"{origin}\n{size}\n{root}\n"))
    assert failed(judge(folder, key.vkey)) == {"signature", "tree"}


def test_a_size_that_nobody_can_have_comes_to_an_end(folder, key):
    origin, _, root, _ = text_of(folder).split("\n")
    (folder / "checkpoint").write_text(signed(key, f"{origin}\n{2**63 - 1}\n{root}\n"))
    assert failed(judge(folder, key.vkey)) == {"tree"}


# ---- Folders and lines ----

@pytest.mark.parametrize("name, wanted", [
    ("checkpoint", {"signature", "tree"}), ("checkpoints", set()), ("statement.json", set()),
    ("tile/entries/000.p/5", {"tree"})])
def test_a_pipe_in_place_of_a_file_keeps_nobody_waiting(folder, key, name, wanted):
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    assert failed(judge(folder, key.vkey)) == wanted


def test_lines_are_cut_at_their_tail_only(key, tmp_path):
    folder = held(key).write_lines(tmp_path / "log")
    good = (folder / "log.jsonl").read_bytes()
    digest = good[:good.index(b"\n")][-66:-2]
    for name, data, wanted in (("upper", good.replace(digest, digest.upper()), {"lines"}),
                               ("short", b"x\n" + good, {"tree"}),
                               ("blanks", good.replace(b"\n", b" \n"), {"entries", "lines", "tree"})):
        (folder / "log.jsonl").write_bytes(data)
        assert failed(judge(folder, key.vkey)) >= wanted, name


@pytest.mark.parametrize("line, wanted", [
    ("5 AAAA", set()), ("5 ", {"times"}), ("5 AAB=", {"times"}), ("0 AAAA", {"times"}),
    ("9999999999999999999 AAAA", {"times"}), (f"{2**64} AAAA", {"times"})])
def test_time_stamps_are_lines_of_tokens(folder, key, line, wanted):
    (folder / "timestamps").write_text(line + "\n")
    assert failed(judge(folder, key.vkey)) == wanted


def test_no_checkpoints_are_none_that_pass(folder, key):
    (folder / "checkpoints").write_bytes(b"")
    assert "checkpoints" not in judge(folder, key.vkey)


@pytest.mark.parametrize("data", [b"[" * 100000, b'{"tree_size": 9223372036854775808}', b"\xff\xfe",
                                  b'{"tree_size": true}', b'{"tree_size": -3}'])
def test_a_statement_that_is_none_is_refused(folder, key, data):
    (folder / "statement.json").write_bytes(data)
    assert failed(judge(folder, key.vkey)) == {"statement"}


# ---- Archives ----

def packed(folder, path, *more, prefix="", form=tarfile.PAX_FORMAT):
    """The folder's files, and more: (header, data)."""
    with tarfile.open(path, "w", format=form) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.add(file, prefix + str(file.relative_to(folder)))
        for header, data in more:
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    return path


def header(name, kind=tarfile.REGTYPE, link="", **pax):
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.pax_headers = kind, link, pax
    return made


@pytest.mark.parametrize("more", [
    header("zz", path="checkpoints"), header("zz", size="0"), header("x", tarfile.SYMTYPE, "/etc/passwd"),
    header("checkpoints", tarfile.LNKTYPE, "checkpoint"), header("x", tarfile.CHRTYPE),
    header("x", tarfile.FIFOTYPE), header("./checkpoint")], ids=lambda more: more.name)
def test_an_archive_that_readers_would_not_agree_on_is_refused(folder, key, tmp_path, more):
    refused(packed(folder, tmp_path / "x.tar", (more, b"")), key)


def test_an_archive_has_its_checkpoint_in_one_folder(folder, key, tmp_path):
    more = (header("b/checkpoint"), b"x")
    refused(packed(folder, tmp_path / "x.tar", more, prefix="a/"), key)
    assert failed(judge(packed(folder, tmp_path / "y.tar", more), key.vkey)) == set()


def test_what_an_archive_holds_besides_is_passed_over(folder, key, tmp_path):
    more = [(header(name), b"x") for name in ("../evil", "/etc/evil", "evil", "tile/9/000")]
    assert failed(judge(packed(folder, tmp_path / "x.tar", *more, form=tarfile.USTAR_FORMAT), key.vkey)) \
        == set()


@pytest.mark.parametrize("cut", [0, 700, 1500, -10000])
def test_a_cut_archive_is_refused(folder, key, tmp_path, cut):
    path = packed(folder, tmp_path / "x.tar")
    path.write_bytes(path.read_bytes()[:cut])
    refused(path, key)


# ---- What a reader believes ----

@pytest.fixture
def witness(tmp_path):
    return Cosigner("witness.example/w", hashlib.sha256(b"w").digest(), tmp_path)


@pytest.mark.parametrize("spoil", [
    lambda text: text.replace("group g 1", "group g +1"), lambda text: text.replace("group g 1", "group g 01"),
    lambda text: text.replace("group g 1", "group g x"), lambda text: text.replace("\n", "\r\n"),
    lambda text: text.replace("group g 1", "group g \N{ARABIC-INDIC DIGIT ONE}"), lambda text: text[:-1],
    lambda text: text.replace("witness w", "witness v") + text, lambda text: text.replace(" g\n", "\xa0g\n"),
    lambda text: "log x\n" + text])
def test_a_policy_that_is_none_is_refused(folder, key, witness, tmp_path, spoil):
    policy = tmp_path / "policy"
    good = f"witness w {witness.vkey}\ngroup g 1 w\nquorum g\n"
    policy.write_bytes((good + "# \xe9\n").encode("latin-1"))
    assert failed(judge(folder, key.vkey, "--policy", policy)) == set()
    policy.write_bytes(spoil(good).encode())
    refused(folder, key, "--policy", policy)


@pytest.mark.parametrize("at, wanted", [(253402300799, set()), (253402300800, {"witnesses"}),
                                        (2**63 - 1, {"witnesses"}), (2**63, {"witnesses"})])
def test_a_witness_signs_within_the_years_there_are(folder, key, witness, tmp_path, at, wanted):
    policy, path = tmp_path / "policy", folder / "checkpoint"
    policy.write_text(f"witness w {witness.vkey}\nquorum w\n")
    note = path.read_text()
    path.write_text(note + witness.cosign(text_of(folder).encode(), at))
    assert failed(judge(folder, key.vkey, "--policy", policy)) == wanted


@pytest.mark.parametrize("text", [
    b"chain 1692803367 3\r\n", b"chain 1692803367 3\n\xe9\n", b"chain 4611686018427387904 3\n",
    b"chain 1 4611686018427387904\n", b"chain 1692803367 3\n1000000000000 " + b"ab" * 32 + b"\n"])
def test_rounds_without_a_time_are_refused(folder, key, tmp_path, text):
    (tmp_path / "beacon").write_bytes(text)
    refused(folder, key, "--beacon", tmp_path / "beacon")
