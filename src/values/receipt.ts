import { z } from 'zod';

/**
 * The receipt: a collector says that it has stored reports durably. A node that waits for receipts deletes a report
 * on its receipt, not before: that a broker has acknowledged it does not mean that the broker has it on its disk.
 */

/** A receipt with more ranges is refused; a collector sends several instead. */
export const RECEIPT_RANGES_MAX = 256;

const sequence = z.int().min(1);

export const receiptSchema = z
  .strictObject({
    epoch: z.string().min(1).max(64).describe('As in the reports.'),
    lane: z.string().min(1).max(32).describe('As in the reports.'),
    ranges: z
      .array(z.tuple([sequence, sequence]))
      .min(1)
      .max(RECEIPT_RANGES_MAX)
      .describe('First and last sequence of each run of reports that are stored.'),
  })
  .describe('What a collector has stored durably of one lane.');

export type Receipt = z.output<typeof receiptSchema>;
export type SequenceRange = readonly [from: number, to: number];

/** Reads the payload of a receipt; undefined when it is none. */
export function readReceipt(payload: Buffer): Receipt | undefined {
  try {
    return receiptSchema.safeParse(JSON.parse(payload.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

/** The fewest ranges that hold these numbers and no others, in order. */
export function rangesOf(numbers: readonly number[]): SequenceRange[] {
  const ranges: [number, number][] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && number <= last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
}
