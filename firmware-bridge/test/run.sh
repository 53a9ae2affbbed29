#!/bin/sh
# Everything that proves firmware-bridge, in about a minute. Figures come as lines `name value unit` on standard output,
# everything else on standard error; the exit status is 0 only when nothing failed. test/install.sh installs what it needs.
#
#   test/run.sh [FOLDER]     builds into FOLDER (default: build/firmware-bridge in the root of the repository)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
out=${1:-$root/../build/firmware-bridge}
rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$root"
PATH=$root/../node_modules/.bin:$PATH
fuzz_seconds=${FUZZ_SECONDS:-12}

say() { echo "== $*" >&2; }
figure() { echo "$1 $2 $3"; }

check_generated() {
  say "generated files are fresh"
  node protocol/generate.ts --check
  for description in examples/*/descriptor.json ports/*/descriptor.json; do
    node tools/descriptor.ts --check "$description"
  done
  python3 test/vectors/generate.py --check
}

# One compiler must find nothing to say about the library.
compile_strictly() {
  # shellcheck disable=SC2086
  for source in src/*.c; do
    $1 -std=c99 -pedantic -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
      -Werror -c "$source" -o "$out/strict.o"
  done
  rm "$out/strict.o"
  compilers=$((compilers + 1))
}

check_compilers() {
  say "no warning from any compiler"
  compilers=0
  compile_strictly "gcc -O2"
  compile_strictly "clang -O2"
  compile_strictly "avr-gcc -Os -mmcu=atmega328p"
  for cpu in cortex-m0 cortex-m3 cortex-m4; do
    compile_strictly "arm-none-eabi-gcc -Os -mthumb -mcpu=$cpu"
  done
  echo '#include <fieldnote_bridge.h>' | g++ -std=c++11 -Wall -Wextra -Wconversion -Werror -Isrc -fsyntax-only -x c++ -
  figure compilers_without_warnings "$compilers" compilers
}

check_host() {
  say "host tests under sanitizers"
  python3 test/vectors/generate.py --c "$out/vectors.h"
  sanitizers="-fsanitize=address,undefined -fno-sanitize-recover=all"
  for compiler in gcc clang; do
    for name in vectors device; do
      # shellcheck disable=SC2086
      $compiler -std=c99 -g -O1 -Wall -Wextra $sanitizers -I"$out" -Isrc -Itest/host \
        "test/host/test_$name.c" test/host/rig.c src/*.c -o "$out/test_$name"
      "$out/test_$name" > "$out/test_$name.txt" 2> "$out/test_$name.log" || { cat "$out/test_$name.log" >&2; return 1; }
    done
  done
  cat "$out/test_vectors.txt" "$out/test_device.txt"
}

check_statically() {
  say "cppcheck"
  cppcheck --quiet --std=c99 --enable=warning,style,performance,portability --inline-suppr --error-exitcode=1 \
    --suppress=unusedStructMember -Isrc src/*.c
}

fuzz() {
  say "libFuzzer for $fuzz_seconds s"
  clang -std=c99 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Isrc -Itest/host \
    test/fuzz/fuzz_receiver.c test/host/rig.c src/*.c -o "$out/fuzz_receiver"
  mkdir "$out/corpus"
  python3 test/vectors/generate.py --seeds "$out/corpus"
  "$out/fuzz_receiver" -max_total_time="$fuzz_seconds" -max_len=600 -print_final_stats=1 -artifact_prefix="$out/" \
    "$out/corpus" > "$out/fuzz.log" 2>&1 || { tail -30 "$out/fuzz.log" >&2; return 1; }
  figure fuzz_runs "$(sed -n 's/^stat::number_of_executed_units: *//p' "$out/fuzz.log")" runs
}

# Bytes of all symbols in the linked firmware that come from the library's object files.
flash_of_library() {
  avr-nm "$out"/uno/fieldnote_*.o | awk 'NF == 3 && $2 ~ /[tTrRdD]/ { print $3 }' | sort -u > "$out/uno/symbols"
  avr-nm -S -t d "$out/uno/UnoPump.elf" | awk 'NR == FNR { ours[$1]; next } NF == 4 && $4 in ours { sum += $2 } END { print sum }' \
    "$out/uno/symbols" -
}

