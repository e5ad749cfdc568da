#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the header with version, revision and date of the source; leaves it alone when unchanged.
set -eu

out=$1
version=$(cat VERSION)
revision=${TRADERD_REVISION:-unknown}
epoch=${SOURCE_DATE_EPOCH:-}

# Only our own repository counts: a copy unpacked inside another one has no revision.
if [ -e .git ]; then
    if [ "$revision" = unknown ]; then
        revision=$(git describe --always --dirty --exclude '*' 2>/dev/null) || revision=unknown
    fi
    if [ -z "$epoch" ]; then
        epoch=$(git log -1 --format=%ct 2>/dev/null) || epoch=
    fi
fi
built_at=$(date -u -d "@${epoch:-0}" +%Y-%m-%dT%H:%M:%SZ)

mkdir -p "$(dirname "$out")"
temporary=$out.$$
cat > "$temporary" <<END
/* SPDX-License-Identifier: Apache-2.0 */
/* Which source this program was built from; written by tools/build_info.sh. */
#ifndef BUILD_INFO_H
#define BUILD_INFO_H

#define TRADERD_VERSION "$version"
#define TRADERD_REVISION "$revision"
/* Date of the source, not of the compilation: the same source gives the same program. */
#define TRADERD_BUILT_AT "$built_at"

#endif
END
if cmp -s "$temporary" "$out"; then
    rm -f "$temporary"
else
    mv -f "$temporary" "$out"
fi
