# SPDX-License-Identifier: Apache-2.0
"""What every check shares: the tree's files, findings, and C source without comments and texts."""
import os
import re
import subprocess

FOLDERS = ["core", "engine", "net", "http", "store", "exchange", "sandbox", "handlers", "server"]
C_FOLDERS = FOLDERS + ["tests", "bench"]
SKIPPED = {".git", "data", "node_modules", "__pycache__", "corpus", "regressions"}

TOKEN = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
    re.VERBOSE | re.DOTALL,
)


class Finding:
    """One broken rule: where it is and what to do about it."""

    def __init__(self, path, line, text):
        self.path, self.line, self.text = path, line, text

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


class Tree:
    """The files below a root, read once."""

    def __init__(self, root):
        self.root = os.path.abspath(root)
        self.texts = {}

    def c_files(self, folders=None, endings=(".c", ".h")):
        found = []
        for folder in folders or C_FOLDERS:
            for place, names, files in os.walk(os.path.join(self.root, folder)):
                names[:] = sorted(name for name in names if name not in SKIPPED)
                found += [
                    os.path.relpath(os.path.join(place, file), self.root)
                    for file in sorted(files)
                    if file.endswith(endings)
                ]
        return found

    def kept_files(self):
        """Every file git keeps or would keep; the whole tree where there is no repository."""
        if os.path.exists(os.path.join(self.root, ".git")):
            out = subprocess.run(
                ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
                cwd=self.root,
                check=True,
                capture_output=True,
            ).stdout.decode()
            names = [name for name in out.split("\0") if name]
            return sorted(n for n in names if os.path.isfile(os.path.join(self.root, n)))
        found = []
        for place, names, files in os.walk(self.root):
            names[:] = sorted(name for name in names if name != "__pycache__")
            found += [os.path.relpath(os.path.join(place, f), self.root) for f in files]
        return sorted(found)

    def exists(self, path):
        return os.path.exists(os.path.join(self.root, path))

    def text(self, path):
        if path not in self.texts:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                self.texts[path] = file.read()
        return self.texts[path]

    def lines(self, path):
        return self.text(path).split("\n")

    def is_table(self, path):
        """X-macro rows included with several meanings: NAME_table.h without a NAME_table.c."""
        return path.endswith("_table.h") and not self.exists(path[:-1] + "c")

    def is_text(self, path):
        with open(os.path.join(self.root, path), "rb") as file:
            return b"\0" not in file.read(8192)

    def code(self, path):
        """The source with comments and literals blanked out, so that line numbers stay."""
        return TOKEN.sub(blank, self.text(path))


def blank(match):
    token = match.group(0)
    if token[0] == "/":
        return re.sub(r"[^\n]", " ", token)
    return token[0] + " " * (len(token) - 2) + token[-1]


def functions(code):
    """(name, first line, last line) of each function body; braces stand in column one."""
    out = []
    start, name = None, None
    lines = code.split("\n")
    for number, line in enumerate(lines, 1):
        if line.rstrip() == "{" and start is None:
            head = " ".join(lines[max(0, number - 12) : number - 1])
            head = re.split(r"[;}]", head)[-1]
            match = re.search(r"(\w+)\s*\(", head)
            start, name = number, match.group(1) if match else "?"
        elif line.startswith("}") and start is not None:
            out.append((name, start, number))
            start = None
    return out
