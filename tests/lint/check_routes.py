# SPDX-License-Identifier: Apache-2.0
"""routes: the table of routes and the API description name the same methods and paths."""
import os
import re
import sys

from tree import TOKEN, Finding

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
import yaml_to_json  # noqa: E402

TABLE = "handlers/routes_table.h"
SPEC = "openapi/openapi.yaml"
ROW = re.compile(r'\bROUTE\(\s*(\w+)\s*,\s*"([^"]*)"', re.S)
METHODS = ("get", "put", "post", "delete", "patch")


def plain(path):
    """A parameter that takes the rest of the path is an ordinary one in OpenAPI."""
    return re.sub(r"\{(\w+)(?:\*|\.\.\.)\}", r"{\1}", path)


def routed(text):
    keep_texts = lambda m: m.group(0) if m.group(0)[0] in "\"'" else re.sub(r"[^\n]", " ", m.group(0))
    text = TOKEN.sub(keep_texts, text)
    text = re.sub(r"^\s*#.*", "", text, flags=re.M)
    return {
        (m.group(1).upper(), plain(m.group(2))): text.count("\n", 0, m.start()) + 1
        for m in ROW.finditer(text)
    }


def described(tree):
    document = yaml_to_json.load(os.path.join(tree.root, SPEC)) or {}
    lines = {}
    for number, line in enumerate(tree.lines(SPEC), 1):
        match = re.match(r"""\s+["']?(/[^"'\s]*?)["']?:\s*$""", line)
        if match:
            lines.setdefault(match.group(1), number)
    return {
        (method.upper(), path): lines.get(path, 1)
        for path, item in (document.get("paths") or {}).items()
        for method in METHODS
        if method in item
    }


def check(tree):
    for path in (TABLE, SPEC):
        if not tree.exists(path):
            return [Finding(path, 1, "is missing; routes cannot be compared")]
    routes, operations = routed(tree.text(TABLE)), described(tree)
    if not routes:
        return [Finding(TABLE, 1, 'has no row ROUTE(METHOD, "/path", …)')]
    findings = [
        Finding(TABLE, line, f"{key[0]} {key[1]} is not in {SPEC}; describe it")
        for key, line in routes.items()
        if key not in operations
    ]
    findings += [
        Finding(SPEC, line, f"{key[0]} {key[1]} is not in {TABLE}; route it or delete it")
        for key, line in operations.items()
        if key not in routes
    ]
    return findings
