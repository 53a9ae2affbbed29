import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../system/errors.ts';
import {
  findDevice,
  readDevice,
  type SysfsDevice,
  type SysfsKind,
  type SysfsReading,
} from './sysfs-device.ts';

/** The thread that reads one chip, whenever it is asked: a chip that does not answer holds nobody else up. */

export interface SysfsTask {
  readonly kind: SysfsKind;
  readonly device: string;
  readonly root?: string | undefined;
}

export type SysfsAnswer =
  | { readonly device: SysfsDevice; readonly readings: readonly SysfsReading[] }
  | { readonly fault: string };

const { kind, device, root } = workerData as SysfsTask;
parentPort?.on('message', () => parentPort?.postMessage(answer()));

function answer(): SysfsAnswer {
  try {
    const found = findDevice(kind, device, root);
    return { device: found, readings: readDevice(kind, found) };
  } catch (error) {
    return { fault: messageOf(error) };
  }
}
