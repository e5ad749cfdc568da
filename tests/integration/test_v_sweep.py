# SPDX-License-Identifier: Apache-2.0
"""`traderd sweep` finds the same winner in one go, after kill -9 and from shards, agrees with
`traderd backtest`, and refuses what is wrong."""
import csv
import fcntl
import json
import signal
import subprocess

import pytest

import world
from contract import ROOT
from daemon import binary, environment, run, wait_until

ARTIFACT = {**world.BUSY, "params": {"fast": 3, "slow": 8, "stop": 0.004},
            "features": {"fast": "ema(close, params.fast)", "slow": "ema(close, params.slow)"},
            "stop_loss": {"type": "pct", "value": "params.stop"}}
GRID = ("--set", "fast=2..5:1", "slow=7,9.0,20", "stop=0.004,0.01")


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    world.write_json(folder / "busy.json", ARTIFACT)
    candles = world.slice_candles(folder / "BTCUSDT-5m.csv", 3000)
    return ("--strategy", folder / "busy.json", "--candles", candles)


def sweep(*words):
    done = run("sweep", *words)
    assert done.returncode == 0, done.stderr
    return done


def outputs(folder, *words):
    """The bytes of everything that a sweep may write."""
    done = sweep(*words, "--out", folder / "winner.json", "--table", folder / "t.csv", "--json")
    return done.stdout, (folder / "winner.json").read_bytes(), (folder / "t.csv").read_bytes()


