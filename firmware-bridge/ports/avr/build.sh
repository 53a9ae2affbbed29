#!/bin/sh
# Builds examples/UnoPump for an ATmega328P at 16 MHz with avr-gcc alone (Debian: gcc-avr avr-libc).
#
#   ports/avr/build.sh            writes UnoPump.hex beside this script, where it is kept
#   ports/avr/build.sh FOLDER     writes UnoPump.hex, UnoPump.elf and UnoPump.map there
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
out=${1:-}
if [ -z "$out" ]; then
  out=$(mktemp -d)
  trap 'cp "$out/UnoPump.hex" "$here/" && rm -r "$out"' EXIT
fi
mkdir -p "$out"
flags="-mmcu=atmega328p -DF_CPU=16000000UL -Os -ffunction-sections -fdata-sections -Wall -Wextra -I$root/src"
for source in "$root"/src/*.c; do
  # shellcheck disable=SC2086
  avr-gcc -std=c99 $flags -c "$source" -o "$out/$(basename "$source" .c).o"
done
# shellcheck disable=SC2086
avr-g++ -std=gnu++11 $flags -fno-exceptions -fno-threadsafe-statics \
  -x c++ "$root/examples/UnoPump/UnoPump.ino" "$here/main.cpp" -x none "$out"/*.o \
  -Wl,--gc-sections,--relax,-Map="$out/UnoPump.map" -o "$out/UnoPump.elf"
avr-objcopy -O ihex -R .eeprom "$out/UnoPump.elf" "$out/UnoPump.hex"
