# SPDX-License-Identifier: Apache-2.0
"""sizes: a file has at most 500 lines, a function 70, a line 100 columns."""
from tree import Finding, functions

FILE_LINES = 500
FUNCTION_LINES = 70
COLUMNS = 100


def check(tree):
    findings = []
    for path in tree.c_files():
        lines = tree.lines(path)
        count = len(lines) - (lines[-1] == "")
        if count > FILE_LINES:
            text = f"{count} lines, {FILE_LINES} allowed; split the file by noun"
            findings.append(Finding(path, FILE_LINES + 1, text))
        # A table of rows reads best with a row a line, however long.
        if not tree.is_table(path):
            for number, line in enumerate(lines, 1):
                width = len(line.expandtabs(4))
                if width > COLUMNS:
                    text = f"{width} columns, {COLUMNS} allowed; break the line"
                    findings.append(Finding(path, number, text))
        for name, first, last in functions(tree.code(path)):
            # The main of a test program is a list of its tests.
            if path.startswith("tests/") and name == "main":
                continue
            size = last - first + 1
            if size > FUNCTION_LINES:
                text = f"{name} has {size} lines, {FUNCTION_LINES} allowed; name its steps"
                findings.append(Finding(path, first, text))
    return findings
