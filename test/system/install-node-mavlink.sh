#!/bin/sh
# Installs node-mavlink, which our own decoder is compared with, as its lock file says, into build/node-mavlink, from npm.
# It is LGPL, of 72 MB, and no dependency of anything that ships. What misses it says so and is skipped.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
wanted="$root/test/system/node-mavlink/package-lock.json"
place="$root/build/node-mavlink"
cmp -s "$wanted" "$place/installed.json" && exit 0
mkdir -p "$place"
cp "$root/test/system/node-mavlink/package.json" "$wanted" "$place"
npm ci --prefix "$place" --silent --ignore-scripts --no-audit --no-fund
cp "$wanted" "$place/installed.json"