def test_rows_are_what_backtest_says(market, folder):
    words = (*market, *GRID, "--train", "0.6", "--fee", "0.0002")
    found = json.loads(outputs(folder, *words)[0])
    assert found["jobs"] == found["combinations"] == len(found["rows"]) == 24
    scores = [row["train"]["sharpe_ratio"] for row in found["rows"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= row["deflated_sharpe_ratio"] <= 1 for row in found["rows"])
    assert found["deflation"]["trials"] == 24
    assert found["deflation"]["expected_best_daily_sharpe"] > 0
    table = list(csv.DictReader((folder / "t.csv").read_text().splitlines()))
    assert [int(row["job"]) for row in table] == [row["job"] for row in found["rows"]]
    for row in (found["rows"][0], found["rows"][-1]):
        world.write_json(folder / "one.json", {**ARTIFACT, "params": row["params"]})
        mine = json.loads(run("backtest", "--strategy", folder / "one.json", *market[2:], "--train",
                              "0.6", "--fee", "0.0002", "--json").stdout)
        for name in ("sharpe_ratio", "sortino_ratio", "max_drawdown", "profit_factor", "win_rate",
                     "total_trades", "cagr"):
            assert row["whole"][name] == mine["metrics"][name], name
            assert row["train"][name] == mine["windows"][0][name], name
            assert row["test"][name] == mine["windows"][1][name], name


def test_the_winner_loads_and_claims_what_is_measured(market, folder):
    found = json.loads(outputs(folder, *market, *GRID)[0])
    best = found["rows"][0]
    winner = json.loads((folder / "winner.json").read_text())
    assert winner["params"] == best["params"]
    assert {**winner, "params": 0, "metrics": 0} == {**ARTIFACT, "params": 0, "metrics": 0}
    checked = run("check", "--json", folder / "winner.json")
    assert checked.returncode == 0 and json.loads(checked.stdout)["warnings"] == []
    mine = json.loads(run("backtest", "--strategy", folder / "winner.json", *market[2:],
                          "--json").stdout)
    for name in ("sharpe_ratio", "max_drawdown", "total_trades", "win_rate"):
        assert winner["metrics"][name] == mine["metrics"][name], name
    assert winner["metrics"]["deflated_sharpe_ratio"] == best["deflated_sharpe_ratio"]


def test_the_loop_trades_the_winner(market, folder, make_daemon):
    sweep(*market, *GRID, "--out", folder / "winner.json", "--quiet")
    daemon = make_daemon(world.base_config(strategy=str(folder / "winner.json"),
                                           candles=[f"BTC/USDT={market[3]}"])).start()
    daemon.start_loop()
    daemon.wait_loop("finished")
    paper = daemon.api.get("/v1/metrics").json
    claimed = json.loads((folder / "winner.json").read_text())["metrics"]
    for name in ("total_trades", "sharpe_ratio", "max_drawdown", "win_rate"):
        assert paper[name] == claimed[name], name
    assert paper["total_trades"] > 100
    # Over HTTP it is the same artifact, though it claims other things than the one without metrics.
    reply = daemon.api.post("/v1/strategies", json.loads((folder / "winner.json").read_text()))
    assert reply.status == 200, reply


def test_threads_do_not_change_the_result(market, folder):
    words = (*market, *GRID, "--random", "15", "--seed", "3")
    assert outputs(folder, *words, "--jobs", "1") == outputs(folder, *words, "--jobs", "5")
    assert outputs(folder, *words) != outputs(folder, *words[:-1], "4")


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shards_merge_to_the_same_bytes(market, folder, count):
    words = (*market, *GRID, "--train", "0.6", "--objective", "profit_factor")
    journals = [folder / f"{i}.jsonl" for i in range(1, count + 1)]
    for i, journal in enumerate(journals, 1):
        sweep(*words, "--shard", f"{i}/{count}", "--journal", journal)
        assert len(journal.read_text().splitlines()) == 1 + len(range(i - 1, 24, count))
    merged = outputs(folder, "--merge", *reversed(journals))
    assert merged == outputs(folder, *words)


def test_kill_and_run_again(market, folder):
    journal = folder / "j.jsonl"
    words = (*market[:3], world.RECORDING, "--set", "fast=2..11:1", "slow=22..33:1",
             "--train", "0.7", "--journal", journal)
    # Last in line for a processor, so that it is seen at work before it is done.
    process = subprocess.Popen(["nice", "-n", "19", binary(), "sweep", *map(str, words), "--jobs",
                                "2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=environment())
    try:
        wait_until(lambda: journal.exists() and journal.read_bytes().count(b"\n") > 10, 120, "rows")
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL
    kept = journal.read_bytes()
    kept = kept[:kept.rindex(b"\n") + 1]
    assert 10 < kept.count(b"\n") < 121
    with journal.open("ab") as torn:
        torn.write(b'{"job":119,"id":"0123')
    again = outputs(folder, *words)
    lines = journal.read_bytes().splitlines()
    assert journal.read_bytes().startswith(kept)
    assert sorted(json.loads(line)["job"] for line in lines[1:]) == list(range(120))
    journal.unlink()
    assert outputs(folder, *words) == again
    assert outputs(folder, *words) == again  # nothing is left to run


def test_values_that_cannot_be_run_are_told_and_have_no_rank(market, folder):
    found = json.loads(outputs(folder, *market, "--set", "fast=0,3", "stop=0.004,7",
                               "--min-trades", "5")[0])
    assert found["ranked"] == 1 and found["deflation"]["trials"] == 1
    told = {row["job"]: row["unranked"] for row in found["rows"]}
    assert told[2] is None and all(told[i] for i in (0, 1, 3))
    done = run("sweep", *market, "--set", "fast=0", "--out", folder / "none.json")
    assert done.returncode == 1 and "no winner" in done.stderr
    assert not (folder / "none.json").exists()


def test_the_table_for_people(market):
    shown = sweep(*market, *GRID, "--train", "0.6").stdout
    for word in ("24 jobs of 24 combinations", "fast=2 slow=7 stop=0.004", "deflated", "24 trials"):
        assert word in shown, word


def refused(*words):
    done = run("sweep", *words)
    assert done.returncode == 2 and not done.stdout
    return done.stderr


def test_journals_of_others_are_refused_untouched(market, folder):
    journal, other = folder / "j.jsonl", folder / "notes.txt"
    words = (*market, "--journal", journal)
    sweep(*words, "--set", "fast=2,3")
    before = journal.read_bytes()
    assert "'set' differs" in refused(*words, "--set", "fast=2,4")
    assert "'terms' differs" in refused(*words, "--set", "fast=2,3", "--fee", "0")
    assert "'candles' differs" in refused(*market[:3], world.RECORDING, "--journal", journal, "--set",
                                          "fast=2,3")
    assert "'shard' differs" in refused(*words, "--set", "fast=2,3", "--shard", "1/2")
    with journal.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "another sweep is writing" in refused(*words, "--set", "fast=2,3")
    assert journal.read_bytes() == before
    for text in ("not a journal", "not a journal\n", "{}\n"):
        other.write_text(text)
        assert "not the journal of a sweep" in refused(*market, "--set", "fast=2", "--journal", other)
        assert "not the journal of a sweep" in refused("--merge", other)
        assert other.read_text() == text
    other.write_text("{" * 4_000_000)  # longer than any header
    assert "not the journal of a sweep" in refused(*market, "--set", "fast=2", "--journal", other)
    assert other.stat().st_size == 4_000_000
    journal.write_bytes(before + b" " * 5000 + b"\n")  # longer than any row
    assert f"{journal}:4:" in refused(*words, "--set", "fast=2,3")
    assert f"{journal}:4:" in refused("--merge", journal)
    journal.write_bytes(before.replace(b'"job":1', b'"job":0'))
    line = 1 + [b'"job":1' in row for row in before.splitlines()].index(True)  # threads: 2 or 3
    assert f"{journal}:{line}:" in refused(*words, "--set", "fast=2,3")


def test_merge_wants_all_shards_of_one_sweep(market, folder):
    words = (*market, "--set", "fast=2..5:1", "--shard")
    sweep(*words, "1/2", "--journal", folder / "a")
    sweep(*market, "--set", "fast=2..6:1", "--shard", "2/2", "--journal", folder / "b")
    assert "2 of 4 jobs are missing, first 1" in refused("--merge", folder / "a")
    assert "'set' differs" in refused("--merge", folder / "a", folder / "b")
    assert "cannot be opened" in refused("--merge", folder / "none")
    assert "--set" in refused("--merge", folder / "a", "--set", "fast=2")


@pytest.mark.parametrize("words, told", [
    ((), "nothing to sweep"),
    (("--set", "fast=1..5"), "needs a step"),
    (("--set", "quick=1"), "no param 'quick'"),
    (("--set", "fast=1..9999:1", "slow=1..9999:1"), "--random N"),
    (("--set", "fast=2", "--random", "0"), "--random"),
    (("--set", "fast=2", "--seed", "1"), "a seed belongs to --random"),
    (("--set", "fast=2", "--jobs", "0"), "at least 1"),
    (("--set", "fast=2", "--jobs", "two"), "whole number"),
    (("--set", "fast=2", "--objective", "luck"), "sharpe_ratio sortino_ratio"),
    (("--set", "fast=2", "--train", "1.5"), "--train"),
    (("--set", "fast=2", "--shard", "3/2"), "I from 1 to N"),
    (("--set", "fast=2", "--shard", "1/2"), "--journal"),
    (("--set", "fast=2", "--windows", "3"), "--windows"),
    (("--set", "fast=2", "--from", "2031-01-01"), "no candles"),
    (("--set", "fast=2", "--journal", "/nowhere/j"), "cannot be opened"),
])
def test_what_is_wrong_is_told(market, words, told):
    assert told in refused(*market, *words)


def test_one_artifact_from_a_file():
    assert "one artifact" in refused("--strategy", world.WINNER, world.WINNER, "--set", "fast=2")
    assert "one artifact" in refused("--strategy", "-", "--set", "fast=2")
    assert run("sweep").returncode == 2
    shown = sweep("--config", ROOT / "artifacts/replay.json", "--set", "fast=9,10").stdout
    assert "adaptive_momentum_v3" in shown
