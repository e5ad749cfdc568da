# SPDX-License-Identifier: Apache-2.0
"""words: no marker of unfinished work is left in a source."""
import re

from tree import Finding

# In two halves, or this file would find itself.
MARKERS = ["TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK"]
PATTERN = re.compile(r"\b(%s)\b" % "|".join(MARKERS))
ENDINGS = (".c", ".h", ".py", ".sh", ".sql", ".yaml", ".yml", ".html", ".js", ".css", ".toml")
NAMES = ("Makefile", "Dockerfile", ".ci/run")


def check(tree):
    findings = []
    for path in tree.kept_files():
        if not (path.endswith(ENDINGS) or path in NAMES) or "/data/" in path:
            continue
        for number, line in enumerate(tree.lines(path), 1):
            match = PATTERN.search(line)
            if match:
                text = f"{match.group(1)}: finish it or delete it"
                findings.append(Finding(path, number, text))
    return findings
