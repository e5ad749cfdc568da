# SPDX-License-Identifier: Apache-2.0
"""/v1/log: what is served is a transparency log, judged by plain Python and the openssl command."""
import base64
import io
import tarfile

import pytest

import ledger
import tlog
import world

ZEROS = "0" * 64


@pytest.fixture(scope="module")
def entries(played):
    return [ledger.check_line(line)[1] for line in played.lines("log.jsonl")]


@pytest.fixture(scope="module")
def leaves(entries):
    return [tlog.leaf(entry) for entry in entries]


@pytest.fixture(scope="module")
def key(played):
    reply = played.api.get("/v1/log/key")
    assert reply.status == 200 and reply.media_type == "text/plain"
    return tlog.Key(reply.text.strip())


@pytest.fixture(scope="module")
def newest(played, key):
    return tlog.open_note(played.api.get("/v1/log/checkpoint").body, key)


def hashes(proof):
    return [base64.b64decode(item, validate=True) for item in proof["hashes"]]


def check_proof(answer, key, entries, index):
    inclusion = answer["inclusionProof"]
    size, root = tlog.open_note(inclusion["checkpoint"]["envelope"], key)
    entry = base64.b64decode(answer["canonicalizedBody"], validate=True)
    assert entry == entries[index]
    assert answer["proof"] == tlog.sha256(entry).hex()
    assert answer["logIndex"] == inclusion["logIndex"] == str(index)
    assert inclusion["treeSize"] == str(size)
    assert inclusion["rootHash"] == base64.b64encode(root).decode()
    tlog.check_inclusion(tlog.leaf(entry), index, size, hashes(inclusion), root)
    return size


def test_the_checkpoint_signs_exactly_the_entries(newest, leaves, key, entries):
    size, root = newest
    assert size == len(leaves) > 400
    assert root == tlog.root(leaves)
    assert f'"vkey": "{key.name}+{key.id}+' in entries[0].decode()


def test_the_checkpoint_may_not_be_cached_for_long(played):
    reply = played.api.get("/v1/log/checkpoint")
    assert reply.headers["Cache-Control"] == "max-age=1"
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_the_high_water_file_is_the_newest_checkpoint(played):
    assert (played.data / "checkpoint").read_bytes() == played.api.get("/v1/log/checkpoint").body


def all_notes(played):
    notes, start = [], 0
    while start is not None:
        page = played.api.get("/v1/log/checkpoints", from_=start, limit=300).json
        notes += page["data"]
        start = page["next_from"]
    return notes


def test_every_commit_signed_a_checkpoint_of_the_same_history(played, key, leaves):
    notes = all_notes(played)
    roots = list(tlog.roots(leaves))
    sizes = [note["tree_size"] for note in notes]
    assert sizes == sorted(set(sizes)) and sizes[-1] == len(leaves) and len(sizes) > 100
    for note in notes:
        assert note["root_hash"] == base64.b64encode(roots[note["tree_size"] - 1]).decode()
    for note in notes[::100]:
        assert tlog.open_note(note["envelope"], key)[0] == note["tree_size"]


def test_checkpoints_by_size(played, leaves):
    some = played.api.get("/v1/log/checkpoints", from_=10, to=30).json["data"]
    assert some and all(10 <= note["tree_size"] <= 30 for note in some)
    assert played.api.get("/v1/log/checkpoints", from_=len(leaves) + 1).json["data"] == []


# ---- Tiles ----

def tile(played, path, **options):
    return played.api.get(f"/v1/log/tile/{path}", **options)


def test_the_tiles_are_the_tree(played, leaves):
    level, hashes_of_level = 0, leaves
    while hashes_of_level:
        for n in range(0, len(hashes_of_level), 256):
            part = hashes_of_level[n:n + 256]
            width = f".p/{len(part)}" if len(part) < 256 else ""
            reply = tile(played, f"{level}/{tlog.path_of(n // 256)}{width}")
            assert reply.status == 200 and reply.body == b"".join(part)
            assert reply.media_type == "application/octet-stream"
        level, hashes_of_level = level + 1, tlog.level_up(hashes_of_level)
    assert level == 2


