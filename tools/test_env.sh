#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes build/venv with the pinned packages of tests/requirements.txt; does nothing when it is current.
set -eu
cd "$(dirname "$0")/.."

requirements=tests/requirements.txt
venv=build/venv
mkdir -p build
exec 9>build/venv.lock
flock 9

wanted=$(sha256sum <"$requirements")
if [ -x "$venv/bin/python" ] && [ "$(cat "$venv/made-from" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
python=/usr/bin/python3
[ -x "$python" ] || python=python3
rm -rf "$venv"
"$python" -m venv "$venv" 9>&-
"$venv/bin/python" -m pip --quiet --disable-pip-version-check --no-input \
    install -r "$requirements" 9>&-
echo "$wanted" >"$venv/made-from"
