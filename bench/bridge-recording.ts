import { BridgeDevice, type DescribedStream } from '../test/support/bridge-device.ts';

/** What a device of firmware-bridge sends: six 16-bit values a sample, in batches. */

export const SAMPLES_PER_FRAME = 16;
export const FIELD_COUNT = 6;

const TICK_HZ = 1_000_000;
const RATE_HZ = 1000;
const TICKS_PER_FRAME = (SAMPLES_PER_FRAME * TICK_HZ) / RATE_HZ;

const STREAM: DescribedStream = {
  id: 1,
  name: 'motion',
  rate: RATE_HZ,
  fields: ['ax', 'ay', 'az', 'gx', 'gy', 'gz'].map((name) => ({
    name,
    type: 'i16',
    unit: name.startsWith('a') ? 'g' : '°/s',
    scale: 0.001,
  })),
};

export interface BridgeRecording {
  /** The device says who it is and what it measures. */
  readonly introduction: Buffer;
  readonly frames: readonly Uint8Array[];
}

/** A device that only transmits, so that every run gets the same bytes. @param random uniform in [0, 1) */
export function bridgeRecording(frameCount: number, random: () => number): BridgeRecording {
  const device = new BridgeDevice({ streams: [STREAM], tickHz: TICK_HZ, receiveWindow: 0 });
  const introduction = Buffer.concat([device.hello(), ...device.descriptorInTurn()]);
  const value = () => Math.floor((random() - 0.5) * 4096);
  const sample = () => Array.from({ length: FIELD_COUNT }, value);
  const frames = Array.from({ length: frameCount }, (_, index) =>
    device.data(STREAM.id, index * TICKS_PER_FRAME, Array.from({ length: SAMPLES_PER_FRAME }, sample)),
  );
  return { introduction, frames };
}
