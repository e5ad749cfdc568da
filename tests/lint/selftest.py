#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants one violation of every rule in a small tree and demands that its check finds it there."""
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
import run  # noqa: E402
from tree import Tree  # noqa: E402

SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
DUTY = SPDX + "/* A planted file. */\n"
KEYS = 'CONFIG(a, TEXT, "", "", "", "", "A text.")\n'

CLEAN = {
    "core/text.h": DUTY + "#ifndef CORE_TEXT_H\n#define CORE_TEXT_H\n\nint text_size(void);\n\n#endif\n",
    "core/text.c": DUTY + '#include "core/text.h"\n\nint text_size(void)\n{\n    return 1;\n}\n',
    "core/amount.c": DUTY + '#include "core/text.h"\n\ndouble price_to_double(int e12);\n\n'
    "double price_to_double(int e12)\n{\n    double value = e12;\n    return value;\n}\n",
    "core/key_table.h": DUTY + "KEY(" + "a" * 120 + ")\n",
    "engine/order.h": DUTY + '#ifndef ENGINE_ORDER_H\n#define ENGINE_ORDER_H\n\n#include "core/text.h"'
    "\n\n/* Calls time( and strcpy( in words only. */\nstruct port {\n    int (*open)(int);\n};\n\n#endif\n",
    "engine/order.c": DUTY + '#include "engine/order.h"\n\nstatic int use(struct port *port)\n{\n'
    '    return port->open(1) + (int)sizeof("atoi(");\n}\n',
    "net/transport.c": DUTY + "#include <curl/curl.h>\n",
    "handlers/routes_table.h": DUTY + 'ROUTE(GET, "/v1/loop", loop_get, VIEWER)\n'
    '/* ROUTE(GET, "/v1/comment", none, VIEWER) */\n'
    'ROUTE(POST, "/v1/tile/{n*}",\n      tile_post, VIEWER)\n',
    "openapi/openapi.yaml": "openapi: 3.1.0\npaths:\n  /v1/loop:\n    get: {}\n"
    "  /v1/tile/{n}:\n    post: {}\n",
    "tools/do.sh": "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n# Does it.\n",
    "core/config_table.h": DUTY + KEYS,
    "docs/configuration.md": run.load("docs").config_doc.page(KEYS),
}


def long_function(lines):
    return "int f(void)\n{\n" + "    f();\n" * (lines - 2) + "}\n"


MARK = "TO" "DO"
FAR = "/wor" "k/main"
HOST = "https:/" "/registry.npm" "js.org/x"
KEY = "-----BEGIN PRIVATE " "KEY-----"

