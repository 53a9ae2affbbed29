/** Writes DataFlash logs for tests: descriptions and records of a few formats. */

const SIZES: Readonly<Record<string, number>> = {
  B: 1,
  M: 1,
  b: 1,
  H: 2,
  c: 2,
  C: 2,
  f: 4,
  I: 4,
  Q: 8,
  N: 16,
  Z: 64,
};

export interface MadeLayout {
  readonly type: number;
  readonly name: string;
  readonly format: string;
  readonly labels: string;
  /** To lie about. */
  readonly sizeBytes?: number;
}

const sizeOf = ({ format }: MadeLayout) =>
  [...format].reduce((sum, character) => sum + (SIZES[character] ?? 0), 3);

/** The FMT record of a layout. */
export function describe(layout: MadeLayout): Buffer {
  const record = Buffer.alloc(89);
  record.set([0xa3, 0x95, 128, layout.type, layout.sizeBytes ?? sizeOf(layout)]);
  record.write(layout.name, 5, 4, 'latin1');
  record.write(layout.format, 9, 16, 'latin1');
  record.write(layout.labels, 25, 64, 'latin1');
  return record;
}

/** One record; a number of format c or C is given as it is, not times 100. */
export function record(layout: MadeLayout, values: readonly (number | string)[]): Buffer {
  const bytes = Buffer.alloc(sizeOf(layout));
  bytes.set([0xa3, 0x95, layout.type]);
  let at = 3;
  for (const [index, character] of [...layout.format].entries()) {
    write(bytes, at, character, values[index] ?? 0);
    at += SIZES[character] ?? 0;
  }
  return bytes;
}

function write(bytes: Buffer, at: number, character: string, value: number | string): void {
  if (typeof value === 'string') bytes.write(value, at, SIZES[character] ?? 0, 'latin1');
  else if (character === 'f') bytes.writeFloatLE(value, at);
  else if (character === 'Q') bytes.writeBigUInt64LE(BigInt(value), at);
  else if (character === 'c') bytes.writeInt16LE(Math.round(value * 100), at);
  else if (character === 'C') bytes.writeUInt16LE(Math.round(value * 100), at);
  else if (character === 'I') bytes.writeUInt32LE(value, at);
  else if (character === 'H') bytes.writeUInt16LE(value, at);
  else if (character === 'b') bytes.writeInt8(value, at);
  else bytes.writeUInt8(value, at);
}
