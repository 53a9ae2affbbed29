#!/bin/sh
# Lets this kernel run programs for arm64, which the scripts of Debian's packages are. Needs root; it is a setting of the whole
# machine, so switch it off again: arm64-programs.sh on | off
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
interpreter=$root/build/qemu-user/usr/bin/qemu-aarch64
formats=/proc/sys/fs/binfmt_misc
[ -e $formats/register ] || mount -t binfmt_misc none $formats
case $1 in
  off) [ ! -e $formats/qemu-aarch64 ] || echo -1 > $formats/qemu-aarch64 ;;
  on)
    sh "$root/test/system/install-qemu-user.sh"
    # The magic number of an ELF file for AArch64; F keeps the interpreter open, so that a chroot need not hold it.
    magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
    mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
    [ -e $formats/qemu-aarch64 ] ||
      printf '%s' ":qemu-aarch64:M::$magic:$mask:$interpreter:OCF" > $formats/register
    ;;
esac
