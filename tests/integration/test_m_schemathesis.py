# SPDX-License-Identifier: Apache-2.0
"""The description is right: its examples fit it, and schemathesis finds nothing in the daemon."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

import world
from contract import ROOT, Contract
from daemon import environment


def test_every_example_fits_its_schema():
    contract = Contract()
    schemas = contract.document["components"]["schemas"]
    examples = [(name, example) for name, schema in schemas.items()
                for example in schema.get("examples", [])]
    assert len(examples) > 40
    for name, example in examples:
        contract.validate({"$ref": f"#/components/schemas/{name}"}, example, name)


@pytest.mark.timeout(600)
def test_schemathesis_finds_nothing(make_daemon, folder):
    config = world.replay_config(folder, world.BUSY, count=400)
    daemon = make_daemon(config).start().replay()
    program = Path(sys.executable).parent / "schemathesis"
    assert (ROOT / "schemathesis.toml").exists()
    done = subprocess.run(
        [program, "--config-file", ROOT / "schemathesis.toml", "run",
         f"http://127.0.0.1:{daemon.port}/openapi.json", "--max-examples", "12",
         # The same examples each time, so that a commit does not pass once and fail the next time.
         "--seed", os.environ.get("SCHEMATHESIS_SEED", "1"),
         "--header", f"Authorization: Bearer {daemon.token}", "--no-color"],
        capture_output=True, text=True, timeout=560, check=False, cwd=folder, env=environment())
    assert done.returncode == 0, (done.stdout + done.stderr)[-12000:]
    assert daemon.anonymous.get("/livez").status == 200
