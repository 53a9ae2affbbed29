import type { Acceptance } from '../../src/store/outbox.ts';
import { LANES } from '../../src/values/lane.ts';
import { acceptance } from './store-reports.ts';

/** A report whose size and lane follow from its revision: small ones, and some that need overflow pages. */
export function sizedAcceptance(revision: number): Acceptance {
  return acceptance(revision, 200 + ((revision * 997) % 37) * 60, LANES[revision % LANES.length]);
}

/** What must come back for it, to the letter. */
export function payloadOf(revision: number): string {
  return sizedAcceptance(revision).entry.payload;
}
