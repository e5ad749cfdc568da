# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/sweeps.md, word for word: a sweep in shards under Slurm, GNU parallel and as an
indexed Job of Kubernetes merges to the bytes of one run."""
import os
import shutil
import subprocess

import kubernetes_validate
import pytest
import yaml

from contract import ROOT
from daemon import binary, environment, run
from slurm import Slurm

SWEEP = ("--config", "artifacts/replay.json", "--set", "fast=5..30:5", "slow=40..90:10")
MANIFEST = ROOT / "docs/examples/sweep.k8s.yaml"
KUBERNETES = "1.29"  # the oldest one that is checked; indexed Jobs are stable since 1.24
JOBS, SHARDS = 36, 4


def example(word):
    """The command lines of the block of docs/sweeps.md with this word, as a shell script."""
    blocks, block = [], []
    for line in (ROOT / "docs/sweeps.md").read_text().splitlines() + [""]:
        if line.startswith("    "):
            block.append(line[4:])
        elif block:
            blocks.append(block)
            block = []
    found = [block for block in blocks if any(word in line for line in block)]
    assert len(found) == 1, f"{len(found)} blocks of docs/sweeps.md have {word!r}"
    return "\n".join(line.removeprefix("$ ") for line in found[0]) + "\n"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What one run without shards leaves."""
    folder = workplace(tmp_path_factory.mktemp("whole"))
    done = shell(folder, "traderd sweep " + " ".join(SWEEP) + " --out winner.json --table all.csv")
    assert f"{JOBS} jobs of {JOBS} combinations" in done
    return results(folder)


def workplace(folder):
    """A folder in which the examples can be typed."""
    (folder / "bin").mkdir()
    (folder / "bin/traderd").symlink_to(os.path.realpath(binary()))
    for name in ("docs", "artifacts"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def variables(folder, **more):
    mine = environment()
    return {**mine, "PATH": f"{folder}/bin:{mine['PATH']}", "HOME": str(folder), **more}


def shell(folder, script, **more):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder,
                          env=variables(folder, **more), capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def results(folder):
    return {name: (folder / name).read_bytes() for name in ("winner.json", "all.csv")}


def assert_sharded(folder):
    """Each shard has run its own jobs and no others."""
    counts = [len((folder / f"shard-{i}.jsonl").read_text().splitlines()) - 1
              for i in range(1, SHARDS + 1)]
    assert counts == [JOBS // SHARDS] * SHARDS


def test_slurm_job_array(folder, whole):
    script = example("sbatch")
    assert " ".join(SWEEP) in " ".join(script.replace("\\\n", "").split())
    workplace(folder)
    with Slurm() as slurm:
        # $array and $merge are the script's own names of its jobs.
        told = shell(folder, script + 'echo "$array $merge"\n',
                     SLURM_CONF=slurm.environment["SLURM_CONF"])
        array, merge = told.split()[-2:]
        slurm.wait(lambda: slurm.state(merge) == {"COMPLETED"} or slurm.state(array) & {"FAILED"},
                   "the end of the jobs")
        logs = {path.name: path.read_text() for path in folder.glob("*.log")}
        assert slurm.state(array) == {"COMPLETED"}, logs
    assert_sharded(folder)
    assert logs["shard-2.log"] == f"shard 2/{SHARDS}: 9 of {JOBS} jobs are in shard-2.jsonl\n"
    assert f"{JOBS} jobs of {JOBS} combinations" in logs["merge.log"]
    assert results(folder) == whole


def test_gnu_parallel(folder, whole):
    assert shutil.which("parallel"), "parallel is not installed; `make deps` installs it"
    script = example("parallel --joblog")
    workplace(folder)
    shell(folder, script)
    assert_sharded(folder)
    assert results(folder) == whole
    rows = (folder / "sweep.log").read_text().splitlines()[1:]
    assert len(rows) == SHARDS and all(row.split("\t")[6] == "0" for row in rows)


def test_indexed_job_runs_its_shards(folder, whole):
    job = yaml.safe_load(MANIFEST.read_text())
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert job["spec"]["completionMode"] == "Indexed" and job["spec"]["completions"] == SHARDS
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {container["workingDir"]}
    workplace(folder)
    for index in range(SHARDS):
        done = subprocess.run([*container["command"], *container["args"]], cwd=folder,
                              env=variables(folder, JOB_COMPLETION_INDEX=str(index)),
                              capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
    assert_sharded(folder)
    merged = run("sweep", "--merge", *sorted(folder.glob("shard-*.jsonl")), "--out",
                 folder / "winner.json", "--table", folder / "all.csv")
    assert merged.returncode == 0, merged.stderr
    assert results(folder) == whole


def test_the_manifest_is_one_that_kubernetes_takes():
    job = yaml.safe_load(MANIFEST.read_text())
    kubernetes_validate.validate(job, KUBERNETES, strict=True)
    kubernetes_validate.validate(job, "1.37", strict=True)
    for wrong in ({"completionMode": 1}, {"completion": 4}):
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate({**job, "spec": {**job["spec"], **wrong}}, KUBERNETES,
                                         strict=True)
