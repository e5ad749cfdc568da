# SPDX-License-Identifier: Apache-2.0
"""headers: every header compiles alone; tables of X-macro rows are exempt."""
import os
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor

from tree import Finding

PACKAGES = ["libmicrohttpd", "jansson", "libcurl", "openssl", "libpq", "zlib", "libzstd"]


def flags():
    """What the Makefile compiles with; asked for again when the check runs alone."""
    if "LINT_CFLAGS" in os.environ:
        return os.environ["LINT_CFLAGS"]
    libraries = subprocess.run(
        ["pkg-config", "--cflags", *PACKAGES], capture_output=True, text=True
    ).stdout
    return f"-std=gnu17 -D_GNU_SOURCE -I. -Ibuild/gen {libraries}"


def compile_alone(tree, path, options):
    command = shlex.split(os.environ.get("CC", "gcc")) + shlex.split(options)
    command += ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-x", "c", "-"]
    result = subprocess.run(
        command, cwd=tree.root, input=f'#include "{path}"\n', text=True, capture_output=True
    )
    if result.returncode == 0:
        return None
    match = re.search(r"^([^\s:]+):(\d+):(?:\d+:)? (?:fatal )?error: (.*)", result.stderr, re.M)
    where, line, error = match.groups() if match else (path, 1, result.stderr.strip()[:200])
    return Finding(path, line if where == path else 1, f"does not compile alone: {error}; "
                   "include what it uses")


def check(tree):
    paths = [p for p in tree.c_files(endings=(".h",)) if not tree.is_table(p)]
    options = flags()
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return [f for f in pool.map(lambda p: compile_alone(tree, p, options), paths) if f]
