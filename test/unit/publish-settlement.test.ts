import { describe, expect, test } from 'vitest';
import { Settlement } from '../../src/publish/settlement.ts';
import { eventually, MemoryOutbox } from '../support/publisher-rig.ts';

function create(outbox = new MemoryOutbox()) {
  const told = { delivered: 0, expired: 0, quarantined: [] as number[], failed: [] as unknown[] };
  const settlement = new Settlement({
    outbox,
    onDelivered: (count) => {
      told.delivered += count;
    },
    onExpired: (count) => {
      told.expired += count;
    },
    onQuarantined: (seq) => told.quarantined.push(seq),
    onFailed: (error) => told.failed.push(error),
  });
  return { outbox, settlement, told };
}

describe('a settlement', () => {
  test('writes a full batch at once', async () => {
    const { outbox, settlement } = create();
    for (let seq = 1; seq <= 48; seq++) settlement.delivered(seq);
    await Promise.resolve();
    expect(outbox.batches).toEqual([48]);
    expect(outbox.delivered).toEqual(Array.from({ length: 48 }, (_, index) => index + 1));
  });

  test('writes together what was settled during one slow write, however many batches that is', async () => {
    const outbox = new MemoryOutbox();
    const mark = outbox.markDelivered.bind(outbox);
    const disk = Promise.withResolvers<void>();
    outbox.markDelivered = async (seqs) => {
      await disk.promise;
      await mark(seqs);
    };
    const { settlement, told } = create(outbox);
    for (let seq = 1; seq <= 48; seq++) settlement.delivered(seq);
    await Promise.resolve();
    for (let seq = 49; seq <= 248; seq++) settlement.delivered(seq);
    disk.resolve();
    await settlement.flush();
    expect(outbox.batches).toEqual([48, 200]);
    expect(told.delivered).toBe(248);
  });

  test('writes a small batch after a moment', async () => {
    const { outbox, settlement, told } = create();
    settlement.delivered(1);
    settlement.delivered(2);
    expect(outbox.batches).toEqual([]);
    await eventually(() => expect(outbox.batches).toEqual([2]));
    expect(told.delivered).toBe(2);
  });

  test('knows what is settled until it is written', async () => {
    const { settlement } = create();
    settlement.delivered(1);
    settlement.quarantined(2, 'bad');
    expect([settlement.has(1), settlement.has(2), settlement.has(3), settlement.size]).toEqual([
      true,
      true,
      false,
      2,
    ]);
    await settlement.flush();
    expect([settlement.has(1), settlement.has(2), settlement.size]).toEqual([false, false, 0]);
  });

  test('puts aside with the reason', async () => {
    const { outbox, settlement, told } = create();
    settlement.quarantined(7, 'bad topic');
    await settlement.flush();
    expect([...outbox.quarantined]).toEqual([[7, 'bad topic']]);
    expect(told.quarantined).toEqual([7]);
  });

  test('writes one after the other', async () => {
    const outbox = new MemoryOutbox();
    let running = 0;
    let runningMax = 0;
    outbox.markDelivered = async () => {
      running += 1;
      runningMax = Math.max(runningMax, running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
    };
    const { settlement } = create(outbox);
    for (let seq = 1; seq <= 4; seq++) {
      settlement.delivered(seq);
      settlement.quarantined(seq + 4, 'bad');
      settlement.expired(seq + 8);
      void settlement.flush();
    }
    await settlement.flush();
    expect(runningMax).toBe(1);
  });

  test('tells of a failed write, counts nothing, and goes on with the next', async () => {
    const { outbox, settlement, told } = create();
    outbox.quarantine = async () => {
      throw new Error('disk full');
    };
    settlement.quarantined(1, 'bad');
    settlement.delivered(2);
    await settlement.flush();
    expect(told).toMatchObject({ delivered: 1, quarantined: [], failed: [{ message: 'disk full' }] });
    expect(settlement.has(1)).toBe(true);
  });
});
