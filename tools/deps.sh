#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs missing Debian packages and nothing else: deps.sh [test] [bench] [tidy]; silent when all are there.
set -euo pipefail

packages=(build-essential pkg-config ca-certificates libmicrohttpd-dev libjansson-dev
    libcurl4-openssl-dev libssl-dev libpq-dev zlib1g-dev libzstd-dev postgresql
    python3 python3-yaml curl git)
wants_test=no
for group in "$@"; do
    case $group in
    test) wants_test=yes ;;
    bench) packages+=(nginx-light wrk) ;;
    tidy) packages+=(clang-tidy) ;;
    *)
        echo "usage: tools/deps.sh [test] [bench] [tidy]" >&2
        exit 2
        ;;
    esac
done

# The other packages of a distribution's choice of clang, read from what "clang" depends on.
clang_major() {
    local depends
    depends=$(dpkg-query -W -f '${Depends}' clang 2>/dev/null || true)
    [[ -n $depends ]] || depends=$(apt-cache show --no-all-versions clang 2>/dev/null |
        sed -n 's/^Depends: //p')
    sed -n 's/^.*clang-\([0-9][0-9]*\).*$/\1/p' <<<"$depends" | head -n 1
}

node_is_recent() {
    local version
    version=$(node --version 2>/dev/null) || return 1
    version=${version#v}
    ((${version%%.*} >= 18)) && command -v npm >/dev/null
}

if [[ $wants_test == yes ]]; then
    packages+=(clang clang-format libcmocka-dev python3-venv prometheus wrk jq strace util-linux locales
        slurm-wlm munge parallel)
    major=$(clang_major)
    [[ -z $major ]] || packages+=("libclang-rt-$major-dev")
    node_is_recent || packages+=(nodejs npm)
fi

find_missing() {
    local have
    have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null |
        sed -n 's/^installed //p') || true
    missing=()
    for package in "${packages[@]}"; do
        grep -qxF "$package" <<<"$have" || missing+=("$package")
    done
}

if ! command -v dpkg-query >/dev/null; then
    echo "tools/deps.sh knows Debian and Ubuntu only; install: ${packages[*]}" >&2
    exit 1
fi
find_missing
((${#missing[@]} > 0)) || exit 0

as_root=()
if ((EUID != 0)); then
    command -v sudo >/dev/null || { echo "missing packages, and no root: ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# RUNLEVEL=1 makes the packages' scripts leave their services alone where there is no systemd.
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1
}

is_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

echo "installing: ${missing[*]}"
if ! is_installed postgresql-common; then
    # The daemon runs a private cluster; Debian's own would only take memory and port 5432.
    "${as_root[@]}" mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' |
        "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
services=()
for service in prometheus nginx munge slurmctld slurmd; do
    [[ -e /etc/init.d/$service ]] || services+=("$service")
done

apt update || { sleep 3; apt update; } || { cat "$log" >&2; exit 1; }
if [[ $wants_test == yes && -z $(clang_major) ]]; then
    echo "no package named clang is to be had" >&2
    exit 1
fi
if [[ $wants_test == yes ]]; then
    packages+=("libclang-rt-$(clang_major)-dev")
    find_missing
fi
options=(-y --no-install-recommends -o Dpkg::Options::=--force-confold)
if ! apt "${options[@]}" install "${missing[@]}"; then
    sleep 3
    apt update || true
    apt "${options[@]}" install "${missing[@]}" || { cat "$log" >&2; exit 1; }
fi

# Only the programs are wanted: a service that came with them is stopped and not started at boot.
for service in "${services[@]}"; do
    [[ -e /etc/init.d/$service ]] || continue
    if [[ -d /run/systemd/system ]]; then
        "${as_root[@]}" systemctl disable --now "$service" >>"$log" 2>&1 || true
    else
        "${as_root[@]}" "/etc/init.d/$service" stop >>"$log" 2>&1 || true
    fi
done
