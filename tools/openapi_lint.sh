#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lints the API description with the redocly version pinned in tests/openapi; installs it when needed.
set -eu
cd "$(dirname "$0")/.."

place=build/openapi
mkdir -p "$place"
exec 9>build/openapi.lock
flock 9
wanted=$(cat tests/openapi/package.json tests/openapi/package-lock.json | sha256sum)
if [ "$(cat "$place/made-from" 2>/dev/null)" != "$wanted" ]; then
    cp tests/openapi/package.json tests/openapi/package-lock.json "$place/"
    (cd "$place" && npm ci --silent --ignore-scripts --no-audit --no-fund --no-update-notifier) 9>&-
    echo "$wanted" >"$place/made-from"
fi
flock -u 9
[ "${1:-}" != --install-only ] || exit 0

[ -f openapi/openapi.yaml ] || { echo 'openapi/openapi.yaml is missing' >&2; exit 1; }
REDOCLY_TELEMETRY=off CI=1 NO_COLOR=1 \
    "$place/node_modules/.bin/redocly" lint --config redocly.yaml openapi/openapi.yaml
echo "openapi: no problems"
