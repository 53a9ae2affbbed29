import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { DescriptorCache } from './decode/seam.ts';
import { syncFolder, writeDurably } from './system/durable-file.ts';
import { messageOf } from './system/errors.ts';
import type { Logger } from './system/log.ts';

/** A site has a handful of kinds of device; a fleet's technician may have plugged in a few more. */
const DESCRIPTORS_MAX = 64;
const DESCRIPTOR_BYTES_MAX = 8192;
const NAME = /^([0-9a-f]{8})\.cbor$/;

/**
 * Descriptions of devices in `<dataDir>/devices/`, one file for each, named by its CRC-32C. Whoever reads one checks it
 * by that, so a damaged file is no more than one that is missing.
 */
export function openDeviceCache(dataDir: string, log: Logger): DescriptorCache {
  const directory = join(dataDir, 'devices');
  const descriptors = readAll(directory, log);
  return {
    get: (crc) => descriptors.get(crc),
    put(crc, descriptor) {
      if (descriptors.has(crc) || descriptors.size >= DESCRIPTORS_MAX) return;
      descriptors.set(crc, descriptor);
      write(directory, crc, descriptor).catch((error) => {
        log.warn(
          `cannot keep the description of a device: ${messageOf(error)}; it is asked for again next time`,
        );
      });
    },
  };
}

function readAll(directory: string, log: Logger): Map<number, Uint8Array> {
  const descriptors = new Map<number, Uint8Array>();
  try {
    mkdirSync(directory, { recursive: true });
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      const crc = NAME.exec(name)?.[1];
      const isDescriptor = crc !== undefined && statSync(path).size <= DESCRIPTOR_BYTES_MAX;
      if (isDescriptor && descriptors.size < DESCRIPTORS_MAX)
        descriptors.set(Number.parseInt(crc, 16), readFileSync(path));
    }
  } catch (error) {
    log.warn(`cannot read ${directory}: ${messageOf(error)}; devices are asked who they are`);
  }
  return descriptors;
}

async function write(directory: string, crc: number, descriptor: Uint8Array): Promise<void> {
  const path = join(directory, `${crc.toString(16).padStart(8, '0')}.cbor`);
  await writeDurably(`${path}.new`, descriptor);
  await rename(`${path}.new`, path);
  await syncFolder(directory);
}
