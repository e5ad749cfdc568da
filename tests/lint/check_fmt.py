# SPDX-License-Identifier: Apache-2.0
"""fmt: every C file is as clang-format writes it; tables of X-macro rows are exempt."""
import os
import re
import shutil
import subprocess

from tree import Finding


def check(tree):
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if not tool:
        return [Finding(".clang-format", 1, "clang-format is missing; run: make deps")]
    paths = [p for p in tree.c_files() if not tree.is_table(p)]
    if not paths:
        return []
    # The house's own file is named, so that a planted tree is judged by it too.
    style = os.path.join(os.path.dirname(__file__), "..", "..", ".clang-format")
    result = subprocess.run(
        [tool, f"--style=file:{os.path.abspath(style)}", "--dry-run", "--Werror", *paths],
        cwd=tree.root,
        text=True,
        capture_output=True,
    )
    where = re.findall(r"^([^\s:]+):(\d+):\d+: error: ", result.stderr, re.M)
    if result.returncode != 0 and not where:
        return [Finding(".clang-format", 1, result.stderr.strip()[:300])]
    first = {}
    for path, line in where:
        first.setdefault(path, line)
    return [Finding(path, line, "not formatted; run: make fmt") for path, line in first.items()]
