#!/bin/sh
# Debian 13 for arm64 and what a Raspberry Pi needs to start: build/image/{rootfs.tar,kernel/}. Needs root, three minutes and
# 600 MB; does nothing when they are there already.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../../build/image}
mkdir -p "$out" && cd "$out"

# systemd-sysv and what it needs to start, e2fsprogs and fdisk to grow the data partition, wpasupplicant for Wi-Fi.
packages=systemd-sysv,udev,dbus,kmod,iproute2,e2fsprogs,fdisk,systemd-timesyncd,systemd-resolved,systemd-zram-generator
packages=$packages,libatomic1,libstdc++6,ca-certificates,wpasupplicant,wireless-regdb,firmware-brcm80211

debian_url=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/$' | head -1)
[ -n "$debian_url" ] || debian_url=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -1)

if [ ! -e rootfs.tar ]; then
  "$here/arm64-programs.sh" on
  trap '"$here/arm64-programs.sh" off' EXIT
  mmdebstrap --quiet --arch=arm64 --variant=apt --mode=root --aptopt='APT::Install-Recommends "false"' \
    --components=main,non-free-firmware --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --include="$packages" trixie rootfs.part.tar "$debian_url"
  mv rootfs.part.tar rootfs.tar
fi

if [ ! -e kernel/vmlinuz ]; then
  # A state of apt's own, so that the packages of another architecture leave this machine's alone.
  mkdir -p apt/lists/partial apt/archives/partial debs
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $debian_url trixie main non-free-firmware" > apt/sources.list
  cat > apt/apt.conf <<CONF
Dir::Etc::sourcelist "$PWD/apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State "$PWD/apt";
Dir::State::status "/dev/null";
Dir::Cache "$PWD/apt";
APT::Architecture "arm64";
APT::Architectures "arm64";
APT::Sandbox::User "root";
CONF
  (
    export APT_CONFIG="$PWD/apt/apt.conf"
    apt-get update -qq
    linux=$(apt-cache depends linux-image-arm64 | awk '/Depends: linux-image/ {print $2}')
    cd debs && rm -f ./*.deb && apt-get download -qq "$linux" busybox-static raspi-firmware
  )
  rm -rf unpacked kernel.part && mkdir -p unpacked kernel.part/boot kernel.part/lib
  for deb in debs/*.deb; do dpkg-deb -x "$deb" unpacked; done
  cp -a unpacked/usr/lib/modules kernel.part/lib/
  cp unpacked/boot/vmlinuz-* kernel.part/vmlinuz
  cp unpacked/usr/bin/busybox kernel.part/busybox 2>/dev/null || cp unpacked/bin/busybox kernel.part/busybox
  cp unpacked/usr/lib/linux-image-*/broadcom/*.dtb kernel.part/boot/
  cp unpacked/usr/lib/raspi-firmware/bootcode.bin unpacked/usr/lib/raspi-firmware/start*.elf \
    unpacked/usr/lib/raspi-firmware/fixup*.dat kernel.part/boot/
  depmod -b "$PWD/kernel.part" "$(ls kernel.part/lib/modules)"
  rm -rf unpacked debs apt
  mv kernel.part kernel
fi
du -sh rootfs.tar kernel
