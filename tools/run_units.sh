#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs unit test programs two at a time and counts what cmocka reports: run_units.sh ONLY PROGRAM...
set -uo pipefail

only=$1
shift
programs=()
for program in "$@"; do
    [[ -z $only || $program == *"$only"* ]] && programs+=("$program")
done
if ((${#programs[@]} == 0)); then
    echo "no unit test matches '${only:-tests/unit/**/test_*.c}'" >&2
    exit 1
fi

export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}
export CMOCKA_MESSAGE_OUTPUT=STDOUT

# The thread sanitizer needs a predictable address space, where the kernel lets us ask for it.
export WRAP=
if setarch -R true 2>/dev/null; then
    WRAP='setarch -R'
fi

run_one() {
    local log=$1.log
    timeout -k 5 "${UNIT_TIMEOUT:-240}" $WRAP "$1" >"$log" 2>&1
    echo $? >"$1.rc"
}
export -f run_one
printf '%s\0' "${programs[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'run_one "$1"' run_one

passed=0
failed=0
for program in "${programs[@]}"; do
    rc=$(cat "$program.rc" 2>/dev/null || echo 127)
    good=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$program.log" | awk "{n += \$1} END {print n + 0}")
    bad=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) test.*/\1/p' "$program.log" | awk "{n += \$1} END {print n + 0}")
    good=${good:-0}
    bad=${bad:-0}
    if ((rc != 0 && bad == 0)) || ((good + bad == 0)); then
        bad=$((bad + 1))
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
    if ((bad > 0)); then
        echo "FAIL $program (exit $rc)"
        grep -v '^\[ *\(RUN\|OK\) *\]' "$program.log" | tail -n 80
    fi
done
echo "unit: $passed passed, $failed failed, in ${#programs[@]} programs"
((failed == 0))
