#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a C file that holds the bytes of migrations, openapi.json or a document."""
import os
import sys

HEAD = "/* SPDX-License-Identifier: Apache-2.0 */\n/* Written by tools/embed.py: %s. */\n"


def character(byte):
    """A byte as a char initializer that fits whether char is signed or not."""
    return str(byte) if byte < 128 else "'\\%03o'" % byte


def array(declaration, data):
    """The bytes and a terminating zero; an array has no length limit, as string literals have."""
    cells = [character(byte) for byte in data] + ["0"]
    lines = [",".join(cells[i : i + 32]) for i in range(0, len(cells), 32)]
    return declaration + " = {\n" + ",\n".join(lines) + "};\n"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def migrations(paths):
    out = [HEAD % "every migration, in the order of their names"]
    out.append('#include "store/migrations_embedded.h"\n\n')
    paths = sorted(paths, key=os.path.basename)
    rows = []
    for index, path in enumerate(paths):
        data = read(path)
        out.append(array(f"static const char sql_{index}[]", data))
        rows.append(f'    {{"{os.path.basename(path)}", sql_{index}, {len(data)}}},\n')
    rows.append("    {0, 0, 0},\n")
    out.append("\nconst struct embedded_migration embedded_migrations[] = {\n")
    out += rows
    out.append(f"}};\nconst size_t embedded_migration_count = {len(paths)};\n")
    return "".join(out)


def document(path, name, what, kind="json"):
    data = read(path)
    return "".join(
        [
            HEAD % what,
            f'#include "server/{name}_embedded.h"\n\n',
            array(f"const char embedded_{name}_{kind}[]", data),
            f"const size_t embedded_{name}_{kind}_length = {len(data)};\n",
        ]
    )


def openapi(paths):
    return document(paths[0], "openapi", "the API description as JSON")


def strategy_schema(paths):
    return document(paths[0], "strategy_schema", "the JSON Schema of strategy artifacts")


def trade_log(paths):
    return document(paths[0], "trade_log", "what the trade log is and proves", "md")


def report(paths):
    return document(paths[0], "report", "the page of a backtest's report", "html")


def main():
    makers = {
        "migrations": migrations,
        "openapi": openapi,
        "strategy_schema": strategy_schema,
        "report": report,
        "trade_log": trade_log,
    }
    if len(sys.argv) < 3 or sys.argv[1] not in makers:
        sys.exit("usage: embed.py migrations|openapi|strategy_schema|report|trade_log OUT.c FILE...")
    text = makers[sys.argv[1]](sys.argv[3:])
    os.makedirs(os.path.dirname(sys.argv[2]), exist_ok=True)
    with open(sys.argv[2], "w", encoding="ascii") as file:
        file.write(text)


if __name__ == "__main__":
    main()
