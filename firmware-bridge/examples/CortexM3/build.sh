#!/bin/sh
# Builds CortexM3.elf into a folder (Debian: gcc-arm-none-eabi libnewlib-arm-none-eabi), and says how to run it.
#
#   examples/CortexM3/build.sh FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: build.sh FOLDER}
mkdir -p "$out"
arm-none-eabi-gcc -std=c99 -mcpu=cortex-m3 -mthumb -Os -ffunction-sections -fdata-sections -Wall -Wextra -Wconversion -Werror \
  --specs=nano.specs -nostartfiles -Wl,--gc-sections -Wl,-T,"$here/link.ld" -I"$here/../../src" \
  "$here"/*.c "$here"/../../src/*.c -o "$out/CortexM3.elf"
cat <<RUN
On a pseudo-terminal whose name QEMU prints, with a temperature sensor that can be set over the QMP socket:
  qemu-system-arm -M lm3s6965evb -kernel $out/CortexM3.elf -display none -monitor none -serial pty \\
    -device tmp105,id=bearing,address=0x48 -qmp unix:$out/qmp.sock,server=on,wait=off
  {"execute":"qmp_capabilities"}
  {"execute":"qom-set","arguments":{"path":"/machine/peripheral/bearing","property":"temperature","value":85000}}
RUN
