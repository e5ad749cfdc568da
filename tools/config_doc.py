#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/configuration.md from core/config_table.h: config_doc.py [--print]."""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
ROW = re.compile(r'^CONFIG\((\w+), (\w+), ("(?:[^"\\]|\\.)*"(?:, "(?:[^"\\]|\\.)*"){4})\)$')
KINDS = {
    "TEXT": "text", "PATH": "file", "SECRET_FILE": "file", "BOOL": "true or false",
    "INTEGER": "integer", "RATIO": "decimal", "MONEY": "decimal", "ENUM": "choice",
    "LIST": "list of texts", "PATH_LIST": "list of texts",
}
HEAD = """# Configuration

`traderd serve --config FILE` reads a JSON object of these keys. An environment variable
`TRADERD_<KEY>` (upper case; lists separated by commas) wins over the file, an option over both.
`DATABASE_URL` means `TRADERD_DATABASE_URL`. Files are relative to the configuration file's folder.
An unknown key or a bad value stops the start with a message that names it.

`traderd config check` reports every mistake at once, `config show` prints the values in force and
where each came from, `config schema` prints the JSON Schema. This page is made from
`core/config_table.h` by `tools/config_doc.py`.

| key | kind | default | bounds | meaning |
|---|---|---|---|---|
"""


def rows(table):
    for line in table.splitlines():
        if not line.startswith("CONFIG("):
            continue
        match = ROW.match(line)
        if not match:
            sys.exit(f"core/config_table.h: a row that cannot be read: {line[:60]}")
        texts = [t.replace('\\"', '"') for t in re.findall(r'"((?:[^"\\]|\\.)*)"', match.group(3))]
        yield match.group(1), match.group(2), *texts


def bounds(kind, low, high, unit):
    if kind == "ENUM":
        return ", ".join(f"`{word}`" for word in low.split("|"))
    both = f"{low} to {high}" if low and high else f"at least {low}" if low else ""
    return " ".join(part for part in (both, unit) if part)


def page(table):
    out = [HEAD]
    for name, kind, initial, low, high, unit, text in rows(table):
        shown = f"`{initial}`" if initial else ""
        text = text.replace("|", "\\|")
        out.append(f"| `{name}` | {KINDS[kind]} | {shown} | {bounds(kind, low, high, unit)} | {text} |\n")
    return "".join(out)


def main():
    with open(os.path.join(ROOT, "core", "config_table.h"), encoding="utf-8") as f:
        text = page(f.read())
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(text)
        return
    with open(os.path.join(ROOT, "docs", "configuration.md"), "w", encoding="utf-8") as f:
        f.write(text)


if __name__ == "__main__":
    main()
