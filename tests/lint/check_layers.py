# SPDX-License-Identifier: Apache-2.0
"""layers: includes go one way only, and each library is used in its own folder."""
import re

from tree import FOLDERS, Finding

ALLOWED = {
    "core": [],
    "engine": ["core"],
    "net": ["core"],
    "http": ["core"],
    "store": ["core", "engine"],
    "exchange": ["core", "engine", "net"],
    "sandbox": ["core", "engine", "http"],
    "handlers": ["core", "engine", "store", "http"],
    "server": [folder for folder in FOLDERS if folder != "server"],
}
LIBRARIES = [
    (r"curl/", "libcurl", ["net"], "use net/"),
    (r"libpq-fe\.h|libpq/|postgres", "libpq", ["store"], "use store/"),
    (r"microhttpd\.h", "libmicrohttpd", ["http", "server"], "use http/"),
    (r"jansson\.h", "jansson", ["core"], "use core's JSON reader and writer"),
]
# engine is pure: no library but libc's own, and no header that reaches outside the process.
NOT_IN_ENGINE = re.compile(
    r"openssl/|z(lib|std)\.h|sys/(socket|un|stat|file|epoll|wait)\.h|netinet/|arpa/|netdb\.h"
    r"|fcntl\.h|dirent\.h|unistd\.h"
)
GENERATED = {"build_info.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def judge_own(folder, name):
    if name in GENERATED:
        return None
    target = name.split("/")[0]
    if "/" not in name or name.startswith("."):
        return f'"{name}" must be written from the root: "{folder}/{name.split("/")[-1]}"'
    if target in ("tests", "bench"):
        return f"{folder} may not include {target}; move what it needs into {folder}"
    if target not in FOLDERS:
        return f'"{name}" is in no source folder'
    if target != folder and target not in ALLOWED[folder]:
        allowed = ", ".join(ALLOWED[folder]) or "nothing"
        return (
            f"{folder} may include {allowed}, not {target}; "
            f"take the value as an argument or put a port in {folder}"
        )
    return None


def judge_library(folder, name):
    for pattern, library, homes, remedy in LIBRARIES:
        if re.match(pattern, name) and folder not in homes:
            return f"{library} belongs to {' and '.join(homes)}, not {folder}; {remedy}"
    if folder == "engine" and NOT_IN_ENGINE.match(name):
        return f"engine is pure and may not include <{name}>; go through a port or core"
    return None


def check(tree):
    findings = []
    for path in tree.c_files(FOLDERS):
        folder = path.split("/")[0]
        for number, line in enumerate(tree.lines(path), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            judge = judge_own if match.group(1) == '"' else judge_library
            text = judge(folder, match.group(2))
            if text:
                findings.append(Finding(path, number, text))
    return findings
