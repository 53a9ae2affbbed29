import { describe, expect, test, vi } from 'vitest';
import { FirstWord } from '../../src/first-word.ts';
import type { OutboxSource, PendingReport } from '../../src/publish/outbox.ts';
import type { Stamp } from '../../src/values/stamp.ts';

const stamp: Stamp = { boot: 1, monoMs: 0, wallMs: 0, clock: 'synced', errorMs: 0 };
const DIGEST = 9;

function rig({ first = Promise.resolve<number | undefined>(DIGEST), holdMs = 60_000 } = {}) {
  const rows: PendingReport[] = [1, 2, DIGEST].map((seq) => ({
    ...{ seq, laneSeq: seq, topic: 't', payload: '{}', id: 'i', revision: 1, stamp },
    lane: seq === DIGEST ? 'telemetry' : 'incident',
  }));
  const outbox: OutboxSource = {
    pendingAfter: async ({ lane, seq }) => rows.filter((row) => row.lane === lane && row.seq > seq),
    markDelivered: async () => {},
    quarantine: async () => {},
    expire: async () => {},
  };
  const onOpen = vi.fn();
  const word = new FirstWord({ outbox, first, holdMs, onOpen });
  const read = async (lane: 'incident' | 'telemetry') =>
    (await word.pendingAfter({ lane, seq: 0, limit: 10 })).map(({ seq }) => seq);
  return { word, read, onOpen };
}

describe('the outbox of a link that was away for long', () => {
  test('has nothing but the digest until that is delivered', async () => {
    const { word, read, onOpen } = rig();
    expect([await read('incident'), await read('telemetry')]).toEqual([[], [DIGEST]]);
    await word.markDelivered([DIGEST]);
    expect(onOpen).toHaveBeenCalledOnce();
    expect(await read('incident')).toEqual([1, 2]);
  });

  test.for(['quarantine', 'expire'] as const)(
    'opens when the digest can never be delivered: %s',
    async (way) => {
      const { word, read } = rig();
      await read('incident');
      if (way === 'quarantine') await word.quarantine(DIGEST, 'too large');
      else await word.expire([DIGEST]);
      expect(await read('incident')).toEqual([1, 2]);
    },
  );

  test('is open when there is no digest', async () => {
    const { read } = rig({ first: Promise.resolve(undefined) });
    expect(await read('incident')).toEqual([1, 2]);
  });

  test('opens after a while, whatever became of the digest', async () => {
    const { read, onOpen } = rig({ holdMs: 1 });
    await expect.poll(() => read('incident')).toEqual([1, 2]);
    expect(onOpen.mock.calls.length).toBeLessThanOrEqual(1);
  });

  test('does not wait for a digest that is never made', async () => {
    const { read } = rig({ first: new Promise(() => {}), holdMs: 1 });
    expect(await read('incident')).toEqual([1, 2]);
  });
});
