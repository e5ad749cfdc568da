# SPDX-License-Identifier: Apache-2.0
"""guards: a header's guard is its path in upper case; tables have none."""
import re

from tree import Finding


def check(tree):
    findings = []
    for path in tree.c_files(endings=(".h",)):
        code = tree.code(path)
        match = re.search(r"^\s*#\s*(\w+)\s+(\w+)\s*\n\s*#\s*define\s+(\w+)\s*$", code, re.M)
        guarded = bool(match) and match.group(1) == "ifndef" and match.group(2) == match.group(3)
        if tree.is_table(path):
            if guarded and re.match(r"\s*$", code[: match.start()]):
                findings.append(Finding(path, 1, "a table has no guard; it is included repeatedly"))
            continue
        wanted = re.sub(r"[/.]", "_", path).upper()
        if not guarded or not re.match(r"\s*$", code[: match.start()]):
            findings.append(Finding(path, 1, f"begin with #ifndef {wanted} and #define {wanted}"))
        elif match.group(2) != wanted:
            line = code.count("\n", 0, match.start(2)) + 1
            findings.append(Finding(path, line, f"the guard must be named {wanted}"))
    return findings