def test_the_bundles_are_the_entries(played, entries):
    found = []
    for n in range(0, len(entries), 256):
        width = min(256, len(entries) - n)
        path = f"entries/{tlog.path_of(n // 256)}" + (f".p/{width}" if width < 256 else "")
        reply = tile(played, path)
        assert reply.status == 200
        found += tlog.bundle(reply.body)
    assert found == entries


def test_a_partial_tile_is_the_beginning_of_the_whole(played, leaves):
    whole = tile(played, "0/000").body
    assert len(whole) == 256 * 32
    assert tile(played, "0/000.p/7").body == whole[:7 * 32]
    assert tlog.bundle(tile(played, "entries/000.p/3").body) == \
        tlog.bundle(tile(played, "entries/000").body)[:3]


def test_tiles_are_cached_for_good(played):
    reply = tile(played, "0/000")
    assert reply.headers["Cache-Control"] == "max-age=31536000, immutable"
    again = tile(played, "0/000", headers={"If-None-Match": reply.headers["ETag"]})
    assert again.status == 304 and again.body == b""


def test_what_is_no_tile_of_the_signed_tree_is_not_found(played, leaves):
    last, width = divmod(len(leaves), 256)
    beyond = [f"0/{tlog.path_of(last)}", f"0/{tlog.path_of(last)}.p/{width + 1}",
              f"0/{tlog.path_of(last + 1)}.p/1", "1/000", "2/000.p/1", "8/000.p/1", "64/000"]
    spelt = ["0/0", "0/x000/000", "00/000", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0", "entries",
             "0/000/", "0/000.p/1/2", "-1/000", "entries/x001", "0/x999/x999/x999/x999/x999/x999/999"]
    for path in beyond + spelt:
        assert tile(played, path).status == 404, path


# ---- Proofs ----

def test_inclusion_of_entries(played, key, entries):
    for index in [0, 1, 2, 255, 256, 257, len(entries) - 2, len(entries) - 1]:
        answer = played.api.get(f"/v1/log/entry/{index}/proof").json
        assert check_proof(answer, key, entries, index) == len(entries)
        assert f'"{answer["kindVersion"]["kind"]}": {{'.encode() in entries[index]


def test_inclusion_in_an_earlier_tree(played, key, entries):
    sizes = [n["tree_size"] for n in played.api.get("/v1/log/checkpoints", limit=50).json["data"]]
    for size in sizes[5::9]:
        answer = played.api.get(f"/v1/log/entry/{size - 1}/proof", size=size).json
        assert check_proof(answer, key, entries, size - 1) == size


def test_no_proof_beyond_or_of_an_unsigned_size(played, entries):
    api = played.api
    assert api.get(f"/v1/log/entry/{len(entries)}/proof").status == 404
    assert api.get("/v1/log/entry/1/proof", size=len(entries) + 1).status == 404
    signed = {n["tree_size"] for n in api.get("/v1/log/checkpoints").json["data"]}
    unsigned = next(n for n in range(2, 200) if n not in signed)
    assert "was signed" in api.get("/v1/log/entry/0/proof", size=unsigned).json["detail"]
    for index in ("01", "-1", "x", "9223372036854775808", "+1"):
        assert api.get(f"/v1/log/entry/{index}/proof").status == 404


def test_a_proof_is_found_by_either_hash(played, key, entries):
    orders = [i for i, entry in enumerate(entries) if b'"order": {"attempt"' in entry]
    by_proof = [(index, tlog.sha256(entries[index])) for index in (0, 300)]
    by_leaf = [(index, tlog.leaf(entries[index])) for index in orders[:3]]
    assert len(by_leaf) == 3
    for index, digest in by_proof + by_leaf:
        answer = played.api.get("/v1/log/proof", hash=digest.hex()).json
        check_proof(answer, key, entries, index)
    assert played.api.get("/v1/log/proof", hash=ZEROS).status == 404
    assert played.api.get("/v1/log/proof", hash="12").status == 400
    assert played.api.get("/v1/log/proof").status == 400


