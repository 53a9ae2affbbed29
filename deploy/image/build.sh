#!/bin/sh
# Builds the image for a card: build.sh PACKAGE.deb [FOLDER]. Needs root (owners of files); mounts nothing but /proc for the
# package's scripts. Gives FOLDER/fieldnote.img.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo "build.sh: only root can give the files of an image their owners: use sudo" >&2; exit 1; }
for program in arch-test cpio depmod genimage mcopy mke2fs mkfs.vfat mksquashfs mmdebstrap; do
  command -v $program > /dev/null || {
    echo "build.sh: $program is missing: sudo apt-get install $(cat "$here/../debian-packages.txt")" >&2
    exit 1
  }
done
deb=$(realpath "$1")
out=${2:-$here/../../build/image}
mkdir -p "$out" && cd "$out" && out=$PWD
"$here/rootfs.sh" "$out"

rm -rf root && mkdir root
tar -C root -xpf rootfs.tar --numeric-owner
cp -a kernel/lib/modules root/usr/lib/
# No screen, no camera, no disk array: half of the modules.
for unused in drivers/gpu drivers/media drivers/infiniband drivers/nvme drivers/ata drivers/md drivers/iio/imu/adis* \
  sound net/sunrpc net/batman-adv net/openvswitch fs/btrfs fs/xfs fs/ocfs2 fs/gfs2 fs/ceph fs/nfs fs/nfsd fs/smb fs/jfs fs/f2fs; do
  rm -rf root/usr/lib/modules/*/kernel/$unused
done
version=$(ls root/usr/lib/modules)
# Of SCSI only what USB sticks need.
find root/usr/lib/modules/*/kernel/drivers/scsi -type f ! -name 'sd_mod*' ! -name 'scsi_*' -delete
depmod -b "$out/root" "$version"

"$here/arm64-programs.sh" on
trap 'umount "$out/root/proc" 2>/dev/null || true; "$here/arm64-programs.sh" off' EXIT
mount --bind /proc root/proc
dpkg --root="$out/root" --force-architecture --force-depends -i "$deb" > install.log 2>&1 || { cat install.log >&2; exit 1; }
umount root/proc

cp -a "$here/files/." root/
chown -R 0:0 root/usr/lib/fieldnote-image root/etc/systemd root/etc/fstab
system=root/etc/systemd/system
# systemd-firstboot waits for a key, for ever. Nobody logs in: there is no password and no shell on any console.
for unit in systemd-firstboot.service getty@tty1.service serial-getty@.service console-getty.service getty.target; do
  ln -sf /dev/null $system/$unit
done
mkdir -p $system/multi-user.target.wants root/boot/firmware root/data
for unit in systemd-networkd systemd-resolved; do
  ln -sf /usr/lib/systemd/system/$unit.service $system/multi-user.target.wants/$unit.service
done
# take-settings writes it there, because /etc does not last.
ln -sf /data/wpa_supplicant-wlan0.conf root/etc/wpa_supplicant/wpa_supplicant-wlan0.conf
# Started by the device: asked for by multi-user.target it would keep the boot waiting 90 s where there is no Wi-Fi.
mkdir -p $system/sys-subsystem-net-devices-wlan0.device.wants
ln -sf /usr/lib/systemd/system/wpa_supplicant@.service $system/sys-subsystem-net-devices-wlan0.device.wants/wpa_supplicant@wlan0.service
for unit in fieldnote-grow-data fieldnote-settings; do
  ln -sf ../$unit.service $system/multi-user.target.wants/$unit.service
done
rm -f $system/multi-user.target.wants/wpa_supplicant.service $system/dbus-fi.w1.wpa_supplicant1.service
ln -sf /run/systemd/resolve/resolv.conf root/etc/resolv.conf
echo fieldnote > root/etc/hostname
: > root/etc/machine-id
sed -i 's/^root:[^:]*:/root:!:/' root/etc/shadow
# As new as /usr, or systemd would do at each start what is to be done once after an upgrade (ConditionNeedsUpdate=).
touch -r root/usr root/etc/.updated root/var/.updated
rm -rf root/var/cache/apt root/var/lib/apt/lists/* root/var/log/* root/usr/share/initramfs-tools

# The initrd holds what finds the root and nothing else: 2 MB instead of 36.
rm -rf initrd && mkdir -p initrd/bin initrd/modules initrd/dev initrd/proc initrd/sys initrd/lower initrd/data initrd/changes initrd/root
cp kernel/busybox initrd/bin/busybox
cp "$here/init" initrd/init
count=100
for module in virtio_blk sdhci-iproc bcm2835 mmc_block usb_storage uas ext4 squashfs overlay; do
  modprobe -d "$out/root" -S "$version" --show-depends $module 2>/dev/null || true
done | awk '/^insmod/ && !seen[$2]++ {print $2}' | while read -r file; do
  target=initrd/modules/$count-$(basename "${file%.xz}")
  case $file in
    *.xz) xz -dc "$file" > "$target" ;;
    *) cp "$file" "$target" ;;
  esac
  count=$((count + 1))
done
(cd initrd && find . | LC_ALL=C sort | cpio --quiet --reproducible -o -H newc -R 0:0) | gzip -9n > initrd.img

rm -rf boot && mkdir boot
cp kernel/boot/* boot/
cp kernel/vmlinuz initrd.img boot/
cp "$here/config.txt" "$here/READ-ME-FIRST.txt" boot/
cp root/usr/share/doc/fieldnote/examples/* boot/ 2>/dev/null || true
echo 'console=tty0 net.ifnames=0 panic=10 quiet' > boot/cmdline.txt

rm -f root.squashfs data.ext4
mksquashfs root root.squashfs -comp zstd -Xcompression-level "${SQUASHFS_LEVEL:-15}" -quiet -no-progress
mke2fs -q -t ext4 -L data -F data.ext4 64M
rm -rf empty && mkdir empty
genimage --config "$here/genimage.cfg" --rootpath empty --tmppath genimage.tmp --inputpath "$out" --outputpath "$out" > genimage.log 2>&1 ||
  { cat genimage.log >&2; exit 1; }
rm -rf genimage.tmp empty initrd root
ls -l "$out/fieldnote.img" root.squashfs initrd.img