# check, file, content, line of the finding, words its message must have
PLANTED = [
    ("layers", "core/a.c", DUTY + '#include "engine/order.h"\n', 3, "core may include nothing"),
    ("layers", "engine/a.c", DUTY + '#include "store/pg.h"\n', 3, "not store"),
    ("layers", "handlers/a.c", DUTY + '#include "exchange/b.h"\n', 3, "not exchange"),
    ("layers", "server/a.c", DUTY + '#include "tests/support/x.h"\n', 3, "may not include tests"),
    ("layers", "engine/a.c", DUTY + '#include "order.h"\n', 3, "from the root"),
    ("layers", "exchange/a.c", DUTY + "#include <curl/curl.h>\n", 3, "libcurl belongs to net"),
    ("layers", "handlers/a.c", DUTY + "#include <libpq-fe.h>\n", 3, "libpq belongs to store"),
    ("layers", "handlers/a.c", DUTY + "#include <microhttpd.h>\n", 3, "libmicrohttpd belongs"),
    ("layers", "http/a.c", DUTY + "#include <jansson.h>\n", 3, "jansson belongs to core"),
    ("layers", "engine/a.c", DUTY + "#include <sys/socket.h>\n", 3, "engine is pure"),
    ("sizes", "core/a.c", DUTY + "\n" * 499, 501, "501 lines"),
    ("sizes", "core/a.c", DUTY + long_function(71), 4, "71 lines"),
    ("sizes", "core/a.c", DUTY + "/* " + "x" * 98 + "\n */\n", 3, "101 columns"),
    ("headers", "core/a.h", DUTY + "#ifndef CORE_A_H\n#define CORE_A_H\nsize_t f(void);\n#endif\n", 5,
     "does not compile alone"),
    ("duty", "core/a.c", "/* No licence. */\n", 1, "first line"),
    ("duty", "core/a.c", SPDX + "\n\n/* Too late. */\n", 2, "duty"),
    ("duty", "core/a.c", SPDX + "int a;\n", 2, "duty"),
    ("duty", "tools/a.py", "import os\n", 1, "duty"),
    ("duty", "tools/a.sh", "#!/bin/sh\nset -eu\n", 1, "duty"),
    ("guards", "core/a.h", DUTY + "#ifndef A_H\n#define A_H\n#endif\n", 3, "CORE_A_H"),
    ("guards", "core/a.h", DUTY + "#pragma once\n", 1, "CORE_A_H"),
    ("guards", "core/a_table.h", DUTY + "#ifndef CORE_A_TABLE_H\n#define CORE_A_TABLE_H\n#endif\n", 1,
     "a table has no guard"),
    ("fmt", "core/a.c", DUTY + "int f(void) { return 1; }\n", 3, "make fmt"),
    ("words", "core/a.c", DUTY + f"/* {MARK}: more */\n", 3, MARK),
    ("words", "migrations/1.sql", f"-- {MARK}\n", 1, MARK),
    ("routes", "handlers/routes_table.h", DUTY + 'ROUTE(GET, "/v1/loop", a, V)\n'
     'ROUTE(POST, "/v1/tile/{n}", a, V)\nROUTE(GET, "/v1/new/{id}", a, V)\n', 5, "describe it"),
    ("routes", "handlers/routes_table.h", DUTY + 'ROUTE(GET, "/v1/loop", a, V)\n', 5, "route it"),
    ("routes", "handlers/routes_table.h", DUTY, 1, "no row"),
    ("docs", "docs/configuration.md", "# Another page\n", 1, "differs"),
    ("secrets", "docs/a.md", f"see {FAR}/x\n", 1, "relative"),
    ("secrets", "package-lock.json", f'{{\n"resolved": "{HOST}"}}\n', 2, "registry"),
    ("secrets", "core/a.pem", f"{KEY}\n", 1, "private key"),
]
for call in ("strcpy", "strcat", "sprintf", "vsprintf", "strtok", "atoi", "atol", "gmtime",
             "localtime", "rand", "srand", "gets"):
    PLANTED.append(("banned", "core/a.c", DUTY + f"int a;\nvoid f(void) {{ {call}(0); }}\n", 4,
                    f"{call}() is banned"))
for call in ("time", "gettimeofday", "clock_gettime", "nanosleep", "sleep", "fopen", "open",
             "socket", "getenv", "random", "getrandom"):
    PLANTED.append(("banned", "engine/a.c", DUTY + f"int f(void) {{ return {call} (0); }}\n", 3,
                    f"{call}() is banned"))
for path in ("engine/position.c", "engine/portfolio_mark.h", "engine/fill.h", "core/amount_math.c"):
    PLANTED.append(("banned", path, DUTY + "\nint a;\ndouble f(void);\n", 5, "double is banned"))
PLANTED.append(("banned", "engine/fill.c", DUTY + "double fill_to_double(int a);\n", 3, "double"))


def plant(folder, files):
    for path, text in files.items():
        place = os.path.join(folder, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w", encoding="utf-8") as file:
            file.write(text)


def judge(check, path, text, line, words):
    """Nothing when the check finds the planted violation and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        plant(folder, {**CLEAN, path: text} if path else CLEAN)
        found = [str(finding) for finding in run.load(check).check(Tree(folder))]
    if not path:
        return f"{check} complains about a clean tree: {found}" if found else None
    # A missing description is reported in the other file.
    where = "openapi/openapi.yaml" if words == "route it" else path
    if len(found) != 1 or not found[0].startswith(f"{where}:{line}: ") or words not in found[0]:
        return f"{check} on {path}: wanted line {line} with '{words}', got {found}"
    return None


def main():
    os.environ.setdefault("LINT_CFLAGS", "-std=gnu17 -I.")
    cases = [(check, None, None, None, None) for check in run.CHECKS] + PLANTED
    untested = set(run.CHECKS) - {case[0] for case in PLANTED}
    failures = [f"no violation is planted for {check}" for check in sorted(untested)]
    failures += [text for text in (judge(*case) for case in cases) if text]
    for failure in failures:
        print(f"  {failure}")
    print(f"lint self-test: {len(cases) - len(failures)} passed, {len(failures)} failed")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
