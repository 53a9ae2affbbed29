import { crc16 } from '../../src/decode/bridge/crc.ts';
import { encodePacket } from '../../src/decode/mavlink/encode.ts';
import { crcExtraOf } from '../../src/decode/mavlink/messages.ts';
import { Signing } from '../../src/decode/mavlink/signing.ts';

type Fields = Readonly<Record<string, number>>;

interface Identity {
  readonly system?: number;
  readonly component?: number;
  readonly autopilot?: number;
  /** Signs everything. */
  readonly key?: Uint8Array;
  readonly wallMs?: () => number;
}

/** An autopilot that speaks MAVLink 2, message by message. */
export class MavlinkVehicle {
  readonly system: number;
  readonly component: number;
  readonly #autopilot: number;
  readonly #signing: Signing | undefined;
  #sequence = 0;

  constructor({ system = 1, component = 1, autopilot = 3, key, wallMs }: Identity = {}) {
    this.system = system;
    this.component = component;
    this.#autopilot = autopilot;
    this.#signing = key && new Signing(key, wallMs);
  }

  say(message: string, fields: Fields = {}): Uint8Array {
    const { system, component } = this;
    const isSigned = this.#signing !== undefined;
    const packet = encodePacket({ message, fields, system, component, sequence: this.#sequence, isSigned });
    this.lose(1);
    return this.#signing?.sign(packet, 1) ?? packet;
  }

  /** Packets that nobody hears. */
  lose(count: number): void {
    this.#sequence = (this.#sequence + count) & 0xff;
  }

  heartbeat(fields: Fields = {}): Uint8Array {
    return this.say('HEARTBEAT', { type: 2, autopilot: this.#autopilot, mavlink_version: 3, ...fields });
  }

  attitude(bootMs: number, roll = 0): Uint8Array {
    return this.say('ATTITUDE', { time_boot_ms: bootMs, roll });
  }
}

/** A packet with any payload, of any id, whose checksum is right if its definition is known. */
export function rawPacket({
  version = 2,
  id,
  payload,
  sequence = 0,
  system = 1,
  component = 1,
}: {
  readonly version?: 1 | 2;
  readonly id: number;
  readonly payload: Uint8Array;
  readonly sequence?: number;
  readonly system?: number;
  readonly component?: number;
}): Uint8Array {
  const ids = [sequence, system, component];
  const header =
    version === 1
      ? [payload.length, ...ids, id]
      : [payload.length, 0, 0, ...ids, id & 0xff, (id >> 8) & 0xff, id >> 16];
  const crc = crc16(Uint8Array.from([...header, ...payload, Math.max(0, crcExtraOf(id))]));
  return Uint8Array.from([version === 1 ? 0xfe : 0xfd, ...header, ...payload, crc & 0xff, crc >>> 8]);
}

/** The time that a ground station writes before a packet. */
export function recorded(ms: number, packet: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + packet.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.round(ms * 1000)));
  bytes.set(packet, 8);
  return bytes;
}

export const joined = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
