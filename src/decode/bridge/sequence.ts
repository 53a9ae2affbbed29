/** Sequence numbers count modulo this. */
export const SEQUENCE_SPAN = 256;

/**
 * The sequence of one stream: counts what is missing before a frame, and knows the last frame when it comes again.
 * The first frame that is seen begins the count.
 */
export class Sequence {
  #next: number | undefined;
  #lastCrc = 0;

  /**
   * @param crc of the frame: tells a repetition from the loss of 255 frames
   * @returns frames lost before this one, modulo 256; or 'duplicate'
   */
  take(sequence: number, crc: number): number | 'duplicate' {
    const expected = this.#next ?? sequence;
    const lost = (sequence - expected) & (SEQUENCE_SPAN - 1);
    if (lost === SEQUENCE_SPAN - 1 && crc === this.#lastCrc) return 'duplicate';
    this.#next = sequence + 1;
    this.#lastCrc = crc;
    return lost;
  }
}

export interface Missing {
  readonly frames: number;
  readonly samples: number;
}

/**
 * What was lost on the wire before a batch. Frames that the device itself dropped have no number, so a gap in the time
 * may be wider than the gap in the sequence; whatever is beyond the lost frames is not the wire's. Only a
 * surplus of 256 full batches, or a multiple, is a loss that the sequence cannot see.
 * @param lost frames by the sequence, modulo 256
 * @param missing samples by the time of the first sample
 * @param batch samples of a full batch
 */
export function lostOnWire(lost: number, missing: number, batch: number): Missing {
  const surplus = Math.max(0, missing / batch - lost);
  const wrapped = Math.round(surplus / SEQUENCE_SPAN) * SEQUENCE_SPAN;
  const frames = Math.abs(surplus - wrapped) <= 1 ? lost + wrapped : lost;
  return { frames, samples: Math.min(Math.max(missing, frames), frames * batch) };
}
