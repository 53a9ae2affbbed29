import type { FieldDescription } from './descriptor.ts';
import type { FieldType } from './protocol.ts';

/** Windows and waveforms hold 32-bit floats: a greater number would be infinite there. */
const FLOAT32_MAX = (2 - 2 ** -23) * 2 ** 127;

/** Reads one field of the sample that begins at `sampleAt`; NaN when that is no number, or too large for a float. */
export type ReadField = (view: DataView, sampleAt: number) => number;

const READ_RAW: Readonly<Record<FieldType, ReadField>> = {
  u8: (view, at) => view.getUint8(at),
  i8: (view, at) => view.getInt8(at),
  u16: (view, at) => view.getUint16(at, true),
  i16: (view, at) => view.getInt16(at, true),
  u32: (view, at) => view.getUint32(at, true),
  i32: (view, at) => view.getInt32(at, true),
  f32: (view, at) => view.getFloat32(at, true),
};

/** value = raw × scale + offset */
export function fieldReaders(fields: readonly FieldDescription[]): ReadField[] {
  return fields.map(({ type, at, scale, offset }) => {
    const readRaw = READ_RAW[type];
    return (view, sampleAt) => {
      const value = readRaw(view, sampleAt + at) * scale + offset;
      return Math.abs(value) <= FLOAT32_MAX ? value : Number.NaN;
    };
  });
}
