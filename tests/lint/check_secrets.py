# SPDX-License-Identifier: Apache-2.0
"""secrets: no private key, no path of a developer's machine and no registry host is kept."""
import re

from tree import Finding

# In halves, or this file would find itself.
RULES = [
    (r"(?<![\w.$}])/wor" r"k/", "path of one machine; write it relative to the root"),
    (r"(?<![\w.])/ho" r"me/[a-z]", "path of one machine; write it relative to the root"),
    (
        r"registry\.npm" r"js\.|registry\.yarn" r"pkg\.|\bpypi\.o" r"rg|pythonhos" r"ted\.org"
        r"|deb\.debi" r"an\.org|proxy\.gol" r"ang\.org|\bcrates\.i" r"o\b|repo1?\.maven\.",
        "host of a package registry; the clients know theirs (in a lock file: drop the field)",
    ),
    (r"-----BEGIN [A-Z ]*PRIVATE " r"KEY-----", "private key; make one in the test"),
]
PATTERNS = [(re.compile(pattern), text) for pattern, text in RULES]
LARGE = 4 * 1024 * 1024


def check(tree):
    findings = []
    for path in tree.kept_files():
        if not tree.is_text(path) or len(tree.text(path)) > LARGE:
            continue
        text = tree.text(path)
        for pattern, remedy in PATTERNS:
            for match in pattern.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                findings.append(Finding(path, line, f"{match.group(0)}: {remedy}"))
    return findings
