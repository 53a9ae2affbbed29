import { z } from 'zod';

/**
 * A register map: what one kind of device measures, where it lies and what it means. The JSON Schema for people who write
 * their own comes from here.
 */

const SIZE_REGISTERS = {
  ...{ bit: 1, uint16: 1, int16: 1, uint32: 2, int32: 2, uint64: 4, int64: 4, float32: 2, float64: 4 },
} as const;

const types = Object.keys(SIZE_REGISTERS) as [RegisterType, ...RegisterType[]];
const orders = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const;
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, 'must be 1 to 64 letters, digits, _ . -');

const channel = z
  .strictObject({
    table: z
      .enum(['holding', 'input', 'coil', 'discrete'])
      .optional()
      .describe('Which of the four tables: functions 3, 4, 1 and 2. That of the profile when absent.'),
    register: z
      .int()
      .min(0)
      .max(65_535)
      .describe('Address on the wire, from 0: what lists call 40001 or 30001 is 0.'),
    type: z
      .enum(types)
      .default('uint16')
      .describe('What the registers hold. bit is for coils and discrete inputs.'),
    order: z
      .enum(orders)
      .optional()
      .describe('Order of the bytes; ABCD has the most significant first, CDAB swaps the words.'),
    scale: z
      .number()
      .refine((scale) => scale !== 0, 'must not be 0')
      .default(1)
      .describe('value = number in the registers × scale + offset'),
    offset: z.number().default(0).describe('Added after the scale.'),
    bits: z
      .tuple([z.int().min(0).max(63), z.int().min(0).max(63)])
      .refine(([from, to]) => from <= to, 'must be [lowest, highest]')
      .readonly()
      .optional()
      .describe('Only these bits of a whole number, [lowest, highest], 0 being the least significant.'),
    unit: z.string().max(16).default('').describe('Unit of the value, after scale and offset.'),
    broken: z
      .array(z.number())
      .max(16)
      .default([])
      .describe('Numbers in the registers by which the device says that it has no value, such as 0x8000.'),
    states: z
      .record(z.string().regex(/^-?\d+$/), z.string().min(1).max(48))
      .optional()
      .describe('What the numbers of a state mean, such as { 0: stopped, 1: running }.'),
    range: z
      .tuple([z.number(), z.number()])
      .refine(([min, max]) => min < max, 'must be [least, greatest]')
      .readonly()
      .optional()
      .describe('Least and greatest value that can be true.'),
    counter: z.boolean().default(false).describe('Whether it only grows, as energy and hours do.'),
    write: z
      .tuple([z.number(), z.number()])
      .readonly()
      .optional()
      .describe('Least and greatest value that may be written, where the configuration allows it at all.'),
  })
  .describe('One quantity.');

export const profileSchema = z
  .strictObject({
    title: z.string().min(1).max(96).describe('What it is for, as people call the device.'),
    source: z.string().min(1).max(300).describe('Where the register list was published.'),
    checked: z
      .enum(['documents', 'device'])
      .describe('Whether it was only taken from documents, or read from a device too.'),
    note: z.string().max(600).optional().describe('What a person must know who uses it.'),
    table: z
      .enum(['holding', 'input', 'coil', 'discrete'])
      .default('holding')
      .describe('Table of the channels.'),
    order: z.enum(orders).default('ABCD').describe('Order of the bytes of the channels.'),
    registersMax: z
      .int()
      .min(1)
      .max(125)
      .default(125)
      .describe('Most registers that one request may ask for.'),
    gapMax: z
      .int()
      .min(0)
      .max(124)
      .default(8)
      .describe(
        'So many unused registers are read along, if that saves a request. 0 where the device refuses.',
      ),
    channels: z
      .record(name, channel)
      .refine((channels) => Object.keys(channels).length >= 1, 'needs at least one channel')
      .refine((channels) => Object.keys(channels).length <= 256, 'has more than 256 channels')
      .describe('What it measures, by names that samples carry.'),
  })
  .superRefine(checkChannels, { when: () => true });

export type ModbusProfile = z.output<typeof profileSchema>;
export type ModbusChannel = ModbusProfile['channels'][string];
export type RegisterType = keyof typeof SIZE_REGISTERS;
export type ByteOrder = (typeof orders)[number];

/** Registers, or bits, that a value takes. */
export function sizeOf({ type }: Pick<ModbusChannel, 'type'>): number {
  return SIZE_REGISTERS[type];
}

interface ChannelParts {
  readonly table?: unknown;
  readonly type?: RegisterType;
  readonly register?: number;
  readonly bits?: readonly number[] | undefined;
  readonly write?: unknown;
}

function checkChannels(
  profile: { readonly table?: unknown; readonly channels?: Record<string, ChannelParts> },
  context: z.RefinementCtx,
): void {
  for (const [key, { type = 'uint16', register = 0, bits, ...channel }] of Object.entries(
    profile.channels ?? {},
  )) {
    const faultAt = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['channels', key, field], message });
    const table = channel.table ?? profile.table ?? 'holding';
    const size = SIZE_REGISTERS[type] ?? 1;
    const isOfBits = table === 'coil' || table === 'discrete';
    if (isOfBits !== (type === 'bit'))
      faultAt('type', isOfBits ? 'must be bit in this table' : 'is for coils and discrete inputs; use bits');
    if (register + size > 65_536) faultAt('register', `leaves no room for ${type}`);
    if (bits && (type.startsWith('float') || (bits[1] ?? 0) >= 16 * size))
      faultAt('bits', `does not fit ${type}`);
    if (channel.write !== undefined && (table === 'input' || table === 'discrete'))
      faultAt('write', 'is not possible in a table that can only be read');
  }
}
