#!/bin/sh
# Installs npm packages that tests compare with, and nothing that ships needs, into build/, as their lock files say:
#   node-mavlink    what our decoder of MAVLink is compared with; LGPL, 72 MB
#   modbus-clients  two Modbus masters, for the speed on a clean line; they use the serialport of Fieldnote
# The tests that miss them say so and are skipped.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)

install() {
  wanted="$root/test/system/$1"
  there="$root/build/$1"
  shift
  if cmp -s "$wanted/package-lock.json" "$there/installed.json"; then return; fi
  mkdir -p "$there"
  cp "$wanted/package.json" "$wanted/package-lock.json" "$there/"
  npm ci --prefix "$there" --ignore-scripts --no-audit --no-fund --loglevel=error "$@"
  cp "$wanted/package-lock.json" "$there/installed.json"
}

install node-mavlink
install modbus-clients --omit=optional
