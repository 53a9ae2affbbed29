import type { Acceptance } from '../../src/store/outbox.ts';
import type { Lane } from '../../src/values/lane.ts';
import type { Stamp } from '../../src/values/stamp.ts';

export const stamp: Stamp = {
  boot: 1,
  monoMs: 1234.5,
  wallMs: 1_800_000_000_000,
  clock: 'synced',
  errorMs: 1000,
};

/** A report of `payloadBytes` about revision `revision` of one incident. */
export function acceptance(revision: number, payloadBytes = 300, lane: Lane = 'critical'): Acceptance {
  const payload = `{"revision":${revision},"text":"${'x'.repeat(payloadBytes)}"}`;
  const entry = {
    id: 'd2b8e2a4-incident',
    revision,
    asset: 'pump',
    lane,
    topic: 'fieldnote/s/n/incident/pump',
    payload,
    stamp,
  };
  const wording = { incident: entry.id, isAwaited: false };
  return { stateKey: 'pump', state: { open: revision }, entry, wording };
}
