#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Prints measured figures as Markdown tables; run.sh NAME... for some of them, by their names below.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Not backtest: it installs other backtesters and takes ten minutes and more.  Not sweep: it wants
# every core for itself.
all=(start cycle rules paths candles memory http journal latency log load)
build=${BUILD:-build}
python=/usr/bin/python3
[[ -x $python ]] || python=python3

for name in "$@"; do
    if [[ ! -f bench/measure_$name.py ]]; then
        echo "usage: bench/run.sh [${all[*]} backtest sweep]" >&2
        exit 2
    fi
done
(($# > 0)) || set -- "${all[@]}"
for program in traderd bench_cycle bench_rules bench_backtest bench_memory bench_candles \
    bench_candles_io bench_latency bench_log bench_peers bench_verify; do
    if [[ ! -x $build/$program ]]; then
        echo "$build/$program is missing; run: make all bench-programs" >&2
        exit 1
    fi
done

commit=$(git rev-parse --short HEAD 2>/dev/null || echo 'no commit')
if [[ -n $(git status --porcelain 2>/dev/null | head -n 1) ]]; then
    commit+=' and changes'
fi
model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
memory=$(awk '/^MemTotal/ {printf "%.0f GiB", $2 / 1048576}' /proc/meminfo)
BENCH_MACHINE="Machine: $(nproc) x ${model:-unknown CPU}, $memory, Linux $(uname -r);"
BENCH_MACHINE+=" traderd $(cat VERSION), $commit; $(date -u +%F)"
export BENCH_MACHINE
echo "$BENCH_MACHINE"

failed=0
for name in "$@"; do
    PYTHONDONTWRITEBYTECODE=1 BUILD=$build "$python" "bench/measure_$name.py" || failed=1
done
exit "$failed"
