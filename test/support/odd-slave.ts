import { crc16 } from '../../src/modbus/crc.ts';

/** How a slave answers one request. */
export type Conduct =
  | 'right'
  | 'silent'
  | 'truncated'
  | 'damaged'
  | 'wrong-unit'
  | 'wrong-function'
  | 'wrong-length'
  | 'exception'
  | 'refused'
  | 'noise'
  | 'echo'
  | { readonly lateMs: number };

export interface OddSlaveOptions {
  readonly units: readonly number[];
  /** @param count how many requests came to a unit of it so far, this one included */
  readonly conduct: (count: number, unit: number, frame: Uint8Array) => Conduct;
  readonly send: (bytes: Uint8Array) => void;
}

/** What register or bit `address` of a unit holds, so that a reader can tell whose value it was given. */
export function registerOf(unit: number, address: number): number {
  return (address * 3 + unit * 1009 + 7) & 0xffff;
}

/**
 * Modbus RTU slaves on one line that misbehave as they are told. Like a real one, each answers one request after the
 * other: what is late makes the next ones wait. Reads of functions 1 to 4, and writes of function 6.
 */
export class OddSlave {
  readonly #options: OddSlaveOptions;
  readonly written: (readonly [unit: number, address: number, value: number])[] = [];
  #pending: Uint8Array = new Uint8Array();
  #count = 0;
  #busy: Promise<void> = Promise.resolve();

  constructor(options: OddSlaveOptions) {
    this.#options = options;
  }

  get requests(): number {
    return this.#count;
  }

  hear(bytes: Uint8Array): void {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    while (this.#pending.length >= 8) {
      const frame = this.#pending.slice(0, 8);
      const isFrame = crc16(frame, 0, 6) === ((frame[6] ?? 0) | ((frame[7] ?? 0) << 8));
      this.#pending = this.#pending.subarray(isFrame ? 8 : 1);
      if (isFrame && this.#options.units.includes(frame[0] ?? 0)) this.#take(frame);
    }
  }

  #take(frame: Uint8Array): void {
    this.#count += 1;
    const conduct = this.#options.conduct(this.#count, frame[0] ?? 0, frame);
    if (typeof conduct === 'object' || this.#isBusy) this.#queue(frame, conduct);
    else this.#answer(frame, conduct);
  }

  #isBusy = false;

  #queue(frame: Uint8Array, conduct: Conduct): void {
    this.#isBusy = true;
    const lateMs = typeof conduct === 'object' ? conduct.lateMs : 0;
    const work = this.#busy.then(async () => {
      if (lateMs > 0) await new Promise((resolve) => setTimeout(resolve, lateMs));
      this.#answer(frame, conduct);
      if (this.#busy === work) this.#isBusy = false;
    });
    this.#busy = work;
  }

  #answer(frame: Uint8Array, conduct: Conduct): void {
    if (conduct !== 'silent') this.#options.send(this.#bytesOf(frame, conduct));
  }

  #bytesOf(frame: Uint8Array, conduct: Exclude<Conduct, 'silent'>): Uint8Array {
    const [unit = 0, code = 0] = frame;
    const right = framed(this.#reply(frame));
    switch (conduct) {
      case 'truncated':
        return right.subarray(0, right.length - 3);
      case 'damaged':
        return right.map((byte, at) => (at === 4 ? byte ^ 0x10 : byte));
      case 'wrong-unit':
        return framed(Uint8Array.of(unit + 1, ...this.#reply(frame).subarray(1)));
      case 'wrong-function':
        return framed(Uint8Array.of(unit, code === 3 ? 4 : 3, ...this.#reply(frame).subarray(2)));
      case 'wrong-length':
        return framed(Uint8Array.of(unit, code, 2, 0xab, 0xcd));
      case 'exception':
        return framed(Uint8Array.of(unit, code | 0x80, 4));
      case 'refused':
        return framed(Uint8Array.of(unit, code | 0x80, 2));
      case 'noise':
        return Uint8Array.of(0xff, 0x00, unit, code, ...right);
      case 'echo':
        return Uint8Array.of(...frame, ...right);
      default:
        return right;
    }
  }

  #reply(frame: Uint8Array): Uint8Array {
    const view = new DataView(frame.buffer, frame.byteOffset);
    const [unit, code, address, count] = [frame[0] ?? 0, frame[1] ?? 0, view.getUint16(2), view.getUint16(4)];
    if (code === 6) {
      this.written.push([unit, address, count]);
      return frame.slice(0, 6);
    }
    if (code > 4) return Uint8Array.of(unit, code | 0x80, 1);
    const bytes = new Uint8Array(code <= 2 ? Math.ceil(count / 8) : 2 * count);
    for (let index = 0; index < count; index += 1) {
      const value = registerOf(unit, address + index);
      if (code <= 2) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | ((value & 1) << (index & 7));
      else bytes.set([value >> 8, value & 0xff], 2 * index);
    }
    return Uint8Array.of(unit, code, bytes.length, ...bytes);
  }
}

function framed(body: Uint8Array): Uint8Array {
  const crc = crc16(body);
  return Uint8Array.of(...body, crc & 0xff, crc >>> 8);
}
