import { FieldnoteError } from '../system/errors.ts';
import type { ModbusRequest, ReadFunction } from './message.ts';
import {
  type ByteOrder,
  type ModbusChannel,
  type ModbusProfile,
  type RegisterType,
  sizeOf,
} from './profile.ts';

/** Values of registers, and the requests that they are read with. */

const FUNCTION = { coil: 1, discrete: 2, holding: 3, input: 4 } as const satisfies Record<
  string,
  ReadFunction
>;

/** A channel where it lies. */
export interface PlacedChannel extends Omit<ModbusChannel, 'table' | 'order'> {
  readonly name: string;
  readonly function: ReadFunction;
  readonly order: ByteOrder;
}

/** Registers that are read with one request, and what lies in them. */
export interface Block {
  readonly function: ReadFunction;
  readonly address: number;
  readonly count: number;
  readonly channels: readonly PlacedChannel[];
}

export interface ReadValue {
  readonly channel: PlacedChannel;
  readonly value: number;
  /** The device says that it has no value, or its registers hold no finite number. `value` is what it would be. */
  readonly isRefused: boolean;
}

/** The channels of a profile where they lie, all of them or those that are named. */
export function placedChannels(profile: ModbusProfile, names?: readonly string[]): PlacedChannel[] {
  const wanted = new Set(names ?? Object.keys(profile.channels));
  return Object.entries(profile.channels)
    .filter(([name]) => wanted.has(name))
    .map(([name, { table, order, ...channel }]) => ({
      ...{ ...channel, name, order: order ?? profile.order },
      function: FUNCTION[table ?? profile.table],
    }));
}

/**
 * The fewest requests that read all channels: in the order of their addresses, each as long as it may be.
 * @param gapMax unused registers that are read along
 */
export function blocksOf(
  channels: readonly PlacedChannel[],
  { registersMax, gapMax }: Pick<ModbusProfile, 'registersMax' | 'gapMax'>,
): Block[] {
  const sorted = channels.toSorted((a, b) => a.function - b.function || a.register - b.register);
  const blocks: { function: ReadFunction; address: number; count: number; channels: PlacedChannel[] }[] = [];
  for (const channel of sorted) {
    const last = blocks.at(-1);
    const end = channel.register + sizeOf(channel);
    const isNear =
      last?.function === channel.function &&
      channel.register <= last.address + last.count + gapMax &&
      end - last.address <= Math.max(registersMax, sizeOf(channel));
    if (isNear && last !== undefined) {
      last.channels.push(channel);
      last.count = Math.max(last.count, end - last.address);
    } else
      blocks.push({
        ...{ function: channel.function, address: channel.register, count: sizeOf(channel) },
        channels: [channel],
      });
  }
  return blocks;
}

export function requestOf({ function: code, address, count }: Block, unit: number): ModbusRequest {
  return { unit, function: code, address, count };
}

/** @param data of the reply to `requestOf(block)`, as long as its registers */
export function valuesOf(block: Block, data: Uint8Array): ReadValue[] {
  return block.channels.map((channel) => {
    const at = channel.register - block.address;
    if (channel.type === 'bit')
      return { channel, value: ((data[at >> 3] ?? 0) >> (at & 7)) & 1, isRefused: false };
    return readValue(channel, data.subarray(2 * at, 2 * (at + sizeOf(channel))));
  });
}

function readValue(channel: PlacedChannel, data: Uint8Array): ReadValue {
  const bytes = inOrder(data, channel.order);
  const number = numberOf(bytes, channel.type);
  const field = channel.bits === undefined ? number : fieldOf(bytes, channel.bits);
  const value = field * channel.scale + channel.offset;
  const isRefused = !Number.isFinite(value) || channel.broken.some((broken) => isSame(broken, number, bytes));
  return { channel, value, isRefused };
}

/** The most significant byte first. */
function inOrder(data: Uint8Array, order: ByteOrder): DataView {
  const bytes = new Uint8Array(data);
  // In words of two bytes: their order, and the order in each of them.
  if (order === 'CDAB' || order === 'DCBA')
    for (let at = 0; at < data.length; at += 2)
      bytes.set(data.subarray(data.length - at - 2, data.length - at), at);
  if (order === 'BADC' || order === 'DCBA')
    for (let at = 0; at < bytes.length; at += 2) bytes.subarray(at, at + 2).reverse();
  return new DataView(bytes.buffer);
}

function numberOf(bytes: DataView, type: RegisterType): number {
  switch (type) {
    case 'int16':
      return bytes.getInt16(0);
    case 'uint32':
      return bytes.getUint32(0);
    case 'int32':
      return bytes.getInt32(0);
    case 'uint64':
      return Number(bytes.getBigUint64(0));
    case 'int64':
      return Number(bytes.getBigInt64(0));
    case 'float32':
      return bytes.getFloat32(0);
    case 'float64':
      return bytes.getFloat64(0);
    default:
      return bytes.getUint16(0);
  }
}

function fieldOf(bytes: DataView, [lowest, highest]: readonly [number, number]): number {
  return Number(BigInt.asUintN(highest - lowest + 1, unsignedOf(bytes) >> BigInt(lowest)));
}

/** 0x8000 and -32768 are the same registers. */
function isSame(broken: number, number: number, bytes: DataView): boolean {
  if (broken === number) return true;
  return (
    Number.isInteger(broken) && BigInt.asUintN(8 * bytes.byteLength, BigInt(broken)) === unsignedOf(bytes)
  );
}

function unsignedOf(bytes: DataView): bigint {
  let value = 0n;
  for (let at = 0; at < bytes.byteLength; at += 2) value = (value << 16n) | BigInt(bytes.getUint16(at));
  return value;
}

/**
 * The request that writes a value.
 * @throws FieldnoteError BAD_ARGUMENT when the registers of the channel cannot hold it
 */
export function writeOf(channel: PlacedChannel, unit: number, value: number): ModbusRequest {
  const { register: address, type, order, bits, name } = channel;
  if (type === 'bit') return { unit, function: 5, address, value: value !== 0 };
  const number = (value - channel.offset) / channel.scale;
  const view = new DataView(new ArrayBuffer(2 * sizeOf(channel)));
  setNumber(view, type, type.startsWith('float') ? number : Math.round(number));
  const back = numberOf(view, type);
  if (bits !== undefined || Math.abs(back - number) > Math.max(0.5, Math.abs(number) * 1e-6))
    throw new FieldnoteError('BAD_ARGUMENT', `${name} ${value}: does not fit its registers (${type})`);
  const bytes = inOrder(new Uint8Array(view.buffer), order);
  const values = Array.from({ length: sizeOf(channel) }, (_, at) => bytes.getUint16(2 * at));
  const [first = 0] = values;
  return values.length === 1
    ? { unit, function: 6, address, value: first }
    : { unit, function: 16, address, values };
}

function setNumber(view: DataView, type: RegisterType, number: number): void {
  switch (type) {
    case 'float32':
      view.setFloat32(0, number);
      return;
    case 'float64':
      view.setFloat64(0, number);
      return;
    case 'uint32':
    case 'int32':
      view.setUint32(0, number);
      return;
    case 'uint64':
    case 'int64':
      view.setBigUint64(0, BigInt.asUintN(64, BigInt(number)));
      return;
    default:
      view.setUint16(0, number);
  }
}

/** The name of a state, or the number itself. */
export function stateOf({ states }: Pick<ModbusChannel, 'states'>, value: number): string | undefined {
  return states?.[String(value)];
}
