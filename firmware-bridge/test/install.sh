#!/bin/sh
# Installs the Debian packages that test/run.sh uses. Needs root; does nothing when they are there.
set -eu
packages="gcc g++ make cmake python3 clang libclang-rt-14-dev cppcheck
  gcc-avr avr-libc binutils-avr arduino-core-avr simavr libsimavr-dev libelf-dev
  gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm"
missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
  echo "missing packages:$missing - install them with: sudo apt-get install$missing" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing
