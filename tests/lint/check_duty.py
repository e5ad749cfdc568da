# SPDX-License-Identifier: Apache-2.0
"""duty: every file opens with its licence and one sentence that says what it is for."""
from tree import Finding

LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */"
SCRIPT_FOLDERS = ("tools/", "tests/", "bench/", ".ci/")


def judge_c(path, lines):
    if lines[0] != LICENCE:
        return Finding(path, 1, f"the first line must be {LICENCE}")
    for number in (1, 2):
        line = lines[number].strip() if number < len(lines) else ""
        if line.startswith("/*"):
            text = line[2:].strip() or (lines[number + 1] if number + 1 < len(lines) else "")
            if text.lstrip(" *"):
                return None
        if line:
            break
    return Finding(path, 2, "a comment with the file's duty, one sentence, must follow the licence")


def judge_script(path, lines):
    lines = [line for line in lines if not line.startswith(("#!", "# SPDX"))]
    first = lines[0] if lines else ""
    if first.startswith('"""') and first.strip('"') or first.startswith("# "):
        return None
    return Finding(path, 1, "the file's duty, one sentence, must follow the licence line")


def check(tree):
    findings = [judge_c(path, tree.lines(path)) for path in tree.c_files()]
    for path in tree.kept_files():
        is_script = path.endswith((".py", ".sh")) and not path.endswith("__init__.py")
        if is_script and path.startswith(SCRIPT_FOLDERS):
            findings.append(judge_script(path, tree.lines(path)))
    return [finding for finding in findings if finding]
