#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs clang-format with the given options over every C file but the tables of X-macro rows.
set -euo pipefail
cd "$(dirname "$0")/.."

tool=$(command -v clang-format-14 || command -v clang-format) ||
    { echo 'clang-format is missing; run: make deps' >&2; exit 1; }
files=()
while IFS= read -r -d '' file; do
    # A table is a NAME_table.h without a NAME_table.c.
    [[ $file == *_table.h && ! -e ${file%.h}.c ]] || files+=("$file")
done < <(find core engine net http store exchange sandbox handlers server tests bench \
    \( -name data -o -name node_modules \) -prune -o -name '*.[ch]' -print0 2>/dev/null)
((${#files[@]} == 0)) || "$tool" --style=file "$@" "${files[@]}"
