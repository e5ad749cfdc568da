#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs each fuzz target for some seconds and fails on any finding: run_fuzz.sh BUILD SECONDS ONLY
set -uo pipefail

build=$1
seconds=$2
only=${3:-}
targets=()
for source in tests/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    [[ -x $build/$name && $name == *"$only"* ]] && targets+=("$name")
done
if ((${#targets[@]} == 0)); then
    echo "no fuzz target matches 'tests/fuzz/fuzz_*$only*.c'" >&2
    exit 1
fi
mkdir -p "$build/artifacts" "$build/logs"
export FUZZ_BUILD=$build FUZZ_SECONDS=$seconds
export UBSAN_OPTIONS=print_stacktrace=1

run_one() {
    local name=$1 seeds=() options=()
    local short=${name#fuzz_}
    # New inputs go to the first folder; the committed ones are only read.
    mkdir -p "$FUZZ_BUILD/corpus/$short"
    for folder in tests/fuzz/corpus/"$short" tests/fuzz/regressions/"$short"; do
        [[ -d $folder ]] && seeds+=("$folder")
    done
    [[ -f tests/fuzz/$short.dict ]] && options+=("-dict=tests/fuzz/$short.dict")
    timeout -k 5 $((FUZZ_SECONDS + 60)) "$FUZZ_BUILD/$name" "${options[@]}" \
        -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256 \
        -print_final_stats=1 -artifact_prefix="$FUZZ_BUILD/artifacts/$name-" \
        "$FUZZ_BUILD/corpus/$short" "${seeds[@]}" >"$FUZZ_BUILD/logs/$name.log" 2>&1
    echo $? >"$FUZZ_BUILD/logs/$name.rc"
}
export -f run_one
printf '%s\0' "${targets[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'run_one "$1"' run_one

failed=0
inputs=0
for name in "${targets[@]}"; do
    log=$build/logs/$name.log
    rc=$(cat "$build/logs/$name.rc" 2>/dev/null || echo 127)
    units=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    inputs=$((inputs + ${units:-0}))
    if ((rc != 0 || ${units:-0} == 0)); then
        failed=$((failed + 1))
        echo "FAIL $name (exit $rc); the input is in $build/artifacts/"
        tail -n 60 "$log"
    else
        echo "ok   $name: $units inputs"
    fi
done
echo "fuzz: $((${#targets[@]} - failed)) passed, $failed failed, $inputs inputs"
((failed == 0))
