# SPDX-License-Identifier: Apache-2.0
"""docs: the configuration page says what the table of keys says."""
import os
import sys

from tree import Finding

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
import config_doc  # noqa: E402

TABLE = "core/config_table.h"
PAGE = "docs/configuration.md"


def check(tree):
    if not tree.exists(TABLE):
        return []
    if not tree.exists(PAGE):
        return [Finding(PAGE, 1, "is missing; run: tools/config_doc.py")]
    wanted = config_doc.page(tree.text(TABLE)).splitlines()
    found = tree.text(PAGE).splitlines()
    for number, (a, b) in enumerate(zip(wanted + [""] * len(found), found), 1):
        if a != b:
            return [Finding(PAGE, number, "differs from the table of keys; run: tools/config_doc.py")]
    if len(found) < len(wanted):
        return [Finding(PAGE, len(found), "ends too early; run: tools/config_doc.py")]
    return []
