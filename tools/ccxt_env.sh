#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes build/ccxt: ccxt for Node and for Python as pinned in tests/ccxt; does nothing when it is current.
set -eu
cd "$(dirname "$0")/.."

place=build/ccxt
mkdir -p "$place"
exec 9>build/ccxt.lock
flock 9
wanted=$(cat tests/ccxt/package.json tests/ccxt/package-lock.json tests/ccxt/requirements.txt | sha256sum)
[ "$(cat "$place/made-from" 2>/dev/null)" != "$wanted" ] || exit 0
rm -rf "$place/python" "$place/made-from"
cp tests/ccxt/package.json tests/ccxt/package-lock.json "$place/"
(cd "$place" && npm ci --silent --ignore-scripts --omit=optional --no-audit --no-fund --no-update-notifier) 9>&-
# Without what it pins itself: its plain client needs requests alone, which the tests have.
build/venv/bin/python -m pip --quiet --disable-pip-version-check --no-input install --no-deps --no-compile \
    --target "$place/python" -r tests/ccxt/requirements.txt 9>&-
echo "$wanted" >"$place/made-from"
