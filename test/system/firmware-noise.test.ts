import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Loss } from '../../src/values/device.ts';
import type { Decoded, Sample } from '../../src/values/sample.ts';
import { Board } from '../support/board.ts';
import { seeded, withFlips } from '../support/bridge-device.ts';
import { eventually } from '../support/daemon.ts';
import { DeviceRig } from '../support/device-rig.ts';
import { buildPosixDevice } from '../support/firmware.ts';
import { needsCommand } from '../support/needs.ts';
import { NoisyLine } from '../support/noisy-line.ts';
import { decoded } from '../support/wire-reader.ts';

const hasPrograms = ['mosquitto', 'socat', 'gcc'].map((name) => needsCommand(name)).every(Boolean);

const DAMAGED_SHARE = 0.01;
/** Waveforms begin every 10 s; the second one, begun and not whole, has been given up by then. */
const LISTEN_MS = 18_000;

describe.runIf(hasPrograms)('a line that damages one byte in a hundred', () => {
  test('lets only true samples through, and every lost one is counted', async () => {
    await using rig = await DeviceRig.setUp();
    const random = seeded(1);
    let damagedShare = 0;
    const damage = (bytes: Uint8Array) => withFlips(bytes, damagedShare, random);
    const line = rig.use(await NoisyLine.lay(dirname(rig.portPath), damage));
    await rig.start().logged(/^source board is open/);
    line.plugIn(await startDevice(rig));
    // Once it is known who speaks: by chance that could take a minute on such a line.
    await rig.bootId();
    damagedShare = DAMAGED_SHARE;
    await sleep(LISTEN_MS);
    line.cut();

    const received = decoded(line.received);
    const [sent, accepted] = [samplesIn(decoded(line.sent)), samplesIn(received)];
    const truthAt = new Map(sent.map(({ deviceMs, values }) => [deviceMs, values]));
    // A 16-bit CRC lets one damaged frame in 65,536 pass; about a hundred are damaged here.
    expect(accepted.filter(({ deviceMs, values }) => `${truthAt.get(deviceMs)}` !== `${values}`)).toEqual([]);

    // Nobody can know what was lost before the first sample, and after the last one.
    const deviceMs = sent.map((sample) => sample.deviceMs);
    const first = deviceMs.indexOf(accepted[0]?.deviceMs);
    const last = deviceMs.indexOf(accepted.at(-1)?.deviceMs);
    const lost = samplesLost(received, 'motion');
    console.log(`noise_samples_sent ${last - first + 1} samples`);
    console.log(`noise_samples_accepted ${accepted.length} samples`);
    console.log(`noise_samples_lost ${lost} samples`);
    expect(Math.min(accepted.length, lost)).toBeGreaterThan(0);
    expect(accepted.length + lost).toBe(last - first + 1);

    // The daemon has seen the same.
    await eventually(() => expect(rig.count('bytes_read')).toBe(line.receivedSizeBytes));
    expect(rig.count('samples_read')).toBe(accepted.length);
    expect(rig.count('samples_lost_wire')).toBe(samplesLost(received));
    expect(rig.count('noise_bad-crc')).toBeGreaterThan(0);
  }, 60_000);
});

/** @returns its port */
async function startDevice(rig: DeviceRig): Promise<string> {
  const path = join(rig.folder, 'device');
  rig.use(new Board(buildPosixDevice(rig.folder), ['--pty', path]));
  await eventually(() => expect(existsSync(path)).toBe(true));
  return path;
}

function samplesIn(found: readonly Decoded[]): Sample[] {
  return found.filter((item) => item.kind === 'sample');
}

/** On the wire, of one stream or of all. */
function samplesLost(found: readonly Decoded[], stream?: string): number {
  return found
    .filter((item): item is Loss => item.kind === 'loss' && item.where === 'wire')
    .filter((loss) => stream === undefined || loss.stream === stream)
    .reduce((sum, { samples }) => sum + samples, 0);
}
