#!/bin/sh
# Installs two Modbus clients from npm into build/modbus-clients, pinned by their hashes: what the speed on a clean line is
# compared with. They use the serialport of Fieldnote. The tests that miss them say so and are skipped.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
wanted="$root/test/system/modbus-clients"
there="$root/build/modbus-clients"
cmp -s "$wanted/package-lock.json" "$there/installed.json" && exit 0
mkdir -p "$there"
cp "$wanted/package.json" "$wanted/package-lock.json" "$there/"
npm ci --prefix "$there" --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error
cp "$wanted/package-lock.json" "$there/installed.json"
