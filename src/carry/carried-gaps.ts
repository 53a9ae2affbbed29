import { DOCUMENT_BYTES_MAX } from '../collect/message.ts';

/** What a reader must know of a gap to choose; the rest goes as it is. */
interface Numbered {
  readonly id: number;
  readonly lane: string | null;
}

/** Of `{"epoch":…,"gaps":[…]}` without the gaps. */
const FRAME_BYTES = 1024;

/**
 * As many records of losses as one document holds, in the order of their ids: those that name reports go before the
 * others, and the newest before the older ones.
 */
export function gapsToCarry<T extends Numbered>(gaps: readonly T[]): T[] {
  const byUrgency = gaps.toSorted((a, b) => Number(a.lane === null) - Number(b.lane === null) || b.id - a.id);
  let sizeBytes = FRAME_BYTES;
  const carried = byUrgency.filter((gap) => {
    sizeBytes += Buffer.byteLength(JSON.stringify(gap)) + 1;
    return sizeBytes <= DOCUMENT_BYTES_MAX;
  });
  return carried.sort((a, b) => a.id - b.id);
}
