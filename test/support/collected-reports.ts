import type { InboxMessage } from '../../src/collect/inbox.ts';
import type { CollectedGap, CollectedReport } from '../../src/collect/message.ts';

/** The envelope of report `sequence` of one node, as it comes over MQTT. */
export function eventOf(sequence: number) {
  return {
    ...{ specversion: '1.0', id: `i${sequence}/1`, source: 'fieldnote/plant/pump7' },
    ...{ type: 'fieldnote.incident.opened', subject: 'pump', time: '2026-11-23T12:00:00.000Z' },
    ...{ datacontenttype: 'application/json', epoch: 'a1b2', lane: 'incident' },
    sequence: String(sequence).padStart(16, '0'),
    data: { revision: 1 },
  };
}

export function collectedReport(sequence: number, changes: Partial<CollectedReport> = {}): CollectedReport {
  const { id, type, subject, time, epoch, lane } = eventOf(sequence);
  return {
    ...{ site: 'plant', node: 'pump7', epoch, lane, sequence, id, type, subject, time },
    document: JSON.stringify(eventOf(sequence)),
    ...changes,
  };
}

/** A record of that node that report 2 was given up. */
export function collectedGap(changes: Partial<CollectedGap> = {}): CollectedGap {
  const place = { site: 'plant', node: 'pump7', epoch: 'a1b2', id: 1, lane: 'incident' };
  return { ...place, reason: 'evicted', detail: '', count: 1, fromSequence: 2, toSequence: 2, ...changes };
}

/** A message of the broker that counts how often it was acknowledged. */
export function inboxMessage(payload: unknown): InboxMessage & { readonly acks: number } {
  let acks = 0;
  return {
    topic: 'fieldnote/plant/pump7/incident/pump',
    encoding: undefined,
    payload: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
    acknowledge() {
      acks += 1;
    },
    get acks() {
      return acks;
    },
  };
}
