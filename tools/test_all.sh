#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs every step CI runs, prints name and time of each, and ends with `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/.."

# Every step is a make of its own, not a child of the one that started this.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

logs=build/logs
mkdir -p "$logs"
passed=0
failed=0
failures=()

step() {
    local name=$1 started=$SECONDS log=$logs/$1.log rc=0
    shift
    "$@" >"$log" 2>&1 </dev/null || rc=$?
    local took=$((SECONDS - started))
    if ((rc == 0)); then
        passed=$((passed + 1))
        printf 'ok    %-16s %4d s   %s\n' "$name" "$took" "$(tail -n 1 "$log" | cut -c1-100)"
    else
        failed=$((failed + 1))
        failures+=("$name")
        printf 'FAIL  %-16s %4d s   exit %d, all of it in %s\n' "$name" "$took" "$rc" "$log"
        tail -n 120 "$log"
    fi
    return "$rc"
}

finish() {
    ((failed == 0)) || echo "failed: ${failures[*]}"
    echo "$passed passed, $failed failed"
    exit $((failed > 0))
}

quiet_make() {
    make "$@" && echo built
}

# What comes over the network is fetched while the compilers work; the steps wait for it by lock.
(tools/test_env.sh; tools/ccxt_env.sh; tools/openapi_lint.sh --install-only; tools/foreign_env.sh) >"$logs/fetch.log" 2>&1 </dev/null &
fetching=$!

step build-gcc quiet_make all unit-programs || { wait "$fetching"; finish; }
step unit make unit
step simulate make simulate SEEDS=1000000 ARGS="--seconds 25"
step planted make simulate-planted
step lint make lint
wait "$fetching"
step openapi make openapi
# The tests of whole processes wait more than they compute: what the later steps need is compiled
# meanwhile, one file at a time and behind everything else.
nice -n 19 make JOBS=1 ahead >"$logs/ahead.log" 2>&1 </dev/null &
ahead=$!
step integration make integration
wait "$ahead"
step build-clang quiet_make CC=clang BUILD=build-clang all unit-programs
step asan make asan
step tsan make tsan
step fuzz make fuzz FUZZ_SECONDS="${FUZZ_SECONDS:-5}"
step docker-context make docker-context
finish
