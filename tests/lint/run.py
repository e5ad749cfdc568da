#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the checks of the house style: run.py [CHECK...], all of them by default."""
import importlib
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
from tree import Tree  # noqa: E402

CHECKS = [
    "layers", "sizes", "banned", "headers", "duty", "guards", "fmt", "words", "routes", "secrets", "docs",
]


def load(name):
    return importlib.import_module(f"check_{name}")


def main():
    names = sys.argv[1:] or CHECKS
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        sys.exit(f"unknown check: {', '.join(unknown)}; known: {', '.join(CHECKS)}")
    tree = Tree(os.path.join(HERE, "..", ".."))
    failed = 0
    for name in names:
        started = time.monotonic()
        findings = load(name).check(tree)
        failed += bool(findings)
        state = f"FAIL ({len(findings)})" if findings else "ok"
        print(f"lint {name}: {state} in {time.monotonic() - started:.1f} s")
        for finding in findings:
            print(f"  {finding}")
    print(f"lint: {len(names) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
