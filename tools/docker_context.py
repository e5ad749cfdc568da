#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the Dockerfile without a Docker engine: its context, its packages, its build and result.

The context is made as Docker would make it: the files git keeps, less .dockerignore.  RUN lines of
the first stage that compile are executed in that copy; those that install packages are not, but
every package they name must be to be had.  COPY sources must exist, and the program must start.
"""
import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
KNOWN = {
    "FROM", "RUN", "WORKDIR", "COPY", "ARG", "ENV", "VOLUME", "USER", "EXPOSE", "HEALTHCHECK",
    "STOPSIGNAL", "ENTRYPOINT", "CMD", "LABEL",
}


def fail(text):
    sys.exit(f"docker-context: {text}")


def instructions(path):
    """(line, WORD, rest) of each instruction, continuation lines joined."""
    out, pending, start = [], "", 0
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if line.lstrip().startswith("#") or (not pending and not line.strip()):
                continue
            start = start if pending else number
            if line.endswith("\\"):
                pending += line[:-1] + " "
                continue
            word, _, rest = (pending + line).strip().partition(" ")
            out.append((start, word.upper(), re.sub(r"\s+", " ", rest.strip())))
            pending = ""
    if pending:
        fail(f"Dockerfile:{start}: the last line is continued")
    return out


def is_ignored(path, patterns):
    parts = path.split("/")
    heads = ["/".join(parts[: i + 1]) for i in range(len(parts))]
    ignored = False
    for pattern in patterns:
        keep = pattern.startswith("!")
        pattern = pattern.lstrip("!").strip("/")
        if pattern.startswith("**/"):
            hit = any(fnmatch.fnmatch(part, pattern[3:]) for part in parts)
        else:
            hit = any(
                len(head.split("/")) == len(pattern.split("/")) and fnmatch.fnmatch(head, pattern)
                for head in heads
            )
        if hit:
            ignored = not keep
    return ignored


def make_context(folder):
    with open(".dockerignore", encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    patterns = [line for line in lines if line and not line.startswith("#")]
    names = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
        check=True,
        capture_output=True,
    ).stdout.decode()
    count = 0
    for name in filter(None, names.split("\0")):
        if is_ignored(name, patterns) or not os.path.isfile(name):
            continue
        place = os.path.join(folder, name)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        shutil.copy2(name, place)
        count += 1
    if count == 0:
        fail("the context is empty")
    return count


def packages_of(command):
    """The packages that one RUN line installs."""
    found = []
    for part in re.split(r"&&|;", command):
        words = shlex.split(part)
        if words[:2] == ["apt-get", "install"]:
            found += [word for word in words[2:] if not word.startswith("-")]
    return found


def check_packages(line, names):
    out = subprocess.run(["apt-cache", "policy", *names], capture_output=True, text=True).stdout
    have = set(re.findall(r"^(\S+):\n.*\n  Candidate: (?!\(none\))", out, re.M))
    missing = sorted(set(names) - have)
    if missing:
        fail(f"Dockerfile:{line}: no such package: {' '.join(missing)} (apt-get update done?)")


def rebase(text, places):
    """Absolute paths of the build stage become places in our temporary folder."""
    for old, new in places.items():
        text = re.sub(rf"(?<![\w./]){re.escape(old)}(?=/|\s|$)", new, text)
    return text


class Image:
    """What the Dockerfile has done so far."""

    def __init__(self, folder):
        self.context = os.path.join(folder, "src")
        self.out = os.path.join(folder, "out")
        self.places = {"/src": self.context, "/out": self.out}
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
        self.stages, self.workdir, self.packages, self.runs = [], "/", 0, 0
        self.user, self.entry = "root", None

    def run(self, line, rest):
        names = packages_of(rest)
        if names:
            check_packages(line, names)
            self.packages += len(names)
            return
        if len(self.stages) > 1:
            fail(f"Dockerfile:{line}: this check only knows how to install in the last stage")
        if self.workdir != "/src":
            fail(f"Dockerfile:{line}: builds outside /src")
        result = subprocess.run(
            ["sh", "-c", rebase(rest, self.places)],
            cwd=self.context, env=self.env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )
        if result.returncode != 0:
            fail(f"Dockerfile:{line}: RUN failed\n{result.stdout[-6000:]}")
        self.runs += 1

    def copy(self, line, rest):
        words = rest.split(" ")
        stage = [word[7:] for word in words if word.startswith("--from=")]
        sources = [word for word in words if not word.startswith("--")][:-1]
        if stage and stage[0] not in self.stages:
            fail(f"Dockerfile:{line}: no stage named {stage[0]}")
        for source in sources:
            place = rebase(source, self.places) if stage else os.path.join(self.context, source)
            if not os.path.exists(place):
                fail(f"Dockerfile:{line}: COPY source {source} does not exist")

    def step(self, line, word, rest):
        if word not in KNOWN:
            fail(f"Dockerfile:{line}: unknown instruction {word}")
        if word == "FROM":
            match = re.fullmatch(r"debian:bookworm-slim(?: AS (\w+))?", rest)
            if not match:
                fail(f"Dockerfile:{line}: not on debian:bookworm-slim, whose packages are checked")
            self.stages.append(match.group(1) or "")
            self.workdir, self.user = "/", "root"
        elif word == "WORKDIR":
            self.workdir = rest
        elif word == "ARG" and "=" in rest:
            name, _, value = rest.partition("=")
            self.env[name] = value
        elif word == "USER":
            self.user = rest
        elif word == "ENTRYPOINT":
            self.entry = json.loads(rest)
        elif word == "CMD":
            json.loads(rest)
        elif word == "RUN":
            self.run(line, rest)
        elif word == "COPY":
            self.copy(line, rest)


def check_result(image):
    if image.user in ("root", "0"):
        fail("the image runs as root")
    if not image.entry or image.entry[1:] != ["serve"]:
        fail("ENTRYPOINT must be the program and serve")
    program = image.out + image.entry[0]
    if not os.access(program, os.X_OK):
        fail(f"the build leaves no {image.entry[0]}")
    result = subprocess.run([program, "version"], capture_output=True, text=True, timeout=20)
    with open(os.path.join(image.context, "VERSION"), encoding="utf-8") as file:
        version = file.read().strip()
    if result.returncode != 0 or version not in result.stdout:
        fail(f"traderd version: exit {result.returncode}, {result.stdout}{result.stderr}")
    with open(program, "rb") as file:
        if os.path.dirname(image.context).encode() in file.read():
            fail("the program holds the path it was built in; it is not reproducible")


def main():
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory(prefix="traderd-image-") as folder:
        image = Image(folder)
        count = make_context(image.context)
        for line, word, rest in instructions("Dockerfile"):
            image.step(line, word, rest)
        if len(image.stages) != 2 or image.runs == 0:
            fail("the Dockerfile must build in one stage and run in a second")
        check_result(image)
        print(f"docker-context: {count} files, {image.packages} packages, {image.runs} build step: ok")


if __name__ == "__main__":
    main()
