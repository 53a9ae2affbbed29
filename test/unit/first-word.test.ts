import { describe, expect, test, vi } from 'vitest';
import { FirstWord } from '../../src/first-word.ts';
import { Backlog } from '../../src/publish/backlog.ts';
import type { OutboxSource, PendingReport } from '../../src/publish/outbox.ts';
import type { Lane } from '../../src/values/lane.ts';
import type { Stamp } from '../../src/values/stamp.ts';

const stamp: Stamp = { boot: 1, monoMs: 0, wallMs: 0, clock: 'synced', errorMs: 0 };
const WAITING: readonly (readonly [number, Lane])[] = [
  [1, 'incident'],
  [2, 'incident'],
  [5, 'critical'],
  [8, 'telemetry'],
  [9, 'telemetry'],
  [10, 'telemetry'],
];
const DIGEST = 9;

function rig({ first = Promise.resolve<number | undefined>(DIGEST), holdMs = 60_000 } = {}) {
  const rows: PendingReport[] = WAITING.map(([seq, lane]) => ({
    ...{ seq, lane, laneSeq: seq, topic: 't', payload: '{}', id: 'i', revision: 1, stamp },
  }));
  const outbox: OutboxSource = {
    pendingAfter: async ({ lane, seq }) => rows.filter((row) => row.lane === lane && row.seq > seq),
    markDelivered: async () => {},
    quarantine: async () => {},
    expire: async () => {},
  };
  const onMore = vi.fn();
  const word = new FirstWord({ outbox, first, firstLane: 'telemetry', holdMs, onMore });
  const read = async (lane: Lane) =>
    (await word.pendingAfter({ lane, seq: 0, limit: 10 })).map(({ seq }) => seq);
  return { word, read, onMore };
}

describe('the outbox of a link that was away for long', () => {
  test('has nothing but the digest, and what is before it in its lane, until that is delivered', async () => {
    const { word, read, onMore } = rig();
    await expect.poll(() => read('telemetry')).toEqual([8, DIGEST]);
    expect(await read('incident')).toEqual([]);
    await word.markDelivered([8]);
    expect(await read('incident')).toEqual([]);
    await word.markDelivered([DIGEST]);
    expect(onMore).toHaveBeenCalledTimes(2);
    expect([await read('incident'), await read('telemetry')]).toEqual([[1, 2], [8, 9, 10]]); // biome-ignore format: pairs
  });

  test('has what is critical at once, before the digest is even made', async () => {
    const { read } = rig({ first: new Promise(() => {}) });
    expect([await read('critical'), await read('incident'), await read('telemetry')]).toEqual([[5], [], []]);
  });

  test('leaves nothing behind in a backlog that was read while it was held', async () => {
    const { word, onMore } = rig();
    const backlog = new Backlog(word);
    onMore.mockImplementation(() => backlog.nudge());
    const sent: number[] = [];
    for (let reads = 0; reads < 50; reads++) {
      await backlog.read();
      for (const { seq, lane } of backlog.heads) {
        backlog.shift(lane);
        sent.push(seq);
        await word.markDelivered([seq]);
      }
    }
    expect(sent.toSorted((a, b) => a - b)).toEqual(WAITING.map(([seq]) => seq));
    expect(sent.filter((seq) => seq > 5)).toEqual([8, 9, 10]);
  });

  test.for(['quarantine', 'expire'] as const)(
    'opens when the digest can never be delivered: %s',
    async (way) => {
      const { word, read } = rig();
      await expect.poll(() => read('telemetry')).toContain(DIGEST);
      if (way === 'quarantine') await word.quarantine(DIGEST, 'too large');
      else await word.expire([DIGEST]);
      expect(await read('incident')).toEqual([1, 2]);
    },
  );

  test('is open when there is no digest', async () => {
    const { read, onMore } = rig({ first: Promise.resolve(undefined) });
    await expect.poll(() => read('incident')).toEqual([1, 2]);
    expect(onMore).toHaveBeenCalledOnce();
  });

  test('opens after a while, whatever became of the digest', async () => {
    const { read } = rig({ holdMs: 1 });
    await expect.poll(() => read('incident')).toEqual([1, 2]);
  });

  test('does not wait for a digest that is never made', async () => {
    const { read } = rig({ first: new Promise(() => {}), holdMs: 1 });
    await expect.poll(() => read('incident')).toEqual([1, 2]);
  });
});