def test_each_trade_has_its_proof(played, key, entries):
    for trade in played.api.get("/v1/trades", limit=10).json["data"]:
        answer = played.api.get(f"/v1/trades/{trade['id']}/proof").json
        assert answer["kindVersion"]["kind"] == "trade"
        assert answer["proof"] == trade["proof"]
        check_proof(answer, key, entries, trade["log_index"])
    assert played.api.get("/v1/trades/999999/proof").status == 404


def test_a_tlog_proof_file_stands_alone(played, key, entries):
    for index in (0, 256, len(entries) - 1):
        reply = played.api.get(f"/v1/log/entry/{index}.tlog-proof")
        assert reply.status == 200 and reply.media_type == "text/plain"
        head, note = reply.text.split("\n\n", 1)
        lines = head.splitlines()
        assert lines[:2] == ["c2sp.org/tlog-proof@v1", f"index {index}"]
        size, root = tlog.open_note(note, key)
        proof = [base64.b64decode(line, validate=True) for line in lines[2:]]
        tlog.check_inclusion(tlog.leaf(entries[index]), index, size, proof, root)
    for name in ("x.tlog-proof", "01.tlog-proof", "1.tlog", ".tlog-proof", f"{len(entries)}.tlog-proof"):
        assert played.api.get(f"/v1/log/entry/{name}").status == 404


def test_consistency_of_signed_sizes(played, key):
    sizes = [n["tree_size"] for n in played.api.get("/v1/log/checkpoints").json["data"]]
    pairs = list(zip(sizes[::37], sizes[1::37])) + [(sizes[0], sizes[-1]), (sizes[-1], sizes[-1])]
    for old, new in pairs:
        answer = played.api.get("/v1/log/consistency", old=old, new=new).json
        assert (answer["oldSize"], answer["newSize"]) == (str(old), str(new))
        roots = []
        for name, size in (("old", old), ("new", new)):
            signed, root = tlog.open_note(answer[f"{name}Checkpoint"]["envelope"], key)
            assert signed == size and base64.b64encode(root).decode() == answer[f"{name}Root"]
            roots.append(root)
        tlog.check_consistency(old, roots[0], new, roots[1], hashes(answer))


def test_consistency_from_nothing_is_refused(played, leaves):
    get = played.api.get
    assert get("/v1/log/consistency", old=0).status == 400
    assert get("/v1/log/consistency").status == 400
    assert get("/v1/log/consistency", old=len(leaves), new=2).status == 400
    assert get("/v1/log/consistency", old=len(leaves) + 5).status == 404


# ---- The rest ----

def test_evidence_is_all_of_it(played, key, entries, leaves):
    reply = played.api.get("/v1/log/evidence.tar")
    assert reply.status == 200 and reply.media_type == "application/x-tar"
    archive = tarfile.open(fileobj=io.BytesIO(reply.body))
    files = {item.name: archive.extractfile(item).read() for item in archive}
    assert len(files) == len(archive.getnames())
    size, root = tlog.open_note(files["checkpoint"], key)
    assert size == len(entries)
    found, level = [], []
    for n in range(0, size, 256):
        width = f".p/{size - n}" if size - n < 256 else ""
        found += tlog.bundle(files.pop(f"tile/entries/{tlog.path_of(n // 256)}{width}"))
        level.append(files.pop(f"tile/0/{tlog.path_of(n // 256)}{width}"))
    assert found == entries and b"".join(level) == b"".join(leaves)
    assert tlog.root([tlog.leaf(entry) for entry in found]) == root
    up = tlog.level_up(leaves)
    assert files.pop(f"tile/1/000.p/{len(up)}") == b"".join(up)
    notes = files.pop("checkpoints").decode()
    assert notes.endswith(files.pop("checkpoint").decode())
    assert notes == "".join(note["envelope"] for note in all_notes(played))
    assert f'"tree_size": {size}'.encode() in files.pop("statement.json")
    assert not files, "nothing but what was looked at"