# The context, its configuration, the ring, the receive buffer and the stream with its batch.
ram_of_library() {
  avr-nm -S -t d "$out/uno/UnoPump.elf" | awk '$4 ~ /^_ZL(6device|6config|4ring|8received|4pump|5batch)$/ { sum += $2; n++ }
    END { print n == 6 ? sum : "unknown" }'
}

check_budget() {
  figure "$1" "$2" bytes
  [ "$2" -lt "$3" ] || { echo "$1 is $2, and must be below $3" >&2; return 1; }
}

measure_avr() {
  say "size and cycles on an ATmega328P"
  ports/avr/build.sh "$out/uno"
  cmp "$out/uno/UnoPump.hex" ports/avr/UnoPump.hex || { echo "ports/avr/UnoPump.hex is stale: run ports/avr/build.sh" >&2; return 1; }
  check_budget avr_flash_library "$(flash_of_library)" 3000
  check_budget avr_ram_library "$(ram_of_library)" 400
  figure avr_flash_uno_pump "$(avr-size "$out/uno/UnoPump.elf" | awk 'NR == 2 { print $1 + $2 }')" bytes
  gcc -O2 -Wall -Wextra -I/usr/include/simavr test/emulator/simavr_board.c -o "$out/simavr_board" -lsimavr -lelf -lutil
  avr-g++ -std=gnu++11 -mmcu=atmega328p -DF_CPU=16000000UL -Os -Isrc test/avr/cycles.cpp "$out"/uno/fieldnote_*.o \
    -Wl,--gc-sections,--relax -o "$out/cycles.elf"
  "$out/simavr_board" "$out/cycles.elf" --unpaced --seconds 2 < /dev/null > "$out/cycles.txt" 2> /dev/null
  grep -q '^done' "$out/cycles.txt"
  grep cycles "$out/cycles.txt"
}

check_devices() {
  say "firmware on emulated boards, and the POSIX device"
  examples/CortexM3/build.sh "$out" > /dev/null
  figure cortex_m3_flash "$(arm-none-eabi-size "$out/CortexM3.elf" | awk 'NR == 2 { print $1 + $2 }')" bytes
  cp "$out/uno/UnoPump.elf" "$out/"
  cmake -S . -B "$out/cmake" > /dev/null
  cmake --build "$out/cmake" > /dev/null
  cp "$out/cmake/fieldnote-device" "$out/"
  python3 test/emulator/check_devices.py "$out"
}

# The sketches as the Arduino IDE builds them, with its core; and what each ecosystem reads.
check_ecosystems() {
  say "Arduino sketches and manifests"
  core=/usr/share/arduino/hardware/arduino/avr
  # Debian's avr-gcc is older than its Arduino core, which therefore misses DECIMAL_DIG.
  flags="-mmcu=atmega328p -DF_CPU=16000000L -DARDUINO=10819 -DARDUINO_ARCH_AVR -DDECIMAL_DIG=9 -Os -w -ffunction-sections -fdata-sections
    -I$core/cores/arduino -I$core/variants/standard -Isrc"
  mkdir "$out/core"
  # shellcheck disable=SC2086
  for source in "$core"/cores/arduino/*.c "$core"/cores/arduino/*.cpp src/*.c; do
    case $source in
      *.c) avr-gcc -std=gnu11 $flags -c "$source" -o "$out/core/$(basename "$source").o" ;;
      *) avr-g++ -std=gnu++11 -fno-exceptions -fno-threadsafe-statics $flags -c "$source" -o "$out/core/$(basename "$source").o" ;;
    esac
  done
  avr-ar rcs "$out/core.a" "$out"/core/*.o
  for sketch in UnoPump SelfTest; do
    # shellcheck disable=SC2086
    avr-g++ -std=gnu++11 -fno-exceptions -fno-threadsafe-statics $flags -include Arduino.h \
      -x c++ "examples/$sketch/$sketch.ino" -x none "$out/core.a" -Wl,--gc-sections -o "$out/$sketch-arduino.elf"
    figure "arduino_flash_$sketch" "$(avr-size "$out/$sketch-arduino.elf" | awk 'NR == 2 { print $1 + $2 }')" bytes
  done
  python3 -c 'import json; json.load(open("library.json"))'
  for ecosystem in esp zephyr; do cmake -D ECOSYSTEM=$ecosystem -P test/manifests.cmake; done
}

check_generated
check_compilers
check_host
check_statically
fuzz
measure_avr
check_devices
check_ecosystems
say "all of it passed"
