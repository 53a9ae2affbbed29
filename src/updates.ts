import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config, MqttConfig } from './config/schema.ts';
import { linkOf, lostBy } from './mirroring.ts';
import { MirrorLink } from './publish/mirror-link.ts';
import type { Secrets } from './publish/secrets.ts';
import { topicsOf } from './publish/topics.ts';
import { MIGRATIONS } from './store/migrations.ts';
import { BUILD_FLOOR_MS, type Clock } from './system/clock.ts';
import type { Counters } from './system/counters.ts';
import { FieldnoteError } from './system/errors.ts';
import type { Logger } from './system/log.ts';
import { contentBytesOf, type Manifest } from './update/bundle.ts';
import { type Head, readHead } from './update/head.ts';
import { refusalOf } from './update/refusal.ts';
import type { Releases } from './update/releases.ts';
import { trustedKeys, UPDATE_KEYS_FOLDER } from './update/trusted-keys.ts';
import type { Offer } from './update-carrier/protocol.ts';
import { UpdateReceiver } from './update-carrier/receiver.ts';

/** Below the data folder, where the updater looks for bundles. */
const INCOMING = 'incoming';
/** Left free on the disk for the store. */
const SPARE_BYTES = 64 * 1024 * 1024;
const MIB = 1024 * 1024;

export interface UpdatesParts {
  readonly config: Config;
  readonly mqtt: MqttConfig;
  readonly secrets: () => Promise<Secrets>;
  readonly isQuiet: () => boolean;
  readonly releases: Pick<Releases, 'state'>;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
}

/**
 * Takes signed bundles from the broker and lays them down for the updater, on a connection of its own: whatever comes there
 * does not touch the reports. Nothing is subscribed to unless `mqtt.updates` is there.
 */
export function startUpdates(parts: UpdatesParts): { stop(): Promise<void> } | undefined {
  const { config, mqtt, clock, counters, log } = parts;
  if (mqtt.updates === undefined) return undefined;
  const { updateOffer, updatePart, updateState } = topicsOf(config);
  const { url } = mqtt;
  const receiver = new UpdateReceiver({
    folder: join(config.dataDir, INCOMING),
    sizeBytesMax: mqtt.updates.sizeMaxMiB * MIB,
    judge: (head, offer) => judge(head, offer, parts),
    isQuiet: parts.isQuiet,
    clock,
    say: (state) =>
      link.publish({ topic: updateState, payload: JSON.stringify(state), qos: 1, isRetained: false }),
    on: {
      began: (manifest, have) =>
        log.info(
          `receiving ${nameOf(manifest)}, ${mebibytes(manifest.payload.sizeBytes)}, from part ${have} on`,
        ),
      partTaken: () => counters.add('update_parts', url),
      ignored: () => counters.add('update_parts_ignored', url),
      complete: (manifest, path) =>
        log.info({ path }, `${nameOf(manifest)} is complete and waits for the updater`),
      refused(reason) {
        counters.add('updates_refused', url);
        log.warn(`refused an update from the broker: ${reason}`);
      },
    },
  });
  const link = new MirrorLink({
    ...linkOf(parts, 'update'),
    subscriptions: [updateOffer, updatePart],
    on: {
      connected: () => receiver.connected(),
      message: (topic, payload) => (topic === updateOffer ? receiver.offer(payload) : receiver.part(payload)),
      lost: lostBy(parts, 'updates'),
    },
  });
  link.start();
  return {
    async stop() {
      await link.stop();
      await receiver.stop();
    },
  };
}

/** @throws FieldnoteError with the reason why this device does not take it */
async function judge(head: Buffer, offer: Offer, { config, mqtt, releases }: UpdatesParts): Promise<Head> {
  const judged = readHead(head, trustedKeys(mqtt.updates?.keys ?? UPDATE_KEYS_FOLDER));
  const { highestSequence, latestCreatedAt = 0, trial } = await releases.state();
  const refusal = refusalOf(judged.manifest, {
    ...{ architecture: process.arch, site: config.site, node: config.node },
    ...{ highestSequence, storeSchema: MIGRATIONS.length },
    nowMs: Math.max(Date.now(), BUILD_FLOOR_MS, new Date(latestCreatedAt).getTime()),
  });
  const trying =
    trial && `update ${trial.sequence} (${trial.name}) is being tried: send it again when that is over`;
  const reason = refusal ?? trying ?? (await lackOfRoom(judged.manifest, offer, config.dataDir));
  if (reason !== undefined) throw new FieldnoteError('UPDATE_REFUSED', reason);
  return judged;
}

/** The bundle, the updater's copy of it, and its files. */
async function lackOfRoom(
  manifest: Manifest,
  { sizeBytes }: Offer,
  dataDir: string,
): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(dataDir);
  const neededBytes = sizeBytes + manifest.payload.sizeBytes + contentBytesOf(manifest) + SPARE_BYTES;
  const missingBytes = neededBytes - bavail * bsize;
  return missingBytes > 0 ? `${mebibytes(missingBytes)} more have to be free for it on the disk` : undefined;
}

function nameOf({ sequence, name }: Manifest): string {
  return `update ${sequence} (${name})`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