def test_policy_and_spec(played, key):
    policy = played.api.get("/v1/log/policy").text.splitlines()
    assert policy[0].startswith(f"log {key.name}+") and policy[1] == "quorum none"
    assert "SHA-256(0x01 || left ||" in played.api.get("/v1/log/spec").text


def test_anchors_of_a_checkpoint(played, leaves):
    assert played.api.get(f"/v1/log/anchors/{len(leaves)}").json == []
    assert played.api.get(f"/v1/log/anchors/{len(leaves) + 1}").status == 404
    assert played.api.get("/v1/log/anchors/x").status == 404


def test_the_log_of_an_account_by_its_name(played, key, entries):
    account = played.api.get("/v1/account").json["id"]
    base = f"/v1/accounts/{account}/log"
    for path in ("checkpoint", "key", "policy", "tile/0/000", "tile/entries/000.p/9",
                 "entry/3.tlog-proof", f"anchors/{len(entries)}"):
        assert played.api.get(f"{base}/{path}").body == played.api.get(f"/v1/log/{path}").body, path
    check_proof(played.api.get(f"{base}/entry/7/proof").json, key, entries, 7)
    assert played.api.get(f"{base}/consistency", old=2).status in (200, 404)
    assert played.api.get(f"{base}/checkpoints").json["data"]
    for path in ("", "/x", "/entry/3", "/tile", "/entry/3/x", "/proof/x"):
        assert played.api.get(f"{base}{path}").status == 404, path
    assert played.api.get("/v1/accounts/nobody/log/checkpoint").status == 404


def test_the_log_needs_a_token_unless_it_is_public(played, make_daemon, folder):
    for path in ("checkpoint", "key", "tile/0/000", "tile/entries/000", "evidence.tar"):
        assert played.anonymous.get(f"/v1/log/{path}").status == 401
    config = world.replay_config(folder, world.BUSY, count=400, log_public=True)
    daemon = make_daemon(config).start().replay()
    for path in ("checkpoint", "key", "tile/entries/000.p/1", "evidence.tar", "entry/0/proof"):
        assert daemon.anonymous.get(f"/v1/log/{path}").status == 200
    assert daemon.anonymous.get("/v1/trades").status == 401
    assert daemon.anonymous.get("/v1/accounts/sim-paper-main/log/checkpoint").status == 401


def test_an_account_without_entries_has_no_checkpoint(make_daemon):
    daemon = make_daemon({}).start()
    for path in ("checkpoint", "key", "evidence.tar", "tile/0/000.p/1", "entry/0/proof"):
        assert daemon.api.get(f"/v1/log/{path}").status == 404
    assert daemon.api.get("/v1/log/checkpoints").json["data"] == []


def test_the_account_is_named_by_a_digest_that_its_owner_can_open(played, entries):
    genesis = ledger.json.loads(entries[0])["genesis"]
    path = played.data / "account.salt"
    assert path.stat().st_mode & 0o777 == 0o600
    told = dict(line.split(" ", 1) for line in path.read_text().splitlines()[:3])
    opened = tlog.sha256(f"{told['salt']}\n{told['account']}".encode()).hex()
    assert genesis["account_hash"] == told["account_hash"] == opened
    assert genesis["origin"].endswith("/" + told["account"])
    # What anybody knows does not make it.
    for known in (genesis["vkey"], genesis["origin"], ""):
        assert tlog.sha256(f"{known}\n{told['account']}".encode()).hex() != opened
