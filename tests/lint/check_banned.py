# SPDX-License-Identifier: Apache-2.0
"""banned: calls that overflow, depend on the locale or break the engine's purity are not used."""
import re

from tree import Finding, functions

EVERYWHERE = {
    "strcpy": "use snprintf or core/text.h",
    "strcat": "use snprintf or core/text.h",
    "sprintf": "use snprintf",
    "vsprintf": "use vsnprintf",
    "strtok": "walk the text, or strtok_r",
    "atoi": "use strtol and check its end and range",
    "atol": "use strtol and check its end and range",
    "gmtime": "use gmtime_r",
    "localtime": "use gmtime_r; times are UTC",
    "rand": "use the seeded generator of a simulation, or RAND_bytes for secrets",
    "srand": "use the seeded generator of a simulation, or RAND_bytes for secrets",
    "gets": "use fgets",
}
CLOCK = "take the time from the clock port"
FILES = "engine touches no files; take the data as an argument or go through a port"
CHANCE = "take a seeded generator as an argument; runs must repeat bit by bit"
ENGINE = {
    "time": CLOCK,
    "gettimeofday": CLOCK,
    "clock_gettime": CLOCK,
    "nanosleep": CLOCK,
    "sleep": CLOCK,
    "fopen": FILES,
    "open": FILES,
    "socket": "engine opens no sockets; go through the venue or feed port",
    "getenv": "take the setting as an argument",
    "random": CHANCE,
    "getrandom": CHANCE,
}
MONEY_FILES = re.compile(r"(core|engine)/amount\w*\.[ch]$|engine/(position|portfolio|fill)\w*\.[ch]$")
CONVERSION = re.compile(r"(from|to)_double(?![a-z])")


def pattern_of(names):
    # A member of the same name, as in port->open(…), is another thing.
    return re.compile(r"(?<![\w.])(?<!->)(%s)\s*\(" % "|".join(names))


EVERYWHERE_CALL = pattern_of(EVERYWHERE)
ENGINE_CALL = pattern_of(ENGINE)


def line_of(code, offset):
    return code.count("\n", 0, offset) + 1


def find_calls(path, code, pattern, remedies):
    return [
        Finding(path, line_of(code, m.start(1)), f"{m.group(1)}() is banned: {remedies[m.group(1)]}")
        for m in pattern.finditer(code)
    ]


def find_doubles(path, code):
    """double in a money file, but for amount's conversions from and to it."""
    allowed = set()
    if "/amount" in path:
        for name, first, last in functions(code):
            if CONVERSION.search(name):
                allowed.update(range(first, last + 1))
    findings = []
    offset = 0
    for statement in re.split(r"(?<=[;{}])", code):
        for match in re.finditer(r"\bdouble\b", statement):
            line = line_of(code, offset + match.start())
            named = "/amount" in path and CONVERSION.search(statement)
            if line not in allowed and not named:
                text = "double is banned in money files: use struct price, size or money"
                findings.append(Finding(path, line, text))
        offset += len(statement)
    return findings


def check(tree):
    findings = []
    for path in tree.c_files():
        code = tree.code(path)
        findings += find_calls(path, code, EVERYWHERE_CALL, EVERYWHERE)
        if path.startswith("engine/"):
            findings += find_calls(path, code, ENGINE_CALL, ENGINE)
        if MONEY_FILES.match(path):
            findings += find_doubles(path, code)
    return findings
