#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the plays of tests/integration against a binary: run_integration.sh TRADERD ONLY [PYTEST OPTION...]
set -eu
cd "$(dirname "$0")/.."

TRADERD_BIN=$(realpath "$1")
only=$2
shift 2
export TRADERD_BIN
export PYTHONDONTWRITEBYTECODE=1
# Whole processes wait more than they compute: several files at a time, each file in its order.
if [ -z "$only" ]; then
    set -- -n "${INTEGRATION_WORKERS:-3}" --dist loadfile "$@"
else
    set -- -k "$only" "$@"
fi
exec build/venv/bin/python -m pytest -q -p no:cacheprovider \
    -o 'markers=crash: kills the daemon again and again (CRASH_ROUNDS)' \
    --durations=5 "$@" tests/integration
