import { mkdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from './system/durable-file.ts';
import { messageOf } from './system/errors.ts';
import type { Logger } from './system/log.ts';
import type { SensorProfiles } from './window/sensors/check.ts';
import { channelProfileSchema } from './window/sensors/profile.ts';

const profilesSchema = z.record(z.string(), channelProfileSchema);

/** Where a replay learns of sensors, and forgets it: nowhere. */
export interface SensorKeeper {
  /** Learned before, of some of the channels. */
  readonly profiles?: SensorProfiles | undefined;
  /** Never rejects: without it a restart learns again. */
  keep(profiles: SensorProfiles): Promise<void>;
}

/** What was learned of the sensors of an asset, in `<dataDir>/sensors/<asset>.json`. A broken file is learned again. */
export async function openSensorProfiles(dataDir: string, asset: string, log: Logger): Promise<SensorKeeper> {
  const path = join(dataDir, 'sensors', `${asset}.json`);
  let writing = Promise.resolve();
  return {
    profiles: await read(path, asset, log),
    keep(profiles) {
      writing = writing
        .then(() => write(path, profiles))
        .catch((error) => {
          log.warn({ asset }, `cannot keep what was learned of the sensors of ${asset}: ${messageOf(error)}`);
        });
      return writing;
    },
  };
}

async function read(path: string, asset: string, log: Logger): Promise<SensorProfiles | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return profilesSchema.parse(JSON.parse(text));
  } catch {
    log.warn({ asset }, `${path} is not readable: learning the sensors of ${asset} again`);
    return undefined;
  }
}

async function write(path: string, profiles: SensorProfiles): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeDurably(`${path}.new`, JSON.stringify(profiles));
  await rename(`${path}.new`, path);
}
