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
    for (let seq = 1; seq <= 130; seq++) settlement.delivered(seq);
    await settlement.flush();
    expect(outbox.batches).toEqual([48, 48, 34]);
    expect(outbox.delivered).toEqual(Array.from({ length: 130 }, (_, index) => index + 1));
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
    for (let seq = 1; seq <= 64 * 4; seq++) settlement.delivered(seq);
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
