import { createDecoder, type DescriptorCache, type Protocol } from '../../src/decode/decoder.ts';
import type { Decoded } from '../../src/values/sample.ts';
import { type BridgeDevice, bitwiseCrc32c } from './bridge-device.ts';

export interface RigOptions {
  readonly device: BridgeDevice;
  readonly protocol?: Protocol;
  readonly cache?: DescriptorCache;
  /** A host that cannot write. */
  readonly isDeaf?: boolean;
}

/** A decoder and a device, connected both ways without delay; one tick of the device is 1 µs of the host. */
export function createRig({ device, protocol = 'bridge', cache, isDeaf = false }: RigOptions) {
  const sent: Uint8Array[] = [];
  const decoder = createDecoder({
    source: 'mcu',
    protocol,
    ...(isDeaf ? {} : { send: (bytes: Uint8Array) => sent.push(bytes) }),
    ...(cache && { descriptorCache: cache }),
  });
  const found: Decoded[] = [];
  const hear = (frames: readonly Uint8Array[], monoMs: number) => {
    for (const frame of frames) found.push(...decoder.decode(frame, monoMs));
  };
  const rig = {
    decoder,
    found,
    sent,
    hear,
    /** Lets the device answer what it was asked, until nothing is asked any more. */
    converse(monoMs: number) {
      found.push(...(decoder.tick?.(monoMs) ?? []));
      for (let question = sent.shift(); question !== undefined; question = sent.shift())
        hear(device.receive(question, Math.round(monoMs * 1000)), monoMs);
    },
    /** Says hello and hands the descriptor out. */
    introduce(monoMs = 0) {
      hear([device.hello(monoMs * 1000), ...device.descriptorInTurn()], monoMs);
    },
    take() {
      return found.splice(0);
    },
    of<Kind extends Decoded['kind']>(kind: Kind) {
      return found.filter((item): item is Extract<Decoded, { kind: Kind }> => item.kind === kind);
    },
    noise() {
      return rig.of('noise').map(({ reason }) => reason);
    },
  };
  return rig;
}

/** A cache in memory. */
export function mapCache(...descriptors: readonly Uint8Array[]): DescriptorCache & Map<number, Uint8Array> {
  const map = new Map<number, Uint8Array>(descriptors.map((bytes) => [bitwiseCrc32c(bytes), bytes]));
  return Object.assign(map, { put: (crc: number, bytes: Uint8Array) => void map.set(crc, bytes) });
}
