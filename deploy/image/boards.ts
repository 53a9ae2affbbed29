import { join } from 'node:path';

export interface BoardOptions {
  /** Holds the kernel and the initrd that were built. */
  readonly folder: string;
  readonly cardPath: string;
  readonly shellPath: string;
  readonly consolePath: string;
}

/** A computer that QEMU can be. */
export interface Board {
  readonly name: string;
  /** Where it gives USB devices their place; undefined when nothing can be plugged in. */
  readonly usbBus: string | undefined;
  /** Arguments of qemu-system-aarch64. */
  commandLine(options: BoardOptions): string[];
}

const SILENT_SYSTEMD = 'systemd.show_status=false systemd.log_level=err';
/** QEMU resets the board as soon as this watchdog is started, not when it is not fed. */
const NO_WATCHDOG = 'module_blacklist=bcm2835_wdt';
const KERNEL = 'net.ifnames=0 panic=-1';

/** No real board: the fastest to emulate, with Ethernet, USB and a watchdog. The card is a disk. */
export const VIRT: Board = {
  name: 'virt',
  usbBus: 'usb.0',
  commandLine({ folder, cardPath, shellPath, consolePath }) {
    // Without an option ROM, which only a firmware would read and some packages of QEMU lack.
    const pci = (device: string) => ['-device', `${device},romfile=`];
    return [
      ...['-M', 'virt,gic-version=3', '-cpu', 'cortex-a72', '-smp', '2', '-m', '1024'],
      ...['-kernel', join(folder, 'kernel/vmlinuz'), '-initrd', join(folder, 'initrd.img')],
      ...['-append', `console=ttyAMA0 systemd.debug_shell=hvc0 ${KERNEL}`],
      ...['-drive', `file=${cardPath},format=raw,if=none,id=card`, ...pci('virtio-blk-pci,drive=card')],
      // The guest finds the host's loopback at 10.0.2.2.
      ...['-netdev', 'user,id=host', ...pci('virtio-net-pci,netdev=host,id=network')],
      ...[...pci('virtio-rng-pci'), ...pci('virtio-serial-pci')],
      ...['-chardev', `socket,path=${shellPath},server=on,wait=off,id=shell`],
      ...['-device', 'virtconsole,chardev=shell', '-device', 'qemu-xhci,id=usb', '-device', 'i6300esb'],
      ...['-serial', `file:${consolePath}`],
    ];
  },
};

/**
 * A Raspberry Pi 3B: its own device tree, card slot and UARTs. Not its first stage, which runs on the GPU and reads config.txt:
 * QEMU takes kernel and initrd from outside.
 */
export const RASPBERRY_PI_3B: Board = {
  name: 'raspi3b',
  usbBus: undefined,
  commandLine({ folder, cardPath, shellPath, consolePath }) {
    return [
      ...['-M', 'raspi3b', '-dtb', join(folder, 'kernel/boot/bcm2837-rpi-3-b.dtb')],
      ...['-kernel', join(folder, 'kernel/vmlinuz'), '-initrd', join(folder, 'initrd.img')],
      // Bluetooth holds the first UART, ttyAMA0; the second, ttyS1, is a shell, so nobody else may write to it.
      ...[
        '-append',
        `console=ttyS1,115200 quiet loglevel=0 ${SILENT_SYSTEMD} ${NO_WATCHDOG} systemd.debug_shell=ttyS1 ${KERNEL}`,
      ],
      ...['-drive', `file=${cardPath},format=raw,if=sd`],
      ...['-chardev', `socket,path=${shellPath},server=on,wait=off,id=shell`],
      ...['-serial', `file:${consolePath}`, '-serial', 'chardev:shell'],
    ];
  },
};
